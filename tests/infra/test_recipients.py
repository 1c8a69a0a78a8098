"""Recipients reach who dumps and nobody else, and no role gets anything that opens a backup."""

import json
from typing import Any

import pytest

from snapper.sealing.identity import AgeIdentity
from snapper.values.recipients import LONGEST
from tests.infra.test_settings import refused
from tests.support.recorder import Graph, record
from tests.support.sealed import ANOTHER, KEY, RECIPIENT

SSH = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
LARGE = {"largeDatabases": "true"}


@pytest.fixture(scope="module")
def plain() -> Graph:
    return record(**LARGE)


@pytest.fixture(scope="module")
def sealed() -> Graph:
    keys = [RECIPIENT.upper(), f"{SSH} ann@laptop", RECIPIENT]
    return record(recipients=json.dumps(keys), contentsInClear="true", **LARGE)


def variables(graph: Graph) -> dict[str, str]:
    told: dict[str, str] = graph.named("snapper-dumper-function").inputs["environment"]["variables"]
    return told


def container(graph: Graph) -> dict[str, str]:
    definition = graph.named("snapper-dumper-batch-definition").inputs["containerProperties"]
    return {each["name"]: each["value"] for each in json.loads(definition)["environment"]}


def test_the_dumper_and_its_containers_are_told_each_key_once_and_without_its_comment(
    sealed: Graph,
) -> None:
    for told in (variables(sealed), container(sealed)):
        assert told["SNAPPER_RECIPIENTS"] == f"{RECIPIENT},{SSH}"
        assert told["SNAPPER_CONTENTS_IN_CLEAR"] == "true"


def test_nothing_else_knows_of_them_and_no_policy_differs(plain: Graph, sealed: Graph) -> None:
    def all_of(graph: Graph) -> dict[str, Any]:
        return {one.name: one.inputs for one in graph}

    before, after = all_of(plain), all_of(sealed)
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {
        "snapper-dumper-function",
        "snapper-dumper-batch-definition",
        "snapper-signpost-parameter",
        "snapper-vault-lifecycle",  # canaries go by themselves
    }


def test_the_signpost_says_for_whom_the_stage_seals(plain: Graph, sealed: Graph) -> None:
    def said(graph: Graph) -> str:
        text: str = json.loads(graph.named("snapper-signpost-parameter").inputs["value"])[
            "recipients"
        ]
        return text

    assert (said(plain), said(sealed)) == ("", f"{RECIPIENT},{SSH}")


def test_a_stage_that_seals_nothing_says_nothing_of_it(plain: Graph) -> None:
    for told in (variables(plain), container(plain)):
        assert not [name for name in told if "RECIPIENTS" in name or "CLEAR" in name]


def test_the_most_that_is_taken_fits_beside_all_else_that_a_function_is_told(sealed: Graph) -> None:
    told = variables(sealed)
    others = sum(len(name) + len(value) for name, value in told.items() if "RECIP" not in name)
    assert others + len("SNAPPER_RECIPIENTS") + LONGEST < 4096 - 1000


def test_every_recipient_that_is_none_is_told_by_its_place_and_none_is_shown() -> None:
    secret = KEY.text
    options = {"orders": {"recipients": [secret]}, "people": {"recipients": []}}
    given = [RECIPIENT, secret, f"{ANOTHER}x", ""]
    faults = refused(recipients=json.dumps(given), databases=json.dumps(options))
    assert [each.split(":")[0] for each in faults[:2]] == ["databases.orders", "databases.people"]
    assert faults[0].startswith("databases.orders: recipients number 1 is a secret key")
    assert "recipients is empty" in faults[1]
    assert [each.split()[:3] for each in faults[2:]] == [
        ["recipients", "number", "2"],
        ["recipients", "number", "3"],
        ["recipients", "number", "4"],
    ]
    assert secret not in "".join(faults)
    assert secret[20:40] not in "".join(faults)


def test_a_secret_key_in_place_of_the_list_is_not_shown_either() -> None:
    for config in ({"recipients": KEY.text}, {"recipients": json.dumps(KEY.text)}):
        faults = refused(**config)
        assert faults == ("recipients must be a list of texts",)


def test_more_than_fits_into_an_environment_is_refused() -> None:
    many = [AgeIdentity.of(bytes([n] * 32)).recipient.text for n in range(1, 31)]
    (fault,) = refused(recipients=json.dumps(many))
    assert fault == f"recipients take more than {LONGEST} characters: take age keys, or fewer"


def test_an_open_list_of_what_is_not_sealed_is_refused() -> None:
    options = json.dumps({"orders": {"contentsInClear": True}})
    assert refused(contentsInClear="true") == (
        "contentsInClear is set, and nothing is sealed: set recipients, or leave it out",
    )
    assert refused(databases=options) == (
        "databases.orders: contentsInClear is set, and nothing is sealed: set recipients, or leave "
        "it out",
    )
    record(contentsInClear="true", databases=json.dumps({"orders": {"recipients": [RECIPIENT]}}))
