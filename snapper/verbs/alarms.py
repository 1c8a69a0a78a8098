"""Find out whether anybody is notified when an alarm of a stage fires."""

from snapper.aws.topic import Topic
from snapper.errors import AwsFailed
from snapper.values.finding import Finding, warning
from snapper.values.subscription import SUBJECT, hearing


def examine_alarms(topic: Topic | None) -> Finding:
    """Give one finding; what cannot be seen is a warning too, and fails nothing.

    There is no topic where the stage was deployed by a release that did not tell it.
    """
    if topic is None:
        return warning(
            SUBJECT,
            "it is not known who is notified of failures: an older release deployed this stage",
            "pulumi up",
        )
    try:
        return hearing(topic.subscriptions())
    except AwsFailed as error:
        return warning(SUBJECT, f"it is not known who is notified of failures: {error}", error.hint)
