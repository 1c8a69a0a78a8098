"""A database that is added as data is sealed for whom its options, or the stage, say."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from snapper.aws.added import Added
from snapper.aws.adding import erase
from snapper.aws.store import Store
from snapper.sealing.opening import unseal
from snapper.values.settings import parameter_root
from snapper.verbs.catalog import backups, read_manifest
from tests.snapper.cli.test_databases import add, listed
from tests.support.sealed import KEY, RECIPIENT
from tests.support.stage import NAME, StageUnderTest

NOWHERE = "postgresql://backup:hush-hush@nowhere.invalid/app"


@pytest.fixture(autouse=True)
def _nothing_stays(stage: StageUnderTest) -> Iterator[None]:
    yield
    stage.settle()
    erase(Added(parameter_root(NAME), Store(stage.cloud.client("ssm"))))


def test_the_deployed_dumper_seals_it_for_its_own_recipients(
    stage: StageUnderTest, tmp_path: Path
) -> None:
    options = tmp_path / "options.json"
    options.write_text(json.dumps({"closed": {"recipients": [f"{RECIPIENT.upper()} "]}}))
    ran = add(stage, tmp_path, "--options", str(options), closed=stage.source(18).dsn)
    assert ran.code == 0, ran.err
    assert listed(stage)["closed"]["options"] == {"recipients": [RECIPIENT]}
    assert stage.run_cli("run", "closed", "--wait").code == 0
    (holding,) = backups(stage.vault, "closed")
    manifest = read_manifest(stage.vault, holding)
    assert manifest.recipients == (RECIPIENT,)
    assert len(unseal(stage.vault.read(manifest.dump_key), [KEY])) == manifest.packed_bytes
    stage.run_cli("databases", "remove", "closed")
    stage.forget("closed")


def test_a_secret_key_is_refused_and_not_shown_and_so_is_an_open_list_without_a_seal(
    stage: StageUnderTest, tmp_path: Path
) -> None:
    options = tmp_path / "options.json"
    given = {"one": {"recipients": [RECIPIENT, KEY.text]}, "two": {"contentsInClear": True}}
    options.write_text(json.dumps(given))
    ran = add(stage, tmp_path, "--options", str(options), one=NOWHERE, two=NOWHERE)
    assert ran.code == 2
    assert "databases.one: recipients number 2 is a secret key" in ran.err
    assert "databases.two: contentsInClear is set, and nothing is sealed" in ran.err
    assert KEY.text not in ran.out + ran.err
    assert "one" not in listed(stage)
