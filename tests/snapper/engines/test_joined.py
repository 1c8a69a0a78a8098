"""Several programs dump at once, and one is read: whole, or not at all."""

import gzip
import threading
from collections.abc import Iterator

import pytest

from snapper.engines.joined import Joined, joined
from snapper.engines.packing import Packed
from snapper.engines.postgresql.reading.following import Following
from snapper.engines.strand import Strand
from snapper.engines.stream import GzipStream
from snapper.errors import DeadlineReached, DumpFailed, NotFollowed
from tests.support.made_bands import (
    AFTER,
    BEFORE,
    MadeBands,
    Text,
    follow,
    noise,
    stored,
    strand,
    table,
)


def dumped(bands: MadeBands, size: int = 1 << 20) -> tuple[bytes, GzipStream]:
    with joined(bands, lambda: Following("UTF8"), 100_000) as pieces:
        stream = GzipStream(pieces)
        return stored(stream, size), stream


def test_what_threads_read_at_once_is_whole_and_who_dumps_is_asked_whether_it_is() -> None:
    large = [noise(2_000_000, seed) for seed in range(3)]
    texts = [
        Text(table(b"t%d" % at, rows) + table(b"e%d" % at, b"")) for at, rows in enumerate(large)
    ]
    bands = MadeBands(*texts)
    found, stream = dumped(bands, 777_777)
    rows, _, _ = follow(gzip.decompress(found))
    assert [rows[f"t{at}"] for at in range(3)] == large
    assert bands.told == [([("s", f"t{at}"), ("s", f"e{at}")], []) for at in range(3)]
    contents = stream.contents()
    assert contents
    assert all(each.more for each in contents.tables if each.table.startswith("t"))
    assert bands.stopped is None


def test_who_dumps_is_told_of_the_counters_whose_values_came_of_each() -> None:
    value = b"""\nSELECT pg_catalog.setval('"s"."c"', 7, true);\n"""
    odd = b"""\nSELECT pg_catalog.setval('"s"."o''d""d"', -7, false);\n"""
    bands = MadeBands(Text(table(b"t", b"1\n") + value + odd), Text(value))
    dumped(bands)
    assert [each.counters for each in bands.told] == [[("s", "c"), ("s", "o'd\"d")], [("s", "c")]]


def test_small_tables_share_a_piece() -> None:
    texts = b"".join(table(b"t%d" % n, b"%d\n" % n) for n in range(1000))
    (piece,) = strand(Text(texts), 100_000).pieces()
    assert (piece.whole, len(piece.begins)) == (True, 1001)


def test_a_row_without_an_end_is_given_on_and_nobody_comes_between() -> None:
    """Nothing of it is held: it may have a gigabyte."""
    row = noise(3_000_000).replace(b"\n", b"x") + b"\n"
    *parts, last = strand(Text(table(b"t", row + b"1\n2\n")), 100_000).pieces()
    assert max(part.size for part in parts) < 500_000
    assert [part.whole for part in parts] == [False] * (len(parts) - 1) + [True]
    assert last.whole
    assert len(last.begins) == 2, "the rest of the table, and what is behind it"


def test_no_more_than_enough_is_read_while_nobody_takes_it() -> None:
    text = Text(table(b"t", noise(25_000_000)))
    bands = MadeBands(text)
    with joined(bands, lambda: Following("UTF8"), 100_000) as pieces:
        stream = GzipStream(pieces)
        stream.read(1000)
        before = -1
        while before != (before := text.tell()):
            threading.Event().wait(0.2)
        assert text.tell() < 10_000_000
    assert text.tell() < 10_000_000, "and nothing more is read for nobody"


def test_what_is_wrong_with_one_is_raised_at_once_though_others_are_under_way() -> None:
    never = threading.Event()
    broken = DumpFailed("pg_dump exited with status 1")
    bands = MadeBands(Text(table(b"a", b"1\n"), waits=never), Text(b"", fault=broken))
    before = set(threading.enumerate())
    with pytest.raises(DumpFailed, match="status 1"):
        dumped(bands)
    assert bands.stopped is broken
    assert set(threading.enumerate()) <= before, "others may have ended meanwhile"


