"""Make a recovery kit: a folder that nobody else reads, and that takes the place of nothing."""

import os
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from snapper.errors import SettingsError
from snapper.sealing.key_file import new_identity
from snapper.sealing.seal import seal, seal_by_passphrase
from snapper.values import kit as names
from snapper.values.kit import Kit, Stage


def make_kit(folder: Path | None, stage: Stage, passphrase: str, now: datetime) -> tuple[Kit, Path]:
    """Make a new pair and the kit of it; give the kit and its folder.

    Without a folder it gets one in this directory, named by the key. Raises SettingsError where
    something is there already, or nothing can be written.
    """
    identity = new_identity()
    recipient = identity.recipient
    kit = Kit(recipient.text, now.replace(microsecond=0), stage, bool(passphrase))
    text = kit.identities(identity.text).encode()
    files = {
        kit.identity: seal_by_passphrase(text, passphrase) if passphrase else text,
        names.RECIPIENT: f"{recipient}\n".encode(),
        names.README: kit.readme().encode(),
        names.TRIAL: seal(kit.trial(), [recipient]),
    }
    place = folder or Path(f"recovery-kit-{recipient.text[-8:]}")
    _write(place, files)
    return kit, place


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make the folder with the files: all of them, or nothing."""
    try:
        folder.mkdir(0o700)
    except FileExistsError:
        raise SettingsError(
            f"{folder} exists already", hint="name another folder: a kit is never overwritten"
        ) from None
    except OSError as error:
        raise SettingsError(
            f"{folder} cannot be made: {error.strerror}",
            hint="name a folder that is not there yet, in one that is there and yours",
        ) from None
    try:
        for name, content in files.items():
            _write_file(folder / name, content)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise SettingsError(f"{folder} cannot be written: {error.strerror}") from None
        raise


def _write_file(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        # The only copy of a key: it is there before anybody is told that it is.
        os.fsync(file.fileno())
