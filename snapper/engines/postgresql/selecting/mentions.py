r"""The names that a statement of a dump mentions, and how they are replaced by others.

Dumps have every name in quotes, and all but PostgreSQL's own with their schema, so a name is known
by its form. Texts are looked into only where the whole of one is such a name, as in
`nextval('"shop"."items_id_seq"'::"regclass")`. Nothing is replaced within any other text.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

Path = tuple[bytes, ...]
"""A name with what it is within, each without its quotes, such as schema, table and column."""

QUOTED = rb'"(?:[^"]|"")+"(?!")'
"""It is read in one way only, whatever quotes are in it."""

WHOLE_ROW = b"*"
"""What stands for a column where all of a table's are meant, as in `"items".*`."""

PATH = rb"%b(?:\.%b)*" % (QUOTED, QUOTED)
_OPERATOR = rb"[-+*/<>=~!@#%^&|`?]+"

_PLAIN, _ESCAPED = rb"'(?:[^']++|'')*'", rb"'(?:[^'\\]++|''|\\.)*'"
_TOKEN = (
    rb"(?P<text>[eE]%b|%b)"
    rb"|(?<![\w$\x80-\xff])(?P<tag>\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$).*?(?P=tag)"
    rb"|(?P<path>%b)(?P<operator>\.%b)?(?P<called>(?=\())?"
    rb"|--[^\n]*"
)
_TOKENS = {
    escapes: re.compile(_TOKEN % (_ESCAPED, _ESCAPED if escapes else _PLAIN, PATH, _OPERATOR), re.S)
    for escapes in (False, True)
}
_PART = re.compile(QUOTED)
_NAMED = re.compile(rb"(?P<path>%b\.%b)(?P<rest>\(.*\))?" % (QUOTED, QUOTED), re.DOTALL)
_BACKSLASHED = re.compile(rb"\\(.)", re.DOTALL)


class Mention(NamedTuple):
    """A name in a statement; it is `called` where a parenthesis follows at once."""

    path: Path
    called: bool


def path_of(sql: bytes) -> Path:
    r"""Read a name as SQL writes it, in quotes.

    >>> path_of(b'"odd ""schema"."a.b"')
    (b'odd "schema', b'a.b')
    """
    return tuple(part[1:-1].replace(b'""', b'"') for part in _PART.findall(sql))


def sql_of(path: Path) -> bytes:
    """Write a name as SQL does, in quotes."""
    return b".".join(b'"' + part.replace(b'"', b'""') + b'"' for part in path)


def mentions(sql: bytes, *, escapes: bool = False) -> Iterator[Mention]:
    r"""Give the names outside of texts, and those that are the whole of one.

    A backslash in a plain text `escapes` where standard_conforming_strings is off.

    >>> list(mentions(b'''SELECT "s"."f"("a") FROM "s"."t" WHERE "b" = 'x "no"' OR '"s"."q"' '''))
    ... # doctest: +NORMALIZE_WHITESPACE
    [Mention(path=(b's', b'f'), called=True), Mention(path=(b'a',), called=False),
     Mention(path=(b's', b't'), called=False), Mention(path=(b'b',), called=False),
     Mention(path=(b's', b'q'), called=False)]
    """
    for found in _TOKENS[escapes].finditer(sql):
        if found["path"]:
            operator = (found["operator"][1:],) if found["operator"] else ()
            yield Mention((*path_of(found["path"]), *operator), found["called"] is not None)
        elif found["text"] and (named := _NAMED.fullmatch(_content(found["text"], escapes))):
            yield Mention(path_of(named["path"]), named["rest"] is not None)


def renamed(sql: bytes, new_name: Callable[[Path], Path], *, escapes: bool = False) -> bytes:
    r"""Replace the names outside of texts, and those that are the whole of one.

    >>> new = {(b"s", b"t"): (b"s", b"u")}
    >>> renamed(b'''ALTER "s"."t"."c"; SELECT setval('"s"."t"', '"s"."t" x')''', by_path(new))
    b'ALTER "s"."u"."c"; SELECT setval(\'"s"."u"\', \'"s"."t" x\')'
    """

    def replaced(found: re.Match[bytes]) -> bytes:
        if found["path"]:
            is_row = found["operator"] == b".*"
            old = path_of(found["path"]) + ((WHOLE_ROW,) if is_row else ())
            new = new_name(old)
            if new == old:
                return found[0]
            return sql_of(new[:-1] if is_row else new) + (found["operator"] or b"")
        if found["text"] and (named := _NAMED.fullmatch(_content(found["text"], escapes))):
            old = path_of(named["path"])
            new = new_name(old)
            if new != old:
                return _text(sql_of(new) + (named["rest"] or b""), escapes)
        return found[0]

    return _TOKENS[escapes].sub(replaced, sql)


def texts(sql: bytes, *, escapes: bool = False) -> Iterator[bytes]:
    """Give the texts in a statement, such as the bodies of functions."""
    for found in _TOKENS[escapes].finditer(sql):
        if found["text"]:
            yield _content(found["text"], escapes)
        elif found["tag"]:
            yield found[0][len(found["tag"]) : -len(found["tag"])]


def without_texts(sql: bytes, *, escapes: bool = False) -> bytes:
    r"""Write a statement with nothing in its texts: they may hold what looks like SQL.

    >>> without_texts(b'''CREATE TABLE "t" ("a" "text" DEFAULT '\nINHERITS ("s"."x")')''')
    b'CREATE TABLE "t" ("a" "text" DEFAULT \'\')'
    """
    return _TOKENS[escapes].sub(lambda found: found[0] if found["path"] else b"''", sql)


def by_path(names: Mapping[Path, Path]) -> Callable[[Path], Path]:
    """Give what replaces a name, or what it is within, by another."""

    def new_name(path: Path) -> Path:
        for length in range(len(path), 0, -1):
            if new := names.get(path[:length]):
                return new + path[length:]
        return path

    return new_name


def _content(text: bytes, escapes: bool) -> bytes:
    prefixed = text[:1] in b"eE"
    content = text[1 + prefixed : -1].replace(b"''", b"'")
    return _BACKSLASHED.sub(rb"\1", content) if prefixed or escapes else content


def _text(content: bytes, escapes: bool) -> bytes:
    doubled = content.replace(b"'", b"''")
    return b"'" + (doubled.replace(b"\\", b"\\\\") if escapes else doubled) + b"'"
