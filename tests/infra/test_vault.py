"""The vault is private, encrypted, versioned and swept, and outlives the service."""

import pytest

from tests.infra.conftest import KEY_ARN
from tests.support.recorder import Graph, Registration, record


def vault(graph: Graph) -> list[Registration]:
    return [one for one in graph if one.parent == "snapper-vault"]


def test_the_bucket_has_a_name_of_its_stage_and_no_end_by_force(graph: Graph) -> None:
    bucket = graph.named("snapper-vault-bucket").inputs
    assert bucket["bucketPrefix"] == "snapper-prod-"
    assert not bucket["forceDestroy"]


def test_destroying_the_service_keeps_the_bucket_and_all_that_protects_it(graph: Graph) -> None:
    assert len(vault(graph)) == 7
    assert all(one.retained for one in vault(graph))
    assert not [one.name for one in graph if one.retained and one.parent != "snapper-vault"]


def test_on_demand_destroying_the_service_deletes_all_backups(full_graph: Graph) -> None:
    assert full_graph.named("snapper-vault-bucket").inputs["forceDestroy"]
    assert not any(one.retained for one in full_graph)


def test_a_bucket_that_is_there_is_adopted_as_it_is(graph: Graph) -> None:
    assert graph.named("snapper-vault-bucket").imported == ""
    bucket = record(bucket="snapper-prod-old").named("snapper-vault-bucket")
    assert bucket.imported == "snapper-prod-old"
    assert bucket.ignored_changes >= {"tags", "tagsAll"}


def test_no_other_name_makes_a_new_bucket(graph: Graph) -> None:
    ignored = graph.named("snapper-vault-bucket").ignored_changes
    assert ignored == {"bucket", "bucketPrefix"}


def test_nothing_in_the_bucket_can_become_public(graph: Graph) -> None:
    blocked = graph.named("snapper-vault-public-access-block").inputs
    assert [value for key, value in blocked.items() if key != "bucket"] == [True] * 4
    ownership = graph.named("snapper-vault-ownership").inputs
    assert ownership["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


def test_only_tls_reaches_the_bucket(graph: Graph) -> None:
    arn = "arn:aws:s3:::snapper-prod-0123456789"
    statement, _ = graph.named("snapper-vault-policy").policy()
    assert statement["Effect"] == "Deny"
    assert statement["Principal"] == "*"
    assert statement["Action"] == ["s3:*"]
    assert statement["Resource"] == [arn, f"{arn}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_nobody_replaces_a_dump_a_manifest_or_a_pin(graph: Graph) -> None:
    _, statement = graph.named("snapper-vault-policy").policy()
    arn = "arn:aws:s3:::snapper-prod-0123456789"
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Action"] == ["s3:PutObject"]
    plain = (".sql.gz", ".sql.gz.age", ".manifest.json")
    ends = (*plain, ".contents.json", ".contents.json.age", ".kept", ".kept-until-*")
    assert statement["Resource"] == [f"{arn}/*{end}" for end in ends]
    # The words of AWS's guide: else parts of an upload would be refused, or all would be allowed.
    assert statement["Condition"] == {
        "Null": {"s3:if-none-match": "true"},
        "Bool": {"s3:ObjectCreationOperation": "true"},
    }


def test_backups_are_encrypted_by_s3_or_by_the_customers_key(
    graph: Graph, full_graph: Graph
) -> None:
    name = "snapper-vault-encryption"
    assert graph.named(name).inputs["rules"] == [
        {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    ]
    assert full_graph.named(name).inputs["rules"] == [
        {
            "applyServerSideEncryptionByDefault": {
                "kmsMasterKeyId": KEY_ARN,
                "sseAlgorithm": "aws:kms",
            },
            "bucketKeyEnabled": True,
        }
    ]


@pytest.mark.parametrize(("which", "days"), [("graph", 7), ("full_graph", 30)])
def test_leftovers_and_deleted_backups_go_after_their_time_and_current_ones_never(
    which: str, days: int, request: pytest.FixtureRequest
) -> None:
    recorded: Graph = request.getfixturevalue(which)
    versioning = recorded.named("snapper-vault-versioning").inputs
    assert versioning["versioningConfiguration"] == {"status": "Enabled"}
    uploads, deleted, summaries = recorded.named("snapper-vault-lifecycle").inputs["rules"]
    assert uploads["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 1}
    assert "expiration" not in uploads
    assert deleted["noncurrentVersionExpiration"] == {"noncurrentDays": days}
    assert deleted["expiration"] == {"expiredObjectDeleteMarker": True}
    for rule in (uploads, deleted):
        assert (rule["status"], rule["filter"]) == ("Enabled", {"prefix": ""})
    assert (summaries["status"], summaries["filter"]) == ("Enabled", {"prefix": "_summary/"})
    assert summaries["noncurrentVersionExpiration"] == {"noncurrentDays": 1}


def test_rules_wait_for_what_they_rest_on(graph: Graph) -> None:
    assert "snapper-vault-public-access-block" in graph.named("snapper-vault-policy").dependencies
    assert "snapper-vault-versioning" in graph.named("snapper-vault-lifecycle").dependencies
