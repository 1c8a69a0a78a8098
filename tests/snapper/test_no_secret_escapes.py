"""A password of every printable character reaches no log, no argv, no message and no manifest."""

import itertools
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest
from psycopg2 import sql

from functions import dispatcher, dumper
from local.emulator.cloud import Cloud
from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.values.settings import connection_parameter, parameter_root, retention_parameter
from tests.support.databases import Source, job
from tests.support.dumps import fake_tools
from tests.support.engines import clients
from tests.support.events import SCHEDULED, Context, delivery, record
from tests.support.spellings import EVERY, PRINTABLE, pieces
from tests.support.vaults import keys

_NUMBERS = itertools.count(1)

# A shorter piece of a spelling such as "%20%21" is no secret.
WINDOW = 12


class Argvs:
    """The command line of every process that is started here meanwhile."""

    starting = frozenset({"subprocess.Popen", "os.exec", "os.posix_spawn"})

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._watching = False

    def __enter__(self) -> "Argvs":
        self._watching = True
        sys.addaudithook(self._hear)  # and there it stays
        return self

    def __exit__(self, *_: object) -> None:
        self._watching = False

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._watching and event in self.starting:
            # Of all that an event has, its environment alone may hold a password.
            self.seen.append("\0".join(map(os.fsdecode, arguments[1])))


class Stage:
    """A stage whose only database is reached with the password of every character."""

    def __init__(
        self, name: str, cloud: Cloud, vault: Vault, capfd: pytest.CaptureFixture[str]
    ) -> None:
        self.root, self._cloud, self._vault, self._capfd = parameter_root(name), cloud, vault, capfd
        self.queue = cloud.client("sqs").create_queue(QueueName=f"{name}-jobs")["QueueUrl"]
        self.argvs = ""

    def configure(self, connection: str) -> None:
        for name, value in (
            (connection_parameter(self.root, "orders"), connection),
            (retention_parameter(self.root, "orders"), "2"),
        ):
            self._cloud.client("ssm").put_parameter(
                Name=name, Value=value, Type="SecureString", Overwrite=True
            )

    def run(self) -> bool:
        """Dispatch and dump; tell whether the backup was made."""
        with Argvs() as argvs:
            dispatcher.handler(SCHEDULED, Context())
            answer = dumper.handler(delivery(record(job().to_json())), Context())
        self.argvs = "\n".join(argvs.seen)
        return answer == {"batchItemFailures": []}

    def everything_said(self) -> str:
        out, err = self._capfd.readouterr()
        messages = self._cloud.client("sqs").receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=10
        )["Messages"]
        objects = [self._vault.read(key).decode(errors="replace") for key in keys(self._vault)]
        texts = [out, err, self.argvs, *objects, json.dumps(messages, default=str)]
        # A log line is JSON: it is searched as it stands and as it is read.
        lines = [str(json.loads(line)) for line in out.splitlines()]
        return "\n".join([*texts, *lines])


@pytest.fixture
def stage(
    cloud: Cloud,
    vault: Vault,
    tools: ClientTools,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Stage:
    for service in ("dispatcher", "dumper"):
        logging.Logger.manager.loggerDict.pop(service, None)
    made = Stage(f"secret-{next(_NUMBERS)}", cloud, vault, capfd)
    environment = {
        **cloud.environment(),
        "SNAPPER_STAGE": "secret",
        "SNAPPER_PARAMETER_ROOT": made.root,
        "SNAPPER_QUEUE_URL": made.queue,
        "SNAPPER_BUCKET": vault.bucket,
        "SNAPPER_CLIENTS": str(clients(tools, tmp_path)),
        "POWERTOOLS_LOG_LEVEL": "DEBUG",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def guarded(source: Callable[..., Source]) -> Source:
    """A database whose role really has the password of every character."""
    made = source()
    made.run(
        "DROP ROLE IF EXISTS guarded; CREATE ROLE guarded LOGIN; GRANT pg_read_all_data TO guarded"
    )
    link = psycopg2.connect(made.dsn)
    with link, link.cursor() as cursor:
        cursor.execute(sql.SQL("ALTER ROLE guarded PASSWORD {}").format(sql.Literal(EVERY)))
    link.close()
    return made


def uri(source: Source, password: str = EVERY) -> str:
    place = f"127.0.0.1:{source.server.port}/{quote(source.name)}"
    return f"postgresql://guarded:{quote(password, safe='')}@{place}"


def keyword_values(source: Source, password: str = EVERY) -> str:
    quoted = password.replace("\\", "\\\\").replace("'", "\\'")
    return (
        f"host=127.0.0.1 port={source.server.port} dbname='{source.name}' user=guarded"
        f" password='{quoted}'"
    )


def escaped(said: str, password: str = EVERY, window: int = WINDOW) -> list[str]:
    return sorted(piece for piece in pieces(password, window) if piece in said)


def test_the_password_has_every_printable_character() -> None:
    assert set(EVERY) == set(PRINTABLE)


@pytest.mark.parametrize("form", [uri, keyword_values])
def test_nothing_escapes_while_a_backup_is_made(
    form: Callable[[Source], str], stage: Stage, guarded: Source
) -> None:
    stage.configure(form(guarded))
    assert stage.run()
    said = stage.everything_said()
    assert "pg_dump\0--format=plain" in said  # so its argv was seen
    assert "dump.ended" in said
    assert "manifest" not in said or '"sha256"' in said
    assert escaped(said) == []


@pytest.mark.parametrize("form", [uri, keyword_values])
def test_nothing_escapes_when_the_password_is_wrong(
    form: Callable[[Source, str], str], stage: Stage, guarded: Source
) -> None:
    wrong = EVERY[::-1].strip()
    stage.configure(form(guarded, wrong))
    assert not stage.run()
    said = stage.everything_said()
    assert "authentication failed" in said
    assert escaped(said, wrong) == []


def test_nothing_escapes_when_pg_dump_fails_and_prints_all_it_knows(
    stage: Stage, guarded: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = fake_tools(
        tmp_path,
        'printf "%s\\n" "$PGPASSWORD" "password=$PGPASSWORD" "$*" >&2;'
        'printf "postgresql://guarded:%s@h/d\\n" "$PGPASSWORD" >&2; exit 1',
    )
    monkeypatch.setenv("SNAPPER_CLIENTS", str(clients(tools, tmp_path / "fake")))
    stage.configure(uri(guarded))
    assert not stage.run()
    said = stage.everything_said()
    assert "exited with status 1" in said
    assert "***" in said
    assert escaped(said) == []


def test_nothing_escapes_when_nobody_listens(stage: Stage, guarded: Source) -> None:
    stage.configure(uri(guarded).replace(f":{guarded.server.port}/", ":1/"))
    assert not stage.run()
    said = stage.everything_said()
    assert "refused" in said
    assert escaped(said) == []


RAW = [
    "postgresql://guarded:{}@127.0.0.1/orders",
    "host=127.0.0.1 user=guarded password={}",
    "host=127.0.0.1 user=guarded password='{}'",
    "{}",
    "postgresql://127.0.0.1/orders?password={}",
    "postgresql://[{}",
]


@pytest.mark.parametrize("raw", RAW)
def test_nothing_escapes_when_the_connection_is_nonsense(
    raw: str, stage: Stage, guarded: Source
) -> None:
    """Unquoted and not encoded: whatever libpq makes of such a password, it is not shown."""
    stage.configure(raw.format(EVERY))
    assert not stage.run()
    said = stage.everything_said()
    assert "dump.failed" in said
    assert escaped(said, window=6) == []
