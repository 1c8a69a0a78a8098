"""A restore by several sessions at once is the same as one by a single session."""

import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from snapper.engines.facts import RestoreOptions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.loading.sides import Sides, Task
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import BackupDamaged, RestoreFailed
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.verbs.contents import read_contents
from snapper.verbs.dump import Dumper
from snapper.verbs.dump_in_parts import in_parts
from snapper.verbs.parts import read_table
from snapper.verbs.restore import restore_as_new
from tests.support.at_once import restore_at_once
from tests.support.databases import Source, job
from tests.support.engines import postgresql
from tests.support.odd_tables import ODD_TABLES
from tests.support.restores import (
    DAMAGES,
    EMPTY,
    NOISE,
    awkward,
    exists,
    plain_dump,
    unfinished,
)

Server = Callable[[int], PostgresServer]


SEVERAL = """
CREATE TABLE small (n int PRIMARY KEY, words text);
CREATE TABLE large (n int PRIMARY KEY, words text);
INSERT INTO large SELECT n, repeat('word ', 20) FROM generate_series(1, 1000) AS n;
INSERT INTO small SELECT n, 'word' FROM generate_series(1, 10) AS n;
CREATE INDEX small_words ON small (words);
CREATE INDEX large_words ON large (words);
COMMENT ON INDEX small_words IS 'of few';
ALTER TABLE small ADD CONSTRAINT of_large FOREIGN KEY (n) REFERENCES large;
"""

# Believed, as of a server that was told so.
BROKEN = """
CREATE TABLE small_numbers (n int);
INSERT INTO small_numbers SELECT generate_series(1, 9);
ALTER TABLE small_numbers ADD CONSTRAINT not_large CHECK (n < 5) NOT VALID;
UPDATE pg_constraint SET convalidated = true WHERE NOT convalidated;
"""
TWICE = """
ALTER TABLE small DROP CONSTRAINT of_large; INSERT INTO small VALUES (2000, 'of nothing');
ALTER TABLE small ADD CONSTRAINT of_large FOREIGN KEY (n) REFERENCES large NOT VALID;
UPDATE pg_constraint SET convalidated = true WHERE NOT convalidated;
"""


@pytest.fixture
def back_up(dumper: Dumper) -> Callable[[Source], Manifest]:
    def make(source: Source) -> Manifest:
        manifest = dumper.dump(job(), source.database())
        assert manifest is not None
        return manifest

    return make


