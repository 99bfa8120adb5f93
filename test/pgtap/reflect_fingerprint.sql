-- fingerprint() changes exactly when the document does: after each of many
-- statements, those that change something and those that change nothing.
\set QUIET on
BEGIN;
SET client_min_messages = warning;
SET search_path = public;

CREATE FUNCTION pg_temp.document(scope name[]) RETURNS jsonb LANGUAGE sql AS $$ SELECT aiodal.reflect(scope)::jsonb - 'fingerprint' $$;

-- Runs the statement. What is expected of it: that it changes the document of
-- all schemas, and of schema fp alone. What is tested of fingerprint(): that it
-- changes with them.
CREATE FUNCTION pg_temp.step(statement text, changes_all boolean, changes_fp boolean) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  document_all jsonb := pg_temp.document(NULL);
  document_fp jsonb := pg_temp.document('{fp}');
  fingerprint_all text := aiodal.fingerprint();
  fingerprint_fp text := aiodal.fingerprint('{fp}');
BEGIN
  EXECUTE statement;
  IF (document_all IS DISTINCT FROM pg_temp.document(NULL)) <> changes_all OR (document_fp IS DISTINCT FROM pg_temp.document('{fp}')) <> changes_fp THEN
    RETURN NEXT fail(format('the test expects too much or too little of: %s', statement));
  ELSE
    RETURN NEXT is(ARRAY[fingerprint_all <> aiodal.fingerprint(), fingerprint_fp <> aiodal.fingerprint('{fp}')], ARRAY[changes_all, changes_fp], statement);
  END IF;
END $$;

CREATE ROLE fp_one;
CREATE ROLE fp_two;
CREATE SCHEMA fp;
CREATE SCHEMA elsewhere;
CREATE EXTENSION hstore SCHEMA elsewhere;
CREATE FUNCTION elsewhere.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE TYPE elsewhere.e AS ENUM ('a');
CREATE TABLE elsewhere.t (id int PRIMARY KEY, n int);
CREATE OPERATOR elsewhere.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE COLLATION elsewhere.c FROM "C";
CREATE TABLE fp.t (id int PRIMARY KEY, a text DEFAULT 'x', n int DEFAULT elsewhere.f(2), e elsewhere.e, r int REFERENCES elsewhere.t,
  CONSTRAINT positive CHECK (n OPERATOR(elsewhere.===) 1 OR n > 0), c text COLLATE elsewhere.c, h elsewhere.hstore);
CREATE TABLE fp.p (id int, b text) PARTITION BY RANGE (id);
CREATE VIEW fp.v AS SELECT t.id, e.n FROM fp.t JOIN elsewhere.t e ON e.id = t.r;
CREATE SEQUENCE fp.s;
CREATE TYPE fp.mood AS ENUM ('sad', 'happy');
CREATE TYPE fp.pair AS (a int, b text);
CREATE DOMAIN fp.d AS int DEFAULT 1;
CREATE FUNCTION fp.g(a int) RETURNS int LANGUAGE sql AS 'SELECT a';
CREATE FUNCTION fp.trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';

