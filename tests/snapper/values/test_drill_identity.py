"""The key of the drills is read, or refused without a word of it; what it cannot open is told."""

import pytest

from snapper.sealing.seal import seal_by_passphrase
from snapper.values.drill_identity import opens, read_drill_identity
from snapper.values.options import UNSET, Options
from snapper.values.proving import OFF, Proving
from snapper.values.sealed_for import SealedFor
from snapper.values.secrets import Database
from snapper.values.shut_drills import doubts
from tests.support.sealed import ANOTHER, FOR_ONE, KEY, OTHER, RECIPIENT

SECRET = KEY.text.removeprefix("AGE-SECRET-KEY-1")
OURS = KEY.recipient.digest
WEEKLY = Proving()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RECIPIENT, "drillIdentity has a public key in line 1"),
        ("", "drillIdentity holds no secret key of age or SSH"),
        (KEY.text[:-1] + "Q", "drillIdentity has a secret key in line 1 that"),
        (
            seal_by_passphrase(KEY.text.encode(), "hush").decode(),
            "drillIdentity is protected by a passphrase, and nobody types it there",
        ),
        (f"{KEY.text}\n" * 60, "drillIdentity has more than 4096 bytes"),
    ],
    ids=["public", "empty", "misspelt", "under a passphrase", "too long"],
)
def test_what_opens_nothing_there_is_refused_without_a_word_of_it(text: str, words: str) -> None:
    faults: list[str] = []
    assert read_drill_identity(text, faults, encrypted=True) is None
    (fault,) = faults
    assert fault.startswith(words)
    assert SECRET[:20] not in fault


def test_what_is_told_of_it_is_which_public_keys_it_has() -> None:
    faults: list[str] = []
    found = read_drill_identity(f"# two\n{KEY.text}\n{OTHER.text}\n", faults, encrypted=True)
    assert found
    assert not faults
    assert found.told == f"{OURS},{OTHER.recipient.digest}"
    assert SECRET not in repr(found)
    assert opens(found.told, [OTHER.recipient.digest])
    assert not opens(OURS, [OTHER.recipient.digest])
    assert not opens("", [OURS])
    assert read_drill_identity(None, faults, encrypted=False) is None


def told(
    identity: str = "", proving: Proving = WEEKLY, sealed: SealedFor = FOR_ONE, **own: Options
) -> list[str]:
    options = {"a": UNSET, "b": UNSET, "c": UNSET, "d": UNSET, **own}
    databases = [Database(key, "dsn", 1, options=each) for key, each in options.items()]
    return list(doubts(databases, sealed, proving, identity))


def test_what_drills_cannot_open_is_told_with_what_becomes_of_it() -> None:
    (one,) = told()
    assert one.startswith("the backups of a, b, c and 1 more are sealed, and drillIdentity is not")
    assert "proven without opening it: size, SHA-256 and header; it is UNPROVEN after 10" in one
    (never,) = told(proving=Proving(within_days=0))
    assert "no alarm tells that none is restored" in never
    (wrong,) = told(OURS, d=Options(recipients=(ANOTHER,)))
    assert wrong.startswith("the backups of d are sealed for ")
    assert "whom drillIdentity is none of: drills fail" in wrong


def test_nothing_is_told_where_nothing_is_shut() -> None:
    assert told(OURS) == told(sealed=SealedFor()) == told(proving=Proving(OFF)) == []