@pytest.mark.parametrize(
    "major", [*(pytest.param(each, marks=pytest.mark.long) for each in (14, 15, 16, 17)), 18]
)
def test_a_database_restored_at_once_dumps_as_its_source_does(
    major: int,
    server: Server,
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = awkward(source, server(major))
    manifest = back_up(made)
    before = plain_dump(tools, major, made.dsn)
    target = server(major).dsn(f"{made.name} at once")
    restore_at_once(dumper.vault, manifest, target, postgresql(tools))
    assert plain_dump(tools, major, target) == before
    assert unfinished(server(major)) == []


def test_odd_tables_restored_at_once_dump_as_their_source_does(
    server: Server,
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = source(17, EMPTY)
    made.run(ODD_TABLES)
    manifest = back_up(made)
    before = plain_dump(tools, 17, made.dsn)
    target = server(17).dsn(f"{made.name} at once")
    came = restore_at_once(dumper.vault, manifest, target, postgresql(tools))
    assert plain_dump(tools, 17, target) == before
    assert came.left_out == came.missing == ()


def test_the_sessions_beside_the_main_one_do_the_work(
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = source(17, SEVERAL)
    done: list[list[bytes]] = []
    usual = Sides.refused

    def seen(sides: Sides, tasks: Sequence[Task]) -> list[int]:
        refused = usual(sides, tasks)
        done.append([task.statement.text.split(b"\n")[0] for task in tasks])
        assert refused == []
        return refused

    monkeypatch.setattr(Sides, "refused", seen)
    restore_at_once(dumper.vault, back_up(made), made.beside("sides").dsn, postgresql(tools))
    rows, keys, indexes, references = done
    # The largest first.
    assert rows == [b'COPY "public"."large" FROM stdin;', b'COPY "public"."small" FROM stdin;']
    assert keys == [b'ALTER TABLE ONLY "public"."large"', b'ALTER TABLE ONLY "public"."small"']
    assert [text.split(b" ")[2] for text in indexes] == [b'"large_words"', b'"small_words"']
    assert references == [b'ALTER TABLE ONLY "public"."small"']


@pytest.mark.parametrize("strict", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_row_that_is_refused_stops_it_with_the_same_words(
    strict: bool,
    server: Server,
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = source(17, SEVERAL + BROKEN)
    manifest, target = back_up(made), made.beside("broken").dsn
    options = RestoreOptions(strict=strict)
    words = []
    for restore in (restore_as_new, restore_at_once):
        with pytest.raises(RestoreFailed) as failure:
            restore(dumper.vault, manifest, target, postgresql(tools), options=options)
        words.append((str(failure.value), failure.value.hint, failure.value.against_backup))
        assert not exists(server(17), "broken")
    assert words[0] == words[1]
    assert "small_numbers" in words[0][0]
    assert unfinished(server(17)) == []


def test_the_best_that_can_be_had_is_the_same(
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = source(17, SEVERAL + BROKEN + TWICE)
    manifest, options = back_up(made), RestoreOptions(best_effort=True)
    came = [
        restore(dumper.vault, manifest, made.beside("best").dsn, postgresql(tools), options=options)
        for restore in (restore_as_new, restore_at_once)
    ]
    one, several = (replace(each, kept_as="", accepting="") for each in came)
    assert one == several
    assert {each.kind for each in one.missing} == {"constraint"}
    dumps = [plain_dump(tools, 17, made.beside(each.kept_as).dsn) for each in came]
    assert dumps[0] == dumps[1]


@pytest.mark.long
def test_a_damaged_object_is_found_and_leaves_nothing(
    server: Server,
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    manifest = back_up(source(17, NOISE.replace("200", "20")))
    whole = dumper.vault.read(manifest.dump_key)
    # The checksum of gzip is no part of the dump, whose parts have their own SHA-256.
    damages = {name: each for name, each in DAMAGES.items() if "gzip's own" not in name}
    for name, change in damages.items():
        dumper.vault.put(manifest.dump_key, change(whole))
        with pytest.raises(BackupDamaged):
            restore_at_once(dumper.vault, manifest, server(17).dsn("torn"), postgresql(tools))
        assert not exists(server(17), "torn"), name
        assert unfinished(server(17)) == [], name


def test_a_head_with_other_columns_is_found(
    server: Server,
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    """Their order says which value is of which column, and stands before the rows."""
    manifest = back_up(source(17, "CREATE TABLE t AS SELECT 'ada' AS a, 'bea' AS b"))
    contents = read_contents(dumper.vault, manifest)
    assert contents
    (table,) = contents.tables
    whole = dumper.vault.read(manifest.dump_key)
    part = zlib.decompressobj(-15).decompress(whole[table.start : table.end])
    packing = zlib.compressobj(wbits=-15)
    forged = packing.compress(part.replace(b'("a", "b")', b'("b", "a")'))
    forged += packing.flush(zlib.Z_FULL_FLUSH)
    dumper.vault.put(manifest.dump_key, whole[: table.start] + forged + whole[table.end :])
    with pytest.raises(BackupDamaged, match="begins otherwise"):
        read_table(dumper.vault, manifest, replace(table, end=table.start + len(forged)))


@pytest.mark.parametrize("list_of", ["nobody", "an older release"])
def test_a_backup_without_such_a_list_is_restored_in_order(
    list_of: str,
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
) -> None:
    manifest = back_up(source(17, SEVERAL))
    assert in_parts(dumper.vault, manifest, 4, print, 0)
    key = object_key(manifest.database, manifest.scheduled_at, Kind.CONTENTS)
    if list_of == "nobody":
        dumper.vault.delete(key)
    else:
        contents = read_contents(dumper.vault, manifest)
        assert contents
        older = tuple(replace(table, head="") for table in contents.tables)
        raw = replace(contents, tables=older).to_json()
        dumper.vault.put(key, raw)
        manifest = replace(manifest, contents=hashlib.sha256(raw).hexdigest())
    assert in_parts(dumper.vault, manifest, 4, print, 0) is None
