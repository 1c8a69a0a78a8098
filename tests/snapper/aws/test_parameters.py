"""Secrets are read one database at a time, and listed without being decrypted."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from snapper.aws.parameters import Parameters
from snapper.errors import AwsDenied, AwsFailed, SecretsInvalid
from snapper.values.options import Options, OptionsInvalid
from snapper.values.packing import ROOM
from snapper.values.secrets import Database
from snapper.values.table import Row, write_table
from tests.support.parameters import store as write_all

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


def write_earlier(ssm: Any, root: str, databases: Iterable[Database], room: int = ROOM) -> None:
    """Store what a deployment of the release before does: nothing of it is packed."""
    rows = {}
    for each in databases:
        name = f"{root}/DATABASE_CONN_STRINGS/{each.key}"
        ssm.put_parameter(Name=name, Value=each.connection, Type="SecureString", Overwrite=True)
        if options := each.options.to_json():
            ssm.put_parameter(Name=f"{root}/OPTIONS/{each.key}", Value=options, Type="String")
        rows[each.key] = Row(each.retention, each.kind, has_options=bool(options))
    for number, piece in enumerate(write_table(rows, room), 1):
        ssm.put_parameter(Name=f"{root}/DATABASES/{number}", Value=piece, Type="SecureString")


Write = Callable[[Any, str, Iterable[Database]], None]
either_layout = pytest.mark.parametrize("write", [write_all, write_earlier])


def calls(ssm: Any, operation: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    event = f"provide-client-params.ssm.{operation}"
    ssm.meta.events.register(event, lambda params, **_: made.append(dict(params)))
    return made


def test_a_table_of_more_pieces_than_one_page_holds_is_read_whole(ssm: Any) -> None:
    databases = (Database(f"database-{n:02}", URI, n + 1) for n in range(40))
    write_earlier(ssm, ROOT, databases, room=80)
    asked = calls(ssm, "GetParametersByPath")
    parameters = Parameters(ROOT, ssm)
    assert parameters.database_keys() == [f"database-{n:02}" for n in range(40)]
    assert [parameters.retention(f"database-{n:02}") for n in range(40)] == list(range(1, 41))
    assert len(asked) > 1


@either_layout
def test_no_connection_is_decrypted_to_list_the_databases(ssm: Any, write: Write) -> None:
    write(ssm, ROOT, [Database("orders", URI, 7)])
    asked, read = calls(ssm, "GetParametersByPath"), calls(ssm, "GetParameter")
    Parameters(ROOT, ssm).database_keys()
    paths = ["/snapper/prod/DATABASES", "/snapper/prod/ADDED/HEADS"]
    assert [call["Path"] for call in asked] == paths
    assert read == []


@either_layout
def test_a_type_travels_with_its_database(ssm: Any, write: Write) -> None:
    write(ssm, ROOT, [Database("orders", URI, 7), Database("notes", "a file", 3, "TEXT")])
    assert Parameters(ROOT, ssm).database("notes") == Database("notes", "a file", 3, "TEXT")
    assert Parameters(ROOT, ssm).database("orders").kind == "POSTGRES"


@either_layout
def test_options_travel_and_only_where_there_are_any(ssm: Any, write: Write) -> None:
    hourly = Database("orders", URI, 7, options=Options(schedule="rate(1 hour)", timeout=600))
    write(ssm, ROOT, [hourly, Database("people", URI, 2)])
    read = calls(ssm, "GetParameter")
    assert Parameters(ROOT, ssm).database("people").options == Options()
    assert not [call["Name"] for call in read if "/OPTIONS/" in call["Name"]]
    assert Parameters(ROOT, ssm).database("orders") == hourly
    assert Parameters(ROOT, ssm).options() == {"orders": hourly.options, "people": Options()}


def test_a_dumper_decrypts_the_table_and_one_piece_of_many(ssm: Any) -> None:
    databases = [Database(f"database-{n:03}", f"{URI}{n}", 7) for n in range(300)]
    write_all(ssm, ROOT, databases)
    listed, read = calls(ssm, "GetParametersByPath"), calls(ssm, "GetParameter")
    assert Parameters(ROOT, ssm).database("database-123") == databases[123]
    assert {call["Path"] for call in listed} == {f"{ROOT}/DATABASES"}
    (only,) = read
    assert only["Name"].startswith(f"{ROOT}/DATABASE_CONN_STRINGS/_")


def test_what_is_too_long_to_share_a_piece_has_a_parameter_of_its_own(ssm: Any) -> None:
    long = Options(assertions=(f"SELECT count(*) > 0 FROM {'x' * 2000}",))
    databases = [
        Database("orders", f"{URI}?options={'x' * 4000}", 7, options=long),
        Database("people", URI, 2, options=Options(timeout=600)),
    ]
    write_all(ssm, ROOT, databases)
    parameters = Parameters(ROOT, ssm)
    assert [parameters.database(each.key) for each in databases] == databases
    assert parameters.options() == {each.key: each.options for each in databases}


@pytest.mark.parametrize("piece", ["DATABASE_CONN_STRINGS/_0", "OPTIONS/_0"])
@pytest.mark.parametrize("stored", ["{", "[]", '{"orders": {}}', '{"people": ""}', "[" * 4000])
def test_a_piece_that_lacks_its_database_is_not_taken_for_none(
    ssm: Any, piece: str, stored: str
) -> None:
    write_all(ssm, ROOT, [Database("orders", URI, 7, options=Options(timeout=600))])
    kept = {"Value": stored, "Overwrite": True}
    ssm.put_parameter(Name=f"{ROOT}/{piece}", **kept)
    with pytest.raises(SecretsInvalid, match=r"is not \{key: text\}|does not hold orders"):
        Parameters(ROOT, ssm).database("orders")
    if piece == "OPTIONS/_0":
        with pytest.raises((SecretsInvalid, OptionsInvalid)):
            Parameters(ROOT, ssm).options()


def test_where_no_database_has_options_nobody_asks_for_them(ssm: Any) -> None:
    """An older stage gives no right to, and an older policy of an operator none either."""
    write_all(ssm, ROOT, [Database("orders", URI, 7)])
    asked = calls(ssm, "GetParametersByPath")
    assert Parameters(ROOT, ssm).options() == {"orders": Options()}
    paths = ["/snapper/prod/DATABASES", "/snapper/prod/ADDED/HEADS"]
    assert [call["Path"] for call in asked] == paths


def test_who_may_not_list_added_databases_is_told_and_sees_the_others(ssm: Any) -> None:
    """An older policy of an operator gives no right to."""
    write_all(ssm, ROOT, [Database("orders", URI, 7)])
    refusal = {"Error": {"Code": "AccessDeniedException"}}

    class Refusing:
        def __getattr__(self, name: str) -> Any:
            return getattr(ssm, name)

        def get_paginator(self, name: str) -> Any:
            class Pages:
                def paginate(self, **how: Any) -> Any:
                    if "/ADDED/" in how["Path"]:
                        raise ClientError(refusal, "GetParametersByPath")
                    return ssm.get_paginator(name).paginate(**how)

            return Pages()

    told: list[AwsDenied] = []
    assert Parameters(ROOT, Refusing(), told.append).options() == {"orders": Options()}
    assert told
    with pytest.raises(AwsDenied):
        Parameters(ROOT, Refusing()).options()


@pytest.mark.parametrize("stored", ["{", '{"timeout": 1}', '{"colour": "blue"}', "[]", "[" * 4000])
def test_options_that_somebody_wrote_past_the_deployment_are_refused(ssm: Any, stored: str) -> None:
    write_earlier(ssm, ROOT, [Database("orders", URI, 7, options=Options(timeout=600))])
    ssm.put_parameter(Name=f"{ROOT}/OPTIONS/orders", Value=stored, Overwrite=True)
    with pytest.raises(OptionsInvalid, match=r"databases\.orders: "):
        Parameters(ROOT, ssm).database("orders")


def test_options_that_are_gone_are_not_taken_for_none(ssm: Any) -> None:
    write_earlier(ssm, ROOT, [Database("orders", URI, 7, options=Options(timeout=600))])
    ssm.delete_parameter(Name=f"{ROOT}/OPTIONS/orders")
    with pytest.raises(OptionsInvalid, match=r"databases\.orders: "):
        Parameters(ROOT, ssm).options()
    with pytest.raises(AwsFailed, match="OPTIONS/orders"):
        Parameters(ROOT, ssm).database("orders")


def test_a_table_that_a_deployment_is_changing_is_not_taken_for_a_smaller_one(ssm: Any) -> None:
    write_earlier(ssm, ROOT, (Database(f"database-{n}", URI, 7) for n in range(9)), room=80)
    ssm.delete_parameter(Name=f"{ROOT}/DATABASES/2")
    with pytest.raises(SecretsInvalid, match="pulumi up may be changing it"):
        Parameters(ROOT, ssm).database_keys()


def test_a_stage_of_an_older_release_has_each_count_by_itself_and_is_postgresqls(ssm: Any) -> None:
    for number in range(23):
        store(ssm, f"database-{number:02}")
    assert Parameters(ROOT, ssm).database_keys() == [f"database-{n:02}" for n in range(23)]
    assert Parameters(ROOT, ssm).database("database-01") == Database(
        "database-01", URI, 7, "POSTGRES"
    )
    assert Parameters(ROOT, ssm).retention("database-22") == 7


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


@pytest.mark.parametrize("count", ["0", "seven", "7|people,7", ""])
def test_nonsense_written_past_the_deployment_is_refused(ssm: Any, count: str) -> None:
    store(ssm, "orders", URI, count or " ")
    with pytest.raises(SecretsInvalid) as refused:
        Parameters(ROOT, ssm).database("orders")
    assert "reader" not in str(refused.value)
