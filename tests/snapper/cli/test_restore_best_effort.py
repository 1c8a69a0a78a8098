"""`snapper restore --best-effort`: what can be had is had, and what cannot is a list."""

import pytest

from tests.support.backed_up import TABLE, backed_up
from tests.support.databases import Source
from tests.support.restores import exists
from tests.support.stage import StageUnderTest

BROKEN = f"""
    {TABLE};
    CREATE VIEW around AS SELECT 1 AS n;
    CREATE OR REPLACE VIEW around AS SELECT n FROM around;
"""


@pytest.mark.long
def test_what_cannot_be_restored_is_listed_and_the_name_says_that_it_is_not_whole(
    stage: StageUnderTest,
) -> None:
    with backed_up(stage, "broken", BROKEN):
        target = stage.new("best of it")
        whole = stage.run_cli("restore", "broken", "--to", target.dsn, "--create")
        assert whole.code == 9
        assert "view public.around" in whole.err
        assert "it is made of itself" in whole.err
        assert "--create --best-effort" in whole.err

        ran = stage.run_cli("restore", "broken", "--to", target.dsn, "--create", "--best-effort")
        assert ran.code == 9
        assert not exists(target.server, target.name)
        assert "42P01" in ran.out
        assert "NOT WHOLE: 1 statement could not be run" in ran.out
        accepting = ran.lines[-1].strip()
        assert accepting.startswith('ALTER DATABASE "best of it-incomplete-')
        Source(target.server, "postgres").run(accepting)
        assert target.rows("SELECT count(*) FROM orders") == [(100,)]


def test_the_list_is_for_programs_too(stage: StageUnderTest) -> None:
    with backed_up(stage, "listed", BROKEN):
        target = stage.new("listed best")
        ran = stage.run_cli(
            "restore", "listed", "--to", target.dsn, "--create", "--best-effort", "--json"
        )
        assert ran.code == 9
        (missing,) = ran.document["missing"]
        assert (missing["kind"], missing["name"]) == ("view", "public.around")
        assert (missing["sqlstate"], missing["rows"]) == ("42P01", False)
        assert ran.document["kept_as"].startswith("listed best-incomplete-")
        (owner,) = ran.document["left_out"]
        assert owner["name"] == "VIEW public.around"


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        (["--best-effort"], "fills no database that is there already"),
        (["--best-effort", "--create", "--strict"], "contradict each other"),
        (["--best-effort", "--create", "--final-name"], "goes with no --final-name"),
        (["--final-name"], "is for a new database"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    options: list[str], fact: str, stage: StageUnderTest
) -> None:
    ran = stage.run_cli("restore", "shop", "--to", "host=nowhere", *options)
    assert ran.code == 2
    assert fact in ran.err


def test_a_database_that_is_there_is_not_filled_by_best_effort(stage: StageUnderTest) -> None:
    with backed_up(stage, "there") as (source, _):
        target = stage.new("there already")
        Source(source.server, "postgres").run(f'CREATE DATABASE "{target.name}"')
        ran = stage.run_cli("restore", "there", "--to", target.dsn, "--create", "--best-effort")
        assert ran.code == 2
        assert "is there already" in ran.err
