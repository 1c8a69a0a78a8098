"""How psycopg2 reads names of a database without an encoding (SQL_ASCII): none can stop it."""

import codecs
from typing import TYPE_CHECKING

from psycopg2 import extensions

if TYPE_CHECKING:
    from typing_extensions import Buffer

NO_ENCODING = "SQL_ASCII"
"""What PostgreSQL calls a database that takes every byte for what it is."""

_NAME = "utf_8_or_escaped"

# Each of its characters is one byte, and the server of a database without an encoding changes none.
_EVERY_BYTE = "LATIN1"


def read_any_bytes() -> None:
    r"""Let connections without an encoding read UTF-8, and what is none as `\xfc`."""
    # psycopg2 looks for the name without its underscore.
    extensions.encodings[NO_ENCODING.replace("_", "")] = _NAME


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
