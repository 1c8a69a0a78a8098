"""What the check-up finds is what stops pg_dump, and nothing else is found."""

import itertools
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.dumping.pg_dump import pg_dump_command
from snapper.engines.postgresql.examining.privileges import Privileges, privileges
from snapper.values.options import Options
from snapper.values.redaction import Redactor
from tests.support.databases import Source
from tests.support.engines import postgresql

_NUMBERS = itertools.count(1)
_NOTHING = Privileges((), (), 0, 0)


@dataclass(frozen=True)
class Reader:
    """A role that may connect and nothing else, in a database of somebody else's."""

    source: Source
    role: str
    tools: ClientTools

    @property
    def connection(self) -> Connection:
        return Connection({**Connection.parse(self.source.dsn).parameters, "user": self.role}, "pw")

    def look(self) -> Privileges:
        found = privileges(self.connection, Redactor())
        return replace(found, locked=_NOTHING.locked, lockable=_NOTHING.lockable)

    def dumps(self) -> bool:
        """Tell whether pg_dump itself gets through."""
        done = subprocess.run(
            pg_dump_command(self.tools, self.source.server.major, self.connection, "UTF8"),
            env={**self.tools.environment(), **self.connection.environment()},
            capture_output=True,
            check=False,
        )
        return done.returncode == 0


