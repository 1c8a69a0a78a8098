"""A program that says nothing is given up when its server has no better reason, and not before."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from snapper.engines import checked_dump
from snapper.engines.checked_dump import CheckedDump, DumpingTool, Silence, WhySilent
from snapper.errors import DeadlineReached, DumpFailed
from snapper.values.redaction import Redactor

TOOL = DumpingTool(lambda tail: tail.endswith(b"whole\n"), silence_hint="look at it")

Make = Callable[[WhySilent | None], CheckedDump]


@pytest.fixture
def word(tmp_path: Path) -> Path:
    """Give the file for which the program waits."""
    return tmp_path / "word"


@pytest.fixture
def make(word: Path) -> Make:
    """Give a program that says nothing before there is the file."""
    script = f"until [ -e {word} ]; do sleep 0.02; done; echo whole"

    def start(why_silent: WhySilent | None) -> CheckedDump:
        command = ["/bin/sh", "-c", script]
        return CheckedDump(command, {}, Redactor(), TOOL, 0.05, why_silent)

    return start


def waiting(event: threading.Event) -> None:
    event.wait()


def read(dump: CheckedDump) -> bytes:
    with dump:
        return b"".join(iter(lambda: dump.read(100), b""))


def test_while_its_server_works_it_is_waited_for(word: Path, make: Make) -> None:
    asked = list[float]()

    def works(silent: float) -> None:
        asked.append(silent)
        if len(asked) == 3:
            word.touch()

    assert read(make(works)) == b"whole\n"
    assert set(asked) == {0.05}
    assert len(asked) >= 3


def test_what_comes_while_the_server_is_asked_is_taken(word: Path, make: Make) -> None:
    never = threading.Event()

    def hangs(_: float) -> None:
        word.touch()
        never.wait()

    assert read(make(hangs)) == b"whole\n"
    never.set()


def test_the_servers_reason_is_told_with_its_hint(make: Make) -> None:
    with pytest.raises(DumpFailed, match="without output: it waits for a lock") as failed:
        read(make(lambda _: Silence("it waits for a lock", "end the other")))
    assert failed.value.hint == "end the other"


def test_a_server_that_refuses_to_answer_is_a_reason(make: Make) -> None:
    def refuses(_: float) -> None:
        raise DumpFailed("cannot connect", hint="look at the network")

    with pytest.raises(DumpFailed, match="does not answer: cannot connect") as failed:
        read(make(refuses))
    assert failed.value.hint == "look at the network"


def test_so_is_one_that_never_answers(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_dump, "_LONGEST_QUESTION", 0.0)
    never = threading.Event()
    with pytest.raises(DumpFailed, match="its server does not answer"):
        read(make(lambda _: waiting(never)))
    never.set()


def test_without_anybody_to_ask_it_is_given_up(make: Make) -> None:
    with pytest.raises(DumpFailed, match="without output") as failed:
        read(make(None))
    assert failed.value.hint == "look at it"


def test_who_stops_it_need_not_wait_for_the_answer(make: Make) -> None:
    never = threading.Event()
    dump = make(lambda _: waiting(never))
    stop = threading.Thread(target=dump.stop, args=(DeadlineReached("no time"),))
    with dump:
        stop.start()
        with pytest.raises(DeadlineReached):
            dump.read(100)
    stop.join()
    never.set()
