"""What an older release deployed and backed up keeps working with this one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from snapper.aws.parameters import Parameters
from snapper.values.manifest import Manifest
from snapper.values.seal import write_sealed
from snapper.values.settings import (
    connection_parameter,
    databases_path,
    parameter_root,
    retention_parameter,
    service_parameter,
)
from snapper.values.table import Row, write_table
from tests.support.backed_up import COUNT, backed_up
from tests.support.stage import StageUnderTest

# What stood on the signpost of 1.0.0.
SIGNPOST = (
    *("version", "region", "parameter_root", "bucket", "queue_url", "dead_letter_url"),
    *("dispatcher", "dumper", "schedule", "kms_key_arn"),
)


@contextmanager
def older(stage: StageUnderTest, *, has_table: bool, **counts: int) -> Iterator[None]:
    """Lay the parameters out as an older release deployed them; at the end they are today's again.

    That is without pieces, and 1.0.0 has no table either, and less on its signpost.
    """
    ssm, root = stage.cloud.client("ssm"), parameter_root(stage.name)
    reader = Parameters(root, ssm)
    known = [replace(reader.database(key), retention=count) for key, count in counts.items()]
    today = everything(ssm, root)
    signpost = json.loads(today[service_parameter(root)]["Value"])
    was = {connection_parameter(root, each.key): each.connection for each in known}
    if has_table:
        (table,) = write_table({each.key: Row(each.retention, each.kind) for each in known})
        was |= {f"{databases_path(root)}/1": table, service_parameter(root): json.dumps(signpost)}
    else:
        older_signpost = {name: signpost[name] for name in SIGNPOST}
        was |= {retention_parameter(root, each.key): str(each.retention) for each in known}
        was |= {service_parameter(root): json.dumps(older_signpost)}
    for name in today:
        ssm.delete_parameter(Name=name)
    for name, value in was.items():
        kind = "String" if name == service_parameter(root) else "SecureString"
        ssm.put_parameter(Name=name, Value=value, Type=kind)
    try:
        yield
    finally:
        for name in was:
            ssm.delete_parameter(Name=name)
        for name, found in today.items():
            ssm.put_parameter(Name=name, Value=found["Value"], Type=found["Type"])


def everything(ssm: Any, root: str) -> dict[str, dict[str, Any]]:
    """Give all parameters of a stage by name, decrypted."""
    pages = ssm.get_paginator("get_parameters_by_path").paginate(
        Path=root, Recursive=True, WithDecryption=True
    )
    return {found["Name"]: found for page in pages for found in page["Parameters"]}


@pytest.mark.parametrize("has_table", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_stage_with_an_older_layout_of_parameters_is_dispatched_dumped_and_looked_at(
    stage: StageUnderTest, has_table: bool
) -> None:
    with older(stage, has_table=has_table, shop=3, sensors=2):
        ran = stage.run_cli("run", "--wait", "--json")
        assert ran.code == 0, ran.err
        assert [job["database"] for job in ran.document["jobs"]] == ["sensors", "shop"]
        ran = stage.run_cli("status", "--json")
        found = {each["database"]: each["retention"] for each in ran.document["databases"]}
        assert found == {"shop": 3, "sensors": 2}
        assert stage.run_cli("prune", "--dry-run", "--json").code == 0
        assert stage.run_cli("doctor", "shop", "--json").code == 0


def only_version(stage: StageUnderTest, key: str, body: bytes) -> None:
    """Let an object have been this from the beginning; one that was replaced is told of."""
    s3, bucket = stage.cloud.client("s3"), stage.vault.bucket
    for version in s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]:
        s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])
    stage.vault.make(key, body)


@pytest.mark.parametrize(
    "lacks", [pytest.param(("engine",), marks=pytest.mark.long), ("engine", "properties")]
)
def test_a_manifest_that_names_no_engine_is_listed_verified_and_restored(
    stage: StageUnderTest, lacks: tuple[str, ...]
) -> None:
    key = f"older-{len(lacks)}"
    with backed_up(stage, key) as (_, manifest):
        earlier = {name: value for name, value in manifest.to_dict().items() if name not in lacks}
        only_version(stage, manifest.key, write_sealed(earlier).encode())
        assert "engine" not in json.loads(stage.vault.read(manifest.key))
        listed = stage.run_cli("list", key, "--json").document["databases"][key]
        assert [each["fault"] for each in listed] == [None]
        assert Manifest.from_json(stage.vault.read(manifest.key).decode()).engine == "POSTGRES"
        assert stage.run_cli("verify", key, "--restore", "--json").code == 0
        target = stage.new(key)
        ran = stage.run_cli("restore", key, "--to", target.dsn, "--create", "--json")
        assert ran.code == 0, ran.err
        assert target.rows(COUNT) == [(100,)]
