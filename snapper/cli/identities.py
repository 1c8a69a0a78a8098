"""The keys that open sealed backups: one place where every command takes them from.

Files that are named by --identity, the variable SNAPPER_IDENTITY, or what is typed unseen on a
terminal. None is asked for before a sealed backup is met, and none is ever shown or handed on.
"""

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from snapper.aws.vault import Vault
from snapper.cli import render
from snapper.errors import NoKey, SettingsError
from snapper.machine.environment import IDENTITY_VARIABLE, withheld
from snapper.sealing.identity import Identity
from snapper.sealing.key_file import read_identities
from snapper.values.manifest import Manifest
from snapper.verbs.unsealed import Backups, Unsealed, unsealed

_SECRET = re.compile("AGE-SECRET-KEY-1[A-Z0-9]{20}|PRIVATE KEY-----", re.IGNORECASE)
"""What stands in a private key, and in the name of no file; such a name is never shown."""

IdentityOption = Annotated[
    list[str] | None,
    typer.Option(
        "--identity",
        metavar="FILE",
        help="A file with a key that opens sealed backups, as age and SSH keep them; may stand more"
        f" than once. Else the key in {IDENTITY_VARIABLE}; else asked for without echo.",
    ),
]

NO_TEXT = "what was typed is no text in the encoding of this terminal"
"""The fact of an error after a prompt."""


class Keys:
    """The keys of one command, read when the first sealed backup is met."""

    def __init__(self, files: Sequence[str] | None) -> None:
        self._files = tuple(files or ())
        self._given: tuple[Identity, ...] | None = None
        self._typed: tuple[Identity, ...] | None = None
        self._told = set[str]()

    def given(self, vault: Vault, manifest: Manifest) -> Backups:
        """Open a backup, if it is sealed, by the keys that are given; nobody is asked for one."""
        return self._unsealed(vault, manifest, self._read_given)

    def open(self, vault: Vault, manifest: Manifest) -> Backups:
        """Open a backup, if it is sealed; ask for a key where none is given."""
        return self._unsealed(vault, manifest, self._read_or_ask)

    def open_list(self, vault: Vault, manifest: Manifest) -> Backups:
        """Open a backup; ask for a key only where its list of contents is sealed too."""
        if manifest.contents_in_clear:
            return self.given(vault, manifest)
        return self.open(vault, manifest)

    def all(self) -> tuple[Identity, ...]:
        """Give the keys themselves, for whoever proves them; raises NoKey where there are none."""
        if found := self._read_or_ask():
            return found
        hint = f"use --identity FILE or the variable {IDENTITY_VARIABLE}"
        raise NoKey("no key is given", hint=hint)

    def _unsealed(
        self, vault: Vault, manifest: Manifest, read: Callable[[], tuple[Identity, ...]]
    ) -> Backups:
        found = unsealed(vault, manifest, read() if manifest.recipients else ())
        if isinstance(found, Unsealed) and manifest.dump_key not in self._told:
            self._told.add(manifest.dump_key)
            number, by = len(manifest.recipients), found.opened_by.short
            one_of = f", one of the {number} for whom it is sealed" if number > 1 else ""
            render.remark(f"{manifest.dump_key} is opened by the key of {by}{one_of}")
        return found

    def _read_given(self) -> tuple[Identity, ...]:
        if self._given is None:
            found = [key for file in self._files for key in _of_file(file)]
            if not found and (text := withheld(IDENTITY_VARIABLE)):
                found += _identities(IDENTITY_VARIABLE, text)
            self._given = tuple(found)
        return self._given

    def _read_or_ask(self) -> tuple[Identity, ...]:
        if given := self._read_given():
            return given
        if self._typed is None:
            typed = _asked("Key that opens the backup (AGE-SECRET-KEY-1...)")
            self._typed = tuple(_identities("what was typed", typed) if typed else ())
        return self._typed


def _of_file(file: str) -> Sequence[Identity]:
    if _SECRET.search(file):
        raise SettingsError(
            "--identity is a key itself, where the name of its file is wanted",
            hint=f"give a file, or the key in {IDENTITY_VARIABLE}; what was typed may be in the "
            "shell's history, so make another key in its place",
        )
    try:
        text = Path(file).read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no file can be named so"
        raise SettingsError(
            f"--identity {file} cannot be read: {why}", hint="name the file that holds the key"
        ) from None
    return _identities(file, text)


def _identities(where: str, text: str | bytes) -> Sequence[Identity]:
    def ask() -> str:
        typed = _asked(f"Passphrase of {where}")
        if not typed:
            raise SettingsError(
                f"{where} is protected by a passphrase, and none was given",
                hint="it is asked for on a terminal",
            )
        return typed

    try:
        return read_identities(text, ask)
    except ValueError as fault:
        raise SettingsError(
            f"{where} {fault}", hint="a key is a line AGE-SECRET-KEY-1..., or an SSH key's file"
        ) from None


def _asked(what: str) -> str:
    """Ask for a secret without showing it; give nothing where nobody can answer."""
    if not sys.stdin.isatty():
        return ""
    try:
        typed: str = typer.prompt(what, hide_input=True, err=True, default="", show_default=False)
    except typer.Abort:
        return ""
    except UnicodeError:  # its own words tell some of what was typed
        raise SettingsError(NO_TEXT) from None
    return typed.strip()
