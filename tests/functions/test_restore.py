"""A container that restores says in any case how that ended, in lines that a log holds whole."""

import json
import math
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from functions.restore import DEFECT, Ended, bars, despair, do, endable, main, wish_of
from functions.telemetry import Telemetry
from snapper.engines.facts import Restoration, RestoreOptions
from snapper.errors import BackupDamaged, RestoreFailed, SettingsError, SnapperError
from snapper.values.cloud_restore import CloudRestore, joined
from snapper.values.container import AGAIN, PAYLOAD
from snapper.values.left_out import LeftOut
from snapper.verbs.restore_report import from_dict
from snapper.verbs.restoring import Done, Wish
from tests.support.manifests import NOON

WISH = CloudRestore("orders", NOON, "0" * 64, "copy", NOON)
LEFT_OUT = tuple(LeftOut("comment", f"extension e{n}", "42501", '"\\' * 200) for n in range(50))
DONE = Done("the database copy", True, came=Restoration(left_out=LEFT_OUT), seconds=4.5)
PARTED = 16_384
"""Bytes of a line that awslogs no longer gives whole."""


def now(work: Callable[[], Done]) -> int:
    """Do it, and tell it to whatever is standard output now."""
    return do(work, Telemetry("job", "prod"))


@pytest.fixture(autouse=True)
def former_handler(said: Callable[[], Any]) -> Iterator[None]:
    """Leave the signal to who had it before; what is said begins with this test."""
    del said
    former = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, former)


def raising(error: BaseException, *notes: str) -> Callable[[], Done]:
    def work() -> Done:
        for note in notes:
            error.add_note(note)
        raise error

    return work


def test_what_it_has_done_is_told_in_lines_that_are_not_parted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert now(lambda: DONE) == 0
    written = capsys.readouterr().out.splitlines()
    assert max(len(line.encode()) for line in written) < PARTED
    *pieces, ended = map(json.loads, written)
    assert len(pieces) > 1
    assert (ended["message"], ended["pieces"]) == ("restore.ended", len(pieces))
    told = {each["number"]: each["piece"] for each in pieces}
    done = from_dict(joined(told, ended["pieces"]))
    assert done.came
    assert (done.place, done.came.left_out) == (DONE.place, LEFT_OUT)


def test_a_failure_is_told_with_its_kind_and_what_is_there_now(said: Callable[[], Any]) -> None:
    error = BackupDamaged("it ends too soon", hint="take an older one")
    assert now(raising(error, "copy is as it was", "a role\nstays")) == 4
    told = said().log("restore.failed")
    assert (told["kind"], told["reason"]) == ("BackupDamaged", "it ends too soon")
    assert (told["hint"], told["level"]) == ("take an older one", "ERROR")
    assert told["now"].split("\n") == ["copy is as it was", "a role\\nstays"], "a name of no line"


def test_of_a_failure_of_any_length_a_line_is_told_that_is_not_parted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for character in ("x", '"', "\x1b", "ü", "\U000e0001"):
        error = SettingsError(character * 50_000, hint=character * 50_000)
        assert now(raising(error, character * 50_000)) == 2
        (line,) = capsys.readouterr().out.splitlines()
        assert len(line.encode()) < PARTED
        assert json.loads(line)["reason"].startswith(character)


def test_a_defect_is_told_by_its_place_and_not_by_its_words(said: Callable[[], Any]) -> None:
    assert now(raising(KeyError("quiet9"), "copy is as it was")) == DEFECT
    told = said().log("restore.failed")
    assert (told["kind"], told["file"]) == ("KeyError", "test_restore.py")
    assert told["now"] == "copy is as it was"
    assert "quiet9" not in str(told)


