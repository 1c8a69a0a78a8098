"""How psycopg2 reads names of a database without an encoding (SQL_ASCII): none can stop it."""

import codecs
from typing import TYPE_CHECKING

from psycopg2 import extensions

if TYPE_CHECKING:
    from typing_extensions import Buffer

NO_ENCODING = "SQL_ASCII"
"""What PostgreSQL calls a database that takes every byte for what it is."""

_NAME = "utf_8_or_escaped"


def read_any_bytes() -> None:
    r"""Let connections without an encoding read UTF-8, and what is none as `\xfc`."""
    # psycopg2 looks for the name without its underscore.
    extensions.encodings[NO_ENCODING.replace("_", "")] = _NAME


def _decode(octets: "Buffer", _: str = "strict", /) -> tuple[str, int]:
    text = bytes(octets)
    return text.decode("utf-8", "backslashreplace"), len(text)


def _codec(name: str) -> codecs.CodecInfo | None:
    if name != _NAME:
        return None
    return codecs.CodecInfo(codecs.utf_8_encode, _decode, name=_NAME)


codecs.register(_codec)
