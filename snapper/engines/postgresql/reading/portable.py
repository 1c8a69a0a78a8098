r"""Takes out of a dump what its target cannot understand, and changes nothing else.

Five things are tied to the server that was dumped, or to the psql that its pg_dump had in mind:

- the number `pg_attver` among a column's options, kept by servers since their releases of November
  2026. A pg_dump of the same release leaves it out; an older one of the same major, which does not
  know it, writes it down, and servers before that release refuse it (measured with server 15.20 and
  pg_dump 15.19);
- the names of tablespaces, which are folders of the server. Where the target has none of that name,
  things go to its default;
- the comment that every new database has on its schema `public`. pg_dump leaves it out, but for the
  quotes around the name does not know it again; up to 14 only a superuser may write it;
- the word UNLOGGED of a partitioned table, which has no rows itself: since 18 it is refused;
- the `\restrict` and `\unrestrict` around the whole, for no psql reads it.
"""

import re
from collections.abc import Collection

from snapper.engines.postgresql.naming.names import plain
from snapper.engines.postgresql.reading.statements import parted

_OPTIONS = re.compile(
    rb'(?P<head>ALTER (?:FOREIGN )?TABLE (?:[^";]|"[^"]*")+ SET \()'
    rb"(?P<options>[^()]*\bpg_attver=[^()]*)\);\n"
)
_TABLESPACE = re.compile(rb"SET default_tablespace = (?P<name>.+);\n", re.DOTALL)
_DEFAULT = b"''"
_MANY, _LONGEST_NAME = 1000, 100
"""How much is told of tablespaces: a forged dump may name any number."""
_OF_EVERY_DATABASE = b"COMMENT ON SCHEMA \"public\" IS 'standard public schema';\n"
_UNLOGGED = b"CREATE UNLOGGED TABLE "
_PARTITIONED = b"\n)\nPARTITION BY "
_LONGEST_OPTIONS = 1 << 14
"""Bytes of an `ALTER TABLE … SET (…)` that is looked at: pg_dump writes it for one column."""

_RESTRICTION = re.compile(rb"^\\(?:un)?restrict [A-Za-z0-9]+$", re.MULTILINE)


class Portable:
    r"""Rewrites single statements for a target that has these tablespaces.

    >>> fit = Portable(["fast"])
    >>> fit(b"ALTER TABLE ONLY t ALTER COLUMN a SET (n_distinct=5, pg_attver=1);\n")
    b'ALTER TABLE ONLY t ALTER COLUMN a SET (n_distinct=5);\n'
    >>> fit(b"SET default_tablespace = fast;\n"), fit(b'SET default_tablespace = "Slow";\n')
    (b'SET default_tablespace = fast;\n', b"SET default_tablespace = '';\n")
    >>> fit.replaced
    {'Slow'}
    """

    def __init__(self, tablespaces: Collection[str] = ()) -> None:
        self._tablespaces = frozenset(tablespaces)
        self.replaced: set[str] = set()

    def __call__(self, statement: bytes) -> bytes:
        """Give the statement as the target understands it."""
        lead, body = parted(statement)
        if b"restrict " in lead:
            lead = _RESTRICTION.sub(b"", lead)
        if found := _TABLESPACE.fullmatch(body):
            body = self._place(found)
        elif body == _OF_EVERY_DATABASE:
            body = b"\n"
        elif body.startswith(_UNLOGGED) and _is_partitioned(body):
            body = body.replace(b"UNLOGGED ", b"", 1)
        elif (
            len(body) <= _LONGEST_OPTIONS
            and b"pg_attver=" in body
            and (found := _OPTIONS.fullmatch(body))
        ):
            body = _without_version(found)
        return lead + body

    def _place(self, found: re.Match[bytes]) -> bytes:
        name = plain(found["name"])
        if found["name"] == _DEFAULT or name in self._tablespaces:
            return found[0]
        if len(self.replaced) < _MANY:
            self.replaced.add(name[:_LONGEST_NAME])
        return found[0].replace(found["name"], _DEFAULT)


def _is_partitioned(body: bytes) -> bool:
    """Tell by the words at the end of a table, if they do not stand in a text or a name."""
    _, sign, end = body.rpartition(_PARTITIONED)
    return bool(sign) and not end.count(b"'") % 2 and not end.count(b'"') % 2


def _without_version(found: re.Match[bytes]) -> bytes:
    options = [option.strip() for option in found["options"].split(b",")]
    left = [option for option in options if not option.startswith(b"pg_attver=")]
    return found["head"] + b", ".join(left) + b");\n" if left else b""
