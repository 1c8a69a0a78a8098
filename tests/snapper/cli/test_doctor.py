"""`snapper doctor`: findings made inside the deployed dumper, one for every ill there is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from snapper.values.job import Job
from snapper.values.options import Options
from tests.support import poolers
from tests.support.cloud_server import everywhere
from tests.support.few import few
from tests.support.manifests import manifest
from tests.support.stage import StageUnderTest

LOGIN = "CREATE ROLE {} LOGIN PASSWORD 'pw'"


def findings(stage: StageUnderTest, key: str, connection: str, code: int) -> dict[str, Any]:
    """Examine one database, and give its findings by subject."""
    with stage.database(key, connection):
        ran = stage.run_cli("doctor", key, "--json")
    assert ran.code == code, ran.err
    assert ran.document["healthy"] == (code == 0)
    return {each["subject"]: each for each in ran.document["findings"][key]}


@everywhere("somewhere")
def test_a_healthy_database_exits_0_and_the_clients_say_their_versions(
    somewhere: StageUnderTest,
) -> None:
    with somewhere.database("healthy", somewhere.source(18).dsn):
        somewhere.back_up("healthy")
        ran = somewhere.run_cli("doctor", "healthy", "--json")
    assert ran.code == 0, ran.err
    clients = {each["subject"]: each for each in ran.document["findings"]["(function)"]}
    assert list(clients) == [f"pg_dump {major}" for major in (14, 15, 16, 17, 18)]
    assert all(each["fact"].startswith("runs: ") for each in clients.values())
    subjects = {each["subject"]: each["level"] for each in ran.document["findings"]["healthy"]}
    assert subjects == {
        "connection": "ok",
        "encryption": "warning",  # the throw-away servers have no certificate
        "client": "ok",
        "size": "ok",
        "rights": "ok",
        "vault": "ok",
        "proof": "ok",
        "age": "ok",
        "time": "ok",
    }


def test_human_findings_are_lines_with_level_fact_and_mend(stage: StageUnderTest) -> None:
    ran = stage.run_cli("doctor", "shop")
    assert ran.code == 0, ran.err
    (line,) = (line for line in ran.lines if " encryption " in line)
    assert line.startswith("shop ")
    assert "the connection is not encrypted -> add sslmode=require" in line
    assert any(line.endswith("every one of 4 can be read") for line in ran.lines)


def test_an_unknown_host_is_a_failure_of_its_name(stage: StageUnderTest) -> None:
    found = findings(stage, "unknown", "postgresql://u:s3cr3t@no-such-host.invalid/d", 1)
    assert found["name"]["level"] == "failure"
    assert "no-such-host.invalid cannot be resolved" in found["name"]["fact"]
    assert "network" in found["name"]["fix"]
    assert "connection" not in found
    assert "s3cr3t" not in str(found)


def test_a_wrong_password_is_told_and_not_shown(stage: StageUnderTest) -> None:
    wrong = stage.source(18).dsn.replace("p%40ss", "s3cr3t-w0rd")
    found = findings(stage, "wrong", wrong, 1)
    assert found["connection"]["level"] == "failure"
    assert "password authentication failed" in found["connection"]["fact"]
    assert "s3cr3t" not in str(found)


def test_nobody_listening_is_told(stage: StageUnderTest) -> None:
    found = findings(stage, "deaf", "postgresql://u:p@127.0.0.1:1/d", 1)
    assert "refused" in found["connection"]["fact"]
    assert "connection string" not in found  # the function runs on the machine that is meant


@pytest.mark.parametrize("keeps_options", few([True, False]))
def test_a_pooler_is_a_failure_and_the_mend_names_the_direct_connection(
    stage: StageUnderTest, *, keeps_options: bool
) -> None:
    source = stage.source(18)
    port = source.server.port
    with poolers.sharing(port, keeps_options=keeps_options) as between:
        dsn = source.dsn.replace(f":{port}/", f":{between}/")
        found = findings(stage, "pooled", dsn, 1)
    assert "is a connection pooler" in found["connection"]["fact"]
    assert "direct connection" in found["connection"]["fix"]


def test_what_a_role_may_not_read_is_named_with_the_mend(stage: StageUnderTest) -> None:
    source = stage.source(
        18,
        LOGIN.format("modest") + "; CREATE TABLE t1 (n serial); CREATE TABLE t2 (n int);"
        "GRANT SELECT ON t2 TO modest; ALTER TABLE t2 ENABLE ROW LEVEL SECURITY;"
        "SELECT lo_from_bytea(0, 'x')",
    )
    dsn = source.as_role("modest", "pw")
    found = findings(stage, "modest", dsn, 1)
    assert found["rights"]["level"] == "failure"
    assert "public.t1, public.t1_n_seq" in found["rights"]["fact"]
    assert found["rights"]["fix"] == "GRANT pg_read_all_data TO modest"
    assert "public.t2" in found["row security"]["fact"]
    assert found["row security"]["fix"] == "ALTER ROLE modest BYPASSRLS"
    assert "may not read 1 of 1" in found["large objects"]["fact"]
    source.run("DROP OWNED BY modest; DROP ROLE modest")


def test_slow_backups_are_warned_of_before_they_reach_the_limit(stage: StageUnderTest) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with stage.database("slow", stage.source(18).dsn):
        stage.put_backup(
            manifest(
                database="slow",
                scheduled_at=now,
                started_at=now,
                finished_at=now + timedelta(minutes=11),
                backup_bytes=10,
            )
        )
        ran = stage.run_cli("doctor", "slow", "--json")
        found = {each["subject"]: each for each in ran.document["findings"]["slow"]}
    assert found["time"]["level"] == "warning"
    assert "660 s" in found["time"]["fact"]


@everywhere("somewhere")
def test_no_backup_yet_is_a_warning_that_names_the_command(somewhere: StageUnderTest) -> None:
    found = findings(somewhere, "never", somewhere.source(18).dsn, 0)
    assert found["time"] == {
        "level": "warning",
        "subject": "time",
        "fact": "no backup has been made yet",
        "fix": "bin/snapper run never --wait",
    }


def test_a_database_that_the_stage_does_not_have_exits_2(stage: StageUnderTest) -> None:
    ran = stage.run_cli("doctor", "nobody")
    assert ran.code == 2
    assert "hint: it has sensors, shop" in ran.err


def test_a_backup_that_is_older_than_the_schedule_allows_is_a_failure(
    stage: StageUnderTest,
) -> None:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    with stage.database("forgotten", stage.source(18).dsn):
        stage.put_backup(manifest(database="forgotten", scheduled_at=at))
        ran = stage.run_cli("doctor", "forgotten", "--json")
        found = {each["subject"]: each for each in ran.document["findings"]["forgotten"]}
    assert ran.code == 1
    assert found["age"]["level"] == "failure"
    assert found["age"]["fact"].startswith(
        "the newest good backup is 3d old: it is late after 1d 12h"
    )
    assert "status forgotten" in found["age"]["fix"]


def test_backups_of_which_none_is_good_are_a_failure(stage: StageUnderTest) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    with stage.database("broken", stage.source(18).dsn):
        stage.put_backup(manifest(database="broken", scheduled_at=at), b"short")
        ran = stage.run_cli("doctor", "broken", "--json")
        found = {each["subject"]: each for each in ran.document["findings"]["broken"]}
    assert (ran.code, found["age"]["fact"]) == (1, "none of the backups is good")


def test_dead_letters_of_the_databases_are_warned_of(stage: StageUnderTest) -> None:
    def letters(key: str) -> dict[str, str]:
        found = stage.run_cli("doctor", key, "--json").document["findings"]["(stage)"]
        return next(each for each in found if each["subject"] == "dead letters")

    stage.settle()
    stage.post_dead_letter(Job("shop", datetime(2026, 11, 1, tzinfo=UTC)).to_json())
    try:
        assert letters("shop")["level"] == "warning"
        assert letters("shop")["fact"].endswith("failed for good: 1, of shop")
        assert "snapper failures" in letters("shop")["fix"]
        assert letters("sensors")["level"] == "ok"
    finally:
        stage.settle()


def test_how_old_a_backup_may_be_is_what_the_database_says(stage: StageUnderTest) -> None:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    options = Options(max_age_hours=1)
    with stage.database("hasty", stage.source(18).dsn, options=options):
        stage.put_backup(manifest(database="hasty", scheduled_at=at))
        ran = stage.run_cli("doctor", "hasty", "--json")
        found = {each["subject"]: each for each in ran.document["findings"]["hasty"]}
    assert found["age"]["fact"] == "the newest good backup is 2h 0m old: it is late after 1h 0m"
