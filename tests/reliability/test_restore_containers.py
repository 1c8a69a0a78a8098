"""Restores in containers on the embedded cloud: whole, or nothing and the reason."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.aws.batch import Batch
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.values.cloud_restore import CloudRestore, restore_container_name
from snapper.values.manifest import Manifest
from tests.support.backups import store_whole
from tests.support.cloud import eventually, refused
from tests.support.databases import Source
from tests.support.deployments import NOWHERE, bring_up
from tests.support.faults import faulted
from tests.support.restores import HELD, awkward, end_sessions, exists, flip, plain_dump, unfinished
from tests.support.rights import Rights, without_a_statement
from tests.support.stage import Ran, StageUnderTest

FAMILY = "iam: one right of a container's role is missing"
NAME = "brought"
ROLE = f"snapper-{NAME}-large-restores"
NEW, FILLED = "brought back", "filled already"


@pytest.fixture(scope="module")
def target(server: Callable[[int], PostgresServer]) -> Source:
    """Give the second server's database that containers may make; it is not there yet."""
    return Source(server(18), NEW)


@pytest.fixture(scope="module")
def restoring(
    cloud: Cloud,
    server: Callable[[int], PostgresServer],
    target: Source,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StageUnderTest]:
    """Give a stage with targets: a new database, one that is there, and a wrong password."""
    filled = Source(server(18), "postgres").create(FILLED)
    filled.run("CREATE TABLE kept AS SELECT 1 AS n")
    wrong = filled.as_role("postgres", "not this one")
    rows = {"new": target.dsn, "filled": filled.dsn, "wrong": wrong, "nowhere": NOWHERE}
    targets = "|".join(f"{key},{dsn},POSTGRES" for key, dsn in rows.items())
    with LambdaHost(cloud, tmp_path_factory.mktemp(NAME)) as host:
        deployment = bring_up(
            cloud, host, NAME, largeDatabases="true", RESTORE_CONN_STRINGS=targets
        )
        yield StageUnderTest(cloud, host, deployment, server, NAME)
        deployment.destroy()


def order(stage: StageUnderTest, key: str, into: str, *more: str) -> Ran:
    return stage.run_cli("restore", key, "--in-cloud", "--into", into, *more)


def letters(stage: StageUnderTest, key: str) -> list[dict[str, Any]]:
    found = stage.run_cli("failures", "--json").document["dead_letters"]
    return [each for each in found if each["database"] == key]


@pytest.mark.long
def test_a_backup_is_restored_by_a_container_into_another_server_as_from_here(
    restoring: StageUnderTest,
    source: Callable[..., Source],
    server: Callable[[int], PostgresServer],
    target: Source,
    tools: ClientTools,
) -> None:
    original = awkward(source, server(14))
    here = Source(server(18), "restored from here")
    how = ("--create", "--create-roles", "--json")
    try:
        with restoring.database("whole", original.dsn) as key:
            restoring.back_up(key)
            ran = order(restoring, key, "new", *how)
            assert ran.code == 0, ran.err
            assert ran.document["restored"] is True
            local = restoring.run_cli("restore", key, "--to", here.dsn, *how)
            assert local.code == 0, local.err
            assert ran.document["left_out"] == local.document["left_out"]
            assert plain_dump(tools, 18, target.dsn) == plain_dump(tools, 18, here.dsn)
            assert letters(restoring, key) == []
    finally:
        for made in (target, here):
            made.beside("postgres").run(f'DROP DATABASE IF EXISTS "{made.name}"')


@pytest.mark.long
def test_what_cannot_be_restored_is_refused_by_the_container_and_a_dead_letter_tells(
    restoring: StageUnderTest, server: Callable[[int], PostgresServer]
) -> None:
    restoring.settle()  # dead letters of other tests
    with restoring.database("refused", restoring.source(18).dsn) as key:
        made = restoring.back_up(key)
        for into, more, code, words in (
            ("filled", (), 2, "is not empty"),
            ("missing", ("--create",), 2, "RESTORE_CONN_STRINGS of this stage has no row missing"),
            ("wrong", ("--force",), 6, "password"),
            ("nowhere", ("--create",), 6, "127.0.0.1"),
        ):
            ran = order(restoring, key, into, *more)
            assert (ran.code, words in ran.err) == (code, True), ran.err
            assert "not this one" not in ran.err
            if into == "missing":
                how = f"--secret RESTORE_CONN_STRINGS … --stack {NAME}, then pulumi up --stack"
                assert how in " ".join(ran.err.split())
        restoring.damage(made, flip)
        ran = order(restoring, key, "new", "--create")
        assert ran.code == 4, ran.err
        assert not exists(server(18), NEW)
        assert unfinished(server(18)) == []
        told = eventually(lambda: (found := letters(restoring, key)) and len(found) == 5 and found)
        assert {each["kind"] for each in told} == {"restore"}
        assert all("restore --follow" in each["reason"] for each in told)
        retried = restoring.run_cli("retry", key)
        assert retried.code == 2
        assert "restores, which are never tried again" in retried.err
        retried = restoring.run_cli("retry")
        assert retried.code == 0
        assert f"passed over: 5 restores of {key}" in " ".join(retried.err.split())
        assert len(restoring.run_cli("retry", "--json").document["passed_over"]) == 5
        assert restoring.run_cli("failures", key, "--discard").code == 0


