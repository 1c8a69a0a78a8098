"""How psycopg2 reads names, whatever bytes they are: none can stop it.

A database without an encoding (SQL_ASCII) takes every byte. And a role's name is kept as it was
written in the encoding of the database in which it was made, for all databases of the server.
"""

import codecs
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from psycopg2 import extensions

if TYPE_CHECKING:
    from typing_extensions import Buffer

NO_ENCODING = "SQL_ASCII"
"""What PostgreSQL calls a database that takes every byte for what it is."""

_NAME = "utf_8_or_escaped"
_ESCAPED = re.compile(r"\\x[89a-f][0-9a-f]")

# Each of its characters is one byte, and the server of a database without an encoding changes none.
_EVERY_BYTE = "LATIN1"


def read_any_bytes() -> None:
    r"""Let connections without an encoding read UTF-8, and what is none as `\xfc`."""
    # psycopg2 looks for the name without its underscore.
    extensions.encodings[NO_ENCODING.replace("_", "")] = _NAME


def every_name(link: extensions.connection) -> AbstractContextManager[None]:
    r"""Read also names that are no UTF-8 in a database that is in UTF-8, as `\xfc`.

    psycopg2 reads UTF8 in a way of its own, which fails for them.
    """
    utf8 = link.info.parameter_status("server_encoding") == "UTF8"
    return names_as_they_are(link) if utf8 else nullcontext()


@contextmanager
def names_as_they_are(link: extensions.connection) -> Iterator[None]:
    """Have the server send every byte as it is: it would refuse what it cannot convert."""
    before = link.info.parameter_status("client_encoding") or _EVERY_BYTE
    link.set_client_encoding(NO_ENCODING)
    try:
        yield
    finally:
        link.set_client_encoding(before)


def read_name(octets: bytes, link: extensions.connection) -> str:
    r"""Read a name in the encoding of the link's database, and what is none in it as `\xfc`."""
    return name_in(octets, link.info.parameter_status("server_encoding") or NO_ENCODING)


def name_in(octets: bytes, encoding: str) -> str:
    r"""Read a name in an encoding of PostgreSQL's, and what is none in it as `\xfc`.

    >>> name_in(b"m\xfcller", "LATIN1"), name_in(b"m\xfcller", "SQL_ASCII")
    ('m\xfcller', 'm\\xfcller')
    """
    return octets.decode(codec_of(encoding), "backslashreplace")


def read_text(octets: bytes, link: extensions.connection) -> str:
    """Read a text in that encoding; raise UnicodeDecodeError where it is none in it."""
    named = link.info.parameter_status("server_encoding") or NO_ENCODING
    known = {**extensions.encodings, NO_ENCODING.replace("_", ""): "utf-8"}
    return octets.decode(known.get(named.replace("_", ""), "ascii"))


def codec_of(encoding: str) -> str:
    """Give Python's name of a database's encoding; without one, that of UTF-8 and other bytes."""
    known = {} if encoding == NO_ENCODING else extensions.encodings
    return str(known.get(encoding.replace("_", ""), _NAME))


def is_readable(name: str) -> bool:
    r"""Tell a name from one that stands for other bytes.

    >>> is_readable("m\u00fcller"), is_readable(r"m\xfcller")
    (True, False)
    """
    return not _ESCAPED.search(name)


def keep_every_byte(link: extensions.connection) -> None:
    """Let a name of a database without an encoding find what it names, when it is sent back.

    psycopg2's own `sql.Identifier` does not: it writes every name in UTF-8.
    """
    if link.info.parameter_status("server_encoding") == NO_ENCODING:
        link.set_client_encoding(_EVERY_BYTE)


def readable(name: str, link: extensions.connection) -> str:
    """Give a name of a link that keeps every byte as `read_any_bytes` gives it: for people."""
    kept = link.info.parameter_status("server_encoding") == NO_ENCODING
    return _decode(name.encode("latin-1"))[0] if kept else name


def _decode(octets: "Buffer", _: str = "strict", /) -> tuple[str, int]:
    text = bytes(octets)
    return text.decode("utf-8", "backslashreplace"), len(text)


def _codec(name: str) -> codecs.CodecInfo | None:
    if name != _NAME:
        return None
    return codecs.CodecInfo(codecs.utf_8_encode, _decode, name=_NAME)


codecs.register(_codec)
