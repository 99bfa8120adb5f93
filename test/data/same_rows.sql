-- same_rows(what, theirs, ours): a pgTAP test that two queries give the same
-- rows, in any order, and that there are some. PostgreSQL's functions run with
-- search_path pg_catalog, so that they qualify all names, and with the settings
-- that text may depend on as they are by default; ours with hostile ones.
CREATE FUNCTION public.same_rows_differences(theirs text, ours text) RETURNS text LANGUAGE plpgsql
  SET search_path = pg_catalog SET "TimeZone" = 'UTC' SET "DateStyle" = 'ISO, MDY' SET "IntervalStyle" = postgres
  SET extra_float_digits = 1 SET bytea_output = hex
AS $$
DECLARE
  differences text;
BEGIN
  EXECUTE format('CREATE TEMP TABLE same_rows_theirs AS SELECT t::text AS line FROM (%s) t', theirs);
  SET LOCAL "TimeZone" = 'Asia/Tokyo';
  SET LOCAL "DateStyle" = 'SQL, DMY';
  SET LOCAL "IntervalStyle" = iso_8601;
  SET LOCAL extra_float_digits = -5;
  SET LOCAL bytea_output = escape;
  EXECUTE format('CREATE TEMP TABLE same_rows_ours AS SELECT t::text AS line FROM (%s) t', ours);
  SELECT string_agg(line, E'\n' ORDER BY line) INTO differences FROM (
    (SELECT format('%s (expected)', t) FROM (TABLE pg_temp.same_rows_theirs EXCEPT ALL TABLE pg_temp.same_rows_ours) t LIMIT 10)
    UNION ALL (SELECT format('%s (got)', t) FROM (TABLE pg_temp.same_rows_ours EXCEPT ALL TABLE pg_temp.same_rows_theirs) t LIMIT 10)
    UNION ALL (SELECT 'no rows' WHERE NOT EXISTS (TABLE pg_temp.same_rows_theirs))) d(line);
  DROP TABLE pg_temp.same_rows_theirs, pg_temp.same_rows_ours;
  RETURN differences;
END $$;

CREATE FUNCTION public.same_rows(what text, theirs text, ours text) RETURNS text LANGUAGE sql
AS $$ SELECT public.is(public.same_rows_differences(theirs, ours), NULL, what) $$;