@pytest.mark.long
def test_a_manifest_that_has_changed_since_is_refused(restoring: StageUnderTest) -> None:
    with restoring.database("changed", restoring.source(18).dsn) as key:
        made: Manifest = restoring.back_up(key)
        seen = "0" * 64
        wish = CloudRestore(key, made.scheduled_at, seen, "new", datetime.now(UTC), create=True)
        service, name = restoring.service, restore_container_name(wish)
        batch = Batch(
            service.restore_queue, service.restore_definition, restoring.cloud.client("batch")
        )
        identifier = batch.submit(wish.to_json(), name, wish.size)
        eventually(lambda: not batch.state(identifier).is_under_way)
        assert batch.state(identifier).exit_code == 4
        lines = "\n".join(restoring.host.containers.logs(name))
        assert "is not the one that was seen" in lines


@pytest.mark.long
def test_one_that_is_ended_in_the_middle_leaves_no_database_and_says_so(
    restoring: StageUnderTest,
    source: Callable[..., Source],
    server: Callable[[int], PostgresServer],
    target: Source,
) -> None:
    with restoring.database("ended", source(18, HELD).dsn) as key:
        restoring.back_up(key)
        client, queue = restoring.cloud.client("batch"), restoring.service.restore_queue
        with restoring.start_cli("restore", key, "--in-cloud", "--into", "new", "--create") as told:
            sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            eventually(lambda: target.beside("postgres").rows(sleeping))
            (job,) = client.list_jobs(jobQueue=queue, jobStatus="RUNNING")["jobSummaryList"]
            client.terminate_job(jobId=job["jobId"], reason="somebody")
            _, err = told.communicate()
        assert told.returncode == 9, err
        assert "told to end before the restore was done" in err
        assert not exists(server(18), NEW)
        assert unfinished(server(18)) == []
        end_sessions(target)


@pytest.mark.long
def test_the_restoring_role_reads_targets_and_backups_and_no_more(
    restoring: StageUnderTest, cloud: Cloud
) -> None:
    role = f"arn:aws:iam::{cloud.account}:role/{ROLE}"
    s3, sqs, ssm, batch = (cloud.client_as(each, role) for each in ("s3", "sqs", "ssm", "batch"))
    made = store_whole(restoring.vault, datetime(2026, 11, 23, tzinfo=UTC), "other")
    vault, outputs = restoring.vault.bucket, restoring.deployment.outputs
    root = f"/snapper/{NAME}"
    assert s3.get_object(Bucket=vault, Key=made.dump_key)
    assert s3.get_object(Bucket=vault, Key=made.key)
    assert ssm.get_parameter(Name=f"{root}/RESTORE_CONN_STRINGS/new", WithDecryption=True)
    for key in (made.dump_key, made.key, "other/new"):
        assert refused(s3.put_object, Bucket=vault, Key=key, Body=b"")
        assert refused(s3.delete_object, Bucket=vault, Key=key)
    for path in ("RESTORE_CONN_STRINGS", "DATABASE_CONN_STRINGS", "DATABASES", "OPTIONS"):
        assert refused(ssm.get_parameters_by_path, Path=f"{root}/{path}", WithDecryption=True)
    name = f"{root}/DATABASE_CONN_STRINGS/_0"
    assert refused(ssm.get_parameter, Name=name, WithDecryption=True)
    for url in ("queue_url", "dead_letter_url"):
        assert refused(sqs.send_message, QueueUrl=outputs[url], MessageBody="x")
    assert refused(batch.submit_job, jobName="x", jobQueue="x", jobDefinition="x")


@pytest.mark.long
@pytest.mark.parametrize(
    "other",
    [
        *("dumper", "prover", "pruner", "dispatcher", "watcher", "large", "large-drills"),
        *("large-start", "large-restores-start"),
    ],
)
def test_nobody_else_reads_a_target(restoring: StageUnderTest, cloud: Cloud, other: str) -> None:
    ssm = cloud.client_as("ssm", f"arn:aws:iam::{cloud.account}:role/snapper-{NAME}-{other}")
    path = f"/snapper/{NAME}/RESTORE_CONN_STRINGS"
    assert refused(ssm.get_parameter, Name=f"{path}/new", WithDecryption=True)
    assert refused(ssm.get_parameters_by_path, Path=path, WithDecryption=True)
    assert refused(ssm.get_parameters_by_path, Path="/snapper", Recursive=True)


@pytest.mark.long
def test_the_restoring_role_needs_every_right_it_has(
    restoring: StageUnderTest, server: Callable[[int], PostgresServer], target: Source, cloud: Cloud
) -> None:
    with restoring.database("weighed", restoring.source(18).dsn) as key:
        restoring.back_up(key)
        for weakening in without_a_statement(Rights(cloud, ROLE).statements):
            with faulted(FAMILY), Rights(cloud, ROLE).weakened(weakening):
                ran = order(restoring, key, "new", "--create")
                assert ran.code != 0, str(weakening)
                assert not exists(server(18), NEW)
        ran = order(restoring, key, "new", "--create")
        assert ran.code == 0, ran.err
        target.beside("postgres").run(f'DROP DATABASE "{NEW}"')
        assert restoring.run_cli("failures", key, "--discard").code == 0