@pytest.fixture(params=[pytest.param(14, marks=pytest.mark.long), 18])
def reader(
    request: pytest.FixtureRequest, source: Callable[..., Source], tools: ClientTools
) -> Iterator[Reader]:
    role = f"reader_{next(_NUMBERS)}"
    made = source(request.param, f"CREATE ROLE {role} LOGIN PASSWORD 'pw'")
    yield Reader(made, role, tools)
    made.run(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


@pytest.mark.parametrize(
    ("made", "name", "fix"),
    [
        ("CREATE TABLE t (n int)", "public.t", "GRANT SELECT ON t TO {}"),
        ("CREATE SEQUENCE s", "public.s", "GRANT SELECT ON SEQUENCE s TO {}"),
        (
            'CREATE SCHEMA "o d d"; CREATE TABLE "o d d"."t t" (n int)',
            "o d d.t t",
            'GRANT USAGE ON SCHEMA "o d d" TO {}; GRANT SELECT ON "o d d"."t t" TO {}',
        ),
        (
            "CREATE TABLE p (n int) PARTITION BY RANGE (n)",
            "public.p",
            "GRANT SELECT ON p TO {}",
        ),
    ],
    ids=["table", "sequence", "schema", "partitioned"],
)
def test_what_cannot_be_read_stops_pg_dump_and_is_found(
    made: str, name: str, fix: str, reader: Reader
) -> None:
    assert reader.look() == _NOTHING
    assert reader.dumps()
    reader.source.run(made)
    assert reader.look().unreadable == (name,)
    assert not reader.dumps()
    reader.source.run(fix.replace("{}", reader.role))
    assert reader.look() == _NOTHING
    assert reader.dumps()


def test_pg_read_all_data_is_enough_for_tables_and_sequences(reader: Reader) -> None:
    reader.source.run(
        "CREATE SCHEMA hidden; CREATE TABLE hidden.t (n serial); CREATE VIEW v AS SELECT 1 AS n;"
        f"GRANT pg_read_all_data TO {reader.role}"
    )
    assert reader.look() == _NOTHING
    assert reader.dumps()


def test_row_level_security_stops_pg_dump_and_is_found(reader: Reader) -> None:
    reader.source.run(
        f"CREATE TABLE t (n int); GRANT SELECT ON t TO {reader.role};"
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY"
    )
    assert reader.look().hidden_rows == ("public.t",)
    assert not reader.dumps()
    reader.source.run(f"ALTER ROLE {reader.role} BYPASSRLS")
    assert reader.look() == _NOTHING
    assert reader.dumps()


def test_large_objects_of_others_stop_pg_dump_and_are_counted(reader: Reader) -> None:
    reader.source.run("SELECT lo_from_bytea(4711, 'a'), lo_from_bytea(4712, 'b')")
    found = reader.look()
    assert (found.large_objects, found.unreadable_large_objects) == (2, 2)
    assert not reader.dumps()
    reader.source.run(
        f"GRANT SELECT ON LARGE OBJECT 4711 TO {reader.role};"
        "GRANT SELECT ON LARGE OBJECT 4712 TO PUBLIC"
    )
    found = reader.look()
    assert (found.large_objects, found.unreadable_large_objects) == (2, 0)
    assert reader.dumps()


def test_the_tables_of_an_extension_are_its_own_affair(reader: Reader) -> None:
    reader.source.run("CREATE EXTENSION citext; CREATE EXTENSION pg_stat_statements")
    assert reader.look() == _NOTHING
    assert reader.dumps()


_CONF = (
    "CREATE EXTENSION hstore; CREATE {} conf; ALTER EXTENSION hstore ADD {} conf;"
    "UPDATE pg_extension SET extconfig = ARRAY['conf'::regclass::oid], extcondition = ARRAY['']"
    " WHERE extname = 'hstore';"
)


@pytest.mark.parametrize(("kind", "what"), [("TABLE", "TABLE conf (n int)"), ("SEQUENCE", "")])
def test_the_settings_of_an_extension_are_read_as_pg_dump_does(
    kind: str, what: str, reader: Reader
) -> None:
    reader.source.run(_CONF.replace("{} conf", what or f"{kind} conf", 1).replace("{}", kind))
    assert reader.look().unreadable == ("public.conf",)
    assert not reader.dumps()
    reader.source.run(f"GRANT SELECT ON conf TO {reader.role}")
    assert reader.look() == _NOTHING
    assert reader.dumps()


def test_policies_on_the_settings_of_an_extension_stop_pg_dump_and_are_found(
    reader: Reader,
) -> None:
    reader.source.run(_CONF.replace("{} conf", "TABLE conf (n int)", 1).replace("{}", "TABLE"))
    reader.source.run(
        f"GRANT SELECT ON conf TO {reader.role}; ALTER TABLE conf ENABLE ROW LEVEL SECURITY"
    )
    assert reader.look().hidden_rows == ("public.conf",)
    assert not reader.dumps()


def test_other_tables_of_an_extension_are_not_read(reader: Reader) -> None:
    reader.source.run(
        "CREATE EXTENSION hstore; CREATE TABLE t (n int); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
        "ALTER EXTENSION hstore ADD TABLE t; CREATE SEQUENCE s;"
        "ALTER EXTENSION hstore ADD SEQUENCE s"
    )
    assert reader.look() == _NOTHING
    assert reader.dumps()


def test_policies_of_a_partitioned_table_hide_no_rows_of_its_partitions(reader: Reader) -> None:
    reader.source.run(
        "CREATE TABLE p (n int) PARTITION BY RANGE (n); CREATE TABLE p1 PARTITION OF p DEFAULT;"
        f"GRANT SELECT ON p, p1 TO {reader.role}; ALTER TABLE p ENABLE ROW LEVEL SECURITY"
    )
    assert reader.look() == _NOTHING
    assert reader.dumps()
    reader.source.run("ALTER TABLE p1 ENABLE ROW LEVEL SECURITY")
    assert reader.look().hidden_rows == ("public.p1",)
    assert not reader.dumps()


def test_a_sequence_in_a_closed_schema_is_judged_as_this_major_does(reader: Reader) -> None:
    reader.source.run(
        f"CREATE SCHEMA closed; CREATE SEQUENCE closed.s; GRANT SELECT ON closed.s TO {reader.role}"
    )
    assert (reader.look() == _NOTHING) == reader.dumps() == (reader.source.server.major >= 18)


def test_large_objects_are_everybodys_where_the_server_says_so(reader: Reader) -> None:
    reader.source.run(
        "SELECT lo_from_bytea(0, 'a');"
        f'ALTER DATABASE "{reader.source.name}" SET lo_compat_privileges TO on'
    )
    found = reader.look()
    assert (found.large_objects, found.unreadable_large_objects) == (1, 0)
    assert reader.dumps()


def test_the_tables_that_pg_dump_locks_are_counted_and_the_room_there_is(reader: Reader) -> None:
    reader.source.run(
        "CREATE TABLE p (n int) PARTITION BY RANGE (n); CREATE TABLE p1 PARTITION OF p DEFAULT;"
        "CREATE SEQUENCE s; CREATE VIEW v AS SELECT 1 AS n; CREATE EXTENSION hstore;"
        "CREATE TABLE t (n int); ALTER EXTENSION hstore ADD TABLE t"
    )
    found = privileges(reader.connection, Redactor())
    assert (found.locked, found.lockable) == (2, 64 * 100)


def test_what_the_options_leave_out_need_not_be_readable(reader: Reader) -> None:
    reader.source.run(
        "CREATE SCHEMA scratch; CREATE TABLE scratch.t (n int GENERATED ALWAYS AS IDENTITY);"
        "CREATE TABLE events (n int GENERATED ALWAYS AS IDENTITY) PARTITION BY RANGE (n);"
        "CREATE TABLE events_1 PARTITION OF events DEFAULT; CREATE TABLE hidden (n int);"
        f"ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; GRANT SELECT ON hidden TO {reader.role}"
    )
    chosen = Options(
        exclude_schemas=("scratch",),
        exclude_tables=("public.events",),
        exclude_table_data=("public.hidden",),
    )
    database = replace(
        reader.source.database(),
        connection=reader.source.as_role(reader.role, "pw"),
        options=chosen,
    )
    engine = postgresql(reader.tools)
    facts = engine.inspect(database, 60)
    assert [each.fact for each in engine.examine(database, facts)] == [
        "every table and sequence can be read"
    ]
    with engine.dump(database, facts, 60) as dump:
        while dump.read(1 << 16):
            pass
