"""Snapper is used in a folder that somebody has prepared: nothing in it runs or learns a secret."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bin.pg_dump.download import download
from bin.pg_dump.platforms import Platform
from infra.wheels import locked_wheels
from local.emulator.cloud import Cloud
from snapper.errors import SnapperError
from snapper.machine import children, python
from snapper.machine.children import ROOT
from tests.bin.test_launchers import OLDER, SIX, house
from tests.bin.test_under_load import house as quick_checks
from tests.support import demos
from tests.support.cloud import LONGEST
from tests.support.faults import faulted
from tests.support.hostile_folder import CANARY, HostileFolder

__all__ = ["quick_checks"]

PLANTED = "hostile folder: modules and programs planted in it"
KNOWN = "hostile folder: secrets looked for in children"

RECORDER = """\
import os, sys
with open({notes!r}, "a") as notes:
    said = [name for name, value in os.environ.items() if {canary!r} in value]
    print(sys.orig_argv[1:], sys.flags.isolated, sorted(said), sep="|", file=notes)
"""


@pytest.fixture
def hostile(tmp_path: Path) -> HostileFolder:
    return HostileFolder.make(tmp_path)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The environment of every child that is started from now on, and its command."""
    found: list[dict[str, Any]] = []
    original = subprocess.Popen.__init__

    def record(self: Any, args: Any, env: Any = None, **named: Any) -> None:
        found.append({"args": args, "env": dict(os.environ if env is None else env)})
        original(self, args, env=env, **named)

    monkeypatch.setattr(subprocess.Popen, "__init__", record)
    return found


def assert_isolated(started: list[dict[str, Any]]) -> None:
    assert started
    for child in started:
        with faulted(KNOWN):
            if child["args"][0] == sys.executable:
                assert "-I" in child["args"][1:3]
            assert CANARY not in repr(child)
            assert not [name for name in child["env"] if name.startswith("PYTHON")]
            assert all(map(os.path.isabs, child["env"].get("PATH", "/").split(":")))


def run(
    hostile: HostileFolder, *command: str | Path, **variables: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        cwd=hostile.path,
        env={**hostile.environment(), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )


@pytest.mark.long
def test_the_first_start_runs_nothing_of_it(hostile: HostileFolder, tmp_path: Path) -> None:
    made = house(tmp_path / "house")
    with faulted(PLANTED):
        done = run(hostile, made / "bin/snapper", "a b")
        assert done.stdout == f"1.17.0 {hostile.path} ['a b']\n", done.stderr
        hostile.assert_untouched()
    # From here on each Python of the environment that looks for packages tells what it knows.
    (packages,) = (made / ".venv/lib").glob("python3*/site-packages")
    notes = tmp_path / "notes"
    recorder = RECORDER.format(notes=str(notes), canary=CANARY)
    (packages / "recorder.py").write_text(recorder)
    (packages / "recorder.pth").write_text("import recorder\n")
    (made / "requirements.txt").write_text(OLDER)
    (made / "local/requirements.txt").write_text(OLDER)
    with faulted(PLANTED):
        assert run(hostile, made / "bin/snapper").stdout.startswith("1.16.0 ")
        hostile.assert_untouched()
    *before, last = [line.split("|") for line in notes.read_text().splitlines()]
    assert any("'pip', 'install'" in command for command, _, _ in before)
    for _, isolated, secrets in before:
        with faulted(KNOWN):
            assert (isolated, secrets) == ("1", "[]")
    assert last[1] == "1"
    assert "AWS_SECRET_ACCESS_KEY" in last[2]  # the command itself needs it
    (made / "requirements.txt").write_text(SIX)


def test_the_checks_run_nothing_of_it(hostile: HostileFolder, quick_checks: Path) -> None:
    with faulted(PLANTED):
        done = run(hostile, quick_checks / "bin/test", TESTS_END_WITH="0")
        assert done.stdout.endswith("all is well\n"), done.stderr
        hostile.assert_untouched()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        ("--help",),
        # The help of one command is read by what reads that of all; others import what these do.
        *(
            pytest.param((command, "--help"), marks=pytest.mark.long)
            for command in ("demo", "list", "restore", "verify", "doctor")
        ),
        *(
            pytest.param(words, marks=pytest.mark.long)
            for words in (("policy", "operator"), ("check",), ("no-such-command",))
        ),
        ("check", "--pulumi", "prod"),
        ("list", "--region", "nowhere-1"),
    ],
    ids=" ".join,
)
def test_a_command_imports_and_runs_nothing_of_it(
    arguments: tuple[str, ...], hostile: HostileFolder, cloud: Cloud
) -> None:
    with faulted(PLANTED):
        done = run(
            hostile,
            sys.executable,
            *python.running("snapper.cli", *arguments),
            **cloud.place(),
        )
        assert "Traceback" not in done.stderr
        assert CANARY not in done.stdout + done.stderr
        hostile.assert_untouched()