def test_one_that_is_told_to_end_ends_in_order_and_says_what_is_there(
    said: Callable[[], Any],
) -> None:
    gave_up: list[str] = []

    def work() -> Done:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except Ended as ended:
            ended.add_note("copy is as it was")
            os.kill(os.getpid(), signal.SIGTERM)  # in vain
            raise
        return DONE

    started = partial(gave_up.append, "started")
    assert now(partial(endable, work, started)) == RestoreFailed.exit_code
    told = said().log("restore.failed")
    assert "told to end before the restore was done" in told["reason"]
    assert told["now"] == "copy is as it was"
    assert gave_up == ["started"]


def test_what_is_done_is_told_whoever_ends_the_container_then(
    said: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    telemetry = Telemetry("job", "prod")
    emit = telemetry.emit

    def ended_meanwhile(event: str, /, **fields: str | float) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        emit(event, **fields)

    monkeypatch.setattr(telemetry, "emit", ended_meanwhile)
    work = partial(endable, lambda: replace(DONE, came=None), pytest.fail)
    assert do(work, telemetry) == 0
    assert said().messages() == ["restore.reported", "restore.ended"]


def test_a_session_that_hangs_is_told_of_before_the_container_is_killed(
    said: Callable[[], Any],
) -> None:
    left: list[int] = []
    despair(Telemetry("job", "prod"), 0.0, left.append)
    told = said().log("restore.failed")
    assert left == [RestoreFailed.exit_code]
    assert "did not end in time" in told["reason"]
    assert "not committed is not in the target" in told["now"]


def test_how_far_it_is_is_told_now_and_then_and_at_the_end(said: Callable[[], Any]) -> None:
    telemetry = Telemetry("job", "prod")
    with bars(telemetry, "a to b", 30, checks=True, pause=math.inf) as (checking, restoring):
        for count in (10, 20, 30):
            checking(count)
        for count in (10, 20):
            restoring(count)
    told = said()
    assert told.messages() == ["restore.began", "restore.progress"]
    began = told.log("restore.began")
    assert (began["what"], began["place"], began["bytes"]) == ("a to b", "b", 30)
    assert began["checks"] == 1
    with bars(telemetry, "a to b", 30, checks=False, pause=0.0) as (checking, restoring):
        restoring(10)
        restoring(20)
    steps = [each for each in said().logs if each["message"] == "restore.progress"]
    assert [(each["checked"], each["restored"]) for each in steps] == [(0, 10), (0, 20)]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("", "is not a restore"),
        (WISH.to_json().replace('"version": 1', '"version": 2'), "has version 2"),
        (WISH.to_json().replace('"options": {', '"options": {"newer": true'), "is not a restore"),
    ],
)
def test_who_has_ordered_what_is_not_understood_is_told_so(
    payload: str, reason: str, said: Callable[[], Any]
) -> None:
    environment = {
        "SNAPPER_STAGE": "prod",
        "SNAPPER_PARAMETER_ROOT": "/snapper/prod",
        "SNAPPER_BUCKET": "bucket",
        "AWS_BATCH_JOB_ID": "id-1",
        PAYLOAD: payload,
    }
    assert main(environment) == SettingsError.exit_code
    told = said().log("restore.failed")
    assert (told["job"], told["kind"]) == ("id-1", "SettingsError")
    assert reason in told["reason"]


def test_each_option_arrives_and_no_value_of_a_row_is_ever_shown() -> None:
    names = ("strict", "best_effort", "no_owner", "no_privileges", "final_name")
    for name in (*names, "create", "force", "create_roles"):
        chosen: dict[str, Any] = {name: True}
        wish = wish_of(replace(WISH, **chosen))
        expected = Wish(options=RestoreOptions(jobs=0))
        if name in names:
            assert wish == replace(expected, options=replace(expected.options, **chosen))
        else:
            assert wish == replace(expected, **chosen)
    all_else = wish_of(replace(WISH, over_source="orders", jobs=3))
    assert (all_else.over_source, all_else.options.jobs) == ("orders", 3)
    assert not all_else.options.show_values


def test_no_error_of_ours_has_the_status_of_one_that_batch_tries_again() -> None:
    kinds = [SnapperError]
    for kind in kinds:
        assert kind.exit_code != AGAIN
        kinds += kind.__subclasses__()
