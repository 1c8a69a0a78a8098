"""How a database is come into by its options: tokens of RDS IAM, and secrets that rotate."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from snapper.aws.credentials import credentials_of
from snapper.engines.bands import OneJob
from snapper.engines.engine import Engine
from snapper.engines.postgresql.connecting.signing_in import doubts, faults, target_faults
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.dumping import in_bands
from snapper.engines.postgresql.engine import PostgreSQL
from snapper.errors import DatabaseUnreachable
from snapper.values.finding import Level
from snapper.values.options import Options
from snapper.values.secrets import Database
from tests.support import banded
from tests.support.certificates import Authority
from tests.support.engines import engines
from tests.support.rds import HOST, Rds, TokensOf

TABLE = b'CREATE TABLE "public"."orders"'
IAM = Options(auth="rds-iam")
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-AbCdEf"


@pytest.fixture
def engine(tools: Any) -> Engine:
    return engines(tools)("POSTGRES")


def database(connection: str, options: Options) -> Database:
    return Database("orders", connection, 2, PostgreSQL.kind, options, credentials_of(options))


def dumped(engine: Engine, wanted: Database) -> bytes:
    facts = engine.inspect(wanted, 60)
    with engine.dump(wanted, facts, 60) as dump:
        return b"".join(iter(lambda: dump.read(1 << 16), b""))


def test_a_dump_comes_in_by_a_token_for_each_connection(
    engine: Engine, amazon: Authority, rds_door: str
) -> None:
    with Rds(rds_door, amazon, TokensOf("nobody", "nothing")) as rds:
        wanted = database(rds.connection("backup", "postgres"), IAM)
        assert TABLE in dumped(engine, wanted)
        findings = {
            each.subject: each for each in engine.examine(wanted, engine.inspect(wanted, 9))
        }
    assert {admitted for _, _, admitted in rds.asked} == {True}
    assert len(rds.asked) >= 5  # asking, proving, pg_dump, and doctor's two
    assert findings["rights"].level is Level.OK
    assert findings["certificate"].level is Level.OK


def test_a_token_of_somebody_else_is_refused_with_what_to_grant(
    engine: Engine, amazon: Authority, rds_door: str
) -> None:
    with Rds(rds_door, amazon, TokensOf("somebody", "else")) as rds:
        wanted = database(rds.connection("backup", "postgres"), IAM)
        with pytest.raises(DatabaseUnreachable, match="PAM authentication failed") as raised:
            engine.inspect(wanted, 9)
    assert "GRANT rds_iam" in raised.value.hint
    assert "X-Amz-Signature" not in str(raised.value)


@pytest.fixture
def rotating() -> Iterator[tuple[str, Callable[[str], None]]]:
    """Give a secret's ARN, and what gives it another password."""
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="eu-central-1")

        def text(password: str) -> str:
            return json.dumps({"username": "backup", "password": password})

        arn = client.create_secret(Name="rds!db-1", SecretString=text("old"))["ARN"]
        yield (
            arn,
            lambda password: client.put_secret_value(SecretId=arn, SecretString=text(password)),
        )


def test_a_rotation_between_two_connections_of_a_dump_is_survived(
    engine: Engine,
    amazon: Authority,
    rds_door: str,
    rotating: tuple[str, Callable[[str], None]],
) -> None:
    arn, rotate = rotating
    known = ["old"]
    with Rds(rds_door, amazon, lambda _, password, __: password == known[-1]) as rds:
        wanted = database(rds.connection("backup", "postgres"), Options(secret=arn))
        facts = engine.inspect(wanted, 60)
        rotate("new")
        known.append("new")
        with engine.dump(wanted, facts, 60) as dump:
            content = b"".join(iter(lambda: dump.read(1 << 16), b""))
    assert TABLE in content
    assert all(admitted for _, _, admitted in rds.asked)
    assert rds.asked[-1][1] == "new"


def several(engine: Engine, wanted: Database, rotate: Callable[[], None]) -> bytes:
    facts = engine.inspect(wanted, 60)
    rotate()
    made = engine.dump_in_bands(wanted, facts, 60, 2)
    assert not isinstance(made, OneJob)
    with made as dump:
        return b"".join(banded.texts(dump))


