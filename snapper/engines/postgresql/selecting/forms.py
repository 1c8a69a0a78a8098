r"""What a statement of a dump makes, and which things it is about, by its first words.

A thing is known by its space and its name. Tables, views, sequences and types are in one space, as
each is a type too. What cannot be known is about nothing, and is never chosen.
"""

import re
from dataclasses import dataclass
from typing import Literal

from snapper.engines.postgresql.selecting.mentions import PATH, QUOTED, Path, mentions, path_of

Thing = tuple[str, Path]
"""Its space and its name: `("relation", (b"shop", b"items"))`."""

Use = Literal["session", "make", "rows", "state", "later", "loose", "reference", "rights", "none"]
"""When and how a statement is run.

`session` is a setting, `make` comes before the rows, `rows` is their COPY, `state` is that of a
sequence. What comes `later`, behind the rows, belongs to a table as its index does; `loose` and
`reference` may be refused without harm to the rest. `rights` are those, owners and comments.
"""


@dataclass(frozen=True)
class Form:
    """What is known of one statement."""

    use: Use
    kind: str = ""
    makes: tuple[Thing, ...] = ()
    about: tuple[Thing, ...] = ()
    """All of these must be there for it."""
    table: Path = ()
    """The table that it is a property of, where it comes later."""


NOTHING = Form("none")
_RELATIONS = (
    "FOREIGN TABLE", "MATERIALIZED VIEW", "SEQUENCE", "TABLE", "VIEW", "TYPE", "DOMAIN",
)  # fmt: skip
_CALLED = ("FUNCTION", "PROCEDURE", "AGGREGATE", "ROUTINE")
_OWN_SPACE = (
    "ACCESS METHOD", "COLLATION", "CONVERSION", "EXTENSION", "FOREIGN DATA WRAPPER", "INDEX",
    "LANGUAGE", "OPERATOR CLASS", "OPERATOR FAMILY", "OPERATOR", "SCHEMA", "SERVER", "STATISTICS",
    "TEXT SEARCH CONFIGURATION", "TEXT SEARCH DICTIONARY", "TEXT SEARCH PARSER",
    "TEXT SEARCH TEMPLATE",
)  # fmt: skip
_KINDS = "|".join((*_RELATIONS, *_CALLED, *_OWN_SPACE)).encode()
_NAMED = rb"(?P<name>%b(?:\.[-+*/<>=~!@#%%^&|`?]+)?)" % PATH
_WORDS = rb"(?:OR REPLACE |UNLOGGED |TRUSTED |PROCEDURAL |RECURSIVE |DEFAULT |FOREIGN (?=SERVER))*"

