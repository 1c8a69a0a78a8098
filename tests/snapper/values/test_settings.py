"""One type writes a function's environment, and reads the same from it."""

from dataclasses import replace

import pytest

from snapper.errors import SettingsError
from snapper.values.keys import DATABASE_KEY
from snapper.values.proving import Proving
from snapper.values.settings import (
    DispatcherSettings,
    DumperSettings,
    ProverSettings,
    connection_parameter,
    connection_piece,
    parameter_root,
    piece_name,
    retention_parameter,
    service_parameter,
)

DISPATCHER = DispatcherSettings("prod", "/snapper/prod", "https://sqs/jobs")
DUMPER = DumperSettings("prod", "/snapper/prod", "vault", "/opt", "https://sqs/jobs")
PROVER = ProverSettings("prod", "/snapper/prod", "vault", "https://sqs/drills", "https://sqs/dead")


def test_settings_are_read_as_they_were_written() -> None:
    assert DispatcherSettings.from_env({"PATH": "/bin", **DISPATCHER.to_env()}) == DISPATCHER
    assert DumperSettings.from_env(DUMPER.to_env()) == DUMPER
    assert ProverSettings.from_env(PROVER.to_env()) == PROVER


def test_what_a_stage_does_not_say_of_drills_is_no_variable_and_the_usual() -> None:
    assert not {"SNAPPER_DRILL", "SNAPPER_PROVEN_WITHIN_DAYS"} & PROVER.to_env().keys()
    assert PROVER.proving == Proving()
    assert PROVER.disk_bytes == 4 << 30
    chosen = replace(PROVER, disk_gb="10", drill="monthly", proven_within_days="0")
    assert ProverSettings.from_env(chosen.to_env()).proving == Proving("monthly", 0)
    assert chosen.disk_bytes == 10 << 30


def test_variables_have_our_name_before_theirs() -> None:
    assert sorted(DUMPER.to_env()) == [
        "SNAPPER_BUCKET",
        "SNAPPER_CLIENTS",
        "SNAPPER_DUMP_JOBS",
        "SNAPPER_PARAMETER_ROOT",
        "SNAPPER_QUEUE_URL",
        "SNAPPER_STAGE",
    ]


def test_all_variables_that_are_missing_or_empty_are_named_at_once() -> None:
    with pytest.raises(SettingsError, match="SNAPPER_PARAMETER_ROOT, SNAPPER_STAGE not set"):
        DispatcherSettings.from_env({**DISPATCHER.to_env(), "SNAPPER_STAGE": ""} | _ROOTLESS)


_ROOTLESS = {"SNAPPER_PARAMETER_ROOT": ""}


def test_parameters_lie_under_their_stage_and_no_piece_can_be_a_database() -> None:
    root = parameter_root("prod")
    assert connection_piece(root, 3) == "/snapper/prod/DATABASE_CONN_STRINGS/_3"
    assert not DATABASE_KEY.fullmatch(piece_name(3))
    assert connection_parameter(root, "a") == "/snapper/prod/DATABASE_CONN_STRINGS/a"
    assert retention_parameter(root, "a") == "/snapper/prod/BACKUP_STORAGE_DATA/a"
    assert service_parameter(root) == "/snapper/prod/SERVICE"
