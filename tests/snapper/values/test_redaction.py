"""No secret is left in what other programs wrote, however they spelled it."""

from urllib.parse import quote

import pytest

from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.values.redaction import MASK, Redactor
from tests.support.spellings import EVERY, SPELLINGS

URI = f"postgresql://reader:{quote(EVERY, safe='')}@db.example/orders"


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("password", [EVERY, "naïve pässword", 'it\'s \\ "quoted"', "p@ss:/,|%&"])
def test_a_password_is_masked_in_every_spelling(spelling: str, password: str) -> None:
    redact = redactor(f"postgresql://reader:{quote(password, safe='')}@db.example/orders")
    assert redact(f"it was <{SPELLINGS[spelling](password)}>") == f"it was <{MASK}>"


def test_a_password_is_masked_as_its_owner_mixed_raw_and_encoded() -> None:
    redact = redactor("postgresql://reader:p,%40ss%2fw|x@db.example/orders")
    assert redact("near p,%40ss%2fw|x and p,@ss/w|x") == f"near {MASK} and {MASK}"


def test_a_password_of_the_query_is_masked_as_written() -> None:
    redact = redactor("postgresql://db.example/orders?user=u&password=h%75sh%2fx&sslmode=require")
    assert redact("h%75sh%2fx, hush/x") == f"{MASK}, {MASK}"


def test_the_connection_itself_is_masked() -> None:
    assert redactor(URI)(f"cannot read {URI}!") == f"cannot read {MASK}!"


def test_a_connection_that_cannot_be_read_is_masked_all_the_same() -> None:
    assert redactor("host='hush")("host='hush") == MASK


@pytest.mark.parametrize(
    ("told", "redacted"),
    [
        ("postgresql://u:hush@h/d", "postgresql://u:***@h/d"),
        ("postgres://u:a:b@h/d failed", "postgres://u:***@h/d failed"),
        ("password=hush host=h", "password=*** host=h"),
        ("password = 'to p\\' x' host=h", "password = *** host=h"),
        ("PASSWORD=hush", "PASSWORD=***"),
        ("password authentication failed", "password authentication failed"),
    ],
)
def test_what_looks_like_a_password_is_masked_though_unknown(told: str, redacted: str) -> None:
    assert Redactor()(told) == redacted


def test_a_short_password_is_not_spelled_out_by_masks_in_other_words() -> None:
    assert redactor("postgresql://u:a@h/d")("a table is locked") == "a table is locked"


def test_a_redactor_shows_no_secret_of_its_own() -> None:
    assert "hush" not in repr(redactor("postgresql://u:hush@h/d"))
