-- Sensors: much data of few kinds, in partitions, with what only newer servers know.

CREATE EXTENSION citext WITH SCHEMA public;
CREATE SCHEMA extensions;
CREATE EXTENSION hstore WITH SCHEMA extensions;
CREATE EXTENSION btree_gist WITH SCHEMA extensions;

CREATE SCHEMA lab AUTHORIZATION "clerk & co";
CREATE TYPE lab.span AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE lab.unit AS ENUM ('°C', 'µg/m³', '%');
-- Written in neither the order of the alphabet nor of creation: the sort order must survive.
ALTER TYPE lab.unit ADD VALUE 'hPa' BEFORE '°C';

CREATE TABLE lab.sensors (
    id uuid PRIMARY KEY,
    name citext UNIQUE NULLS NOT DISTINCT,
    unit lab.unit,
    place point,
    valid lab.span,
    labels extensions.hstore,
    address inet,
    active bit varying(8),
    rank int DEFAULT 7,
    doubled int GENERATED ALWAYS AS (rank * 2) VIRTUAL
);
CREATE TABLE lab.readings (
    sensor uuid NOT NULL REFERENCES lab.sensors,
    at timestamptz NOT NULL,
    value double precision,
    raw bytea,
    PRIMARY KEY (sensor, at)
) PARTITION BY RANGE (at);
CREATE TABLE lab.readings_2026_01 PARTITION OF lab.readings
    FOR VALUES FROM ('2026-01-01 00:00:00Z') TO ('2026-02-01 00:00:00Z');
CREATE TABLE lab.readings_2026_02 PARTITION OF lab.readings
    FOR VALUES FROM ('2026-02-01 00:00:00Z') TO ('2026-03-01 00:00:00Z')
    PARTITION BY HASH (sensor);
CREATE TABLE lab."readings 2026-02, even" PARTITION OF lab.readings_2026_02
    FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE lab."readings 2026-02, odd" PARTITION OF lab.readings_2026_02
    FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE lab.readings_other PARTITION OF lab.readings DEFAULT;
CREATE TABLE lab.bookings (
    sensor uuid,
    during tstzrange,
    CONSTRAINT one_at_a_time PRIMARY KEY (sensor, during WITHOUT OVERLAPS)
);

INSERT INTO lab.sensors
SELECT md5('sensor ' || n)::uuid, 'Fühler ' || n, (enum_range(NULL::lab.unit))[1 + n % 4],
       point(n, -n / 3.0), lab.span(-n, n + 0.1), extensions.hstore('row', n::text),
       ('2001:db8::' || to_hex(n) || '/64')::inet, (n % 256)::bit(8)
FROM generate_series(1, 200) AS n;
INSERT INTO lab.readings
SELECT md5('sensor ' || (1 + n % 200))::uuid,
       timestamptz '2025-12-31 00:00:00Z' + n * interval '4 minutes',
       CASE n % 97 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' WHEN 3 THEN '-0'
            WHEN 4 THEN NULL ELSE sin(n) * 1e3 / 7 END,
       CASE WHEN n % 10 = 0 THEN decode(md5(n::text) || md5((-n)::text), 'hex') END
FROM generate_series(1, 24000) AS n;
INSERT INTO lab.bookings
SELECT md5('sensor 1')::uuid, tstzrange(d, d + interval '1 hour')
FROM generate_series(timestamptz '2026-03-29 00:00Z', timestamptz '2026-03-31 00:00Z', '1 hour') AS d;

CREATE MATERIALIZED VIEW lab.daily AS
    SELECT sensor, (at AT TIME ZONE 'UTC')::date AS day, count(*) AS readings,
           max(value) FILTER (WHERE value < 'Infinity') AS highest
    FROM lab.readings GROUP BY 1, 2;
CREATE VIEW lab.newest AS SELECT DISTINCT ON (sensor) * FROM lab.readings ORDER BY sensor, at DESC;
CREATE STATISTICS lab.sensors_and_units (dependencies) ON unit, id FROM lab.sensors;
CREATE PROCEDURE lab.tidy(INOUT gone int) LANGUAGE plpgsql AS $$
BEGIN DELETE FROM lab.readings WHERE at < '2025-01-01'; GET DIAGNOSTICS gone = ROW_COUNT; END $$;
CREATE AGGREGATE lab.product(double precision) (SFUNC = float8mul, STYPE = double precision);
GRANT USAGE ON SCHEMA lab TO reader;
GRANT SELECT (id, name) ON lab.sensors TO reader;
ALTER TABLE lab.sensors FORCE ROW LEVEL SECURITY;
COMMENT ON SCHEMA lab IS 'where the °C are';
COMMENT ON CONSTRAINT one_at_a_time ON lab.bookings IS 'no two at once';
