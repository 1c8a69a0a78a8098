"""Names of databases and roles, and texts, as libpq and SQL take them."""

from snapper.engines.postgresql.conninfo.connection import Connection

MAINTENANCE = "postgres"
"""The database that every server has, and from which others are made."""

TEMPLATES = ("template0", "template1")
"""Those that new databases are copies of."""

NAME = rb'(?:"(?:[^"]|""){1,255}"|[A-Za-z_\x80-\xff][\w$\x80-\xff]*)'
"""How SQL writes a name, as a pattern. PostgreSQL's are of 63 bytes: a longer one is forged, and to
look at it would take a hundred times its length."""


def database_name(connection: Connection) -> str:
    """Give the database that libpq would choose: without a name it takes the user's."""
    return connection.parameters.get("dbname") or connection.parameters.get("user", MAINTENANCE)


def quoted(name: str) -> str:
    """Write a name as SQL does.

    >>> print(quoted('a "b" c'))
    "a ""b"" c"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    r"""Write a text as SQL does, whatever the server's `standard_conforming_strings` says.

    >>> print(literal("it's"), literal("a\\b"))
    'it''s' E'a\\b'
    """
    doubled = text.replace("'", "''")
    return "E'" + doubled.replace("\\", "\\\\") + "'" if "\\" in text else f"'{doubled}'"


def plain(name: bytes) -> str:
    """Read a name as SQL writes it, in a dump.

    >>> plain(b'"a ""b"" c"'), plain(b"app")
    ('a "b" c', 'app')
    """
    text = name.decode(errors="backslashreplace")
    return text[1:-1].replace('""', '"') if text.startswith('"') else text
