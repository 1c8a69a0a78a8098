"""The two secrets: which databases there are, and how many backups each of them keeps.

`DATABASE_CONN_STRINGS` is `KEY,connection,TYPE` rows, `BACKUP_STORAGE_DATA` is `KEY,count` rows, or
`KEY,last=7 daily=14` in the words of `rules.py`; both are joined by `|`. A third one,
`RESTORE_CONN_STRINGS`, has rows like the first: into what a container may restore. The same parser
runs at `pulumi preview`, in the functions and in `check`; who calls it gives the check of a
connection for each TYPE.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from snapper.errors import SecretsInvalid
from snapper.values.all_options import parse_options
from snapper.values.credentials import Credentials
from snapper.values.keys import DATABASE_KEY
from snapper.values.manifest import FIRST_ENGINE
from snapper.values.options import UNSET, Options
from snapper.values.packing import ROOM
from snapper.values.rules import Retention, is_retention, read_retention
from snapper.values.settings import CONNECTIONS, RETENTIONS, TARGETS

Checks = Mapping[str, Callable[[str], Iterable[str]]]
"""By TYPE, what gives a sentence for each fault of a connection."""

LONGEST_CONNECTION = ROOM
"""Bytes of one connection."""

# Parameter Store takes it for the name of another parameter.
_NESTED = re.compile(r"\{\{.*\}\}", re.DOTALL)


@dataclass(frozen=True)
class Database:
    """One database to back up: its key, its connection, which backups it keeps, its TYPE.

    The options come from elsewhere: the secrets know none.
    """

    key: str
    connection: str = field(repr=False)
    retention: Retention
    kind: str = FIRST_ENGINE
    options: Options = UNSET
    credentials: Credentials | None = field(default=None, repr=False, compare=False)
    """What gives the password at each connecting, where an option says so."""


@dataclass(frozen=True)
class Target:
    """A database that a container may restore into: its key, its connection and its TYPE."""

    key: str
    connection: str = field(repr=False)
    kind: str = FIRST_ENGINE

    @property
    def database(self) -> Database:
        """The same as a database without options, of which nothing is kept."""
        return Database(self.key, self.connection, 0, self.kind)


@dataclass(frozen=True)
class _Row:
    """One row of a secret; `where` names it in faults, and never holds a value."""

    where: str
    key: str
    value: str = field(repr=False)
    kind: str = ""


def parse_secrets(connections: str, retentions: str, checks: Checks) -> tuple[Database, ...]:
    """Read both secrets into databases, in the order of the connections.

    Raises SecretsInvalid with every fault of both secrets at once; a fault names the secret, the
    row and, once it is known to be a key, the key; it never holds a piece of a connection.
    """
    faults: list[str] = []
    connection_rows = _unique(_connection_rows(CONNECTIONS, connections, checks, faults), faults)
    retention_rows = _unique(_retention_rows(retentions, connection_rows, faults), faults)
    for key, row in connection_rows.items():
        if key not in retention_rows:
            faults.append(f"{row.where} has no row in {RETENTIONS}")
    for key, row in retention_rows.items():
        if key not in connection_rows:
            faults.append(f"{row.where} has no row in {CONNECTIONS}")
    for row in connection_rows.values():
        faults.extend(_connection_faults(row, checks))
    kept: dict[str, Retention] = {}
    for key, row in retention_rows.items():
        try:
            kept[key] = read_retention(row.value)
        except ValueError as fault:
            faults.append(f"{row.where} {fault}")
    if faults:
        raise SecretsInvalid(tuple(faults))
    return tuple(
        Database(key, row.value, kept[key], row.kind) for key, row in connection_rows.items()
    )


def parse_targets(connections: str, checks: Checks) -> tuple[Target, ...]:
    """Read the third secret, as the connections of the first; raises SecretsInvalid as above."""
    faults: list[str] = []
    rows = _unique(_connection_rows(TARGETS, connections, checks, faults), faults)
    for row in rows.values():
        faults.extend(_connection_faults(row, checks))
    if faults:
        raise SecretsInvalid(tuple(faults))
    return tuple(Target(key, row.value, row.kind) for key, row in rows.items())


def with_options(
    databases: Collection[Database], given: object, faults: list[str], now: datetime
) -> tuple[Database, ...]:
    """Give each database its options from the stack's config; every fault joins `faults`."""
    # That there are no databases is a fault already; then no key is wrong, but what is under it.
    keys = given if isinstance(given, Mapping) else ()
    known = [database.key for database in databases] or list(keys)
    found = parse_options(given, known, faults, now)
    return tuple(replace(each, options=found.get(each.key, UNSET)) for each in databases)


