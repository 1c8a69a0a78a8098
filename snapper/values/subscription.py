"""Whether anybody is notified when an alarm fires."""

from collections.abc import Sequence
from dataclasses import dataclass

from snapper.values.finding import Finding, ok, warning

SUBJECT = "alarms"

_SUBSCRIBE = (
    "pulumi config set alarmEmail you@example.com, pulumi up, and confirm the e-mail; "
    "or subscribe something else to the topic"
)
_CONFIRM = (
    "open the link in the e-mail from AWS; it is good for a few days, then pulumi up --refresh "
    "sends another"
)


@dataclass(frozen=True)
class Subscription:
    """One address that a topic publishes to, once it has confirmed that it wants it."""

    endpoint: str
    confirmed: bool


def hearing(subscriptions: Sequence[Subscription]) -> Finding:
    """Judge who is notified of failed and late backups."""
    pending = [each.endpoint for each in subscriptions if not each.confirmed]
    notified = len(subscriptions) - len(pending)
    if pending:
        others = (
            f"; already notified: {notified}" if notified else ", so nobody is notified of failures"
        )
        return warning(SUBJECT, f"not confirmed yet: {', '.join(pending)}{others}", _CONFIRM)
    if not notified:
        return warning(
            SUBJECT,
            "nobody is notified of failures: the alarms' topic has no subscription",
            _SUBSCRIBE,
        )
    return ok(SUBJECT, f"subscriptions that are notified of failures: {notified}")