_CREATE = re.compile(rb"CREATE %b(?P<kind>%b) (?:IF NOT EXISTS )?%b" % (_WORDS, _KINDS, _NAMED))
_MULTIRANGE = re.compile(rb"multirange_type_name = (?P<name>%b)" % PATH)
_INDEX = re.compile(
    rb"CREATE (?:UNIQUE )?INDEX (?P<name>%b) ON (?:ONLY )?(?P<table>%b) " % (QUOTED, PATH)
)
_TABLE = re.compile(rb"ALTER (?:FOREIGN )?TABLE (?:ONLY )?(?P<table>%b)\s+" % PATH)
_CONSTRAINT = re.compile(rb"ADD CONSTRAINT (?P<name>%b) (?P<kind>[A-Z]+)" % QUOTED)
_ATTACH = re.compile(rb"ATTACH PARTITION (?P<name>%b)" % PATH)
_IDENTITY = re.compile(
    rb"ALTER COLUMN %b ADD GENERATED [A-Z ]+ AS IDENTITY \(\s+SEQUENCE NAME (?P<name>%b)"
    % (QUOTED, PATH)
)
_STATE_OF = re.compile(rb"(?:ENABLE|DISABLE) (?:ALWAYS |REPLICA )?(?P<kind>TRIGGER|RULE)\b")
# What else is set on a table stands beside what makes it.
_LATER = re.compile(
    rb"CLUSTER ON|SET WITHOUT CLUSTER|REPLICA IDENTITY USING INDEX|(?:ENABLE|DISABLE)\b"
)
_ATTACH_INDEX = re.compile(
    rb"ALTER INDEX (?P<index>%b) ATTACH PARTITION (?P<name>%b)" % ((PATH,) * 2)
)
_OWNED = re.compile(rb"ALTER SEQUENCE (?P<name>%b) OWNED BY (?P<column>%b)" % (PATH, PATH))
_ON_TABLE = re.compile(
    rb"CREATE (?:CONSTRAINT )?(?P<kind>TRIGGER|POLICY|RULE|OR REPLACE RULE) %(q)b (?:AS\s+)?"
    rb"(?:[A-Z]+ |%(q)b,? )*?(?:ON|TO) (?P<table>%(p)b)[\s;]" % {b"q": QUOTED, b"p": PATH}
)
_STATISTICS = re.compile(rb"CREATE STATISTICS (?P<name>%b)" % PATH)
_FROM = re.compile(rb"\sFROM (?P<table>%b);\s*$" % PATH)
_STATE = re.compile(rb"SELECT pg_catalog\.setval\('")
_ROWS = re.compile(rb"COPY (?P<table>%b) " % PATH)
_ALTER = re.compile(
    rb"ALTER (?:PROCEDURAL |FOREIGN (?=SERVER))?(?P<kind>%b) (?:ONLY )?%b" % (_KINDS, _NAMED)
)
_SAID = re.compile(
    rb"(?:COMMENT|SECURITY LABEL(?: FOR \S+)?|(?:GRANT|REVOKE) (?:[^';\"]|%(q)b)+?) ON "
    rb"(?:(?P<what>CONSTRAINT|TRIGGER|POLICY|RULE) %(q)b ON (?P<domain>DOMAIN )?|PROCEDURAL "
    rb"|FOREIGN (?=SERVER)|(?P<column>COLUMN )|)(?P<kind>%(k)b)? ?%(n)b"
    % {b"q": QUOTED, b"k": _KINDS, b"n": _NAMED}
)
# Rights may be given on more than one thing, of which others may be there.
_OF_ONE = re.compile(rb"(?:\((?:[^()'\"]|%b)*\))? (?:TO|FROM) " % QUOTED)
_CAST = re.compile(rb"CREATE CAST \((?P<types>.+?)\) WITH", re.DOTALL)
_SESSION = (b"SET ", b"SELECT pg_catalog.set_config(")
_ROLE = (b"SET SESSION AUTHORIZATION ", b"RESET SESSION AUTHORIZATION")


def relation(path: Path) -> Thing:
    """Give a table, a view, a sequence or a type as a thing."""
    return "relation", path


def index(path: Path) -> Thing:
    """Give an index as a thing: no type is called as it is."""
    return "index", path


def form_of(body: bytes, *, escapes: bool = False) -> Form:
    r"""Tell what a statement is, without the comments before it.

    >>> form_of(b'ALTER TABLE ONLY "s"."t"\n    ADD CONSTRAINT "k" PRIMARY KEY ("id");\n')
    ... # doctest: +NORMALIZE_WHITESPACE
    Form(use='later', kind='constraint', makes=(('index', (b's', b'k')),),
         about=(('relation', (b's', b't')),), table=(b's', b't'))
    """
    if body.startswith(_SESSION):
        return Form("rights" if body.startswith(_ROLE) else "session")
    first = body.split(b" ", 1)[0]
    if first == b"CREATE":
        return _made(body)
    if first == b"ALTER":
        return _altered(body)
    if found := _ROWS.match(body):
        return Form("rows", about=(relation(path_of(found["table"])),))
    if _STATE.match(body):
        named = next(mentions(body, escapes=escapes), None)
        return Form("state", about=(relation(named.path),)) if named else NOTHING
    if found := _SAID.match(body):
        is_right = first in (b"GRANT", b"REVOKE")
        return NOTHING if is_right and not _OF_ONE.match(body, found.end()) else _said(found)
    return NOTHING


