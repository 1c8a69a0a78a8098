"""The pruner believes no event: it prunes a database of its stage by what lies in the vault."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from functions.pruner import handler
from snapper.aws.vault import Vault
from snapper.errors import AwsFailed, ObjectUnreadable, SettingsError
from snapper.values.job import write_time
from snapper.values.keys import Kind
from snapper.verbs.bury import NoTrace
from snapper.verbs.holding import Holding
from tests.support.backups import days, store
from tests.support.databases import AT
from tests.support.dumps import DUMP, MANIFEST
from tests.support.events import Context, made
from tests.support.faults import faulted
from tests.support.vaults import keys

FAMILY = "hostile events: the pruner"
BEFORE = MANIFEST.replace("23T", "22T")
HOSTILE = {
    "another folder": f"people/{MANIFEST.partition('/')[2]}",
    "a folder in the folder": f"orders/{MANIFEST}",
    "the root": MANIFEST.partition("/")[2],
    "above the root": f"../orders/{MANIFEST}",
    "no folder's name": f"/{MANIFEST}",
    "a neighbour": f"orders2/{MANIFEST.partition('/')[2]}",
    "a pattern": f"*/{MANIFEST.partition('/')[2]}",
    "a dump": DUMP,
    "no time": "orders/latest.manifest.json",
    "no such day": "orders/2026-02-30T03-00-00Z.manifest.json",
    "other digits": "orders/٢٠٢٦-11-23T03-00-00Z.manifest.json",
    "more behind it": f"{MANIFEST}\n",
    "half a character": "orders/%ff%2F",
    "an empty one": "",
    "a long one": "orders/" + "x" * 1017,
}


@pytest.fixture
def full(configure: Callable[..., None], home: Vault) -> Vault:
    """A vault with three backups of a database that keeps two, and other people's things."""
    configure("orders", "postgresql://u:hush-hush@127.0.0.1:1/d", 2)
    for number in range(3):
        store(home, days(-number))
    for foreign in ("orders/notes.txt", f"people/{DUMP.partition('/')[2]}", MANIFEST[7:]):
        home.put(foreign, b"theirs")
    return home


def test_after_a_backup_the_oldest_beyond_the_count_goes(
    full: Vault, said: Callable[[], Any]
) -> None:
    before = set(keys(full))
    assert handler(made(full.bucket, MANIFEST), Context()) == {"pruned": 1}
    oldest = {key for key in before if key.startswith("orders/2026-11-21")}
    assert set(keys(full)) == before - oldest
    told = said()
    assert told.messages() == ["backup.pruned", "prune.ended"]
    assert told.log("prune.ended")["database"] == "orders"
    assert told.log("prune.ended")["scheduled_at"] == "2026-11-23T03:00:00Z"
    assert told.log("prune.ended")["deleted"] == 1


