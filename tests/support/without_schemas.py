"""A database whose functions name things without their schema, and what is built with them."""

from tests.support.databases import Source

# Each function is found only on the path of the source, whoever calls it.
_FUNCTIONS = """
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
    CREATE INDEX of_both ON parted (app.slug(title)) WHERE app.called(title) <> '';
    CREATE MATERIALIZED VIEW of_rows AS SELECT app.known() AS id;
    CREATE VIEW between AS SELECT app.other_words(title) AS title FROM pages;
    CREATE MATERIALIZED VIEW of_view AS SELECT app.all_of(title) AS title FROM between;
    CREATE INDEX of_of_view ON of_view (app.called(title));
    CREATE INDEX plain ON of_view (title); CREATE MATERIALIZED VIEW plainly AS TABLE of_rows;
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


def with_functions(made: Source, more: str) -> Source:
    """Make the functions in a database, and more with them."""
    made.run(_FUNCTIONS.replace(":name", f'"{made.name}"') + more)
    return made
