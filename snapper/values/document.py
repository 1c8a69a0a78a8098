"""What lies in the vault as JSON, read strictly: somebody else may have written it.

Every reader gives its value as it is, or raises ValueError. What is of no use is refused as well as
what does harm: no true document is refused.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from snapper.values.job import read_time

LONGEST = 4 << 20
"""Bytes of a document; a true one has some kB."""

LONGEST_TEXT = 200_000
"""Characters of one text. In JSON each may take twelve bytes, so it is far from filling one."""

LARGEST = 2**63 - 1
"""Of any number: as many bytes no database has."""

_DEEPEST = 16
_DIGITS = 20  # with the sign
_NAME = 63  # bytes of a name, and so at most as many characters

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:+~_-]{0,99}")
_RECIPIENT = re.compile(r"[a-z0-9@.-]{1,4000}( [A-Za-z0-9+/]{1,4000}={0,2})?")
_MOST_RECIPIENTS = 100
_UNREADABLE = re.compile(r"\\x[0-9a-f]{2}")
_STRING = re.compile(rb'"[^"]*"')
_NOT_COUNTED = bytes(set(range(256)) - set(b'"[{,'))


def read_document(raw: bytes | str, longest: int = LONGEST) -> dict[str, Any]:
    """Read one JSON object, in which no name stands twice and every text is one."""
    if len(raw) > longest:
        raise ValueError(f"more than {longest} bytes")
    try:
        found = _DECODER.decode(raw if isinstance(raw, str) else raw.decode())
        if not _is_harmless(raw):
            _check(found)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def require_few(raw: bytes, most: int) -> None:
    r"""Raise ValueError where JSON has more than so many values: each takes some 70 bytes.

    >>> require_few(b'{"a": [1, {}], ",": "[[\\"[["}', 5)
    """
    plain = raw.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NOT_COUNTED)
    if plain.count(b'"') > 4 * most or len(_STRING.sub(b"", plain)) > most:
        raise ValueError(f"more than {most} values")


def time(value: object) -> datetime:
    """Read a time as Snapper writes it, and in no other of ISO 8601's spellings."""
    if type(value) is not str or not _TIME.fullmatch(value):
        raise ValueError("no time")
    return read_time(value)


def size(value: object) -> int:
    """Read a number of bytes, rows or the like: true is none."""
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise ValueError("no size")
    return value


def flag(value: object) -> bool:
    """Read a truth: 1 is none."""
    if type(value) is not bool:
        raise ValueError("neither true nor false")
    return value


def seconds(value: object) -> float:
    """Read how long something took."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("no number")
    if not 0 <= value <= LARGEST:  # nor is NaN
        raise ValueError("no span of time")
    return value


def sha256(value: object) -> str:
    """Read a SHA-256, in small hexadecimal digits."""
    found = text(value)
    if not _SHA256.fullmatch(found):
        raise ValueError("no SHA-256")
    return found


def word(value: object) -> str:
    """Read a version, a digest, the name of an encoding: short, of letters plain anywhere."""
    found = text(value)
    if not _WORD.fullmatch(found):
        raise ValueError("no plain word")
    return found


def recipients(value: object) -> tuple[str, ...]:
    """Read for whom a backup is sealed: public keys, of kinds that a later release may know."""
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_RECIPIENTS:
        raise ValueError("no list of recipients")
    found = tuple(map(text, value))
    if not all(map(_RECIPIENT.fullmatch, found)) or len(set(found)) < len(found):
        raise ValueError("no list of recipients")
    return found


def name(value: object) -> str:
    r"""Read a name of something in a database: of any characters, but not of many.

    Of a database without an encoding each byte may be written as `\xfc`.
    """
    found = text(value)
    if not 0 < len(_UNREADABLE.sub("x", found)) <= _NAME:
        raise ValueError("no name")
    return found


def text(value: object, longest: int = LONGEST_TEXT) -> str:
    """Read a text."""
    if type(value) is not str or len(value) > longest or "\0" in value:
        raise ValueError("no text")
    value.encode()  # half of a character cannot be written anywhere
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _none(_: str) -> None:
    raise ValueError("no number of JSON")


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError("a number of too many digits")
    return int(digits)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_none, parse_int=_whole)


def _is_harmless(raw: bytes | str) -> bool:
    """Tell whether there is nothing to find for `_check`, as in nearly all that Snapper writes.

    Bytes that were UTF-8 hold half of a character, or a NUL within a text, only as an escape; so
    many brackets cannot be nested deeper.
    """
    return (
        isinstance(raw, bytes)
        and len(raw) <= LONGEST
        and b"\\u" not in raw
        and raw.count(b"{") + raw.count(b"[") < _DEEPEST
    )


def _check(found: object) -> None:
    """Look at every text, wherever it stands."""
    level = [found]
    for _ in range(_DEEPEST):
        level = [inner for value in level for inner in _inner(value)]
    if level:
        raise ValueError("nested too deep")


def _inner(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, str):
        text(value, LONGEST)
