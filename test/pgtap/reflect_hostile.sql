-- The reflection is the same for everybody: whatever the search_path finds
-- first, whatever the settings, whatever the role may do.
\set QUIET on
BEGIN;
\ir ../data/exotica_basics.sql
\ir ../data/reflect_hard.sql
\ir ../data/reflect_objects.sql
SET search_path = public;
SELECT plan(16);

-- Without what depends on the search_path by intention. The document comes from
-- the caller's surroundings, what is done with it does not.
CREATE FUNCTION public.without_path(document json) RETURNS text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT (jsonb_set(document::jsonb - 'search_path' - 'fingerprint', '{relations}', (SELECT jsonb_agg(r - 'visible') FROM jsonb_array_elements(document::jsonb -> 'relations') r)))::text
$$;
CREATE FUNCTION public.document() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN public.without_path(aiodal.reflect(include => '{partitions,extensions}'));
END $$;
CREATE TABLE public.functions AS
  SELECT proname::text AS f FROM pg_proc WHERE pronamespace = 'aiodal'::regnamespace AND proretset AND proargnames[1:3] = '{schemas,relations,include}';
-- all rows of a function as one text
CREATE FUNCTION public.contents(name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  contents pg_catalog.text;
BEGIN
  EXECUTE pg_catalog.format('SELECT pg_catalog.string_agg(x::pg_catalog.text, E''\n'') FROM aiodal.%I(include => ''{partitions,extensions}'') x', name) INTO contents;
  IF name OPERATOR(pg_catalog.=) 'relations'::pg_catalog.text THEN
    contents := pg_catalog.regexp_replace(contents, '(?n),[tf],([0-9]*,[tf],[tf],[tf],)', '\1', 'g'); -- visible
  END IF;
  RETURN contents;
END $$;
CREATE FUNCTION public.everything() RETURNS TABLE (f text, contents text) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT x.f, public.contents(x.f) FROM public.functions x;
  RETURN QUERY SELECT 'document'::pg_catalog.text, public.document();
END $$;
GRANT SELECT ON public.functions TO PUBLIC;
-- what differs, by name, from what it is at first
CREATE FUNCTION public.differences() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT pg_catalog.string_agg(e.f, ' ') FROM public.expected e, public.everything() x
           WHERE e.f OPERATOR(pg_catalog.=) x.f AND NOT e.contents OPERATOR(pg_catalog.=) x.contents);
END $$;
CREATE TABLE public.expected AS SELECT * FROM everything();
GRANT SELECT ON public.expected TO PUBLIC;
SELECT cmp_ok((SELECT count(*) FROM expected WHERE length(contents) > 100), '>=', 18::bigint, 'there is something to compare');

-- names of the system's own, found first
CREATE SCHEMA hostile;
GRANT USAGE ON SCHEMA hostile TO PUBLIC;
CREATE TABLE hostile.pg_class (x int);
CREATE TABLE hostile.pg_attribute (x int);
CREATE VIEW hostile.pg_namespace AS SELECT 1 / 0 AS oid;
CREATE TYPE hostile.regclass AS ENUM ('x');
CREATE TYPE hostile.jsonb AS (x int);
CREATE TYPE hostile.bool AS ENUM ('t');
CREATE FUNCTION hostile.boom() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hostile code ran'; END $$;
CREATE FUNCTION hostile.format_type(oid, integer) RETURNS text LANGUAGE sql AS 'SELECT hostile.boom()';
CREATE FUNCTION hostile.pg_get_expr(pg_node_tree, oid) RETURNS text LANGUAGE sql AS 'SELECT hostile.boom()';
CREATE FUNCTION hostile.lower(text) RETURNS text LANGUAGE sql AS 'SELECT hostile.boom()';
CREATE FUNCTION hostile.eq(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT hostile.boom() IS NULL';
CREATE OPERATOR hostile.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = hostile.eq);
CREATE FUNCTION hostile.eq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT hostile.boom() IS NULL';
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.eq);
CREATE COLLATION hostile."C" FROM pg_catalog."POSIX";
CREATE OPERATOR CLASS hostile.int4_ops FOR TYPE int4 USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 pg_catalog.=, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int4, int4);
DELETE FROM public.expected;
INSERT INTO public.expected SELECT * FROM everything();
CREATE TEMP TABLE pg_class (x int);
CREATE TEMP TABLE pg_type (x int);
CREATE TYPE pg_temp.int4 AS ENUM ('temporary');
CREATE TYPE pg_temp.text AS (x pg_catalog.text);

