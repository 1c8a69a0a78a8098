"""What is sealed here opens with Debian's own age, and what that seals opens here."""

import os
import subprocess
from pathlib import Path

import pytest

from snapper.sealing.identity import Identity
from snapper.sealing.key_file import new_identity, read_identities
from snapper.sealing.opening import unseal
from snapper.sealing.payload import CHUNK
from snapper.sealing.recipient import Recipient
from snapper.sealing.seal import seal
from tests.support.ssh_keys import an_ssh_key
from tests.support.stock_age import stock_age

PLAIN = os.urandom(2 * CHUNK + 5)


def age(*arguments: str, text: bytes = b"") -> bytes:
    command = [str(stock_age()), *arguments]
    done = subprocess.run(command, input=text, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def a_key(kind: str) -> tuple[str, str]:
    """Give the public key, and the text of the file with the secret one."""
    if kind == "X25519":
        key = new_identity()
        return key.recipient.text, f"# a comment\n{key.text}\n"
    ssh = an_ssh_key(kind)
    return ssh.public, ssh.private


def kept(folder: Path, text: str) -> str:
    file = folder / "key"
    file.write_text(text)
    file.chmod(0o600)
    return str(file)


@pytest.mark.parametrize("kind", ["X25519", "ed25519", "rsa"])
def test_opens_what_is_sealed_here(kind: str, tmp_path: Path) -> None:
    public, secret = a_key(kind)
    other = new_identity().recipient
    sealed = seal(PLAIN, [other, Recipient.read(public)])
    assert age("-d", "-i", kept(tmp_path, secret), text=sealed) == PLAIN


@pytest.mark.parametrize("kind", ["X25519", "ed25519", "rsa"])
@pytest.mark.parametrize("size", [0, CHUNK, len(PLAIN)])
def test_seals_what_opens_here(kind: str, size: int) -> None:
    public, secret = a_key(kind)
    sealed = age("-r", public, "-r", new_identity().recipient.text, text=PLAIN[:size])
    assert unseal(sealed, read_identities(secret, lambda: "")) == PLAIN[:size]


def test_makes_keys_that_are_read_here(tmp_path: Path) -> None:
    file = tmp_path / "key"
    keygen = stock_age().with_name("age-keygen")
    subprocess.run([keygen, "-o", file], check=True, capture_output=True)
    identities: tuple[Identity, ...] = read_identities(file.read_text(), lambda: "")
    said = subprocess.run([keygen, "-y", file], check=True, capture_output=True, text=True)
    assert [each.recipient.text for each in identities] == said.stdout.split()
