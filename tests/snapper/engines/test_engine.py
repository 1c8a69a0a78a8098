"""An engine fits in by its folder and one line in `ENGINES`; nothing else knows its name."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions import dispatcher, dumper, pruner
from local.emulator.cloud import Cloud
from snapper.aws.functions import Functions
from snapper.aws.vault import Vault
from snapper.cli.__main__ import main
from snapper.engines.checks import connection_checks
from snapper.engines.engine import ENGINES, engine_of
from snapper.engines.postgresql.engine import PostgreSQL
from snapper.errors import SettingsError
from snapper.values.job import write_time
from snapper.values.keys import Kind
from snapper.values.secrets import parse_secrets
from snapper.values.service import Service
from snapper.values.settings import (
    parameter_root,
    service_parameter,
)
from tests.support.events import delivery, made
from tests.support.events import record as taken
from tests.support.parameters import store
from tests.support.recorder import record

TEXT = "first line\nsecond line\nthird line\n"
SECRET = "hush-hush"


@pytest.fixture
def text_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be a second engine: this line is all that is not in its folder."""
    monkeypatch.setitem(ENGINES, "TEXT", "tests.support.text_engine.engine.TextEngine")


class Context:
    """Lambda's context, with all the time of a function left."""

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


class TextStage:
    """A stage with one database of the second engine; the real handlers run in this process."""

    def __init__(self, cloud: Cloud, vault: Vault, source: Path) -> None:
        self._sqs = cloud.client("sqs")
        self.name = vault.bucket
        self.vault, self.source = vault, source
        self.connection = f"text:{source}?key={SECRET}"
        prefix = f"snapper-{self.name}-"
        self.queue = self._sqs.create_queue(QueueName=f"{prefix}jobs")["QueueUrl"]
        letters = self._sqs.create_queue(QueueName=f"{prefix}dead-letters")["QueueUrl"]
        root, ssm = parameter_root(self.name), cloud.client("ssm")
        databases = parse_secrets(f"notes,{self.connection},TEXT", "notes,2", connection_checks())
        group = f"/aws/lambda/{prefix}dumper"
        cloud.client("logs").create_log_group(logGroupName=group)
        service = {
            **dict.fromkeys(Service.__dataclass_fields__, ""),
            "region": cloud.region,
            "parameter_root": root,
            "bucket": vault.bucket,
            "queue_url": self.queue,
            "dead_letter_url": letters,
            "version": "1",
            "dispatcher": f"{prefix}dispatcher",
            "dumper": f"{prefix}dumper",
            "schedule": "rate(1 day)",
        }
        store(ssm, root, databases)
        # Operators find a stage without a right to decrypt.
        ssm.put_parameter(Name=service_parameter(root), Value=json.dumps(service), Type="String")

    def run(self, at: str) -> dict[str, Any]:
        """Dispatch for a time, and hand every job to the dumper."""
        assert dispatcher.handler({"time": at}, None) == {"queued": 1}
        answer = self._sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=20)
        (message,) = answer["Messages"]
        assert SECRET not in message["Body"]
        self._sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        record_of_it = taken(message["Body"], message["MessageId"])
        return dict(dumper.handler(delivery(record_of_it), Context()))

    def prune(self) -> dict[str, int]:
        """Tell the pruner of the newest manifest, as S3 does."""
        stored = [each.key for each in self.vault.list("") if each.key.endswith(Kind.MANIFEST)]
        return pruner.handler(made(self.vault.bucket, max(stored)), None)


