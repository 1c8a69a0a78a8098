"""A recovery kit: what is in its folder, and that its words are true without Snapper."""

import os
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from snapper.errors import SettingsError
from snapper.sealing.key_file import read_identities
from snapper.values.kit import ANSWER, Stage
from snapper.verbs.kit import make_kit
from tests.support.kits import commands_of, without_snapper
from tests.support.terminal import on_a_terminal, once

NOW = datetime(2026, 11, 27, 9, 0, 5, 123, tzinfo=UTC)
PROD = Stage("prod", "123456789012", "eu-central-1", "snapper-prod-2026")
FILES = {"identity.txt", "recipient.txt", "README.txt", "trial.sql.gz.age"}


def test_nobody_else_may_look_into_a_kit(tmp_path: Path) -> None:
    _, folder = make_kit(tmp_path / "kit", PROD, "", NOW)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}
    assert modes == dict.fromkeys(FILES, 0o600)


def test_the_private_key_is_in_one_file_alone(tmp_path: Path) -> None:
    kit, folder = make_kit(tmp_path / "kit", PROD, "", NOW)
    (identity,) = read_identities((folder / "identity.txt").read_text(), lambda: "")
    assert identity.recipient.text == kit.recipient
    assert (folder / "recipient.txt").read_text() == f"{kit.recipient}\n"
    others = [(folder / name).read_bytes() for name in FILES - {"identity.txt"}]
    assert not any(b"AGE-SECRET-KEY" in each.upper() for each in others)
    assert "AGE-SECRET-KEY" not in repr(kit)


def test_the_readme_says_where_the_backups_are(tmp_path: Path) -> None:
    kit, folder = make_kit(tmp_path / "kit", PROD, "", NOW)
    told = (folder / "README.txt").read_text()
    assert all(each in told for each in (kit.recipient, *vars(PROD).values()))
    assert "{" not in told


def test_a_forged_name_of_a_bucket_is_no_command_of_the_readme(tmp_path: Path) -> None:
    """Whoever may write the stage's signpost decides what a kit calls the bucket."""
    forged = Stage("prod", "1", "eu-central-1", "b; touch made #\n    touch made too\x1b[2J")
    _, folder = make_kit(tmp_path / "kit", forged, "", NOW)
    told = (folder / "README.txt").read_text()
    assert "\x1b" not in told
    assert [line for line in told.splitlines() if line.strip().startswith("touch")] == []
    (line,) = (line for line in told.splitlines() if "export AWS_REGION" in line)
    said = subprocess.run(
        ["bash", "-c", f'{line}; printf %s "$bucket"'], cwd=tmp_path, capture_output=True, text=True
    )
    assert said.stdout == forged.bucket
    assert {each.name for each in tmp_path.iterdir()} == {"kit"}


def test_a_kit_without_a_stage_leaves_the_bucket_to_the_reader(tmp_path: Path) -> None:
    _, folder = make_kit(tmp_path / "kit", Stage(), "", NOW)
    told = (folder / "README.txt").read_text()
    assert "export AWS_REGION=REGION bucket=BUCKET" in told
    assert "not named when this kit was made" in told


def test_a_kit_is_named_by_its_key_where_nobody_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kit, folder = make_kit(None, Stage(), "", NOW)
    assert folder == Path(f"recovery-kit-{kit.recipient[-8:]}")
    assert folder.is_dir()


def test_a_kit_takes_the_place_of_nothing(tmp_path: Path) -> None:
    _, folder = make_kit(tmp_path / "kit", PROD, "", NOW)
    before = (folder / "identity.txt").read_bytes()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for taken in (folder, tmp_path / "link"):
        with pytest.raises(SettingsError, match="exists already"):
            make_kit(taken, PROD, "", NOW)
    assert (folder / "identity.txt").read_bytes() == before
    with pytest.raises(SettingsError, match="cannot be made"):
        make_kit(tmp_path / "no" / "kit", PROD, "", NOW)


def test_nothing_is_left_of_a_kit_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match="No space left on device"):
        make_kit(tmp_path / "kit", PROD, "", NOW)
    assert not list(tmp_path.iterdir())


def test_its_first_command_is_true_without_snapper(tmp_path: Path) -> None:
    _, folder = make_kit(tmp_path / "kit", Stage(), "", NOW)
    ran = subprocess.run(
        ["bash", "-c", commands_of(folder)[0]],
        cwd=folder,
        env=without_snapper(tmp_path / "bin"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ANSWER in ran.stdout
    assert not ran.stderr


@pytest.mark.long  # a passphrase takes a second each time, and half a gigabyte
def test_stock_age_asks_for_the_passphrase_of_the_private_key(tmp_path: Path) -> None:
    _, folder = make_kit(tmp_path / "kit", PROD, "six words nobody chose", NOW)
    assert {each.name for each in folder.iterdir()} == FILES - {"identity.txt"} | {"identity.age"}
    shown = on_a_terminal(
        f"cd '{folder}' && {commands_of(folder)[0]}",
        command=("bash", "-c"),
        environment={**without_snapper(tmp_path / "bin"), "HOME": str(tmp_path)},
        react=once("passphrase", b"six words nobody chose\n"),
    )
    assert ANSWER in shown.text
