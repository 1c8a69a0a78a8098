"""By whom a server is verified where its connection does not say it."""

import sys
from pathlib import Path

import pytest

from snapper.engines.postgresql.connecting import authorities as module
from snapper.engines.postgresql.connecting.authorities import trusting
from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.engine import PostgreSQL
from snapper.errors import DatabaseUnreachable, SettingsError
from snapper.values.authorities import FOLDER
from tests.support.certificates import Authority
from tests.support.rds import HOST, Rds


def anybody(*_: object) -> bool:
    return True


def roots(text: str, bundle: str = "") -> str | None:
    return trusting(Connection.parse(text), bundle).parameters.get("sslrootcert")


@pytest.mark.parametrize("more", ["sslmode=verify-full", "sslmode=verify-full sslrootcert=system"])
def test_a_database_of_amazons_is_verified_by_itself(
    more: str, amazon: Authority, rds_door: str
) -> None:
    with Rds(rds_door, amazon, anybody) as rds:
        connection = Connection.parse(rds.connection("backup", "postgres", f"{more} password=x"))
        connect(connection, redactor()).close()


def test_who_pretends_to_be_one_is_refused(
    amazon: Authority, rds_door: str, tmp_path: Path
) -> None:
    assert amazon.file.exists()
    with Rds(rds_door, Authority(tmp_path, "stranger"), anybody) as rds:
        connection = Connection.parse(rds.connection("backup", "postgres"))
        with pytest.raises(DatabaseUnreachable, match="certificate verify failed"):
            connect(connection, redactor())
        assert rds.asked == []


def test_a_bundle_of_ones_own_is_taken_before_amazons(amazon: Authority, tmp_path: Path) -> None:
    (tmp_path / FOLDER / "own.pem").write_bytes(amazon.file.read_bytes())
    assert roots(f"host={HOST} sslmode=verify-full", "own.pem") == str(
        tmp_path / FOLDER / "own.pem"
    )
    assert roots("host=db.example.com sslmode=verify-ca", "own.pem") is not None


def test_a_target_is_verified_by_the_stages_bundle_and_amazons_by_amazons(
    amazon: Authority, rds_door: str, tmp_path: Path
) -> None:
    own = tmp_path / FOLDER / "own.pem"
    own.write_bytes(Authority(tmp_path, "own").file.read_bytes())
    engine = PostgreSQL()
    with Rds(rds_door, amazon, anybody) as rds:
        target = rds.connection("backup", "postgres", "sslmode=verify-full password='x y'")
        # By that file it would be refused.
        found = Connection.parse(engine.trusting(target, "own.pem"))
        connect(found, redactor()).close()
        assert found.password == "x y"
    elsewhere = Connection.parse(engine.trusting("host=h sslmode=verify-ca", "own.pem"))
    assert elsewhere.parameters["sslrootcert"] == str(own)
    plain = Connection.parse(engine.trusting("host=h sslmode=require", "own.pem"))
    assert "sslrootcert" not in plain.parameters


@pytest.mark.usefixtures("amazon")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"host={HOST} sslmode=require", None),
        (f"host={HOST}", None),
        ("host=db.example.com sslmode=verify-full", None),
        ("host=db.example.com sslmode=verify-full sslrootcert=system", "system"),
        (f"host={HOST} sslmode=verify-full sslrootcert=/own.pem", "/own.pem"),
        (f"host={HOST},db.example.com sslmode=verify-full", None),
        # Amazon's list has no authority of these parts of the world.
        ("host=o.c0ffee.rds.cn-north-1.amazonaws.com.cn sslmode=verify-full", None),
        ("host=o.c0ffee.us-gov-west-1.rds.amazonaws.com sslmode=verify-full", None),
    ],
)
def test_whatever_else_stays_as_it_was_written(text: str, expected: str | None) -> None:
    assert roots(text) == expected


@pytest.mark.usefixtures("amazon")
def test_authorities_that_the_user_keeps_for_libpq_are_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").touch()
    assert roots(f"host={HOST} sslmode=verify-full") is None


def test_a_bundle_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHIPPED", tmp_path)
    with pytest.raises(SettingsError, match="caBundle are not there"):
        roots("host=h sslmode=verify-full", "own.pem")


@pytest.mark.usefixtures("amazon")
@pytest.mark.parametrize("bundle", ["/etc/hostname", "../../Amazon RDS eu-central-1 Root CA.pem"])
def test_an_option_leads_to_no_other_folder(bundle: str) -> None:
    with pytest.raises(SettingsError, match="caBundle are not there"):
        roots("host=h sslmode=verify-full", bundle)


def test_a_function_without_amazons_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHIPPED", tmp_path)
    monkeypatch.setitem(sys.modules, "bin.authorities", None)  # it is not deployed
    with pytest.raises(SettingsError, match="Amazon's certificate authorities") as raised:
        roots(f"host={HOST} sslmode=verify-full")
    assert "pulumi up" in raised.value.hint


def test_the_command_line_fetches_amazons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHIPPED", tmp_path)
    found = roots(f"host={HOST} sslmode=verify-full")
    assert found
    assert Path(found).read_text().startswith("-----BEGIN CERTIFICATE-----")
