"""A server that admits only databases that it names is told, and the final name is the way in."""

from collections.abc import Callable

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.naming.names import quoted
from snapper.engines.postgresql.target.admission import NotAdmitted
from snapper.engines.postgresql.target.content import unfinished_databases
from snapper.engines.postgresql.target.draft import Making, draft
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.values.redaction import Redactor
from snapper.verbs.restore import Dump
from tests.support.cloud_server import ADMITTED, FENCED, CloudServer, Tenant
from tests.support.databases import Source, query
from tests.support.manifests import manifest

HIDE = Redactor()
BACKUP = Recorded("18.1", "UTF8", ())
NAMED = Making(named=True)


@pytest.fixture
def cloud_18(cloud_server: Callable[[int], CloudServer]) -> CloudServer:
    return cloud_server(18)


@pytest.fixture
def target(cloud_18: CloudServer) -> Tenant:
    return cloud_18.seen_by(FENCED, ADMITTED[1])


def names(server: PostgresServer) -> list[str]:
    return [name for (name,) in query(server.dsn(), "SELECT datname FROM pg_database")]


def fill(target: Tenant, making: Making) -> None:
    with draft(Connection.parse(target.dsn), BACKUP, HIDE, print, making=making) as filling:
        assert filling.parameters["dbname"] == target.name
        assert unfinished_databases(filling, HIDE) == (target.name,)
        # Who is not its owner does not meet it half filled.
        (closed,) = query(
            target.server.dsn(),
            f"SELECT NOT has_database_privilege('public', '{target.name}', 'CONNECT')",
        )
        assert closed == (True,)
        raise KeyError


def test_a_database_into_which_nobody_is_let_is_not_left_and_the_way_is_told(
    target: Tenant,
) -> None:
    before = names(target.server)
    with (
        pytest.raises(NotAdmitted, match=r"lets us into none of this name.*pg_hba") as told,
        draft(Connection.parse(target.dsn), BACKUP, HIDE, print),
    ):
        pass
    assert "--final-name" in told.value.hint
    assert names(target.server) == before


def test_whoever_has_asked_for_the_final_name_is_not_told_to(target: Tenant) -> None:
    nowhere = Connection.parse(target.dsn).replace(dbname="not named there")
    with pytest.raises(NotAdmitted) as told, draft(nowhere, BACKUP, HIDE, print, making=NAMED):
        pass
    assert "--final-name" not in told.value.hint
    assert "admit this user" in told.value.hint


def test_a_trial_tells_how_to_let_it_in(cloud_18: CloudServer, tools: ClientTools) -> None:
    backup = manifest(server_version="18.1", encoding="UTF8", roles=())
    before = names(cloud_18)
    with pytest.raises(NotAdmitted) as told:
        try_restore([b""], backup, tools, cloud_18.seen_by(FENCED).dsn)
    assert "/^snapper-unfinished-" in told.value.hint
    assert names(cloud_18) == before


def test_a_trial_takes_the_name_that_is_given_where_none_of_ours_is_admitted(
    target: Tenant,
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    vault: Vault,
    tools: ClientTools,
) -> None:
    made = source(18, f"CREATE ROLE {FENCED}; CREATE TABLE t AS SELECT 1 AS n")
    made.run(f"ALTER TABLE t OWNER TO {FENCED}")
    backup = back_up(made)
    made.run(f"DROP OWNED BY {FENCED}; DROP ROLE {FENCED}")
    before = names(target.server)
    found = try_restore(Dump(vault, backup), backup, tools, target.dsn)
    assert (found.tables, found.rows) == (1, 1)
    assert names(target.server) == before


def test_with_its_final_name_it_is_made_and_open_when_it_is_whole(target: Tenant) -> None:
    with draft(Connection.parse(target.dsn), BACKUP, HIDE, print, making=NAMED):
        pass
    try:
        assert unfinished_databases(Connection.parse(target.dsn), HIDE) == ()
        sees = f"SELECT has_database_privilege('public', '{target.name}', 'CONNECT')"
        assert query(target.server.dsn(), sees) == [(True,)]
        # Of what is there, nothing is dropped by a second restore that finds it.
        with (
            pytest.raises(RestoreFailed, match="already exists"),
            draft(Connection.parse(target.dsn), BACKUP, HIDE, print, making=NAMED),
        ):
            pass
        assert target.name in names(target.server)
    finally:
        query(target.server.dsn(), f"DROP DATABASE {quoted(target.name)} WITH (FORCE)")


def test_with_its_final_name_it_is_dropped_if_the_restore_fails(target: Tenant) -> None:
    with pytest.raises(KeyError):
        fill(target, NAMED)
    assert target.name not in names(target.server)
