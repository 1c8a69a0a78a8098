"""A preview tells which recipients nobody has proven, and nothing where it cannot know."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from snapper.sealing.recipient import Recipient
from snapper.values.proven_recipient import ProvenRecipient
from tests.support.recorder import DEFAULT_NETWORK, record_in

ANN = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
BEN = "age1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0savhh7m"
LOOK_UP = "aws:ssm/getParametersByPath:getParametersByPath"


def warned(
    caplog: pytest.LogCaptureFixture, proofs: Mapping[str, Any] | None, **config: str
) -> list[str]:
    """Give what a deployment says of recipients, where the provider knows these proofs."""
    known = {**DEFAULT_NETWORK, **({} if proofs is None else {LOOK_UP: proofs})}
    with caplog.at_level(logging.WARNING, "pulumi"):
        record_in(known, **config)
    told = [each.getMessage() for each in caplog.records]
    return [each for each in told if "recipient" in each or "one key alone" in each]


def proofs(*texts: str, age: timedelta = timedelta(days=1)) -> dict[str, Any]:
    root, at = "/snapper/prod/PROVEN_RECIPIENTS", datetime.now(UTC) - age
    return {
        "names": [f"{root}/{Recipient.read(each).digest}" for each in texts],
        "values": [ProvenRecipient(each, at, "ann").to_json() for each in texts],
    }


def both() -> dict[str, str]:
    return {"recipients": json.dumps([ANN, BEN])}


def test_the_provider_is_asked_nothing_where_nothing_is_sealed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert warned(caplog, None) == []


def test_the_first_preview_warns_of_all_and_a_proof_silences_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = warned(caplog, {"names": [], "values": []}, **both())
    assert len(told) == 2
    assert "nobody has proven" in told[0]
    assert "key prove --stage prod" in told[0]
    caplog.clear()
    assert warned(caplog, proofs(ANN, BEN), **both()) == []


def test_what_the_provider_cannot_say_is_no_fault_of_the_keys(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert warned(caplog, None, **both()) == []


def test_canaries_go_by_themselves_and_nothing_else_differs_of_what_is_stored() -> None:
    usual, sealing = (record_in(DEFAULT_NETWORK, **config) for config in ({}, both()))
    rules = sealing.named("snapper-vault-lifecycle").inputs["rules"]
    assert rules[:-1] == usual.named("snapper-vault-lifecycle").inputs["rules"]
    assert rules[-1]["filter"] == {"prefix": "_canary/"}
    assert (rules[-1]["status"], rules[-1]["expiration"]) == ("Enabled", {"days": 1})
    made = {(one.type, one.name) for one in usual}
    assert made == {(one.type, one.name) for one in sealing}


def test_an_old_proof_and_nonsense_are_none(caplog: pytest.LogCaptureFixture) -> None:
    found = proofs(ANN, age=timedelta(days=40))
    found["names"].append(f"/snapper/prod/PROVEN_RECIPIENTS/{Recipient.read(BEN).digest}")
    found["values"].append("nonsense")
    (told,) = warned(caplog, found, recipientProvenWithinDays="60", **both())
    assert "nobody has proven the recipient age1…0savhh7m" in told
    caplog.clear()
    (told, _) = warned(caplog, found, recipientProvenWithinDays="30", **both())
    assert "last proven" in told


def test_a_single_key_of_one_database_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    own = {"databases": json.dumps({"orders": {"recipients": [ANN]}})}
    (told,) = warned(caplog, proofs(ANN), **own)
    assert "one key alone, age1…aqmcac8p, opens the backups of orders" in told
    caplog.clear()
    (told,) = warned(caplog, proofs(), recipientProvenWithinDays="0", **own)
    assert "one key alone" in told
