"""What an older release deployed and backed up keeps working with this one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from snapper.values.manifest import Manifest
from snapper.values.seal import write_sealed
from snapper.values.settings import (
    databases_path,
    parameter_root,
    retention_parameter,
    service_parameter,
)
from tests.support.backed_up import COUNT, backed_up
from tests.support.stage import StageUnderTest

# What stood on the signpost of 1.0.0.
SIGNPOST = (
    *("version", "region", "parameter_root", "bucket", "queue_url", "dead_letter_url"),
    *("dispatcher", "dumper", "schedule", "kms_key_arn"),
)


@contextmanager
def older(stage: StageUnderTest, **counts: int) -> Iterator[None]:
    """Lay the parameters out as 1.0.0 deployed them; at the end they are today's again."""
    ssm, root = stage.cloud.client("ssm"), parameter_root(stage.name)
    today = {}
    for name in (f"{databases_path(root)}/1", service_parameter(root)):
        today[name] = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    ssm.delete_parameter(Name=f"{databases_path(root)}/1")
    signpost = json.loads(today[service_parameter(root)]["Value"])
    was = {
        service_parameter(root): json.dumps({name: signpost[name] for name in SIGNPOST}),
        **{retention_parameter(root, key): str(count) for key, count in counts.items()},
    }
    for name, value in was.items():
        kind = "String" if name == service_parameter(root) else "SecureString"
        ssm.put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)
    try:
        yield
    finally:
        for key in counts:
            ssm.delete_parameter(Name=retention_parameter(root, key))
        for name, found in today.items():
            kind = found["Type"]
            ssm.put_parameter(Name=name, Value=found["Value"], Type=kind, Overwrite=True)


def test_a_stage_with_the_older_layout_of_parameters_is_dispatched_dumped_and_looked_at(
    stage: StageUnderTest,
) -> None:
    with older(stage, shop=3, sensors=2):
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
