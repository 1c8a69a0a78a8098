"""A folder that somebody has prepared: whatever runs or imports one of its files leaves a trace."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

CANARY = "the-operators-secret-of-aws"
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": CANARY,
    "AWS_SESSION_TOKEN": CANARY,
    "PULUMI_CONFIG_PASSPHRASE": CANARY,
    "SNAPPER_DEMO_DATABASE": f"KEY,{CANARY},POSTGRES",
    "PGPASSWORD": CANARY,
    "DATABASE_CONN_STRINGS": CANARY,
}
MODULES = (
    *("pip", "venv", "ensurepip", "six", "runpy", "json", "ssl", "subprocess"),
    *("contextlib", "pathlib", "re", "signal", "tempfile", "typing", "bootstrap"),
    *("sitecustomize", "usercustomize"),
)
PACKAGES = ("encodings", "boto3", "typer", "rich", "snapper", "local", "bin", "infra")
PROGRAMS = (
    *("python", "python3", "python3.11", "python3.12", "python3.13", "bash", "sh", "env", "ls"),
    *("readlink", "dirname", "id", "git", "uv", "ps", "pulumi", "pg_dump", "psql"),
)


@dataclass(frozen=True)
class HostileFolder:
    """The folder, and the one where its traces are."""

    path: Path
    traces: Path

    @classmethod
    def make(cls, room: Path) -> "HostileFolder":
        """Plant a module and a program of every name that one could take by mistake."""
        made = cls(room / "hostile", room / "traces")
        made.traces.mkdir(parents=True)
        trace = f"import os; os.mkdir({str(made.traces)!r} + '/module ' + __name__)\n"
        for name in (*MODULES, *(f"{package}/__init__" for package in PACKAGES)):
            file = made.path / f"{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(trace)
        home = made.path / "base/lib/python3.11/site-packages"
        home.mkdir(parents=True)
        (home / "usercustomize.py").write_text(trace)
        (home / "planted.pth").write_text(trace)
        for name in PROGRAMS:
            program = made.path / name
            program.write_text(f"#!/bin/sh\n: >'{made.traces}/program {name}'\n")
            program.chmod(0o755)
        return made

    def environment(self) -> dict[str, str]:
        """What a shell may hold that leads here, and the secrets that nobody here may see."""
        return {
            **os.environ,
            **SECRETS,
            "PATH": f".:{os.environ['PATH']}::",
            "PYTHONPATH": f"{self.path}::.",
            "PYTHONSTARTUP": str(self.path / "json.py"),
            "PYTHONUSERBASE": str(self.path / "base"),
        }

    def enter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Go there, with all that leads there, as a user who has unpacked something."""
        monkeypatch.chdir(self.path)
        for name, value in self.environment().items():
            monkeypatch.setenv(name, value)

    def assert_untouched(self) -> None:
        """Nothing of it ran."""
        assert sorted(path.name for path in self.traces.iterdir()) == []
