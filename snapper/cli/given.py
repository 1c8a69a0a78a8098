"""The two secrets as they are given to a command: by stdin, a file or the environment."""

import os
import sys
from pathlib import Path

from snapper.errors import SettingsError
from snapper.values.settings import CONNECTIONS, RETENTIONS

NAMES = (CONNECTIONS, RETENTIONS)


def from_stdin() -> dict[str, str]:
    """Read `NAME=value` lines of stdin; raise SettingsError where they are no text."""
    return _lines(_text(sys.stdin.buffer.read(), "stdin"))


def from_file(path: Path) -> dict[str, str]:
    """Read such lines of a file; raise SettingsError where it cannot be read."""
    try:
        return _lines(_text(path.read_bytes(), str(path)))
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror}", hint="name a file of lines NAME=value"
        ) from None


def from_environment() -> dict[str, str]:
    """Give what the environment holds of them."""
    return {name: os.environ[name] for name in NAMES if name in os.environ}


def both(secrets: dict[str, str], hint: str) -> dict[str, str]:
    """Give the secrets alone; raise SettingsError, with the hint, where one is not given."""
    if missing := [name for name in NAMES if name not in secrets]:
        raise SettingsError(f"{' and '.join(missing)} not given", hint=hint)
    return {name: secrets[name] for name in NAMES}


def _text(given: bytes, where: str) -> str:
    try:
        return given.decode()
    except UnicodeDecodeError:
        raise SettingsError(f"{where} is not UTF-8") from None


def _lines(text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and name.strip() in NAMES:
            found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    for quote in "'\"":
        if len(value) > 1 and value[0] == value[-1] == quote:
            return value[1:-1]
    return value