CREATE TEMP TABLE steps (n serial, statement text, changes_all boolean, changes_fp boolean);
INSERT INTO steps (statement, changes_all, changes_fp)
SELECT replace(s, E'\n', ' '), c ~ 'a', c ~ 'f' FROM (VALUES
  -- nothing
  ('SELECT 1', ''), ('CREATE TABLE IF NOT EXISTS fp.t (x int)', ''), ('CREATE TEMP TABLE temporary (a int)', ''), ('DROP TABLE pg_temp.temporary', ''),
  ('INSERT INTO elsewhere.t VALUES (1, 2)', ''), ('ANALYZE fp.t', ''), ('ANALYZE elsewhere.t', ''), ('SELECT nextval(''fp.s'')', ''),
  -- tables and columns
  ('CREATE TABLE fp.n (id int)', 'af'), ('ALTER TABLE fp.n ADD COLUMN x int', 'af'), ('ALTER TABLE fp.n ADD COLUMN IF NOT EXISTS x int', ''),
  ('ALTER TABLE fp.n RENAME COLUMN x TO y', 'af'), ('ALTER TABLE fp.n ALTER y TYPE bigint', 'af'), ('ALTER TABLE fp.n ALTER y TYPE bigint', ''),
  ('ALTER TABLE fp.n ALTER y SET NOT NULL', 'af'), ('ALTER TABLE fp.n ALTER y SET NOT NULL', ''), ('ALTER TABLE fp.n ALTER y DROP NOT NULL', 'af'),
  ('ALTER TABLE fp.n ALTER y SET DEFAULT 1 + 1', 'af'), ('ALTER   TABLE   fp.n   ALTER   y   SET   DEFAULT   1   +   1', ''), ('ALTER TABLE fp.n ALTER y SET DEFAULT 1 + 2', 'af'), ('ALTER TABLE fp.n ALTER y DROP DEFAULT', 'af'),
  ('ALTER TABLE fp.n ALTER y SET STATISTICS 100', 'af'), ('ALTER TABLE fp.n ALTER y SET STATISTICS 100', ''), ('ALTER TABLE fp.n ALTER y SET (n_distinct = 5)', 'af'), ('ALTER TABLE fp.n ALTER y SET (n_distinct = 5)', ''), ('ALTER TABLE fp.n ALTER y RESET (n_distinct)', 'af'),
  ('ALTER TABLE fp.t ALTER a SET STORAGE external', 'af'), ('ALTER TABLE fp.t ALTER a SET COMPRESSION pglz', 'af'), ('ALTER TABLE fp.n DROP COLUMN y', 'af'),
  ('ALTER TABLE fp.n SET (fillfactor = 50)', 'af'), ('ALTER TABLE fp.n SET (fillfactor = 50)', ''), ('ALTER TABLE fp.t SET (toast.autovacuum_enabled = off)', 'af'), ('ALTER TABLE fp.t RESET (toast.autovacuum_enabled)', 'af'),
  ('ALTER TABLE fp.n SET UNLOGGED', 'af'), ('ALTER TABLE fp.n OWNER TO fp_one', 'af'), ('ALTER TABLE fp.n OWNER TO fp_one', ''), ('ALTER ROLE fp_one RENAME TO fp_first', 'af'), ('ALTER ROLE fp_two RENAME TO fp_second', ''),
  ('ALTER TABLE fp.n REPLICA IDENTITY FULL', 'af'), ('ALTER TABLE fp.n ENABLE ROW LEVEL SECURITY', 'af'), ('ALTER TABLE fp.n RENAME TO m', 'af'), ('ALTER TABLE fp.m SET SCHEMA elsewhere', 'af'), ('ALTER TABLE elsewhere.m ADD COLUMN z int', 'a'), ('DROP TABLE elsewhere.m', 'a'),
  -- elsewhere, but seen from fp: names in its expressions, types and views
  ('ALTER FUNCTION elsewhere.f(int) RENAME TO f2', 'af'), ('ALTER TYPE elsewhere.e RENAME TO e2', 'af'), ('ALTER TABLE elsewhere.t RENAME COLUMN n TO n2', 'af'), ('ALTER TABLE elsewhere.t RENAME TO t2', 'af'),
  ('ALTER OPERATOR elsewhere.=== (int, int) SET SCHEMA public', 'af'), ('ALTER COLLATION elsewhere.c RENAME TO c2', 'af'), ('ALTER EXTENSION hstore SET SCHEMA public', 'af'), ('ALTER EXTENSION hstore SET SCHEMA elsewhere', 'af'),
  ('ALTER SCHEMA elsewhere RENAME TO other', 'af'), ('ALTER SCHEMA other RENAME TO elsewhere', 'af'), ('ALTER SCHEMA elsewhere OWNER TO fp_second', 'a'),
  -- elsewhere, and not seen
  ('ALTER TYPE elsewhere.e2 ADD VALUE ''b''', 'a'), ('CREATE FUNCTION elsewhere.unused() RETURNS int LANGUAGE sql AS ''SELECT 1''', 'a'), ('ALTER FUNCTION elsewhere.unused() RENAME TO unused2', 'a'), ('CREATE TABLE elsewhere.new (a int)', 'a'), ('COMMENT ON TABLE elsewhere.new IS ''x''', 'a'), ('DROP TABLE elsewhere.new', 'a'),
  ('CREATE OPERATOR elsewhere.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)', ''), ('CREATE CAST (fp.mood AS int) WITH FUNCTION elsewhere.mood_int(fp.mood)', '-'),
  -- comments
  ('COMMENT ON TABLE fp.t IS ''a table''', 'af'), ('COMMENT ON TABLE fp.t IS ''a table''', ''), ('COMMENT ON COLUMN fp.t.a IS ''a column''', 'af'), ('COMMENT ON COLUMN fp.t.a IS NULL', 'af'), ('COMMENT ON COLUMN fp.t.a IS NULL', ''), ('COMMENT ON CONSTRAINT positive ON fp.t IS ''a check''', 'af'),
  ('COMMENT ON INDEX fp.t_pkey IS ''an index''', 'af'), ('COMMENT ON SCHEMA fp IS ''a schema''', 'af'), ('COMMENT ON SCHEMA elsewhere IS ''a schema''', 'a'), ('COMMENT ON FUNCTION fp.g(int) IS ''f''', 'af'), ('COMMENT ON SEQUENCE fp.s IS ''s''', 'af'), ('COMMENT ON TYPE fp.mood IS ''m''', 'af'),
  ('COMMENT ON COLUMN fp.pair.a IS ''attribute''', 'af'), ('COMMENT ON FUNCTION elsewhere.f2(int) IS ''f''', 'a'), ('COMMENT ON ROLE fp_first IS ''r''', ''), ('COMMENT ON EXTENSION hstore IS ''e''', 'af'), ('COMMENT ON OPERATOR elsewhere.=== (text, text) IS ''o''', ''), ('COMMENT ON DATABASE template1 IS ''x''', ''),
  ('COMMENT ON RULE "_RETURN" ON fp.v IS ''r''', ''),
  -- privileges
  ('GRANT SELECT ON fp.t TO fp_first', 'af'), ('GRANT SELECT ON fp.t TO fp_first', ''), ('GRANT SELECT ON fp.t TO fp_first WITH GRANT OPTION', 'af'), ('REVOKE ALL ON fp.t FROM fp_first', 'af'), ('GRANT UPDATE (a) ON fp.t TO PUBLIC', 'af'), ('REVOKE UPDATE (a) ON fp.t FROM PUBLIC', 'af'), ('REVOKE UPDATE (a) ON fp.t FROM PUBLIC', ''),
  ('GRANT EXECUTE ON FUNCTION fp.g(int) TO fp_first', ''), ('GRANT USAGE ON SEQUENCE fp.s TO fp_first', ''), ('GRANT USAGE ON SCHEMA fp TO fp_first', ''), ('GRANT fp_first TO fp_second', ''), ('ALTER ROLE fp_second LOGIN', ''),
  ('ALTER DEFAULT PRIVILEGES IN SCHEMA fp GRANT SELECT ON TABLES TO fp_first', 'af'), ('ALTER DEFAULT PRIVILEGES IN SCHEMA elsewhere GRANT SELECT ON TABLES TO fp_first', 'a'), ('ALTER DEFAULT PRIVILEGES IN SCHEMA fp REVOKE SELECT ON TABLES FROM fp_first', 'af'),
  -- constraints and indexes
  ('ALTER TABLE fp.t ADD CONSTRAINT late CHECK (a <> '''') NOT VALID', 'af'), ('ALTER TABLE fp.t VALIDATE CONSTRAINT late', 'af'), ('ALTER TABLE fp.t VALIDATE CONSTRAINT late', ''), ('ALTER TABLE fp.t RENAME CONSTRAINT late TO later', 'af'), ('ALTER TABLE fp.t DROP CONSTRAINT later', 'af'), ('ALTER TABLE fp.t DROP CONSTRAINT IF EXISTS later', ''),
  ('ALTER TABLE fp.t ALTER CONSTRAINT t_r_fkey DEFERRABLE', 'af'), ('CREATE INDEX t_a ON fp.t (a DESC) WHERE n > 1', 'af'), ('REINDEX INDEX fp.t_a', ''), ('ALTER INDEX fp.t_a SET (fillfactor = 60)', 'af'), ('CLUSTER fp.t USING t_pkey', 'af'), ('CLUSTER fp.t', ''), ('ALTER INDEX fp.t_a RENAME TO t_aa', 'af'), ('DROP INDEX fp.t_aa', 'af'),
  ('CREATE INDEX t_h ON fp.t USING gist (h elsewhere.gist_hstore_ops (siglen = 32))', 'af'), ('DROP INDEX fp.t_h', 'af'), ('CREATE STATISTICS fp.st ON a, n FROM fp.t', 'af'), ('ALTER STATISTICS fp.st SET STATISTICS 7', 'af'), ('DROP STATISTICS fp.st', 'af'),
  -- partitions are left out
  ('CREATE TABLE fp.p1 PARTITION OF fp.p FOR VALUES FROM (0) TO (9)', ''), ('CREATE TABLE fp.p2 PARTITION OF fp.p DEFAULT', ''), ('COMMENT ON TABLE fp.p1 IS ''x''', ''), ('ALTER TABLE fp.p ADD COLUMN c int', 'af'), ('ALTER TABLE fp.p DETACH PARTITION fp.p1', 'af'), ('ALTER TABLE fp.p ATTACH PARTITION fp.p1 FOR VALUES FROM (0) TO (9)', 'af'),
  -- views, rules, triggers, policies
  ('CREATE OR REPLACE VIEW fp.v AS SELECT t.id, e.n2 AS n FROM fp.t JOIN elsewhere.t2 e ON e.id = t.r', ''), ('CREATE OR REPLACE   VIEW   fp.v   AS   SELECT   t.id,   e.n2   AS   n   FROM   fp.t   JOIN   elsewhere.t2   e   ON   e.id = t.r', ''),
  ('CREATE OR REPLACE VIEW fp.v AS SELECT t.id, e.n2 AS n FROM fp.t JOIN elsewhere.t2 e ON e.id = t.n', 'af'), ('ALTER VIEW fp.v RENAME COLUMN n TO nn', 'af'), ('ALTER VIEW fp.v SET (security_barrier)', 'af'), ('CREATE VIEW elsewhere.w AS SELECT * FROM fp.t', 'a'), ('DROP VIEW elsewhere.w', 'a'),
  ('CREATE RULE r AS ON INSERT TO fp.v DO INSTEAD NOTHING', 'af'), ('ALTER TABLE fp.v DISABLE RULE r', '-'), ('ALTER RULE r ON fp.v RENAME TO rr', 'af'), ('DROP RULE rr ON fp.v', 'af'),
  ('CREATE TRIGGER tr BEFORE INSERT ON fp.t FOR EACH ROW WHEN (NEW.n > 1) EXECUTE FUNCTION fp.trg(''x'')', 'af'), ('ALTER TABLE fp.t DISABLE TRIGGER tr', 'af'), ('ALTER TABLE fp.t DISABLE TRIGGER tr', ''), ('ALTER TRIGGER tr ON fp.t RENAME TO trr', 'af'), ('CREATE OR REPLACE TRIGGER trr BEFORE INSERT ON fp.t FOR EACH ROW EXECUTE FUNCTION fp.trg()', 'af'), ('DROP TRIGGER trr ON fp.t', 'af'),
  ('CREATE POLICY po ON fp.t USING (n > 1)', 'af'), ('ALTER POLICY po ON fp.t USING (n > 1)', ''), ('ALTER POLICY po ON fp.t TO fp_first', 'af'), ('ALTER ROLE fp_first RENAME TO fp_1', 'af'), ('ALTER POLICY po ON fp.t RENAME TO pp', 'af'), ('DROP POLICY pp ON fp.t', 'af'),
  -- types, functions, sequences
  ('ALTER TYPE fp.mood ADD VALUE ''ok'' BEFORE ''happy''', 'af'), ('ALTER TYPE fp.mood ADD VALUE IF NOT EXISTS ''ok''', ''), ('ALTER TYPE fp.mood RENAME VALUE ''ok'' TO ''fine''', 'af'), ('ALTER TYPE fp.pair ADD ATTRIBUTE c int', 'af'), ('ALTER TYPE fp.pair OWNER TO fp_1', 'af'),
  ('ALTER DOMAIN fp.d ADD CONSTRAINT dc CHECK (VALUE > 0)', 'af'), ('ALTER DOMAIN fp.d SET DEFAULT 2', 'af'), ('ALTER  DOMAIN  fp.d  SET  DEFAULT  2', ''), ('ALTER DOMAIN fp.d DROP CONSTRAINT dc', 'af'), ('CREATE TYPE fp.rng AS RANGE (subtype = int)', 'af'), ('GRANT USAGE ON TYPE fp.mood TO fp_1', ''),
  ('CREATE OR REPLACE FUNCTION fp.g(a int) RETURNS int LANGUAGE sql AS ''SELECT a''', ''), ('CREATE OR REPLACE FUNCTION fp.g(a int) RETURNS int LANGUAGE sql AS ''SELECT a + 1''', 'af'), ('ALTER FUNCTION fp.g(int) STABLE', 'af'), ('ALTER FUNCTION fp.g(int) COST 17', 'af'), ('ALTER FUNCTION fp.g(int) SET work_mem = ''1MB''', 'af'), ('CREATE OR REPLACE FUNCTION fp.g(a int DEFAULT 1) RETURNS int LANGUAGE sql STABLE AS ''SELECT a + 1''', 'af'),
  ('CREATE FUNCTION fp.takes(elsewhere.e2) RETURNS elsewhere.t2 LANGUAGE sql AS ''SELECT NULL::elsewhere.t2''', 'af'), ('ALTER TYPE elsewhere.e2 RENAME TO e3', 'af'), ('DROP FUNCTION fp.takes', 'af'),
  ('ALTER SEQUENCE fp.s INCREMENT 2', 'af'), ('ALTER SEQUENCE fp.s INCREMENT 2', ''), ('ALTER SEQUENCE fp.s OWNED BY fp.t.id', 'af'), ('ALTER SEQUENCE fp.s OWNED BY fp.t.id', ''), ('ALTER SEQUENCE fp.s OWNED BY NONE', 'af'), ('ALTER SEQUENCE fp.s CYCLE', 'af'), ('ALTER TABLE fp.t ALTER id ADD GENERATED BY DEFAULT AS IDENTITY', 'af'), ('ALTER TABLE fp.t ALTER id SET GENERATED ALWAYS', 'af'), ('ALTER TABLE fp.t ALTER id RESTART WITH 7', ''), ('ALTER TABLE fp.t ALTER id SET CACHE 7', 'af'),
  -- extensions, publications, event triggers
  ('ALTER EXTENSION hstore ADD TABLE fp.p', 'af'), ('ALTER TABLE fp.p ADD COLUMN d int', ''), ('ALTER EXTENSION hstore DROP TABLE fp.p', 'af'), ('ALTER EXTENSION hstore ADD FUNCTION fp.g(int)', 'af'), ('ALTER EXTENSION hstore DROP FUNCTION fp.g(int)', 'af'),
  ('CREATE PUBLICATION pub FOR TABLE fp.t', 'af'), ('ALTER PUBLICATION pub ADD TABLES IN SCHEMA elsewhere', 'af'), ('ALTER PUBLICATION pub SET (publish = ''insert'')', 'af'), ('DROP PUBLICATION pub', 'af'),
  ('CREATE FUNCTION public.evt() RETURNS event_trigger LANGUAGE plpgsql AS ''BEGIN END''', 'a'), ('CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION public.evt()', 'af'), ('ALTER FUNCTION public.evt() RENAME TO evt2', 'af'), ('ALTER EVENT TRIGGER et DISABLE', 'af'), ('DROP EVENT TRIGGER et', 'af'),
  -- inheritance, foreign tables
  ('CREATE TABLE fp.child () INHERITS (fp.m2)', '-'), ('CREATE TABLE fp.child () INHERITS (fp.t)', 'af'), ('ALTER TABLE fp.child NO INHERIT fp.t', 'af'), ('DROP TABLE fp.child', 'af'), ('CREATE EXTENSION postgres_fdw SCHEMA elsewhere', 'af'),
  ('CREATE SERVER srv FOREIGN DATA WRAPPER postgres_fdw', ''), ('CREATE FOREIGN TABLE fp.f (a int) SERVER srv OPTIONS (table_name ''x'')', 'af'), ('ALTER SERVER srv OPTIONS (updatable ''false'')', 'af'), ('ALTER SERVER srv OPTIONS (fetch_size ''17'')', ''), ('ALTER SERVER srv RENAME TO srv2', 'af'), ('ALTER FOREIGN TABLE fp.f OPTIONS (SET table_name ''y'')', 'af'), ('CREATE USER MAPPING FOR PUBLIC SERVER srv2', ''), ('DROP FOREIGN TABLE fp.f', 'af'),
  -- the path
  ('SET search_path = fp, public', 'af'), ('SET search_path = fp, public', ''), ('SET search_path = elsewhere, fp, public', 'af'), ('CREATE TABLE elsewhere.v (hides int)', 'af'), ('SET search_path = public', 'af'),
  -- and back again
  ('DROP TABLE fp.p', 'af'), ('DROP SCHEMA elsewhere CASCADE', 'af')
  ) v(s, c) WHERE c <> '-';
