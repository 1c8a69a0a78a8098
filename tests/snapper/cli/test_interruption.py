"""A signal ends a command once, in words and with its code, wherever it comes."""

import os
import signal
import sys
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from snapper.cli.interruption import Interrupted, signals_raise
from snapper.cli.outcome import reporting


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_in_one_line_and_its_code(
    number: signal.Signals, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    former = signal.getsignal(number)
    with reporting(as_json=False) as result, signals_raise():
        os.kill(os.getpid(), number)
        signal.pause()
    assert result.code == code
    assert capsys.readouterr().err == f"error: interrupted by {number.name}\n"
    assert signal.getsignal(number) is former


def test_a_second_signal_does_not_interrupt_the_clearing_up() -> None:
    cleared = False
    with reporting(as_json=False) as result, signals_raise():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            signal.pause()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleared = True
    assert cleared
    assert result.code == 130


def test_a_signal_that_a_finalizer_swallowed_ends_it_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Guest:
        pass

    finalized = []

    def finalize(_: object) -> None:
        finalized.append(True)
        os.kill(os.getpid(), signal.SIGTERM)

    former = signal.getsignal(signal.SIGALRM), sys.unraisablehook
    with reporting(as_json=False) as result, signals_raise():
        guest = Guest()
        watched = weakref.ref(guest, finalize)
        del guest
        assert finalized, watched
        time.sleep(120)  # which the signal cuts short
    assert result.code == 143
    assert capsys.readouterr().err == "error: interrupted by SIGTERM\n"
    assert (signal.getsignal(signal.SIGALRM), sys.unraisablehook) == former


def mind_nothing() -> None:
    """Be interrupted as a library is that tries an import, and does without whatever the reason."""
    with suppress(BaseException):
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()


def test_a_signal_in_code_that_minds_nothing_ends_it_all_the_same() -> None:
    with reporting(as_json=False) as result, signals_raise():
        mind_nothing()
        time.sleep(120)  # which the signal cuts short
        pytest.fail("it went on")
    assert result.code == 143


def test_a_signal_that_was_swallowed_at_the_very_end_is_still_told() -> None:
    with reporting(as_json=False) as result, signals_raise():
        mind_nothing()
    assert result.code == 143


def test_what_is_cleared_up_for_it_is_not_interrupted_however_long_it_takes() -> None:
    cleared = []

    @contextmanager
    def slow() -> Iterator[None]:
        try:
            yield
        finally:
            time.sleep(0.2)
            try:
                raise KeyError  # and what is caught on the way is no end of it
            except KeyError:
                time.sleep(0.2)
            cleared.append(True)

    with reporting(as_json=False) as result, signals_raise(), slow():
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()
    assert (cleared, result.code) == ([True], 130)


def test_who_ends_by_itself_is_left_in_peace() -> None:
    with reporting(as_json=False) as result, signals_raise():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            signal.pause()
        except Interrupted as interrupted:
            interrupted.settled = True
        time.sleep(0.2)
    assert result.code == 0


def test_what_else_a_finalizer_raises_is_told_as_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told_of = []
    monkeypatch.setattr(sys, "unraisablehook", lambda it: told_of.append(it.exc_value))

    class Guest:
        def __del__(self) -> None:
            raise ValueError("a guest that does not go quietly")

    with signals_raise():
        Guest()
        time.sleep(0.05)
    assert [str(error) for error in told_of] == ["a guest that does not go quietly"]
