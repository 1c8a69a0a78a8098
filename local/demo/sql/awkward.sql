-- What breaks careless tools: odd names, extreme values, empty and peculiar tables, large objects.

CREATE SCHEMA "a ""schema"" with; spaces 'n $quotes$";
CREATE TABLE "a ""schema"" with; spaces 'n $quotes$"."Table ""of"" it, isn't it? 🐘" (
    "select" int PRIMARY KEY,
    "a ""column"" \ with, commas" text,
    " " text DEFAULT E'\\N',
    "ünï" serial
);
INSERT INTO "a ""schema"" with; spaces 'n $quotes$"."Table ""of"" it, isn't it? 🐘"
SELECT n, (ARRAY['\.', '\N', E'\t', E'\r\n', '''', '"', '$$', '--', '/*', E'\u2028', NULL, ''])[n]
FROM generate_series(1, 12) AS n;

CREATE TABLE public.no_columns ();
INSERT INTO public.no_columns SELECT FROM generate_series(1, 3);
CREATE TABLE public.no_rows (id int GENERATED ALWAYS AS IDENTITY, "when" date DEFAULT current_date);
CREATE TABLE public.twins (a int, b text);
-- Equal rows without a key: a comparison that forgets how many there are would not notice.
INSERT INTO public.twins SELECT n % 2, NULLIF(n % 2, 1)::text FROM generate_series(1, 40) AS n;
CREATE TABLE public.lost_a_column (a int, gone text, b int);
INSERT INTO public.lost_a_column VALUES (1, 'x', 2);
ALTER TABLE public.lost_a_column DROP COLUMN gone, ADD COLUMN c text DEFAULT 'late';
CREATE UNLOGGED TABLE public.unlogged_cache (key text PRIMARY KEY, value bytea);
INSERT INTO public.unlogged_cache SELECT n::text, decode(repeat(md5(n::text), 64), 'hex')
FROM generate_series(1, 300) AS n;
CREATE TABLE public.parent (id int PRIMARY KEY, kind text);
CREATE TABLE public.child (extra text, CHECK (kind = 'child') NO INHERIT) INHERITS (public.parent);
INSERT INTO public.parent VALUES (1, 'parent');
INSERT INTO public.child VALUES (2, 'child', 'only here');

CREATE TABLE public.extremes (
    id int PRIMARY KEY, small smallint, big bigint, exact numeric, single real, double_ float8,
    day date, moment timestamp, moment_tz timestamptz, clock timetz, span interval, flag boolean,
    letter "char", fixed char(5), raw bytea, doc json, docb jsonb, grid int[], odd_bounds text[],
    words tsvector, wanted tsquery, net cidr, mac macaddr, shape polygon, stretch int4range,
    stretches int4multirange, bits bit(3), markup text, path jsonpath, id128 uuid
);
INSERT INTO public.extremes VALUES
(1, -32768, -9223372036854775808, 'NaN', 'NaN', 'NaN', '-infinity', 'infinity', '-infinity',
 '23:59:60+15:59', '-178000000 years', true, E'\\', 'ab', '\x00ff5c0a09', '{"a":1, "a":2}',
 '"\u00e9\ud83d\ude00"', '{{1,2},{3,NULL}}', '[2:3]={x,"NULL"}', '''it''''s'':1A', 'a & !b',
 '10.0.0.0/8', '08:00:2b:01:02:03', '((0,0),(1,1e300))', '(,5)', '{[1,2),[5,)}', B'101',
 E'\u0001\u007f', '$.a[*] ? (@ > 1)', '00000000-0000-0000-0000-000000000000'),
(2, 32767, 9223372036854775807, 'Infinity', '-Infinity', '-0', 'infinity', '4713-01-01 BC',
 '294276-12-31 23:59:59.999999Z', '00:00:00-15:59', '1 mon -1 day 00:00:00.000001', NULL, '',
 '', '', ' [ ] ', '{}', '{}', '{}', '', '', '::/0', NULL, NULL, 'empty', '{}', B'000', '', '$', NULL),
(3, 0, 0, 1e-1000, 1e-45, 5e-324, '0001-01-01', '1900-02-28 12:34:56.789', '1582-10-15 00:00:00Z',
 NULL, '-0.000001 seconds', false, '', 'ü', decode(repeat('00', 70000), 'hex'), 'null', 'null',
 array_fill(7, ARRAY[2, 2, 2]), NULL, NULL, NULL, NULL, NULL, NULL, '[1,1]', NULL, NULL,
 repeat('wide 😀 ', 20000), NULL, NULL);
INSERT INTO public.extremes (id, exact, double_) VALUES (4, repeat('9', 900)::numeric, 1.7976931348623157e308);
INSERT INTO public.extremes (id) VALUES (5);

CREATE SEQUENCE public.backwards INCREMENT -3 MINVALUE -100 MAXVALUE 100 START 50 CYCLE;
SELECT setval('public.backwards', -42, true);
CREATE SEQUENCE public.untouched AS smallint;
CREATE SEQUENCE public."Called? ""no""" MINVALUE 0;
SELECT setval('public."Called? ""no"""', 77, false);

-- Large objects: empty, of every byte, with a hole, of many pages.
SELECT lo_from_bytea(4711, '');
SELECT lo_from_bytea(4712, decode(string_agg(lpad(to_hex(n), 2, '0'), ''), 'hex'))
FROM generate_series(0, 255) AS n;
SELECT lo_create(4713);
SELECT lo_put(4713, 100000, '\xdeadbeef');
SELECT lo_from_bytea(4714, decode(repeat(md5('page'), 40000), 'hex'));
GRANT SELECT ON LARGE OBJECT 4712 TO reader;
ALTER LARGE OBJECT 4713 OWNER TO "clerk & co";
COMMENT ON LARGE OBJECT 4714 IS 'many pages';
