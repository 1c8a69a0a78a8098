"""`snapper restore` where a backup is known to be damaged."""

from dataclasses import replace
from datetime import timedelta

from snapper.values.job import write_time
from tests.support.backed_up import backed_up
from tests.support.stage import StageUnderTest


def test_what_is_known_to_be_damaged_is_passed_over_or_refused_by_its_name(
    stage: StageUnderTest,
) -> None:
    with backed_up(stage, "flawed") as (_, good):
        bad = replace(good, scheduled_at=good.scheduled_at + timedelta(seconds=1))
        stage.put_backup(bad, b"x" * bad.backup_bytes)
        target = ["--to", stage.new("flawed anew").dsn, "--create", "--dry-run"]
        assert bad.dump_key in stage.run_cli("restore", "flawed", *target).out
        assert stage.run_cli("verify", "flawed").code == 4
        ran = stage.run_cli("restore", "flawed", *target, "--json")
        assert ran.code == 0, ran.err
        assert ran.document["manifest"]["object"] == good.dump_key
        at = write_time(bad.scheduled_at)
        (warning,) = (each for each in ran.document["warnings"] if "passed over" in each)
        assert at in warning
        assert f"warning: {warning}\n" in ran.err
        for name in (at, bad.dump_key):
            refused = stage.run_cli("restore", "flawed", *target, "--at", name)
            assert refused.code == 4
            assert f"the backup of flawed at {at} is damaged: " in refused.err
            assert "older one" in refused.err


def test_where_no_older_one_is_good_none_is_promised(stage: StageUnderTest) -> None:
    with backed_up(stage, "hopeless") as (_, only):
        stage.damage(only, lambda body: body + b"x")
        target = stage.new("hopeless anew").dsn
        for command in (
            ("restore", "hopeless", "--to", target, "--create"),
            ("download", "hopeless", "-o", "-"),
        ):
            ran = stage.run_cli(*command)
            assert ran.code == 4
            assert "and no older one is good" in ran.err
            assert "restores an older one" not in ran.err
            assert "list hopeless shows what is wrong with each" in ran.err
