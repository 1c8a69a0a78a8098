"""What AWS gives at each connecting: tokens of RDS IAM, and secrets of Secrets Manager."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from snapper.aws.credentials import Secret, credentials_of, tokens
from snapper.errors import AwsFailed, SettingsError
from snapper.values.credentials import Door, Login
from snapper.values.options import Options
from tests.support.rds import HOST, TokensOf

DOOR = Door(HOST, 5432, "backup")
KEY, HUSH = "AKIAEXAMPLE", "hush/hush"


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> TokensOf:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", HUSH)
    return TokensOf(KEY, HUSH)


def token(door: Door = DOOR) -> str:
    (login,) = tokens(door)
    assert login.user == door.user
    return login.password


def test_a_token_lets_exactly_that_user_in_at_that_door(judge: TokensOf) -> None:
    made = token()
    assert judge("backup", made, 5432)
    assert not judge("owner", made, 5432)
    assert not judge("backup", made, 5433)
    assert not TokensOf(KEY, "another")("backup", made, 5432)
    assert HUSH not in made


def test_a_token_is_good_for_a_quarter_of_an_hour(judge: TokensOf) -> None:
    made = token()
    for minutes, good in ((14, True), (16, False)):
        later = TokensOf(KEY, HUSH, timedelta(minutes=minutes))
        assert later("backup", made, 5432) is good


def test_users_and_hosts_are_signed_as_the_server_knows_them(judge: TokensOf) -> None:
    assert judge("back.up@example", token(replace(DOOR, user="back.up@example")), 5432)
    assert judge("backup", token(replace(DOOR, host=f"{HOST.upper()}.")), 5432)


def test_temporary_keys_are_signed_too(judge: TokensOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "for a while/only")
    made = token()
    assert "X-Amz-Security-Token=for%20a%20while%2Fonly" in made
    assert judge("backup", made, 5432)


@pytest.mark.parametrize("door", [replace(DOOR, host="db.example.com"), replace(DOOR, user="")])
def test_there_is_no_token_for_another_host_or_for_nobody(door: Door) -> None:
    with pytest.raises(SettingsError, match="rds-iam"):
        token(door)


@pytest.fixture
def manager() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="eu-central-1")


def put(manager: Any, text: str) -> Secret:
    return Secret(manager.create_secret(Name="rds!db-1", SecretString=text)["ARN"])


def managed(user: str, password: str) -> str:
    return json.dumps({"username": user, "password": password})


@pytest.mark.parametrize(
    ("text", "user", "login"),
    [
        (managed("master", "s3cr3t"), "", Login("master", "s3cr3t")),
        (managed("master", "s3cr3t"), "backup", Login("backup", "s3cr3t")),
        ('{"password": "s3cr3t", "port": 5432}', "backup", Login("backup", "s3cr3t")),
        ("s3cr3t", "backup", Login("backup", "s3cr3t")),
        ("s3cr3t\n", "backup", Login("backup", "s3cr3t")),
        ("12345678", "backup", Login("backup", "12345678")),
        ('"quoted"', "backup", Login("backup", '"quoted"')),
    ],
)
def test_a_secret_is_read_as_rds_keeps_it_or_as_a_password(
    text: str, user: str, login: Login, manager: Any
) -> None:
    assert next(put(manager, text)(replace(DOOR, user=user))) == login


@pytest.mark.parametrize(
    ("text", "user", "words"),
    [
        ('{"username": "hushhush"}', "backup", "holds no password"),
        ('{"password": ["hushhush"]}', "backup", "holds no password"),
        ("\n", "backup", "holds no password"),
        ("hushhush", "", "names no user"),
    ],
)
def test_a_secret_of_no_use_is_told_without_a_piece_of_it(
    text: str, user: str, words: str, manager: Any
) -> None:
    with pytest.raises(SettingsError, match=words) as raised:
        list(put(manager, text)(replace(DOOR, user=user)))
    assert "hushhush" not in str(raised.value) + raised.value.hint


def test_what_a_rotation_is_about_to_put_in_its_place_comes_next(manager: Any) -> None:
    secret = put(manager, managed("backup", "old"))
    manager.put_secret_value(
        SecretId=secret.arn, SecretString=managed("backup", "new"), VersionStages=["AWSPENDING"]
    )
    assert [each.password for each in secret(DOOR)] == ["old", "new", "old"]


def test_what_a_rotation_has_only_begun_to_write_is_passed_over(manager: Any) -> None:
    secret = put(manager, managed("backup", "old"))
    manager.put_secret_value(SecretId=secret.arn, SecretString="{}", VersionStages=["AWSPENDING"])
    assert [each.password for each in secret(DOOR)] == ["old", "old"]


def test_a_rotation_that_ended_meanwhile_is_seen(manager: Any) -> None:
    secret = put(manager, managed("backup", "old"))
    logins = secret(DOOR)
    assert next(logins).password == "old"
    manager.put_secret_value(SecretId=secret.arn, SecretString=managed("backup", "new"))
    assert "new" in {each.password for each in logins}


def test_a_secret_that_is_not_there_is_told(manager: Any) -> None:
    secret = put(manager, "s3cr3t")
    manager.delete_secret(SecretId=secret.arn, ForceDeleteWithoutRecovery=True)
    with pytest.raises(AwsFailed, match="GetSecretValue of arn:aws:secretsmanager"):
        list(secret(DOOR))


def test_the_options_say_what_gives_the_password() -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:a-AbCdEf"
    assert credentials_of(Options()) is None
    assert credentials_of(Options(auth="rds-iam")) is tokens
    assert credentials_of(Options(secret=arn)) == Secret(arn)
