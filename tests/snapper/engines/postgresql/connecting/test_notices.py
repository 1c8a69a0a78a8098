"""Whatever a function says while rows are read, little of it is kept."""

from collections.abc import Callable

from snapper.engines.postgresql.connecting.notices import LONGEST, MOST
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from tests.support.databases import Source

TALKS = """
    CREATE FUNCTION talks(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        RAISE WARNING '% %', $1, pg_catalog.repeat('x', 1000); RETURN true;
    END $$;
    CREATE TABLE t (n int CHECK (talks(n)));
"""


def test_the_first_things_are_kept_and_no_more(source: Callable[..., Source]) -> None:
    made = source(17, TALKS)
    with StatementRunner(Connection.parse(made.dsn), redactor(made.dsn)) as runner:
        said = runner.run(b"INSERT INTO public.t SELECT pg_catalog.generate_series(1, 1000)")
        assert [each.split()[0] for each in said] == [str(n + 1) for n in range(MOST)]
        assert max(map(len, said)) <= LONGEST
        runner.copy(b"COPY public.t FROM stdin", iter([b"1\n" * 1000]))
        assert runner.run(b"SELECT 1") == []
        assert len(runner.run(b"GRANT SELECT ON pg_catalog.pg_class TO postgres")) == 0
