"""What is left of databases that the stage lost is found, and swept when somebody says so."""

from datetime import datetime

import pytest

from snapper.errors import BackupNotFound, ObjectUnreadable, SettingsError
from snapper.values.keys import Kind, mark_key, object_key, trial_key
from snapper.verbs.bury import NoTrace
from snapper.verbs.holding import Holding
from snapper.verbs.orphans import (
    GONE,
    MOST,
    Orphan,
    orphans,
    require_orphan,
    require_something,
    sweep,
)
from tests.support.backups import BODY, days, store
from tests.support.databases import AT
from tests.support.faults import faulted
from tests.support.twin import MemoryVault

FAR = datetime.fromisoformat("9998-01-01T00:00:00Z")
FOREIGN = (
    "old/notes.txt",
    "old/2026-11-23T03-00-00Z.sql",
    "old/2026-11-23T03-00-00Z.sql.gz/more",
    "old2/2026-11-23T03-00-00Z.txt",
    "theirs/2026/photo.jpg",
    "\x1b[31m/2026-11-23T03-00-00Z.sql.gz",
    "ö/2026-11-23T03-00-00Z.sql.gz",
    "/2026-11-23T03-00-00Z.sql.gz",
    f"{'x' * 65}/2026-11-23T03-00-00Z.sql.gz",
    "2026-11-23T03-00-00Z.sql.gz",
)


@pytest.fixture
def vault() -> MemoryVault:
    """A bucket with a database of the stage, one that it lost, and other people's objects."""
    made = MemoryVault(dict.fromkeys(FOREIGN, b"not ours"))
    store(made, AT)
    for number in range(3):
        store(made, days(-number), "old")
    for key in (mark_key("old", AT, days(1)), trial_key("old")):
        made.put(key, b"")
    made.put(object_key("old", AT, Kind.DAMAGED), b"{}")
    made.put(object_key("old", FAR, Kind.DUMP), b"forged")
    return made


def test_one_that_nobody_can_bury_stays_and_keeps_no_other(vault: MemoryVault) -> None:
    class Archived(NoTrace):
        def bury(self, holding: Holding, reason: str) -> None:
            if holding.taken_at == days(-1):
                raise ObjectUnreadable("InvalidObjectState")

    with pytest.raises(ObjectUnreadable):
        sweep(vault, "old", dry_run=False, undertaker=Archived())
    left = {key for key in vault.objects if key.startswith("old/")} - {*FOREIGN, trial_key("old")}
    assert left == {object_key("old", days(-1), kind) for kind in (Kind.DUMP, Kind.MANIFEST)}


def test_only_folders_with_objects_of_ours_are_left_over(vault: MemoryVault) -> None:
    ours = {key: body for key, body in vault.objects.items() if key.startswith("old/")}
    size = sum(len(body) for key, body in ours.items() if key not in FOREIGN)
    assert orphans(vault, ["orders"]) == [Orphan("old", 3, size)]
    assert orphans(vault, ["orders", "old"]) == []


def test_the_dry_run_deletes_nothing_and_the_sweep_no_object_of_others(vault: MemoryVault) -> None:
    with faulted("hostile records: odd folders of the bucket"):
        before = dict(vault.objects)
        told = sweep(vault, "old", dry_run=True)
        assert vault.objects == before
        assert sweep(vault, "old", dry_run=False) == told
        assert {(each.keep, each.reason) for each in told} == {(False, GONE)}
        assert len(told) == 4
        gone = set(before) - set(vault.objects)
        assert all(key.startswith("old/") and key not in FOREIGN for key in gone)
        assert {key for key in vault.objects if key.startswith("old/")} <= set(FOREIGN)
        assert object_key("orders", AT, Kind.MANIFEST) in vault.objects
        assert orphans(vault, ["orders"]) == []


@pytest.mark.parametrize(
    ("key", "known", "words"),
    [
        ("orders", ["orders"], "the stage backs up orders"),
        ("../orders", ["orders"], "no key that a database could have had"),
        ("orders/", ["orders"], "no key that a database could have had"),
        ("old", [], "says of no database"),
    ],
)
def test_what_may_not_be_swept_is_refused(key: str, known: list[str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        require_orphan(key, known)


def test_where_nothing_of_ours_is_there_is_nothing_to_sweep(vault: MemoryVault) -> None:
    require_something(vault, "old")
    for key in ("old2", "theirs", "nowhere"):
        with pytest.raises(BackupNotFound):
            require_something(vault, key)


def test_however_many_folders_somebody_makes_only_so_many_are_named() -> None:
    names = [f"folder-{number:03}" for number in range(2 * MOST)]
    vault = MemoryVault({object_key(name, AT, Kind.DUMP): BODY for name in names})
    assert [each.database for each in orphans(vault, ["orders"])] == names[:MOST]
