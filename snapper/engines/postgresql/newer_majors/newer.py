"""What newer majors will refuse of a database: asked before a dump, recorded, and read again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.newer_majors.newer_sql import questions
from snapper.engines.postgresql.newer_majors.removed import OF_EXPRESSIONS, RESERVED
from snapper.values import document
from snapper.values.omission import some

_KEPT = 100
"""Things of each major that a manifest keeps; the number of all is kept too."""

_LONGEST = 1000
"""Characters of one, from its end: names, with bytes that are no characters, and the reason."""

# To know it is no backup worth.
_LONGEST_ANSWER = "10s"
_LIMIT = "SELECT pg_catalog.set_config('statement_timeout', '{}', false)"


@dataclass(frozen=True)
class Refused:
    """What is refused `since` a major: the first of `count` things, each with the reason."""

    since: int
    objects: tuple[str, ...]
    count: int

    def __str__(self) -> str:
        return some(self.objects, self.count)


def ask(cursor: Cursor) -> tuple[Refused, ...]:
    """Ask the server for all that is known to be refused by newer majors than its own.

    A question that the server refuses, or cannot answer soon, stops no backup.
    """
    found = defaultdict(set)
    major = cursor.connection.server_version // 10_000
    cursor.execute(_LIMIT.format(_LONGEST_ANSWER))
    for since, what, why in _answers(cursor):
        if since > major:
            found[since].add(f"{what} ({why})"[-_LONGEST:])
    cursor.execute(_LIMIT.format("0"))
    return tuple(
        Refused(since, tuple(sorted(names))[:_KEPT], len(names))
        for since, names in sorted(found.items())
    )


def _answers(cursor: Cursor) -> Iterator[tuple[int, str, str]]:
    for question in questions(cursor.connection.server_version):
        try:
            cursor.execute(question)
            yield from cursor.fetchall()
        except psycopg2.Error:
            if cursor.connection.closed:
                raise


def foreseen(
    refused: Iterable[Refused] | None, backups_major: int, targets_major: int
) -> Iterator[str]:
    """Say what of a backup a target of a newer major will refuse, as far as it is known."""
    for each in refused or ():
        if backups_major < each.since <= targets_major:
            since = f"PostgreSQL {each.since} and newer"
            yield f"{since} do not take all of the backup as it is: {each}"
    words = sorted(
        word
        for word, since in {**RESERVED, **OF_EXPRESSIONS}.items()
        if backups_major < since <= targets_major
    )
    if refused is None and words:
        yield (
            "this backup was made by an earlier Snapper, which put no quotes around names: these"
            f" are keywords in PostgreSQL {targets_major}, and are quoted where they stop it:"
            f" {', '.join(words)}"
        )


def to_part(refused: Iterable[Refused]) -> list[dict[str, Any]]:
    """Give them as JSON values."""
    return [
        {"since": each.since, "objects": list(each.objects), "count": each.count}
        for each in refused
    ]


def from_part(found: object) -> tuple[Refused, ...]:
    """Read them strictly: raises TypeError, KeyError, ValueError."""
    if not isinstance(found, list):
        raise TypeError
    return tuple(_read(each) for each in found)


def _read(found: dict[str, Any]) -> Refused:
    names = found["objects"]
    if not isinstance(names, list) or len(names) > _KEPT:
        raise TypeError
    objects = tuple(document.text(name, _LONGEST) for name in names)
    return Refused(document.size(found["since"]), objects, document.size(found["count"]))
