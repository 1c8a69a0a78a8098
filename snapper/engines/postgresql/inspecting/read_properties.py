"""What is set on a database itself: read from one, and set on another."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connecting.server_words import words_of
from snapper.engines.postgresql.inspecting.properties import Locale, Properties, Right, Setting
from snapper.engines.postgresql.inspecting.property_sql import (
    COMMENT,
    differences,
    role_missing,
    setting_of,
    statements,
)
from snapper.engines.postgresql.inspecting.property_sql import refused as passed_over
from snapper.engines.postgresql.naming.encoding import names_as_they_are, read_name, read_text
from snapper.values import document
from snapper.values.document import LONGEST_TEXT

Tell = Callable[[str], None]
"""Is given each warning, a sentence."""

_NO_ROLE = re.compile(r'role "(.+)" does not exist')

_PROVIDER = "CASE datlocprovider WHEN 'b' THEN 'builtin' WHEN 'i' THEN 'icu' ELSE 'libc' END"
_LOCALES = (  # from which major on: provider, its own locale, rules
    (17, (_PROVIDER, "datlocale", "daticurules")),
    (16, (_PROVIDER, "daticulocale", "daticurules")),
    (15, (_PROVIDER, "daticulocale", "NULL")),
    (0, ("'libc'", "NULL", "NULL")),
)
_ITSELF = """
    SELECT oid, pg_catalog.pg_get_userbyid(datdba), datconnlimit,
        {}, datcollate::pg_catalog.text, datctype::pg_catalog.text,
        coalesce({}, ''), coalesce({}, ''), datistemplate
    FROM pg_catalog.pg_database WHERE datname = %s
"""
_RIGHTS = """
    SELECT CASE grantee WHEN 0 THEN '' ELSE pg_catalog.pg_get_userbyid(grantee) END,
        privilege_type, pg_catalog.bool_or(is_grantable)
    FROM pg_catalog.pg_database, pg_catalog.aclexplode(
        coalesce(datacl, pg_catalog.acldefault('d', datdba)))
    WHERE oid = %s GROUP BY 1, 2
"""
# Bytes: what was written in a database of another encoding may be no text here.
_COMMENT = "SELECT pg_catalog.textsend(pg_catalog.shobj_description(%s, 'pg_database'))"
_SETTINGS = """
    SELECT pg_catalog.textsend(coalesce(rolname, '')::pg_catalog.text),
        pg_catalog.textsend(setting)
    FROM pg_catalog.pg_db_role_setting
    LEFT JOIN pg_catalog.pg_roles ON pg_roles.oid = setrole,
    pg_catalog.unnest(setconfig) AS setting
    WHERE setdatabase = %s
"""


def read_properties(
    cursor: Cursor, database: str, lacks: Tell = lambda _: None
) -> Properties | None:
    """Ask for what is set on a database of the cursor's server.

    Its comment, or a setting, that cannot be read, as one in an encoding that is not the database's
    own, or that is too much to be kept, is not in it: `lacks` is given its name. None where
    anything else cannot be read: a backup is not to fail for it.
    """
    major = cursor.connection.server_version // 10_000
    columns = next(columns for since, columns in _LOCALES if major >= since)
    try:
        cursor.execute(_ITSELF.format(*columns), [database])
        number, owner, limit, provider, collate, ctype, name, rules, template = cursor.fetchone()
        cursor.execute(_RIGHTS, [number])
        rights = tuple(Right(*each) for each in sorted(cursor.fetchall()))
        locale = Locale(provider, collate, ctype, name, rules)
        rest = Properties(owner, locale, limit, "", rights, (), template)
        with names_as_they_are(cursor.connection):
            texts = tuple(_texts(cursor, number, lacks))
    except (ValueError, psycopg2.DataError, psycopg2.ProgrammingError):
        return None  # also of what we would not read back from a manifest
    room = LONGEST_TEXT - _size(rest)
    if room < 0:
        return None
    kept = tuple(_kept(texts, room, lacks))
    settings = [each for each in kept if isinstance(each, Setting)]
    return replace(
        rest,
        comment="".join(each for each in kept if isinstance(each, str)),
        settings=tuple(sorted(settings, key=lambda each: (each.role, each.name))),
    )


def _texts(cursor: Cursor, number: int, lacks: Tell) -> Iterator[tuple[str, str | Setting]]:
    """Give what somebody has written himself, each by its name."""
    link = cursor.connection
    cursor.execute(_COMMENT, [number])
    (comment,) = cursor.fetchone()
    try:
        yield COMMENT, document.text(read_text(bytes(comment or b""), link))
    except ValueError:
        lacks(COMMENT)
    cursor.execute(_SETTINGS, [number])
    for role, written in cursor.fetchall():
        name, _, value = bytes(written).partition(b"=")
        whose = read_name(bytes(role), link)
        what = setting_of(read_name(name, link), whose)
        try:
            yield what, Setting(whose, read_text(name, link), read_text(value, link))
        except ValueError:
            lacks(what)


def _kept(
    texts: Iterable[tuple[str, str | Setting]], room: int, lacks: Tell
) -> Iterator[str | Setting]:
    """Give as many as there is room for."""
    for what, each in sorted(texts, key=lambda text: _size(text[1])):
        room -= _size(each)
        if room < 0:
            lacks(what)
        else:
            yield each


def _size(written: Properties | Setting | str) -> int:
    return len(repr(written if isinstance(written, str) else asdict(written)))


def set_properties(cursor: Cursor, database: str, properties: Properties, tell: Tell) -> None:
    """Set them on another database of the cursor's user; `tell` whatever could not be set.

    A warning names what it is about, and never holds the value of a setting. Raises psycopg2.Error
    where the session is lost.
    """
    refused = {"its locale"}  # that is warned of when the database is made
    for what, reason in passed_over(properties).items():
        tell(f"not restored on the database itself: {what}: {reason}")
    missing: dict[str, None] = {}
    for what, statement in statements(properties, database).items():
        try:
            if what == "its owner":
                _require_rights_of(cursor, properties.owner)
            cursor.execute(statement)
        except (psycopg2.Error, UnicodeError) as error:
            if cursor.connection.closed:
                raise
            refused.add(what)
            reason = _reason(error, what)
            if role := _NO_ROLE.fullmatch(reason):
                missing.setdefault(role[1])
            else:
                tell(f"not restored on the database itself: {what}: {reason}")
    for name in missing:
        tell(role_missing(name))
    there = read_properties(cursor, database)
    # With another owner the rights are others too, and that was said.
    others = ("GRANT ", "REVOKE ") if "its owner" in refused else ()
    for what in differences(properties, there) if there else ():
        if what not in refused and not what.startswith(others):
            tell(f"not as in the backup on the database itself: {what}")


def _require_rights_of(cursor: Cursor, role: str) -> None:
    """Raise if a database that belongs to the role could not be renamed any more."""
    cursor.execute("SELECT pg_catalog.pg_has_role(%s, 'USAGE')", [role])
    if not cursor.fetchone()[0]:
        raise psycopg2.errors.InsufficientPrivilege(f"this user does not have the rights of {role}")


def _reason(error: Exception, what: str) -> str:
    """Give the server's reason; for a setting only where that holds no value."""
    if what.startswith("the setting ") and not isinstance(
        error, psycopg2.errors.InsufficientPrivilege | psycopg2.errors.UndefinedObject
    ):
        return f"the server refused its value ({type(error).__name__})"
    return words_of(error) if isinstance(error, psycopg2.Error) else str(error).strip()