def test_pip_is_taken_from_nowhere_else_and_knows_no_secret(
    hostile: HostileFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    started: list[dict[str, Any]],
    refusing_port: int,
) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"thing==1 --hash=sha256:{'0' * 64}\n")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{refusing_port}/simple")
    hostile.enter(monkeypatch)
    attempts: list[Callable[[], object]] = [
        lambda: download("18.6.0", Platform.LINUX_X86_64, tmp_path),
        lambda: locked_wheels(lock, "arm64", tmp_path / "cache"),
    ]
    for attempt in attempts:
        with faulted(PLANTED):
            with pytest.raises(SnapperError, match="No matching distribution"):
                attempt()
            hostile.assert_untouched()
    assert_isolated(started)
    assert all(child["env"]["PIP_INDEX_URL"].endswith("/simple") for child in started)


def test_the_watchdog_and_the_emulator_import_nothing_of_it(
    hostile: HostileFolder, monkeypatch: pytest.MonkeyPatch, started: list[dict[str, Any]]
) -> None:
    hostile.enter(monkeypatch)
    monkeypatch.setenv("PATH", os.defpath)  # as the command line sees to before anything else
    watchdog = children._Watchdog()
    monkeypatch.setattr(children, "_watchdog", watchdog)
    with (
        tempfile.TemporaryDirectory() as folder,
        faulted(PLANTED),
        Cloud.start(Path(folder)) as cloud,
    ):
        assert cloud.client("sts").get_caller_identity()
        watchdog.close()
        hostile.assert_untouched()
    assert_isolated(started)


@pytest.mark.long
def test_a_whole_demo_runs_nothing_of_it(hostile: HostileFolder) -> None:
    with tempfile.TemporaryDirectory() as folder, faulted(PLANTED):
        room = Path(folder)
        room.chmod(0o711)  # servers that root starts belong to another user
        done = run(
            hostile,
            sys.executable,
            *python.running("snapper.cli", "demo", "--runs", "1"),
            TMPDIR=str(room),
            SNAPPER_DEMO_DATABASE="",
        )
        assert done.returncode == 0, done.stderr
        assert CANARY not in done.stdout + done.stderr
        hostile.assert_untouched()
        demos.assert_nothing_is_left(room)


def test_no_python_of_ours_is_started_but_isolated() -> None:
    """Where a child is written down: so is the next one that somebody adds."""
    rooms = [
        path
        for room in ("bin", "infra", "local", "snapper")
        for path in ROOT.glob(f"{room}/**/*.py")
    ]
    lines = [line for path in rooms for line in path.read_text().splitlines()]
    starts = [line.strip() for line in lines if "[sys.executable" in line or "[str(PYTHON)" in line]
    assert len(starts) >= 4
    assert not [line for line in starts if not any(w in line for w in ("*python.running", '"-I"'))]
