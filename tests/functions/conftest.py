"""A stage of the embedded cloud in the environment, and what a function said on its stdout."""

import itertools
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.emulator.cloud import Cloud
from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.values.options import Options
from snapper.values.secrets import Database
from snapper.values.settings import connection_parameter, parameter_root, retention_parameter
from tests.support.engines import clients
from tests.support.parameters import store as store_all

_NUMBERS = itertools.count(1)


class Said:
    """The lines of a function: its logs, and its metrics in CloudWatch's embedded format."""

    def __init__(self, lines: list[dict[str, Any]]) -> None:
        self.metrics = [line for line in lines if "_aws" in line]
        self.logs = [line for line in lines if "_aws" not in line]

    def messages(self) -> list[str]:
        return [line["message"] for line in self.logs]

    def log(self, message: str) -> dict[str, Any]:
        return next(line for line in self.logs if line["message"] == message)

    def measured(self, name: str) -> list[Any]:
        return [metric[name] for metric in self.metrics if name in metric]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], Said]:
    """Give what was said since the last time; every line must be JSON."""
    for service in ("dispatcher", "dumper", "pruner", "prover", "watcher", "job"):
        # The one of an earlier test holds on to the stdout of that test.
        logging.Logger.manager.loggerDict.pop(service, None)
    return lambda: Said([json.loads(line) for line in capsys.readouterr().out.splitlines()])


@pytest.fixture
def stage(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the name of a new stage; this process is at home in the embedded cloud."""
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    name = f"stage-{next(_NUMBERS)}"
    monkeypatch.setenv("SNAPPER_STAGE", name)
    monkeypatch.setenv("SNAPPER_PARAMETER_ROOT", parameter_root(name))
    return name


@pytest.fixture
def configure(cloud: Cloud, stage: str) -> Callable[..., None]:
    """Store one database's two parameters."""

    def store(key: str, connection: str, count: int | str = 2) -> None:
        root = parameter_root(stage)
        for name, value in (
            (connection_parameter(root, key), connection or "none"),
            (retention_parameter(root, key), str(count)),
        ):
            cloud.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString")

    return store


@pytest.fixture
def configure_options(cloud: Cloud, stage: str) -> Callable[..., None]:
    """Store the table of the databases that are named, and the options of each."""

    def store(**options: Options) -> None:
        databases = [Database(key, "", 2, options=own) for key, own in options.items()]
        store_all(cloud.client("ssm"), parameter_root(stage), databases)

    return store


@pytest.fixture
def home(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, tools: ClientTools, tmp_path: Path
) -> Vault:
    """Give the vault that the dumper is told to use."""
    monkeypatch.setenv("SNAPPER_BUCKET", vault.bucket)
    monkeypatch.setenv("SNAPPER_CLIENTS", str(clients(tools, tmp_path)))
    return vault
