"""Where nothing can confine the code of a backup, whoever tries one is warned."""

import pytest

from snapper.machine.confined import Walls
from tests.support.few import few
from tests.support.stage import StageUnderTest


@pytest.mark.parametrize(
    ("walls", "words"),
    few(
        [
            (Walls(files=7, network=True), ""),
            (Walls(files=0, network=True), "kernel has no Landlock"),
            (Walls(files=7, network=False), "kernel does not filter system calls"),
        ]
    ),
)
def test_a_missing_wall_is_named_and_the_trial_goes_on(
    walls: Walls, words: str, stage: StageUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Walls, "here", classmethod(lambda _: walls))
    with stage.database("walled", stage.source(18).dsn):
        stage.back_up("walled")
        ran = stage.run_cli("verify", "walled", "--restore", "--json")
        assert ran.code == 0, ran.err
        assert ran.document["backups"][0]["verification"]["restored"]["rows"] == 1
        assert len(ran.document["unconfined"]) == bool(words)
        assert all(
            f"warning: {gap}" in ran.err and words in gap for gap in ran.document["unconfined"]
        )


def test_nothing_is_said_where_nothing_is_restored(
    stage: StageUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = classmethod(lambda _: Walls(files=0, network=False))
    monkeypatch.setattr(Walls, "here", nothing)
    with stage.database("unread", stage.source(18).dsn):
        stage.back_up("unread")
        ran = stage.run_cli("verify", "unread", "--json")
        assert ran.document["unconfined"] == []
        assert "confined" not in ran.err
