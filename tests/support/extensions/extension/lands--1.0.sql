CREATE TYPE public.shape AS (wide int, high int);
CREATE FUNCTION public.area(public.shape) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1.wide * $1.high';
CREATE FUNCTION public.is_flat(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 < 9';
CREATE FUNCTION public.touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION public.like_flat(int, int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 < $2';
CREATE OPERATOR public.<~> (LEFTARG = int, RIGHTARG = int, FUNCTION = public.like_flat);
CREATE OPERATOR CLASS public.height_ops FOR TYPE int USING btree AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);
CREATE ACCESS METHOD landmark TYPE INDEX HANDLER bthandler;
CREATE OPERATOR CLASS public.landmark_ops DEFAULT FOR TYPE int USING landmark AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);
CREATE TRUSTED LANGUAGE landish HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
CREATE FOREIGN DATA WRAPPER maps;
CREATE TABLE public.known_lands (n int);
INSERT INTO public.known_lands VALUES (1), (2);
SELECT pg_catalog.pg_extension_config_dump('public.known_lands', 'WHERE n > 2');
CREATE SCHEMA survey;
CREATE TABLE survey.points (n int);
SELECT pg_catalog.pg_extension_config_dump('survey.points', '');
CREATE TYPE survey.point AS (n int);
