"""The backups of many databases are known as each alone: by few listings, and reads at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from snapper.aws.vault import Vault
from snapper.errors import AwsFailed
from snapper.verbs import listings as module
from snapper.verbs.catalog import listing
from snapper.verbs.listings import READERS as MOST
from snapper.verbs.listings import listings
from tests.support.backups import days, store
from tests.support.cloud import LONGEST
from tests.support.databases import AT

KEYS = ("orders", "orders-eu", "shop")


@pytest.fixture
def filled(vault: Vault) -> Vault:
    for key in KEYS:
        for number in range(3):
            store(vault, days(number), key)
    return vault


def test_each_is_known_as_it_is_alone(filled: Vault) -> None:
    filled.put("shop/2026-11-23T12-00-00Z.manifest.json", b"no manifest")
    now = days(4)

    found = listings(filled, [*KEYS, "nobody"], now)

    assert found == {key: listing(filled, key, now) for key in (*KEYS, "nobody")}
    assert list(found) == [*KEYS, "nobody"]


def test_after_one_that_cannot_be_fetched_no_other_is_asked_for(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, ended = list[str](), threading.Event()

    class Readers(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            ended.set()
            super().shutdown(wait=wait)

    def refuse(key: str, *_: object) -> bytes:
        if not key.startswith("_summary/"):
            asked.append(key)
        assert key.startswith(("first/", "_summary/")) or ended.wait(LONGEST)
        raise AwsFailed(f"s3:GetObject of {key} failed: SlowDown")

    store(vault, AT, "first")
    for number in range(3 * MOST):
        store(vault, days(number), "second")
    monkeypatch.setattr(vault, "read", refuse)
    monkeypatch.setattr(module, "ThreadPoolExecutor", Readers)

    with pytest.raises(AwsFailed, match=r"first/.*SlowDown"):
        listings(vault, ["first", "second"], days(4 * MOST))

    assert len(asked) <= 1 + MOST
