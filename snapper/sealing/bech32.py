"""Bech32, in which age writes its keys: letters that can be told apart, and a checksum."""

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKED = 6
"""Letters of the checksum."""


def read_bech32(text: str, prefix: str) -> bytes:
    r"""Give the bytes of a key with this prefix; raises ValueError, which never tells the key.

    >>> read_bech32("age1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0savhh7m", "age")[:4]
    b'\x00\x01\x02\x03'
    """
    if text not in (text.lower(), text.upper()):
        raise ValueError("mixes small and capital letters")
    text = text.lower()
    head, data = text[: len(prefix) + 1], text[len(prefix) + 1 :]
    if head != f"{prefix}1":
        raise ValueError(f"does not begin with {prefix}1")
    if len(data) < _CHECKED:
        raise ValueError("is shorter than any key")
    if odd := sorted({*data} - {*_LETTERS}):
        raise ValueError(f"has a character that no key has: {odd[0]!r}")
    values = [_LETTERS.index(letter) for letter in data]
    if _checksum([*_spread(prefix), *values]) != 1:
        raise ValueError("has a wrong letter somewhere: its checksum does not fit")
    return _joined(values[:-_CHECKED])


def _spread(prefix: str) -> list[int]:
    codes = prefix.encode()
    return [*(code >> 5 for code in codes), 0, *(code & 31 for code in codes)]


def _checksum(values: list[int]) -> int:
    found = 1
    for value in values:
        top, found = found >> 25, (found & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            found ^= generator if top >> bit & 1 else 0
    return found


def _joined(values: list[int]) -> bytes:
    """Give the bytes that groups of five bits make; what is left over must be zero and short."""
    number = 0
    for value in values:
        number = number << 5 | value
    size, left = divmod(5 * len(values), 8)
    if left >= 5 or number & ((1 << left) - 1):
        raise ValueError("has a length that no key has")
    return (number >> left).to_bytes(size, "big")


def write_bech32(data: bytes, prefix: str) -> str:
    """Write a key, in small letters.

    >>> write_bech32(bytes(range(32)), "age")
    'age1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0savhh7m'
    """
    size = -(-8 * len(data) // 5)
    number = int.from_bytes(data, "big") << (5 * size - 8 * len(data))
    values = [number >> 5 * (size - 1 - at) & 31 for at in range(size)]
    end = _checksum([*_spread(prefix), *values, *[0] * _CHECKED]) ^ 1
    values += [end >> 5 * (_CHECKED - 1 - at) & 31 for at in range(_CHECKED)]
    return f"{prefix}1{''.join(_LETTERS[value] for value in values)}"
