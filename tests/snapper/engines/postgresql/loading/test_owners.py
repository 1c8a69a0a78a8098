"""Who may become an owner, and has none of the owner's rights by himself, restores as the owner."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.support.anew import OWNER, Anew, Owner, beside
from tests.support.databases import Source

GIVEN_AWAY = """
    CREATE ROLE gives; CREATE ROLE hands_on; CREATE ROLE gets; {0}
    CREATE SCHEMA s AUTHORIZATION gives; SET ROLE gives;
    CREATE FUNCTION s.is_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TABLE s.orders (id serial PRIMARY KEY, n int CHECK (n > 0));
    CREATE TABLE s.lines (o int REFERENCES s.orders);
    INSERT INTO s.orders (n) VALUES (1), (2); INSERT INTO s.lines VALUES (1);
    CREATE INDEX ON s.orders (n);
    CREATE MATERIALIZED VIEW s.few AS SELECT count(*) AS n FROM s.orders;
    CREATE TRIGGER is_it BEFORE INSERT ON s.orders FOR EACH ROW EXECUTE FUNCTION s.is_it();
    CREATE POLICY all_of_it ON s.orders USING (true);
    GRANT USAGE ON SCHEMA s TO hands_on, gets;
    GRANT SELECT ON s.orders TO hands_on WITH GRANT OPTION;
    ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO gets;
    SET ROLE hands_on; GRANT SELECT ON s.orders TO gets; RESET ROLE;
"""


@pytest.mark.parametrize(
    ("major", "membership"),
    [
        pytest.param(
            14,
            f"GRANT gives, hands_on TO {OWNER}; ALTER ROLE {OWNER} NOINHERIT",
            marks=pytest.mark.long,
        ),
        (18, f"GRANT gives, hands_on TO {OWNER} WITH INHERIT FALSE, SET TRUE"),
    ],
)
def test_what_a_role_has_given_away_it_finishes_as_the_owner(
    major: int, membership: str, source: Callable[..., Source], owner: Owner, anew: Anew
) -> None:
    made = source(major, "SELECT 1")
    target = beside(made, "given")
    dsn = owner(made, target.name)
    made.run(GIVEN_AWAY.format(membership + ";"))
    try:
        assert anew(made, dsn).left_out == ()
        owned = "SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 's'"
        assert target.rows(owned) == [("gives",)]
        assert target.rows("SELECT n FROM s.few") == [(2,)]
        rights = "SELECT relacl FROM pg_class WHERE relname = 'orders'"
        assert target.rows(rights) == made.rows(rights)
    finally:
        replace(made, name="postgres").run(f'DROP DATABASE IF EXISTS "{target.name}"')
        made.run("DROP SCHEMA s CASCADE; DROP OWNED BY gives; DROP OWNED BY hands_on")
        made.run("DROP ROLE gives; DROP ROLE hands_on; DROP ROLE gets")