SET search_path = pg_temp, hostile, hard, obj, public, pg_catalog;
CREATE TEMP TABLE result AS SELECT public.differences() AS d;
DROP TYPE pg_temp.int4, pg_temp.text; -- pgTAP could not live with them
CREATE TYPE pg_temp.odd AS ENUM ('temporary');
SET search_path = public;
SELECT is(d, NULL, 'everything is the same under a hostile search_path') FROM pg_temp.result;

SELECT ok(aiodal.reflect(include => '{temporary}')::pg_catalog.jsonb @? '$.types[*] ? (@.name == "odd" && @.kind == "enum")', 'a temporary type is there when asked for');

-- a role that may do nothing at all
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA pg_catalog FROM exo_nobody;
GRANT USAGE ON SCHEMA public TO exo_nobody; -- for pgTAP itself
SET ROLE exo_nobody;
SELECT throws_ok('TABLE plain.author', '42501');
SELECT is(differences(), NULL, 'everything is the same for a role without rights');
SELECT ok((SELECT bool_and(aiodal.describe(oid) IS NOT NULL) FROM pg_catalog.pg_class WHERE relkind IN ('r', 'v') AND relnamespace > 16383), 'describe() for a role without rights');
SELECT ok((SELECT count(*) > 100 FROM aiodal.privileges() WHERE grantee <> 'exo_nobody'), 'privileges are data');
RESET ROLE;

-- catalogs that the administrator closed
REVOKE SELECT ON pg_catalog.pg_class, pg_catalog.pg_attribute, pg_catalog.pg_rewrite, pg_catalog.pg_proc, pg_catalog.pg_type FROM PUBLIC;
SET ROLE exo_nobody;
SELECT throws_ok('SELECT count(*) FROM pg_catalog.pg_rewrite', '42501');
SELECT is(differences(), NULL, 'everything is the same with the catalogs closed');
RESET ROLE;
GRANT SELECT ON pg_catalog.pg_class, pg_catalog.pg_attribute, pg_catalog.pg_rewrite, pg_catalog.pg_proc, pg_catalog.pg_type TO PUBLIC;

-- settings
SET quote_all_identifiers = on;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SET "DateStyle" = 'German, DMY';
SET "TimeZone" = 'Asia/Kathmandu';
SELECT is(differences(), NULL, 'everything is the same whatever the settings');
SELECT is(current_setting('TimeZone') || current_setting('quote_all_identifiers') || current_setting('search_path'), 'Asia/Kathmanduonpublic', 'the settings are the caller''s again');
RESET ALL;
SET search_path = public;

-- an error in the midst restores them too, and the transaction goes on
SAVEPOINT s;
SELECT throws_ok($$ SELECT * FROM aiodal.relations('{nowhere}') $$, '3F000');
SELECT is(current_setting('search_path'), 'public', 'the settings are the caller''s after an error');
ROLLBACK TO s;

-- foreign servers that cannot be reached, wrappers that can do nothing
CREATE FOREIGN DATA WRAPPER no_handler;
CREATE SERVER unreachable FOREIGN DATA WRAPPER no_handler OPTIONS (host '192.0.2.1');
CREATE USER MAPPING FOR CURRENT_USER SERVER unreachable OPTIONS (password 'a secret of mine');
CREATE FOREIGN TABLE public.far_away (a int OPTIONS (column_name 'x')) SERVER unreachable OPTIONS (table_name 'y');
CREATE VIEW public.far_view AS SELECT a FROM far_away;
SELECT results_eq($$ SELECT name, server, foreign_options, insertable FROM aiodal.relations(relations => '{far_away}') $$,
                  $$ VALUES ('far_away'::name, 'unreachable'::name, '{table_name=y}'::pg_catalog.text[], false) $$, 'a foreign table without a handler');
SELECT unalike(aiodal.reflect()::pg_catalog.text, '%a secret of mine%', 'no secret of a user mapping');
SELECT ok(aiodal.describe('far_view') IS NOT NULL, 'a view of a foreign table without a handler');

SELECT * FROM finish();
ROLLBACK;
