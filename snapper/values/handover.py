"""Whether both secrets fit into the one environment variable by which Pulumi hands over all config.

Linux takes no longer one: the program would not even start, so it must be known before.
"""

import json
from collections.abc import Mapping

LONGEST = 128 * 1024
"""Bytes of a variable with its name and the zero at its end. Source: MAX_ARG_STRLEN, execve(2)."""

OTHERS = 4 * 1024
"""Kept for all other settings; their defaults take less than 1 KB."""

ROOM = LONGEST - OTHERS
CROWDED = 0.8

# What Go, which Pulumi's engine is written in, writes in JSON so that HTML could hold it.
_FOR_HTML = str.maketrans({letter: f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"})


def bytes_handed_over(secrets: Mapping[str, str]) -> int:
    """Count what the secrets take of the variable, as the engine writes them: JSON, decrypted.

    >>> bytes_handed_over({"A": "x&y"})
    23
    """
    return sum(
        len(f'"snapper:{name}":{_written(value)},'.encode(errors="replace"))
        for name, value in secrets.items()
    )


def overflow(secrets: Mapping[str, str], databases: int) -> str:
    """Tell by how much the secrets are too long, and how many databases would fit; or nothing."""
    taken = bytes_handed_over(secrets)
    if taken <= ROOM:
        return ""
    return (
        f"the secrets of {databases} databases take {taken:,} bytes, and Pulumi can hand over "
        f"{ROOM:,}: about {_fitting(taken, databases)} such databases fit into one stage"
    )


def crowding(secrets: Mapping[str, str], databases: int) -> str:
    """Tell how full the variable is when not many more databases fit; or nothing."""
    taken = bytes_handed_over(secrets)
    if taken <= CROWDED * ROOM:
        return ""
    return (
        f"the secrets of {databases} databases fill {taken / ROOM:.0%} of what Pulumi can hand "
        f"over: about {_fitting(taken, databases)} such databases fit into one stage"
    )


def _fitting(taken: int, databases: int) -> int:
    return ROOM * databases // taken


def _written(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).translate(_FOR_HTML)
