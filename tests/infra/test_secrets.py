"""Secrets stand in their parameters, encrypted, and nowhere else."""

import json

import pytest

from snapper.values.service import Service
from tests.infra.conftest import KEY_ARN
from tests.support.recorder import Graph, record

HUSH = ("p%40ss", "p@ss", "hush", "reader", "db.example.com")


def test_connections_are_encrypted_in_pieces_and_counts_in_one_table(
    graph: Graph,
) -> None:
    secrets = [one for one in graph.of("ssm/parameter:Parameter") if one.parent.endswith("secrets")]
    assert {one.inputs["name"]: one.inputs["value"] for one in secrets} == {
        "/snapper/prod/DATABASE_CONN_STRINGS/_0": (
            '{"orders":"postgresql://reader:p%40ss@db.example.com/orders",'
            '"people":"host=db.example.com user=reader password=hush dbname=people"}'
        ),
        "/snapper/prod/DATABASES/1": "7cd765f2|orders,7,POSTGRES,c0|people,2,POSTGRES,c0",
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
        # What has the name of its own key is never in its successor's way.
        assert one.deleted_before_replace or one.name == "snapper-chain-trusted"


def test_options_are_in_pieces_too_and_are_no_secret() -> None:
    graph = record(databases='{"orders": {"schedule": "rate(1 hour)", "excludeTables": ["a.b"]}}')
    one = graph.named("snapper-secrets-options-0")
    assert (one.inputs["name"], one.inputs["type"]) == ("/snapper/prod/OPTIONS/_0", "String")
    assert json.loads(one.inputs["value"]) == {
        "orders": '{"excludeTables": ["a.b"], "schedule": "rate(1 hour)"}'
    }
    table = graph.named("snapper-secrets-table-1")
    assert table.inputs["value"].endswith("|orders,7,POSTGRES,options,c0,o0|people,2,POSTGRES,c0")
    assert {one.name, "snapper-secrets-connections-0"} <= set(table.dependencies)


def test_a_connection_too_long_to_share_keeps_a_parameter_of_its_own() -> None:
    long = f"host=h dbname={'x' * 1500}"
    graph = record(
        DATABASE_CONN_STRINGS=f"orders,{long},POSTGRES|people,host=h,POSTGRES",
        BACKUP_STORAGE_DATA="orders,7|people,2",
    )
    own = graph.named("snapper-secrets-orders-connection").inputs
    assert (own["name"], own["value"]) == ("/snapper/prod/DATABASE_CONN_STRINGS/orders", long)
    shared = graph.named("snapper-secrets-connections-0").inputs
    assert shared["value"] == '{"people":"host=h"}'


def test_hundreds_of_databases_are_few_resources_more() -> None:
    few, many = (
        len(
            list(
                record(
                    DATABASE_CONN_STRINGS="|".join(f"d{n},host=h,POSTGRES" for n in range(number)),
                    BACKUP_STORAGE_DATA="|".join(f"d{n},7" for n in range(number)),
                )
            )
        )
        for number in (1, 400)
    )
    assert many - few < 10


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
