"""Doctor says what the number of large objects means for the time that a dump has."""

from collections.abc import Callable

import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.examining import examine
from snapper.engines.postgresql.examining.privileges import Privileges, privileges
from snapper.engines.postgresql.newer_majors.newer import Refused
from snapper.values.finding import Level
from snapper.values.redaction import Redactor
from tests.support.databases import Source


@pytest.mark.parametrize(
    ("number", "seconds", "level", "words"),
    [
        (9_000, 0.5, Level.OK, "every one of 9,000 can be read"),
        (9_000, 200, Level.OK, "takes about 200 s of the 900 s that a dump has"),
        (10_000, 2, Level.OK, "takes about 2 s of the 900 s that a dump has"),
        (9_000, 1200, Level.WARNING, "takes about 1,200 s of the 900 s that a dump has"),
        (100_000, 20, Level.WARNING, "takes about 20 s of the 900 s that a dump has"),
    ],
)
def test_large_objects_that_take_too_long_one_by_one_are_warned_of(
    number: int,
    seconds: float,
    level: Level,
    words: str,
    source: Callable[..., Source],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = Privileges((), (), number, 0, seconds)
    monkeypatch.setattr(examine, "privileges", lambda *_: many)
    connection = Connection.parse(source().dsn)
    found = {each.subject: each for each in examine.examine(connection, Redactor())}
    told = found["large objects"]
    assert told.level is level
    assert told.fact.endswith(words)
    assert ("vacuumlo" in told.fix) == (level is Level.WARNING)


def test_each_large_object_takes_some_answers(
    source: Callable[..., Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = source(17, "SELECT count(lo_from_bytea(0, 'x')) FROM generate_series(1, 50)")
    monkeypatch.setattr(
        "snapper.engines.postgresql.examining.privileges._round_trip", lambda _: 0.5
    )
    assert privileges(Connection.parse(made.dsn), Redactor()).large_object_seconds == 50 * 4 * 0.5


@pytest.mark.parametrize(("tables", "told"), [(6_400, False), (6_401, True)])
def test_more_tables_than_locks_are_warned_of(
    tables: int, told: bool, source: Callable[..., Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    many = Privileges((), (), 0, 0, locked=tables, lockable=6_400)
    monkeypatch.setattr(examine, "privileges", lambda *_: many)
    connection = Connection.parse(source().dsn)
    found = {each.subject: each for each in examine.examine(connection, Redactor())}
    assert ("locks" in found) is told
    if told:
        assert found["locks"].level is Level.WARNING
        assert "all 6,401 tables at once" in found["locks"].fact
        assert "max_locks_per_transaction" in found["locks"].fix


def test_doctor_says_which_majors_will_not_take_all_of_the_database() -> None:
    (told,) = examine.examine_newer([Refused(17, ("extension adminpack (it is gone)",), 1)])
    assert told.level is Level.WARNING
    assert told.subject == "PostgreSQL 17"
    assert "extension adminpack (it is gone)" in told.fact
