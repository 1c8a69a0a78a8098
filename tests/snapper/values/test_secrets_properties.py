"""The secrets' parser against libpq's own, and against whatever else one may type."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from psycopg2.extensions import parse_dsn

from snapper.engines.checks import connection_checks
from snapper.engines.postgresql.conninfo.connection import Connection, ConnectionInvalid
from snapper.errors import SecretsInvalid
from snapper.values.secrets import parse_secrets
from tests.support.strategies import Written, connections, counts, keys

# Nothing of this stands in the words of a fault, so that each piece of it would be seen there.
CANARY = "ζξψ87|,@:/'\\"


CHECKS = connection_checks()


def read(first: str, second: str) -> tuple[str, ...]:
    """Give the faults of two secrets, none if they are good."""
    try:
        parse_secrets(first, second, CHECKS)
    except SecretsInvalid as refused:
        return refused.faults
    return ()


@given(st.lists(st.tuples(keys, connections, counts), min_size=1, max_size=5))
def test_rows_give_back_what_was_joined_and_libpq_reads_the_same(
    rows: list[tuple[str, Written, int]],
) -> None:
    assume(len({key for key, _, _ in rows}) == len(rows))
    read = parse_secrets(
        "|".join(f"{key},{written.text},POSTGRES" for key, written, _ in rows),
        "|".join(f"{key},{count}" for key, _, count in rows),
        CHECKS,
    )
    for database, (key, written, count) in zip(read, rows, strict=True):
        assert (database.key, database.retention) == (key, count)
        assert database.connection == written.text
        connection = Connection.parse(database.connection)
        oracle = parse_dsn(written.text)
        assert connection.password == oracle.pop("password") == written.password
        assert connection.parameters == oracle
        assert oracle["dbname"] == written.database


@given(connections)
def test_what_pg_dump_is_given_reads_as_it_was_written(written: Written) -> None:
    connection = Connection.parse(written.text)
    handed_on = parse_dsn(connection.conninfo({"connect_timeout": 15}))
    assert handed_on == {**connection.parameters, "connect_timeout": "15"}
    assert "password" not in handed_on


@given(st.text(), st.text())
@example("\ud800,x,POSTGRES", "a,1")
@example("a,postgresql://\x00,POSTGRES", "a,\x00")
@example("a,postgresql://%00,POSTGRES", "a,1")
@example("a,postgresql://u:%ff@h/d,POSTGRES", "a,1")
def test_no_text_crashes_the_parser(first: str, second: str) -> None:
    read(first, second)


@given(st.text(CANARY, min_size=4, max_size=20), st.data())
def test_no_fault_holds_a_piece_of_a_password(password: str, data: st.DataObject) -> None:
    sound = f"a,postgresql://u:{password}@h/d,POSTGRES|b,host=h password='{password}',POSTGRES"
    at = data.draw(st.integers(0, len(sound)))
    until = data.draw(st.integers(at, min(at + 9, len(sound))))
    damaged = sound[:at] + data.draw(st.text(CANARY + "aP ,=", max_size=3)) + sound[until:]
    told = "\n".join(read(damaged, data.draw(st.sampled_from(["a,1|b,0", "a,1", damaged, ""]))))
    pieces = {password[start : start + 4] for start in range(len(password) - 3)}
    assert not [piece for piece in pieces if piece in told]


@given(st.text(CANARY, min_size=4, max_size=20), st.sampled_from(["uri", "words"]))
def test_no_connection_that_is_read_takes_its_password_for_a_place(
    password: str, form: str
) -> None:
    text = f"postgresql://u:{password}@h/d" if form == "uri" else f"host=h password={password}"
    try:
        told = Connection.parse(text).place
    except ConnectionInvalid as error:
        told = str(error)
    assert password[:4] not in told
    assert password[-4:] not in told


@given(connections, connections, keys, keys)
def test_a_lost_or_misspelt_type_is_never_read_as_one_row(
    first: Written, second: Written, key: str, other: str
) -> None:
    assume(key != other)
    for kind in ("", ",", ",POSTGRE", ",POSTGRESQL", ",pg"):
        text = f"{key},{first.text}{kind}|{other},{second.text},POSTGRES"
        with pytest.raises(SecretsInvalid):
            parse_secrets(text, f"{key},1", CHECKS)
