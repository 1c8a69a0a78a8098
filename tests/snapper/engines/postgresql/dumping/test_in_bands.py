"""Several pg_dumps make one dump: restored and dumped again it is that of a single one."""

import re
from collections.abc import Callable

import pytest

from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from tests.support import banded, shop
from tests.support.databases import EVERY_MAJOR, Source, query
from tests.support.odd_tables import ODD_TABLES
from tests.support.restores import EMPTY, awkward, plain_dump, run_psql, without_token

_BLOCK = re.compile(rb"(?m)^(?=--\n-- )")

Server = Callable[[int], PostgresServer]
Make = Callable[..., Source]


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    banded.small_is_large(monkeypatch)


def require_same(tools: ClientTools, made: Source, source: Make, major: int, jobs: int = 3) -> None:
    """Dump in bands, restore by psql, dump by one pg_dump: it gives what that gives of the first.

    Nor is there another statement in the joined text, or one twice.
    """
    text = banded.joined(tools, made.database(), jobs)
    alone = plain_dump(tools, major, made.dsn)
    assert sorted(_BLOCK.split(without_token(text))) == sorted(_BLOCK.split(alone))
    copy = source(major, EMPTY)
    run_psql(tools, major, copy.dsn, text)
    assert plain_dump(tools, major, copy.dsn) == alone


@pytest.mark.parametrize("major", EVERY_MAJOR)
def test_joined_it_is_the_dump_of_one_program(
    tools: ClientTools, server: Server, source: Make, major: int
) -> None:
    made = awkward(source, server(major))
    require_same(tools, made, source, major)


@pytest.mark.parametrize("major", EVERY_MAJOR)
def test_of_tables_with_odd_names_and_all_that_belongs_to_them(
    tools: ClientTools, server: Server, source: Make, major: int
) -> None:
    query(server(major).dsn(), shop.ROLES)
    made = source(major, ODD_TABLES)
    require_same(tools, made, source, major, jobs=8)
