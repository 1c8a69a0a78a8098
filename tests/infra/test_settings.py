"""Settings are declared once for the engine and the program; all faults are told at once."""

import json
import re
from dataclasses import fields
from inspect import getsource
from typing import Any

import pulumi
import pulumi_aws
import pytest
import yaml

from infra.settings import SettingsRefused, StackSettings
from snapper.values.option import config_key
from snapper.values.secrets import Database
from snapper.values.stage_checks import LOG_RETENTIONS
from tests.support.recorder import ROOT, record

ORDERS = (Database("orders", "dbname=orders", 7),)
DECLARED: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
PLAIN = [each for each in fields(StackSettings)[3:] if each.default is not None]


def refused(**config: str) -> tuple[str, ...]:
    with pytest.raises(SettingsRefused) as caught:
        record(**config)
    return caught.value.faults


def settings(**chosen: Any) -> StackSettings:
    return StackSettings(**{"stage": "prod", "databases": ORDERS, **chosen})


def test_the_project_declares_every_setting_with_the_default_that_the_program_has() -> None:
    declared = {key: about["default"] for key, about in DECLARED.items() if "default" in about}
    assert declared == {
        config_key(field.name): [] if field.default == () else field.default for field in PLAIN
    }


def test_the_project_declares_each_setting_by_the_rules_of_the_engine() -> None:
    kinds = {str: "string", int: "integer", bool: "boolean", tuple: "array"}
    types = {config_key(field.name): kinds[type(field.default)] for field in PLAIN}
    for key, about in DECLARED.items():
        assert set(about) <= {"type", "description", "default", "items", "secret"}
        assert about["description"]
        assert about["type"] == types.get(key, "string")
        assert ("items" in about) == (about["type"] == "array")


def test_the_two_secrets_are_demanded_and_must_be_encrypted() -> None:
    without_default = {key: about for key, about in DECLARED.items() if "default" not in about}
    assert set(without_default) == {"DATABASE_CONN_STRINGS", "BACKUP_STORAGE_DATA"}
    assert all(about["secret"] for about in without_default.values())


def test_the_stack_file_holds_the_schedule_but_no_region_and_no_secret() -> None:
    stack = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())
    assert set(stack) == {"config"}
    assert set(stack["config"]) == {"snapper:schedule"}
    assert stack["config"]["snapper:schedule"] == DECLARED["schedule"]["default"]


def test_a_stack_without_a_region_is_refused_with_the_line_to_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the shell says: another shell's next `pulumi up` would look elsewhere."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    told = "the stack has no region: pulumi config set aws:region "
    assert refused(**{"aws:region": ""}) == (f"{told}us-east-1",)
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert refused(**{"aws:region": ""}) == (f"{told}eu-central-1  (or another one)",)


def test_a_refusal_is_printed_by_pulumi_without_a_stack_trace() -> None:
    assert issubclass(SettingsRefused, pulumi.RunError)
    with pytest.raises(SettingsRefused) as caught:
        settings(dumper_memory=1, max_concurrency=1, max_per_server=101)
    assert str(caught.value) == (
        "the settings of this stack are invalid:\n"
        "  - dumperMemory is 1, must lie within 512..10240\n"
        "  - maxConcurrency is 1, must lie within 2..1000\n"
        "  - maxPerServer is 101, must lie within 1..100"
    )


def test_all_faults_are_told_at_once_and_none_tells_a_secret() -> None:
    faults = refused(
        DATABASE_CONN_STRINGS="orders,postgresql://u:hush-hush@h/d,MYSQL",
        BACKUP_STORAGE_DATA="orders,0",
        dumperTimeout="soon",
        subnetIds="not a list",
        architecture="mips",
        schedule="rate(2 day)",
    )
    for word in ("MYSQL", "1 to 999999", "dumperTimeout", "subnetIds", "mips", "rate(2 days)"):
        assert len([fault for fault in faults if word in fault]) == 1
    assert len(faults) == 6
    assert "hush-hush" not in "".join(faults)


def test_a_key_that_is_no_setting_is_told_with_the_one_that_was_meant() -> None:
    faults = refused(dumperMemroy="4096", database_conn_string="hush-hush", colour="blue")
    assert faults == (
        "colour is not a setting: pulumi config rm colour",
        "database_conn_string is not a setting: did you mean DATABASE_CONN_STRINGS? "
        "Then pulumi config rm database_conn_string",
        "dumperMemroy is not a setting: did you mean dumperMemory? "
        "Then pulumi config rm dumperMemroy",
    )


