"""Reading ahead: all pieces in order, the reader's errors, and an end at any moment."""

import threading
from collections.abc import Iterator

import pytest

from snapper.errors import BackupDamaged
from snapper.verbs.ahead import ahead
from tests.support.cloud import eventually


def test_all_pieces_come_in_order() -> None:
    assert list(ahead(iter(range(1000)), most=3)) == list(range(1000))


def test_a_piece_is_fetched_while_the_one_before_it_is_worked_with() -> None:
    fetched = threading.Event()

    def pieces() -> Iterator[int]:
        yield 1
        fetched.set()
        yield 2

    reading = ahead(pieces())
    assert next(reading) == 1
    assert fetched.wait(300)


def test_no_more_than_so_many_pieces_wait() -> None:
    fetched: list[int] = []

    def pieces() -> Iterator[int]:
        for piece in range(100):
            fetched.append(piece)
            yield piece

    reading = ahead(pieces(), most=2)
    for piece in reading:
        assert len(fetched) <= piece + 1 + 2 + 1


def test_an_error_comes_behind_the_pieces_before_it() -> None:
    def pieces() -> Iterator[int]:
        yield 1
        raise BackupDamaged("its end is gone")

    reading = ahead(pieces())
    assert next(reading) == 1
    with pytest.raises(BackupDamaged, match="its end is gone"):
        next(reading)


def test_who_stops_asking_ends_the_thread_and_closes_what_it_reads() -> None:
    closed = threading.Event()

    def pieces() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    reading = ahead(pieces(), most=2)
    next(reading)
    reading.close()  # type: ignore[attr-defined]  # it is a generator
    assert closed.wait(300)
    eventually(lambda: not any(each.name == "ahead" for each in threading.enumerate()))
