"""Many databases are looked at in few listings, and each sees exactly its own objects."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapper.aws.vault import StoredObject, Vault
from snapper.verbs import survey as module
from snapper.verbs.catalog import holdings
from snapper.verbs.survey import _walk, survey
from tests.support.backups import days, store
from tests.support.databases import AT
from tests.support.strategies import keys

NEIGHBOURS = ("a", "a-b", "a.b", "a0", "aa", "b", "z")


class Listed:
    """A bucket as its listing tells it; counts how often that began."""

    def __init__(self, *names: str) -> None:
        self.names, self.begun = sorted(names), 0

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        self.begun += 1
        assert not prefix
        return (StoredObject(name, 1, AT) for name in self.names if name > after)


def walked(bucket: Any, *folders: str) -> dict[str, list[str]]:
    return {
        folder: [each.key for each in objects] for folder, objects in _walk(bucket, sorted(folders))
    }


def test_each_database_sees_what_it_sees_alone(vault: Vault) -> None:
    for key in NEIGHBOURS:
        store(vault, AT, key)
        store(vault, days(1), key)
    vault.put("a-stranger", b"")
    wanted = [*NEIGHBOURS[::2], "nobody"]
    found = survey(vault, wanted, lambda key, found: (key, found.holdings), days(2))
    assert found == {key: (key, holdings(vault, key, days(2))) for key in wanted}


def test_no_database_is_no_listing(vault: Vault) -> None:
    assert survey(vault, [], lambda key, found: found) == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(keys), st.sets(keys), st.integers(0, 4), st.integers(1, 3))
def test_whatever_lies_between_folders_are_found_whole(
    monkeypatch: pytest.MonkeyPatch, ours: set[str], theirs: set[str], objects: int, page: int
) -> None:
    monkeypatch.setattr(module, "PAGE", page)
    names = [f"{key}/{n}" for key in ours | theirs for n in range(objects)]
    bucket = Listed(*names, *theirs)
    found = walked(bucket, *(f"{key}/" for key in ours))
    assert found == {f"{key}/": [f"{key}/{n}" for n in range(objects)] for key in ours}


def test_folders_in_a_row_are_one_listing_and_strangers_are_leapt_over() -> None:
    mine = [f"{key}/{n}" for key in ("b", "c", "d") for n in range(5)]
    bucket = Listed(*mine)
    walked(bucket, "b/", "c/", "d/")
    assert bucket.begun == 1
    bucket = Listed(*mine, *(f"c-strangers/{n}" for n in range(5000)))
    seen = walked(bucket, "b/", "c/", "d/")
    assert bucket.begun == 2
    assert [len(objects) for objects in seen.values()] == [5, 5, 5]
