"""A document that shows whether it is as it was written.

A seal is no signature: who may write to the vault can make one. It shows a slip of an editor or of
a disk, in fields that nothing else can be held against.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

SEAL = "seal"


def write_sealed(document: Mapping[str, Any]) -> str:
    """Write a document as JSON, with its seal as the last field."""
    return json.dumps({**document, SEAL: seal(document)}, indent=2) + "\n"


def is_sealed(document: Mapping[str, Any]) -> bool:
    """Tell whether a document that was read is as it was written, whatever the order of fields."""
    rest = {name: value for name, value in document.items() if name != SEAL}
    return document.get(SEAL) == seal(rest)


def seal(document: Mapping[str, Any], plain: Callable[[Any], Any] | None = None) -> str:
    """Give the SHA-256 of the document in one spelling; `plain` makes JSON of what is none yet.

    >>> seal({"a": 1, "b": 2}) == seal({"b": 2, "a": 1})
    True
    """
    encode = json.JSONEncoder(sort_keys=True, default=plain).encode if plain else _encode
    return hashlib.sha256(encode(document).encode()).hexdigest()


_encode = json.JSONEncoder(sort_keys=True).encode
