"""A stage that signs, whole, on the embedded cloud: made, pruned, tampered with and judged."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.demo.pipeline import parsed
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.sealing.signature import pem_of
from snapper.values.job import Job
from snapper.values.keys import Kind, stamp
from snapper.values.manifest import Manifest
from snapper.values.options import UNSET
from snapper.values.settings import parameter_root
from snapper.values.tombstone import tombstone_folder
from tests.support.added import _rewrite_table, row
from tests.support.chains import KEYS
from tests.support.cloud import eventually, invoke, refused
from tests.support.deployments import bring_up
from tests.support.events import delivery, made, record
from tests.support.faults import faulted
from tests.support.stage import StageUnderTest
from tests.support.vaults import keys

pytestmark = pytest.mark.long

FAMILY = "chain: the key is disabled, or somebody is in the bucket"
NAME = "signs"
DUMP = "x/2026-11-01T00-00-00Z.sql.gz"


@pytest.fixture(scope="module")
def signs(
    cloud: Cloud, server: Callable[[int], PostgresServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StageUnderTest]:
    """Give a stage that signs."""
    directory: Path = tmp_path_factory.mktemp(NAME)
    with LambdaHost(cloud, directory) as host:
        deployment = bring_up(cloud, host, NAME, tamperEvident="true")
        yield StageUnderTest(cloud, host, deployment, server, NAME)
        deployment.destroy()


@pytest.fixture
def key(signs: StageUnderTest, request: pytest.FixtureRequest) -> Iterator[str]:
    """Give a database of which two backups are kept."""
    name = f"d{abs(hash(request.node.name)) % 10**6}"
    with signs.database(name, signs.source(18).dsn, retention=2):
        yield name
    for stored in list(signs.vault.list(tombstone_folder(name))):
        signs.vault.delete(stored.key)


@pytest.fixture
def disabled(signs: StageUnderTest) -> Iterator[Callable[[], None]]:
    """Give what disables the key; it is enabled again afterwards."""
    kms, key = signs.cloud.client("kms"), signs.service.signing_key
    yield lambda: kms.disable_key(KeyId=key)
    kms.enable_key(KeyId=key)
    signs.settle()


def verified(stage: StageUnderTest, *arguments: str, **more: Any) -> dict[str, Any]:
    """Judge one chain; the exit code says whether anything was found."""
    ran = stage.run_cli("verify", "--chain", *arguments, "--json", **more)
    assert ran.out, ran.err
    (found,) = ran.document["chains"]
    kinds = {each["kind"] for each in found["findings"]}
    assert ran.code == (4 if kinds else 0), ran
    return {**found, "kinds": kinds}


def tombstones(stage: StageUnderTest, key: str) -> int:
    return len(list(stage.vault.list(tombstone_folder(key))))


def told(stage: StageUnderTest, part: str, key: str) -> dict[str, str]:
    """Give the events that a function has logged of a database, with the last reason of each."""
    log = parsed(stage.host.logs(stage.deployment.outputs[part]))
    return {line["message"]: str(line.get("reason")) for line in log if line.get("database") == key}


def made_by(stage: StageUnderTest, key: str, count: int) -> list[Manifest]:
    """Make backups that are no later than people would expect: others stay beside each other."""
    now = datetime.now(UTC)
    return [stage.back_up(key, now - timedelta(minutes=number)) for number in range(count, 0, -1)]


def keeps_one(stage: StageUnderTest, key: str) -> None:
    """Lower the count of a database; nothing prunes it yet."""
    ssm = stage.cloud.client("ssm")
    _rewrite_table(ssm, parameter_root(NAME), lambda rows: {**rows, key: row(1, UNSET)})


def test_backups_are_made_and_pruned_and_what_somebody_takes_is_missed(
    signs: StageUnderTest, key: str
) -> None:
    first, *_, last = made_by(signs, key, 4)
    assert [each.chain and each.chain.number for each in (first, last)] == [1, 4]
    eventually(lambda: tombstones(signs, key) == 2)
    found = eventually(lambda: (now := verified(signs, key))["signed"] == 2 and now)
    assert (found["pruned"], found["newest"]) == (2, 4)
    assert (found["kinds"], found["remarks"]) == (set(), [])
    body, dump = signs.vault.read(last.key), signs.vault.read(last.dump_key)
    signs.vault.delete(last.key)
    signs.vault.delete(last.dump_key)
    with faulted(FAMILY):
        assert verified(signs, key)["kinds"] == {"rolled back"}
    following = signs.back_up(key)
    assert following.chain
    assert following.chain.number == 5
    with faulted(FAMILY):
        assert verified(signs, key)["kinds"] == {"removed"}
    assert last.key in told(signs, "dumper", key)["chain.broken"]
    signs.vault.put(last.dump_key, dump)
    signs.vault.make(last.key, body)
    eventually(lambda: verified(signs, key)["kinds"] == set())


def test_an_export_is_judged_without_aws_by_the_public_key_alone(
    signs: StageUnderTest, key: str, tmp_path: Path
) -> None:
    made_by(signs, key, 2)
    export, pem, stranger = (tmp_path / name for name in ("chain.json", "key.pem", "stranger.pem"))
    ran = signs.run_cli("verify", "--chain", key, "--export", str(export))
    assert (ran.code, export.stat().st_mode & 0o077) == (0, 0), ran
    public = signs.cloud.client("kms").get_public_key(KeyId=signs.service.signing_key)
    pem.write_text(pem_of(public["PublicKey"]))
    stranger.write_text(KEYS[0].pem)
    offline = ("--from", str(export), "--public-key")
    assert verified(signs, *offline, str(pem), env={})["kinds"] == set()
    assert verified(signs, *offline, str(stranger), env={})["kinds"] == {"forged"}
    assert signs.run_cli("verify", "--chain", "--from", str(export), env={}).code == 2


def test_an_operator_prunes_without_the_right_to_sign(signs: StageUnderTest, key: str) -> None:
    policy = signs.run_cli("policy", "operate").document
    assert "kms:Sign" not in json.dumps(policy)
    made_by(signs, key, 2)
    keeps_one(signs, key)
    operator = signs.as_role(policy)
    ran = signs.run_cli("prune", key, env=operator)
    assert (ran.code, tombstones(signs, key)) == (0, 1), ran
    assert verified(signs, key, env=operator)["kinds"] == set()
    reader = signs.as_role(signs.run_cli("policy", "read").document)
    assert verified(signs, key, env=reader)["kinds"] == set()


def test_a_key_that_is_disabled_in_the_middle_of_a_dump_leaves_no_backup(
    signs: StageUnderTest, disabled: Callable[[], None]
) -> None:
    source = signs.source(18)
    with signs.database("slow", source.dsn) as slow:
        with source.locked("t"):
            url = signs.deployment.outputs["queue_url"]
            body = Job(slow, datetime.now(UTC)).to_json()
            signs.cloud.client("sqs").send_message(QueueUrl=url, MessageBody=body)
            eventually(lambda: "dump.began" in told(signs, "dumper", slow))
            disabled()
        with faulted(FAMILY):
            why = eventually(lambda: told(signs, "dumper", slow).get("dump.failed"))
            assert "DisabledException" in why
        made = [name for name in keys(signs.vault) if name.startswith(f"{slow}/")]
        assert not [name for name in made if name.endswith(Kind.MANIFEST)]
        signs.settle()


def test_without_its_key_nothing_is_begun_and_nothing_pruned(
    signs: StageUnderTest, key: str, disabled: Callable[[], None]
) -> None:
    newest = made_by(signs, key, 2)[-1]
    disabled()
    with faulted(FAMILY):
        job = Job(key, datetime.now(UTC))
        event = delivery(record(job.to_json()))
        answer = invoke(signs.cloud, signs.deployment.outputs["dumper"], event)
        assert answer["batchItemFailures"]
    before = [name for name in keys(signs.vault) if key in name]
    assert not [name for name in before if stamp(job.scheduled_at) in name]
    keeps_one(signs, key)
    with faulted(FAMILY):
        event = made(signs.vault.bucket, newest.key)
        assert invoke(signs.cloud, signs.deployment.outputs["pruner"], event)["errorType"]
        assert signs.run_cli("prune", key).code == 8
    assert [name for name in keys(signs.vault) if key in name] == before
    assert "DisabledException" in told(signs, "pruner", key)["prune.failed"]
    doctor = signs.run_cli("doctor", key)
    assert doctor.code == 1
    assert "no manifest can be signed" in doctor.out


def test_nobody_else_signs_or_makes_a_key_count_or_deletes_one_in_a_hurry(
    signs: StageUnderTest, cloud: Cloud
) -> None:
    key, bucket = signs.service.signing_key, signs.vault.bucket
    digest = {"Message": b"0" * 32, "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
    sign = {"KeyId": key, **digest}
    parameter = {"Value": "x", "Type": "String", "Overwrite": True}
    head = {"Name": f"/snapper/{NAME}/CHAIN/x", **parameter}
    trusted = {"Name": f"/snapper/{NAME}/CHAIN_KEYS/x", **parameter}
    dump, stone = ({"Bucket": bucket, "Key": name} for name in (DUMP, "_chain/x/a.json"))
    for part in ("dumper", "pruner", "prover", "watcher"):
        arn = f"arn:aws:iam::{cloud.account}:role/snapper-{NAME}-{part}"
        kms, ssm, s3 = (cloud.client_as(service, arn) for service in ("kms", "ssm", "s3"))
        assert refused(kms.sign, **sign) is (part not in ("dumper", "pruner")), part
        assert refused(kms.schedule_key_deletion, KeyId=key), part
        assert refused(ssm.put_parameter, **trusted), part
        assert refused(ssm.put_parameter, **head) is (part != "dumper"), part
        assert refused(s3.delete_object, **stone) is (part != "pruner"), part
        if part in ("dumper", "pruner"):
            assert refused(s3.get_object, **dump), part
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    administrator = signs.as_role({"Version": "2012-10-17", "Statement": [everything]})
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    kms = cloud.client_with("kms", {name: administrator[name] for name in names})
    assert kms.get_public_key(KeyId=key)["KeySpec"] == "ECC_NIST_P256"
    assert refused(kms.sign, **sign)
    assert refused(kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=29)
    assert not refused(kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=30)
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
