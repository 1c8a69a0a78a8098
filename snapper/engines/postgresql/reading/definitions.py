"""The definitions in a dump, by object: what two backups can be compared by.

pg_dump writes a comment before what belongs to an object; what makes it, whose it is, its defaults
and so on are one or more statements behind it. What is data is left out: rows, large objects,
the values of sequences, statistics.
"""

import hashlib
import re
from collections import deque
from collections.abc import Iterable, Iterator

from snapper.engines.postgresql.naming.encoding import name_in
from snapper.engines.postgresql.reading.statements import Statement, parted, rewritten
from snapper.values.difference import Definition

LONGEST = 256 << 10
"""Bytes of one object's definition that are shown; of what is longer, only whether it differs."""

_NAME, _OWNER = b"-- Name: ", b"; Owner: "
_KIND = re.compile(rb"; Type: (?P<kind>[A-Z ]+); Schema: ")
_DATA = (b"SET ", b"SELECT ", b"INSERT ", b"REFRESH ", b"COPY ", b"BEGIN;", b"COMMIT;")
_DATA_KINDS = re.compile(r"SET|SELECT .*|INSERT.*|REFRESH.*|COPY.*|BEGIN|COMMIT|")
_SAID_OF = (b"ACL", b"COMMENT", b"SECURITY LABEL")
_ABOUT = re.compile(rb"[A-Z ]+ ")
_LARGE_OBJECTS = re.compile(rb"LARGE OBJECTS? [0-9.]+")

# Whatever is said of where and how what follows is stored, holds until something else is said.
_STORED = re.compile(rb"SET (?P<name>default_table(?:space|_access_method)) = (?P<value>.+);\n*")
_STORING = (b"TABLE", b"INDEX", b"CONSTRAINT", b"MATERIALIZED VIEW")
_PLAINLY = (b"''", b"heap", b'"heap"')

_SECRETIVE = re.compile(
    rb"(?:CREATE|ALTER) (?:USER MAPPING|SUBSCRIPTION|SERVER|FOREIGN DATA WRAPPER|FOREIGN TABLE)\b"
)
# A name in quotes may hold the quote of a text.
_TEXT = re.compile(r"""(?P<name>"(?:[^"]|"")*")|'(?:[^']|'')*(?:'|$)""")


def defines(kind: str) -> bool:
    """Tell whether statements of this kind say what an object is.

    >>> defines("CREATE TABLE"), defines("SELECT setval"), defines("SET")
    (True, False, False)
    """
    return not _DATA_KINDS.fullmatch(kind)


def definitions(sql: Iterable[bytes], encoding: str) -> Iterator[Definition]:
    """Give the definitions in what a dump has between its rows, each object's once or more.

    Raises RestoreFailed at what pg_dump does not write.
    """
    entry = _Entry(b"", b"", encoding)
    stored: dict[bytes, bytes] = {}
    more = False
    for part in rewritten(sql):
        if not isinstance(part, Statement):
            continue
        lead, body = (b"", part.text) if more else parted(part.text)
        more = part.more
        if titles := list(_titles(lead)):
            yield from entry.end()
            kind, whole = titles[-1]
            entry = _Entry(kind, whole, encoding)
            if kind in _STORING:
                for setting, value in sorted(stored.items()):
                    entry.add(b"SET %b = %b;\n" % (setting, value))
        if said := _STORED.fullmatch(body):
            stored.pop(said["name"], None)
            if said["value"] not in _PLAINLY:
                stored[said["name"]] = said["value"]
        elif not body.startswith(_DATA):
            entry.add(body)
    yield from entry.end()


def _titles(lead: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give kind and name of each object that is named before a statement.

    A name may hold any of the words around it: the last ones are meant.
    """
    for line in lead.split(b"\n"):
        said, owner, _ = line.rpartition(_OWNER)
        if not (owner and said.startswith(_NAME)):
            continue
        for kind in deque(_KIND.finditer(said), maxlen=1):
            name, schema = said[len(_NAME) : kind.start()], said[kind.end() :]
            yield kind["kind"], _whole_name(kind["kind"], schema, name)


def _whole_name(kind: bytes, schema: bytes, name: bytes) -> bytes:
    """Give the name with its schema: `public.items`, and `TABLE public."items"` of a comment."""
    if kind == b"USER MAPPING":
        return name.removeprefix(b"USER MAPPING ")
    if schema == b"-":
        return name
    about = _ABOUT.match(name) if kind in _SAID_OF else None
    at = about.end() if about else 0
    return b"%b%b.%b" % (name[:at], schema, name[at:])


class _Entry:
    """One object, and what has come of its definition."""

    def __init__(self, kind: bytes, name: bytes, encoding: str) -> None:
        self._kind, self._name, self._encoding = kind, name, encoding
        self._text = bytearray()
        self._size = 0
        self._digest = hashlib.sha256()

    def add(self, sql: bytes) -> None:
        self._size += len(sql)
        self._digest.update(sql)
        self._text += sql[: max(LONGEST - len(self._text), 0)]

    def end(self) -> Iterator[Definition]:
        """Give the definition, if there is one: what stands before the first object is none."""
        if not (self._kind and self._text):
            return
        if self._kind.startswith(b"BLOB") or _LARGE_OBJECTS.match(self._name):
            return
        text = name_in(bytes(self._text), self._encoding).strip("\n")
        # Options of what connects elsewhere may be passwords.
        secretive = _SECRETIVE.search(self._text)
        shown = _TEXT.sub(_masked, text) if secretive else text
        if self._size > LONGEST:
            rest = f"\n… {self._size:,} bytes in all, of SHA-256 {self._digest.hexdigest()}"
            text, shown = text + rest, shown + ("" if secretive else rest)
        name = name_in(self._name, self._encoding)
        yield Definition(self._kind.decode(), name, text, shown)


def _masked(found: re.Match[str]) -> str:
    return found["name"] or "'…'"
