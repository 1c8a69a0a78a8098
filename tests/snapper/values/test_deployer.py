"""Of the policies of who deploys, one stage's names are exactly its own."""

import json

import pytest

from snapper.errors import SettingsError
from snapper.values.deployer import narrowed
from tests.support.deployments import document_of

DOCUMENTS = (
    *("deploy-policy", "deploy-large-policy", "deploy-keys-policy", "deploy-replica-policy"),
    "boundary",
)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_name_of_snappers_is_open_at_its_end(document: str) -> None:
    text = json.dumps(document_of(document, "prod"))
    assert "snapper-*" not in text
    assert "/snapper/*" not in text
    assert "snapper-prod-*" not in text


@pytest.mark.parametrize("document", DOCUMENTS)
def test_everything_else_stays_as_it_is(document: str) -> None:
    whole, ours = (document_of(document, stage)["Statement"] for stage in (None, "prod"))
    for key in ("Sid", "Effect", "Action"):
        assert [each[key] for each in whole] == [each[key] for each in ours]
    assert [each.keys() for each in whole] == [each.keys() for each in ours]


def test_a_stage_has_a_boundary_of_its_own() -> None:
    text = json.dumps(document_of("deploy-policy", "prod"))
    assert '"arn:aws:iam::*:policy/snapper-boundary-prod"' in text
    assert "snapper-boundary" not in text.replace("snapper-boundary-prod", "")


def test_other_partitions_have_their_own_arns_and_endpoints() -> None:
    china = json.dumps(narrowed(document_of("boundary"), "prod", "aws-cn"))
    assert "arn:aws:" not in china
    assert '"ssm.*.amazonaws.com.cn"' in china
    government = json.dumps(narrowed(document_of("deploy-policy"), "prod", "aws-us-gov"))
    assert "arn:aws:" not in government
    assert '"ssm.*.amazonaws.com"' in government


@pytest.mark.parametrize("stage", ["*", "prod*", "pro?", "${aws:username}", "", "Prod", "a" * 21])
def test_what_no_stage_is_named_is_refused(stage: str) -> None:
    with pytest.raises(SettingsError, match="no stage can be named"):
        narrowed(document_of("deploy-policy"), stage)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_they_fit_into_a_policy_written_into_a_role(document: str) -> None:
    # Source: IAM quotas; white space is not counted. The boundary is a managed policy.
    longest = json.dumps(document_of(document, "a" * 20), separators=(",", ":"))
    assert len(longest) <= (6144 if document == "boundary" else 10240)
