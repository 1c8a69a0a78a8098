"""For whom a stage seals, and what is said of it."""

from datetime import UTC, datetime, timedelta

import pytest

from snapper.sealing.recipient import Recipient
from snapper.values.finding import Level
from snapper.values.in_force import examine, in_force, named, sets
from snapper.values.proven_recipient import ProvenRecipient

ANN = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
BEN = "age1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0savhh7m"
NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
WITHIN = timedelta(days=90)


def proof(text: str, age: timedelta = timedelta(days=1)) -> dict[str, ProvenRecipient]:
    return {Recipient.read(text).digest: ProvenRecipient(text, NOW - age, "ann")}


def told(
    found: dict[str, list[str]],
    proofs: dict[str, ProvenRecipient] | None = None,
    within: timedelta | None = WITHIN,
) -> list[tuple[Level, str]]:
    recipients = in_force(found, proofs or {})
    return [(each.level, each.fact) for each in examine(found, recipients, within, NOW, "prod")]


def test_a_recipient_is_there_once_with_all_whose_backups_it_opens() -> None:
    first, second = in_force({"": [ANN, BEN], "orders": [ANN]}, proof(BEN))
    assert (first.recipient.text, first.of, first.proof) == (ANN, ("", "orders"), None)
    assert (second.of, second.proof) == (("",), proof(BEN)[second.recipient.digest])


def test_a_proof_under_the_name_of_another_recipient_counts_for_nothing() -> None:
    forged = {Recipient.read(ANN).digest: ProvenRecipient(BEN, NOW, "eve")}
    assert in_force({"": [ANN]}, forged)[0].proof is None


def test_nothing_is_said_where_nothing_is_sealed() -> None:
    assert sets([], {"orders": []}) == {}
    assert told({}) == []


def test_nothing_is_wrong_with_two_recipients_that_were_proven() -> None:
    ((level, fact),) = told({"": [ANN, BEN]}, proof(ANN) | proof(BEN))
    assert level is Level.OK
    assert "all were proven" in fact


@pytest.mark.parametrize(
    ("age", "why"),
    [
        (timedelta(days=91), "was last proven on 2026-08-28"),
        (timedelta(days=-1), "was last proven on 2026-11-28"),  # nobody can have done so yet
    ],
)
def test_a_proof_grows_old(age: timedelta, why: str) -> None:
    ((level, fact),) = told({"": [ANN, BEN]}, proof(ANN, age) | proof(BEN))
    assert level is Level.WARNING
    assert why in fact


def test_who_has_proven_nothing_is_named_with_what_depends_on_it() -> None:
    facts = [fact for _, fact in told({"": [BEN, ANN], "orders": [ANN, BEN]}, proof(BEN))]
    assert facts == [
        "nobody has proven the recipient age1…aqmcac8p: whether its key still opens the backups "
        "of orders and the rest of the stage is not known"
    ]


def test_a_recipient_alone_is_warned_of_once_for_all_that_it_opens() -> None:
    found = {"": [ANN, BEN], "orders": [ANN], "users": [ANN]}
    facts = [fact for _, fact in told(found, proof(ANN) | proof(BEN))]
    assert "one key alone, age1…aqmcac8p, opens the backups of orders and users" in facts[0]


def test_who_wants_to_hear_of_no_proof_hears_of_none() -> None:
    assert [level for level, _ in told({"": [ANN, BEN]}, within=None)] == [Level.OK]


def test_many_databases_are_counted() -> None:
    assert named(["a", "b", "c", "d", "e", ""]) == "a, b, c, 2 more and the rest of the stage"


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "{}", '{"recipient": 1, "proven_at": "2026-11-27T09:00:00Z", "by": ""}']
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no record"):
        ProvenRecipient.from_json(text)


def test_a_record_comes_back_as_it_was() -> None:
    (made,) = proof(ANN).values()
    assert ProvenRecipient.from_json(made.to_json()) == made
