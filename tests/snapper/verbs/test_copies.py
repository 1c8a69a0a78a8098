"""Whether the newest backup that has lain in the vault for a while is in the second bucket."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from snapper.aws.vault import Vault
from snapper.errors import AwsDenied, AwsFailed
from snapper.values.behind import Behind, messages
from snapper.values.finding import Level
from snapper.values.keys import Kind, object_key
from snapper.values.replica import ALLOWED
from snapper.verbs.catalog import listing
from snapper.verbs.copies import behind, due, due_of, examine_copies, watch_copies
from snapper.verbs.holding import Holding
from snapper.verbs.survey import survey
from snapper.verbs.tell_late import Told
from tests.support.backups import days, store
from tests.support.databases import AT
from tests.support.recording import RecordedEvents

LONG = ALLOWED + timedelta(minutes=1)


@pytest.fixture
def buckets() -> Iterator[tuple[Vault, Vault]]:
    """Give a vault and a replica, between which nothing is copied by itself."""
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        for name in ("vault", "replica"):
            s3.create_bucket(Bucket=name)
        yield Vault("vault", s3), Vault("replica", s3)


def copy(vault: Vault, replica: Vault) -> None:
    for stored in list(vault.list("")):
        replica.put(stored.key, vault.read(stored.key))


def holdings(vault: Vault, at: datetime) -> list[Holding]:
    return survey(vault, ["orders"], lambda _, folder: folder.holdings, at)["orders"]


def test_the_newest_that_has_lain_long_enough_must_be_there_whole(
    buckets: tuple[Vault, Vault],
) -> None:
    vault, replica = buckets
    store(vault, days(-1))
    made = store(vault, AT)
    later = datetime.now(UTC) + LONG
    expected = due(holdings(vault, later), later)
    assert expected
    assert expected.sizes == {made.dump_key: made.backup_bytes, made.key: len(made.to_json())}
    (found,) = behind(replica, [expected])
    assert (found.database, found.at) == ("orders", made.begun_at)
    copy(vault, replica)
    assert behind(replica, [expected]) == []
    replica.put(made.key, b"{}")
    (found,) = behind(replica, [expected])
    assert f"{made.key} has 2 bytes in replica" in found.reason
    replica.put(made.key, vault.read(made.key))
    replica.delete(made.dump_key)
    (found,) = behind(replica, [expected])
    assert found.reason == f"replica has no {made.dump_key}"


def test_what_came_just_now_is_not_asked_for(buckets: tuple[Vault, Vault]) -> None:
    vault, _ = buckets
    store(vault, AT)
    now = datetime.now(UTC)
    assert due(holdings(vault, now), now) is None
    assert due(holdings(vault, now + LONG), now + LONG)


def test_neither_a_verdict_nor_a_damaged_backup_is_asked_for(buckets: tuple[Vault, Vault]) -> None:
    vault, _ = buckets
    older = store(vault, days(-1))
    store(vault, AT)
    vault.put(object_key("orders", AT, Kind.DAMAGED), b"{}")
    vault.put(object_key("orders", days(-1), Kind.VERIFICATION), b"{}")
    later = datetime.now(UTC) + LONG
    expected = due(holdings(vault, later), later)
    assert expected
    assert set(expected.sizes) == {older.dump_key, older.key}


def test_status_asks_for_the_same_by_the_manifests(buckets: tuple[Vault, Vault]) -> None:
    vault, replica = buckets
    made = store(vault, AT)
    listed = listing(vault, "orders")
    assert due_of("orders", listed, made.finished_at + ALLOWED - timedelta(seconds=1)) is None
    expected = due_of("orders", listed, made.finished_at + ALLOWED)
    assert expected
    assert behind(replica, [expected])
    copy(vault, replica)
    assert behind(replica, [expected]) == []


def test_what_is_found_is_said(
    buckets: tuple[Vault, Vault], monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, replica = buckets
    made = store(vault, AT)
    expected = [each for each in [due_of("orders", listing(vault, "orders"), days(9))] if each]
    assert examine_copies(None, expected) == ()
    (bad,) = examine_copies(replica, expected)
    assert (bad.level, f"has no {made.dump_key}" in bad.fact) == (Level.FAILURE, True)
    copy(vault, replica)
    assert [each.level for each in examine_copies(replica, expected)] == [Level.OK]
    (gone,) = examine_copies(Vault("nowhere", replica._client), expected)
    assert (gone.level, "NoSuchBucket" in gone.fact) == (Level.FAILURE, True)

    def denied(*_: object) -> Iterator[None]:
        raise AwsDenied("s3:ListObjectsV2 failed: AccessDenied", hint="ask")

    monkeypatch.setattr(Vault, "list", denied)
    (unknown,) = examine_copies(replica, expected)
    assert (unknown.level, unknown.fix) == (Level.WARNING, "ask")


def test_a_topic_that_fails_is_raised_after_all_is_logged(buckets: tuple[Vault, Vault]) -> None:
    vault, replica = buckets
    store(vault, AT)
    expected = [each for each in [due_of("orders", listing(vault, "orders"), days(9))] if each]
    events, deaf = RecordedEvents(), Told(failure=AwsFailed("sns:Publish failed"))
    with pytest.raises(AwsFailed, match="sns:Publish"):
        watch_copies(replica, expected, lambda *_: deaf, events, AT)
    assert events.names() == ["replica.watched", "replica.behind"]


def test_people_are_told_in_words_that_fit_into_a_subject() -> None:
    one = Behind("d" * 64, AT, "bucket has no key")
    (message,) = messages("s" * 20, [one], "nobody knows")
    assert len(message.subject) < 100
    assert "bin/snapper status" in message.text
    assert "docs/kept.md" in message.text
    assert "told before: nobody knows" in message.text
    (message,) = messages("prod", [one, replace(one, database="b")])
    assert message.subject == "Snapper prod: 2 databases lag"
