"""Statements are right in every partition, and allow no action by wildcard."""

import json

import pytest

from infra import iam
from snapper.values.place import Place


@pytest.mark.parametrize(
    ("arn", "domain"),
    [
        ("arn:aws:sqs:eu-central-1:123456789012:jobs", "amazonaws.com"),
        ("arn:aws-us-gov:sqs:us-gov-west-1:123456789012:jobs", "amazonaws.com"),
        ("arn:aws-cn:sqs:cn-north-1:123456789012:jobs", "amazonaws.com.cn"),
    ],
)
def test_a_place_names_its_neighbours_in_every_partition(arn: str, domain: str) -> None:
    place = Place.of(arn)
    assert place.arn("sqs", "jobs") == arn
    assert place.domain == domain


@pytest.mark.parametrize("none", [None, "", "jobs", "arn:test:jobs"])
def test_what_is_no_arn_names_no_place(none: str | None) -> None:
    # Doubles of AWS, as in tests of programs that build on this one, give such.
    assert Place.of(none)[1:] == ("", "")  # type: ignore[arg-type]  # as a double may


def test_the_key_of_china_is_used_through_the_services_of_china() -> None:
    key = "arn:aws-cn:kms:cn-north-1:123456789012:key/0a"
    statement = iam.may_use_key(key, "ssm", "kms:Decrypt")
    assert statement["Condition"] == {
        "StringEquals": {"kms:ViaService": "ssm.cn-north-1.amazonaws.com.cn"}
    }


def test_equal_policies_are_equal_texts() -> None:
    one = iam.document({"Effect": "Allow", "Action": "a"})
    assert one == iam.document({"Action": "a", "Effect": "Allow"})
    assert json.loads(one)["Version"] == "2012-10-17"


def test_no_builder_allows_an_action_by_wildcard() -> None:
    place = Place("aws", "eu-central-1", "123456789012")
    statements = [
        iam.may_log("arn"),
        iam.may_send("arn"),
        iam.may_take("arn"),
        iam.may_list_parameters("arn"),
        iam.may_read_parameters("arn"),
        *iam.may_store_backups("arn"),
        *iam.may_prune_backups("arn"),
        *iam.may_prove_backups("arn"),
        *iam.may_join_network(place),
    ]
    assert not [one for one in statements if any("*" in action for action in one["Action"])]
