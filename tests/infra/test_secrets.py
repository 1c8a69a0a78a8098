"""Secrets stand in their parameters, encrypted, and nowhere else."""

import json

import pytest

from snapper.values.service import Service
from tests.infra.conftest import KEY_ARN
from tests.support.recorder import Graph, record

HUSH = ("p%40ss", "p@ss", "hush", "reader", "db.example.com")


def test_connections_are_encrypted_one_by_one_and_counts_in_one_table(
    graph: Graph,
) -> None:
    secrets = [one for one in graph.of("ssm/parameter:Parameter") if one.parent.endswith("secrets")]
    assert {one.inputs["name"]: one.inputs["value"] for one in secrets} == {
        "/snapper/prod/DATABASE_CONN_STRINGS/orders": (
            "postgresql://reader:p%40ss@db.example.com/orders"
        ),
        "/snapper/prod/DATABASE_CONN_STRINGS/people": (
            "host=db.example.com user=reader password=hush dbname=people"
        ),
        "/snapper/prod/DATABASES/1": "b440bdfa|orders,7,POSTGRES|people,2,POSTGRES",
    }
    for one in secrets:
        assert (one.inputs["type"], one.inputs["tier"]) == ("SecureString", "Standard")
        assert one.secret_inputs == {"value"}
        assert one.inputs["keyId"] == "alias/aws/ssm"
        assert one.replaced_on_changes == ()


def test_the_customers_key_encrypts_the_secrets_if_there_is_one(full_graph: Graph) -> None:
    for one in full_graph.of("ssm/parameter:Parameter"):
        encrypted = one.inputs["type"] == "SecureString"
        assert one.inputs.get("keyId") == (KEY_ARN if encrypted else None)
        # The provider would hand a new value to SSM without the key.
        assert one.replaced_on_changes == (("value",) if encrypted else ())
        assert one.deleted_before_replace


def test_options_lie_beside_the_connection_and_are_no_secret() -> None:
    graph = record(databases='{"orders": {"schedule": "rate(1 hour)", "excludeTables": ["a.b"]}}')
    (one,) = (each for each in graph if each.name.endswith("-options"))
    assert (one.inputs["name"], one.inputs["type"]) == ("/snapper/prod/OPTIONS/orders", "String")
    assert one.inputs["value"] == '{"excludeTables": ["a.b"], "schedule": "rate(1 hour)"}'
    table = graph.named("snapper-secrets-table-1")
    assert table.inputs["value"].endswith("|orders,7,POSTGRES,options|people,2,POSTGRES")
    assert one.name in table.dependencies


def test_no_right_depends_on_which_databases_there_are(graph: Graph) -> None:
    for part in ("dispatcher", "dumper"):
        needed = graph.named(f"snapper-{part}-rights").dependencies
        assert not [name for name in needed if name.startswith("snapper-secrets")]


def test_a_secret_stands_nowhere_but_in_its_parameter(graph: Graph) -> None:
    elsewhere = repr(
        [
            (one.name, {key: one.inputs[key] for key in one.inputs if key not in one.secret_inputs})
            for one in graph
        ]
    )
    assert not [word for word in HUSH if word in elsewhere + repr(graph.outputs)]


def test_nothing_of_a_secret_is_printed(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        record()
    told = caplog.text + "".join(capfd.readouterr())
    assert not [word for word in HUSH if word in told]


def test_the_signpost_says_where_everything_is_and_is_no_secret(graph: Graph) -> None:
    signpost = graph.named("snapper-signpost-parameter").inputs
    assert (signpost["name"], signpost["type"]) == ("/snapper/prod/SERVICE", "String")
    service = Service.from_json(signpost["value"])
    assert service.bucket == graph.outputs["bucket"]
    assert service.region == "eu-central-1"
    assert service.parameter_root == "/snapper/prod"
    assert {**json.loads(signpost["value"]), **graph.outputs} == json.loads(signpost["value"])
