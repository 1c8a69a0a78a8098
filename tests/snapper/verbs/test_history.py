"""A backup that is not what was first stored is told of; honest histories are not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from snapper.aws.vault import Vault
from snapper.errors import AwsDenied, AwsFailed
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.verbs.catalog import holding_at
from snapper.verbs.dump import Dumper
from snapper.verbs.history import NOTHING_KNOWN, History, look_back
from tests.support.backups import BODY, store
from tests.support.databases import Source, job
from tests.support.faults import faulted

FAMILY = "hostile writers: a backup that is not what it was"
HOUR = timedelta(hours=1)


@pytest.fixture
def kept(vault: Vault) -> Vault:
    """A vault with versions, as the deployment makes it."""
    settings = {"Status": "Enabled"}
    vault._client.put_bucket_versioning(Bucket=vault.bucket, VersioningConfiguration=settings)
    return vault


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def seen(vault: Vault, made: Manifest) -> History:
    return look_back(vault, holding_at(vault, made.database, made.scheduled_at), made)


def again(vault: Vault, made: Manifest, **changed: object) -> Manifest:
    """Write another manifest in the place of one."""
    forged = replace(made, **changed)  # type: ignore[arg-type]  # whatever a test changes
    vault.put(made.key, forged.to_json().encode())
    return forged


def test_a_backup_that_was_stored_once_has_no_history(kept: Vault, now: datetime) -> None:
    assert seen(kept, store(kept, now)) == NOTHING_KNOWN


def test_a_manifest_that_was_replaced_is_told_of(kept: Vault, now: datetime) -> None:
    forged = again(kept, store(kept, now), dump_bytes=5)
    with faulted(FAMILY):
        assert "its manifest was written a second time at 20" in seen(kept, forged).fault


def test_a_backup_that_was_deleted_and_put_again_is_told_of(kept: Vault, now: datetime) -> None:
    # So fresh that its times alone tell nothing.
    made = store(kept, now, started_at=now - timedelta(minutes=9))
    for key in (made.key, made.dump_key):
        kept.delete(key)
    kept.put(made.dump_key, BODY)
    forged = again(kept, made, dump_bytes=5)
    with faulted(FAMILY):
        assert "its manifest was deleted at 20" in seen(kept, forged).fault


@pytest.mark.parametrize("begun", [-HOUR, -30 * 24 * HOUR])
def test_a_forged_backup_of_an_earlier_time_is_told_of(
    begun: timedelta, kept: Vault, now: datetime
) -> None:
    """There was none, and so there is no other version: S3 says when it was stored."""
    forged = store(kept, now + begun)
    with faulted(FAMILY):
        found = seen(kept, forged)
        assert "its manifest, which says that it was begun at 20" in found.remark
        assert not found.fault  # as in a bucket that was copied


def test_one_that_a_container_worked_on_for_hours_is_as_it_should_be(
    kept: Vault, now: datetime
) -> None:
    made = store(kept, now - 20 * HOUR, finished_at=now)
    with faulted(FAMILY):
        assert seen(kept, made) == NOTHING_KNOWN


def test_one_that_would_have_taken_a_container_longer_than_a_day_is_told_of(
    kept: Vault, now: datetime
) -> None:
    forged = store(kept, now - 25 * HOUR, finished_at=now)
    with faulted(FAMILY):
        assert "its manifest, which says that it was begun at 20" in seen(kept, forged).remark


def test_a_dump_that_claims_to_have_taken_days_is_told_of(kept: Vault, now: datetime) -> None:
    forged = again(kept, store(kept, now - 48 * HOUR), finished_at=now)
    with faulted(FAMILY):
        assert seen(kept, forged).fault


def test_a_dump_that_is_later_than_its_manifest_is_told_of(
    kept: Vault, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = store(kept, now)
    listed = kept.list

    def later(prefix: str) -> object:
        for stored in listed(prefix):
            late = HOUR if stored.key == made.dump_key else timedelta()
            yield replace(stored, changed_at=stored.changed_at + late)

    monkeypatch.setattr(kept, "list", later)
    with faulted(FAMILY):
        assert "its dump was stored at 20" in seen(kept, made).remark


def test_a_dump_beside_what_a_dead_writer_left_has_no_history(
    kept: Vault, dumper: Dumper, source: Callable[..., Source], now: datetime
) -> None:
    due = now - 2 * HOUR
    half = store(kept, due)
    kept.delete(half.key)
    later = replace(dumper, vault=kept, now=lambda: datetime.now(UTC) + HOUR)
    made = replace(later).dump(job(at=due), source().database())
    assert made is not None
    assert made.dump_key != half.dump_key
    honest = replace(made, started_at=made.started_at - HOUR, finished_at=made.finished_at - HOUR)
    assert seen(kept, honest) == NOTHING_KNOWN


def test_a_backup_made_again_after_it_was_pruned_is_only_remarked_on(
    kept: Vault, now: datetime
) -> None:
    """As by a job that comes again much later: what it makes says that it is later."""
    due = now - 3 * HOUR
    old = store(kept, due)
    for key in (old.key, old.dump_key):
        kept.delete(key)
    made = store(kept, due, started_at=now)
    found = seen(kept, made)
    assert found.fault == ""
    assert "an earlier backup of this time was deleted at 20" in found.remark


def test_a_deletion_that_was_taken_back_leaves_no_trace(kept: Vault, now: datetime) -> None:
    """As "Restore without Snapper" says how to get back what was pruned."""
    made = store(kept, now)
    for key in (made.key, made.dump_key):
        kept.delete(key)
        (marker,) = kept._client.list_object_versions(Bucket=kept.bucket, Prefix=key)[
            "DeleteMarkers"
        ]
        kept._client.delete_object(Bucket=kept.bucket, Key=key, VersionId=marker["VersionId"])
    assert seen(kept, made) == NOTHING_KNOWN


def test_the_same_bytes_sent_twice_are_no_second_manifest(kept: Vault, now: datetime) -> None:
    """Older releases sent it again where the answer was lost."""
    made = store(kept, now)
    kept.put(made.key, made.to_json().encode())
    assert seen(kept, made) == NOTHING_KNOWN


def test_without_the_right_to_see_versions_the_times_are_judged_all_the_same(
    kept: Vault, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(key: str) -> None:
        raise AwsDenied(f"s3:ListObjectVersions of {key} failed: AccessDenied")

    made, forged = store(kept, now), store(kept, now - HOUR)
    monkeypatch.setattr(kept, "versions", refuse)
    assert seen(kept, made).fault == ""
    assert "s3:ListBucketVersions" in seen(kept, made).remark
    assert "which says that it was begun at" in seen(kept, forged).remark


def test_what_else_keeps_versions_from_being_seen_is_an_error(
    kept: Vault, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(key: str) -> None:
        raise AwsFailed(f"s3:ListObjectVersions of {key} failed: InternalError")

    made = store(kept, now)
    monkeypatch.setattr(kept, "versions", fail)
    with pytest.raises(AwsFailed):
        seen(kept, made)


def test_a_list_of_contents_that_is_gone_or_another_is_told_of(
    kept: Vault, dumper: Dumper, source: Callable[..., Source], now: datetime
) -> None:
    made = replace(dumper, vault=kept).dump(job(at=now), source().database())
    assert made
    assert seen(kept, made) == NOTHING_KNOWN
    key = object_key(made.database, made.scheduled_at, Kind.CONTENTS)
    kept.put(key, b"{}")
    assert "is not the list of contents that was made with the backup" in seen(kept, made).fault
    kept.delete(key)
    with faulted(FAMILY):
        assert seen(kept, made).fault == f"{key} is gone, its manifest is still there"


def test_a_list_of_contents_that_may_not_be_read_is_no_fault(
    kept: Vault, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by who has a policy of a release before the first one that made lists."""
    made = replace(store(kept, now), contents="ab" * 32)

    def denied(key: str, _: int) -> bytes:
        raise AwsDenied(f"s3:GetObject of {key} failed: AccessDenied")

    monkeypatch.setattr(kept, "read", denied)
    found = seen(kept, made)
    assert found.fault == ""
    assert "whether its list of contents is its own could not be seen" in found.remark
