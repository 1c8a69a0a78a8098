"""What the shell says to others is hidden from a block, and there again after it."""

import os

import pytest

from snapper.machine.environment import without_variables


def test_variables_are_hidden_by_how_they_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKING_HOST", "db.example")
    monkeypatch.setenv("NOT_ASKING_HOST", "other.example")
    with without_variables("ASKING_"):
        assert "ASKING_HOST" not in os.environ
        assert os.environ["NOT_ASKING_HOST"] == "other.example"
    assert os.environ["ASKING_HOST"] == "db.example"
