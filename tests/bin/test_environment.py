"""pip gets what it needs of the user's surroundings, and no secret."""

import os
from pathlib import Path

import pytest

from bin.environment import absolute, pip, pip_environment
from tests.bin.test_launchers import house, start
from tests.support.few import few
from tests.support.hostile_folder import CANARY, SECRETS

NEEDED = {
    "HOME": "/home/me",
    "XDG_CONFIG_HOME": "/home/me/.settings",
    "PIP_CONFIG_FILE": "/home/me/pip.conf",
    "PIP_INDEX_URL": "https://me:token@index.example/simple",
    "PIP_CERT": "/etc/ca.pem",
    "https_proxy": "http://proxy.example:8080",
    "NO_PROXY": "localhost",
    "SSL_CERT_FILE": "/etc/ca.pem",
    "REQUESTS_CA_BUNDLE": "/etc/ca.pem",
    "TMPDIR": "/var/tmp",
    "LC_ALL": "C.UTF-8",
}


def test_the_users_index_proxy_and_certificates_reach_pip_and_their_secrets_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {**NEEDED, **SECRETS, "PYTHONPATH": "/x", "LD_PRELOAD": "/x.so"}.items():
        monkeypatch.setenv(name, value)
    given = pip_environment()
    assert {name: given.get(name) for name in NEEDED} == NEEDED
    assert CANARY not in given.values()
    assert given.keys().isdisjoint({"PYTHONPATH", "LD_PRELOAD"})


@pytest.mark.parametrize(
    ("path", "kept"),
    [("/a:/b", "/a:/b"), (".:/a::b:../c:/d:", "/a:/d"), ("", ""), ("::", "")],
)
def test_a_search_path_names_no_folder_by_where_we_are(
    path: str, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert absolute(path) == kept
    monkeypatch.setenv("PATH", path)
    monkeypatch.setenv("LD_LIBRARY_PATH", path)
    assert pip_environment()["PATH"] == (kept or os.defpath)
    assert pip_environment()["LD_LIBRARY_PATH"] == kept


def test_pip_imports_nothing_that_lies_around() -> None:
    assert pip("/python", "download")[:4] == ["/python", "-I", "-m", "pip"]


@pytest.mark.long
def test_a_package_without_its_hash_is_not_installed(tmp_path: Path) -> None:
    made = house(tmp_path)
    (made / "requirements.txt").write_text("six==1.17.0\n")
    (made / "local/requirements.txt").write_text("")
    done = start(made)
    assert done.returncode == 1
    assert "Hashes are required in --require-hashes mode" in done.stderr


@pytest.mark.long
def test_a_package_of_another_hash_is_not_installed(tmp_path: Path) -> None:
    made = house(tmp_path)
    for file in ("requirements.txt", "local/requirements.txt"):
        (made / file).write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    done = start(made)
    assert done.returncode == 1
    assert "DO NOT MATCH THE HASHES" in done.stderr


@pytest.mark.long
@pytest.mark.parametrize("there", few(["file", "link"]))
def test_something_else_in_the_place_of_a_folder_is_told(there: str, tmp_path: Path) -> None:
    made = house(tmp_path / "house")
    if there == "file":
        (made / ".cache").write_text("")
    else:
        (made / ".cache").mkdir()
        (made / ".cache/environment.lock").symlink_to(tmp_path / "mine")
    done = start(made)
    assert done.returncode == 1
    assert done.stderr.startswith(f"snapper: {made}/.cache")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "mine").exists()
