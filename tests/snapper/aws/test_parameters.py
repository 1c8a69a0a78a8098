"""Secrets are read one database at a time, and listed without being decrypted."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from snapper.aws.parameters import Parameters
from snapper.errors import AwsFailed, SecretsInvalid
from snapper.values.secrets import Database

ROOT = "/snapper/prod"
URI = "postgresql://reader:p,%40|x@db.example/orders"


@pytest.fixture
def ssm() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("ssm")


def store(ssm: Any, key: str, connection: str = URI, count: str = "7", root: str = ROOT) -> None:
    values = {"DATABASE_CONN_STRINGS": connection, "BACKUP_STORAGE_DATA": count}
    for secret, value in values.items():
        ssm.put_parameter(Name=f"{root}/{secret}/{key}", Value=value, Type="SecureString")


def calls(ssm: Any, operation: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    event = f"provide-client-params.ssm.{operation}"
    ssm.meta.events.register(event, lambda params, **_: made.append(dict(params)))
    return made


def test_more_databases_than_one_page_holds_are_all_listed(ssm: Any) -> None:
    for number in range(23):
        store(ssm, f"database-{number:02}")
    asked = calls(ssm, "GetParametersByPath")
    assert Parameters(ROOT, ssm).database_keys() == [f"database-{n:02}" for n in range(23)]
    assert len(asked) == 3


def test_nothing_is_decrypted_to_list_the_databases(ssm: Any) -> None:
    store(ssm, "orders")
    asked, read = calls(ssm, "GetParametersByPath"), calls(ssm, "GetParameter")
    Parameters(ROOT, ssm).database_keys()
    assert [(call["Path"], call["WithDecryption"]) for call in asked] == [
        ("/snapper/prod/BACKUP_STORAGE_DATA", False)
    ]
    assert read == []


def test_another_stage_is_not_seen(ssm: Any) -> None:
    store(ssm, "orders")
    store(ssm, "people", root="/snapper/prod2")
    store(ssm, "people", root="/snapper")
    assert Parameters(ROOT, ssm).database_keys() == ["orders"]


def test_a_stage_without_databases_lists_none(ssm: Any) -> None:
    assert Parameters(ROOT, ssm).database_keys() == []


def test_one_database_is_decrypted_and_no_other(ssm: Any) -> None:
    store(ssm, "orders")
    store(ssm, "people")
    read = calls(ssm, "GetParameter")
    assert Parameters(ROOT, ssm).database("orders") == Database("orders", URI, 7)
    assert sorted(call["Name"] for call in read) == [
        "/snapper/prod/BACKUP_STORAGE_DATA/orders",
        "/snapper/prod/DATABASE_CONN_STRINGS/orders",
    ]


def test_a_rotated_secret_is_read_anew(ssm: Any) -> None:
    store(ssm, "orders")
    parameters = Parameters(ROOT, ssm)
    parameters.database("orders")
    ssm.put_parameter(Name=f"{ROOT}/DATABASE_CONN_STRINGS/orders", Value="host=new", Overwrite=True)
    assert parameters.database("orders").connection == "host=new"


def test_a_database_that_is_not_there_is_told_by_the_parameters_name(ssm: Any) -> None:
    with pytest.raises(AwsFailed, match="ParameterNotFound") as failure:
        Parameters(ROOT, ssm).database("orders")
    assert "/snapper/prod/DATABASE_CONN_STRINGS/orders" in str(failure.value)


@pytest.mark.parametrize(
    ("connection", "count"),
    [
        ("nonsense", "7"),
        (URI, "0"),
        (URI, "seven"),
        (f"{URI},POSTGRES|people,{URI}", "7"),
        (f"{URI},POSTGRES|people,{URI}", "7|people,7"),
    ],
)
def test_nonsense_written_past_the_deployment_is_refused(
    ssm: Any, connection: str, count: str
) -> None:
    store(ssm, "orders", connection, count)
    with pytest.raises(SecretsInvalid) as refused:
        Parameters(ROOT, ssm).database("orders")
    assert "reader" not in str(refused.value)
