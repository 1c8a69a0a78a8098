"""What a statement needs that the same dump makes: by the names that it mentions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from snapper.engines.postgresql.selecting.definitions import Definitions, Known
from snapper.engines.postgresql.selecting.forms import Thing
from snapper.engines.postgresql.selecting.mentions import Mention, Path, mentions, path_of, texts

_ROUTINES = frozenset({"function", "procedure"})
_BY_NAME_ALONE = frozenset({"aggregate", "operator", "type", "operator class", "cast", "language"})
"""Kinds of things that are made of functions whose names no parenthesis follows."""

_HOLDS_ROWS = frozenset({"table", "foreign table", "view", "materialized view"})
_LANGUAGE = re.compile(rb'\bLANGUAGE (?P<name>"(?:[^"]|"")+")')
_METHOD = re.compile(rb'USING "?(?P<method>gist|gin)\b| WITHOUT OVERLAPS\)')
_IDENTIFIER = (
    rb'(?:(?<!")"(?:[^"]|""){1,255}"(?!")|(?<![\w$\x80-\xff])[A-Za-z_\x80-\xff][\w$\x80-\xff]*+)'
)
_CALL = re.compile(rb"(?:(?P<schema>%b)\s*\.\s*)?(?P<name>%b)\s*\(" % (_IDENTIFIER, _IDENTIFIER))

MOST_ELSEWHERE = 100
"""Names that the server is asked for at once; only who means harm writes more into a function."""


@dataclass
class Needs:
    """Finds what the statements of a dump need; `elsewhere` are names that the dump does not make.

    Those in a schema that has an extension may be that extension's.
    """

    definitions: Definitions
    elsewhere: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Note what there is, by its space and by the bare names of functions."""
        makers = self.definitions.makers
        self._spaces = sorted({space for space, _ in makers})
        self._functions: dict[bytes, list[Thing]] = {}
        for space, path in makers:
            if space == "function":
                self._functions.setdefault(path[-1], []).append((space, path))
        self._with_extension = {schema for _, schema in self.definitions.extensions}

    def of(self, known: Known) -> Iterator[Thing]:
        """Give what a statement needs; what comes behind the rows needs no other table."""
        for mention in mentions(known.text, escapes=known.escapes):
            yield from self._meant(mention, known)
        if known.form.kind in _ROUTINES:
            yield from self._in_body(known)
        if known.form.kind in ("index", "constraint"):
            yield from self._of_method(known)

    def _meant(self, mention: Mention, known: Known) -> Iterator[Thing]:
        path = mention.path[:2]
        if len(path) < 2:
            return
        found = [each for each in self._named(path) if self._fits(each, mention, known)]
        yield from found or self._elsewhere(path)

    def _elsewhere(self, path: Path) -> Iterator[Thing]:
        """Note what may be an extension's, and give the schema that it is in."""
        if path[:1] in self._with_extension:
            if len(self.elsewhere) < MOST_ELSEWHERE:
                self.elsewhere.add(path)
            yield from (each for each in self._named(path[:1]) if each[0] == "schema")

    def _named(self, path: Path) -> Iterator[Thing]:
        for space in self._spaces:
            if (space, path) in self.definitions.makers:
                yield space, path

    def _fits(self, thing: Thing, mention: Mention, known: Known) -> bool:
        form = known.form
        if thing[0] in ("index", "statistics"):
            return False
        if form.use != "make" and self.definitions.kind_of(thing) in _HOLDS_ROWS:
            return False
        if form.kind in _BY_NAME_ALONE:
            return True
        return mention.called == (thing[0] == "function")

    def _of_method(self, known: Known) -> Iterator[Thing]:
        """Give the extension that plain columns need in such an index: it is named by no word."""
        for found in _METHOD.finditer(known.text):
            # A key over times (from 18 on) is a GiST index, whose method is not written.
            extension = "extension", (b"btree_" + (found["method"] or b"gist"),)
            if extension in self.definitions.makers:
                yield extension

    def _in_body(self, known: Known) -> Iterator[Thing]:
        """Give the functions that a function calls, and its language where that is made.

        One that is called without its schema is any of the name, but never an extension's.
        """
        if found := _LANGUAGE.search(known.text):
            name = path_of(found["name"])
            for space in ("language", "extension"):
                if (space, name) in self.definitions.makers:
                    yield space, name
        for body in texts(known.text, escapes=known.escapes):
            for call in _CALL.finditer(body):
                path = _plain(call["schema"] or b""), _plain(call["name"])
                for thing in self._functions.get(path[1], ()):
                    if path[0] in (b"", thing[1][0]):
                        yield thing
                is_extensions = path[:1] in self._with_extension
                if is_extensions and not any(self._named(path)):
                    yield from self._elsewhere(path)


def _plain(name: bytes) -> bytes:
    return path_of(name)[0] if name.startswith(b'"') else name.lower()