@pytest.fixture
def stage(
    text_engine: None,
    cloud: Cloud,
    vault: Vault,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> TextStage:
    """Give a stage whose database is a text file, in this process's environment."""
    source = tmp_path / "notes.txt"
    source.write_text(TEXT)
    made = TextStage(cloud, vault, source)
    for name, value in {
        **cloud.environment(),
        "SNAPPER_STAGE": made.name,
        "SNAPPER_PARAMETER_ROOT": parameter_root(made.name),
        "SNAPPER_QUEUE_URL": made.queue,
        "SNAPPER_BUCKET": vault.bucket,
        "SNAPPER_CLIENTS": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        Functions, "ask", lambda _, __, event: dict(dumper.handler(event, Context()))
    )
    return made


Command = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command with --json; give its exit code, its document and all that it wrote."""

    def run(*arguments: str) -> tuple[int, Any, str]:
        capsys.readouterr()
        code = main([*arguments, "--json"])
        out, err = capsys.readouterr()
        assert SECRET not in out + err
        return code, json.loads(out), err

    return run


@contextmanager
def secrets(connection: str) -> Iterator[None]:
    given = {"DATABASE_CONN_STRINGS": f"notes,{connection},TEXT", "BACKUP_STORAGE_DATA": "notes,2"}
    os.environ.update(given)
    try:
        yield
    finally:
        for name in given:
            del os.environ[name]


def test_it_is_checked_before_it_is_set(stage: TextStage, command: Command) -> None:
    with secrets(stage.connection):
        code, document, _ = command("check")
    assert (code, document["databases"][0]["place"]) == (0, str(stage.source))
    with secrets("postgresql://h/d"):
        code, document, _ = command("check")
    assert code == 2
    assert document["faults"] == [
        "DATABASE_CONN_STRINGS row 1 (notes): a text file is written text:/path"
    ]


@pytest.mark.usefixtures("text_engine")
def test_it_is_deployed_with_its_type() -> None:
    graph = record(DATABASE_CONN_STRINGS="notes,text:/notes,TEXT", BACKUP_STORAGE_DATA="notes,2")
    tables = [
        one.inputs["value"]
        for one in graph.of("ssm/parameter:Parameter")
        if "/DATABASES/" in one.inputs["name"]
    ]
    assert [table.split("|")[1:] for table in tables] == [["notes,2,TEXT,c0"]]


def now(seconds: int = 0) -> str:
    """Give the time of a job of now, or of seconds later."""
    return write_time(datetime.now(UTC) + timedelta(seconds=seconds))


def test_it_is_dispatched_dumped_pruned_and_listed(stage: TextStage, command: Command) -> None:
    due = [now(seconds) for seconds in range(3)]  # none of them late
    for at in due:
        assert stage.run(at) == {"batchItemFailures": []}
    assert stage.prune() == {"pruned": 1}
    code, document, _ = command("list")
    assert code == 0
    (newest, older) = document["databases"]["notes"]
    assert [newest["taken_at"], older["taken_at"]] == [due[2], due[1]]
    assert newest["manifest"]["engine"] == "TEXT"
    assert newest["manifest"]["lines"] == 3
    assert "first_line" not in newest["manifest"]


def test_a_file_that_is_not_there_fails_loudly_and_leaves_nothing(stage: TextStage) -> None:
    stage.source.unlink()
    assert stage.run(now())["batchItemFailures"]
    assert list(stage.vault.list("")) == []


def test_it_is_verified_and_proven(stage: TextStage, command: Command) -> None:
    stage.run(now())
    code, document, _ = command("verify", "notes", "--restore")
    assert code == 0
    (verified,) = document["backups"]
    assert verified["verification"]["sound"]
    assert verified["verification"]["restored"]["rows"] == 3


def test_it_is_restored_into_a_new_one_and_not_over_its_source(
    stage: TextStage, command: Command, tmp_path: Path
) -> None:
    stage.run(now())
    target = tmp_path / "again.txt"
    code, document, _ = command("restore", "notes", "--to", f"text:{target}", "--create")
    assert (code, document["restored"], document["creates"]) == (0, True, True)
    assert target.read_text() == TEXT
    code, document, _ = command("restore", "notes", "--to", f"text:{target}")
    assert code == 2
    assert "is not empty: 3 lines" in document["error"]["fact"]
    code, document, _ = command("restore", "notes", "--to", stage.connection, "--force")
    assert code == 2
    assert "--over-source notes" in document["error"]["hint"]


def test_it_is_examined_where_it_is_dumped(stage: TextStage, command: Command) -> None:
    code, document, _ = command("doctor", "notes")
    assert code == 0
    facts = [finding["fact"] for finding in document["findings"]["notes"]]
    assert "Text 3.1 is dumped by cat 3.1" in facts
    assert "every one of 3 can be read" in facts


def test_a_type_without_an_engine_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="no engine for databases of type ORACLE") as refused:
        engine_of("ORACLE")
    assert "POSTGRES" in refused.value.hint


def test_postgresql_is_the_first_engine() -> None:
    assert isinstance(engine_of("POSTGRES"), PostgreSQL)
    assert engine_of("POSTGRES").kind == "POSTGRES"
