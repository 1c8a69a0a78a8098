r"""What the server of a trial does not have, and what of a dump is built upon it.

That are extensions, and what only a superuser may make, such as a base type: nothing of a dump runs
as one there. On a server of a newer major it is also what that refuses of what an older one had.

Without an extension the server misses whatever belongs to it, and whoever names that is refused; in
turn what names those is. Nothing else is left out: a name that is missed must be one in the
extension's own schema, or in one that only the extension can have made, or that of something which
was left out before. What the dump itself makes is there by then, or has stopped the restore.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import psycopg2

from snapper.engines.postgresql.connecting.server_words import is_raised, sentence, sqlstate
from snapper.engines.postgresql.loading import leniency
from snapper.engines.postgresql.loading.described import described
from snapper.engines.postgresql.loading.outgrown import is_outgrown
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.superusers import is_denied
from snapper.engines.postgresql.naming.encoding import name_in
from snapper.engines.postgresql.naming.names import NAME
from snapper.errors import RestoreFailed

_EXTENSION = re.compile(
    rb"CREATE EXTENSION (?:IF NOT EXISTS )?(?P<name>%(n)b)(?: WITH SCHEMA (?P<schema>%(n)b))?;"
    % {b"n": NAME}
)
_TABLE = re.compile(
    rb"(?:COPY|CREATE (?:UNLOGGED )?TABLE) (?P<schema>%b)\.(?P<table>%b)[ \n]" % (NAME, NAME)
)
_TYPE = re.compile(rb"CREATE TYPE %b(?:\.%b)?(?:;| \(\n)" % (NAME, NAME))
_SEQUENCE = re.compile(rb"\n    SEQUENCE NAME (?P<path>%b\.%b)\n" % (NAME, NAME))
_CONSTRAINT = re.compile(rb"ALTER (?:FOREIGN )?TABLE [^;']{1,400}?\bADD CONSTRAINT ")
_LOOKED_AT = 4000
"""Bytes of a statement in which names are looked for."""

# What an extension may bring along that has no schema, and servers, which are made of such a thing.
_WITHOUT_SCHEMA = re.compile(
    rb"[ \n](?P<kind>USING|LANGUAGE|FOREIGN DATA WRAPPER|SERVER) (?P<name>%b)(?=[ ;\n(])" % NAME
)

_NOT_AVAILABLE = frozenset({"0A000", "58P01"})
_PRELOADED = "shared_preload_libraries"
_NOT_CALLED = "42883"
_NO_SCHEMA = "3F000"

# Of what the server says, in the quotes of any language or in none.
_QUOTED = re.compile(
    r'["\u201e\u00ab\u00bb\u201c\u2018\u201a](?P<name>[^"\u201c\u201d\u00ab\u00bb\u2019]+)'
)
_OPERATOR = re.compile(r"(?P<name>[\w$]+\.[^\w\s\"().,:]+)(?= |$)")
_DOTTED = re.compile(r"(?P<name>[\w$]+\.[^\s\"(,]+)")
_QUOTES = re.compile(r'"((?:[^"]|"")+)"')

_MOST = 1 << 20
"""Names that are remembered: a forged dump may go on for ever."""

_SCHEMA_IS_HERE = "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s)"


class Lacks:
    """Knows the extensions that are not here, and decides what goes with them.

    Where another server may have an extension, none `leaves_out` one; what takes a superuser is
    refused by them all. What an option has `excluded` from the backup is missed for that reason,
    and not for want of an extension. A `newer` server is the only one that there is, and of a newer
    major than the dump's.
    """

    def __init__(
        self,
        encoding: str = "UTF8",
        excluded: Iterable[str] = (),
        *,
        leaves_out: bool = False,
        newer: bool = False,
    ) -> None:
        self._encoding, self._newer = encoding, newer
        self.leaves_out = leaves_out
        self._excluded = frozenset(map(_unquoted, excluded))
        self._schemas: set[str] = set()
        self._gone: set[str] = set()
        self.extensions: set[str] = set()
        self.denied: set[str] = set()
        """Kind and name of what only a superuser may make."""
        self.refused: set[str] = set()
        """Kind and name of what the newer major does not take, or a server without XML."""
        self.tables: set[tuple[str, str]] = set()
        """Schema and name of those that the dump would have made."""
        self.unfilled: set[tuple[str, str]] = set()
        """Of those whose rows are not here: an extension's own are among them."""
        self.left_out: Counter[str] = Counter()
        """How many of each kind the dump would have made; nothing that is only a table's own."""

    def takes(self, body: bytes, error: psycopg2.Error, runner: StatementRunner) -> bool:
        """Tell whether a refused statement is left out for want of an extension; remember it."""
        if is_raised(error):
            return False
        if found := _EXTENSION.match(body):
            return self.leaves_out and self._is_lacking(found, error)
        if _TYPE.match(body) and is_denied(body, error):
            self._leave_out(body)
            self.deny(body)
            return True
        known = self.extensions or self.denied or self.refused
        if not (known and leniency.misses_a_name(error)):
            return False
        if taken := self._is_for_one(body, error, runner):
            self._leave_out(body)
        return taken

    def outgrown(self, body: bytes, error: psycopg2.Error) -> bool:
        """Tell whether this server does not take it, and there is no other; remember it."""
        makes = body.startswith((b"CREATE ", b"ALTER "))
        without_xml = self.leaves_out and makes and leniency.lacks_xml(error)
        if not (without_xml or (self._newer and is_outgrown(body, error, _missed(error)))):
            return False
        self._leave_out(body)
        what = described(body)
        self.refused.add(f"{what.kind} {_unquoted(what.name)}")
        return True

    def may_be_why(self, error: psycopg2.Error, runner: StatementRunner) -> str:
        """Name them where a function's own code misses what may be theirs; else nothing."""
        if not (self.extensions and leniency.misses_a_name(error)) or is_raised(error):
            return ""
        name = _missed(error)
        has_schema = "." in name or sqlstate(error) == _NO_SCHEMA
        theirs = not has_schema or self._is_theirs(name, runner)
        return " and ".join(sorted(self.extensions)) if theirs else ""

    def add(self, name: bytes, schema: bytes | None) -> None:
        """Know an extension that is not here, by its name and its schema as SQL writes them."""
        self.extensions.add(self._read(name))
        if schema:
            self._schemas.add(self._read(schema))

    def deny(self, body: bytes) -> None:
        """Know what only a superuser may make, and so is not here either."""
        what = described(body)
        name = _unquoted(what.name)
        self.denied.add(f"{what.kind} {name}")
        self._gone.update(_names(what.kind, name, ""))

    def _is_lacking(self, found: re.Match[bytes], error: psycopg2.Error) -> bool:
        """Tell whether an extension cannot be made here, for its own sake or another one's."""
        needs_another = leniency.misses_a_name(error) and _missed(error) in self.extensions
        known = self._read(found["name"]) in self.extensions
        if lacking := known or needs_another or is_not_available(error):
            self.add(found["name"], found["schema"])
        return lacking

    def _is_for_one(self, body: bytes, error: psycopg2.Error, runner: StatementRunner) -> bool:
        name = _missed(error)
        if body.startswith(b"COPY "):
            copied = _TABLE.match(body)
            schema, table = self._path(copied) if copied else ("", "")
            if name not in {schema, f"{schema}.{table}"}:
                return False  # the table is here, and a function of its own misses something
        if name in self._gone:
            return True
        if "." in name or sqlstate(error) == _NO_SCHEMA:
            return bool(self.extensions) and self._is_theirs(name, runner)
        return self._is_known_without_schema(body, name)

    def _is_theirs(self, name: str, runner: StatementRunner) -> bool:
        """Tell whether a name is in a schema of theirs, or in one that nobody has made."""
        schema = name.partition(".")[0]
        if not self._excluded.isdisjoint((schema, name)):
            return False
        return schema in self._schemas or runner.ask(_SCHEMA_IS_HERE, schema) == [(False,)]

    def _is_known_without_schema(self, body: bytes, name: str) -> bool:
        """Tell whether a name is of a kind that has no schema, or of a thing of one table."""
        for found in _WITHOUT_SCHEMA.finditer(body[:_LOOKED_AT]):
            if self._read(found["name"]) == name:
                if found["kind"] == b"SERVER":
                    return f"server {name}" in self._gone
                denied = any(each.endswith(f" {name}") for each in self.denied)
                return denied or bool(self.extensions)
        if body.startswith((b"COMMENT ON EXTENSION ", b"ALTER EXTENSION ")):
            return name in self.extensions
        # Such as a trigger or an index that a table is to be changed in.
        return f"{name} on {_unquoted(described(body).name)}" in self._gone

    def _leave_out(self, body: bytes) -> None:
        if len(self._gone) + len(self.unfilled) > _MOST:
            raise RestoreFailed(f"more than {_MOST} things of the dump cannot be restored here")
        if table := _TABLE.match(body):
            copied = body.startswith(b"COPY ")
            (self.unfilled if copied else self.tables).add(self._path(table))
        if sequence := _SEQUENCE.search(body[:_LOOKED_AT]):
            self._gone.add(self._read(sequence["path"]))
        if not (body.startswith(b"CREATE ") or _CONSTRAINT.match(body)):
            return
        what = described(body)
        name, _, on = _unquoted(what.name).partition(" on ")
        twice = body.startswith(b"CREATE OR REPLACE ") or _TYPE.match(body)
        again = twice and name in self._gone
        if not (again or on in self._gone):
            self.left_out[what.kind] += 1
        self._gone.update(_names(what.kind, name, on))

    def _path(self, found: re.Match[bytes]) -> tuple[str, str]:
        return self._read(found["schema"]), self._read(found["table"])

    def _read(self, written: bytes) -> str:
        return _unquoted(name_in(written, self._encoding))


def is_not_available(error: psycopg2.Error) -> bool:
    """Tell whether the server does not have the extension, or was not started with it."""
    return sqlstate(error) in _NOT_AVAILABLE or _PRELOADED in sentence(error)


def _missed(error: psycopg2.Error) -> str:
    """Give the name that the server misses, as it says it: without the quotes around its parts."""
    said = sentence(error)
    if sqlstate(error) == _NOT_CALLED:
        if operator := _OPERATOR.search(said):
            return operator["name"]
        said = said.partition("(")[0]  # what follows is what it would be called with
    found = _QUOTED.search(said) or _DOTTED.search(said)
    return found["name"].removesuffix("[]") if found else ""


def _names(kind: str, name: str, on: str) -> Iterator[str]:
    """Give the names by which others name what was to be made."""
    if kind == "server":
        yield f"server {name}"
    elif on:
        yield f"{name} on {on}"
        yield f"{on.rpartition('.')[0]}.{name}"  # an index, or one that a constraint is made of
    elif "." in name:
        yield name


def _unquoted(written: str) -> str:
    """Write a name as the server's messages do.

    >>> _unquoted('public."My Table"')
    'public.My Table'
    """
    return _QUOTES.sub(lambda found: found[1].replace('""', '"'), written)
