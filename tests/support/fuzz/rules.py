"""What must hold for the parser of the two secrets, whatever they are: libpq is the oracle."""

import re

from psycopg2 import ProgrammingError
from psycopg2.extensions import parse_dsn

from snapper.engines.checks import PLANNED, connection_checks
from snapper.engines.postgresql.conninfo.connection import UNSPEAKABLE, Connection
from snapper.engines.postgresql.conninfo.other_drivers import BEGINNINGS
from snapper.errors import SecretsInvalid
from snapper.values.keys import DATABASE_KEY
from snapper.values.rules import WORDS, read_retention
from snapper.values.secrets import Database, parse_secrets

CHECKS = connection_checks()

# The whole vocabulary of faults. Free in it are numbers, keys and the names of libpq's settings;
# so no fault can hold a piece of a connection.
_KEY = rf"(?P<key>{DATABASE_KEY.pattern})"
_ROW = rf"(?:DATABASE_CONN_STRINGS|BACKUP_STORAGE_DATA) row \d+(?: \({_KEY}\))?"
_LIBPQ = (
    "it must begin with postgresql:// or be host=… dbname=… pairs|"
    "unterminated quoted string|invalid percent-encoded token|forbidden value %00|"
    r"behind the '\?' stands a name that libpq does not know|"
    r"a parameter behind the '\?' has no '='|"
    "a parameter has more than one '=': parameters are joined by '&', and a '=' within a value is "
    "written %3D|"
    'IPv6 host address may not be empty|looking for matching "]"|unexpected character|'
    "it has a name that libpq does not know: [^.]*|unexpected spaces found|unknown form|"
    "a zero byte|" + "|".join(re.escape(instead) for _, instead in BEGINNINGS)
)
_ENCODE = r"a '/' in a user or password must be written %2F, an '@' anywhere %40"
_FORMS = re.escape(
    "write postgresql://user:password@host/db?name=value&... or host=... password='...'"
)
_FAULT = re.compile(
    "(?:DATABASE_CONN_STRINGS|BACKUP_STORAGE_DATA) is empty|"
    rf"{_ROW}(?:"
    r" must be KEY,connection,TYPE| must be KEY,count"
    rf"|: type (?:{'|'.join(PLANNED)}) is not supported yet"
    r"| does not end with a known type: POSTGRES"
    r"| must begin with a key of letters, digits, '\.', '_' and '-', at most 64, "
    r"the first a letter or digit"
    r"| names a key that an earlier row has| has an empty connection"
    r"| has no row in (?:DATABASE_CONN_STRINGS|BACKUP_STORAGE_DATA)"
    r"| must keep a whole number of backups from 1 to 999999, or have rules such as last=7 daily=14"
    rf"| has a rule \d+ that is none of {', '.join(WORDS)}"
    rf"| says (?:{'|'.join(WORDS)}) twice"
    rf"| has (?:{'|'.join(WORDS)}), which must be (?:a whole number from 1 to 999999|"
    r"a time such as 30d, 12h or 1y5m7d2h)"
    r"|: it seems to hold a second row: the type or the '\|' between them is missing or not known "
    r"\(in a password ',' can be written %2C, and '\|' %7C\)"
    r"| has a connection of more than 4096 bytes"
    r"| holds '\{\{…\}\}', which Parameter Store refuses: write '\{' as %7B"
    rf"|: libpq cannot read the connection: (?:{_LIBPQ})"
    r"|: the connection names no host and no database"
    rf"|: there is an '@' in the host or database name: {_ENCODE}"
    rf"|: the port is not a number: {_ENCODE}"
    r"|: an address of IPv6 in a URI stands in brackets: \[2001:db8::1\]"
    rf"|: there is more than hosts in the host: {_FORMS}"
    rf"|: another connection, or a password, is in [a-z_]+: {_FORMS}"
    rf"|: the connection holds (?:{'|'.join(UNSPEAKABLE)})(?:, (?:{'|'.join(UNSPEAKABLE)}))*, "
    r"which pg_dump would show on its command line"
    ")"
)


class Misread(AssertionError):
    """The parser broke a rule; the message says which, the input shows how."""


def check(connections: str, retentions: str) -> bool:
    """Parse two secrets and hold the answer to every rule; tell whether they were accepted.

    Raises Misread, or whatever the parser raises that it must not.
    """
    try:
        read = parse_secrets(connections, retentions, CHECKS)
    except SecretsInvalid as refused:
        _check_refusal(refused, connections + retentions)
        return False
    _check_as_written(read, connections, retentions)
    for database in read:
        _check_against_libpq(database)
    return True


def _check_refusal(refused: SecretsInvalid, text: str) -> None:
    if not refused.faults:
        raise Misread("refused without a fault")
    for fault in refused.faults:
        match = _FAULT.fullmatch(fault)
        if match is None:
            raise Misread(f"a fault is not of the vocabulary: {fault!r}")
        if match["key"] is not None and match["key"] not in text:
            raise Misread(f"a fault names a key that nobody wrote: {fault!r}")


def _check_as_written(read: tuple[Database, ...], connections: str, retentions: str) -> None:
    """Walk along both secrets by what was read: nothing may be left over, added or out of order."""
    rest = connections
    for number, database in enumerate(read):
        rest = _after(rest, "|") if number else rest
        for piece in (database.key, ",", database.connection, ","):
            rest = _after(rest, piece)
        rest = _after(rest[: len(rest)], "POSTGRES", any_case=True)
    if rest.strip() not in ("", "|"):
        raise Misread("something behind the last connection was passed over")
    counts = dict(row.split(",") for row in retentions.strip().removesuffix("|").split("|"))
    written = {key.strip(): count.strip() for key, count in counts.items()}
    meant = {key: read_retention(count) for key, count in written.items()}
    if {each.key: each.retention for each in read} != meant:
        raise Misread("the counts are not those that were written")
    if len(read) != len({database.key for database in read}):
        raise Misread("a key was accepted twice")


def _after(text: str, piece: str, *, any_case: bool = False) -> str:
    text = text.strip()
    found = text[: len(piece)]
    if (found.upper() if any_case else found) != piece:
        raise Misread(f"it was read otherwise than it stands there, before {len(text)} characters")
    return text[len(piece) :]


def _check_against_libpq(database: Database) -> None:
    try:
        oracle: dict[str, str] = parse_dsn(database.connection)
    except (ProgrammingError, ValueError) as error:
        raise Misread("libpq refuses what was accepted") from error
    connection = Connection.parse(database.connection)
    if connection.password != oracle.pop("password", None):
        raise Misread("libpq reads another password")
    if dict(connection.parameters) != oracle:
        raise Misread("libpq reads other parameters")
    if "password" in parse_dsn(connection.conninfo({"connect_timeout": 1})):
        raise Misread("the password stands in what pg_dump shows")
