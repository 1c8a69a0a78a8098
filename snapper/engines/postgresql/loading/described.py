r"""What a statement of a dump is about, in words: its kind, its object, and what it is worth.

Nothing but names is told: a text in a statement may be a secret, or a row's value.
"""

import re
from dataclasses import dataclass
from functools import cache

import psycopg2

from snapper.values.left_out import LeftOut

_NAME = r'(?:"(?:[^"]|"")+"|[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)'
_PATH = rf"{_NAME}(?:\.{_NAME})*"
_LOOKED_AT = 4000
"""Bytes of a statement in which its names are looked for."""

_LONGEST_NAME = 200

# The first that fits says it; `name`, and `on` of what has its name within another thing only.
_FORMS = (
    ("rows", rf"COPY (?P<name>{_PATH})"),
    ("rows", rf"INSERT INTO (?P<name>{_PATH})"),
    ("comment on", r"COMMENT ON (?P<name>.+?) IS (?:NULL|E?')"),
    ("security label", r"SECURITY LABEL (?:FOR \S+ )?ON (?P<name>.+?) IS (?:NULL|E?')"),
    ("default privileges", r"ALTER DEFAULT PRIVILEGES (?P<name>FOR ROLE .+?);"),
    ("grant", r"GRANT (?P<name>.+?)(?: WITH GRANT OPTION)?;"),
    ("revoke", r"REVOKE (?P<name>.+?);"),
    ("grants of", rf"SET SESSION AUTHORIZATION (?P<name>{_PATH}|'[^']+')"),
    ("owner of", r"ALTER (?P<name>[A-Z ]+ .+?) OWNER TO"),
    ("extension of", r"ALTER (?P<name>[A-Z ]+ [^;']+?) DEPENDS ON EXTENSION"),
    (
        "storage",
        rf"SET default_(?:table_access_method|toast_compression) = '?(?P<name>{_NAME})",
    ),
    ("cast", r"CREATE CAST \((?P<name>[^;']+?)\) WITH"),
    ("transform", rf"CREATE TRANSFORM (?P<name>FOR [^;']+? LANGUAGE {_NAME})"),
    ("state of", rf"SELECT pg_catalog\.setval\('(?P<name>{_PATH})'"),
    ("large object", r"SELECT pg_catalog\.lo\w+\('?(?P<name>[0-9]+)"),
    ("large objects", r"(?P<name>BEGIN|COMMIT);"),
    (
        "constraint",
        rf"ALTER (?:FOREIGN )?TABLE (?:ONLY )?(?P<on>{_PATH})"
        rf"\s+ADD CONSTRAINT (?P<name>{_NAME})",
    ),
    (
        "property of table",
        rf"ALTER (?:FOREIGN )?TABLE (?:ONLY )?(?P<name>{_PATH})"
        r"\s+(?:CLUSTER|REPLICA|ALTER|SET|RESET|ENABLE|DISABLE|FORCE|NO) ",
    ),
    ("index", rf"CREATE (?:UNIQUE )?INDEX (?P<name>{_NAME}) ON (?:ONLY )?(?P<on>{_PATH})"),
    ("index", rf"ALTER INDEX (?P<name>{_PATH})"),
    (
        "trigger",
        rf"CREATE (?:CONSTRAINT )?TRIGGER (?P<name>{_NAME}) .*? ON (?P<on>{_PATH})",
    ),
    ("policy", rf"CREATE POLICY (?P<name>{_NAME}) ON (?P<on>{_PATH})"),
    ("rule", rf"CREATE (?:OR REPLACE )?RULE (?P<name>{_NAME}) AS.*? TO (?P<on>{_PATH})"),
    ("publication", rf"ALTER PUBLICATION (?P<name>{_NAME} ADD [^;(]+)"),
    ("user mapping", rf"CREATE USER MAPPING FOR (?P<name>{_NAME}) SERVER (?P<on>{_NAME})"),
    ("rows of materialized view", rf"REFRESH MATERIALIZED VIEW (?P<name>{_PATH})"),
    ("extension", rf"(?:CREATE|ALTER) EXTENSION (?:IF NOT EXISTS )?(?P<name>{_NAME})"),
    (
        "operator",
        rf"(?:CREATE|ALTER) OPERATOR (?!CLASS|FAMILY)(?P<name>(?:{_NAME}\.)?[^\s(]+)",
    ),
    (
        "",
        r"(?:CREATE|ALTER) (?:OR REPLACE |DEFAULT |UNLOGGED |TRUSTED |PROCEDURAL |RECURSIVE )*"
        r"(?P<kind>EVENT TRIGGER|FOREIGN DATA WRAPPER|FOREIGN TABLE|MATERIALIZED VIEW"
        r"|ACCESS METHOD|TEXT SEARCH [A-Z]+|OPERATOR CLASS|OPERATOR FAMILY|[A-Z]+) "
        rf"(?:IF NOT EXISTS |ONLY )?(?P<name>{_PATH})",
    ),
)


