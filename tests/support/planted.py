"""A database whose owner lies in wait: whatever we might call by its bare name is planted in it.

What is planted counts itself where no transaction takes it back, and refuses to work.
"""

from psycopg2.extensions import make_dsn

from tests.support.databases import Source

VICTIM = "victim"
"""The role that is to be caught: a superuser, as the worst case."""

PASSWORD = "caught-by-nobody"
_PATH = "evil, public, pg_catalog"

_SETTINGS = (
    f"search_path = {_PATH}",
    "standard_conforming_strings = off",
    "backslash_quote = on",
    "escape_string_warning = off",
    "quote_all_identifiers = on",
    "transform_null_equals = on",
    "bytea_output = 'escape'",
    "DateStyle = 'SQL, DMY'",
    "IntervalStyle = 'sql_standard'",
    "row_security = off",
    "client_encoding = 'SJIS'",
    "array_nulls = off",
)

# A sequence is not taken back with its transaction. The functions are planted, so each says fully
# what it means itself.
_TRAP = """
CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE SEQUENCE evil.ran; GRANT ALL ON SEQUENCE evil.ran TO PUBLIC;
CREATE FUNCTION evil.hit() RETURNS int4 LANGUAGE plpgsql VOLATILE AS $trap$ BEGIN
    PERFORM pg_catalog.nextval('evil.ran'::pg_catalog.regclass);
    RAISE EXCEPTION 'planted code ran as %', current_user;
END $trap$;
"""

_OPERATORS = """
DO $do$
DECLARE
    kinds text[] := string_to_array('name,text,oid,int4,int8,int2,"char",bool,regclass,regtype,'
        'aclitem,oidvector,int2vector,name[],text[],oid[],aclitem[],json,jsonb,bytea,varchar,'
        'bpchar,xid,pg_lsn,timestamptz,float8,numeric,record,anyelement,anyarray', ',');
    signs text[] := string_to_array('= <> < > <= >= !~ ~ ~* ~~ !~~ || + - * @> <@ && #> #>> ->>',
        ' ');
    kind text; other text; sign text;
BEGIN
    FOREACH kind IN ARRAY kinds LOOP
        FOREACH other IN ARRAY ARRAY[kind, 'text', 'name', 'int4'] LOOP
            BEGIN
                EXECUTE format('CREATE FUNCTION {s}.trap(a %s, b %s) RETURNS bool LANGUAGE plpgsql'
                    ' AS $t$ BEGIN PERFORM evil.hit(); RETURN true; END $t$', kind, other);
            EXCEPTION WHEN others THEN CONTINUE; END;
            FOREACH sign IN ARRAY signs LOOP
                EXECUTE format('CREATE OPERATOR {s}.%s (LEFTARG = %s, RIGHTARG = %s,'
                    ' FUNCTION = {s}.trap)', sign, kind, other);
            END LOOP;
        END LOOP;
    END LOOP;
END $do$;
"""

# Every function of the system's, by its name and arguments, but those that SQL has a grammar for.
_FUNCTIONS = """
DO $do$
DECLARE f record;
BEGIN
    FOR f IN SELECT p.proname, pg_get_function_identity_arguments(p.oid) AS args,
        CASE WHEN p.proretset THEN 'text' ELSE pg_get_function_result(p.oid) END AS result
        FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind IN ('f', 'a')
        AND p.provariadic = 0 AND p.proname ~ '^(pg_|has_|lo|current_|set_config|row_security|acl'
            '|count|bool_|format|json_|obj_|shobj_|col_|unnest|array_|split_part|substr|strpos'
            '|string_agg|max|min|sum|getdatabase|convert|sha256|md5|version|txid|nextval|setval'
            '|quote_|lower|upper|length|left|right|replace|concat|to_|regexp_|nameeq|texteq'
            '|oideq|int4|int8|coalesce|system_)'
    LOOP
        BEGIN
            IF f.proname = 'count' THEN
                EXECUTE format('CREATE AGGREGATE {s}.count(%s) (SFUNC = {s}.step%s, STYPE = int8)',
                    CASE f.args WHEN '' THEN '*' ELSE f.args END,
                    CASE f.args WHEN '' THEN 0 ELSE 1 END);
            ELSE
                EXECUTE format('CREATE FUNCTION {s}.%I(%s) RETURNS %s LANGUAGE plpgsql'
                    ' AS $t$ BEGIN PERFORM evil.hit(); RETURN NULL; END $t$',
                    f.proname, f.args, f.result);
            END IF;
        EXCEPTION WHEN others THEN NULL; END;
    END LOOP;
END $do$;
"""
_STEPS = """
CREATE FUNCTION {s}.step0(int8) RETURNS int8 LANGUAGE plpgsql AS
    $t$ BEGIN PERFORM evil.hit(); RETURN 0; END $t$;
CREATE FUNCTION {s}.step1(int8, "any") RETURNS int8 LANGUAGE internal AS 'int8inc_any';
"""