@pytest.mark.parametrize(("zone", "left"), [("", 3), ("Europe/London", 3), ("America/New_York", 2)])
def test_days_are_those_of_the_stages_time_zone(
    zone: str,
    left: int,
    configure: Callable[..., None],
    home: Vault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One of 23:30 and one of 3:00 are of two days in London, and of one in New York."""
    configure("orders", "", "daily=3")
    monkeypatch.setenv("SNAPPER_TIME_ZONE", zone)
    for at in (days(0), AT.replace(day=22, hour=23, minute=30), days(-2)):
        store(home, at)
    assert handler(made(home.bucket, MANIFEST), Context()) == {"pruned": 1}
    assert len([key for key in keys(home) if key.endswith(Kind.MANIFEST)]) == left


def test_a_time_zone_that_there_is_not_fails_aloud(
    full: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNAPPER_TIME_ZONE", "Europe/Atlantis")
    with pytest.raises(SettingsError, match="there is no time zone 'Europe/Atlantis'"):
        handler(made(full.bucket, MANIFEST), Context())


def test_an_event_that_comes_twice_or_late_or_of_what_is_gone_does_no_more(
    full: Vault, said: Callable[[], Any]
) -> None:
    handler(made(full.bucket, MANIFEST), Context())
    kept = keys(full)
    for key in (MANIFEST, BEFORE, "orders/2020-01-01T00-00-00Z.manifest.json"):
        handler(made(full.bucket, key), Context())
        assert keys(full) == kept


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_key_prunes_nothing(name: str, full: Vault, said: Callable[[], Any]) -> None:
    before = keys(full)
    with faulted(FAMILY):
        assert handler(made(full.bucket, HOSTILE[name]), Context()) == {"pruned": 0}
        assert keys(full) == before
        assert said().messages() == ["prune.skipped"]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"Records": None},
        {"Records": "orders"},
        {"Records": [None, 1, "x", {}, {"s3": None}, {"s3": {"bucket": {}}}]},
        {"Event": "s3:TestEvent"},
        {"Records": [{"s3": {"bucket": {"name": "vault"}, "object": {"key": [MANIFEST]}}}]},
        made("somebody-elses-bucket", MANIFEST),
    ],
)
def test_what_is_no_event_of_its_bucket_prunes_nothing(
    event: dict[str, Any], full: Vault, said: Callable[[], Any]
) -> None:
    before = keys(full)
    with faulted(FAMILY):
        assert handler(event, Context()) == {"pruned": 0}
        assert keys(full) == before


def test_a_key_is_read_as_s3_writes_it(
    configure: Callable[..., None], home: Vault, said: Callable[[], Any]
) -> None:
    configure("a.b-c_d", "host=h", 1)
    for number in range(2):
        store(home, days(-number), "a.b-c_d")
    event = made(home.bucket, "a.b-c_d/2026-11-23T03-00-00Z.manifest.json")
    (record,) = event["Records"]
    record["s3"]["object"]["key"] = record["s3"]["object"]["key"].replace("/", "%2F")
    assert handler(event, Context()) == {"pruned": 1}
    assert len(keys(home)) == 2


def test_a_failed_prune_fails_the_event_and_says_why(
    full: Vault, said: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Vault, key: str) -> None:
        raise AwsFailed(f"s3:DeleteObject of {key} failed: AccessDenied")

    monkeypatch.setattr(Vault, "delete", refuse)
    with pytest.raises(AwsFailed, match="AccessDenied"):
        handler(made(full.bucket, MANIFEST), Context())
    told = said()
    assert told.messages() == ["prune.failed"]
    assert told.log("prune.failed")["level"] == "ERROR"
    assert told.log("prune.failed")["database"] == "orders"
    assert "AccessDenied" in told.log("prune.failed")["reason"]
    assert told.measured("PruneFailed") == [[1.0]]


def test_one_database_that_fails_keeps_no_other_from_being_pruned(
    full: Vault,
    configure: Callable[..., None],
    said: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure("broken", "host=h", 1)
    for number in range(2):
        store(full, days(-number), "broken")
    delete = Vault.delete

    def refuse(vault: Vault, key: str) -> None:
        if key.startswith("broken/"):
            raise AwsFailed(f"s3:DeleteObject of {key} failed: AccessDenied")
        delete(vault, key)

    monkeypatch.setattr(Vault, "delete", refuse)
    event = made(full.bucket, f"broken/{MANIFEST.partition('/')[2]}", MANIFEST)
    with pytest.raises(AwsFailed, match="broken"):
        handler(event, Context())
    assert said().messages() == ["prune.failed", "backup.pruned", "prune.ended"]


def test_a_function_without_settings_fails_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SNAPPER_STAGE", "SNAPPER_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match="SNAPPER_BUCKET"):
        handler(made("vault", MANIFEST), Context())


def test_the_time_of_these_backups_is_that_of_the_event() -> None:
    assert f"{AT:%Y-%m-%dT%H-%M-%SZ}" in MANIFEST


def test_who_asks_for_a_tombstone_is_told_what_nobody_can_read(
    full: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Archived(NoTrace):
        def bury(self, holding: Holding, reason: str) -> None:
            if holding.taken_at == AT:
                raise ObjectUnreadable(f"{holding.manifest_key} is archived")

    monkeypatch.setattr("functions.pruner.undertaker_of", lambda *_: Archived())

    def asked(at: datetime) -> dict[str, Any]:
        of = {"database": "orders", "scheduled_at": write_time(at), "reason": "beyond its count"}
        return handler({"bury": of}, Context())

    assert asked(days(-1)) == {"buried": 1}
    assert asked(AT) == {"unreadable": f"{MANIFEST} is archived"}
