"""A signature is that of these bytes by one of these keys, or it is none."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from snapper.sealing.signature import PublicKeys, pem_of, read_pems
from tests.support.chains import KEYS

MINE, YOURS = KEYS[0], KEYS[1]


def test_it_is_that_of_these_bytes_by_one_of_these_keys() -> None:
    signature = MINE.sign(b"what")
    assert PublicKeys([YOURS.pem, MINE.pem])(b"what", signature)
    assert not PublicKeys([MINE.pem])(b"that", signature)
    assert not PublicKeys([YOURS.pem])(b"what", signature)
    assert not PublicKeys([])(b"what", signature)


@pytest.mark.parametrize("nonsense", ["", "AAAA", "no base64", "é", "MEUCIQ" * 20])
def test_nonsense_is_no_signature(nonsense: str) -> None:
    assert not PublicKeys([MINE.pem])(b"what", nonsense)


def test_a_file_may_hold_several_keys() -> None:
    assert read_pems(f"\n{MINE.pem}\n{YOURS.pem}") == [MINE.pem, YOURS.pem]


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "no public key"), ("hello", "no public key in PEM"), ("é", "no public key in PEM")],
)
def test_what_is_no_key_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_pems(text)


def test_a_key_of_another_kind_is_refused() -> None:
    for public in (
        ed25519.Ed25519PrivateKey.generate().public_key(),
        ec.generate_private_key(ec.SECP384R1()).public_key(),
    ):
        with pytest.raises(ValueError, match="another kind"):
            pem_of(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
