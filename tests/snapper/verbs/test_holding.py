"""A sealed backup is listed, counted, held against its manifest and pruned as a plain one is."""

from datetime import timedelta
from typing import Any

import pytest

from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged, BackupInProgress
from snapper.values.job import Job
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.values.secrets import Database
from snapper.verbs.catalog import holding_at, holdings, listing, read_manifest
from snapper.verbs.events import Silence
from snapper.verbs.place import made_for, place_for
from snapper.verbs.prune import delete, prune
from tests.support.backups import days, store
from tests.support.databases import AT
from tests.support.vaults import keys

RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


def sealed(
    vault: Vault, number: float = 0, body: bytes = b"sealed, and not too little"
) -> Manifest:
    inside: dict[str, Any] = {"packed_bytes": 20, "packed_sha256": "cd" * 32}
    made = store(vault, days(number), body=body, recipients=(RECIPIENT,), **inside)
    vault.put(made.contents_key, b"sealed as well")
    return made


def test_a_sealed_backup_is_complete_and_counts(vault: Vault) -> None:
    made = sealed(vault)
    (found,) = holdings(vault, "orders")
    assert (found.is_good, found.entry.flaw) == (True, "")
    assert found.dump is not None
    assert found.dump.key == made.dump_key == "orders/2026-11-23T03-00-00Z.sql.gz.age"
    assert [each.manifest for each in listing(vault, "orders")] == [made]
    assert made_for(vault, Job("orders", AT))


def test_a_dump_of_the_other_kind_does_not_pass_for_the_one_that_the_manifest_names(
    vault: Vault,
) -> None:
    made = sealed(vault)
    vault.delete(made.dump_key)
    vault.put(object_key("orders", AT, Kind.DUMP), b"x" * made.backup_bytes)
    with pytest.raises(BackupDamaged, match=r"sql\.gz\.age is gone"):
        read_manifest(vault, holding_at(vault, "orders", AT))


def test_of_two_dumps_no_later_one_hides_that_the_first_is_known_to_be_damaged(
    vault: Vault,
) -> None:
    sealed(vault, body=b"short")
    vault.put(object_key("orders", AT, Kind.DUMP), b"of another delivery, and long enough")
    (found,) = holdings(vault, "orders")
    assert [each.key[-4:] for each in found.dumps] == [".age", "l.gz"]
    assert found.entry.damaged


def test_a_sealed_dump_without_a_manifest_is_waited_for_and_then_passed_by(vault: Vault) -> None:
    vault.put(object_key("orders", AT, Kind.SEALED), b"half")
    (left,) = holdings(vault, "orders")
    assert left.dump is not None
    at = left.dump.changed_at
    with pytest.raises(BackupInProgress, match=r"\.age was stored a moment ago"):
        place_for(vault, Job("orders", AT), at)
    place = place_for(vault, Job("orders", AT), at + timedelta(minutes=17))
    assert place.taken_at == AT + timedelta(seconds=1)


def test_a_list_alone_takes_a_place_too(vault: Vault) -> None:
    vault.put(object_key("orders", AT, Kind.SEALED_CONTENTS), b"list")
    assert place_for(vault, Job("orders", AT), days(1)).taken_at == AT + timedelta(seconds=1)


def test_all_of_a_sealed_backup_goes_the_manifest_first_and_the_dumps_last(vault: Vault) -> None:
    sealed(vault)
    sealed(vault, 1)
    vault.put(object_key("orders", AT, Kind.DUMP), b"of another delivery, and long enough")
    gone: list[str] = []

    class Watched(Vault):
        def delete(self, key: str) -> None:
            gone.append(key.removeprefix("orders/2026-11-23T03-00-00Z"))
            super().delete(key)

    prune(Watched(vault.bucket, vault._client), Database("orders", "host=h", 1), Silence())
    assert gone[:2] == [".manifest.json", ".contents.json.age"]
    assert sorted(gone[2:]) == [".sql.gz", ".sql.gz.age"]
    assert len(keys(vault)) == 3
    delete(vault, holding_at(vault, "orders", days(1)))
    assert keys(vault) == []
