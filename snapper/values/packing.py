"""Texts of many databases, packed into few parameters.

Each piece is JSON, `{key: text}`, in plain ASCII. A key's piece follows from the key's hash and the
number of pieces: whatever changes of one database changes its own piece and no other, until there
have to be half as many again. A text that is too long to share has no piece: it lies in a parameter
of its own, as it is.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, dropwhile

from snapper.errors import SecretsInvalid

ROOM = 4096
"""Bytes that a standard SSM parameter holds. Source: AWS Systems Manager quotas."""

LONGEST_SHARED = ROOM // 4
"""Bytes of a text in a piece, with its key. Longer ones would leave most pieces half empty."""


@dataclass(frozen=True)
class Packed:
    """The pieces by number, in which of them each key is, and the texts that are in none."""

    pieces: Mapping[int, str] = field(repr=False)
    piece_of: Mapping[str, int]
    alone: Mapping[str, str] = field(repr=False)


def pack(texts: Mapping[str, str], room: int = ROOM) -> Packed:
    """Pack the texts into as few pieces of `room` bytes as hashing allows; none of them is empty.

    >>> pack({"orders": "host=h", "people": "host=i"}).pieces
    {0: '{"orders":"host=h","people":"host=i"}'}
    """
    written = {key: _written(key, text) for key, text in sorted(texts.items())}
    shared = {key: entry for key, entry in written.items() if len(entry) <= room // 4}
    total = sum(map(len, shared.values()))
    for number in dropwhile(lambda number: number * room < total, _numbers()):
        piece_of = {key: _hash(key) % number for key in shared}
        pieces: dict[int, str] = {}
        for key, piece in piece_of.items():
            pieces[piece] = f"{pieces[piece]},{shared[key]}" if piece in pieces else shared[key]
        if all(len(entries) + len("{}") <= room for entries in pieces.values()):
            break
    return Packed(
        {piece: f"{{{pieces[piece]}}}" for piece in sorted(pieces)},
        piece_of,
        {key: text for key, text in texts.items() if key not in shared},
    )


def fill(texts: Mapping[str, str], room: int = ROOM) -> list[dict[str, str]]:
    """Part the texts into as few pieces as their order allows, for `write`.

    Raises SecretsInvalid for one that is too long for any.
    """
    pieces: list[dict[str, str]] = []
    left = 0
    for key, text in texts.items():
        taken = len(_written(key, text)) + 1
        if taken + 1 > room:
            raise SecretsInvalid((f"what is to be kept of {key} takes more than {room} bytes",))
        if taken > left:
            pieces.append({})
            left = room - 1
        pieces[-1][key] = text
        left -= taken
    return pieces


def write(texts: Mapping[str, str]) -> str:
    """Write a piece as `unpack` reads it."""
    return f"{{{','.join(_written(key, text) for key, text in texts.items())}}}"


def unpack(piece: str) -> dict[str, str]:
    """Read a piece; raise SecretsInvalid if somebody wrote nonsense past the deployment."""
    try:
        found = json.loads(piece)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise SecretsInvalid(("a piece of Parameter Store is not {key: text}",))
    return found


def _written(key: str, text: str) -> str:
    # Parameter Store takes two braces for the name of another parameter.
    return f"{json.dumps(key)}:{json.dumps(text)}".replace("{{", "{\\u007b")


def _numbers() -> Iterator[int]:
    """Give the numbers of pieces that there may be: 1, 2, 3, 4, 6, 8, 12, 16, 24 and so on."""
    yield 1
    for power in count(1):
        yield 2**power
        yield 3 * 2 ** (power - 1)


def _hash(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest())
