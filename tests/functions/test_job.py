"""A container makes the backup of its job as the dumper does, tries again, and ends in order."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from functions.job import Work, do, main, say_farewell
from functions.telemetry import Telemetry
from snapper.aws.queue import JobQueue
from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.errors import AwsFailed, DumpFailed, ServerBusy
from snapper.machine.python import ROOT
from snapper.values.attempts import ATTEMPTS
from snapper.values.container import PAYLOAD
from snapper.values.deadline import RESERVE, Deadline
from snapper.values.secrets import Database
from snapper.values.settings import DumperSettings
from snapper.verbs.dump import Dumper
from tests.support.cloud import eventually
from tests.support.databases import Source, job
from tests.support.dumps import CONTENTS, DUMP, MANIFEST, fake_tools
from tests.support.engines import engines
from tests.support.parameters import OneDatabase
from tests.support.recording import RecordedEvents
from tests.support.vaults import keys, open_uploads


def at_once(_: int) -> timedelta:
    return timedelta()


@pytest.fixture
def work(vault: Vault, tools: ClientTools, said: Callable[[], Any]) -> Callable[[Database], Work]:
    """Give what does the job of a database, by the programs of this machine."""
    del said  # what it hears begins with this test

    def ready(database: Database) -> Work:
        telemetry = Telemetry("job", "prod")
        dumper = Dumper(vault, telemetry, engines(tools))
        return Work(telemetry, OneDatabase(database), dumper)

    return ready


@pytest.fixture
def environment(stage: str, home: Vault, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """Put the job into the environment, as Batch does."""
    del stage  # it is in the environment too
    monkeypatch.setenv(PAYLOAD, job().to_json())
    return home


@contextmanager
def container(said: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Start one as its image does, and collect what it says."""
    command = [sys.executable, "-m", "functions.job"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            reader = threading.Thread(target=lambda: said.extend(process.stdout or ()))
            reader.start()
            yield process
        finally:
            process.kill()
            reader.join()


def events(said: list[str]) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, said) if "_aws" not in line]


def test_a_job_becomes_a_backup(
    source: Callable[..., Source],
    configure: Callable[..., None],
    environment: Vault,
    said: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    configure("orders", source().dsn)
    assert main(os.environ) == 0
    assert keys(environment) == [CONTENTS, MANIFEST, DUMP]
    told = said()
    assert told.messages() == ["connection.plain", "dump.began", "dump.ended", "job.ended"]
    assert told.log("job.ended")["status"] == 0
    assert len(told.measured("BackupSucceeded")) == 1


@pytest.mark.parametrize("payload", ["", "{", '{"version": 9}'])
def test_what_is_no_job_is_told_and_is_a_failure(
    payload: str, environment: Vault, said: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PAYLOAD, payload)
    assert main(os.environ) == 2
    assert said().messages() == ["job.failed"]


def test_a_job_that_fails_has_as_many_attempts_as_in_the_queue(
    tmp_path: Path,
    source: Callable[..., Source],
    work: Callable[[Database], Work],
    said: Callable[[], Any],
) -> None:
    broken = work(source().database())
    tools = fake_tools(tmp_path, "echo bad news >&2; exit 1")
    broken = replace(broken, dumper=replace(broken.dumper, engines=engines(tools)))
    assert do(broken, job(), at_once) == DumpFailed.exit_code
    failed = [line for line in said().logs if line["message"] == "dump.failed"]
    assert [line["attempt"] for line in failed] == list(range(1, ATTEMPTS + 1))
    assert all("bad news" in line["reason"] for line in failed)


def test_a_later_attempt_makes_the_backup(
    source: Callable[..., Source], work: Callable[[Database], Work], said: Callable[[], Any]
) -> None:
    class Throttled(OneDatabase):
        asked = 0

        def database(self, key: str) -> Database:
            self.asked += 1
            if self.asked == 1:
                raise AwsFailed("ssm:GetParameter failed: ThrottlingException")
            return super().database(key)

    hasty = replace(work(source().database()), parameters=Throttled(source().database()))
    assert do(hasty, job(), at_once) == 0
    assert said().messages().count("dump.failed") == 1
    assert keys(hasty.dumper.vault) == [CONTENTS, MANIFEST, DUMP]


def test_what_takes_longer_than_a_day_is_not_tried_again(
    source: Callable[..., Source], work: Callable[[Database], Work], said: Callable[[], Any]
) -> None:
    late = work(source().database())
    late = replace(late, dumper=replace(late.dumper, deadline=Deadline(lambda: RESERVE)))
    assert do(late, job(), at_once) == 5
    failed = [line["kind"] for line in said().logs if line["message"] == "dump.failed"]
    assert failed == ["DeadlineReached"]


def test_a_defect_is_as_loud_as_any_failure_and_is_not_tried_again(
    source: Callable[..., Source], work: Callable[[Database], Work], said: Callable[[], Any]
) -> None:
    class Broken(Dumper):
        def dump(self, *_: object) -> None:
            raise ZeroDivisionError("hush-hush")

    defect = work(source().database())
    own = defect.dumper
    assert do(replace(defect, dumper=Broken(own.vault, own.events, own.engines)), job()) == 1
    told = said().log("dump.failed")
    assert told["kind"] == "ZeroDivisionError"
    assert "hush-hush" not in json.dumps(told)


@pytest.mark.long
def test_one_that_is_told_to_end_stops_the_dump_and_says_why(
    source: Callable[..., Source], configure: Callable[..., None], environment: Vault
) -> None:
    made = source()
    configure("orders", made.dsn)
    said: list[str] = []
    waits = "SELECT 1 FROM pg_locks WHERE NOT granted"
    with made.locked("t"), container(said) as process:
        eventually(lambda: made.rows(waits))
        process.send_signal(signal.SIGTERM)
        assert process.wait() == DumpFailed.exit_code
    told, last = events(said)[-2:]
    assert (told["message"], told["database"]) == ("dump.failed", "orders")
    assert (last["message"], last["status"]) == ("job.ended", DumpFailed.exit_code)
    assert told["kind"] == "DumpStopped"
    assert told["reason"] == "the container was told to end before the dump was done"
    assert keys(environment) == []
    assert open_uploads(environment) == []


def test_one_that_is_told_to_end_while_it_does_something_else_says_so_before_it_is_killed(
    work: Callable[[Database], Work], said: Callable[[], Any]
) -> None:
    left = threading.Event()
    statuses: list[int] = []

    def leave(status: int) -> None:
        statuses.append(status)
        left.set()

    connecting = work(Database("orders", "host=h", 1))
    say_farewell(connecting, job(), timedelta(), leave)
    assert left.wait(300)
    assert statuses == [DumpFailed.exit_code]
    assert said().messages() == ["dump.failed"]
    assert connecting.dumper.ending.wait(0)


def test_a_job_that_has_to_wait_comes_back_when_its_container_is_no_longer_under_way(
    environment: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delivery that finds one of the name under way is done: it must not find the one that ends.

    SQS delays nothing for longer than a quarter of an hour.
    """
    del environment
    said = DumperSettings.from_env(os.environ)
    turns = Work.of(replace(said, queue_url="https://queue", max_per_server="1")).dumper.turns
    assert turns
    pauses: list[timedelta] = []
    monkeypatch.setattr(JobQueue, "put_off", lambda _, __, pause: pauses.append(pause))
    for spread in ("0", "1"):
        waiting = replace(turns, spread=partial(float, spread))
        assert waiting.put_off(job(), ServerBusy("two are under way"), RecordedEvents())
    assert timedelta(minutes=5) < min(pauses) <= max(pauses) <= timedelta(minutes=15)
