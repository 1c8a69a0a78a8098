"""The vault in memory behaves as the real one does: what is proven on it, holds."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from snapper.aws.parts import SMALLEST_PART, PartPlan
from snapper.aws.vault import Vault
from snapper.errors import AlreadyStored, AwsFailed, DumpFailed
from tests.support.twin import MemoryVault
from tests.support.vaults import keys

PARTS = PartPlan(SMALLEST_PART, 2)


class Content:
    """A stream that cannot be wound back, and may fail when it has given all it has."""

    def __init__(self, content: bytes, *, fails: bool = False) -> None:
        self._content = io.BytesIO(content)
        self._fails = fails

    def read(self, size: int = -1, /) -> bytes:
        given = self._content.read(size)
        if self._fails and (size < 0 or len(given) < size):
            raise DumpFailed("it broke off")
        return given

    def check(self) -> None:
        """Nobody stops it."""

    def commit(self) -> None:
        """Nobody stops it."""


@pytest.fixture(params=["s3", "memory"])
def either(request: pytest.FixtureRequest) -> Vault:
    return request.getfixturevalue("vault") if request.param == "s3" else MemoryVault()


def test_objects_are_listed_by_prefix_in_the_order_of_their_bytes(either: Vault) -> None:
    for key in ("app2/a", "app/b", "APP/a", "app/a", "app/ä", "app/Z", "app", "app.x/a"):
        either.put(key, key.encode())
    assert keys(either) == [
        "APP/a", "app", "app.x/a", "app/Z", "app/a", "app/b", "app/ä", "app2/a",
    ]  # fmt: skip
    assert [stored.key for stored in either.list("app/")] == ["app/Z", "app/a", "app/b", "app/ä"]
    assert list(either.list("nothing/")) == []
    assert either.folders() == ("APP", "app.x", "app", "app2")  # "." < "/" < "2"


def test_a_listed_object_tells_its_size_and_age(either: Vault) -> None:
    either.put("a", b"12345")
    (stored,) = either.list("a")
    assert stored.size == 5
    assert abs(datetime.now(UTC) - stored.changed_at) < timedelta(minutes=1)


def test_put_replaces(either: Vault) -> None:
    either.put("a", b"old")
    either.put("a", b"new")
    assert either.read("a") == b"new"


def test_what_is_made_replaces_nothing(either: Vault) -> None:
    either.make("a", b"first")
    with pytest.raises(AlreadyStored):
        either.make("a", b"second")
    assert either.read("a") == b"first"


def test_reading_begins_where_it_is_told_to(either: Vault) -> None:
    either.put("a", b"0123456789")
    with either.open("a", 7) as body:
        assert body.read() == b"789"
    with either.open("a") as body:
        assert (body.read(4), body.read(4), body.read(4), body.read(4)) == (
            b"0123", b"4567", b"89", b"",
        )  # fmt: skip


def test_what_is_not_there_cannot_be_read_but_deleted(either: Vault) -> None:
    with pytest.raises(AwsFailed, match="s3:GetObject of a failed: NoSuchKey"):
        either.read("a")
    either.delete("a")


def test_a_deleted_object_is_gone_and_its_neighbours_stay(either: Vault) -> None:
    for key in ("a", "A", "aa"):
        either.put(key, b"")
    either.delete("a")
    assert keys(either) == ["A", "aa"]


@pytest.mark.parametrize("size", [0, 5, SMALLEST_PART, 2 * SMALLEST_PART + 1])
def test_an_upload_arrives_whole(size: int, either: Vault) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    either.upload(Content(content[:size]), "a", PARTS)
    assert either.read("a") == content[:size]


@pytest.mark.parametrize("size", [5, 2 * SMALLEST_PART + 1])
def test_an_upload_never_replaces(size: int, either: Vault) -> None:
    either.put("a", b"first")
    with pytest.raises(AlreadyStored):
        either.upload(Content(bytes(size)), "a", PARTS)
    assert either.read("a") == b"first"


@pytest.mark.parametrize("size", [0, 5, 2 * SMALLEST_PART + 1])
def test_an_upload_whose_stream_fails_leaves_nothing(size: int, either: Vault) -> None:
    with pytest.raises(DumpFailed):
        either.upload(Content(bytes(size), fails=True), "a", PARTS)
    assert keys(either) == []
