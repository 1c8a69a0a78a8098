"""Names that mean harm to the terminal of who reads them, and what of them must not get there."""

import re

ATTACKS = {
    "colour": "\x1b[1;32mok\x1b[0m",
    "clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "title": "\x1b]0;root\x1b\\",
    "link": "\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\",
    "c1": "\x9b31mred\x9d52;c;eA==\x9c",
    "overwrites": "DAMAGED\b\b\b\b\b\b\b\rsound  ",
    "erases": "\x1b[2K\x1b[1A\x7f",
    "turns": "a\u202eb\u2066c\u061cd",
    "hides": "a\u200b\u2060\ufeff\U000e0041b",
    "lines": "a\nok: all restored\u2028error: b\u2029\x0b\x0c\x85hint: forged",
    "markup": "[link=http://evil.example]x[/] :smile: [/]",
}
EVERYTHING = "".join(ATTACKS.values())

# What we send to a terminal ourselves: colours, and the line of a step at work.
_OURS = re.compile(
    r"\r(?=\x1b)|\x1b\[(?:\d+(?:;\d+)*)?m|\x1b\[\?25[lh]|\x1b\[2K|\x1b\[1A|\r+(?=\n)"
)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f]")
_UNSEEN = re.compile("[\ufeff\U000e0000-\U000e007f]")


def harm(raw: str, *, terminal: bool = False) -> list[str]:
    """Find what reached the reader that is not ours, in a terminal's or a pipe's text."""
    if terminal:
        raw = _OURS.sub("", raw)
    forged = [
        line for line in raw.split("\n") if line.startswith(("ok:", "hint: forged", "error: b"))
    ]
    return [*_CONTROLS.findall(raw), *_UNSEEN.findall(raw), *forged]
