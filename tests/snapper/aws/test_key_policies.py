"""Who keeps a key may prove it, and thereby reads no backup and changes none."""

from fnmatch import fnmatch
from typing import Any

from snapper.aws.policies import Rights, policy
from snapper.values.keys import Kind
from tests.snapper.aws.test_policies import DUMP, SERVICE, allows

RECORDS = "arn:aws:ssm:eu-central-1:123456789012:parameter/snapper/prod/PROVEN_RECIPIENTS"
CANARY = "arn:aws:s3:::snapper-prod-1/_canary/00ff-1/2026-11-23T03-00-00Z.sql.gz.age"


def touching(resource: str) -> set[str]:
    found: list[dict[str, Any]] = policy(SERVICE, Rights.PROVE)["Statement"]
    return {
        action
        for each in found
        if any(fnmatch(resource, name) for name in each["Resource"])
        for action in each["Action"]
    }


def test_who_proves_a_key_reads_canaries_and_no_backup() -> None:
    assert touching(CANARY) == {"s3:GetObject"}
    for kind in Kind:
        assert not touching(DUMP.replace(".sql.gz", kind))


def test_who_proves_a_key_writes_its_record_and_nothing_else() -> None:
    assert touching(f"{RECORDS}/0123456789abcdef") == {"ssm:PutParameter"}
    root = RECORDS.rpartition("/")[0]
    for other in ("SERVICE", "DATABASE_CONN_STRINGS/_0", "DRILL_IDENTITY", "ADDED/HEADS/1"):
        assert "ssm:PutParameter" not in touching(f"{root}/{other}")
    assert not touching(f"{root}/DRILL_IDENTITY")


def test_who_may_only_look_sees_the_proofs_and_records_none() -> None:
    assert allows(Rights.READ, "ssm:GetParametersByPath", RECORDS)
    for rights in (Rights.READ, Rights.RESTORE):
        assert not allows(rights, "ssm:PutParameter", f"{RECORDS}/0123456789abcdef")
    assert allows(Rights.OPERATE, "ssm:PutParameter", f"{RECORDS}/0123456789abcdef")
