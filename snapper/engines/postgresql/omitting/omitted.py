"""What a dump of a server leaves out: asked before it is made, recorded with it, read again."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.omitting.excluded import SCHEMAS, TABLE_DATA, TABLES
from snapper.engines.postgresql.omitting.left_out import KINDS, PROPERTIES, Kind
from snapper.values import document
from snapper.values.omission import Omission

_KEPT = 100
"""Names of each kind that a manifest keeps; the number of all is kept too."""

_ALL_PROPERTIES = ("its owner", "its locale", "its rights", "its settings", "its comment")

_LONGEST = 1000
"""Characters of one: three names, with bytes that are no characters."""

# Somebody may hold a table for long that pg_dump would not even touch.
_NO_WAITING = "SELECT pg_catalog.set_config('lock_timeout', '{}', false)"

_KNOWN = {each.kind: each for each in (*KINDS, PROPERTIES, SCHEMAS, TABLES, TABLE_DATA)}


def ask(
    cursor: Cursor, gone: Sequence[int] = (), emptied: Sequence[int] = ()
) -> Iterator[Omission]:
    """Ask the server for all that pg_dump, as the cursor's role, would leave out.

    Of relations that are `gone`, or only `emptied`, because an option says so, that is known.
    A question that the server refuses stops no backup: then its answer is not known.
    """
    cursor.execute(_NO_WAITING.format("2s"))
    chosen = {"gone": list(gone), "emptied": list(emptied)}
    for kind in KINDS:
        if cursor.connection.server_version < kind.since:
            continue
        try:
            cursor.execute(f"{kind.query} ORDER BY 1", chosen)
            names = tuple(name for (name,) in cursor.fetchall())
        except psycopg2.Error:
            if cursor.connection.closed:
                raise
            yield _omission(kind, (), 0)
        else:
            if names:
                yield of(kind, names)
    cursor.execute(_NO_WAITING.format("0"))


def of(kind: Kind, names: Sequence[str]) -> Omission:
    """Say that these are left out."""
    return _omission(kind, tuple(name[:_LONGEST] for name in names[:_KEPT]), len(names))


def properties(names: Sequence[str]) -> Omission:
    """Say that these, or all, of what is set on the database itself are not known."""
    return of(PROPERTIES, names or _ALL_PROPERTIES)


def to_part(omitted: Iterable[Omission]) -> list[dict[str, Any]]:
    """Give them as JSON values. What they mean is said by whoever reads them."""
    return [
        {"kind": each.kind, "objects": list(each.objects), "count": each.count} for each in omitted
    ]


def from_part(found: object) -> tuple[Omission, ...]:
    """Read them strictly: raises TypeError, KeyError, ValueError.

    Who can write to the bucket may have written them: so there is no advice in them.
    """
    if not isinstance(found, list):
        raise TypeError
    return tuple(_read(each) for each in found)


def _read(found: dict[str, Any]) -> Omission:
    word, names = document.word(found["kind"]), found["objects"]
    if not isinstance(names, list) or len(names) > _KEPT:
        raise TypeError
    kind = _KNOWN.get(word) or Kind(word, word, word, "a newer Snapper knows why", "", "")
    objects = tuple(document.text(name, _LONGEST) for name in names)
    return _omission(kind, objects, document.size(found["count"]))


def _omission(kind: Kind, objects: tuple[str, ...], count: int) -> Omission:
    return Omission(kind.kind, kind.subject, kind.what, objects, count, kind.reason, kind.fix)
