"""Files of certificate authorities are public data, and nothing else is taken from them."""

from pathlib import Path

import pytest

from snapper.values.authorities import NotAuthorities, authorities, file_name, read_authorities
from tests.support.certificates import DAY, Authority

KEY = "-----BEGIN PRIVATE KEY-----\naHVzaA==\n-----END PRIVATE KEY-----\n"


@pytest.fixture
def pem(tmp_path: Path) -> str:
    return Authority(tmp_path, "one").file.read_text()


def test_the_certificates_are_taken_and_the_words_around_them_are_not(pem: str) -> None:
    assert read_authorities(f"# our own\n\n{pem}Bag Attributes\n") == pem


def test_they_are_told_in_the_order_in_which_they_end(tmp_path: Path) -> None:
    pems = [
        Authority(tmp_path, name, lasts).file.read_text()
        for name, lasts in (("late", 300 * DAY), ("soon", 3 * DAY))
    ]
    assert [each.name for each in authorities("".join(pems))] == ["soon", "late"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (KEY, "holds a private key"),
        ("", "holds no certificate"),
        ("not a file of certificates", "holds no certificate"),
        ("-----BEGIN CERTIFICATE-----\naHVzaA==\n-----END CERTIFICATE-----", "cannot be read"),
    ],
)
def test_what_is_no_file_of_authorities_is_refused_without_a_piece_of_it(
    text: str, words: str
) -> None:
    with pytest.raises(NotAuthorities, match=words) as raised:
        read_authorities(text)
    assert "aHVzaA" not in str(raised.value)


def test_a_key_beside_a_certificate_is_refused(pem: str) -> None:
    with pytest.raises(NotAuthorities, match="private key"):
        read_authorities(pem + KEY)


def test_a_file_is_named_by_what_is_in_it(pem: str) -> None:
    assert file_name(pem) == file_name(pem) != file_name(pem + pem)
