"""The check-up where the dumper's own clients are at fault."""

from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from local.emulator.cloud import Cloud
from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.values.finding import Finding, Level
from snapper.values.secrets import Database
from snapper.verbs.doctor import examine, examine_first_dump, examine_vault
from tests.support.backups import days, store
from tests.support.databases import AT, Source
from tests.support.engines import postgresql
from tests.support.vaults import keys, open_uploads


def program(root: Path, major: int, script: str) -> None:
    path = root / str(major) / "bin" / "pg_dump"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_client_that_cannot_run_is_told_with_its_own_words(tmp_path: Path) -> None:
    program(tmp_path, 14, "echo 'pg_dump (PostgreSQL) 14.23'")
    program(tmp_path, 15, "echo 'libpq.so.5: cannot open shared object file' >&2; exit 127")
    good, bad = postgresql(ClientTools(tmp_path)).examine_clients()
    assert (good.level, good.fact) == (Level.OK, "runs: 14.23")
    assert bad.level is Level.FAILURE
    assert "cannot open shared object file" in bad.fact
    assert "pulumi up" in bad.fix


def test_no_clients_at_all_is_a_failure(tmp_path: Path) -> None:
    (found,) = postgresql(ClientTools(tmp_path)).examine_clients()
    assert (found.level, found.subject) == (Level.FAILURE, "clients")


def test_a_server_newer_than_every_client_is_a_failure_naming_both(
    tmp_path: Path, source: Callable[..., Source]
) -> None:
    program(tmp_path, 14, "echo 'pg_dump (PostgreSQL) 14.23'")
    found = {
        each.subject: each
        for each in examine(source(17).database(), postgresql(ClientTools(tmp_path)))
    }
    assert found["client"].level is Level.FAILURE
    assert "PostgreSQL 17, the newest bundled client is 14" in found["client"].fact
    assert "update Snapper" in found["client"].fix


def test_a_client_of_an_older_minor_release_is_a_warning(
    tmp_path: Path, source: Callable[..., Source]
) -> None:
    program(tmp_path, 17, "echo 'pg_dump (PostgreSQL) 17.0'")
    found = {
        each.subject: each
        for each in examine(source(17).database(), postgresql(ClientTools(tmp_path)))
    }
    assert found["client"].level is Level.WARNING


def test_a_connection_that_fails_is_judged_as_check_judges_it(tmp_path: Path) -> None:
    orders = Database("orders", "postgresql://u:hush-hush@127.0.0.1:1/d", 1)
    engine = postgresql(ClientTools(tmp_path))
    failed, judged = examine(orders, engine)
    assert (failed.subject, judged.subject) == ("connection", "connection string")
    assert judged.fact.startswith("127.0.0.1 means the function itself: write the name")
    assert "hush" not in str(judged)
    # Where the function runs on this machine, that is no fault.
    assert [each.subject for each in examine(orders, engine, from_here=True)] == ["connection"]


@pytest.mark.parametrize(
    ("hands_over", "level", "told"),
    [
        (False, Level.WARNING, "there are 14 min, as slow servers are"),
        (True, Level.OK, "it is dumped in a container of AWS Batch"),
    ],
)
def test_a_first_dump_that_may_take_too_long_is_told_of(
    hands_over: bool, level: Level, told: str, vault: Vault
) -> None:
    def of(size: int) -> list[Finding]:
        found = examine_first_dump(vault, "orders", 840, AT, size, hands_over=hands_over)
        return list(found)

    assert of(20_000_000_000) == []
    (finding,) = of(30_000_000_000)
    assert (finding.level, finding.subject) == (level, "time")
    assert finding.fact.startswith("30.0 GB take about 17 min to dump, a quarter more at worst")
    assert finding.fact.endswith(told)
    assert ("largeDatabases" in finding.fix) is not hands_over
    store(vault, days(-1))
    assert of(30_000_000_000) == []  # how long that one took says more


def test_what_a_backup_would_lack_is_warned_of_beforehand(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    made = source(
        17,
        "CREATE EXTENSION hstore; CREATE TABLE settings AS SELECT 'hush' AS v;"
        "ALTER EXTENSION hstore ADD TABLE settings",
    )
    found = {each.subject: each for each in examine(made.database(), postgresql(tools))}
    lacking = found["tables of extensions"]
    assert lacking.level is Level.WARNING
    assert "not in the backup: the rows of tables that belong to an extension: " in lacking.fact
    assert "public.settings" in lacking.fact
    assert "ALTER EXTENSION" in lacking.fix


def test_a_vault_that_takes_an_upload_is_well(vault: Vault) -> None:
    found = examine_vault(vault, "orders", AT)
    assert (found.level, found.subject) == (Level.OK, "vault")
    assert vault.bucket in found.fact
    assert (keys(vault), open_uploads(vault)) == ([], [])


def test_a_vault_that_is_not_there_or_out_of_reach_is_a_failure(
    cloud: Cloud, refusing_port: int
) -> None:
    gone = examine_vault(Vault("gone", cloud.client("s3")), "orders", AT)
    assert gone.level is Level.FAILURE
    assert "NoSuchBucket" in gone.fact
    one_try = Config(retries={"total_max_attempts": 1})
    deaf = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{refusing_port}", config=one_try)
    far = examine_vault(Vault("far", deaf), "orders", AT)
    assert far.level is Level.FAILURE
    assert "gateway endpoint" in far.fix
