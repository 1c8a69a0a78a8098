"""One job makes one whole backup, or leaves nothing at all."""

import gzip
import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.errors import (
    AwsFailed,
    BackupInProgress,
    DatabaseUnsupported,
    DumpFailed,
)
from snapper.values.keys import MARK, Kind, object_key
from snapper.values.manifest import Manifest
from snapper.verbs.dump import Dumper
from tests.support.databases import AT, EVERY_MAJOR, Source, job
from tests.support.dumps import CONTENTS, DUMP, LARGE, MANIFEST
from tests.support.engines import engines
from tests.support.recording import RecordedEvents
from tests.support.vaults import keys, open_uploads


@pytest.mark.parametrize("major", EVERY_MAJOR)
def test_a_backup_is_made_with_the_client_of_the_servers_own_major(
    major: int, source: Callable[..., Source], dumper: Dumper
) -> None:
    manifest = dumper.dump(job(), source(major).database())
    assert manifest is not None
    assert manifest.server_version.startswith(f"{major}.")
    assert manifest.part["pg_dump_version"].startswith(f"{major}.")


def test_the_manifest_tells_the_truth_about_the_object(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source()
    dumper.dump(job(), made.database())
    assert keys(dumper.vault) == [CONTENTS, MANIFEST, DUMP]
    manifest = Manifest.from_json(dumper.vault.read(MANIFEST).decode())
    stored = dumper.vault.read(DUMP)
    plain = gzip.decompress(stored)
    assert manifest.database_name == made.name
    assert manifest.backup_bytes == len(stored)
    assert manifest.dump_bytes == len(plain)
    assert manifest.sha256 == hashlib.sha256(stored).hexdigest()
    assert b"PostgreSQL database dump complete" in plain[-200:]
    assert manifest.part["encoding"] == "UTF8"
    assert manifest.database_bytes > 1_000_000
    assert manifest.started_at <= manifest.finished_at


def test_a_dump_of_several_parts_is_whole(source: Callable[..., Source], dumper: Dumper) -> None:
    dumper.dump(job(), source(17, LARGE).database())
    stored = dumper.vault.read(DUMP)
    assert len(stored) > 9 << 20
    assert gzip.decompress(stored).count(b"\n") > 400
    assert open_uploads(dumper.vault) == []


def test_the_same_job_delivered_twice_makes_one_backup(
    source: Callable[..., Source], dumper: Dumper, events: RecordedEvents
) -> None:
    made = source()
    dumper.dump(job(), made.database())
    before = dumper.vault.read(MANIFEST)
    made.run("INSERT INTO t VALUES (2)")
    assert dumper.dump(job(), made.database()) is None
    assert dumper.vault.read(MANIFEST) == before
    assert "dump.skipped" in events.names()


# In every run tests/reliability/test_deliveries.py delivers one twice at once.
@pytest.mark.long
def test_the_same_job_delivered_twice_at_once_makes_one_backup(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    database = source(17, LARGE).database()
    results: list[Manifest | Exception | None] = []

    def deliver() -> None:
        try:
            results.append(dumper.dump(job(), database))
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=deliver) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [result for result in results if isinstance(result, Manifest)]
    assert len(made) == 1, results
    # The other one came too late: it found the backup, or one that was just being finished.
    (other,) = [result for result in results if not isinstance(result, Manifest)]
    assert other is None or isinstance(other, AwsFailed | BackupInProgress)
    assert hashlib.sha256(dumper.vault.read(DUMP)).hexdigest() == made[0].sha256
    assert open_uploads(dumper.vault) == []


def test_a_young_dump_without_manifest_is_not_touched(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    dumper.vault.put(DUMP, b"under way")
    with pytest.raises(BackupInProgress):
        dumper.dump(job(), source().database())
    assert dumper.vault.read(DUMP) == b"under way"


def test_beside_what_a_dead_writer_left_there_is_room_for_a_backup(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    """Who dumps takes nothing away: whoever steals its rights could do that too."""
    dumper.vault.put(DUMP, b"left by a writer that died before its manifest")
    later = replace(dumper, now=lambda: dumper.now() + timedelta(hours=2))
    made = later.dump(job(), source().database())
    assert made is not None
    assert made.dump_key == "orders/2026-11-23T03-00-01Z.sql.gz"
    assert b"dump complete" in gzip.decompress(dumper.vault.read(made.dump_key))
    assert dumper.vault.read(DUMP) == b"left by a writer that died before its manifest"
    assert later.dump(job(), source().database()) is None, "it is the backup of this job"


def test_a_writer_that_was_only_taken_for_dead_makes_the_one_backup(
    source: Callable[..., Source],
    dumper: Dumper,
    events: RecordedEvents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two containers, the first between dump and manifest: S3 dates its dump hours before."""
    database = source().database()
    dumper.dump(job(), database)
    written = dumper.vault.read(MANIFEST)
    dumper.vault.delete(MANIFEST)
    upload = dumper.vault.upload

    def upload_meanwhile(*given: Any) -> None:
        upload(*given)
        dumper.vault.make(MANIFEST, written)

    monkeypatch.setattr(Vault, "upload", lambda _, *given: upload_meanwhile(*given))
    later = replace(dumper, now=lambda: datetime.now(UTC) + timedelta(hours=2))
    assert later.dump(job(), database) is None
    assert [each for each in keys(dumper.vault) if "manifest" in each] == [MANIFEST]
    assert events.names()[-1] == "dump.skipped"


def test_whoever_fills_all_places_is_told_of(source: Callable[..., Source], dumper: Dumper) -> None:
    for second in range(10):
        dumper.vault.put(f"orders/2026-11-23T03-00-0{second}Z.manifest.json", b"planted")
    with pytest.raises(DumpFailed, match="hold something that is no backup"):
        dumper.dump(job(), source().database())


def test_a_server_newer_than_every_client_is_refused_naming_both(
    tmp_path: Path, source: Callable[..., Source], dumper: Dumper
) -> None:
    (tmp_path / "14").mkdir()
    with pytest.raises(DatabaseUnsupported, match="PostgreSQL 17, the newest bundled client is 14"):
        replace(dumper, engines=engines(ClientTools(tmp_path))).dump(job(), source().database())


def test_an_unencrypted_connection_is_not_silent(
    source: Callable[..., Source], dumper: Dumper, events: RecordedEvents
) -> None:
    dumper.dump(job(), source().database())
    assert "connection.plain" in events.names()


def test_keys_of_the_dump_are_those_of_the_scheduled_time(vault: Vault) -> None:
    assert object_key("orders", AT, Kind.DUMP) == DUMP
    assert object_key("orders", AT, Kind.MANIFEST) == MANIFEST


@pytest.mark.parametrize(
    ("delay", "marks"),
    [(14, []), (95, ["orders/2026-11-23T03-00-00Z.begun-2026-11-23T04-35-00Z"])],
)
def test_a_late_one_says_in_the_listing_when_it_was_begun(
    delay: int, marks: list[str], source: Callable[..., Source], dumper: Dumper
) -> None:
    """Who may only list, as the dumper when it prunes, knows the order by it."""
    begun = replace(dumper, now=lambda: AT + timedelta(minutes=delay))
    assert begun.dump(job(), source().database()) is not None
    listed = [stored.key for stored in dumper.vault.list("") if MARK in stored.key]
    assert listed == marks


def test_what_pg_dump_leaves_out_is_logged_and_recorded(
    source: Callable[..., Source], dumper: Dumper, events: RecordedEvents
) -> None:
    made = source(
        17,
        "CREATE EXTENSION hstore; CREATE TABLE settings AS SELECT 'hush' AS v;"
        "ALTER EXTENSION hstore ADD TABLE settings",
    )
    manifest = dumper.dump(job(), made.database())
    assert manifest is not None
    warned = events.fields("dump.warned")
    assert (warned["omitted"], warned["objects"]) == ("extension_rows", "public.settings")
    assert "hush" not in str(warned)
    read = Manifest.from_json(dumper.vault.read(MANIFEST))
    assert read.part["omitted"] == [
        {"kind": "extension_rows", "objects": ["public.settings"], "count": 1}
    ]


def test_nothing_is_warned_of_where_a_dump_holds_all(
    source: Callable[..., Source], dumper: Dumper, events: RecordedEvents
) -> None:
    manifest = dumper.dump(job(), source().database())
    assert manifest is not None
    assert manifest.part["omitted"] == []
    assert "dump.warned" not in events.names()
