"""What the functions log is read on terminals, and does nothing to them."""

import json

import pytest

from functions.telemetry import Telemetry
from tests.support.faults import faulted
from tests.support.hostile_text import ATTACKS, harm


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_log_line_holds_every_text_and_shows_none_raw(
    attack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with faulted("hostile text: names in the log of a function"):
        Telemetry(f"shows {attack}", "tried").emit(
            "dump.ended", database=ATTACKS[attack], seconds=1.0
        )
        line, *metrics = capsys.readouterr().out.split("\n")
        assert json.loads(line)["database"] == ATTACKS[attack]
        assert not harm(line + "".join(metrics))


def test_a_warning_of_a_restore_is_logged_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    # A logger of this name remembers the streams of the test in which it was made.
    restorer = Telemetry("warns of a restore", "tried")
    restorer.emit("restore.warned", warning="the server is of an older major")
    assert json.loads(capsys.readouterr().out)["level"] == "WARNING"
