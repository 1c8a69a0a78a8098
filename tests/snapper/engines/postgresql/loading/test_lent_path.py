"""What 17 and newer build with no search_path is built with that of the source, from any major."""

from collections.abc import Callable

import pytest

from snapper.aws.vault import Vault
from snapper.engines.facts import RestoreOptions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.verbs.restore import Dump, restore
from tests.support.anew import Anew, Owner
from tests.support.databases import Source
from tests.support.engines import postgresql
from tests.support.restores import EMPTY

OLDER, NEWER = 14, 18

# Each function is found only on the path of the source, whoever calls it.
FUNCTIONS = """
    CREATE SCHEMA app;
    ALTER DATABASE :name SET search_path TO app, public; SET search_path TO app, public;
    CREATE FUNCTION slug(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
    CREATE FUNCTION inlined(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT slug($1)';
    CREATE FUNCTION called(text) RETURNS text LANGUAGE plpgsql IMMUTABLE
        AS $$ BEGIN RETURN slug($1); END $$;
    CREATE FUNCTION within(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT app.called($1)';
    CREATE FUNCTION other_words(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
        RETURN slug($1); EXCEPTION WHEN undefined_function THEN RAISE EXCEPTION 'no'; END $$;
    CREATE FUNCTION known() RETURNS SETOF int LANGUAGE plpgsql
        AS $$ BEGIN RETURN QUERY SELECT id FROM pages; END $$;
    CREATE FUNCTION joined(text, text) RETURNS text LANGUAGE plpgsql IMMUTABLE
        AS $$ BEGIN RETURN slug($1) || $2; END $$;
    CREATE AGGREGATE all_of(text) (SFUNC = app.joined, STYPE = text, INITCOND = '');
    CREATE FUNCTION same(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE
        AS $$ BEGIN RETURN slug($1) = slug($2); END $$;
    CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = app.same);
    CREATE DOMAIN titled AS text CHECK (app.called(VALUE) <> '');
    CREATE TABLE pages (id int PRIMARY KEY, title text);
    INSERT INTO pages VALUES (1, 'First'), (2, 'Second');
"""
BUILT = """
    CREATE INDEX of_inlined ON pages (app.inlined(title));
    CREATE UNIQUE INDEX of_called ON pages (app.called(title));
    CREATE INDEX of_some ON pages (id) WHERE app.within(title) <> '';
    CREATE INDEX of_other_words ON pages (app.other_words(title));
    CREATE INDEX of_operator ON pages ((title OPERATOR(app.===) 'first'));
    CREATE INDEX of_domain ON pages ((title::app.titled));
    ALTER TABLE pages ADD CONSTRAINT apart EXCLUDE USING btree (app.called(title) WITH =);
    CREATE TABLE parted (k int, title text) PARTITION BY LIST (k);
    CREATE TABLE part PARTITION OF parted FOR VALUES IN (1); INSERT INTO parted VALUES (1, 'One');
    CREATE INDEX of_parted ON parted (app.inlined(title));
    CREATE MATERIALIZED VIEW of_rows AS SELECT app.known() AS id;
    CREATE VIEW between AS SELECT app.other_words(title) AS title FROM pages;
    CREATE MATERIALIZED VIEW of_view AS SELECT app.all_of(title) AS title FROM between;
    CREATE INDEX of_of_view ON of_view (app.called(title));
"""
CASTS = """
    CREATE TYPE pair AS (a int, b text);
    CREATE FUNCTION to_pair(text) RETURNS pair LANGUAGE plpgsql IMMUTABLE
        AS $$ BEGIN RETURN (1, slug($1))::pair; END $$;
    CREATE CAST (text AS pair) WITH FUNCTION to_pair(text);
    CREATE INDEX of_cast ON pages ((title::pair));
    CREATE FUNCTION compared(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE
        AS $$ BEGIN RETURN length(slug(($1 - $2)::text)); END $$;
    CREATE OPERATOR CLASS odd FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=,
        OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 app.compared(int, int);
    CREATE INDEX of_class ON pages (id app.odd);
"""
INDEXES = """
    SELECT relname FROM pg_class WHERE relkind IN ('i', 'I') AND relname LIKE 'of\\_%' ORDER BY 1
"""
LENT = """
    SELECT proname FROM pg_proc WHERE pronamespace::regnamespace::text = 'app'
    AND proconfig IS NOT NULL
"""


