"""People are told which databases are late in plain words, and what to type."""

from datetime import timedelta

from snapper.values.keys import DATABASE_KEY
from snapper.values.late import AT_ONCE, Late, messages
from tests.support.databases import AT

LONGEST = 64
ORDERS = Late("orders", AT, timedelta(hours=36))
PEOPLE = Late("people", None, timedelta(hours=7.5))


def test_one_is_named_in_the_subject_with_all_that_is_known_of_it() -> None:
    (message,) = messages("prod", [ORDERS])
    assert message.subject == "Snapper prod: orders late"
    assert message.text.splitlines() == [
        "Without a good backup that is new enough, in stage prod:",
        "",
        "orders: the newest was begun at 2026-11-23T03:00:00Z; 36 hours are allowed",
        "    bin/snapper status orders --stage prod",
    ]


def test_several_are_one_message_and_one_that_never_had_a_backup_is_said_so() -> None:
    (message,) = messages("prod", [PEOPLE, ORDERS], "logs:FilterLogEvents failed")
    assert message.subject == "Snapper prod: 2 databases late"
    assert message.databases == ("orders", "people")
    assert "people: there is none; 7.5 hours are allowed" in message.text
    assert message.text.endswith("Some may have been told before: logs:FilterLogEvents failed\n")


def test_a_thousand_are_all_named_in_messages_that_sns_takes() -> None:
    keys = [f"{number:05}".rjust(LONGEST, "k") for number in range(1000)]
    made = list(messages("p" * 20, [Late(key, AT, timedelta(days=366)) for key in keys]))
    assert len(made) == 1000 / AT_ONCE
    assert [key for message in made for key in message.databases] == keys
    for message in made:
        assert all(f" {key} " in message.text for key in message.databases)
        assert len(message.text.encode()) < 256 * 1024


def test_the_longest_names_make_a_subject_that_sns_takes() -> None:
    key = "k" * LONGEST
    assert DATABASE_KEY.fullmatch(key)
    assert not DATABASE_KEY.fullmatch(f"{key}k")
    (message,) = messages("p" * 20, [Late(key, None, timedelta(hours=1))])
    assert len(message.subject) < 100


def test_nobody_late_is_no_message() -> None:
    assert list(messages("prod", [])) == []
