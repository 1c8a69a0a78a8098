"""The samples can be written, are the same at every run, and change when told to."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import psycopg2
import pytest

from local.demo import sample
from local.demo.compare import Comparison, compare
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine.run_directory import run_directory

SENSORS = sample.SAMPLES[1]


@dataclass(frozen=True)
class Twins:
    """The same sample on two servers that know nothing of each other."""

    one: str
    other: str
    at_first: Comparison
    """What a comparison said before any test changed one of them."""


@pytest.fixture(scope="module")
def twins() -> Iterator[Twins]:
    with ExitStack() as stack:
        directory = stack.enter_context(run_directory())
        servers = [
            stack.enter_context(PostgresServer(SENSORS.major, directory / name))
            for name in ("one", "other")
        ]
        for server in servers:
            sample.write(SENSORS, server.dsn(), server.dsn(SENSORS.name))
        one, other = (server.dsn(SENSORS.name) for server in servers)
        yield Twins(one, other, compare(one, other))


def test_the_samples_come_from_different_majors_with_different_content() -> None:
    assert len({each.major for each in sample.SAMPLES}) == len(sample.SAMPLES)
    assert len({each.themes for each in sample.SAMPLES}) == len(sample.SAMPLES)


def test_password_and_name_hold_what_breaks_careless_tools() -> None:
    assert set("@:/,|%& '\"\\$`") <= set(sample.AWKWARD)
    assert all(
        set(" /'") <= set(each.name) or set(' "&;$%') <= set(each.name) for each in sample.SAMPLES
    )


def test_a_sample_is_the_same_at_every_run(twins: Twins) -> None:
    assert twins.at_first.identical


@pytest.mark.long
@pytest.mark.parametrize("run", [1, 2, 3])
def test_a_change_is_one_in_rows_sequences_and_large_objects(twins: Twins, run: int) -> None:
    sample.change(twins.one, run)
    found = " ".join(compare(twins.one, twins.other).differences)
    assert "table public.twins:" in found
    assert "sequence public.backwards differs" in found
    assert "large object 4712 differs" in found


@pytest.mark.long
def test_a_sample_has_the_awkward_values_it_promises(twins: Twins) -> None:
    with closing(psycopg2.connect(twins.other)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT exact::text, single::text, double_::text FROM extremes WHERE id < 3")
        assert cursor.fetchall() == [("NaN", "NaN", "NaN"), ("Infinity", "-Infinity", "-0")]
        cursor.execute("SELECT count(*) FROM no_rows")
        assert cursor.fetchone() == (0,)
