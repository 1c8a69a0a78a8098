-- What happens between two backups: rows come, go and change, sequences and large objects too.
INSERT INTO public.twins SELECT {run}, 'run {run}' FROM generate_series(1, 100 * {run});
DELETE FROM public.twins WHERE ctid IN (SELECT ctid FROM public.twins WHERE a = 0 LIMIT 2);
UPDATE public.extremes SET exact = {run} / 3.0, markup = 'changed in run {run} ✓' WHERE id = 5;
INSERT INTO public.no_rows DEFAULT VALUES;
DELETE FROM public.no_rows;
SELECT nextval('public.backwards');
SELECT lo_from_bytea(0, convert_to('written in run {run}', 'UTF8'));
SELECT lo_put(4712, {run}, '\x2a');
