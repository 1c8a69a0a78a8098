"""An age file as text, between two lines that say so (RFC 7468 in its strictest form)."""

import base64
import re

BEGIN = "-----BEGIN AGE ENCRYPTED FILE-----"
_END = "-----END AGE ENCRYPTED FILE-----"
_WHITE = " \t\r\n"
_WHOLE = re.compile(
    rf"{BEGIN}\r?\n((?:[A-Za-z0-9+/]{{64}}\r?\n)*(?:[A-Za-z0-9+/=]{{1,64}}\r?\n)?){_END}"
)


def read_armor(text: str) -> bytes:
    """Give the bytes of the file; raises ValueError, whose text is the end of a sentence."""
    damaged = ValueError("is damaged: it is no whole age file in text form")
    if not (whole := _WHOLE.fullmatch(text.strip(_WHITE))):
        raise damaged
    body = "".join(whole[1].split())
    try:
        found = base64.b64decode(body, validate=True)
    except ValueError:
        raise damaged from None
    if base64.b64encode(found).decode() != body:
        raise damaged
    return found
