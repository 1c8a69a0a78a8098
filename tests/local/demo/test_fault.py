"""Faults speak in plain words: no class name for what was foreseen, no secret for anybody."""

import psycopg2

from local.demo.fault import Fault
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.errors import RestoreFailed

CONNECTION = "postgresql://me:hush-hush@h/d"


def test_an_error_of_ours_says_its_fact_and_its_hint_without_a_secret() -> None:
    error = RestoreFailed("no hush-hush\nwas found", hint="look for hush-hush")
    fault = Fault.of(error, redactor(CONNECTION))
    assert fault == Fault("no ***\nwas found", "look for ***")


def test_what_postgresql_refused_is_told_without_a_class_name() -> None:
    error = psycopg2.errors.InsufficientPrivilege("permission denied for table t\n")
    assert Fault.of(error, redactor()) == Fault(
        "PostgreSQL's answer was: permission denied for table t"
    )


def test_what_nobody_foresaw_says_what_it_is() -> None:
    assert Fault.of(KeyError("x"), redactor()) == Fault("an unexpected KeyError: 'x'")
