r"""Text of others, as it may be shown: what would act on a terminal or hide is written as \x1b.

Names of tables and roles, folders of the bucket, words of a manifest, of a server or a tool may
hold anything: escape sequences that colour, move, overwrite or set the clipboard; characters that
turn the reading direction, or cannot be seen.
"""

import json
import re
import shlex
import unicodedata
from collections.abc import Callable


def visible(text: str) -> str:
    r"""Escape controls and formats, but neither tabs nor the ends of lines.

    >>> visible("a\x1b]52;c;\x07b\u202ec")
    'a\\x1b]52;c;\\x07b\\u202ec'
    """
    return _without(text, "\n\t", escape)


def one_line(text: str) -> str:
    r"""Escape the ends of lines and tabs too: no name begins a line that looks like one of ours.

    >>> one_line("a\nok: b")
    'a\\nok: b'
    """
    return _without(text, "", escape)


def visible_json(document: str) -> str:
    r"""Escape the same in a JSON document, in the way of JSON; its value stays what it is.

    >>> print(visible_json('{"a": "b\u202ec"}'))
    {"a": "b\u202ec"}
    """
    return _without(document, "\n", _in_json)


def _without(text: str, spared: str, write: Callable[[str], str]) -> str:
    """Have what is not shown written otherwise: hardly anything of a document's millions."""
    if text.isprintable():
        return text
    odd = "".join(each for each in {*text} if each not in spared and not is_shown(each))
    return re.sub(f"[{re.escape(odd)}]", lambda each: write(each[0]), text) if odd else text


def _in_json(character: str) -> str:
    """Give a character as JSON writes it; Python's leaves DEL as it is."""
    written = json.dumps(character)[1:-1]
    return written if written != character else f"\\u{ord(character):04x}"


def escape(character: str) -> str:
    r"""Give it as a Python literal holds it: \n, \x1b, \u202e or \U000e0001."""
    return ascii(character)[1:-1]


def is_shown(character: str) -> bool:
    """Tell whether it is seen as what it is; so are the spaces of other languages' texts."""
    return character.isprintable() or unicodedata.category(character) == "Zs"


def shell_word(text: str) -> str:
    r"""Quote for a shell, so that what is shown and copied means the same.

    >>> print(shell_word("it's"), shell_word("\x1b"))
    'it'"'"'s' $'\033'
    """
    if visible(text) == text:
        return shlex.quote(text)
    plain = {"'": "\\'", "\\": "\\\\"}
    return "$'" + "".join(plain.get(c, c if c.isprintable() else _octal(c)) for c in text) + "'"


def _octal(character: str) -> str:
    """Give its bytes as the $'…' of every shell reads them."""
    return "".join(f"\\{byte:03o}" for byte in character.encode(errors="surrogateescape"))
