"""With a summary the same is known as without one, by fewer reads; whatever the summary holds."""

from datetime import UTC, datetime

import pytest

from snapper.aws.vault import StoredObject, Vault
from snapper.errors import AwsDenied
from snapper.values.keys import Kind, object_key, trial_key
from snapper.values.summary import SHARDS, shard_of
from snapper.values.trial import Trial
from snapper.values.verification import Verification
from snapper.verbs import summary as module
from snapper.verbs.listings import listings, look, read
from snapper.verbs.summarize import summarize
from snapper.verbs.summary import Summary
from snapper.verbs.survey import survey
from tests.support.backups import days, store
from tests.support.databases import AT
from tests.support.recording import RecordedEvents

KEYS = ("orders", "people", "shop")
NOW = days(40)
EACH = 4
"""Backups of each database: more records than are read one by one."""


@pytest.fixture
def filled(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Vault:
    monkeypatch.setattr(module, "WORTH", EACH)
    for key in KEYS:
        for number in range(EACH):
            made = store(vault, days(number), key)
            verdict = Verification(days(number), made.sha256, sound=bool(number % 2), reason="")
            vault.put(object_key(key, days(number), verdict.kind), verdict.to_json().encode())
    trial = Trial(AT, AT, Verification(AT, "", sound=True))
    vault.put(trial_key("orders"), trial.to_json().encode())
    return vault


def kept(vault: Vault, most_new: int = 1000) -> dict[str, object]:
    """Keep the summaries as the watcher does, and give what was told of it."""
    found = survey(vault, KEYS, lambda _, folder: folder.records, NOW)
    events = RecordedEvents()
    summarize(vault, found, events, most_new)
    ((name, fields),) = events.reported
    assert name == "summary.kept"
    return dict(fields)


class Counted:
    """What is read of a vault from now on."""

    def __init__(self, vault: Vault, patch: pytest.MonkeyPatch) -> None:
        self.keys = list[str]()
        plain = vault.read

        def counting(key: str, *more: int) -> bytes:
            self.keys.append(key)
            return plain(key, *more)

        patch.setattr(vault, "read", counting)

    @property
    def records(self) -> list[str]:
        return [key for key in self.keys if not key.startswith("_summary/")]


def test_all_is_known_as_without_and_nothing_is_read(
    filled: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = listings(filled, KEYS, NOW)
    records = len(KEYS) * EACH * 2 + 1
    assert kept(filled) == {"records": records, "read": records, "left": 0}
    counted = Counted(filled, monkeypatch)
    assert listings(filled, KEYS, NOW) == before
    assert counted.records == []
    assert len(counted.keys) == len({shard_of(key) for key in KEYS})


def test_what_is_new_changed_or_gone_since_is_as_the_bucket_says(
    filled: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(filled)
    store(filled, days(30), "orders")
    changed = store(filled, days(3), "orders", b"another dump, of another size")
    filled.delete(object_key("orders", days(2), Kind.MANIFEST))
    counted = Counted(filled, monkeypatch)
    found = listings(filled, KEYS, NOW)["orders"]
    assert sorted(counted.records) == [changed.key, object_key("orders", days(30), Kind.MANIFEST)]
    assert found[0].taken_at == days(30)
    assert days(2) not in {each.taken_at for each in found}
    (seen,) = [each for each in found if each.taken_at == days(3)]
    assert seen.manifest == changed


def test_the_next_time_only_what_is_new_is_read_and_what_is_gone_is_dropped(
    filled: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kept(filled)
    store(filled, days(30), "orders")
    filled.delete(object_key("orders", days(2), Kind.MANIFEST))
    counted = Counted(filled, monkeypatch)
    # One manifest came; another went, with its verdict.
    assert kept(filled) == {"records": int(str(first["records"])) - 1, "read": 1, "left": 0}
    assert counted.records == [object_key("orders", days(30), Kind.MANIFEST)]


def test_what_has_not_changed_is_not_written_again(filled: Vault) -> None:
    kept(filled)
    written = [each for each in filled.list("_summary/")]
    kept(filled)
    assert list(filled.list("_summary/")) == written
    assert len(written) == len({shard_of(key) for key in KEYS}) < SHARDS


def test_a_first_time_of_many_goes_on_the_next_time(filled: Vault) -> None:
    records = len(KEYS) * EACH * 2 + 1
    told = [kept(filled, 10) for _ in range(3)]
    assert [each["records"] for each in told] == [10, 20, records]
    assert [each["left"] for each in told] == [records - 10, records - 20, 0]


def test_few_records_are_read_one_by_one(filled: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    store(filled, AT, "small")
    counted = Counted(filled, monkeypatch)
    listings(filled, ["small"], NOW)
    assert counted.keys == [object_key("small", AT, Kind.MANIFEST)]


@pytest.mark.parametrize("missing", [True, False])
def test_where_a_summary_is_missing_or_refused_all_is_read(
    filled: Vault, monkeypatch: pytest.MonkeyPatch, missing: bool
) -> None:
    before = listings(filled, KEYS, NOW)
    plain = filled.read

    def refusing(key: str, *more: int) -> bytes:
        if key.startswith("_summary/"):
            raise AwsDenied(f"s3:GetObject of {key} failed: AccessDenied")
        return plain(key, *more)

    if not missing:
        kept(filled)
        monkeypatch.setattr(filled, "read", refusing)
    assert listings(filled, KEYS, NOW) == before


def test_who_may_not_read_the_summaries_writes_none(
    filled: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(key: str, *_: int) -> bytes:
        raise AwsDenied(f"s3:GetObject of {key} failed: AccessDenied")

    monkeypatch.setattr(filled, "read", refusing)
    with pytest.raises(AwsDenied, match="_summary/0"):
        kept(filled)


def test_a_record_that_cannot_be_read_is_told_of_and_keeps_no_other_out(
    filled: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, hidden = filled.read, object_key("shop", AT, Kind.MANIFEST)

    def refusing(key: str, *more: int) -> bytes:
        if key == hidden:
            raise AwsDenied(f"s3:GetObject of {key} failed: AccessDenied")
        return plain(key, *more)

    monkeypatch.setattr(filled, "read", refusing)
    told = kept(filled)
    assert (told["left"], told["reason"]) == (1, f"s3:GetObject of {hidden} failed: AccessDenied")


def test_an_etag_that_is_no_digest_is_never_matched(filled: Vault) -> None:
    """So it is under a customer's key of encryption."""
    text = b"{}"
    summary = Summary({"d" * 32: text})
    at = datetime.now(UTC)
    assert summary.record(StoredObject("orders/x", 2, at, f'"{"d" * 32}"')) == text
    for etag in ("", f'"{"d" * 32}-1"', f'"{"e" * 32}"'):
        assert summary.record(StoredObject("orders/x", 2, at, etag)) is None
    assert summary.record(StoredObject("orders/x", 3, at, f'"{"d" * 32}"')) is None
    assert summary.record(None) is None


def test_what_lies_there_for_all_is_looked_at_once(filled: Vault) -> None:
    kept(filled)
    seen = look(filled, KEYS, NOW)
    for key in KEYS:
        for stored in filled.list(f"{key}/"):
            filled.delete(stored.key)
    assert {key: len(found) for key, found in read(filled, seen).items()} == {
        key: EACH for key in KEYS
    }
