"""The list of a backup is made with it, and only that one is believed."""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from snapper.errors import BackupDamaged
from snapper.values.manifest import Manifest
from snapper.verbs.contents import read_contents
from snapper.verbs.dump import Dumper
from tests.support.databases import Source, job
from tests.support.dumps import CONTENTS, fake_tools
from tests.support.engines import engines
from tests.support.recording import RecordedEvents
from tests.support.vaults import keys


def backed_up(dumper: Dumper, source: Source) -> Manifest:
    made = dumper.dump(job(), source.database())
    assert made is not None
    return made


def test_a_backup_has_a_list_of_what_is_in_it(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source(17, "CREATE TABLE few AS SELECT generate_series(1, 12) AS n")
    contents = read_contents(dumper.vault, backed_up(dumper, made))
    assert contents is not None
    assert ("public", "few", 12) in [
        (each.schema, each.table, each.rows) for each in contents.tables
    ]
    assert contents.kinds["CREATE TABLE"] == len(contents.tables)


def test_a_backup_of_an_older_release_has_none(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    older = replace(backed_up(dumper, source()), contents="")
    assert read_contents(dumper.vault, older) is None


def test_another_list_than_its_own_is_not_believed(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    made = backed_up(dumper, source())
    contents = read_contents(dumper.vault, made)
    assert contents
    few = replace(contents, tables=contents.tables[1:])
    dumper.vault.put(CONTENTS, few.to_json())
    with pytest.raises(BackupDamaged, match="is not the list of contents that was made with"):
        read_contents(dumper.vault, made)


def test_a_list_that_is_gone_is_told_of(source: Callable[..., Source], dumper: Dumper) -> None:
    made = backed_up(dumper, source())
    dumper.vault.delete(CONTENTS)
    with pytest.raises(BackupDamaged, match="is gone, its manifest is still there"):
        read_contents(dumper.vault, made)


@pytest.mark.parametrize(("number", "change"), [(0, {"start": 1}), (-1, {"end": 10**9})])
def test_a_list_that_is_not_of_the_whole_object_is_not_believed(
    number: int, change: dict[str, Any], source: Callable[..., Source], dumper: Dumper
) -> None:
    """Whoever has the dumper's rights may write a list and a manifest that fit each other."""
    made = backed_up(dumper, source(17, "CREATE TABLE t (n integer)"))
    contents = read_contents(dumper.vault, made)
    assert contents
    statements = list(contents.statements)
    statements[number] = replace(statements[number], **change)
    raw = replace(contents, statements=tuple(statements)).to_json()
    dumper.vault.put(CONTENTS, raw)
    with pytest.raises(BackupDamaged, match="does not list the whole object"):
        read_contents(dumper.vault, replace(made, contents=hashlib.sha256(raw).hexdigest()))


def test_a_dump_that_cannot_be_followed_is_a_backup_without_a_list_and_that_is_told(
    source: Callable[..., Source],
    dumper: Dumper,
    events: RecordedEvents,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    script = 'echo "VACUUM;"; echo "-- PostgreSQL database dump complete"\n'
    odd = fake_tools(tmp_path_factory.mktemp("odd"), script)
    made = backed_up(replace(dumper, engines=engines(odd)), source())
    assert (made.contents, read_contents(dumper.vault, made)) == ("", None)
    assert CONTENTS not in keys(dumper.vault)
    assert gzip.decompress(dumper.vault.read(made.dump_key)).startswith(b"VACUUM;\n")
    warned = events.fields("dump.warned")
    assert "no list of its contents: at line 1 of the dump there is" in str(warned["reason"])
    assert "the backup is whole" in str(warned["hint"])


def test_a_list_that_lies_in_its_place_keeps_no_backup_from_being_made(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    """A dead writer's, or somebody's who may write to the bucket: the next place is as good."""
    dumper.vault.put(CONTENTS, b"of somebody else")
    made = backed_up(dumper, source())
    assert made.scheduled_at == job().scheduled_at + timedelta(seconds=1)
    assert read_contents(dumper.vault, made)
    assert dumper.vault.read(CONTENTS) == b"of somebody else"
    assert dumper.dump(job(), source().database()) is None, "it is the backup of this job"
