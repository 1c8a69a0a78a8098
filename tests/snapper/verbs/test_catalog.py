"""The bucket itself tells which backups there are, and a damaged one is not glossed over."""

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged, BackupNotFound, ObjectGone
from snapper.values.keys import mark_key
from snapper.verbs.catalog import backups, holding_at, holdings, listing
from snapper.verbs.choice import find
from snapper.verbs.prune import delete
from tests.support.backups import days, store
from tests.support.databases import AT


def test_backups_are_given_newest_first(vault: Vault) -> None:
    for number in (1, 0, 2):
        store(vault, days(number))
    assert [holding.taken_at for holding in backups(vault, "orders")] == [days(2), days(1), AT]


def test_one_that_was_begun_late_stands_where_it_was_begun(vault: Vault) -> None:
    """Whether a mark tells it in the listing, or only the manifest, as of an earlier release."""
    store(vault, days(1))
    store(vault, AT, started_at=days(2))
    assert [each.taken_at for each in listing(vault, "orders")] == [AT, days(1)]
    assert [each.taken_at for each in holdings(vault, "orders")] == [days(1), AT]
    vault.put(mark_key("orders", AT, days(2)), b"")
    assert [each.taken_at for each in listing(vault, "orders")] == [AT, days(1)]
    late, other = holdings(vault, "orders")
    assert (late.taken_at, late.begun_at, late.entry.late_at) == (AT, days(2), days(2))
    assert (other.taken_at, other.begun_at, other.entry.late_at) == (days(1), days(1), None)


def test_a_dump_without_manifest_is_no_backup(vault: Vault) -> None:
    vault.put("orders/2026-11-23T03-00-00Z.sql.gz", b"half")
    assert backups(vault, "orders") == []
    assert len(holdings(vault, "orders")) == 1
    with pytest.raises(BackupNotFound, match="no backup of orders in vault-"):
        find(vault, "orders")


def test_a_neighbours_backups_are_not_found(vault: Vault) -> None:
    for neighbour in ("orders2", "ORDERS", "order"):
        store(vault, AT, neighbour)
    assert holdings(vault, "orders") == []
    assert not holding_at(vault, "orders", AT).objects


def test_one_scheduled_time_is_looked_up_without_its_neighbours(vault: Vault) -> None:
    store(vault, AT)
    store(vault, days(1))
    vault.put("orders/2026-11-23T03-00-00Z.sql.gz.copy", b"mine")
    assert holding_at(vault, "orders", AT).entry.complete
    assert not holding_at(vault, "orders", days(2)).objects


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text[:-10],
        lambda text: text.replace('"orders"', '"others"', 1),
        lambda text: json.dumps({**json.loads(text), "backup_bytes": 4}),
        lambda text: json.dumps({**json.loads(text), "scheduled_at": "2026-11-24T03:00:00Z"}),
        lambda text: json.dumps({**json.loads(text), "object": "orders/other.sql.gz"}),
        lambda text: "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
        lambda text: "",
    ],
)
def test_an_edited_manifest_is_damage_and_told_as_such(edit: Any, vault: Vault) -> None:
    made = store(vault, AT)
    vault.put(made.key, edit(made.to_json()).encode())
    with pytest.raises(BackupDamaged):
        find(vault, "orders")
    (listed,) = listing(vault, "orders")
    assert listed.manifest is None
    assert listed.fault


def test_a_manifest_of_another_backup_is_damage(vault: Vault) -> None:
    made, other = store(vault, AT), store(vault, days(1))
    vault.put(other.key, made.to_json().encode())
    with pytest.raises(BackupDamaged, match="is the manifest of"):
        find(vault, "orders", days(1))


def test_an_object_of_another_size_is_damage(vault: Vault) -> None:
    made = store(vault, AT)
    vault.put(made.dump_key, b"sql and more")
    with pytest.raises(BackupDamaged, match="has 12 bytes, its manifest says 23"):
        find(vault, "orders")


def test_one_damaged_backup_does_not_hide_the_others(vault: Vault) -> None:
    made = store(vault, AT)
    store(vault, days(1))
    vault.put(made.key, replace(made, backup_bytes=9).to_json().encode())
    newest, damaged = listing(vault, "orders")
    assert newest.manifest is not None
    assert "23 bytes" in damaged.fault


@pytest.mark.long
def test_more_than_1000_objects_are_all_seen() -> None:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="vault")
        vault = Vault("vault", client)
        for number in range(600):
            store(vault, days(-number))
        assert len(backups(vault, "orders")) == 600
        assert find(vault, "orders").scheduled_at == AT


def test_a_backup_that_is_pruned_while_the_list_is_read_is_not_in_it(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (0, 1):
        store(vault, days(number))
    seen = list(vault.list("orders/"))
    delete(vault, holding_at(vault, "orders", AT))
    later = vault.list
    answers = iter([seen])
    monkeypatch.setattr(vault, "list", lambda prefix: next(answers, None) or later(prefix))
    assert [each.taken_at for each in listing(vault, "orders")] == [days(1)]


def test_a_manifest_that_nobody_finds_and_that_is_listed_is_an_error(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(vault, AT)
    seen = list(vault.list("orders/"))
    delete(vault, holding_at(vault, "orders", AT))
    monkeypatch.setattr(vault, "list", lambda _: seen)
    with pytest.raises(ObjectGone, match="NoSuchKey"):
        listing(vault, "orders")
