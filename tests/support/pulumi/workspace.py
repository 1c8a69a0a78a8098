"""A folder in which Pulumi's real command line deploys this project onto the embedded cloud.

    with Workspace.open(directory, installation, cloud, host) as workspace:
        stack = workspace.stack("prod", **SECRETS)
        ran = stack.run("up", "--yes", "--skip-preview")

State, plugins and stack files lie in the folder; the clone itself is only read.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.machine import children
from snapper.machine.children import ROOT
from tests.support.pulumi import language_host
from tests.support.pulumi.installation import Installation
from tests.support.pulumi.provider import Call, Provider, serve

SECRETS = ("DATABASE_CONN_STRINGS", "BACKUP_STORAGE_DATA", "RESTORE_CONN_STRINGS", "drillIdentity")

PASSPHRASE = "a passphrase for tests"
PATIENCE = 900.0
"""Seconds after which a command hangs rather than works; no verdict depends on it."""

# What the program reads of the clone. The file of a real stack is none of it.
_PROGRAM = ("Pulumi.yaml", "__main__.py", "bin", "functions", "infra", "snapper")
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All that somebody at a terminal would have seen."""
        return self.out + self.err

    def must_be_good(self) -> "Ran":
        """Raise, with all that it wrote, if the command failed."""
        if self.code:
            raise AssertionError(self.text)
        return self


class Workspace:
    """Where commands run, and as whom.

    `provider` tells what they did to the cloud, `ran` what all of them wrote.
    """

    def __init__(self, directory: Path, environment: Mapping[str, str], provider: Provider) -> None:
        self.directory = directory
        self.environment = environment
        self.provider = provider
        self.ran: list[Ran] = []

    @classmethod
    @contextlib.contextmanager
    def open(
        cls, directory: Path, installation: Installation, cloud: Cloud, host: LambdaHost
    ) -> Iterator[Self]:
        """Lay the folder out, and serve its provider."""
        for name in ("bin", "project", "state"):
            (directory / name).mkdir(parents=True)
        # Both are made on first need, and shared with every other run of this clone.
        for made in (".build", ".cache"):
            (ROOT / made).mkdir(exist_ok=True)
        for name in (*_PROGRAM, ".build", ".cache"):
            (directory / "project" / name).symlink_to(ROOT / name)
        provider = Provider(cloud, host)
        with serve(provider) as port:
            _put_plugins(directory, installation, port)
            yield cls(directory, _environment(directory, installation, cloud.region), provider)

    def run(self, *arguments: str) -> Ran:
        """Run `pulumi` with these arguments to its end."""
        out, err = self.directory / "out", self.directory / "err"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            child = children.spawn(
                [self.directory / "bin" / "pulumi", *arguments, "--non-interactive"],
                environment=self.environment,
                directory=self.directory / "project",
                stdout=stdout,
                stderr=stderr,
            )
            try:
                code = child.wait(PATIENCE)
            finally:
                children.stop(child)  # a plugin may outlive the command that started it
        self.ran.append(Ran(code, out.read_text(), err.read_text()))
        return self.ran[-1]

    def stack(self, name: str, **settings: str) -> "Stack":
        """Make a stack of these settings."""
        self.run("stack", "init", name).must_be_good()
        stack = Stack(self, name)
        stack.set(**settings)
        return stack


@dataclass(frozen=True)
class Stack:
    """One stack of a workspace."""

    workspace: Workspace
    name: str

    def run(self, *arguments: str) -> Ran:
        """Run `pulumi` for this stack."""
        return self.workspace.run(*arguments, "--stack", self.name)

    def up(self, *arguments: str) -> Ran:
        """Deploy it as it is set now."""
        return self.run("up", "--yes", "--skip-preview", *arguments)

    def destroy(self) -> Ran:
        """Remove all that it keeps nothing of."""
        return self.run("destroy", "--yes", "--skip-preview")

    def steps(self) -> list[dict[str, Any]]:
        """Preview it, and give each step as the engine plans it."""
        planned = json.loads(self.run("preview", "--json").must_be_good().out)
        steps: list[dict[str, Any]] = planned["steps"]
        return steps

    def set(self, **settings: str) -> None:
        """Set these, and encrypt what Pulumi.yaml calls a secret."""
        pairs = [
            word
            for key, value in settings.items()
            for word in ("--secret" if key in SECRETS else "--plaintext", f"{key}={value}")
        ]
        place = ("--plaintext", f"aws:region={self.region}")
        self.run("config", "set-all", *place, *pairs).must_be_good()

    def set_at(self, path: str, value: str) -> None:
        """Set a part of a setting that has several."""
        place = ("--plaintext", "--path", path, value)
        self.run("config", "set", *place).must_be_good()

    def change(self, *arguments: str) -> list[Call]:
        """Deploy it once more, which must go well, and give the calls it took."""
        self.workspace.provider.take_calls()
        self.up(*arguments).must_be_good()
        return self.workspace.provider.take_calls()

    def unset(self, *keys: str) -> None:
        """Take settings back."""
        self.run("config", "rm-all", *keys).must_be_good()

    @property
    def region(self) -> str:
        """Where the cloud is."""
        return self.workspace.environment["AWS_REGION"]

    def outputs(self) -> dict[str, Any]:
        """Give what the program exported."""
        outputs: dict[str, Any] = json.loads(
            self.run("stack", "output", "--json").must_be_good().out
        )
        return outputs


def _put_plugins(directory: Path, installation: Installation, port: int) -> None:
    """Put on the PATH, and where the engine looks, what starts a program and finds the provider."""
    (directory / "bin" / "pulumi").symlink_to(installation.pulumi)
    _script(
        directory / "bin" / "pulumi-language-python",
        # Not a module: the program that it starts must not find the clone's own on its path.
        f'exec "{sys.executable}" -P "{language_host.__file__}" "$@"',
    )
    plugin = directory / "home" / "plugins" / f"resource-aws-v{version('pulumi-aws')}"
    plugin.mkdir(parents=True)
    _script(plugin / "pulumi-resource-aws", f"echo {port}; exec sleep infinity")


def _script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def _environment(directory: Path, installation: Installation, region: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        "PATH": f"{directory / 'bin'}:{os.environ.get('PATH', os.defpath)}",
        "AWS_REGION": region,
        "PULUMI_HOME": str(directory / "home"),
        "PULUMI_BACKEND_URL": f"file://{directory / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        language_host.SCRIPT: str(installation.python_exec),
    }
