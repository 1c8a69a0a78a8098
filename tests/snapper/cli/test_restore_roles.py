"""`snapper restore` where roles are missing, and what was set on the database and for them."""

import pytest

from tests.support.backed_up import backed_up
from tests.support.cloud_server import MASTER, everywhere
from tests.support.properties import SECRET
from tests.support.restores import DAMAGES
from tests.support.stage import StageUnderTest


@everywhere("somewhere", MASTER)
def test_missing_roles_are_told_before_and_made_if_wanted(somewhere: StageUnderTest) -> None:
    with backed_up(somewhere, "roles") as (source, _):
        source.run('CREATE ROLE "Mrs. O\'Hara"; GRANT SELECT ON orders TO "Mrs. O\'Hara"')
        somewhere.forget("roles")
        somewhere.back_up("roles")
        source.run('REVOKE ALL ON orders FROM "Mrs. O\'Hara"; DROP ROLE "Mrs. O\'Hara"')
        target = somewhere.new("roles anew")
        refused = somewhere.run_cli("restore", "roles", "--to", target.dsn, "--create")
        assert refused.code == 2
        assert "lacks the roles Mrs. O'Hara" in refused.err
        assert all(way in refused.err for way in ("--create-roles", "--no-owner"))
        made = somewhere.run_cli(
            "restore", "roles", "--to", target.dsn, "--create", "--create-roles", "--json"
        )
        assert made.code == 0, made.err
        assert made.document["creates_roles"] == ["Mrs. O'Hara"]
        login = "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'Mrs. O''Hara'"
        assert target.rows(login) == [(False,)]


def test_roles_that_a_table_names_are_made_for_it_if_wanted(stage: StageUnderTest) -> None:
    with backed_up(stage, "some", "CREATE TABLE t AS SELECT 1 AS n; CREATE TABLE u (n int)") as (
        source,
        _,
    ):
        source.run(
            "CREATE ROLE reads; CREATE ROLE sees; CREATE ROLE apart; GRANT SELECT ON t TO reads;"
            " CREATE POLICY p ON t AS RESTRICTIVE FOR SELECT TO reads, sees USING (true);"
            " GRANT SELECT ON u TO apart"
        )
        stage.forget("some")
        stage.back_up("some")
        source.run("DROP OWNED BY reads, sees, apart; DROP ROLE reads, sees, apart")
        target = stage.source(18, "CREATE TABLE mine (n int)")
        asked = ("restore", "some", "--table", "t", "--to", target.dsn)
        refused = stage.run_cli(*asked)
        assert refused.code == 2
        assert "lacks the roles reads, sees" in refused.err
        told = stage.run_cli(*asked, "--create-roles", "--dry-run")
        assert "would first make the role sees, without login" in told.lines
        roles = "SELECT rolname FROM pg_roles WHERE rolname IN ('reads', 'sees', 'apart')"
        assert target.rows(roles) == []
        made = stage.run_cli(*asked, "--create-roles", "--json")
        assert made.document["creates_roles"] == ["reads", "sees"]
        assert sorted(target.rows(roles)) == [("reads",), ("sees",)]
        assert target.rows("SELECT polroles::regrole[]::text FROM pg_policy") == [("{reads,sees}",)]
        target.run("DROP TABLE t; DROP ROLE reads, sees")


@pytest.mark.long
@everywhere("somewhere", MASTER)
def test_a_role_that_only_the_database_names_is_warned_of_once(somewhere: StageUnderTest) -> None:
    with backed_up(somewhere, "passing") as (source, _):
        source.run(f'CREATE ROLE passer; GRANT CREATE ON DATABASE "{source.name}" TO passer')
        somewhere.forget("passing")
        somewhere.back_up("passing")
        source.run(f'REVOKE ALL ON DATABASE "{source.name}" FROM passer; DROP ROLE passer')
        target = somewhere.new("passing anew")
        ran = somewhere.run_cli("restore", "passing", "--to", target.dsn, "--create")
        assert ran.code == 0, ran.err
        assert ran.err.count("passer") == 1
        assert "warning: role passer is missing here" in ran.err


@pytest.mark.long
@everywhere("somewhere", MASTER)
def test_roles_that_were_made_for_a_restore_that_failed_are_named(
    somewhere: StageUnderTest,
) -> None:
    with backed_up(somewhere, "made") as (source, _):
        source.run('CREATE ROLE "made for it"; GRANT SELECT ON orders TO "made for it"')
        somewhere.forget("made")
        somewhere.damage(somewhere.back_up("made"), DAMAGES["one flipped bit"])
        source.run('REVOKE ALL ON orders FROM "made for it"; DROP ROLE "made for it"')
        target = somewhere.new("made anew")
        arguments = ("restore", "made", "--to", target.dsn, "--create", "--create-roles", "--json")
        (now,) = somewhere.run_cli(*arguments).document["error"]["now"]
        assert now.endswith("; the roles that were made for it stay: made for it")
        source.run('DROP ROLE "made for it"')


@pytest.mark.long
def test_what_was_set_on_the_database_comes_back_and_no_value_is_printed(
    stage: StageUnderTest,
) -> None:
    with backed_up(stage, "set") as (source, _):
        source.run(
            f'CREATE ROLE passing; GRANT CREATE ON DATABASE "{source.name}" TO passing;'
            f" ALTER DATABASE \"{source.name}\" SET app.jwt_secret TO '{SECRET}'"
        )
        stage.forget("set")
        stage.back_up("set")
        source.run(f'REVOKE ALL ON DATABASE "{source.name}" FROM passing; DROP ROLE passing')
        target = stage.new("set anew")
        arguments = ("restore", "set", "--to", target.dsn, "--create")
        ran = stage.run_cli(*arguments, "--json")
        assert target.rows("SHOW app.jwt_secret") == [(SECRET,)]
        refused = "role passing is missing here: its GRANT on the database"
        assert any(each.startswith(refused) for each in ran.document["warnings"])
        assert f"warning: {refused}" in ran.err
        told = [ran]
        again = ("restore", "set", "--to", stage.new("set again").dsn, "--create", "--dry-run")
        for command in (
            again,
            (*again, "--json"),
            ("list", "set", "--json"),
            ("status", "--json"),
            ("verify", "set", "--json"),
            ("run", "set", "--wait", "--json"),
        ):
            told.append(stage.run_cli(*command))
            assert told[-1].code in (0, 1), told[-1].err
        assert SECRET not in "".join(each.out + each.err for each in told)