SELECT plan(count(*)::int + 6) FROM steps;

SELECT pg_temp.step(statement, changes_all, changes_fp) FROM (SELECT * FROM steps ORDER BY n) s;

-- a savepoint that is rolled back brings the old one back
CREATE TEMP TABLE kept AS SELECT aiodal.fingerprint() AS f;
SAVEPOINT s;
CREATE TABLE fp.gone (a int);
COMMENT ON TABLE fp.t IS 'gone';
SELECT isnt(aiodal.fingerprint(), f, 'within a savepoint') FROM pg_temp.kept;
ROLLBACK TO s;
SELECT is(aiodal.fingerprint(), f, 'after it was rolled back') FROM pg_temp.kept;

-- scopes have fingerprints of their own, and equal scopes equal ones
SELECT isnt(aiodal.fingerprint('{fp}'), aiodal.fingerprint('{public}'), 'of schemas');
SELECT is(aiodal.fingerprint('{fp,public}'), aiodal.fingerprint('{public,fp}'), 'in any order');
SELECT is(aiodal.reflect('{fp}', include => '{partitions}') ->> 'fingerprint', aiodal.fingerprint('{fp}', '{partitions}'), 'it is in the document');
SELECT throws_ok($$ SELECT aiodal.fingerprint('{nowhere}') $$, '3F000');

SELECT * FROM finish();
ROLLBACK;