def test_who_is_stopped_from_elsewhere_ends_with_the_reason() -> None:
    never = threading.Event()
    bands = MadeBands(Text(table(b"a", b"1\n"), waits=never), Text(b""))
    threading.Timer(0.1, bands.stop, [DeadlineReached("no time")]).start()
    with pytest.raises(DeadlineReached):
        dumped(bands)


def test_nothing_is_left_where_who_reads_gives_up() -> None:
    never = threading.Event()
    bands = MadeBands(Text(b"", waits=never), Text(table(b"t", noise(9_000_000))))
    before = set(threading.enumerate())
    with joined(bands, lambda: Following("UTF8"), 100_000) as pieces:
        GzipStream(pieces).read(10)
    assert set(threading.enumerate()) <= before, "others may have ended meanwhile"
    assert bands.stopped


def test_after_an_error_nobody_reads_an_end() -> None:
    bands = MadeBands(Text(b"", fault=DumpFailed("pg_dump exited with status 1")))
    missing = MadeBands(Text(b""))
    missing.missing = DumpFailed("s.u did not come")
    for dumped_by, again in ((bands, "status 1"), (missing, "did not come")):
        with joined(dumped_by, lambda: Following("UTF8"), 100_000) as pieces:
            stream = GzipStream(pieces)
            with pytest.raises(DumpFailed):
                stored(stream)
            with pytest.raises(DumpFailed, match=again):
                stream.read()


def test_what_has_not_come_is_told_before_the_end_is_given() -> None:
    bands = MadeBands(Text(table(b"t", b"1\n")))
    bands.missing = DumpFailed("s.u did not come")
    with (
        joined(bands, lambda: Following("UTF8"), 100_000) as pieces,
        pytest.raises(DumpFailed, match=r"s\.u did not come"),
    ):
        stored(GzipStream(pieces))


def test_rows_that_cannot_be_followed_are_not_parted_by_guess() -> None:
    with pytest.raises(NotFollowed, match="the statement VACUUM"):
        dumped(MadeBands(Text(b"VACUUM;\n")))


def test_statements_that_cannot_be_followed_cost_the_list_alone() -> None:
    bands = MadeBands(Text(table(b"t", b"1\n")), before=Text(b"VACUUM;\n"))
    found, stream = dumped(bands)
    assert gzip.decompress(found) == b"VACUUM;\n" + table(b"t", b"1\n") + AFTER
    assert stream.contents() is None
    assert "the statement VACUUM" in stream.unlisted


def test_a_defect_in_a_thread_is_raised_by_who_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(*_: object) -> Iterator[Packed]:
        raise ZeroDivisionError

    monkeypatch.setattr(Strand, "pieces", defect)
    bands = MadeBands(Text(b""))
    with pytest.raises(ZeroDivisionError):
        dumped(bands)
    assert "ZeroDivisionError" in str(bands.stopped)


def test_without_room_for_a_thread_those_that_run_are_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started, start = list[threading.Thread](), threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    bands = MadeBands(Text(b"", waits=threading.Event()), Text(b""))
    with pytest.raises(RuntimeError, match="new thread"):
        dumped(bands)
    assert not any(thread.is_alive() for thread in started)


def test_too_many_ranges_cost_the_list_alone() -> None:
    bands = MadeBands(Text(table(b"t", noise(2_000_000))))
    with joined(bands, lambda: Following("UTF8"), 100_000) as pieces:
        stream = GzipStream(pieces, most=5)
        found = stored(stream)
    assert follow(gzip.decompress(found))[0]["t"] == noise(2_000_000)
    assert (stream.contents(), stream.unlisted) == (None, "it has more than 5 parts")


def test_joined_is_the_same_whoever_reads_it_in_steps() -> None:
    """s3transfer asks for all that is left, once a part came short."""
    bands = MadeBands(Text(table(b"t", b"1\n")))
    with joined(bands, lambda: Following("UTF8"), 100_000) as pieces:
        assert isinstance(pieces, Joined)
        stream = GzipStream(pieces)
        assert gzip.decompress(stream.read(7) + stream.read() + stream.read()).startswith(BEFORE)
