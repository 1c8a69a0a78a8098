"""Who could create in the schema public can do so where it is restored, or is told of it."""

from collections.abc import Callable, Iterator

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.restoring.rehearse import rehearse
from snapper.engines.postgresql.target.public_schema import CLOSED, OPEN_TO_ALL
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.values.manifest import Manifest
from snapper.verbs.restore import restore_as_new
from tests.support.databases import Source
from tests.support.engines import postgresql

CHANGED = "REVOKE CREATE ON SCHEMA public FROM PUBLIC"


@pytest.fixture
def anew(server: Callable[[int], PostgresServer]) -> Iterator[Source]:
    made = Source(server(18), "public anew")
    yield made
    Source(made.server, "postgres").run(f'DROP DATABASE IF EXISTS "{made.name}"')


@pytest.mark.long
@pytest.mark.parametrize(
    ("major", "change", "is_open"),
    [(14, "SELECT 1", True), (14, CHANGED, False), (17, "SELECT 1", False)],
)
def test_a_new_database_is_as_open_as_that_of_the_backup(
    major: int,
    change: str,
    is_open: bool,
    source: Callable[..., Source],
    anew: Source,
    back_up: Callable[[Source], Manifest],
    vault: Vault,
    tools: ClientTools,
) -> None:
    manifest = back_up(source(major, change))
    assert CLOSED not in rehearse(anew.dsn, manifest, tools, may_create=True).warnings
    assert CLOSED not in restore_as_new(vault, manifest, anew.dsn, postgresql(tools)).warnings
    assert anew.rows(OPEN_TO_ALL) == [(is_open,)]


@pytest.mark.long
def test_of_a_database_that_is_there_it_is_said_before(
    source: Callable[..., Source], back_up: Callable[[Source], Manifest], tools: ClientTools
) -> None:
    manifest = back_up(source(14, "SELECT 1"))
    assert CLOSED in rehearse(source(18).dsn, manifest, tools, may_create=False).warnings
    opened = source(18, "GRANT CREATE ON SCHEMA public TO PUBLIC")
    assert CLOSED not in rehearse(opened.dsn, manifest, tools, may_create=False).warnings
