"""A function has what it has on AWS: an ordinary user, and its own /tmp as all that is writable."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from local.runtime.sandbox import Sandbox, _may_read_all
from snapper.machine import landlock
from snapper.machine.unprivileged import unprivileged
from tests.support.cloud import invoke, make_function

WALLED = pytest.mark.skipif(not landlock.version(), reason="this machine's kernel has no Landlock")
ROOT = pytest.mark.skipif(
    bool(os.geteuid()) or not _may_read_all(), reason="we are not root, or not as root is"
)
TRIES = """
    import os, pathlib, subprocess, sys

    def handler(event, context):
        answers = {}
        for folder in event:
            place = pathlib.Path(os.path.expandvars(folder), "made-by-a-function")
            write = f"import pathlib; pathlib.Path({str(place)!r}).write_text('a')"
            children = subprocess.run([sys.executable, "-I", "-c", write], capture_output=True)
            try:
                place.write_text("a")
                answers[folder] = "itself"
                place.unlink()
            except OSError as error:
                answers[folder] = type(error).__name__ if children.returncode else "its child"
        return answers
"""


@pytest.fixture(scope="module")
def host(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaHost]:
    with LambdaHost(cloud, tmp_path_factory.mktemp("host")) as started:
        yield started


@WALLED
def test_a_function_writes_its_own_tmp_and_nothing_else(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    make_function(cloud, host, tmp_path, "writing", TRIES)
    refused = "PermissionError"
    assert invoke(
        cloud, "writing", ["$TMPDIR", "/tmp", "/dev/shm", "$LAMBDA_TASK_ROOT", str(tmp_path)]
    ) == {
        "$TMPDIR": "itself",
        "/tmp": refused,
        "/dev/shm": refused,
        "$LAMBDA_TASK_ROOT": refused,
        str(tmp_path): refused,
    }


@ROOT
def test_where_we_are_root_a_function_and_what_it_starts_are_an_ordinary_user(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    source = """
        import os, pwd, subprocess, sys
        def handler(event, context):
            mine = os.open(os.environ["TMPDIR"] + "/a", os.O_CREAT)
            asked = [sys.executable, "-I", "-c", "import os; print(os.geteuid())"]
            return {
                "named": bool(pwd.getpwuid(os.geteuid()).pw_name),
                "users": [os.getuid(), os.geteuid(), int(subprocess.check_output(asked))],
                "owner": os.fstat(mine).st_uid,
                "groups": os.getgroups(),
            }
    """
    make_function(cloud, host, tmp_path, "ordinary", source)
    seen = invoke(cloud, "ordinary")
    assert seen["named"]
    assert len({*seen["users"], seen["owner"]}) == 1
    assert seen["owner"] != 0
    assert seen["groups"] == []


@ROOT
def test_a_function_of_a_root_who_has_not_all_rights_lets_its_servers_into_its_tmp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container: the function remains root's, and its servers must not be."""
    monkeypatch.setattr("local.runtime.sandbox._may_read_all", lambda: False)
    sandbox = Sandbox.of(tmp_path)
    assert (sandbox.user, sandbox.group) == (None, None)
    account, state = unprivileged(), tmp_path.stat()
    assert (state.st_uid, state.st_gid) == (0, account.group)
    assert state.st_mode & 0o777 == 0o710


def test_what_is_tmp_to_a_function_has_a_short_name_wherever_temporary_files_lie(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 60)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    source = "import os\ndef handler(event, context): return os.environ['TMPDIR']"
    with LambdaHost(cloud, tmp_path / "run") as host:
        make_function(cloud, host, tmp_path, "deep", source)
        assert len(invoke(cloud, "deep")) < 60


def test_what_is_tmp_to_a_function_goes_with_it(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    source = """
        import os, pathlib
        def handler(event, context):
            pathlib.Path(os.environ["TMPDIR"], "kept").touch()
            return os.environ["TMPDIR"]
    """
    make_function(cloud, host, tmp_path, "leaves", source)
    scratch = Path(invoke(cloud, "leaves"))
    # Sockets are made there, and their names must be short.
    assert len(str(scratch)) < 60
    assert (scratch / "kept").exists()
    host.remove("leaves")
    assert not scratch.exists()