def of_older(source: Callable[..., Source], sql: str) -> Source:
    made = source(OLDER, EMPTY)
    made.run(FUNCTIONS.replace(":name", f'"{made.name}"') + sql)
    return made


def test_it_is_built_as_it_was_and_nothing_is_left_on_the_functions(
    source: Callable[..., Source], server: Callable[[int], PostgresServer], anew: Anew
) -> None:
    made = of_older(source, BUILT + CASTS)
    target = Source(server(NEWER), f"{made.name} anew")
    found = anew(made, target.dsn)
    assert target.rows(INDEXES) == made.rows(INDEXES)
    assert target.rows("SELECT title FROM app.of_view") == [("firstsecond",)]
    assert target.rows("SELECT count(*) FROM app.of_rows") == [(2,)]
    assert target.rows(LENT) == []
    (told,) = (each for each in found.warnings if "from 17 on" in each)
    assert "ALTER FUNCTION … SET search_path" in told
    words = "index of_called on app.pages names things without their schema: restored with"
    assert f"{words} search_path app, public" in found.warnings


def test_so_it_is_by_a_plain_owner(
    source: Callable[..., Source], server: Callable[[int], PostgresServer], anew: Anew, owner: Owner
) -> None:
    made = of_older(source, BUILT)
    target = Source(server(NEWER), f"{made.name} owned")
    anew(made, owner(target.beside("postgres"), target.name), options=RestoreOptions(no_owner=True))
    assert target.rows(INDEXES) == made.rows(INDEXES)
    assert target.rows(LENT) == []


def test_so_it_is_within_one_transaction_and_in_a_trial(
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    vault: Vault,
    tools: ClientTools,
) -> None:
    made, target = of_older(source, BUILT), source(NEWER, EMPTY)
    dump = Dump(vault, back_up(made))
    restore(vault, dump.manifest, target.dsn, postgresql(tools))
    assert target.rows(INDEXES) == made.rows(INDEXES)
    assert target.rows(LENT) == []
    found = try_restore(dump, dump.manifest, tools, target.dsn)
    assert any("index of_called" in each for each in found.remarks)


def test_what_somebody_elses_function_is_needed_for_stops_it_or_is_missing_at_best(
    source: Callable[..., Source], server: Callable[[int], PostgresServer], anew: Anew, owner: Owner
) -> None:
    roles = Source(server(OLDER), "postgres"), Source(server(NEWER), "postgres")
    made = of_older(source, "CREATE INDEX of_called ON pages (app.called(title));")
    target = Source(roles[1].server, f"{made.name} of others")
    own = owner(roles[1], target.name)
    for each in roles:
        each.run("CREATE ROLE somebody_else")
    try:
        roles[1].run("GRANT somebody_else TO restores_as_owner WITH INHERIT FALSE, SET TRUE")
        made.run("ALTER FUNCTION app.called OWNER TO somebody_else")
        with pytest.raises(RestoreFailed, match=r"of_called on app\.pages: function") as failed:
            anew(made, own)
        assert "restore as the owner of what is called here" in str(failed.value.hint)
        came = anew(made, own, options=RestoreOptions(best_effort=True))
        assert [each.name for each in came.missing] == ["of_called on app.pages"]
        Source(roles[1].server, came.kept_as).run("DROP OWNED BY somebody_else CASCADE")
    finally:
        made.run("DROP OWNED BY somebody_else CASCADE")
        for each in roles:
            each.run("DROP ROLE somebody_else")
