"""Very large rows and very many tables: dumped whole and restored the same, or refused loudly."""

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import DumpFailed, RestoreFailed
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import restore, restore_as_new
from tests.support.canary import CANARY
from tests.support.databases import Source, job
from tests.support.engines import postgresql
from tests.support.faults import faulted
from tests.support.few import few
from tests.support.vaults import keys, open_uploads

MEGABYTE = 1 << 20
MOST_TABLES = 10_000

# A value that packs well: the vault of the tests lies in memory.
TEXT = "CREATE TABLE large AS SELECT repeat('0123456789abcdef', {count}) AS value"
BYTES = "CREATE TABLE large AS SELECT decode(repeat('0123456789abcdef', {count}), 'hex') AS value"
DIGEST = "SELECT length(value), md5(value) FROM large"

TABLES = """
DO $$ BEGIN FOR n IN {first}..{last} LOOP
    EXECUTE format('CREATE TABLE t%s (n int)', n);
END LOOP; END $$
"""


@pytest.fixture(scope="session")
def roomy(run_dir: Path) -> Iterator[PostgresServer]:
    """Give a server that can lock very many tables at once."""
    locks = {"max_locks_per_transaction": "512"}
    with PostgresServer(17, run_dir / "roomy", CANARY, settings=locks) as server:
        yield server


def assert_it_comes_back(
    made: Source, source: Callable[..., Source], dumper: Dumper, tools: ClientTools, digest: str
) -> None:
    """Dump and restore, and compare what came back; Python's own memory does not follow the row."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    manifest = dumper.dump(job(), made.database())
    assert manifest is not None
    target = source(17, "SELECT 1")
    restore(dumper.vault, manifest, target.dsn, postgresql(tools))
    assert target.rows(digest) == made.rows(digest)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < 200 * MEGABYTE


@pytest.mark.parametrize("sql", few([TEXT, BYTES]), ids=["text", "bytes"])
def test_a_row_of_many_megabytes_is_whole(
    sql: str, source: Callable[..., Source], dumper: Dumper, tools: ClientTools
) -> None:
    made = source(17, sql.format(count=20 * MEGABYTE // 16))
    with faulted("sizes: one large row"):
        assert_it_comes_back(made, source, dumper, tools, DIGEST)


@pytest.mark.long
@pytest.mark.parametrize(
    ("sql", "megabytes"),
    [(TEXT, 300), (TEXT, 1000), (BYTES, 600), (BYTES, 980)],
    ids=["300 MB text", "1000 MB text", "300 MB bytes", "490 MB bytes"],
)
def test_a_row_of_up_to_a_gigabyte_is_whole(
    sql: str,
    megabytes: int,
    source: Callable[..., Source],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = source(17, sql.format(count=megabytes * MEGABYTE // 16))
    with faulted("sizes: one large row"):
        assert_it_comes_back(made, source, dumper, tools, DIGEST)
    made.run("DROP TABLE large")


@pytest.mark.long
def test_a_row_of_more_than_a_gigabyte_as_text_is_refused_with_a_way_out(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source(17, BYTES.format(count=700 * MEGABYTE // 16))
    made.run("UPDATE large SET value = value || value")
    with faulted("sizes: one row that is too large"):
        with pytest.raises(DumpFailed, match=r"enlarge string buffer|memory alloc") as refused:
            dumper.dump(job(), made.database())
        assert "gigabyte" in refused.value.hint
        assert (keys(dumper.vault), open_uploads(dumper.vault)) == ([], [])
    made.run("DROP TABLE large")


def make_tables(source: Source, number: int, at_once: int = 2_000) -> None:
    """Make tables, not all in one transaction: each one is a lock."""
    for first in range(1, number + 1, at_once):
        source.run(TABLES.format(first=first, last=min(first + at_once - 1, number)))


@pytest.mark.long
def test_ten_thousand_tables_are_dumped_and_restored(
    roomy: PostgresServer,
    server: Callable[[int], PostgresServer],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    Source(roomy, "postgres").run("CREATE DATABASE many")
    made = Source(roomy, "many")
    make_tables(made, MOST_TABLES)
    count = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    with faulted("sizes: 10,000 tables"):
        manifest = dumper.dump(job(), made.database())
        assert manifest is not None
    usual = server(17)
    with faulted("sizes: 10,000 tables"):
        # One transaction needs a lock for each; the usual server has not so many.
        Source(usual, "postgres").run("CREATE DATABASE few")
        with pytest.raises(RestoreFailed, match="out of shared memory") as refused:
            restore(dumper.vault, manifest, Source(usual, "few").dsn, postgresql(tools))
        assert "--create" in refused.value.hint
        assert "max_locks_per_transaction" in refused.value.hint
        assert Source(usual, "few").rows(count) == [(0,)]
    with faulted("sizes: 10,000 tables"):
        restore_as_new(dumper.vault, manifest, Source(usual, "as many").dsn, postgresql(tools))
        assert Source(usual, "as many").rows(count) == [(MOST_TABLES,)]
    with faulted("sizes: 10,000 tables"):
        Source(roomy, "postgres").run("CREATE DATABASE again")
        restore(dumper.vault, manifest, Source(roomy, "again").dsn, postgresql(tools))
        assert Source(roomy, "again").rows(count) == [(MOST_TABLES,)]


@pytest.mark.long
def test_more_tables_than_the_server_can_lock_are_refused_with_a_way_out(
    run_dir: Path, dumper: Dumper
) -> None:
    few = {"max_locks_per_transaction": "10", "max_connections": "20"}
    with PostgresServer(17, run_dir / "cramped", CANARY, settings=few) as cramped:
        made = Source(cramped, "postgres")
        make_tables(made, 5_000, at_once=200)
        with faulted("sizes: more tables than locks"):
            with pytest.raises(DumpFailed, match="out of shared memory") as refused:
                dumper.dump(job(), made.database())
            assert "raise the setting" in refused.value.hint
            assert (keys(dumper.vault), open_uploads(dumper.vault)) == ([], [])
