"""Whether the key by which backups and secrets are encrypted can be used."""

from collections.abc import Callable
from datetime import datetime, timedelta

from snapper.aws.kms_key import state_of
from snapper.aws.logs import Logs
from snapper.aws.topic import Topic
from snapper.errors import SnapperError
from snapper.values.finding import Finding, failure, ok, warning
from snapper.values.key_state import SUBJECT, KeyState
from snapper.verbs.events import Events

AGAIN = timedelta(days=1)
"""After how long people are told once more of a key that is still of no use."""

UNUSABLE = "key.unusable"

Look = Callable[[str], KeyState]


def examine_key(key: str, look: Look = state_of) -> list[Finding]:
    """Look at a key, if there is one; that it may not be looked at is a warning."""
    if not key:
        return []
    try:
        found = look(key)
    except SnapperError as error:
        fact = f"it is not known whether the key can be used: {error}"
        return [warning(SUBJECT, fact, error.hint)]
    if found.usable:
        return [ok(SUBJECT, f"the key {key} can be used")]
    return [failure(SUBJECT, found.fact, found.fix)]


def watch_key(
    key: str,
    stage: str,
    topic: Topic,
    log: Logs,
    events: Events,
    now: datetime,
    look: Look = state_of,
) -> None:
    """Look at a key, and tell the topic of one that cannot be used, once a day; raises nothing.

    Whether it was told stands in the log of who looks, as with late databases: what is not found
    there is told again rather than never.

    Logs `key.unusable` with its state and whether people know, or `key.unseen`.
    """
    try:
        found = look(key)
    except SnapperError as error:
        events.emit("key.unseen", key=key, reason=str(error), hint=error.hint)
        return
    if found.usable:
        return
    told = _was_told(found, log, now)
    if not told:
        try:
            topic.publish(
                f"Snapper {stage}: its key cannot be used", f"{found.fact}.\n\n{found.fix}\n"
            )
            told = now.isoformat()
        except SnapperError as error:
            events.emit("key.untold", key=key, reason=str(error), hint=error.hint)
    events.emit(UNUSABLE, key=key, state=found.state, reason=found.fact, told=told)


def _was_told(found: KeyState, log: Logs, now: datetime) -> str:
    """Give when people were last told of this very state, if that is not too long ago."""
    since = now - AGAIN
    try:
        told = [
            str(event.fields.get("told", ""))
            for event in log.events(since, f'"{UNUSABLE}"')
            if (event.name, event.fields.get("state")) == (UNUSABLE, found.state)
        ]
    except SnapperError:
        return ""
    return max((each for each in told if each > since.isoformat()), default="")
