"""Each database that becomes late is named once to the topic that the alarms publish to.

One alarm watches all databases, and does not ring again while it is on. Which were late when last
somebody looked says the watcher's own log, so there is nothing to keep: what the log does not say,
because nobody looked for hours or a topic failed, is told again rather than never.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from snapper.aws.logs import Logs
from snapper.aws.topic import Topic
from snapper.errors import SnapperError
from snapper.values.late import Message, messages

BACK = timedelta(hours=3)
"""How far the log is read: longer than two calls of the watcher are apart, if one fails between."""

LOOKED_AT = "looked_at"
"""The field by which the events of one look belong together."""


def stamp(now: datetime) -> str:
    """Write the time of a look so that the order of texts is that of times."""
    return now.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Told:
    """Of whom the topic knows that they are late, and what kept it from hearing of the others."""

    databases: frozenset[str] = frozenset()
    failure: SnapperError | None = None


NOBODY = Told()


class Named(Protocol):
    """What is to be told of a database."""

    @property
    def database(self) -> str:
        """Its key."""


@dataclass(frozen=True)
class Teller:
    """Who tells the topic of a stage; the log is that of who looks.

    `seen` and `named` are the events of a look, and of a database that it found.
    """

    stage: str
    topic: Topic
    log: Logs
    words: Callable[[str, Sequence[Any], str], Iterator[Message]] = messages
    seen: str = "backups.watched"
    named: str = "backup.late"

    def tell(self, late: Sequence[Named], now: datetime) -> Told:
        """Name those who are late and were not when last somebody looked; raises nothing."""
        told, doubt = NOBODY, ""
        if late:
            try:
                told = Told(self._before(now))
            except SnapperError as error:
                doubt = str(error)
        for message in self.words(
            self.stage, [each for each in late if each.database not in told.databases], doubt
        ):
            try:
                self.topic.publish(message.subject, message.text)
            except SnapperError as error:
                # Where one call fails after many tries, all might: the time is short.
                return replace(told, failure=error)
            told = Told(told.databases.union(message.databases))
        return told

    def _before(self, now: datetime) -> frozenset[str]:
        """Give those of the last look of whom the topic was told."""
        newest, found = "", set[str]()
        for event in self.log.events(now - BACK, f'"{LOOKED_AT}"'):
            at = str(event.fields.get(LOOKED_AT, ""))
            if at >= stamp(now) or event.name not in (self.seen, self.named):
                continue  # this look itself, whose count is logged already, or one beside it
            if at > newest:
                newest, found = at, set()
            if at == newest and event.fields.get("told") is True:
                found.add(str(event.fields.get("database")))
        return frozenset(found)
