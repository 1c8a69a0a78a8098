"""A database whose tables need almost everything that a table can need, and odd names."""

ROLES = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'shop keeper') THEN
        CREATE ROLE "shop keeper"; CREATE ROLE shop_reader;
    END IF;
END $$
"""

TYPES = """
CREATE SCHEMA extensions;
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE EXTENSION pg_trgm SCHEMA extensions;
CREATE SCHEMA shop;
CREATE TYPE shop.mood AS ENUM ('sad', 'ok');
CREATE DOMAIN shop.price AS numeric(10,2) CHECK (VALUE >= 0);
CREATE TYPE shop.pair AS (a int, b shop.mood);
CREATE TYPE shop.span AS RANGE (subtype = float8);
CREATE COLLATION shop.plain (provider = libc, locale = 'C');
CREATE FUNCTION shop.helper(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i + 1';
CREATE FUNCTION shop.is_good(i int, b text DEFAULT 'x;y') RETURNS boolean LANGUAGE plpgsql IMMUTABLE
    AS $$ BEGIN RETURN shop.helper(i) > 0; END $$;
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION shop.unneeded() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE OPERATOR shop.=== (FUNCTION = pg_catalog.int4eq, LEFTARG = int, RIGHTARG = int);
CREATE SEQUENCE shop.numbers;
CREATE TYPE shop.base;
CREATE FUNCTION shop.base_in(cstring) RETURNS shop.base LANGUAGE internal IMMUTABLE STRICT
    AS 'textin';
CREATE FUNCTION shop.base_out(shop.base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT
    AS 'textout';
CREATE TYPE shop.base (INPUT = shop.base_in, OUTPUT = shop.base_out, LIKE = text);
"""

TABLES = """
CREATE TABLE shop.makers (id int PRIMARY KEY, name text UNIQUE);
CREATE TABLE shop.log (n int);
CREATE TABLE shop.items (
    id serial PRIMARY KEY, ident bigint GENERATED ALWAYS AS IDENTITY,
    number int NOT NULL DEFAULT nextval('shop.numbers'),
    maker int REFERENCES shop.makers, parent int REFERENCES shop.items (id),
    mood shop.mood DEFAULT 'ok', price shop.price, p shop.pair, s shop.span, name citext,
    label text COLLATE shop.plain, good int CHECK (shop.is_good(good)),
    gen int GENERATED ALWAYS AS (shop.helper(good)) STORED, h hstore, "odd "" column" text,
    CONSTRAINT uq UNIQUE (number));
CREATE INDEX ON shop.items (shop.helper(good));
CREATE INDEX trigrams ON shop.items USING gin (label extensions.gin_trgm_ops);
CREATE STATISTICS shop.together ON good, gen FROM shop.items;
CREATE TRIGGER touched BEFORE INSERT OR UPDATE OF id, name ON shop.items
    FOR EACH ROW EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.items DISABLE TRIGGER touched;
CREATE RULE logged AS ON DELETE TO shop.items DO ALSO
    INSERT INTO shop.log SELECT old.id FROM shop.items WHERE items.id = old.id;
ALTER TABLE shop.items ENABLE ROW LEVEL SECURITY;
CREATE POLICY made ON shop.items
    USING (EXISTS (SELECT 1 FROM shop.makers m WHERE m.id = items.maker));
COMMENT ON TABLE shop.items IS 'it''s'; COMMENT ON COLUMN shop.items.id IS 'x';
COMMENT ON INDEX shop.trigrams IS 'i'; COMMENT ON CONSTRAINT uq ON shop.items IS 'c';
COMMENT ON TRIGGER touched ON shop.items IS 't'; COMMENT ON POLICY made ON shop.items IS 'p';
COMMENT ON RULE logged ON shop.items IS 'r'; COMMENT ON STATISTICS shop.together IS 's';
COMMENT ON TYPE shop.mood IS 'm'; COMMENT ON FUNCTION shop.helper(int) IS 'f';
ALTER TABLE shop.items REPLICA IDENTITY USING INDEX uq;
ALTER TABLE shop.items CLUSTER ON items_pkey;
ALTER TABLE shop.items ALTER COLUMN good SET STATISTICS 77;
CREATE PUBLICATION published FOR TABLE shop.items;
CREATE TABLE shop.times (id int, at date, maker int REFERENCES shop.makers, PRIMARY KEY (id, at))
    PARTITION BY RANGE (at);
CREATE TABLE shop.times_1 PARTITION OF shop.times FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.times_2 (maker int, at date NOT NULL, id int NOT NULL);
ALTER TABLE shop.times ATTACH PARTITION shop.times_2
    FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shop.rest PARTITION OF shop.times DEFAULT PARTITION BY LIST (id);
CREATE TABLE shop.rest_1 PARTITION OF shop.rest DEFAULT;
CREATE INDEX ON shop.times (maker);
CREATE TABLE shop.child (extra text) INHERITS (shop.log);
CREATE SCHEMA "odd ""schema";
CREATE TABLE "odd ""schema"."it's \\ a; table" (id serial, t text);
CREATE VIEW shop.seen AS SELECT * FROM shop.items;
CREATE FUNCTION shop.atomic(i int) RETURNS bigint LANGUAGE sql
    BEGIN ATOMIC SELECT count(*) FROM shop.log WHERE n = i; END;
CREATE TABLE shop.options (a int CHECK (a OPERATOR(shop.===) a), f bigint DEFAULT shop.atomic(1),
    b shop.base);
"""

ROWS = """
INSERT INTO shop.makers VALUES (1, 'x'), (2, 'y');
INSERT INTO shop.items (maker, good, name, h, label)
    VALUES (1, 3, 'A', 'a=>1', E'tab\\t"and"\\nline'), (2, 4, 'b', NULL, '');
INSERT INTO shop.times VALUES (1, '2024-05-05', 1), (2, '2025-05-05', 2), (3, '2030-01-01', 1);
INSERT INTO shop.log VALUES (5);
INSERT INTO shop.options VALUES (1, 2, 'x');
INSERT INTO shop.child VALUES (6, 'x');
INSERT INTO "odd ""schema"."it's \\ a; table" (t) VALUES ('a'), (E'\\\\.');
"""

RIGHTS = """
GRANT SELECT ON shop.items TO shop_reader;
GRANT SELECT (id), UPDATE (name) ON shop.items TO shop_reader;
GRANT USAGE ON SEQUENCE shop.items_id_seq TO shop_reader;
GRANT USAGE ON SCHEMA shop TO shop_reader, "shop keeper";
GRANT USAGE ON TYPE shop.mood TO shop_reader;
ALTER TABLE shop.items OWNER TO "shop keeper";
"""

SHOP = ROLES + ";" + TYPES + TABLES + ROWS + RIGHTS