def _made(body: bytes) -> Form:
    if found := _INDEX.match(body):
        table = path_of(found["table"])
        name = index((*table[:-1], *path_of(found["name"])))
        return Form("later", "index", (name,), (relation(table),), table)
    if found := _ON_TABLE.match(body):
        table, kind = path_of(found["table"]), found["kind"].split()[-1].decode().lower()
        # A constraint trigger may be about a second table.
        is_whole = kind == "trigger" and not body.startswith(b"FROM ", found.end())
        return Form("later" if is_whole else "loose", kind, (), (relation(table),), table)
    if found := _STATISTICS.match(body):
        on = _FROM.search(body, max(0, len(body) - 1000))
        if not on:
            return NOTHING
        table, name = path_of(on["table"]), ("statistics", path_of(found["name"]))
        return Form("later", "statistics", (name,), (relation(table),), table)
    if found := _CAST.match(body):
        types = tuple(relation(each.path) for each in mentions(found["types"]) if each.path[1:])
        return Form("make", "cast", (), types)
    if not (found := _CREATE.match(body)):
        return NOTHING
    kind = found["kind"].decode()
    if kind == "SCHEMA" and body[found.end() :].strip() != b";":
        return NOTHING  # it would make more, or give rights on what is there
    made = [(_space(kind), _named(found["name"]))]
    is_range = kind == "TYPE" and body.startswith(b" AS RANGE ", found.end())
    if is_range and (other := _MULTIRANGE.search(body, 0, 4000)):
        made.append(relation(path_of(other["name"])))
    return Form("make", kind.lower(), tuple(made))


def _altered(body: bytes) -> Form:
    if found := _ATTACH_INDEX.match(body):
        both = index(path_of(found["index"])), index(path_of(found["name"]))
        return Form("later", "attached", (), both)
    if found := _OWNED.match(body):
        table = path_of(found["column"])[:-1]
        both = relation(path_of(found["name"])), relation(table)
        return Form("make", "owned", (), both)
    if found := _TABLE.match(body):
        return _of_table(path_of(found["table"]), body, found.end())
    if not (found := _ALTER.match(body)):
        return NOTHING
    kind = found["kind"].decode()
    use: Use = "later" if kind == "INDEX" else "rights" if b" OWNER TO " in body else "make"
    return Form(use, "", (), ((_space(kind), _named(found["name"])),))


def _of_table(table: Path, body: bytes, at: int) -> Form:
    about = (relation(table),)
    if found := _CONSTRAINT.match(body, at):
        if found["kind"] == b"FOREIGN":
            return Form("reference", "foreign key", (), about, table)
        name = index((*table[:-1], *path_of(found["name"])))
        made = (name,) if found["kind"] in (b"PRIMARY", b"UNIQUE", b"EXCLUDE") else ()
        return Form("later", "constraint", made, about, table)
    if found := _ATTACH.match(body, at):
        return Form("make", "attached", (), (*about, relation(path_of(found["name"]))))
    if found := _IDENTITY.match(body, at):
        return Form("make", "identity", (relation(path_of(found["name"])),), about)
    if body.startswith(b"OWNER TO ", at):
        return Form("rights", "", (), about)
    if found := _STATE_OF.match(body, at):
        # The trigger may be the whole's, of which this is a partition, and the rule left out.
        return Form("loose", found["kind"].decode().lower(), (), about, table)
    if _LATER.match(body, at):
        return Form("later", "property", (), about, table)
    return Form("make", "property", (), about)


def _said(found: re.Match[bytes]) -> Form:
    path, kind = _named(found["name"]), (found["kind"] or b"TABLE").decode()
    if found["column"]:
        return Form("rights", "", (), (relation(path[:-1]),))
    if found["what"]:
        return Form(
            "rights",
            found["what"].decode().lower(),
            (),
            (relation(path),),
            () if found["domain"] else path,
        )
    return Form("rights", "", (), ((_space(kind), path),))


def _space(kind: str) -> str:
    if kind in _RELATIONS:
        return "relation"
    return "function" if kind in _CALLED else kind.lower()


def _named(name: bytes) -> Path:
    """Read a name, which may be that of an operator."""
    named = next(mentions(name + b" "))
    return named.path
