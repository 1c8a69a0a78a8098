"""Public keys are read once, in full and without a word of what is none."""

import pytest

from snapper.errors import SettingsError
from snapper.values.options import Options
from snapper.values.recipients import canonical, from_text, read_recipients, short, to_text
from snapper.values.sealed_for import NOBODY, SealedFor
from tests.support.sealed import ANOTHER, FOR_ONE, KEY, RECIPIENT

SSH = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"


def test_a_key_is_kept_without_its_comment_and_once() -> None:
    given = [f" {RECIPIENT} ", f"{SSH} ann@laptop", RECIPIENT.upper()]
    assert canonical(given) == (RECIPIENT, SSH)
    assert Options.read({"recipients": given}).recipients == (RECIPIENT, SSH)


def test_what_travels_comes_back() -> None:
    assert from_text(to_text((RECIPIENT, SSH))) == (RECIPIENT, SSH)
    assert from_text(to_text(())) == ()
    options = Options(recipients=(RECIPIENT, SSH), contents_in_clear=False)
    assert Options.from_json(options.to_json()) == options


def test_what_was_changed_past_the_deployment_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError, match="number 2") as refused:
        read_recipients([RECIPIENT, KEY.text])
    assert KEY.text[:30] not in str(refused.value)


def test_a_database_replaces_the_stages_recipients_and_not_its_word_on_lists() -> None:
    stage = SealedFor((RECIPIENT,), contents_in_clear=True)
    assert stage.of(Options()) == stage
    assert stage.of(Options(recipients=(ANOTHER,))) == SealedFor((ANOTHER,), contents_in_clear=True)
    assert stage.of(Options(contents_in_clear=False)) == FOR_ONE
    assert NOBODY.of(Options(recipients=(RECIPIENT,))) == FOR_ONE


def test_of_a_kind_that_a_later_release_knows_the_beginning_is_shown() -> None:
    assert short(["age1pq1qqqqqqqqqq", RECIPIENT]) == ("age1pq1qqqqq…", KEY.recipient.short)
