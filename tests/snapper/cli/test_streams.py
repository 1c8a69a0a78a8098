"""Whatever becomes of the output, a command ends in words and with its own exit code."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from snapper.machine.children import ROOT
from tests.support.manifests import manifest
from tests.support.stage import StageUnderTest

BODY = os.urandom(4 << 20)
"""More than any pipe and any buffer holds."""


@pytest.fixture
def download(stage: StageUnderTest) -> Iterator[list[str]]:
    """The command that writes a large backup to stdout."""
    sha256 = hashlib.sha256(BODY).hexdigest()
    with stage.database("large", "postgresql://nowhere/large"):
        made = manifest(database="large", backup_bytes=len(BODY), sha256=sha256)
        stage.put_backup(made, BODY)
        yield ["-m", "snapper.cli", "download", "large", "--output", "-"]


def writing(code: str) -> list[str]:
    """Give a program that ends as a command does, after this code."""
    lines = (
        "import sys",
        "from snapper.cli.outcome import reporting",
        "from snapper.cli.streams import open_streams, write_document",
        "open_streams()",
        "with reporting(as_json=False) as result:",
        f"    {code}",
        "sys.exit(result.code)",
    )
    return ["-c", "\n".join(lines)]


def ended(arguments: list[str], stdout: int, **environment: str) -> tuple[int, str]:
    """Run Python with its stdout there, and give its exit code and what stderr says."""
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stderr


def after_ten_bytes(arguments: list[str], **environment: str) -> tuple[int, str]:
    """Run Python into a pipe whose reader leaves after 10 bytes, as `head -c 10` does."""
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as command:
        assert command.stdout
        assert command.stderr
        os.read(command.stdout.fileno(), 10)
        command.stdout.close()
        said = command.stderr.read().decode()
    return command.returncode, said


def test_a_download_whose_reader_leaves_exits_141(
    stage: StageUnderTest, download: list[str]
) -> None:
    code, said = after_ten_bytes(download, **stage.environment())
    assert (code, said.splitlines()) == (141, ["large/2026-11-23T12-00-00Z.sql.gz"])


@pytest.mark.long
def test_a_download_onto_a_full_disk_is_a_plain_error(
    stage: StageUnderTest, download: list[str]
) -> None:
    with Path("/dev/full").open("wb") as full:
        code, said = ended(download, full.fileno(), **stage.environment())
    assert code == 1
    assert said.splitlines()[1:] == ["error: the output cannot be written: No space left on device"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("code", ["print('x' * 5_000_000)", "write_document({'x': 'y' * 5**10})"])
def test_a_long_text_whose_reader_leaves_exits_141(code: str, unbuffered: str) -> None:
    assert after_ten_bytes(writing(code), PYTHONUNBUFFERED=unbuffered) == (141, "")


@pytest.mark.parametrize("length", [1, 5_000_000])
def test_a_text_onto_a_full_disk_is_a_plain_error(length: int) -> None:
    with Path("/dev/full").open("wb") as full:
        code, said = ended(writing(f"print('x' * {length})"), full.fileno())
    assert (code, said) == (1, "error: the output cannot be written: No space left on device\n")


def test_an_error_of_something_else_is_not_taken_for_a_lost_output() -> None:
    code, said = ended(writing("open('/nowhere/at/all')"), subprocess.DEVNULL)
    assert code == 1
    assert "FileNotFoundError" in said
