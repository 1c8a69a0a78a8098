"""Files with secret keys, as people have them."""

import re

import pytest
from cryptography.hazmat.primitives.kdf import scrypt
from hypothesis import given
from hypothesis import strategies as st

from snapper.errors import WrongKey
from snapper.sealing.identity import AgeIdentity, Identity
from snapper.sealing.key_file import read_identities
from snapper.sealing.opening import unseal
from snapper.sealing.passphrase import WrongPassphrase
from snapper.sealing.recipient import Recipient
from snapper.sealing.seal import seal, seal_by_passphrase
from tests.support.by_passphrase import armored, sealed_by_passphrase
from tests.support.ssh_keys import PASSPHRASE, an_ssh_key

ONE, TWO = AgeIdentity.of(bytes(range(32))), AgeIdentity.of(bytes(range(1, 33)))


def unasked() -> str:
    raise AssertionError("nobody should be asked")


def opens(identities: tuple[Identity, ...], public: str) -> bool:
    """Tell whether they open what is sealed for a public key, and for nobody else."""
    sealed = seal(b"a secret", [Recipient.read(public)])
    return unseal(sealed, identities) == b"a secret"


@pytest.mark.parametrize(
    "text",
    [
        ONE.text,
        f"# created: 2026-11-27T08:00:00Z\n# public key: {ONE.recipient}\n{ONE.text}\n",
        f"\r\n  {ONE.text}  \r\n",
        ONE.text.lower(),
    ],
)
def test_a_file_of_age_is_read(text: str) -> None:
    identities = read_identities(text, unasked)
    assert [each.recipient for each in identities] == [ONE.recipient]
    assert read_identities(text.encode(), unasked) == identities
    assert opens(identities, ONE.recipient.text)


def test_what_is_no_text_is_refused_in_plain_words() -> None:
    with pytest.raises(ValueError, match="has a character that no key has"):
        read_identities(f"{ONE.text}\udcff", unasked)


def test_one_that_takes_more_memory_than_there_is_is_no_defect_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def too_much(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(scrypt, "Scrypt", too_much)
    sealed = sealed_by_passphrase(ONE.text.encode(), "a passphrase")
    with pytest.raises(ValueError, match="MB of memory to open, which cannot be had here"):
        read_identities(sealed, lambda: "a passphrase")


def test_it_may_have_several_keys() -> None:
    identities = read_identities(f"{ONE.text}\n# another\n{TWO.text}\n", unasked)
    assert [each.recipient for each in identities] == [ONE.recipient, TWO.recipient]
    assert opens(identities, TWO.recipient.text)


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_keys_of_ssh_are_read(kind: str) -> None:
    key = an_ssh_key(kind)
    for text in (key.private, key.pem, f"\n{key.private}\n"):
        identities = read_identities(text, unasked)
        assert [each.recipient.text for each in identities] == [key.public]
        assert opens(identities, f"{key.public} with a comment")


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_those_with_a_passphrase_ask_for_it(kind: str) -> None:
    key = an_ssh_key(kind)
    assert opens(read_identities(key.sealed, lambda: PASSPHRASE), key.public)
    with pytest.raises(WrongPassphrase, match="is not opened by this passphrase"):
        read_identities(key.sealed, lambda: "another")


def test_a_wrong_key_of_ssh_opens_nothing() -> None:
    sealed = seal(b"a secret", [Recipient.read(an_ssh_key("rsa").public)])
    identities = read_identities(an_ssh_key("ed25519").private, unasked)
    with pytest.raises(WrongKey):
        unseal(sealed, (*identities, ONE))


@pytest.mark.parametrize("text", [f"# two\n{ONE.text}\n{TWO.text}\n", an_ssh_key("rsa").private])
def test_a_file_that_is_sealed_by_a_passphrase_asks_for_it(text: str) -> None:
    sealed = sealed_by_passphrase(text.encode(), "a passphrase")
    asked = []

    def ask() -> str:
        asked.append("asked")
        return "a passphrase"

    for each in (sealed, armored(sealed), f"\n{armored(sealed)}"):
        read = read_identities(each, ask)
        assert [one.recipient for one in read] == [
            one.recipient for one in read_identities(text, unasked)
        ]
        with pytest.raises(WrongPassphrase, match="is not opened by this passphrase"):
            read_identities(each, lambda: "another")
    assert len(asked) == 3


@pytest.mark.long  # it costs a second or two, so that guesses are rare
def test_what_we_seal_by_a_passphrase_is_one_of_them() -> None:
    sealed = seal_by_passphrase(ONE.text.encode(), "a passphrase")
    assert read_identities(sealed, lambda: "a passphrase") == (ONE,)


@given(st.integers(0, 3), st.integers(0, 400))
def test_what_is_sealed_by_a_passphrase_and_damaged_says_so(how: int, at: int) -> None:
    sealed = sealed_by_passphrase(ONE.text.encode(), "a passphrase")
    at = min(at, len(sealed) - 1)
    # The stanza that wraps the key is the passphrase's own: damaged it is as a wrong one.
    damaged = [sealed[:at], sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]]
    texts: list[str | bytes] = [*damaged, armored(damaged[0]), armored(damaged[1])]
    with pytest.raises(
        ValueError,
        match=r"^(is damaged: |is not opened|is sealed for other keys|holds no|has no|asks)",
    ):
        read_identities(texts[how], lambda: "a passphrase")


WRONG = {
    "": "holds no secret key of age or SSH",
    "# a comment\n": "holds no secret key of age or SSH",
    ONE.recipient.text: "has a public key in line 1",
    f"#\n{an_ssh_key('ed25519').public}": "has a public key in line 2",
    f"{ONE.text}\nand another": "has no secret key in line 2",
    ONE.text[:-1]: "has a secret key in line 1 that has a wrong letter somewhere",
    an_ssh_key("ecdsa").private: "holds an SSH key of a kind that age does not take",
    an_ssh_key("rsa").private[:200]: "holds an SSH key that cannot be read",
    seal(b"", [ONE.recipient]).decode("latin-1")[:90]: "is damaged: it ends within its header",
}


@pytest.mark.parametrize(("text", "why"), WRONG.items(), ids=range(len(WRONG)))
def test_what_is_none_is_refused_with_the_reason_and_never_shown(text: str, why: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(why)) as error:
        read_identities(text, unasked)
    words = [word for word in text.split() if len(word) > 20]
    assert not [word for word in words if word[:20] in str(error.value)]


def test_what_is_sealed_for_other_keys_is_no_file_of_keys() -> None:
    sealed = seal(ONE.text.encode(), [TWO.recipient])
    with pytest.raises(ValueError, match="is sealed for other keys, not by a passphrase"):
        read_identities(sealed, unasked)
