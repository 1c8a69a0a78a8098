"""What the dumper's check-up asks of the function itself."""

from typing import Any

import pytest

from functions import doctor
from snapper.values.finding import ok
from snapper.values.settings import DumperSettings

ALONE = DumperSettings("prod", "/snapper/prod", "vault")
WITH_CONTAINERS = DumperSettings("prod", "/snapper/prod", "vault", batch_queue="arn:queue")


class Nothing:
    """A stage without databases."""

    @classmethod
    def connect(cls, _: str) -> "Nothing":
        return cls()

    def kinds(self) -> list[str]:
        return []


@pytest.fixture(autouse=True)
def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "Parameters", Nothing)
    monkeypatch.setattr(doctor, "Vault", Nothing)
    monkeypatch.setattr(doctor, "examine_registry", lambda: ok("containers", "asked"))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


def asked(settings: DumperSettings) -> list[Any]:
    return [found["fact"] for found in doctor.answer([], settings, 900)[doctor.CLIENTS]]


def test_the_registry_is_looked_for_where_there_are_containers() -> None:
    assert asked(WITH_CONTAINERS) == ["asked"]
    assert asked(ALONE) == []


def test_on_ones_own_machine_nobody_asks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:1")
    assert asked(WITH_CONTAINERS) == []
