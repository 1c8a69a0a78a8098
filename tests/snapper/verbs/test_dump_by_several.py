"""What several pg_dumps make at once is one object, as whole and as plain as one's alone."""

import gzip
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from snapper.aws.vault import Vault
from snapper.engines.bands import OneJob
from snapper.engines.following import Piece
from snapper.engines.postgresql.dumping import in_bands
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.engine import PostgreSQL
from snapper.engines.postgresql.reading import sections
from snapper.engines.postgresql.reading.following import Following
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import DumpFailed
from snapper.values.contents import Contents
from snapper.values.manifest import Manifest
from snapper.values.options import Options
from snapper.verbs.contents import read_contents
from snapper.verbs.diff import compare
from snapper.verbs.dump import Dumper
from tests.support import shop
from tests.support.databases import AT, Source, job, query
from tests.support.dumps import DUMP, fake_tools
from tests.support.engines import engines
from tests.support.few import few
from tests.support.odd_tables import ODD_TABLES
from tests.support.recording import RecordedEvents
from tests.support.restores import EMPTY, awkward, plain_dump, run_psql
from tests.support.several import JOBS, SPLIT, by_several, part_often
from tests.support.vaults import keys, open_uploads

Make = Callable[..., Source]


@pytest.fixture(autouse=True)
def _parted(monkeypatch: pytest.MonkeyPatch) -> None:
    part_often(monkeypatch)


def made(dumper: Dumper, source: Source, at: datetime = AT) -> Manifest:
    manifest = by_several(dumper).dump(job(at), source.database())
    assert manifest is not None
    return manifest


def listed(vault: Vault, manifest: Manifest) -> Contents:
    contents = read_contents(vault, manifest)
    assert contents
    return contents


def test_it_is_restored_by_gunzip_and_psql_and_dumped_again_it_is_the_same(
    source: Make, dumper: Dumper, tools: ClientTools, tmp_path: Path
) -> None:
    original, copy = source(17, SPLIT), source(17, EMPTY)
    manifest = made(dumper, original)
    file = tmp_path / "object.gz"
    file.write_bytes(dumper.vault.read(DUMP))
    subprocess.run(["gunzip", "--test", file], check=True)
    plain = subprocess.run(["gunzip", "-c", file], check=True, capture_output=True).stdout
    assert len(plain) == manifest.dump_bytes
    assert plain.count(b'COPY "public"."parents"') > 3
    run_psql(tools, 17, copy.dsn, plain)
    assert plain_dump(tools, 17, copy.dsn) == plain_dump(tools, 17, original.dsn)


@pytest.mark.parametrize("what", ["awkward", "odd"])
@pytest.mark.parametrize("major", few([18, 14, 15, 16, 17]))
def test_so_it_is_of_awkward_data_and_odd_tables(
    source: Make,
    server: Callable[[int], PostgresServer],
    dumper: Dumper,
    tools: ClientTools,
    major: int,
    what: str,
) -> None:
    """Partitions, sequences, materialized views, large objects, and names hard to tell apart."""
    if what == "awkward":
        original = awkward(source, server(major))
    else:
        query(server(major).dsn(), shop.ROLES)
        original = source(major, ODD_TABLES)
    copy = source(major, EMPTY)
    assert made(dumper, original).jobs == JOBS
    run_psql(tools, major, copy.dsn, gzip.decompress(dumper.vault.read(DUMP)))
    assert plain_dump(tools, major, copy.dsn) == plain_dump(tools, major, original.dsn)


def test_its_list_says_of_each_table_what_that_of_one_program_says(
    source: Make, dumper: Dumper
) -> None:
    original = source(17, SPLIT)
    one = dumper.dump(job(), original.database())
    assert one is not None
    several = made(dumper, original, AT + timedelta(hours=1))
    assert (one.jobs, several.jobs) == (1, JOBS)
    before, after = listed(dumper.vault, one), listed(dumper.vault, several)
    assert (before.version, after.version) == (1, 2)
    assert {each.table for each in after.tables if each.more} == {"parents", "children"}
    found = compare(dumper.vault, one, several)
    assert not found.differs, found
    assert found.unchanged == 4


def test_it_is_told_by_how_many_it_is_dumped(
    source: Make, dumper: Dumper, events: RecordedEvents
) -> None:
    manifest = made(dumper, source(17, SPLIT))
    assert events.fields("dump.began")["jobs"] == JOBS == manifest.jobs
    assert "dump.warned" not in events.names()


def test_the_option_of_a_database_decides_for_it(
    source: Make, dumper: Dumper, events: RecordedEvents
) -> None:
    database = replace(source(17, SPLIT).database(), options=Options(dump_jobs=1))
    asked: list[int | None] = []

    def jobs(option: int | None) -> int:
        asked.append(option)
        return option or 8

    replace(dumper, jobs=jobs).dump(job(), database)
    assert asked == [1]
    assert "dump.warned" not in events.names()


def test_where_several_cannot_one_dumps_and_it_is_said_why(
    source: Make, dumper: Dumper, events: RecordedEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    pooled = OneJob("the connection leads over a pooler", "use another")
    monkeypatch.setattr(PostgreSQL, "dump_in_bands", lambda *_: pooled)
    assert made(dumper, source()).jobs == 1
    told = events.fields("dump.warned")
    assert "one program dumps this database: the connection leads over" in str(told["reason"])
    assert told["hint"] == "use another"


def test_rows_that_cannot_be_followed_are_dumped_by_one_and_cost_the_list_alone(
    source: Make, dumper: Dumper, events: RecordedEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Defect(Following):
        def on(self, block: bytes, /) -> Iterator[Piece]:
            if b"COPY" in block:
                raise ValueError
            yield from super().on(block)

    monkeypatch.setattr(sections, "Following", Defect)
    original = source(17, SPLIT)
    manifest = made(dumper, original)
    assert (manifest.jobs, manifest.contents) == (1, "")
    assert events.names() == ["connection.plain", *["dump.began", "dump.warned"] * 2]
    assert open_uploads(dumper.vault) == []
    assert b"database dump complete" in gzip.decompress(dumper.vault.read(DUMP))[-200:]


def test_what_did_not_come_from_them_is_no_backup(
    source: Make, dumper: Dumper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def incomplete(*_: object, **__: object) -> None:
        raise DumpFailed("public.small did not come")

    monkeypatch.setattr(in_bands, "require_union", incomplete)
    with pytest.raises(DumpFailed, match="did not come"):
        made(dumper, source(17, SPLIT))
    assert keys(dumper.vault) == []
    assert open_uploads(dumper.vault) == []


def test_a_sequence_whose_value_no_program_has_given_makes_it_no_backup(
    source: Make, dumper: Dumper, tools: ClientTools, tmp_path: Path
) -> None:
    """A restored database would give numbers out twice."""
    odd = fake_tools(
        tmp_path,
        f"real={tools.tool('pg_dump', 17)}; export LD_LIBRARY_PATH={tools.root / 'lib'}\n"
        'case "$*" in *--exclude-table-data=*) "$real" "$@" | grep -v setval;;'
        ' *) exec "$real" "$@";; esac',
    )
    with pytest.raises(DumpFailed, match=r"values of sequences did not come: public\.counting"):
        made(replace(dumper, engines=engines(odd)), source(17, SPLIT))
    assert keys(dumper.vault) == []
    assert open_uploads(dumper.vault) == []
