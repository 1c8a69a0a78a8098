"""A digest that another thread makes is that of all its texts, in their order."""

import hashlib
import threading
from collections.abc import Iterator

import pytest

from snapper.engines import digests
from snapper.engines.digests import Digest, Digester


@pytest.fixture
def digester() -> Iterator[Digester]:
    made = Digester()
    yield made
    made.end()


@pytest.fixture
def go_on(digester: Digester, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Hold the thread back until this is set; each text is worth its while."""
    monkeypatch.setattr(Digester, "at_once", 1)
    event = threading.Event()
    digester._thread.submit(event.wait)
    yield event
    event.set()


@pytest.mark.parametrize("size", [0, 1, 100, 1000])
def test_it_is_what_hashing_all_at_once_gives(
    size: int, digester: Digester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Digester, "at_once", 100)
    texts = [bytes([number % 251]) * 7 for number in range(size)]
    digest = Digest(digester)
    for text in texts:
        digest.update(text)
    digest.close()
    digester.settle()
    assert digest.sha256 == hashlib.sha256(b"".join(texts)).hexdigest()
    assert digest.bytes == 7 * size


def test_who_has_settled_has_waited_for_all_of_it(
    digester: Digester, go_on: threading.Event
) -> None:
    settled = threading.Event()
    digest = Digest(digester)
    digest.update(b"text")
    digest.close()

    def settle() -> None:
        digester.settle()
        settled.set()

    waiting = threading.Thread(target=settle)
    waiting.start()
    assert not settled.wait(0.1)
    go_on.set()
    waiting.join()
    assert digest.sha256 == hashlib.sha256(b"text").hexdigest()


def test_no_more_than_so_much_waits_for_the_thread(
    digester: Digester, go_on: threading.Event
) -> None:
    digest = Digest(digester)

    def read() -> None:
        for _ in range(100):
            digest.update(b"x")
        digest.close()

    reading = threading.Thread(target=read)
    reading.start()
    reading.join(0.1)
    assert digest.bytes <= digests._MOST_WAITING + 1
    go_on.set()
    reading.join()
    digester.settle()
    assert digest.sha256 == hashlib.sha256(b"x" * 100).hexdigest()
