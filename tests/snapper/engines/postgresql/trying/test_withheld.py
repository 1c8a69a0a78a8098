"""What a superuser does to a restored dump has few forms, and none evaluates what is in it."""

import pytest

from snapper.engines.postgresql.trying.withheld import Withheld

DONE = [
    "ALTER TABLE public.t OWNER TO app;",
    'ALTER SCHEMA "a ""schema"" with; spaces \'n $quotes$" OWNER TO "clerk & co";',
    'ALTER FUNCTION public.f(a integer, VARIADIC b text[], "c d" "odd""type") OWNER TO app;',
    "ALTER AGGREGATE public.a(*) OWNER TO app;",
    "ALTER OPERATOR public.=== (integer, NONE) OWNER TO app;",
    "ALTER OPERATOR FAMILY public.ff USING btree OWNER TO app;",
    "ALTER LARGE OBJECT 4713 OWNER TO app;",
    "ALTER SCHEMA public OWNER TO pg_database_owner;",
    'GRANT SELECT(id),UPDATE("n m") ON TABLE public.t TO app WITH GRANT OPTION;',
    "REVOKE ALL ON SCHEMA public FROM PUBLIC;",
    "REVOKE GRANT OPTION FOR SELECT ON TABLE public.t FROM app;",
    "GRANT ALL ON FUNCTION public.f(a text) TO app;",
    "SET SESSION AUTHORIZATION app;",
    "RESET SESSION AUTHORIZATION;",
    "ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA public GRANT SELECT ON TABLES TO reader;",
    "COMMENT ON EXTENSION hstore IS 'with \\ and ''quotes'' -- and; more';",
    "CREATE PUBLICATION p FOR ALL TABLES WITH (publish = 'insert, update');",
    "ALTER PUBLICATION p ADD TABLES IN SCHEMA public;",
]
LAST = [
    "CREATE EVENT TRIGGER e ON ddl_command_start\n         WHEN TAG IN ('CREATE TABLE')\n"
    "   EXECUTE FUNCTION public.frozen();",
    "CREATE EVENT TRIGGER e ON ddl_command_end\n   EXECUTE FUNCTION public.frozen();",
    "ALTER EVENT TRIGGER e DISABLE;",
    "COMMENT ON EVENT TRIGGER e IS 'no DDL';",
]
LEFT_OUT = [
    "ALTER EVENT TRIGGER e OWNER TO app;",
    "ALTER FOREIGN DATA WRAPPER w OWNER TO app;",
]
OF_THE_SYSTEM = [
    "GRANT ALL ON FUNCTION pg_catalog.lo_export(oid, text) TO PUBLIC;",
    "GRANT ALL ON FUNCTION lo_export(oid, text) TO PUBLIC;",
    "GRANT ALL ON function PG_CATALOG.lo_export(oid, text) TO PUBLIC;",
    'GRANT ALL ON FUNCTION "pg_catalog".lo_export(oid, text) TO PUBLIC;',
    "GRANT ALL ON FUNCTION public.f(), pg_catalog.lo_export(oid, text) TO PUBLIC;",
    "GRANT ALL ON ROUTINE public.f() TO PUBLIC;",
    "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pg_catalog TO PUBLIC;",
    'GRANT ALL ON FUNCTION pg_catalog.lo_export(oid, text) TO PUBLIC, "x ON FUNCTION a.b() TO y";',
    "GRANT ALL ON FUNCTION public.dblink_connect_u(text) TO PUBLIC;",
    "ALTER FUNCTION pg_catalog.lo_export(oid, text) OWNER TO app;",
    "ALTER FUNCTION public.dblink_connect_u(text) OWNER TO app;",
    "ALTER SCHEMA pg_catalog OWNER TO app;",
    "GRANT CREATE ON SCHEMA pg_catalog TO PUBLIC;",
    "GRANT ALL ON LANGUAGE plpgsql TO app;",
]
STAYS = [
    "CREATE TABLE public.t (n integer DEFAULT public.f());",
    "COMMENT ON TABLE public.t IS 'x';",
    "ALTER TABLE public.t ALTER n TYPE integer USING public.f(n), OWNER TO app;",
    "ALTER TABLE public.t OWNER TO app, ADD c integer DEFAULT public.f();",
    "GRANT pg_execute_server_program TO PUBLIC;",
    'GRANT "x ON TABLE y" TO app;',
    "GRANT SET ON PARAMETER session_preload_libraries TO PUBLIC;",
    "GRANT SET ON  parameter session_preload_libraries TO PUBLIC;",
    "GRANT SELECT ON TABLE t TO app; COPY t TO PROGRAM 'id';",
    "GRANT SELECT ON TABLE t TO app /* ' */; COPY t TO PROGRAM 'id';",
    "COMMENT ON EXTENSION e IS E'\\'; COPY t TO PROGRAM $$id$$; --';",
    "COMMENT ON EXTENSION e IS 'x' -- '\n; COPY t TO PROGRAM $$id$$; --';",
    "COMMENT ON EXTENSION e IS U&'x' UESCAPE ';'; SELECT 1;",
    "ALTER PUBLICATION p ADD TABLE ONLY public.t WHERE ((n > 0));",
    "ALTER FUNCTION public.f() OWNER TO CURRENT_USER;",
    "ALTER FUNCTION public.f() OWNER TO session_user;",
    "ALTER FUNCTION public.f() OWNER TO pg_execute_server_program;",
    'ALTER FUNCTION public.f() OWNER TO "pg_write_server_files";',
    "SET SESSION AUTHORIZATION pg_execute_server_program;",
    "ALTER SYSTEM SET archive_command TO 'id';",
]


def parted(statement: str, *, forged: bool = False) -> tuple[str, list[str], list[str]]:
    kept = Withheld(forged=forged)
    left = kept(f"{statement}\n".encode()).decode()
    return left.strip(), [s.decode() for s in kept.statements], [s.decode() for s in kept.triggers]


@pytest.mark.parametrize("statement", DONE)
def test_a_superuser_does_in_the_end_what_a_plain_role_may_not(statement: str) -> None:
    assert parted(statement) == ("", [f"{statement}\n"], [])
    may_be_risky = any(word in statement for word in ("FUNCTION", "AGGREGATE", "pg_"))
    kept = [] if may_be_risky else [f"{statement}\n"]
    assert parted(statement, forged=True) == ("", kept, [])


@pytest.mark.parametrize("statement", OF_THE_SYSTEM)
def test_a_forged_dump_gives_nobody_the_rights_of_others(statement: str) -> None:
    assert parted(statement, forged=True) == ("", [], [])
    assert parted(statement) == ("", [f"{statement}\n"], [])


@pytest.mark.parametrize("statement", LAST)
def test_event_triggers_are_made_when_nothing_more_can_wake_them(statement: str) -> None:
    assert parted(statement) == ("", [], [f"{statement}\n"])


@pytest.mark.parametrize("statement", LEFT_OUT)
def test_what_only_superusers_own_is_left_out(statement: str) -> None:
    assert parted(statement) == ("", [], [])


@pytest.mark.parametrize("statement", STAYS)
def test_whatever_could_evaluate_something_or_give_more_rights_is_not_for_a_superuser(
    statement: str,
) -> None:
    assert parted(statement) == (statement, [], [])


def test_the_lines_are_counted_as_before() -> None:
    statement = b"\n--\n-- Name: e\n--\n\nCREATE EVENT TRIGGER e ON x\n   EXECUTE FUNCTION f();\n"
    assert Withheld()(statement).count(b"\n") == statement.count(b"\n")
