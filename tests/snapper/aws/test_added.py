"""Databases that were added as data are read whole, beside those of Pulumi's config."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from snapper.aws.adding import erase
from snapper.aws.parameters import Parameters
from snapper.errors import SecretsInvalid
from snapper.values.options import Options
from tests.support.as_data import ROOT, added, database, names, put
from tests.support.parameters import store


@pytest.fixture
def ssm() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("ssm")


def test_whoever_reads_in_the_midst_of_a_change_looks_again(ssm: Any) -> None:
    put(ssm, database("orders", timeout=600))
    reader = added(ssm)
    assert reader.rows  # read before the change
    put(ssm, database("people"))
    texts = reader.texts("orders")
    assert texts is not None
    assert texts[1:] == (database("orders").connection, Options(timeout=600).to_json())
    assert reader.options() == {"orders": Options(timeout=600).to_json()}


def test_of_a_table_that_lacks_a_piece_nothing_is_read(ssm: Any) -> None:
    put(ssm, *(database(f"a-rather-long-name-of-a-database-{n:04}") for n in range(200)))
    (first, *_) = sorted(name for name in names(ssm) if "/TABLES/" in name)
    ssm.delete_parameter(Name=first)
    with pytest.raises(SecretsInvalid, match="are not whole"):
        added(ssm).rows  # noqa: B018  it reads


def test_a_stages_databases_are_those_of_the_config_and_those_that_were_added(ssm: Any) -> None:
    store(ssm, ROOT, [database("configured", timeout=600)])
    put(ssm, database("added", max_age_hours=40), database("plain"))
    parameters = Parameters(ROOT, ssm)
    assert parameters.database_keys() == ["added", "configured", "plain"]
    assert parameters.configured_keys() == ["configured"]
    assert parameters.options() == {
        "added": Options(max_age_hours=40),
        "configured": Options(timeout=600),
        "plain": Options(),
    }
    assert parameters.database("added") == database("added", max_age_hours=40)
    assert parameters.retention("plain") == 7


def test_of_a_key_that_is_in_both_the_configs_database_is_meant(ssm: Any) -> None:
    put(ssm, database("orders", "host=added", max_age_hours=40))
    store(ssm, ROOT, [database("orders", "host=configured")])
    parameters = Parameters(ROOT, ssm)
    assert parameters.database("orders") == database("orders", "host=configured")
    assert parameters.options() == {"orders": Options()}


def test_all_goes_where_the_stage_is_gone(ssm: Any) -> None:
    put(ssm, database("orders"))
    erase(added(ssm))
    assert names(ssm) == set()


def test_a_database_is_known_since_it_was_added_whatever_was_changed_since(ssm: Any) -> None:
    store(ssm, ROOT, [database("configured")])
    began = datetime.now(UTC).replace(microsecond=0)
    put(ssm, database("added"))
    since = Parameters(ROOT, ssm).known_since("added")
    assert began <= since <= datetime.now(UTC)
    put(ssm, database("added", timeout=600), database("later"))
    parameters = Parameters(ROOT, ssm)
    assert parameters.known_since("added") == since
    assert parameters.known_since("configured") >= began
