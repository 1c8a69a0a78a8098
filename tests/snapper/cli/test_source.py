"""Backups are read from the second bucket when the first is gone, and without any stage too."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.emulator.cloud import Cloud
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.values.manifest import Manifest
from snapper.values.settings import parameter_root, service_parameter
from snapper.verbs.dump import Dumper
from tests.support.backed_up import COUNT, TABLE
from tests.support.databases import AT, job
from tests.support.engines import engines
from tests.support.recording import RecordedEvents
from tests.support.replicas import THERE, forget_bucket, keys, replica_of, replicated
from tests.support.stage import StageUnderTest


@pytest.fixture(scope="module")
def gone(
    cloud: Cloud, server: Callable[[int], Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StageUnderTest]:
    """Give a stage whose first bucket is gone."""
    with replicated(cloud, tmp_path_factory.mktemp("gone"), server, "gone") as stage:
        yield stage


@pytest.fixture(scope="module")
def made(gone: StageUnderTest, tools: ClientTools) -> Manifest:
    """Give the backup that was made while it was there."""
    source = gone.source(18, TABLE)
    dumper = Dumper(gone.vault, RecordedEvents(), engines(tools))
    manifest = dumper.dump(job(AT), source.database())
    assert manifest
    forget_bucket(gone)
    return manifest


def test_a_backup_is_restored_from_the_second_bucket(gone: StageUnderTest, made: Manifest) -> None:
    target = gone.new("from the replica")
    to = ("restore", "orders", "--to", target.dsn, "--create")
    without = gone.run_cli(*to)
    assert (without.code, "NoSuchBucket" in without.err) == (8, True)
    assert "--from replica" in without.err
    ran = gone.run_cli(*to, "--from", "replica")
    assert ran.code == 0, ran.err
    assert target.rows(COUNT) == [(100,)]
    assert f"reading {replica_of(gone).bucket} in {THERE}, of account" in ran.err


@pytest.mark.long
@pytest.mark.usefixtures("made")
def test_whoever_may_restore_may_do_so_from_there(gone: StageUnderTest) -> None:
    env = gone.as_role(gone.run_cli("policy", "restore").out)
    target = gone.new("by who may restore")
    to = ("--to", target.dsn, "--create", "--from", "replica")
    ran = gone.run_cli("restore", "orders", *to, env=env)
    assert ran.code == 0, ran.err
    who_looks = gone.as_role(gone.run_cli("policy", "read").out)
    assert gone.run_cli("list", "--from", "replica", env=who_looks).code == 0
    assert gone.run_cli("restore", "orders", *to, "--force", env=who_looks).code != 0


def test_the_other_commands_read_there_too_and_store_nothing(
    gone: StageUnderTest, made: Manifest, tmp_path: Any
) -> None:
    before = keys(replica_of(gone))
    listed = gone.run_cli("list", "orders", "--from", "replica", "--json").document
    (backup,) = listed["databases"]["orders"]
    assert backup["manifest"]["sha256"] == made.sha256
    assert gone.run_cli("contents", "orders", "--from", "replica").code == 0
    place = str(tmp_path / "orders.sql.gz")
    assert gone.run_cli("download", "orders", "--from", "replica", "-o", place).code == 0
    ran = gone.run_cli("verify", "--from", "replica", "orders", "--json")
    assert ran.code == 0, ran.err
    assert keys(replica_of(gone)) == before


@pytest.mark.long
def test_without_the_stages_region_any_bucket_can_be_named(
    gone: StageUnderTest, made: Manifest
) -> None:
    ssm, name = gone.cloud.client("ssm"), service_parameter(parameter_root(gone.name))
    address = f"s3://{replica_of(gone).bucket}"
    signpost = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    ssm.delete_parameter(Name=name)
    try:
        assert gone.run_cli("list", "--from", "replica").code == 2
        where = ("--from", address, "--region", THERE)
        target = gone.new("from a bucket")
        ran = gone.run_cli("restore", "orders", *where, "--to", target.dsn, "--create")
        assert ran.code == 0, ran.err
        assert target.rows(COUNT) == [(100,)]
        ran = gone.run_cli("verify", *where, "--json")
        assert ran.code == 0, ran.err
        assert [each["database"] for each in ran.document["backups"]] == ["orders"]
        assert gone.run_cli("list", "nothing", *where).code == 2
    finally:
        ssm.put_parameter(Name=name, Value=signpost, Type="String")


def test_what_is_no_source_is_refused(stage: StageUnderTest) -> None:
    for source in ("s3://", "s3://a/b", "backup", "s3:/x"):
        ran = stage.run_cli("list", "--from", source)
        assert (ran.code, f"--from {source} is nothing to read" in ran.err) == (2, True)
    ran = stage.run_cli("list", "--from", "replica")
    assert (ran.code, "has no second bucket" in ran.err) == (2, True)
    ran = stage.run_cli("verify", "shop", "--accept", "why", "--from", "replica")
    assert (ran.code, "--from only reads" in ran.err) == (2, True)
    ran = stage.run_cli("restore", "shop", "--in-cloud", "--into", "x", "--from", "replica")
    assert (ran.code, "--from is for a restore from here" in ran.err) == (2, True)
