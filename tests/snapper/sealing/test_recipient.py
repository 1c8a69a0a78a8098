"""For whom a backup is sealed: what is taken for a public key, and what is not."""

import base64
import secrets

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.sealing.bech32 import read_bech32, write_bech32
from snapper.sealing.identity import AgeIdentity
from snapper.sealing.recipient import Recipient
from snapper.sealing.ssh_wire import wire_of
from tests.support.ssh_keys import an_ssh_key

AGE = AgeIdentity.of(bytes(range(32)))
TEXT = AGE.recipient.text


@given(st.binary(max_size=64))
def test_bech32_reads_what_it_writes(data: bytes) -> None:
    assert read_bech32(write_bech32(data, "age"), "age") == data


def test_the_library_writes_keys_as_we_do() -> None:
    key = pyrage.x25519.Identity.generate()
    assert Recipient.read(str(key.to_public())).text == str(key.to_public())
    assert pyrage.x25519.Identity.from_str(AGE.text).to_public().__str__() == TEXT


@pytest.mark.parametrize("text", [TEXT, TEXT.upper(), f"  {TEXT}\n"])
def test_a_public_key_of_age_is_taken(text: str) -> None:
    recipient = Recipient.read(text)
    assert (recipient.text, recipient.kind) == (TEXT, "X25519")
    assert recipient.short == f"age1…{TEXT[-8:]}"
    assert len(recipient.digest) == 16
    assert int(recipient.digest, 16) >= 0


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_one_of_ssh_is_taken_without_its_comment(kind: str) -> None:
    text = an_ssh_key(kind).public
    recipient = Recipient.read(f"{text} somebody@somewhere or other\n")
    assert (recipient.text, recipient.kind) == (text, f"ssh-{kind}")
    assert recipient.short.startswith(f"ssh-{kind} …")
    assert Recipient.read(text) == recipient


WRONG = {
    "": "is no public key: it begins with age1, ssh-ed25519 or ssh-rsa",
    "somebody": "is no public key: it begins with age1, ssh-ed25519 or ssh-rsa",
    f"{TEXT} {TEXT}": "is no public key: it begins with age1, ssh-ed25519 or ssh-rsa",
    "age1": "is shorter than any key",
    TEXT[:-1]: "has a wrong letter somewhere: its checksum does not fit",
    TEXT[:9] + ("q" if TEXT[9] != "q" else "p") + TEXT[10:]: "has a wrong letter somewhere",
    f"A{TEXT[1:]}": "mixes small and capital letters",
    f"{TEXT[:20]}b{TEXT[21:]}": "has a character that no key has: 'b'",
    write_bech32(bytes(31), "age"): "has 31 bytes in place of 32",
    "age1\x1b[31m1": "is no public key",
    write_bech32(bytes(32), "age1pq"): "is of a kind that Snapper cannot open again: age1pq1…",
    AGE.text: "is a secret key: give the public one",
    AGE.text.lower(): "is a secret key: give the public one",
    "-----BEGIN OPENSSH PRIVATE KEY-----": "is a secret key: give the public one",
    "ssh-ed25519": "is not whole: nothing stands after its kind",
    "ssh-ed25519 AAA": "is not whole: what stands after its kind is no base64",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAA": "is not whole: some of it is missing at the end",
    f"ssh-ed25519 {base64.b64encode(wire_of('ssh-rsa', bytes(32))).decode()}": "is not whole, or",
    f"ssh-ed25519 {base64.b64encode(wire_of('ssh-ed25519', b'a')).decode()}": "has 1 bytes in",
    f"ssh-rsa {base64.b64encode(wire_of('ssh-rsa', b'e', bytes([255] * 128))).decode()}": (
        "has 1024 bits: it must have 2048 to 16384"
    ),
}


@pytest.mark.parametrize(("text", "why"), WRONG.items())
def test_what_is_none_is_refused_with_the_reason_and_never_shown(text: str, why: str) -> None:
    with pytest.raises(ValueError, match="^" + why.replace("(", "\\(")) as error:
        Recipient.read(text)
    assert len(text) < 20 or text.lower() not in str(error.value).lower()


def test_a_key_for_which_everybody_could_open_is_none() -> None:
    with pytest.raises(ValueError, match="is no usable key"):
        Recipient.read(write_bech32(bytes(32), "age"))
    for point in (bytes(32), b"\x01" + bytes(31)):
        coded = base64.b64encode(wire_of("ssh-ed25519", point)).decode()
        with pytest.raises(ValueError, match="is no usable key"):
            Recipient.read(f"ssh-ed25519 {coded}")


@given(st.integers(0, 61), st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l"))
def test_one_wrong_letter_is_seen(at: int, letter: str) -> None:
    text = write_bech32(secrets.token_bytes(32), "age")
    wrong = text[:at] + letter + text[at + 1 :]
    if wrong != text:
        with pytest.raises(ValueError, match=r"^(has|is|does)"):
            Recipient.read(wrong)
