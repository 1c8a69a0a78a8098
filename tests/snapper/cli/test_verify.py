"""`snapper verify`: a verdict on each backup, recorded beside it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from snapper.cli.verify import SERVER_VARIABLE
from snapper.errors import AwsFailed, BackupDamaged, DatabaseUnreachable
from snapper.values.job import write_time
from snapper.values.options import Options
from snapper.verbs.catalog import backups, listing
from tests.support.cloud_server import everywhere
from tests.support.restores import flip
from tests.support.stage import StageUnderTest, wait_until

NOTHING_ABOUT = "there is no backup of"
_FUNCTION = "CREATE OR REPLACE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS"
UNRESTORABLE = f"""
    CREATE TABLE t AS SELECT 1 AS n; {_FUNCTION} 'SELECT $1';
    CREATE INDEX ON t (f(n)); {_FUNCTION} 'SELECT 1/0'
"""
"""What can be dumped, and restored nowhere."""


def problems(stage: StageUnderTest, key: str) -> list[str]:
    found = stage.run_cli("status", "--json").document["databases"]
    (mine,) = (each["problems"] for each in found if each["database"] == key)
    return list(mine)


def test_sound_backups_exit_0_and_are_listed_as_read(stage: StageUnderTest) -> None:
    with stage.database("sound", stage.source(18).dsn):
        manifest = stage.back_up("sound")
        ran = stage.run_cli("verify", "sound")
        assert ran.code == 0, ran.err
        assert ran.lines[1].split()[0] == manifest.dump_key
        assert ran.lines[1].split()[-1] == "sound"
        assert "read 20" in stage.run_cli("list", "sound").out


def test_a_restored_one_tells_tables_rows_and_time(stage: StageUnderTest) -> None:
    asserted = Options(assertions=("SELECT count(*) = 1 FROM t",))
    with stage.database("proven", stage.source(18).dsn, options=asserted):
        stage.back_up("proven")
        ran = stage.run_cli("verify", "proven", "--restore", "--json")
        assert ran.code == 0, ran.err
        (found,) = ran.document["backups"]
        assert found["error"] is None
        assert found["verification"]["sound"] is True
        assert found["verification"]["restored"]["tables"] == 1
        assert found["verification"]["restored"]["rows"] == 1
        assert found["verification"]["restored"]["seconds"] > 0
        assert found["verification"]["proof"]["compared"] == 1
        assert found["verification"]["proof"]["assertions"] == list(asserted.assertions)
        assert "restored 20" in stage.run_cli("list", "proven").out


@pytest.mark.long
def test_what_was_proven_stays_proven_when_it_is_read_again(stage: StageUnderTest) -> None:
    with stage.database("lasting", stage.source(18).dsn):
        stage.back_up("lasting")
        assert stage.run_cli("verify", "lasting", "--restore").code == 0
        proven = stage.run_cli("list", "lasting", "--json").document["databases"]["lasting"][0]
        assert stage.run_cli("verify", "lasting").code == 0
        assert "restored 20" in stage.run_cli("list", "lasting").out
        again = stage.run_cli("list", "lasting", "--json").document["databases"]["lasting"][0]
        assert again["verification"]["restored"] == proven["verification"]["restored"]
        assert again["verification"]["restored_at"] == proven["verification"]["restored_at"]
        assert again["verification"]["verified_at"] >= proven["verification"]["verified_at"]


def test_a_damaged_one_exits_4_is_recorded_and_stops_no_other(stage: StageUnderTest) -> None:
    with (
        stage.database("a-damaged", stage.source(18).dsn),
        stage.database("b-sound", stage.source(18).dsn),
        stage.database("c-none", stage.source(18).dsn),
    ):
        stage.damage(stage.back_up("a-damaged"), flip)
        stage.back_up("b-sound")
        ran = stage.run_cli("verify", "a-damaged", "b-sound", "c-none")
        assert ran.code == 4
        assert "DAMAGED: a-damaged/" in ran.lines[1]
        assert ran.lines[2].endswith("sound") or " sound " in ran.lines[2]
        assert NOTHING_ABOUT in ran.lines[3]
        assert "DAMAGED" in stage.run_cli("list", "a-damaged").out
        assert "damaged" in stage.run_cli("status").out.lower()


@pytest.mark.long
@pytest.mark.parametrize("change", [flip, lambda body: body[:-1]], ids=["flipped", "cut"])
def test_what_it_finds_damaged_pushes_out_no_good_backup_when_the_pruner_prunes(
    stage: StageUnderTest, change: Callable[[bytes], bytes]
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    due = [now + timedelta(seconds=number) for number in range(4)]  # none of them late

    def times() -> list[datetime]:
        return [holding.taken_at for holding in backups(stage.vault, key)]

    with stage.database("pushy", stage.source(18).dsn, retention=2) as key, stage.pruning():
        stage.back_up(key, due[0])
        stage.damage(stage.back_up(key, due[1]), change)
        assert stage.run_cli("verify", key, "--at", write_time(due[1])).code == 4
        stage.back_up(key, due[2])
        assert "number 2 of the 2 to keep" in stage.run_cli("prune", key, "--dry-run").lines[3]
        assert times() == [due[2], due[1], due[0]]
        stage.back_up(key, due[3])
        wait_until(lambda: times() == [due[3], due[2]])
        wait_until(lambda: len(list(stage.vault.list(f"{key}/"))) == 6)  # each with its list


def test_a_manifest_that_cannot_be_read_is_damage(stage: StageUnderTest) -> None:
    with stage.database("unread", stage.source(18).dsn):
        manifest = stage.back_up("unread")
        stage.vault.put(manifest.key, b"{")
        ran = stage.run_cli("verify", "unread", "--json")
        assert ran.code == 4
        (found,) = ran.document["backups"]
        assert found["manifest"] is None
        assert found["verification"]["sound"] is False
        (holding,) = backups(stage.vault, "unread")
        assert holding.entry.damaged


def test_a_backup_that_cannot_be_restored_here_is_told_and_exits_9(stage: StageUnderTest) -> None:
    with stage.database("unrestorable", stage.source(18, UNRESTORABLE).dsn):
        stage.back_up("unrestorable")
        ran = stage.run_cli("verify", "unrestorable", "--restore")
        assert ran.code == 9
        assert "sound, but NOT RESTORED: the restore stopped" in ran.out
        assert "division by zero" in ran.out


@pytest.mark.long
def test_a_failed_trial_is_not_forgotten_until_a_later_backup_is_proven(
    stage: StageUnderTest,
) -> None:
    source = stage.source(18, UNRESTORABLE)
    with stage.database("unproven", source.dsn, retention=1) as key:
        at = write_time(stage.back_up(key).scheduled_at)
        assert stage.run_cli("verify", key, "--restore").code == 9
        for _ in range(2):
            assert problems(stage, key) == ["unrestorable"]
            ran = stage.run_cli("status")
            assert ran.code == 1
            assert f"the backup of {key} at {at} was not proven" in ran.out
            assert ran.out.count("division by zero") == 1
            assert "NOT RESTORED 20" in stage.run_cli("list", key).out
            # To read it again takes nothing back.
            told = " ".join(stage.run_cli("verify", key).out.split())
            assert "but NOT RESTORED on 20" in told
            assert "until verify --restore proves it or a later one, or --accept" in told
        source.run(f"{_FUNCTION} 'SELECT $1'")
        time.sleep(1)  # the next scheduled time is another one
        with stage.pruning():
            stage.back_up(key)
            wait_until(lambda: len(backups(stage.vault, key)) == 1)
        assert problems(stage, key) == ["unrestorable"], "that it is pruned proves nothing"
        assert stage.run_cli("verify", key, "--restore").code == 0
        assert problems(stage, key) == []


@pytest.mark.long
def test_the_operator_says_why_a_failed_trial_is_no_reason_to_worry(stage: StageUnderTest) -> None:
    with stage.database("excused", stage.source(18, UNRESTORABLE).dsn) as key:
        stage.back_up(key)
        refused = stage.run_cli("verify", key, "--accept", "why not")
        assert refused.code == 2
        assert "no failed trial of excused" in refused.err
        assert stage.run_cli("verify", key, "--restore").code == 9
        assert stage.run_cli("verify", key, "--accept", "nobody needs it").code == 0
        assert problems(stage, key) == []
        (found,) = stage.run_cli("list", key, "--json").document["databases"][key]
        accepted = found["verification"]["failed"]["accepted"]
        assert accepted["reason"] == "nobody needs it"
        assert accepted["by"].startswith("arn:aws:")
        for told in (stage.run_cli("list", key).out, stage.run_cli("status").out):
            assert "nobody needs it" in told
        # The same reason needs no new word.
        assert stage.run_cli("verify", key, "--restore").code == 9
        assert problems(stage, key) == []


@pytest.mark.parametrize("empty", ["", "  "])
def test_a_word_for_a_trial_holds_a_reason(empty: str, stage: StageUnderTest) -> None:
    ran = stage.run_cli("verify", "shop", "--accept", empty)
    assert ran.code == 2
    assert "--accept needs a reason" in ran.err


def test_a_word_for_a_trial_is_about_one_database_and_its_last(stage: StageUnderTest) -> None:
    for more in ([], ["shop", "sensors"], ["shop", "--restore"], ["shop", "--at", "2026-11-23"]):
        assert stage.run_cli("verify", "--accept", "why not", *more).code == 2


@everywhere("somewhere")
def test_on_a_server_of_ones_own_it_is_restored_and_nothing_stays(
    somewhere: StageUnderTest,
) -> None:
    databases = "SELECT datname FROM pg_database ORDER BY 1"
    with somewhere.database("elsewhere", somewhere.source(18).dsn):
        somewhere.back_up("elsewhere")
        own = somewhere.source(18)
        before = own.rows(databases)
        for more, named in (({}, ["--on", own.dsn]), ({SERVER_VARIABLE: own.dsn}, [])):
            ran = somewhere.run_cli("verify", "elsewhere", "--restore", "--json", *named, more=more)
            assert ran.code == 0, ran.err
            (found,) = ran.document["backups"]
            assert found["verification"]["restored"]["rows"] == 1
        assert own.rows(databases) == before


def test_a_server_that_cannot_be_reached_is_told_before_anything_is_read(
    stage: StageUnderTest,
) -> None:
    nowhere = "postgresql://u:hush@127.0.0.1:1/own"
    with stage.database("unproven", stage.source(18).dsn):
        stage.back_up("unproven")
        for more, named in (({}, ["--on", nowhere]), ({SERVER_VARIABLE: nowhere}, [])):
            ran = stage.run_cli("verify", "unproven", "--restore", *named, more=more)
            assert (ran.code, ran.out) == (DatabaseUnreachable.exit_code, "")
            assert "cannot connect to 127.0.0.1:1/own" in ran.err
            assert "unfinished" not in ran.err
            assert "hush" not in ran.err
        (backup,) = listing(stage.vault, "unproven")
        assert backup.verification is None


def test_a_server_without_a_restore_is_refused_where_it_was_typed(stage: StageUnderTest) -> None:
    ran = stage.run_cli("verify", "shop", "--on", "postgresql://u:hush@127.0.0.1:1/own")
    assert (ran.code, ran.out) == (2, "")
    assert "nothing is restored without --restore" in ran.err
    assert "add --restore" in ran.err
    assert "hush" not in ran.err


@pytest.mark.parametrize("named", ["postgresql://u:hush@127.0.0.1:1/own", "nonsense"])
def test_the_variable_says_nothing_where_nothing_is_restored(
    stage: StageUnderTest, named: str
) -> None:
    with stage.database("plain", stage.source(18).dsn):
        stage.back_up("plain")
        ran = stage.run_cli("verify", "plain", more={SERVER_VARIABLE: named})
    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (None, AwsFailed.exit_code, ": no, not here"),
        (flip, BackupDamaged.exit_code, "DAMAGED: unkept/"),
    ],
    ids=["sound", "damaged"],
)
def test_a_verdict_that_cannot_be_recorded_is_told_all_the_same(
    change: Callable[[bytes], bytes] | None,
    code: int,
    words: str,
    stage: StageUnderTest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise AwsFailed("no, not here")

    monkeypatch.setattr("snapper.verbs.judge.record", refuse)
    with stage.database("unkept", stage.source(18).dsn):
        manifest = stage.back_up("unkept")
        if change:
            stage.damage(manifest, change)
        ran = stage.run_cli("verify", "unkept")
        assert ran.code == code
        assert words in ran.out
        assert ", but NOT RECORDED: no, not here" in ran.out


def test_no_backup_exits_3(stage: StageUnderTest) -> None:
    ran = stage.run_cli("verify", "sensors")
    assert ran.code == 3
    assert NOTHING_ABOUT in ran.out
