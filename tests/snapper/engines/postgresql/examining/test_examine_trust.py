"""Doctor says whether it is known who answers, and for how long it will be."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from snapper.engines.postgresql.connecting.authorities import trusting
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.examining.examine_trust import examine_trust
from snapper.values.authorities import FOLDER
from snapper.values.finding import Finding, Level
from tests.support.certificates import DAY, Authority
from tests.support.rds import Rds


def found(rds: Rds, more: str, now: datetime | None = None) -> dict[str, Finding]:
    connection = trusting(Connection.parse(rds.connection("backup", "postgres", more)))
    return {each.subject: each for each in examine_trust(connection, now)}


def nobody(*_: object) -> bool:
    return False


def date(days: timedelta) -> str:
    return f"{datetime.now(UTC) + days:%Y-%m-%d}"


def test_all_is_well_while_certificate_and_authorities_last(
    amazon: Authority, rds_door: str
) -> None:
    with Rds(rds_door, amazon, nobody, lasts=90 * DAY) as rds:
        findings = found(rds, "sslmode=verify-full")
        soon = found(rds, "sslmode=verify-full", datetime.now(UTC) - 40 * DAY)
    assert findings["certificate"].level is Level.OK
    assert date(90 * DAY) in findings["certificate"].fact
    assert "issued by Amazon RDS eu-central-1 Root CA" in findings["certificate"].fact
    # The one that the test made lasts for 10 days.
    assert findings["authorities"].level is Level.WARNING
    assert date(10 * DAY) in findings["authorities"].fact
    assert soon["authorities"].level is Level.OK
    assert "verification" not in findings


def test_a_connection_that_is_encrypted_for_whoever_answers_is_told(
    amazon: Authority, rds_door: str
) -> None:
    with Rds(rds_door, amazon, nobody) as rds:
        findings = found(rds, "sslmode=require")
    assert findings["verification"].level is Level.WARNING
    assert "not verified" in findings["verification"].fact
    assert "sslmode=verify-full" in findings["verification"].fix
    assert findings["certificate"].level is Level.OK
    assert "authorities" not in findings


def test_a_certificate_that_ends_soon_is_told_while_there_is_time(
    amazon: Authority, rds_door: str
) -> None:
    with Rds(rds_door, amazon, nobody, lasts=5 * DAY) as rds:
        findings = found(rds, "sslmode=require")
    assert findings["certificate"].level is Level.WARNING
    assert date(5 * DAY) in findings["certificate"].fact


def test_one_that_has_ended_is_told_where_nobody_verifies_it(
    amazon: Authority, rds_door: str
) -> None:
    with Rds(rds_door, amazon, nobody, lasts=-DAY) as rds:
        findings = found(rds, "sslmode=require")
    assert findings["certificate"].level is Level.WARNING
    assert "expired" in findings["certificate"].fact


def test_authorities_that_have_all_ended_are_told(amazon: Authority, rds_door: str) -> None:
    with Rds(rds_door, amazon, nobody) as rds:
        findings = found(rds, "sslmode=verify-full", datetime.now(UTC) + 20 * DAY)
    assert findings["authorities"].level is Level.WARNING
    assert "none is good any more" in findings["authorities"].fact


def test_a_certificate_that_no_authority_has_signed_can_be_trusted_by_itself(
    amazon: Authority, tmp_path: Path, refusing_port: int
) -> None:
    shown = Path(amazon.sign("db.example.com", DAY)["ssl_cert_file"])
    (tmp_path / FOLDER / "own.pem").write_bytes(shown.read_bytes())
    connection = Connection.parse(f"host=127.0.0.1 port={refusing_port} sslmode=verify-full")
    (told,) = examine_trust(trusting(connection, "own.pem"))
    assert told.level is Level.OK
    assert "a server's own certificate" in told.fact


@pytest.mark.usefixtures("amazon")
def test_a_server_that_does_not_answer_has_no_certificate_to_tell_of(refusing_port: int) -> None:
    connection = Connection.parse(f"host=127.0.0.1 port={refusing_port} sslmode=require")
    assert [each.subject for each in examine_trust(connection)] == ["verification"]
