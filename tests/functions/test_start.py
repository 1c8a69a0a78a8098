"""The start of a container: what it unpacks is what was deployed, and it says what it cannot do."""

import hashlib
import io
import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from functions import start
from snapper.values import container
from tests.support.cloud import write_zip


class Stored:
    """An S3 that holds one object."""

    def __init__(self, content: bytes) -> None:
        self.content, self.asked = content, ""

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803  boto3's names
        self.asked = f"{Bucket}/{Key}"
        return {"Body": self}

    def iter_chunks(self, size: int) -> list[bytes]:
        return [self.content[n : n + 3] for n in range(0, len(self.content), 3)]


def test_a_zip_is_asked_for_by_its_digest_and_held_against_it() -> None:
    stored, into = Stored(b"a zip"), io.BytesIO()
    digest = hashlib.sha256(b"a zip").hexdigest()
    start.fetch(stored, "code", digest, into)
    assert (stored.asked, into.read()) == (f"code/{digest}.zip", b"a zip")
    with pytest.raises(start.Refused, match="is another") as caught:
        start.fetch(stored, "code", "0" * 64, io.BytesIO())
    assert caught.value.status == 1


def test_what_cannot_be_read_may_be_there_in_a_minute() -> None:
    class Broken(Stored):
        def iter_chunks(self, size: int) -> list[bytes]:
            raise OSError("broken off")

    with pytest.raises(start.Refused, match="cannot be read from code: broken off") as caught:
        start.fetch(Broken(b""), "code", "0" * 64, io.BytesIO())
    assert caught.value.status == start.AGAIN == container.AGAIN


def test_programs_stay_executable_and_nothing_lands_outside(tmp_path: Path) -> None:
    modes = {"bin/tool": 0o100755, "../outside": 0o100644}
    packed = write_zip(tmp_path / "a.zip", {"bin/tool": "x", "../outside": "y"}, modes)
    with packed.open("rb") as archive:
        start.unpack(archive, tmp_path / "opt")
    assert stat.S_IMODE((tmp_path / "opt/bin/tool").stat().st_mode) == 0o755
    assert not (tmp_path / "outside").exists()


def test_the_job_finds_its_environment_as_a_function_does(tmp_path: Path) -> None:
    given = {"PATH": "/bin", "LD_LIBRARY_PATH": "/lib", "BASH_ENV": "x", "_HANDLER": "y", "A": "b"}
    assert start.variables(given, Path("/var/task"), Path("/opt")) == {
        "PATH": "/bin:/opt/bin",
        "LD_LIBRARY_PATH": "/lib:/opt/lib",
        "PYTHONPATH": "/var/task:/opt/python",
        "PYTHONUNBUFFERED": "1",
        "TZ": ":UTC",
        "LAMBDA_TASK_ROOT": "/var/task",
        "A": "b",
    }


def test_it_becomes_the_job_in_the_folder_of_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = write_zip(tmp_path / "code.zip", {"functions/job.py": ""}).read_bytes()
    became: list[Any] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAMBDA_TASK_ROOT", str(tmp_path / "task"))
    monkeypatch.setenv("SNAPPER_CLIENTS", str(tmp_path / "opt"))
    monkeypatch.setenv("SNAPPER_CODE_BUCKET", "code")
    monkeypatch.setenv("SNAPPER_CODE", hashlib.sha256(code).hexdigest())
    monkeypatch.setattr(start, "connect", lambda: Stored(code))
    monkeypatch.setattr(os, "execve", lambda *arguments: became.append(arguments))
    start.main()
    assert became[0][1][1:] == ["-m", "functions.job"]
    assert Path.cwd() == tmp_path / "task"
    assert Path("functions/job.py").exists()


@pytest.mark.parametrize("code", [b"no zip at all", None])
def test_a_failure_is_one_line_of_the_log(
    code: bytes | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = hashlib.sha256(code or b"").hexdigest()
    monkeypatch.setenv("SNAPPER_CODE_BUCKET", "code")
    monkeypatch.setenv("SNAPPER_CODE", digest if code else "0" * 64)
    monkeypatch.setattr(start, "connect", lambda: Stored(code or b"x"))
    monkeypatch.setattr(zipfile.ZipFile, "extract", lambda *_: pytest.fail("nothing is unpacked"))
    with pytest.raises(SystemExit) as caught:
        start.main()
    assert caught.value.code == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert '"message": "start.failed"' in line
