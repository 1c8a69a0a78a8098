"""Authorities travel beside the code: only certificates, only what a database is verified by."""

import json
import zipfile
from pathlib import Path

import pytest

from infra import authorities
from infra.authorities import Deployed, bundle_faults, deployed
from infra.package import BUILD, build_packages
from snapper.errors import SnapperError
from snapper.values.authorities import file_name
from snapper.values.options import Options
from snapper.values.packing import unpack
from snapper.values.secrets import Database, Target
from tests.infra.conftest import RDS
from tests.infra.test_settings import refused
from tests.support.certificates import Authority
from tests.support.recorder import Graph

ELSEWHERE = "postgresql://u:p@db.example.com/d?sslmode=verify-full"
AMAZONS = f"postgresql://u:p@{RDS}/d?sslmode=verify-full"


def database(key: str, connection: str, ca_bundle: str = "") -> Database:
    return Database(key, connection, 1, options=Options(ca_bundle=ca_bundle))


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return Authority(tmp_path, "one").file


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return Authority(tmp_path, "two").file


def test_a_database_has_its_own_authorities_and_the_others_those_of_the_stage(
    one: Path, two: Path
) -> None:
    first, second = file_name(one.read_text()), file_name(two.read_text())
    found = deployed([database("a", ELSEWHERE, str(two)), database("b", ELSEWHERE)], str(one))
    assert [each.options.ca_bundle for each in found.databases] == [second, first]
    assert found.files == {first: one.read_text(), second: two.read_text()}


def test_amazons_are_deployed_where_a_database_is_verified_by_them(
    one: Path, two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorities, "amazon", lambda: one)
    databases = [database("a", AMAZONS), database("b", AMAZONS, str(two))]
    found = deployed(databases, str(two))
    own = file_name(two.read_text())
    assert found.files == {"amazon.pem": one.read_text(), own: two.read_text()}
    assert [each.options.ca_bundle for each in found.databases] == ["", own]


def test_a_target_is_verified_by_the_same_files_as_a_database(
    one: Path, two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorities, "amazon", lambda: one)
    found = deployed([], str(two), [Target("a", AMAZONS), Target("b", ELSEWHERE)])
    own = file_name(two.read_text())
    assert found.files == {"amazon.pem": one.read_text(), own: two.read_text()}
    assert found.of_targets == own
    assert deployed([], str(two), [Target("a", AMAZONS)]).of_targets == ""
    assert deployed([], "", [Target("b", ELSEWHERE)]) == Deployed((), {})


def test_nothing_is_fetched_without_need(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable() -> Path:
        raise SnapperError("there is no network")

    monkeypatch.setattr(authorities, "amazon", unreachable)
    others = (ELSEWHERE, AMAZONS.replace("verify-full", "require"))
    assert deployed([database("a", each) for each in others], "").files == {}


def test_the_files_lie_beside_the_code(one: Path, tmp_path: Path) -> None:
    built = build_packages("arm64", tmp_path, {"own.pem": one.read_text()})
    with zipfile.ZipFile(built.functions) as bundle:
        assert bundle.read("authorities/own.pem") == one.read_bytes()


def test_what_travels_is_the_name_of_the_file(signing_graph: Graph) -> None:
    options = signing_graph.named("snapper-secrets-options-0").inputs["value"]
    (code,) = {
        each.inputs["code"]["archive"] for each in signing_graph.of("lambda/function:Function")
    }
    with zipfile.ZipFile(BUILD / code) as bundle:
        names = {name for name in bundle.namelist() if name.startswith("authorities/")}
    assert f"authorities/{json.loads(unpack(options)['stock'])['caBundle']}" in names
    assert "authorities/amazon.pem" in names


def test_every_file_that_cannot_be_deployed_is_told_of(tmp_path: Path, one: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text(one.read_text() + "-----BEGIN PRIVATE KEY-----\nhush\n")
    large = tmp_path / "large.pem"
    large.write_bytes(b" " * (2 << 20))
    binary = tmp_path / "binary.der"
    binary.write_bytes(b"\x30\x82\x00\xff")
    wishes = {"a": tmp_path / "none.pem", "b": key, "c": large, "d": binary, "e": one}
    databases = [database(name, ELSEWHERE, str(path)) for name, path in wishes.items()]
    assert list(bundle_faults(databases, str(tmp_path))) == [
        f"caBundle is {tmp_path}, which cannot be read: Is a directory",
        f"databases.a: caBundle is {wishes['a']}, which cannot be read: No such file or directory",
        f"databases.b: caBundle is {key}, which holds a private key: give a file with "
        "certificates only",
        f"databases.c: caBundle is {large}, which is larger than 1048576 bytes",
        f"databases.d: caBundle is {binary}, which holds no certificate: it must be a PEM file",
    ]


def test_preview_refuses_them_with_all_other_faults() -> None:
    assert refused(caBundle="/nowhere.pem", dumperMemory="1") == (
        "caBundle is /nowhere.pem, which cannot be read: No such file or directory",
        "dumperMemory is 1, must lie within 512..10240",
    )