def test_keys_of_others_are_none_of_ours() -> None:
    assert record(**{"aws:profile": "mine", "other:dumperMemroy": "1"})


@pytest.mark.parametrize(
    "secrets",
    [{"DATABASE_CONN_STRINGS": ""}, {"BACKUP_STORAGE_DATA": ""}, {"BACKUP_STORAGE_DATA": "x,1"}],
)
def test_the_deployment_stops_at_faults_of_the_secrets(secrets: dict[str, str]) -> None:
    assert refused(**secrets)


def test_a_stage_that_few_more_databases_fit_into_is_warned_of(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snapper.values.handover.ROOM", 250)
    record()
    assert "the secrets of 2 databases fill " in caplog.text


HERE = "orders,postgresql://u:hush-hush@127.0.0.1/d?sslmode={},POSTGRES"


def test_the_deployment_stops_at_connections_that_cannot_work_from_the_function() -> None:
    told = refused(DATABASE_CONN_STRINGS=HERE.format("Require"), BACKUP_STORAGE_DATA="orders,1")
    assert len(told) == 2
    assert "127.0.0.1 means the function itself" in told[0]
    assert "this value of sslmode: write it in small letters" in told[1]
    assert "hush-hush" not in "".join(told)


@pytest.mark.parametrize(
    ("endpoints", "works"),
    [
        ('[{"s3": "https://127.0.0.1:1", "lambda": "http://localhost:4566"}]', True),
        ('[{"s3": "https://127.0.0.1:1"}, {"lambda": "https://lambda.example.com"}]', False),
        ("[]", False),
    ],
)
def test_what_lies_on_this_machine_can_be_dumped_only_where_the_functions_run_on_it(
    endpoints: str, *, works: bool
) -> None:
    config = {
        "DATABASE_CONN_STRINGS": HERE.format("require"),
        "BACKUP_STORAGE_DATA": "orders,1",
        "aws:endpoints": endpoints,
    }
    if works:
        assert record(**config)
    else:
        assert len(refused(**config)) == 1


def test_what_may_not_work_is_deployed_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    record(
        DATABASE_CONN_STRINGS="orders,postgresql://u:p@db.example.com:6432/d,POSTGRES",
        BACKUP_STORAGE_DATA="orders,1",
        alarmEmail="operator@example.com",
    )
    assert "orders: db.example.com has port 6432, which is usually PgBouncer's" in caplog.text


def test_a_class_that_does_not_fit_how_long_backups_stay_is_deployed_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    record(databases=json.dumps({"orders": {"storageClass": "GLACIER_IR"}}), noncurrentDays="60")
    assert "orders: storageClass is GLACIER_IR, for which AWS takes 90 days" in caplog.text
    assert "some of its backups stay for 67" in caplog.text


@pytest.mark.parametrize("networked", [False, True])
def test_a_private_address_is_warned_of_where_the_function_has_no_network(
    caplog: pytest.LogCaptureFixture, *, networked: bool
) -> None:
    network = {"subnetIds": '["subnet-0a"]', "securityGroupIds": '["sg-0c"]'}
    record(
        DATABASE_CONN_STRINGS="orders,postgresql://u:p@10.1.2.3/d,POSTGRES",
        BACKUP_STORAGE_DATA="orders,1",
        **(network if networked else {}),
    )
    assert ("orders: 10.1.2.3 is an address of a private" in caplog.text) is not networked


@pytest.mark.parametrize(
    ("bucket", "warned"),
    [
        ("snapper-prod-20261126011234567800000001", False),
        ("snapper-prod-2026112601123456780000000a", False),
        ("snapper-prod-eu-20261126011234567800000001", True),
        ("our-old-backups", True),
    ],
)
def test_a_bucket_that_another_has_made_is_adopted_with_a_warning(
    bucket: str, caplog: pytest.LogCaptureFixture, *, warned: bool
) -> None:
    record(bucket=bucket)
    assert (f"{bucket} was not made by a stage prod: " in caplog.text) is warned


@pytest.mark.parametrize("name", ["p", "prod", "dev-2", "a" * 20])
def test_a_stage_may_be_short_and_plain(name: str) -> None:
    assert settings(stage=name).scope.name("jobs") == f"snapper-{name}-jobs"


@pytest.mark.parametrize("name", ["", "Prod", "2nd", "-dev", "a" * 21, "dev_1", "dev.1", "prod\n"])
def test_no_other_stage_is_taken(name: str) -> None:
    with pytest.raises(SettingsRefused, match="a stage is 1 to 20 lower-case letters"):
        settings(stage=name)


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"dumper_timeout": 59}, "dumperTimeout is 59, must lie within 60..900"),
        ({"dumper_timeout": 901}, "dumperTimeout is 901"),
        ({"dump_jobs": 9}, "dumpJobs is 9, must lie within 0..8"),
        ({"dumper_memory": 10241}, "dumperMemory is 10241"),
        ({"noncurrent_days": 0}, "noncurrentDays is 0"),
        ({"log_retention_days": 31}, "logRetentionDays is 31, must be one of 1, 3, 5"),
        ({"kms_key_arn": "alias/mine"}, "must be the ARN of a key"),
        (
            {"permissions_boundary": "snapper-boundary"},
            "must be the ARN of a policy of your account",
        ),
        (
            {"permissions_boundary": "arn:aws:iam::123456789012:role/x"},
            "permissionsBoundary is arn",
        ),
        ({"permissions_boundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, "of your account"),
        ({"alarm_email": "somebody"}, "alarmEmail is somebody"),
        ({"bucket": "s3://mine"}, "bucket is s3://mine, must be the name of an existing bucket"),
        ({"bucket": "mine", "delete_backups_on_destroy": True}, "adopt the bucket first"),
        ({"subnet_ids": ("subnet-0a",)}, "subnetIds is set without securityGroupIds"),
        ({"security_group_ids": ("sg-0a",)}, "securityGroupIds is set without subnetIds"),
        ({"subnet_ids": ("vpc-1",), "security_group_ids": ("sg-0a",)}, "subnetIds has vpc-1"),
        ({"schedule": "rate(1 days)"}, "it must be rate(1 day)"),
        ({"schedule": "cron(0 3 * * *)"}, "has 5 cron fields, must have six"),
        ({"schedule": "cron(0 3 31 2 ? *)"}, "never fires: there is no such day"),
        ({"schedule": "daily"}, "schedule is daily, it must be rate(1 day), rate(12 hours)"),
        ({"time_zone": "CEST"}, "timeZone is CEST, must be a name such as Europe/Berlin, or UTC"),
        ({"late_after_hours": 8785}, "lateAfterHours is 8785, must lie within -1..8784"),
        ({"late_after_hours": 24}, "must be more than the 24 hours between two runs"),
        (
            {"schedule": "cron(0 3 ? * MON *)", "late_after_hours": 168},
            "must be more than the 168 hours",
        ),
    ],
)
def test_what_aws_would_refuse_is_refused_before(chosen: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsRefused) as caught:
        settings(**chosen)
    assert told in str(caught.value)
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    "chosen",
    [
        {"schedule": "cron(0 3 * * ? *)"},
        {"schedule": "rate(12 hours)", "late_after_hours": 13},
        {"schedule": "rate(30 days)"},
        {"schedule": "rate(30 days)", "late_after_hours": -1},
        {"subnet_ids": ("subnet-0a",), "security_group_ids": ("sg-0a",)},
        {"kms_key_arn": "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-0a"},
        {"permissions_boundary": "arn:aws:iam::123456789012:policy/snapper-boundary"},
        {"permissions_boundary": "arn:aws-cn:iam::123456789012:policy/teams/data/snapper+1"},
        {"log_retention_days": 3653},
        {"alarm_email": "operator@example.com"},
        {"bucket": "snapper-prod-20261126011234567800000001"},
    ],
)
def test_what_aws_takes_is_taken(chosen: dict[str, Any]) -> None:
    settings(**chosen)


def test_the_limits_of_cloudwatch_logs_are_those_of_the_provider() -> None:
    text = getsource(pulumi_aws.cloudwatch.LogGroup)
    told = re.search(r"Possible values are: ([\d, and]+)", text)
    assert told
    known = {int(number) for number in re.findall(r"\d+", told[1])}
    assert set(LOG_RETENTIONS) == known - {0}