@cache
def _compiled(form: str) -> re.Pattern[str]:
    """Compile a form when it is first needed: all of them take half a second."""
    return re.compile(form, re.DOTALL)


# Such names mean the same without their quotes, and are easier to read.
_PLAIN = re.compile(r'(?<!")"([a-z_][a-z0-9_$]*)"(?!")')

_HOLDS_ROWS = frozenset({"rows", "table", "large object", "large objects"})
_WORTH = {
    "rows": "these are rows of the backup",
    "table": "its rows are lost with it",
    "large object": "it is one of the backup's large objects",
    "large objects": "these are large objects of the backup",
    "rows of materialized view": "no row is lost: it is computed from others, and can be again",
}
_CALLED = frozenset({"aggregate", "cast", "function", "operator", "operator class", "procedure"})
_NO_ROW = frozenset(
    {
        *("constraint", "index", "trigger", "policy", "rule", "statistics", "event trigger"),
        *(
            "publication",
            "subscription",
            "state of",
            "property of table",
            "storage",
            "extension of",
        ),
        *("owner of", "grant", "revoke", "grants of", "default privileges", "user mapping"),
        *("comment on", "security label"),
    }
)


@dataclass(frozen=True)
class Described:
    """A statement's kind and object; whether rows are missing without it, and what it is worth."""

    kind: str
    name: str

    @property
    def rows(self) -> bool:
        """Whether rows of the backup are missing where this was refused."""
        return self.kind in _HOLDS_ROWS

    @property
    def worth(self) -> str:
        """What is lost without it."""
        if self.kind in _NO_ROW:
            return "no row is lost without it"
        if self.kind in _CALLED:
            return "it holds no row; what is built upon it fails too, and code that needs it"
        return _WORTH.get(self.kind, "what is built upon it fails too")

    def __str__(self) -> str:
        """Say what it is."""
        return f"{self.kind} {self.name}".strip()


def described(body: bytes) -> Described:
    r"""Say what a statement is about, without the comments before it.

    >>> print(described(b"ALTER TABLE ONLY public.t\n    ADD CONSTRAINT k PRIMARY KEY (id);\n"))
    constraint k on public.t
    >>> print(described(b"COMMENT ON EXTENSION citext IS 'letters of any case';\n"))
    comment on EXTENSION citext
    >>> print(described(b'CREATE OPERATOR "public".=== (\n    FUNCTION = "public"."eq"\n);\n'))
    operator public.===
    >>> print(described(b'ALTER PUBLICATION all_of ADD TABLES IN SCHEMA "shop";\n'))
    publication all_of ADD TABLES IN SCHEMA shop
    """
    text = body[:_LOOKED_AT].decode(errors="backslashreplace")
    for kind, form in _FORMS:
        if found := _compiled(form).match(text):
            there = found.groupdict()
            on = f" on {there['on']}" if there.get("on") else ""
            name = _PLAIN.sub(r"\1", " ".join(f"{there['name']}{on}".split()))
            return Described(kind or there["kind"].lower(), name[:_LONGEST_NAME])
    return Described(" ".join(re.findall("[A-Z]+", text[:60])[:3]).lower() or "statement", "")


def makes_missing(body: bytes, error: psycopg2.Error) -> bool:
    """Tell whether a statement is about the very thing that the server misses."""
    name = described(body).name.replace('"', "")
    # Within quotes that are other signs in each language.
    found = rf"(?<![\w.]){re.escape(name)}(?![\w.])"
    return bool(name) and re.search(found, error.diag.message_primary or "") is not None


def left_out(body: bytes, why: str, code: str = "") -> LeftOut:
    """Tell of a statement that nothing came of it."""
    what = described(body)
    return LeftOut(what.kind, what.name, code, why, what.rows)
