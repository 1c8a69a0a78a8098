"""No right of the prover is superfluous: it plans, proves one backup and finds another damaged.

As in test_iam.py, every statement, action and resource of its role is taken away, one at a time.
"""

import hashlib
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from snapper.values.drill import Drill
from snapper.values.job import write_time
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.values.options import Options
from snapper.values.settings import RETENTIONS
from snapper.values.verification import Verification
from tests.reliability.test_iam import (
    BY_PARTS_AND_WHOLE,
    NAMED,
    NAMED_BY_AWS,
    Weaken,
    assert_nothing_is_superfluous,
    cold_start,
    heard,
)
from tests.support.cloud import invoke
from tests.support.deployments import NOWHERE
from tests.support.events import delivery, record
from tests.support.listed import rows, store_listed
from tests.support.manifests import manifest
from tests.support.rights import Weakening
from tests.support.stage import StageUnderTest

GOOD, BAD = "proven", "harmed"
NEW = Options(drill="every-backup")
END = b"--\n-- PostgreSQL database dump complete\n--\n\n"
DUMP = (b"CREATE TABLE public.a (a text);\n", rows("public.a", "one", "two"), END)
TAKEN = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


def asked(weakening: Weakening) -> bool:
    """Tell whether the embedded cloud ever asks for what was taken away; see test_iam.py."""
    # No database was added here, and no backup is sealed: test_databases.py and test_sealed.py of
    # tests/snapper/cli have such.
    unread = (f"/{RETENTIONS}", "/ADDED/", "/DRILL_IDENTITY", ".age")
    older = all(any(one in each for one in unread) for each in weakening.resources)
    return not (older or set(weakening.actions) <= TAKEN)


def store_harmed(stage: StageUnderTest, at: datetime) -> Manifest:
    """Put a backup into the vault that is not what its manifest says, as somebody knows already."""
    body = b"harmed, and not too little"
    said = hashlib.sha256(b"something else").hexdigest()
    made = manifest(database=BAD, scheduled_at=at, backup_bytes=len(body), sha256=said)
    stage.put_backup(made, body)
    return made


def judge(stage: StageUnderTest, made: Manifest, *, sound: bool) -> None:
    """Record an earlier verdict beside a backup."""
    earlier = Verification(datetime.now(UTC), made.sha256, sound=sound, reason="" if sound else "x")
    key = object_key(made.database, made.scheduled_at, earlier.kind)
    stage.vault.put(key, earlier.to_json().encode())


def letters(stage: StageUnderTest) -> Iterator[str]:
    """Take all dead letters."""
    sqs, url = stage.cloud.client("sqs"), stage.deployment.outputs["dead_letter_url"]
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for each in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
            yield each["Body"]


@pytest.mark.long
@BY_PARTS_AND_WHOLE
def test_the_prover_needs_every_right_it_has(stage: StageUnderTest, weaken: Weaken) -> None:
    prover, vault = stage.deployment.outputs["prover"], stage.vault
    yesterday = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    minutes = (yesterday + timedelta(minutes=n) for n in itertools.count())

    def signs() -> set[str]:
        at = next(minutes)
        cold_start(stage, prover)
        good, _ = store_listed(vault, DUMP, at, database=GOOD, encoding="UTF8")
        bad = store_harmed(stage, at)
        judge(stage, good, sound=True)
        judge(stage, bad, sound=False)
        seen = set()

        now = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
        planned = invoke(stage.cloud, prover, {"time": write_time(now)})
        if NAMED_BY_AWS in planned.get("errorMessage", ""):
            seen.add(NAMED)
        if not planned.get("queued"):
            seen.add("nothing was planned")

        drills = [Drill(key, at, now) for key in (GOOD, BAD)]
        # By the time in it all that is logged of a message is found.
        records = [record(one.to_json(), f"{one.database} {write_time(at)}") for one in drills]
        answer = invoke(stage.cloud, prover, delivery(*records))
        if answer != {"batchItemFailures": []}:
            seen.add("a drill came back")
        log = heard(stage, prover, write_time(at))
        if NAMED_BY_AWS in log:
            seen.add(NAMED)
        if not ("drill.ended" in log and "drill.failed" in log):
            seen.add("its log tells of no drill")
        proven = vault.read(object_key(GOOD, at, Kind.VERIFICATION))
        if Verification.from_json(proven).restored is None:
            seen.add("no proof is recorded")
        told = [Drill.from_json(each) for each in letters(stage)]
        if [each.database for each in told if each.taken_at == at] != [BAD]:
            seen.add("no dead letter tells of the harm")
        return seen

    with (
        stage.unserved(),
        stage.database(GOOD, NOWHERE, 1, NEW),
        stage.database(BAD, NOWHERE, 1, NEW),
    ):
        assert_nothing_is_superfluous(stage, prover, weaken, signs, asked)