def kept_of(key: str, text: str) -> Retention:
    """Read what one database keeps; raise SecretsInvalid where that says nothing."""
    try:
        return read_retention(text)
    except ValueError as fault:
        raise SecretsInvalid((f"{RETENTIONS} ({key}) {fault}",)) from None


def _connection_rows(secret: str, text: str, checks: Checks, faults: list[str]) -> Iterator[_Row]:
    types = "|".join(kind for kind in checks)
    for number, raw in enumerate(_split_connections(text, types), 1):
        where = f"{secret} row {number}"
        key, comma, rest = raw.partition(",")
        connection, second_comma, kind = rest.rpartition(",")
        if not (comma and second_comma):
            faults.append(f"{where} must be KEY,connection,TYPE")
            continue
        where = _with_key(where, key, faults)
        kind = kind.strip().upper()
        if kind not in checks:
            # What stands there may be the end of a password: it is not repeated.
            faults.append(f"{where} does not end with a known type: {FIRST_ENGINE}")
        yield _Row(where, key.strip(), connection.strip(), kind)
    if not text.strip():
        faults.append(f"{secret} is empty")


def _retention_rows(text: str, known: Collection[str], faults: list[str]) -> Iterator[_Row]:
    if not text.strip():
        faults.append(f"{RETENTIONS} is empty")
        return
    for number, raw in enumerate(_without_trailing_bar(text).split("|"), 1):
        where = f"{RETENTIONS} row {number}"
        key, comma, count = raw.partition(",")
        if not comma:
            faults.append(f"{where} must be KEY,count")
            continue
        named = _with_key(where, key, faults)
        if key.strip() not in known and not is_retention(count):
            named = where  # perhaps the other secret, put here by mistake, and a piece of it
        yield _Row(named, key.strip(), count.strip())


def _with_key(where: str, key: str, faults: list[str]) -> str:
    """Name the key in `where`, if it is one: anything else may be a misplaced secret."""
    if DATABASE_KEY.fullmatch(key.strip()):
        return f"{where} ({key.strip()})"
    faults.append(
        f"{where} must begin with a key of letters, digits, '.', '_' and '-', "
        "at most 64, the first a letter or digit"
    )
    return where


def _split_connections(text: str, types: str) -> list[str]:
    """Split where a `|` stands behind a known type: both may stand inside a password too."""
    rows, start = [], 0
    for end in re.finditer(rf",\s*(?:{types})\s*(\|)", text, re.IGNORECASE):
        rows.append(text[start : end.start(1)])
        start = end.end(1)
    rows.append(text[start:])
    return rows[:-1] if not rows[-1].strip() else rows


def _without_trailing_bar(text: str) -> str:
    stripped = text.strip()
    return stripped.removesuffix("|")


def _unique(rows: Iterator[_Row], faults: list[str]) -> dict[str, _Row]:
    found: dict[str, _Row] = {}
    for row in rows:
        if not DATABASE_KEY.fullmatch(row.key):
            continue  # named already
        if row.key in found:
            faults.append(f"{row.where} names a key that an earlier row has")
        else:
            found[row.key] = row
    return found


def _connection_faults(row: _Row, checks: Checks) -> Iterator[str]:
    if not row.value:
        yield f"{row.where} has an empty connection"
        return
    if len(row.value.encode(errors="replace")) > LONGEST_CONNECTION:
        yield f"{row.where} has a connection of more than {LONGEST_CONNECTION} bytes"
    if _NESTED.search(row.value):
        yield f"{row.where} holds '{{{{…}}}}', which Parameter Store refuses: write '{{' as %7B"
    check = checks.get(row.kind)
    # Of an unknown type nobody knows the rules; a row that was cut short is judged as the first.
    for fault in (check or checks[FIRST_ENGINE])(row.value):
        yield f"{row.where}: {fault}"
