"""The launchers make their environment once and well, wherever and by whomever they are started."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.cloud import LONGEST

BIN = Path(__file__).parents[2] / "bin"
FILES = ("environment.py", "python.sh", "snapper")
SIX = "six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n"
OLDER = (
    "six==1.16.0 --hash=sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254\n"
)
PROGRAM = """\
import os, sys, six
print(six.__version__, os.getcwd(), sys.argv[1:])
if "as" in sys.argv: print(os.environ["SNAPPER_PROGRAM"])
"""


def house(folder: Path) -> Path:
    """A repository with the real launchers around a tiny program."""
    (folder / "bin").mkdir(parents=True)
    for file in FILES:
        shutil.copy2(BIN / file, folder / "bin" / file)
    (folder / "requirements.txt").write_text(SIX)
    (folder / "local").mkdir()
    (folder / "local/requirements.txt").write_text(SIX)
    (folder / "snapper/cli").mkdir(parents=True)
    (folder / "snapper/cli/__main__.py").write_text(PROGRAM)
    return folder


def start(
    house: Path, *arguments: str, directory: Path | None = None, path: str | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [house / "bin/snapper", *arguments],
        cwd=directory,
        env={**os.environ, **({"PATH": path} if path else {})},
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )


@pytest.fixture(scope="module")
def first_starts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, str]]]:
    """A repository that was started twice at once, for the first time, and what both said."""
    made = house(tmp_path_factory.mktemp("a folder with spaces") / "repository")
    both = [
        subprocess.Popen(
            [made / "bin/snapper"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in "ab"
    ]
    ends = [child.communicate(timeout=LONGEST) for child in both]
    assert [child.returncode for child in both] == [0, 0], ends
    return made, ends


@pytest.fixture
def installed(first_starts: tuple[Path, object]) -> Path:
    """A repository after its first start."""
    return first_starts[0]


@pytest.mark.long
def test_two_first_starts_at_once_both_succeed_and_one_installs(
    first_starts: tuple[Path, list[tuple[str, str]]],
) -> None:
    ends = first_starts[1]
    assert all(output.startswith("1.17.0 ") for output, _ in ends)
    (told,) = [talk for _, talk in ends if "making .venv:" in talk]
    assert told.splitlines()[0] == "making .venv"
    assert "installing the pinned requirements: done in" in told
    assert not [talk for _, talk in ends if "WARNING" in talk]


def test_arguments_arrive_from_any_directory_also_through_a_link(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "six.py").write_text("raise SystemExit('a stranger in the current directory')")
    link = tmp_path / "bin" / "snapper"
    link.parent.mkdir()
    link.symlink_to(installed / "bin/snapper")
    for house in (installed, tmp_path):
        done = start(house, "demo", "a b", "--x=", directory=tmp_path)
        assert done.stdout == f"1.17.0 {tmp_path} ['demo', 'a b', '--x=']\n"
        assert done.stderr == ""


@pytest.mark.long
def test_hints_can_name_the_program_as_it_was_started(installed: Path, tmp_path: Path) -> None:
    link = tmp_path / "snapper"
    link.symlink_to(installed / "bin/snapper")
    done = subprocess.run([link, "as"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1] == str(link)


@pytest.mark.long
def test_a_second_start_installs_nothing_and_is_silent(installed: Path) -> None:
    note = installed / ".venv/snapper/requirements.txt"  # an installation writes it anew
    before = note.stat()
    assert start(installed).stderr == ""
    after = note.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


# Where somebody has prepared the folder it is looked at in every run.
@pytest.mark.long
def test_changed_requirements_are_installed(installed: Path) -> None:
    (installed / "local/requirements.txt").write_text(OLDER)
    (installed / "requirements.txt").write_text("# six\n")
    done = start(installed)
    assert done.stdout.startswith("1.16.0 ")
    assert "making" not in done.stderr
    (installed / "local/requirements.txt").write_text(SIX)
    assert start(installed).stdout.startswith("1.17.0 ")


@pytest.mark.long
def test_an_environment_made_by_pulumi_is_completed(tmp_path: Path) -> None:
    made = house(tmp_path)
    subprocess.run([sys.executable, "-m", "venv", made / ".venv"], check=True)
    done = start(made)
    assert done.stdout.startswith("1.17.0 ")
    assert "making" not in done.stderr


@pytest.mark.long
def test_an_environment_whose_python_is_gone_is_made_anew(tmp_path: Path) -> None:
    made = house(tmp_path)
    (made / ".venv/bin").mkdir(parents=True)
    (made / ".venv/bin/python").symlink_to(tmp_path / "gone")
    done = start(made)
    assert done.stdout.startswith("1.17.0 "), done.stderr
    assert "making .venv: done" in done.stderr


@pytest.mark.long
def test_an_environment_half_made_by_an_older_python_is_made_anew(tmp_path: Path) -> None:
    """As `pulumi up` leaves it where the first python3 on the PATH is too old."""
    made = house(tmp_path / "house")
    stand_in(made / ".venv/bin", "python", "exit 1")  # what it answers to "are you new enough?"
    left = made / ".venv/lib/python3.10/site-packages/left.py"
    left.parent.mkdir(parents=True)
    left.touch()
    done = start(made)
    assert done.stdout.startswith("1.17.0 "), done.stderr
    assert "making .venv: done" in done.stderr
    assert not left.exists()


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_first_start_is_taken_up_by_the_next(
    how: signal.Signals, tmp_path: Path
) -> None:
    made = house(tmp_path)
    # However slow we are, it is not done before us: at the latest pip waits here for its wishes.
    wishes = tmp_path / "wishes.txt"
    os.mkfifo(wishes)
    (made / "requirements.txt").write_text(f"--requirement {wishes}\n")
    child = subprocess.Popen(
        [made / "bin/snapper"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert child.stderr is not None
    with child.stderr:
        assert child.stderr.readline() == "making .venv\n"
        while not (made / ".venv/bin/python").exists():
            assert child.poll() is None
            time.sleep(0.01)
        os.killpg(child.pid, how)
        talk = child.stderr.read()
    assert child.wait() == (130 if how == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in talk
    wishes.unlink()
    wishes.write_text(SIX)
    assert start(made).stdout.startswith("1.17.0 ")


@pytest.mark.long
def test_a_failed_installation_shows_the_last_words_of_pip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = house(tmp_path)
    (made / "requirements.txt").write_text(SIX + "no such line\n")
    done = start(made)
    assert done.returncode == 1
    assert "Invalid requirement" in done.stderr
    assert "the environment could not be made" in done.stderr
    assert done.stdout == ""
    (made / "requirements.txt").write_text(SIX)
    assert start(made).returncode == 0


def stand_in(folder: Path, name: str, script: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder for the PATH with what the launcher itself needs, and no Python."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("readlink",):
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def test_a_missing_python_is_told(tmp_path: Path, tools: Path) -> None:
    stand_in(tools, "python3", "exit 127")
    done = start(house(tmp_path / "house"), path=str(tools))
    assert done.returncode == 1
    assert done.stderr == "snapper: needs Python 3.11 or newer, and there is none on the PATH\n"


def test_a_python_without_ensurepip_is_told_with_the_package(tmp_path: Path, tools: Path) -> None:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    stand_in(
        tools,
        "python3",
        f'case "$*" in *ensurepip*) exit 1;; esac; exec "{sys.executable}" "$@"',
    )
    done = start(house(tmp_path / "house"), path=str(tools))
    assert done.returncode == 1
    assert f"{tools}/python3 cannot make virtual environments" in done.stderr
    assert f"apt-get install {version}-venv, or python3-venv" in done.stderr


@pytest.mark.long
def test_a_version_managers_stand_in_that_fails_is_passed_over(tmp_path: Path, tools: Path) -> None:
    shims = tmp_path / "shims"
    for name in ("python3.13", "python3"):
        stand_in(shims, name, f"echo '{name}: command not found'; exit 127")
    base = getattr(sys, "_base_executable", sys.executable)
    stand_in(tools, "python3", f'exec "{base}" "$@"')
    made = house(tmp_path / "house")
    done = start(made, path=f"{shims}:{tools}")
    assert done.stdout.startswith("1.17.0 "), done.stderr
