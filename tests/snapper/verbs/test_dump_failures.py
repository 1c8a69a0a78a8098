"""A dump that goes wrong leaves nothing: no object, no open upload, no session, no secret told."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from botocore.exceptions import ClientError

from snapper.aws.vault import Vault
from snapper.errors import (
    AwsFailed,
    DatabaseUnreachable,
    DeadlineReached,
    DumpFailed,
)
from snapper.values.deadline import RESERVE, Deadline
from snapper.verbs.dump import Dumper
from snapper.verbs.events import tell_failure
from tests.support.cloud import eventually
from tests.support.databases import Source, job
from tests.support.dumps import DUMP, LARGE, fake_tools
from tests.support.engines import engines
from tests.support.few import few
from tests.support.recording import RecordedEvents
from tests.support.vaults import keys, open_uploads


def nearly_over(seconds: float) -> Deadline:
    """Give one that leaves time enough to ask the server, and then so many seconds for the dump."""
    left = itertools.chain([RESERVE + 600], itertools.repeat(RESERVE + seconds))
    return Deadline(lambda: next(left))


def timers_that_wait(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """Let no timer run by itself, and give what each of them would do; the dump's is the last."""
    over: list[Callable[[], None]] = []

    class Timer(threading.Thread):
        def __init__(self, _: float, ring: Callable[[], None]) -> None:
            super().__init__()
            over.append(ring)

        def cancel(self) -> None:
            """It never runs by itself."""

    monkeypatch.setattr(threading, "Timer", Timer)
    return over


@pytest.mark.parametrize(
    ("script", "reason"),
    few(
        [
            ("echo started; exit 1", "exited with status 1"),
            ("echo started; kill -9 $$", "killed by SIGKILL"),
            ("head -c 30000000 /dev/urandom; exit 3", "exited with status 3"),
            ("echo a dump that ends too soon", "end marker"),
            ("exit 0", "end marker"),
            ("yes 'a warning' | head -c 20000000 >&2; echo bad news >&2; exit 1", "bad news"),
        ],
        2,
    ),
)
def test_a_pg_dump_that_ends_badly_leaves_nothing(
    script: str, reason: str, tmp_path: Path, source: Callable[..., Source], dumper: Dumper
) -> None:
    broken = replace(dumper, engines=engines(fake_tools(tmp_path, script)))
    with pytest.raises(DumpFailed, match=reason):
        broken.dump(job(), source().database())
    assert keys(dumper.vault) == []
    assert open_uploads(dumper.vault) == []


def test_what_pg_dump_says_is_told_without_the_password(
    tmp_path: Path, source: Callable[..., Source], dumper: Dumper
) -> None:
    database = source().database()
    script = 'echo "the password is $PGPASSWORD, and postgresql://u:$PGPASSWORD@h/d" >&2; exit 1'
    broken = replace(dumper, engines=engines(fake_tools(tmp_path, script)))
    with pytest.raises(DumpFailed) as failure:
        broken.dump(job(), database)
    assert "p@ss:/,|%&" not in str(failure.value)
    assert "the password is ***" in str(failure.value)


# In every run test_server_misbehaves.py shows it.
@pytest.mark.long
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
                " WHERE application_name = 'snapper' AND datname = current_database()"
            )
            super().upload(stream, *arguments)

    vault = Terminating(dumper.vault.bucket, dumper.vault._client)
    with pytest.raises(DumpFailed, match="terminat"):
        replace(dumper, vault=vault).dump(job(), made.database())
    assert keys(vault) == []
    assert open_uploads(vault) == []


@pytest.mark.parametrize("part", few([1, 2]))
def test_s3_failing_during_a_part_leaves_nothing(
    part: int, source: Callable[..., Source], dumper: Dumper, cloud: Any
) -> None:
    client, before = cloud._build("s3", **cloud._root), set(threading.enumerate())

    def fail(params: dict[str, Any], **_: object) -> None:
        if params["PartNumber"] == part:
            raise ClientError({"Error": {"Code": "SlowDown", "Message": "later"}}, "UploadPart")

    client.meta.events.register("provide-client-params.s3.UploadPart", fail)
    vault = Vault(dumper.vault.bucket, client)
    with pytest.raises(AwsFailed, match="SlowDown"):
        replace(dumper, vault=vault).dump(job(), source(17, LARGE).database())
    assert keys(vault) == []
    assert open_uploads(vault) == []
    uploaders = [each for each in threading.enumerate() if "ThreadPool" in each.name]
    eventually(lambda: not any(each.is_alive() for each in uploaders if each not in before))


