"""Which refused statements a restore can do without, or may try again; by form and SQLSTATE."""

import re

import psycopg2

from snapper.engines.postgresql.connecting.server_words import is_raised, sqlstate
from snapper.engines.postgresql.loading.superusers import DENIED, is_named_only
from snapper.engines.postgresql.naming.names import NAME
from snapper.engines.postgresql.newer_majors.removed import EXTENSIONS

_NO_TEXT = rb"(?:[^;'\"]|\"[^\"]*\"){0,32768}"
"""What may hold quoted names. The longest is of a function's hundred arguments."""

# What changes no data. Some of it only a superuser may do, or only who granted or owns it.
_NO_DATA = re.compile(
    rb"COMMENT ON |SECURITY LABEL |GRANT |REVOKE |ALTER DEFAULT PRIVILEGES "
    rb"|(?:RE)?SET SESSION AUTHORIZATION"
    rb"|(?:CREATE|ALTER) (?:EVENT TRIGGER|PUBLICATION|SUBSCRIPTION) "
    # How rows are stored is no part of them; an extension that is not here takes nothing with it.
    rb"|SET default_(?:table_access_method|toast_compression) = "
    rb"|ALTER (?:TABLE|MATERIALIZED VIEW) %(any)b SET (?:COMPRESSION|ACCESS METHOD) %(name)b;"
    rb"|ALTER %(any)b DEPENDS ON EXTENSION %(name)b;" % {b"any": _NO_TEXT, b"name": NAME}
)

OWNER = re.compile(rb"ALTER %b OWNER TO (?P<role>%b);\n?" % (_NO_TEXT, NAME))
OWNER_WITHIN = re.compile(
    rb"ALTER [A-Z ]+? (?P<schema>%b)\.%b%b OWNER TO (?P<role>%b);\n?" % (NAME, NAME, _NO_TEXT, NAME)
)
PRIVILEGES = re.compile(rb"GRANT |REVOKE |ALTER DEFAULT PRIVILEGES ")
BECOMES = re.compile(rb"SET SESSION AUTHORIZATION (?P<role>.+);\n?", re.DOTALL)
RETURNS = b"RESET SESSION AUTHORIZATION;"
EVENT_TRIGGER = re.compile(rb"(?:CREATE|ALTER|COMMENT ON) EVENT TRIGGER ")
USER_MAPPING = re.compile(rb"CREATE USER MAPPING ")
SUBSCRIPTION = re.compile(rb"(?:CREATE|ALTER|COMMENT ON) SUBSCRIPTION ")
REFRESH = re.compile(rb"REFRESH MATERIALIZED VIEW (?P<name>.+);\n?", re.DOTALL)
ROW_DATA = re.compile(
    rb"COPY |INSERT INTO |BEGIN;|COMMIT;|SELECT pg_catalog\.(?:setval|lo)"
    rb"|SELECT \* FROM pg_catalog\."
)

_EXTENSION = b"CREATE EXTENSION "
_EXTENSION_NAMED = re.compile(rb'CREATE EXTENSION (?:IF NOT EXISTS )?"?(?P<name>[a-z_]+)"? ')
_NEVER_USED = re.compile(rb"SELECT pg_catalog\.setval\('[^']+', [0-9]+, false\);")
"""The state of a sequence as it is made, such as one of an extension's own."""

_SCHEMA_IS_THERE = "42P06"
_NOT_AVAILABLE = frozenset({"0A000", "58P01"})

_CHECKED_LATER = re.compile(
    rb"ALTER (?:FOREIGN )?TABLE [^;']*?\bADD CONSTRAINT %b (?:FOREIGN KEY|CHECK) " % NAME
)

_OBJECT = re.compile(
    rb"(?:CREATE|ALTER|COMMENT ON) (?P<kind>ACCESS METHOD|EVENT TRIGGER|FOREIGN DATA WRAPPER"
    rb"|OPERATOR (?:CLASS|FAMILY)|PUBLICATION|SUBSCRIPTION|TEXT SEARCH (?:PARSER|TEMPLATE))"
    rb" (?P<name>%b(?:\.%b)?)" % (NAME, NAME)
)

_MISSING_NAMES = frozenset({"42883", "42P01", "42704", "3F000", "42703"})
"""Functions, relations, types and other objects, schemas and columns that are not found."""

_UNFILLED = "55000"

_TOO_EARLY = _MISSING_NAMES | {"23502", "23514", _UNFILLED}
"""A column or a CHECK that looks at other rows, a view that is not filled yet."""

_OF_FUNCTIONS = ("P0", "22")
"""An error of a function's own, or of what it computes from rows that are not there yet."""

_OF_ROWS = ("22P", "22021")
"""A text that is none of the column's type, or of the encoding: no other rows mend that."""

_MALFORMED = frozenset({"42601", "22P02", "42P17", "42602"})
"""Nothing that a pg_dump has written."""

