"""The statements of a dump, read once and kept: what each one is, and which are about a thing."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from snapper.engines.postgresql.naming.encoding import NO_ENCODING, codec_of
from snapper.engines.postgresql.naming.names import quoted
from snapper.engines.postgresql.reading.statements import Statement, parted, rewritten
from snapper.engines.postgresql.selecting.forms import Form, Thing, form_of
from snapper.engines.postgresql.selecting.mentions import Path, path_of
from snapper.errors import RestoreFailed

_ENCODING = re.compile(rb"SET client_encoding = '(?P<name>\w+)'")
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*|[-+*/<>=~!@#%^&|`?]+")

LONGEST = 1 << 30
"""Bytes of statements that are kept; those of ten thousand tables have some twenty million."""


@dataclass(frozen=True)
class Known:
    """One statement without the comments before it, with its line in the dump."""

    text: bytes
    line: int
    form: Form
    escapes: bool = False
    """Whether a backslash in a plain text escapes."""


@dataclass
class Definitions:
    """What a dump says beside its rows."""

    statements: list[Known] = field(default_factory=list)
    makers: dict[Thing, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By thing, the places of the statements that make it."""
    about: dict[Thing, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By thing, those of what else is said of it."""
    extensions: list[tuple[Path, Path]] = field(default_factory=list)
    """Names and schemas, in the order in which they can be made."""
    codec: str = codec_of(NO_ENCODING)
    """How names are to be read."""

    @classmethod
    def read(cls, sql: Iterable[bytes]) -> "Definitions":
        """Read a dump, or its statements; raise RestoreFailed at what pg_dump never writes."""
        found, escapes, size = cls(), False, 0
        for text, line in _statements(sql):
            size += len(text)
            if size > LONGEST:
                raise RestoreFailed(
                    f"this backup has more than {LONGEST} bytes of statements: too many to choose"
                    " from",
                    hint="restore it whole into a new database (--create), and copy what you need",
                )
            if text.startswith(b"SET standard_conforming_strings"):
                escapes = b"off" in text
            if encoding := _ENCODING.match(text):
                found.codec = codec_of(encoding["name"].decode())
            found._add(Known(text, line, form_of(text, escapes=escapes), escapes))
        return found

    def kind_of(self, thing: Thing) -> str:
        """Give the kind of a thing that the dump makes."""
        return self.statements[self.makers[thing][0]].form.kind

    def text(self, name: bytes) -> str:
        """Read a name."""
        return name.decode(self.codec, "backslashreplace")

    def shown(self, path: Path) -> str:
        """Give a name for people: in quotes where it is none without."""
        return ".".join(map(self._shown, path))

    def _shown(self, name: bytes) -> str:
        text = self.text(name)
        return text if _PLAIN.fullmatch(text) else quoted(text)

    def _add(self, known: Known) -> None:
        form, place = known.form, len(self.statements)
        self.statements.append(known)
        for thing in form.makes:
            self.makers[thing].append(place)
        for thing in form.about:
            self.about[thing].append(place)
        if form.kind == "extension":
            name, *schema = path_of(known.text)
            self.extensions.append(((name,), tuple(schema)))


def _statements(sql: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Give the statements, each whole; those that pg_dump writes in pieces are put together."""
    pieces: list[bytes] = []
    line = 0
    for part in rewritten(sql):
        if not isinstance(part, Statement):
            continue
        line = line if pieces else part.line
        pieces.append(part.text if pieces else parted(part.text)[1])
        if not part.more:
            if text := b"".join(pieces):
                yield text, line
            pieces = []