def test_a_manifest_that_cannot_be_stored_leaves_no_backup(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    class Failing(Vault):
        def make(self, *arguments: Any) -> None:
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
        engines=engines(fake_tools(tmp_path, "echo started; sleep 600")),
        deadline=nearly_over(0.5),
    )
    with pytest.raises(DeadlineReached, match="30 s before"):
        hanging.dump(job(), source().database())
    assert keys(dumper.vault) == []
    assert open_uploads(dumper.vault) == []


def test_that_time_is_over_is_told_before_anything_is_cleared_up(
    tmp_path: Path, source: Callable[..., Source], dumper: Dumper, events: RecordedEvents
) -> None:
    told_by_then: list[str] = []

    class Slow(Vault):
        def upload(self, *arguments: Any) -> None:
            try:
                super().upload(*arguments)
            finally:
                # As where the abort hangs: it goes on only when the end has been told.
                eventually(lambda: "dump.failed" in events.names())
                told_by_then.extend(events.names())

    hanging = replace(
        dumper,
        vault=Slow(dumper.vault.bucket, dumper.vault._client),
        engines=engines(fake_tools(tmp_path, "echo started; sleep 600")),
        deadline=nearly_over(0.5),
    )
    with pytest.raises(DeadlineReached) as stopped:
        hanging.dump(job(), source().database())
    assert told_by_then.count("dump.failed") == 1
    tell_failure(events, "dump.failed", job(), stopped.value)
    assert events.names().count("dump.failed") == 1


def test_a_dump_that_is_being_stored_when_time_is_over_is_not_told_as_failed(
    source: Callable[..., Source],
    dumper: Dumper,
    events: RecordedEvents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = timers_that_wait(monkeypatch)
    rung: list[str] = []

    def while_it_is_stored(request: Any, **_: object) -> None:
        if ".sql.gz" in request.url:
            over[-1]()
            rung.append(request.url)

    calls, name = dumper.vault._client.meta.events, "before-send.s3.PutObject"
    late = replace(dumper, deadline=Deadline.after(RESERVE + 600))
    calls.register_last(name, while_it_is_stored)
    try:
        assert late.dump(job(), source().database()) is not None
    finally:
        calls.unregister(name, while_it_is_stored)
    assert len(rung) == 1
    assert "dump.failed" not in events.names()


def test_a_server_may_be_silent_for_no_longer_than_there_is_time(dumper: Dumper) -> None:
    assert dumper._patience_left() == dumper.patience
    assert replace(dumper, deadline=Deadline.after(RESERVE + 9))._patience_left() <= 9
    assert replace(dumper, deadline=Deadline.after(RESERVE - 9))._patience_left() == 1


@pytest.mark.long
def test_no_session_stays_on_the_server_after_a_stopped_dump(
    source: Callable[..., Source], dumper: Dumper, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = source(17, "CREATE TABLE locked (n int)")
    lock = psycopg2.connect(made.dsn)
    lock.cursor().execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
    over = timers_that_wait(monkeypatch)

    def sessions(more: str = "") -> list[tuple[object, ...]]:
        return made.rows(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'snapper'"
            f" AND datname = '{made.name}' {more}"
        )

    def ring() -> None:
        # pg_dump's: before it, what it leaves out is asked for, which does not wait.
        eventually(lambda: sessions("AND wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE%'"))
        over[-1]()

    ringing = threading.Thread(target=ring)
    ringing.start()
    with pytest.raises(DeadlineReached):
        replace(dumper, deadline=Deadline.after(RESERVE + 600)).dump(job(), made.database())
    ringing.join()
    eventually(lambda: not sessions())
    lock.close()


def test_a_wrong_password_is_told_without_it(source: Callable[..., Source], dumper: Dumper) -> None:
    made = source()
    database = replace(made.database(), connection=made.dsn.replace("p%40ss", "wr0ng%40secret"))
    with pytest.raises(DatabaseUnreachable, match="password authentication failed") as failure:
        dumper.dump(job(), database)
    assert "wr0ng" not in str(failure.value)
    assert keys(dumper.vault) == []