_BUILDS = re.compile(
    rb"CREATE (?:UNIQUE )?INDEX |ALTER INDEX |REFRESH "
    rb"|ALTER TABLE %b\bADD CONSTRAINT %b (?:PRIMARY KEY|UNIQUE|EXCLUDE) " % (_NO_TEXT, NAME)
)
_LOOKED_AT = 4000
"""Bytes of a statement in which that is looked for."""

_BUILT_SAFELY = 170_000

_ELSEWHERE = ("08", "HV")
"""Of a connection to another server that a foreign table, or dblink, wants."""


def is_lost(error: psycopg2.Error) -> bool:
    """Tell whether it is the session that ended; other errors are the statement's own."""
    code = sqlstate(error)
    ended = code.startswith(("57P", "08P", "08006", "08003")) and not is_raised(error)
    return not code or ended


def ends_all(error: psycopg2.Error) -> bool:
    """Tell whether the next statement would fare no better: no session, no room, no time."""
    ended = sqlstate(error).startswith(("53", "57", "25")) and not is_raised(error)
    return is_lost(error) or ended


def can_go(body: bytes, error: psycopg2.Error) -> bool:
    """Tell whether all rows and everything that computes are there without what was refused.

    An extension that this user may not make may be one that nothing needs, as a provider's own
    are, and so may one that no newer major has; what does need it, such as rows of its tables,
    stops the restore when it comes. A schema may be there with the extensions that somebody has
    made beforehand; anything else that is in it and in the way stops the restore by itself.
    """
    if body.startswith(b"CREATE SCHEMA "):
        return sqlstate(error) == _SCHEMA_IS_THERE
    if body.startswith(_EXTENSION):
        return sqlstate(error) == DENIED or is_gone(body, error)
    if is_named_only(body, error) or _NEVER_USED.match(body):
        return True
    return _NO_DATA.match(body) is not None and sqlstate(error) not in _MALFORMED


def is_gone(body: bytes, error: psycopg2.Error) -> bool:
    """Tell whether it makes an extension that PostgreSQL has given up since."""
    found = _EXTENSION_NAMED.match(body)
    gone = found is not None and found["name"].decode() in EXTENSIONS
    return gone and sqlstate(error) in _NOT_AVAILABLE


def misses_a_name(error: psycopg2.Error) -> bool:
    """Tell whether another search_path might help."""
    return sqlstate(error) in _MISSING_NAMES


def is_not_understood(error: psycopg2.Error) -> bool:
    """Tell whether a name may have become a keyword."""
    return sqlstate(error) == "42601"


def is_built_safely(body: bytes, version: int) -> bool:
    """Tell whether the server builds it with no search_path but that of a function itself."""
    return version >= _BUILT_SAFELY and _builds(body)


def _builds(body: bytes) -> bool:
    return _BUILDS.match(body, 0, _LOOKED_AT) is not None


def may_want_a_path(body: bytes, error: psycopg2.Error) -> bool:
    """Tell whether another search_path might help; a function may say in its own words why."""
    return misses_a_name(error) or (
        _builds(body) and comes_too_early(body, error) and not is_unfilled(error)
    )


def comes_too_early(body: bytes, error: psycopg2.Error) -> bool:
    """Tell whether it may succeed when the rest is there; no extension waits for that.

    A function's own code may raise any error for what it does not find.
    """
    code = sqlstate(error)
    early = code.startswith(_OF_FUNCTIONS) and not code.startswith(_OF_ROWS)
    return (early or code in _TOO_EARLY or is_raised(error)) and not body.startswith(_EXTENSION)


def is_unfilled(error: psycopg2.Error) -> bool:
    """Tell whether a materialized view is not filled that another one is filled from."""
    return sqlstate(error) == _UNFILLED


def lacks_xml(error: psycopg2.Error) -> bool:
    """Tell, in any language, whether the server was built without XML: it takes no such value."""
    return sqlstate(error) == "0A000" and error.diag.source_file == "xml.c"


def reaches_elsewhere(error: psycopg2.Error) -> bool:
    """Tell whether another server was not to be reached."""
    return sqlstate(error).startswith(_ELSEWHERE)


def may_hide_rows(body: bytes, error: psycopg2.Error) -> bool:
    """Tell whether row level security may be in the way of a view; words are in any language."""
    return sqlstate(error) == DENIED and REFRESH.match(body) is not None


def for_new_rows(body: bytes) -> bytes:
    """Write a constraint so that the rows that are there need not keep it; nothing of others."""
    found = _CHECKED_LATER.match(body)
    if not found or body.find(b"NOT VALID", found.end()) >= 0:
        return b""
    return body.rstrip(b";\n") + b" NOT VALID;"


def may_lack_create(body: bytes, error: psycopg2.Error) -> re.Match[bytes] | None:
    """Match a change of owner that the schema may not allow to the new one."""
    return OWNER_WITHIN.fullmatch(body) if sqlstate(error) == DENIED else None


def object_of(body: bytes) -> tuple[bytes, bytes] | None:
    """Give kind and name of what a statement makes or changes, of those that may be left out."""
    found = _OBJECT.match(body)
    return (found["kind"], found["name"]) if found else None
