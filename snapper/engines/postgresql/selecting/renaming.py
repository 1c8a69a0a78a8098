"""Another name for a table, and for all that has its name from it and would be in the way."""

import re
from collections.abc import Iterable

from snapper.engines.postgresql.selecting.definitions import Known
from snapper.engines.postgresql.selecting.forms import Thing
from snapper.engines.postgresql.selecting.mentions import (
    QUOTED,
    WHOLE_ROW,
    Path,
    by_path,
    path_of,
    renamed,
    sql_of,
)

LONGEST = 63
"""Bytes of a name: PostgreSQL cuts what is longer."""

# The name of an index is that of its constraint, and stands without its schema.
_ALONE = re.compile(
    rb"(?P<before>CREATE (?:UNIQUE )?INDEX |COMMENT ON CONSTRAINT "
    rb"|ALTER (?:FOREIGN )?TABLE (?:ONLY )?%(q)b(?:\.%(q)b)?\s+"
    rb"(?:ADD CONSTRAINT |CLUSTER ON |REPLICA IDENTITY USING INDEX ))(?P<name>%(q)b)"
    % {b"q": QUOTED}
)


class Renaming:
    """New names for a table, its partitions, and their indexes, sequences and statistics."""

    def __init__(self, old: Path, new: Path, things: Iterable[Thing]) -> None:
        """Give a new name to each of the things, which have names of their own in a schema."""
        self._names: dict[str, dict[Path, Path]] = {}
        taken: set[Path] = set()
        for space, path in things:
            name = new if path == old else (*new[:-1], self._like(path[-1], old[-1], new[-1]))
            number = 1
            while name in taken:
                number += 1
                name = (*new[:-1], _cut(name[-1], b"_%d" % number))
            taken.add(name)
            self._names.setdefault(space, {})[path] = name
        self._by_path = by_path(self._of("relation"))
        # A type may be called as an index is.
        others = {**self._of("statistics"), **self._of("index")}
        self._of_others = by_path({**self._of("relation"), **others})
        self._within = {path[-1]: name[-1] for path, name in self._of("relation").items()}

    def table(self, path: Path) -> Path:
        """Give the new name of a table."""
        return self._of("relation").get(path, path)

    def thing(self, thing: Thing) -> Thing:
        """Give a thing under its new name."""
        return thing[0], self._of(thing[0]).get(thing[1], thing[1])

    def __call__(self, known: Known) -> bytes:
        """Write a statement with the new names."""
        text = known.text
        table = known.form.table
        if table and (found := _ALONE.match(text)):
            index = (*table[:-1], *path_of(found["name"]))
            if new := self._of("index").get(index):
                text = found["before"] + sql_of(new[-1:]) + text[found.end() :]
        names = self._by_path
        if known.form.kind == "statistics" or any(
            space in ("index", "statistics") for space, _ in known.form.about
        ):
            names = self._of_others
        # A policy or a rule may name any column by its table without a schema, others the row.
        is_loose = known.form.use == "loose"

        def new_name(path: Path) -> Path:
            new = names(path)
            is_within = new == path and len(path) == 2 and path[0] in self._within
            if is_within and (is_loose or path[1] == WHOLE_ROW):
                return self._within[path[0]], path[1]
            return new

        return renamed(text, new_name, escapes=known.escapes)

    def _of(self, space: str) -> dict[Path, Path]:
        return self._names.get(space, {})

    @staticmethod
    def _like(name: bytes, old: bytes, new: bytes) -> bytes:
        """Name something as it was: `items_pkey` of `items` is `copy_pkey` of `copy`."""
        rest = name[len(old) :] if name.startswith(old) else b"_" + name
        return _cut(new, rest) if len(rest) < LONGEST else _cut(new + rest, b"")


def _cut(name: bytes, rest: bytes) -> bytes:
    """Join two halves of a name so that PostgreSQL does not cut it: no character is halved."""
    room = name[: LONGEST - len(rest)]
    if len(room) < len(name):
        room = room.decode(errors="ignore").encode()
    return room + rest