@pytest.fixture
def in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the one table there is be worth a program of its own."""
    banded.small_is_large(monkeypatch)
    monkeypatch.setattr(in_bands, "deal", lambda content, _: [list(content.tables)])


@pytest.mark.usefixtures("in_several")
def test_several_programs_come_in_by_tokens(
    engine: Engine, amazon: Authority, rds_door: str
) -> None:
    with Rds(rds_door, amazon, TokensOf("nobody", "nothing")) as rds:
        wanted = database(rds.connection("backup", "postgres"), IAM)
        assert TABLE in several(engine, wanted, lambda: None)
    assert {admitted for _, _, admitted in rds.asked} == {True}


@pytest.mark.usefixtures("in_several")
def test_several_programs_come_in_by_the_password_that_the_server_takes(
    engine: Engine,
    amazon: Authority,
    rds_door: str,
    rotating: tuple[str, Callable[[str], None]],
) -> None:
    arn, rotate = rotating
    known = ["old"]

    def change() -> None:
        rotate("new")
        known.append("new")

    with Rds(rds_door, amazon, lambda _, password, __: password == known[-1]) as rds:
        wanted = database(rds.connection("backup", "postgres"), Options(secret=arn))
        assert TABLE in several(engine, wanted, change)
    assert all(admitted for _, _, admitted in rds.asked)


def test_a_secret_that_lags_behind_the_server_is_survived_too(
    engine: Engine,
    amazon: Authority,
    rds_door: str,
    rotating: tuple[str, Callable[[str], None]],
) -> None:
    arn, _ = rotating
    client = boto3.client("secretsmanager", region_name="eu-central-1")
    pending = json.dumps({"username": "backup", "password": "new"})
    client.put_secret_value(SecretId=arn, SecretString=pending, VersionStages=["AWSPENDING"])
    with Rds(rds_door, amazon, lambda _, password, __: password == "new") as rds:
        wanted = database(rds.connection("backup", "postgres"), Options(secret=arn))
        assert TABLE in dumped(engine, wanted)


WHERE = f"host={HOST} user=backup dbname=orders sslmode=verify-full"


@pytest.mark.parametrize(
    ("connection", "options", "words"),
    [
        (f"{WHERE} password=hush", IAM, "has a password"),
        (WHERE.replace("verify-full", "require"), IAM, "sslmode=verify-full"),
        (WHERE.replace("verify-full", "verify-ca"), IAM, "sslmode=verify-full"),
        (WHERE.replace(HOST, "db.example.com"), IAM, "write one host"),
        (WHERE.replace(HOST, f"{HOST},{HOST}"), IAM, "write one host"),
        (WHERE.replace("user=backup", ""), IAM, "write the user"),
        (WHERE.replace("user=backup", "user=*"), IAM, "write the user"),
        (WHERE.replace("user=backup", "user=${aws:username}"), IAM, "write the user"),
        (f"{WHERE} password=hush", Options(secret=ARN), "has a password"),
        ("host=h dbname=d sslmode=prefer", Options(secret=ARN), "sslmode=verify-full"),
        ("host=h dbname=d", Options(secret=ARN), "sslmode=verify-full"),
    ],
)
def test_what_contradicts_the_connection_is_refused(
    connection: str, options: Options, words: str
) -> None:
    (fault,) = faults(Connection.parse(connection), options)
    assert words in fault
    assert "hush" not in fault


@pytest.mark.parametrize(
    ("connection", "options"),
    [
        (WHERE, IAM),
        (WHERE, Options(secret=ARN)),
        ("host=h dbname=d sslmode=require", Options(secret=ARN)),
        ("host=h password=p", Options()),
    ],
)
def test_what_fits_is_not_refused(connection: str, options: Options) -> None:
    assert list(faults(Connection.parse(connection), options)) == []


@pytest.mark.parametrize(
    ("connection", "options", "words"),
    [
        ("host=h sslmode=verify-full", Options(), "set caBundle"),
        ("host=h sslmode=require", Options(ca_bundle="own.pem"), "changes nothing"),
        (
            "host=h sslmode=verify-full sslrootcert=system",
            Options(ca_bundle="own.pem"),
            "changes nothing",
        ),
    ],
)
def test_what_may_be_meant_otherwise_is_told(connection: str, options: Options, words: str) -> None:
    (doubt,) = doubts(Connection.parse(connection), options)
    assert words in doubt


@pytest.mark.parametrize(
    ("connection", "options"),
    [
        (WHERE, Options()),
        ("host=h sslmode=verify-full", Options(ca_bundle="own.pem")),
        ("host=h sslmode=verify-full sslrootcert=system", Options()),
        ("host=h sslmode=require", Options()),
    ],
)
def test_what_is_clear_raises_no_doubt(connection: str, options: Options) -> None:
    assert list(doubts(Connection.parse(connection), options)) == []


def test_nor_does_a_server_that_the_stages_own_authorities_verify() -> None:
    connection = Connection.parse("host=h sslmode=verify-full")
    assert list(doubts(connection, Options(), bundled=True)) == []


@pytest.mark.parametrize(
    ("connection", "refused"),
    [
        (WHERE, True),
        (f"{WHERE} password=x", False),
        ("host=h user=trusted", False),
    ],
)
def test_a_target_at_rds_is_refused_where_nothing_gives_a_password(
    connection: str, refused: bool
) -> None:
    assert bool([*target_faults(Connection.parse(connection))]) is refused
