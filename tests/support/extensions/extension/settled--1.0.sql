CREATE TABLE public.settled (n int);
CREATE SEQUENCE public.settled_numbers;
GRANT SELECT ON public.settled, public.settled_numbers TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('public.settled', '');
SELECT pg_catalog.pg_extension_config_dump('public.settled_numbers', '');
