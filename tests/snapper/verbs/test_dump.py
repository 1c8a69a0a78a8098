"""One job makes one whole backup, or leaves nothing at all."""

import gzip
import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from botocore.exceptions import ClientError

from snapper.edges.client_tools import ClientTools
from snapper.edges.storage import Vault
from snapper.errors import (
    AwsFailed,
    BackupInProgress,
    DatabaseUnreachable,
    DatabaseUnsupported,
    DeadlineReached,
    DumpFailed,
)
from snapper.values.deadline import RESERVE, Deadline
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.verbs.dump import Dumper
from tests.support.databases import AT, Source, job
from tests.support.recording import RecordedEvents
from tests.support.vaults import keys, open_uploads

DUMP = "orders/2026-11-23T03-00-00Z.sql.gz"
MANIFEST = "orders/2026-11-23T03-00-00Z.manifest.json"

# Hardly to be compressed, so that the dump needs several parts of 8 MiB.
LARGE = """
CREATE TABLE large AS
SELECT n, decode(string_agg(md5((n * 1000 + m)::text), ''), 'hex') AS noise
FROM generate_series(1, 400) AS n, generate_series(1, 2000) AS m GROUP BY n
"""


@pytest.fixture
def events() -> RecordedEvents:
    return RecordedEvents()


@pytest.fixture
def dumper(vault: Vault, tools: ClientTools, events: RecordedEvents) -> Dumper:
    return Dumper(vault, tools, events)


@pytest.mark.parametrize("major", [14, 15, 16, 17, 18])
def test_a_backup_is_made_with_the_client_of_the_servers_own_major(
    major: int, source: Callable[..., Source], dumper: Dumper
) -> None:
    manifest = dumper.dump(job(), source(major).database())
    assert manifest is not None
    assert manifest.server_version.startswith(f"{major}.")
    assert manifest.pg_dump_version.startswith(f"{major}.")


def test_the_manifest_tells_the_truth_about_the_object(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source()
    dumper.dump(job(), made.database())
    assert keys(dumper.vault) == [MANIFEST, DUMP]
    manifest = Manifest.from_json(dumper.vault.read(MANIFEST).decode())
    stored = dumper.vault.read(DUMP)
    plain = gzip.decompress(stored)
    assert manifest.database_name == made.name
    assert manifest.backup_bytes == len(stored)
    assert manifest.dump_bytes == len(plain)
    assert manifest.sha256 == hashlib.sha256(stored).hexdigest()
    assert b"PostgreSQL database dump complete" in plain[-200:]
    assert manifest.encoding == "UTF8"
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


def test_what_a_dead_writer_left_is_replaced(source: Callable[..., Source], dumper: Dumper) -> None:
    dumper.vault.put(DUMP, b"left by a writer that died before its manifest")
    later = replace(dumper, now=lambda: dumper.now() + timedelta(hours=2))
    assert later.dump(job(), source().database()) is not None
    assert b"dump complete" in gzip.decompress(dumper.vault.read(DUMP))


def _fake_tools(tmp_path: Path, script: str) -> ClientTools:
    for major in (14, 17):
        program = tmp_path / str(major) / "bin" / "pg_dump"
        program.parent.mkdir(parents=True)
        program.write_text(
            '#!/bin/sh\ncase "$1" in --version) echo "pg_dump (PostgreSQL) 17.0"; exit;; esac\n'
            + script
        )
        program.chmod(0o755)
    return ClientTools(tmp_path)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo started; exit 1", "exited with status 1"),
        ("echo started; kill -9 $$", "killed by SIGKILL"),
        ("head -c 30000000 /dev/urandom; exit 3", "exited with status 3"),
        ("echo a dump that ends too soon", "end marker"),
        ("exit 0", "end marker"),
        ("yes 'a warning' | head -c 20000000 >&2; echo bad news >&2; exit 1", "bad news"),
    ],
)
def test_a_pg_dump_that_ends_badly_leaves_nothing(
    script: str, reason: str, tmp_path: Path, source: Callable[..., Source], dumper: Dumper
) -> None:
    broken = replace(dumper, tools=_fake_tools(tmp_path, script))
    with pytest.raises(DumpFailed, match=reason):
        broken.dump(job(), source().database())
    assert keys(dumper.vault) == []
    assert open_uploads(dumper.vault) == []


def test_what_pg_dump_says_is_told_without_the_password(
    tmp_path: Path, source: Callable[..., Source], dumper: Dumper
) -> None:
    database = source().database()
    script = 'echo "the password is $PGPASSWORD, and postgresql://u:$PGPASSWORD@h/d" >&2; exit 1'
    broken = replace(dumper, tools=_fake_tools(tmp_path, script))
    with pytest.raises(DumpFailed) as failure:
        broken.dump(job(), database)
    assert "p@ss:/,|%&" not in str(failure.value)
    assert "the password is ***" in str(failure.value)


