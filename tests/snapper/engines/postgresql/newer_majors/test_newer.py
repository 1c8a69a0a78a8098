"""What newer majors refuse of a database is known beforehand, each thing with its reason."""

from collections.abc import Callable

import pytest

from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.newer_majors import newer, newer_sql
from snapper.engines.postgresql.newer_majors.newer import Refused, foreseen, from_part, to_part
from snapper.values.redaction import Redactor
from tests.support.databases import Source
from tests.support.few import few

REFUSED = """
CREATE VIEW busy AS SELECT pg_is_in_backup();
CREATE TABLE shapes (p path, n int DEFAULT (pg_stat_get_buf_fsync_backend()),
    CHECK (path_center(p) IS NULL));
CREATE INDEX middles ON shapes (((p::point)[0]));
CREATE FUNCTION middle(p path) RETURNS point LANGUAGE sql BEGIN ATOMIC SELECT @@ p; END;
CREATE AGGREGATE mean(interval) (SFUNC = interval_accum, STYPE = interval[],
    FINALFUNC = interval_avg, INITCOND = '{0 second,0 second}');
REVOKE EXECUTE ON FUNCTION json_strip_nulls(json) FROM PUBLIC;
CREATE EXTENSION pg_stat_statements;
GRANT EXECUTE ON FUNCTION pg_stat_statements_reset(oid, oid, bigint) TO PUBLIC;
CREATE VIEW waits AS SELECT blk_read_time FROM pg_stat_statements;
CREATE VIEW offsets AS SELECT attcacheoff FROM pg_attribute;
CREATE VIEW written AS SELECT buffers_backend FROM pg_stat_bgwriter;
CREATE EXTENSION adminpack;
CREATE FUNCTION forced() RETURNS int LANGUAGE sql SET force_parallel_mode = on AS 'SELECT 1';
CREATE TABLE named (a int NOT NULL);
ALTER TABLE named ADD CONSTRAINT named_a_not_null CHECK (a IS NOT NULL) NOT VALID;
CREATE DOMAIN filled AS int NOT NULL CONSTRAINT filled_not_null CHECK (value > 0);
CREATE TABLE system_user (n int);
CREATE FUNCTION users() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM system_user';
CREATE FUNCTION json_value(a json) RETURNS json LANGUAGE sql AS 'SELECT a';
CREATE FUNCTION asks(a json) RETURNS json LANGUAGE sql AS 'SELECT json_value(a)';
CREATE FUNCTION backs_up() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM pg_stop_backup(); END';
"""

TOLD = {
    15: (
        "constraint shapes_p_check on table public.shapes (path_center(path) is gone)",
        "function public.backs_up() (its text has pg_stop_backup, which is gone)",
        "function public.middle(path) (path_center(path) is gone)",
        "index public.middles (point(path) is gone)",
        "view public.busy (pg_is_in_backup() is gone)",
    ),
    16: (
        "function public.forced() (its setting force_parallel_mode is gone)",
        "function public.users() (its text has system_user, which is a keyword)",
    ),
    17: (
        "extension adminpack (it is gone)",
        "function public.asks(json) (its text has json_value, which is a keyword)",
        "function public.mean(interval) (interval_accum(interval[], interval) is gone)",
        "function public.mean(interval) (interval_avg(interval[]) is gone)",
        "rights on function pg_stat_statements_reset(oid, oid, bigint)"
        " (the function has another form)",
        "table public.shapes (pg_stat_get_buf_fsync_backend() is gone)",
        "type public.filled (its constraint filled_not_null has the name of a NOT NULL)",
        "view public.waits (blk_read_time of pg_stat_statements is gone)",
        "view public.written (buffers_backend of pg_stat_bgwriter is gone)",
    ),
    18: (
        "constraint named_a_not_null on table public.named (it has the name of a NOT NULL)",
        "rights on function json_strip_nulls(json) (the function has another form)",
        "view public.offsets (attcacheoff of pg_attribute is gone)",
    ),
}


def asked(source: Source) -> tuple[Refused, ...]:
    link = connect(Connection.parse(source.dsn), Redactor())
    try:
        with link.cursor() as cursor:
            return newer.ask(cursor)
    finally:
        link.close()


def test_all_that_newer_majors_refuse_is_told_with_its_reason(
    source: Callable[..., Source],
) -> None:
    assert {each.since: each.objects for each in asked(source(14, REFUSED))} == TOLD


@pytest.mark.parametrize("major", few([14, 15, 18, 16, 17], 2))
def test_every_question_is_answered_and_an_empty_database_is_refused_nowhere(
    major: int, source: Callable[..., Source]
) -> None:
    made = source(major, "CREATE EXTENSION pg_stat_statements")
    for question in newer_sql.questions(major * 10_000):
        made.run(question)
    assert asked(made) == ()


def test_it_comes_back_from_a_manifest_as_it_was_written() -> None:
    refused = (Refused(17, ("extension adminpack (it is gone)",), 1),)
    assert from_part(to_part(refused)) == refused


@pytest.mark.parametrize(
    "wrong", [{}, [1], [{}], [{"since": 17, "objects": ["a"] * 101, "count": 101}]]
)
def test_what_is_not_as_it_was_written_is_not_believed(wrong: object) -> None:
    with pytest.raises((TypeError, KeyError, ValueError)):
        from_part(wrong)


def test_a_newer_target_is_warned_of_what_it_refuses_and_others_are_not() -> None:
    refused = (Refused(15, ("view v (it)",), 1), Refused(18, ("view w (it)",), 1))
    told = "PostgreSQL 15 and newer do not take all of the backup as it is: view v (it)"
    assert list(foreseen(refused, 14, 17)) == [told]
    assert list(foreseen(refused, 14, 14)) == []


def test_of_a_backup_without_quotes_the_keywords_are_told() -> None:
    (told,) = foreseen(None, 16, 17)
    assert "json, json_exists" in told
    assert "system_user" not in told
    assert list(foreseen(None, 17, 18)) == []
    assert list(foreseen((), 14, 18)) == []
