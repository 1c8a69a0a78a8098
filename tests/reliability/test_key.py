"""The key of the backups is disabled or deleted: aloud, at once, and nothing half is left."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.emulator.cloud import Cloud
from snapper.aws.kms_key import state_of
from snapper.aws.logs import LogEvent
from snapper.errors import AwsDenied, AwsFailed
from snapper.values.finding import Level
from snapper.values.key_state import ENABLED, GONE, KeyState
from snapper.verbs.examine_key import UNUSABLE, examine_key, watch_key
from tests.reliability.test_aws_calls import tells_truth
from tests.support.databases import Source
from tests.support.dumps import LARGE
from tests.support.fault_calls import FOR_GOOD, Fault
from tests.support.fault_service import Service
from tests.support.faults import faulted
from tests.support.recording import RecordedEvents
from tests.support.vaults import open_uploads

ARN = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def disabled_at(service: Service, call: str) -> None:
    fault = Fault(call, "key disabled", FOR_GOOD)
    with faulted("a key disabled in the middle of a dump"):
        older = service.furnish()
        delivery = service.deliver([fault])
        assert delivery.injection.hits[fault]
        assert not service.check(older)
        assert open_uploads(service.vault) == []
        tells_truth(delivery, fault, made=False)
        (failed,) = delivery.reported("dump.failed")
        assert "KMS.DisabledException" in failed["reason"]


@pytest.mark.parametrize("call", ["s3:PutObject 1", "s3:PutObject 4"])
def test_disabled_while_it_is_dumped_it_is_a_loud_failure_and_no_half_backup(
    cloud: Cloud, source: Callable[..., Source], call: str
) -> None:
    disabled_at(Service.make(cloud, source(17, "CREATE TABLE t AS SELECT 1 AS n")), call)


@pytest.mark.long
@pytest.mark.parametrize("call", ["s3:UploadPart 2", "s3:CompleteMultipartUpload 1"])
def test_so_it_is_between_two_parts(cloud: Cloud, source: Callable[..., Source], call: str) -> None:
    disabled_at(Service.make(cloud, source(17, LARGE)), call)


def test_what_kms_says_of_a_key(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    assert state_of(key).usable
    (finding,) = examine_key(key)
    assert finding.level is Level.OK
    kms.disable_key(KeyId=key)
    (finding,) = examine_key(key)
    assert (finding.level, finding.fix) == (Level.FAILURE, f"aws kms enable-key --key-id {key}")
    assert f"{key} is disabled" in finding.fact
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
    (finding,) = examine_key(key)
    assert "is to be deleted at 20" in finding.fact
    assert "cancel-key-deletion" in finding.fix
    assert state_of(f"{key[:-12]}000000000000").state == GONE


def test_without_a_key_there_is_nothing_to_look_at() -> None:
    assert examine_key("") == []


def test_that_it_may_not_be_looked_at_is_a_warning() -> None:
    def denied(_: str) -> KeyState:
        raise AwsDenied("kms:DescribeKey failed: AccessDeniedException", hint="a policy")

    (finding,) = examine_key(ARN, denied)
    assert (finding.level, finding.fix) == (Level.WARNING, "a policy")


class Watch:
    """Somebody who looks, with a log that remembers and a topic that may fail."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.logged: list[LogEvent] = []
        self.fails = False

    def publish(self, subject: str, text: str) -> None:
        if self.fails:
            raise AwsFailed("sns:Publish failed")
        self.told.append((subject, text))

    def events(self, since: datetime, pattern: str) -> list[LogEvent]:
        assert pattern == f'"{UNUSABLE}"'
        return [each for each in self.logged if each.at >= since]

    def look(self, state: str, hours: float) -> dict[str, Any]:
        now, events = NOW + timedelta(hours=hours), RecordedEvents()
        topic: Any = self
        watch_key(ARN, "prod", topic, topic, events, now, lambda key: KeyState(key, state))
        self.logged += [LogEvent(now, name, dict(fields)) for name, fields in events.reported]
        return dict(events.reported[-1:])


def test_people_are_told_once_a_day_and_of_each_state() -> None:
    watch = Watch()
    assert watch.look(ENABLED, 0) == {}
    for hour in range(1, 24):
        watch.look("Disabled", hour)
    assert len(watch.told) == 1
    subject, text = watch.told[0]
    assert subject == "Snapper prod: its key cannot be used"
    assert f"aws kms enable-key --key-id {ARN}" in text
    watch.look("PendingDeletion", 24)
    assert len(watch.told) == 2
    watch.look("PendingDeletion", 47)
    assert len(watch.told) == 2
    watch.look("PendingDeletion", 49)
    assert len(watch.told) == 3


def test_who_could_not_be_told_is_told_the_next_hour() -> None:
    watch = Watch()
    watch.fails = True
    watch.look("Disabled", 0)
    watch.fails = False
    watch.look("Disabled", 1)
    assert len(watch.told) == 1