# Views and types by the system's own names.
_NAMES = """
DO $do$
DECLARE v text;
BEGIN
    FOREACH v IN ARRAY '{pg_class,pg_namespace,pg_roles,pg_database,pg_depend,pg_shdepend,pg_proc,
        pg_type,pg_settings,pg_subscription,pg_largeobject_metadata,pg_tablespace,pg_extension,
        pg_authid,pg_stat_activity,pg_db_role_setting,pg_inherits,pg_foreign_data_wrapper}'::text[]
    LOOP
        EXECUTE format('CREATE VIEW {s}.%s AS SELECT c.* FROM pg_catalog.%s c'
            ' WHERE evil.hit() IS NULL', v, v);
    END LOOP;
    FOREACH v IN ARRAY '{regclass,regtype,regnamespace,oid,name,text,json,aclitem}'::text[] LOOP
        EXECUTE format('CREATE DOMAIN {s}.%s AS pg_catalog.text CHECK (evil.hit() IS NULL)', v);
    END LOOP;
END $do$;
"""


def plant(database: Source) -> None:
    """Plant all of it, in a schema of its own and in `public`."""
    database.run(_TRAP)
    for schema in ("evil", "public"):
        for sql in (_STEPS, _OPERATORS, _FUNCTIONS, _NAMES):
            database.run(f"SET search_path = pg_catalog; {sql.replace('{s}', schema)}")


def make_victim(database: Source) -> None:
    """Make the role; what is set on it searches what is planted first, wherever it goes."""
    database.run(f"CREATE ROLE {VICTIM} SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
    for setting in _SETTINGS:
        database.run(f"ALTER ROLE {VICTIM} SET {setting}")


def lead_astray(database: Source) -> None:
    """Set the same on the database, and for the role in it."""
    for setting in _SETTINGS:
        database.run(f'ALTER DATABASE "{database.name}" SET {setting}')
        database.run(f'ALTER ROLE {VICTIM} IN DATABASE "{database.name}" SET {setting}')


def as_victim(database: Source) -> str:
    """Give the victim's connection."""
    return make_dsn(database.dsn, user=VICTIM, password=PASSWORD)


def has_run(database: Source) -> bool:
    """Tell whether anything that was planted has run, since it was planted."""
    query = "SELECT is_called FROM evil.ran"
    return bool(trusted_rows(database, query)[0][0])


def trusted_rows(database: Source, sql: str) -> list[tuple[object, ...]]:
    """Ask the planted database without being caught."""
    safe = make_dsn(database.dsn, options="-c search_path=")
    return _At(database.server, database.name, safe).rows(sql)


class _At(Source):
    """A database by another connection."""

    def __init__(self, server: object, name: str, dsn: str) -> None:
        super().__init__(server, name)  # type: ignore[arg-type]
        object.__setattr__(self, "_dsn", dsn)

    @property
    def dsn(self) -> str:
        return str(self._dsn)  # type: ignore[attr-defined]