def test_a_server_that_dies_mid_dump_leaves_nothing(
    source: Callable[..., Source], dumper: Dumper, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = source(17, LARGE)

    class Terminating(Vault):
        def upload(self, stream: Any, *arguments: Any) -> None:
            first = stream.read(1 << 20)
            assert first
            # A new connection cuts pg_dump's own as an administrator would.
            made.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'snapper'"
            )
            super().upload(stream, *arguments)

    vault = Terminating(dumper.vault.bucket, dumper.vault._client)
    with pytest.raises(DumpFailed, match="terminat"):
        replace(dumper, vault=vault).dump(job(), made.database())
    assert keys(vault) == []
    assert open_uploads(vault) == []


@pytest.mark.parametrize("part", [1, 2])
def test_s3_failing_during_a_part_leaves_nothing(
    part: int, source: Callable[..., Source], dumper: Dumper, cloud: Any
) -> None:
    client = cloud._build("s3", **cloud._root)

    def fail(params: dict[str, Any], **_: object) -> None:
        if params["PartNumber"] == part:
            raise ClientError({"Error": {"Code": "SlowDown", "Message": "later"}}, "UploadPart")

    client.meta.events.register("provide-client-params.s3.UploadPart", fail)
    vault = Vault(dumper.vault.bucket, client)
    with pytest.raises(AwsFailed, match="SlowDown"):
        replace(dumper, vault=vault).dump(job(), source(17, LARGE).database())
    assert keys(vault) == []
    assert open_uploads(vault) == []
    assert threading.active_count() < 20


def test_a_manifest_that_cannot_be_stored_leaves_no_backup(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    class Failing(Vault):
        def put(self, *arguments: Any) -> None:
            raise AwsFailed("s3:PutObject failed: InternalError")

    vault = Failing(dumper.vault.bucket, dumper.vault._client)
    with pytest.raises(AwsFailed):
        replace(dumper, vault=vault).dump(job(), source().database())
    assert keys(vault) == [DUMP]  # litter without a manifest: it is listed nowhere as a backup


def test_the_dump_is_stopped_before_the_deadline(
    tmp_path: Path, source: Callable[..., Source], dumper: Dumper
) -> None:
    hanging = replace(
        dumper,
        tools=_fake_tools(tmp_path, "echo started; sleep 600"),
        deadline=Deadline.after(RESERVE + 0.5),
    )
    began = time.monotonic()
    with pytest.raises(DeadlineReached, match="30 s before"):
        hanging.dump(job(), source().database())
    assert time.monotonic() - began < RESERVE
    assert keys(dumper.vault) == []
    assert open_uploads(dumper.vault) == []


def test_no_session_stays_on_the_server_after_a_stopped_dump(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source(17, "CREATE TABLE locked (n int)")
    lock = psycopg2.connect(made.dsn)
    lock.cursor().execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
    waiting = replace(dumper, deadline=Deadline.after(RESERVE + 1))
    with pytest.raises(DeadlineReached):
        waiting.dump(job(), made.database())
    for _ in range(50):
        if not made.rows(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'snapper'"
            f" AND datname = '{made.name}'"
        ):
            break
        time.sleep(0.1)
    else:
        pytest.fail("a session of the stopped dump is still there")
    lock.close()


def test_a_wrong_password_is_told_without_it(source: Callable[..., Source], dumper: Dumper) -> None:
    made = source()
    database = replace(made.database(), connection=made.dsn.replace("p%40ss", "wr0ng%40secret"))
    with pytest.raises(DatabaseUnreachable, match="password authentication failed") as failure:
        dumper.dump(job(), database)
    assert "wr0ng" not in str(failure.value)
    assert keys(dumper.vault) == []


def test_a_server_newer_than_every_client_is_refused_naming_both(
    tmp_path: Path, source: Callable[..., Source], dumper: Dumper
) -> None:
    (tmp_path / "14").mkdir()
    with pytest.raises(DatabaseUnsupported, match="PostgreSQL 17, the newest bundled client is 14"):
        replace(dumper, tools=ClientTools(tmp_path)).dump(job(), source().database())


def test_an_unencrypted_connection_is_not_silent(
    source: Callable[..., Source], dumper: Dumper, events: RecordedEvents
) -> None:
    dumper.dump(job(), source().database())
    assert "connection.plain" in events.names()


def test_keys_of_the_dump_are_those_of_the_scheduled_time(vault: Vault) -> None:
    assert object_key("orders", AT, Kind.DUMP) == DUMP
    assert object_key("orders", AT, Kind.MANIFEST) == MANIFEST
