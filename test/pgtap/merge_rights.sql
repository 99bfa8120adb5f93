-- Whose rights count: the caller's, for just what the mode needs; row-level
-- security holds, and no row it gets in the way of is lost without a word.
SELECT plan(36);

CREATE FUNCTION counts(m aiodal.merge_result) RETURNS text
    RETURN format('%s staged: %s inserted, %s updated, %s unchanged, %s ignored, %s deleted', m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.deleted);
-- The merge of these rows as a role: its counts, or its error.
CREATE FUNCTION merged(role name, target regclass, rows text, mode text DEFAULT 'upsert', columns name[] DEFAULT NULL, update_columns name[] DEFAULT NULL)
    RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    stage regclass;
    result text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    stage := aiodal.stage(target, columns);
    EXECUTE format('INSERT INTO %s VALUES %s', stage, rows);
    result := counts(aiodal.merge(stage, mode => mode, key => CASE WHEN mode <> 'insert' THEN '{id}'::name[] END, update_columns => update_columns));
    RESET ROLE;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE FUNCTION as_text(relation regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    EXECUTE format('SELECT string_agg(t::text, '' '' ORDER BY t::text) FROM %s t', relation) INTO result;
    RETURN result;
END $$;

SELECT 'clerk_' || pg_backend_pid() AS clerk, 'owner_' || pg_backend_pid() AS owner \gset
CREATE ROLE :clerk;
CREATE ROLE :owner;
GRANT TEMPORARY ON DATABASE :"DBNAME" TO :clerk;

-- Privileges of columns and tables.
CREATE TABLE t (id int PRIMARY KEY, v text, secret text DEFAULT 'hidden');
INSERT INTO t VALUES (1, 'a'), (2, 'b');
SELECT is(merged(:'clerk', 't', $$(1, 'x', 'x')$$), '42501 permission denied for table t', 'nothing without a right');
GRANT INSERT ON t TO :clerk;
SELECT is(merged(:'clerk', 't', $$(3, 'c', 'x')$$, 'insert'), '1 staged: 1 inserted, 0 updated, 0 unchanged, 0 ignored, 0 deleted', 'insert needs INSERT alone');
SELECT is(merged(:'clerk', 't', $$(3, 'c', 'x')$$, 'ignore'), '42501 permission denied for table t', 'ignore also looks at the key');
REVOKE INSERT ON t FROM :clerk;
GRANT INSERT (id, v), SELECT (id) ON t TO :clerk;
SELECT is(merged(:'clerk', 't', $$(3, 'c'), (4, 'd')$$, 'ignore', '{id,v}'), '2 staged: 1 inserted, 0 updated, 0 unchanged, 1 ignored, 0 deleted', 'which SELECT on the key allows');
SELECT is(merged(:'clerk', 't', $$(3, 'c', 'x')$$, 'ignore'), '42501 permission denied for table t', 'columns without the right cannot be filled');
SELECT is(merged(:'clerk', 't', $$(3, 'e')$$, 'upsert', '{id,v}'), '42501 permission denied for table t', 'upsert needs UPDATE');
GRANT UPDATE (v), SELECT (v) ON t TO :clerk;
SELECT is(merged(:'clerk', 't', $$(3, 'e'), (4, 'd'), (5, 'f')$$, 'upsert', '{id,v}'), '3 staged: 1 inserted, 1 updated, 1 unchanged, 0 ignored, 0 deleted', 'of just the columns it writes');
SELECT is(merged(:'clerk', 't', $$(3, 'g'), (9, 'd')$$, 'update', '{id,v}'), '2 staged: 0 inserted, 1 updated, 0 unchanged, 1 ignored, 0 deleted', 'as does update');
SELECT is(merged(:'clerk', 't', $$(3, 'g')$$, 'sync', '{id,v}'), '42501 permission denied for table t', 'sync needs DELETE');
GRANT DELETE ON t TO :clerk;
SELECT is(merged(:'clerk', 't', $$(3, 'g')$$, 'sync', '{id,v}'), '1 staged: 0 inserted, 0 updated, 1 unchanged, 0 ignored, 4 deleted', 'and has it');
SELECT is(as_text('t'), '(3,g,x)', 'with this result');
REVOKE ALL ON t FROM :clerk;
GRANT UPDATE (v), SELECT (id, v) ON t TO :clerk;
SELECT is(merged(:'clerk', 't', $$(3, 'h')$$, 'update', '{id,v}'), '1 staged: 0 inserted, 1 updated, 0 unchanged, 0 ignored, 0 deleted', 'update needs no INSERT');

-- A stage of another's: SELECT on it is needed.
CREATE TABLE plain (id int, v text);
INSERT INTO plain VALUES (3, 'p');
SET ROLE :clerk;
SELECT throws_ok($$ SELECT aiodal.merge('plain', 't', 'update') $$, '42501', 'permission denied for table plain', 'a plain table as stage must be readable');
RESET ROLE;
GRANT SELECT ON plain TO :clerk;
SET ROLE :clerk;
SELECT lives_ok($$ SELECT aiodal.merge('plain', 't', 'update') $$, 'and then is');
RESET ROLE;

-- SECURITY DEFINER: the function's owner counts.
CREATE FUNCTION load_plain() RETURNS text SECURITY DEFINER SET search_path = pg_catalog LANGUAGE sql AS
$$ SELECT public.counts(aiodal.merge('public.plain', 'public.t')) $$;
UPDATE plain SET v = 'definer';
SET ROLE :clerk;
SELECT is(load_plain(), '1 staged: 0 inserted, 1 updated, 0 unchanged, 0 ignored, 0 deleted', 'a function with its owner''s rights merges with these');
RESET ROLE;

-- No temporary tables: a clear error.
REVOKE TEMPORARY ON DATABASE :"DBNAME" FROM PUBLIC, :clerk;
SELECT matches(merged(:'clerk', 't', $$(3, 'h')$$), '^42501 permission denied to create temporary tables in database', 'without the right to temporary tables');
GRANT TEMPORARY ON DATABASE :"DBNAME" TO PUBLIC;

-- Row-level security.
CREATE TABLE r (id int PRIMARY KEY, v text, who text);
ALTER TABLE r OWNER TO :owner;
GRANT ALL ON r TO :clerk;
GRANT CREATE ON SCHEMA public TO :owner;
INSERT INTO r VALUES (1, 'own', 'clerk'), (2, 'seen', 'other'), (3, 'unseen', 'nobody');
ALTER TABLE r ENABLE ROW LEVEL SECURITY;
SELECT is(merged(:'clerk', 'r', $$(4, 'd', 'clerk')$$), '42501 new row violates row-level security policy for table "r"', 'no policy, no row');
CREATE POLICY see ON r FOR SELECT USING (who <> 'nobody');
CREATE POLICY add ON r FOR INSERT WITH CHECK (who = 'clerk');
CREATE POLICY change ON r FOR UPDATE USING (who = 'clerk') WITH CHECK (who <> 'boss');
CREATE POLICY remove ON r FOR DELETE USING (who = 'clerk');
SELECT is(merged(:'clerk', 'r', $$(1, 'new', 'clerk'), (2, 'seen', 'other'), (4, 'd', 'clerk')$$), '3 staged: 1 inserted, 1 updated, 1 unchanged, 0 ignored, 0 deleted', 'rows that policies allow are merged');
SELECT is(merged(:'clerk', 'r', $$(5, 'e', 'clerk'), (2, 'changed', 'other')$$), '42501 row-level security keeps the merge from updating "r"', 'a row that is seen but may not be changed is an error');
SELECT is(merged(:'clerk', 'r', $$(1, 'new', 'clerk'), (2, 'changed', 'other')$$, 'update'), '42501 row-level security keeps the merge from updating "r"', 'in mode update too');
SELECT is(merged(:'clerk', 'r', $$(3, 'changed', 'clerk')$$), '42501 new row violates row-level security policy (USING expression) for table "r"', 'so is one that is not even seen');
SELECT is(merged(:'clerk', 'r', $$(3, 'changed', 'clerk')$$, 'insert'), '23505 duplicate key value violates unique constraint "r_pkey"', 'insert: as ever');
SELECT is(merged(:'clerk', 'r', $$(3, 'changed', 'clerk'), (1, 'x', 'clerk')$$, 'ignore'), '2 staged: 0 inserted, 0 updated, 0 unchanged, 2 ignored, 0 deleted', 'ignore: whether seen or not');
SELECT is(merged(:'clerk', 'r', $$(3, 'changed', 'clerk'), (1, 'x', 'clerk')$$, 'update'), '2 staged: 0 inserted, 1 updated, 0 unchanged, 1 ignored, 0 deleted', 'update: what is not seen is not there');
SELECT is(merged(:'clerk', 'r', $$(1, 'x', 'boss')$$, 'upsert'), '42501 new row violates row-level security policy for table "r"', 'a new value must be allowed');
SELECT is(merged(:'clerk', 'r', $$(2, 'seen', 'other')$$, 'sync'), '1 staged: 0 inserted, 0 updated, 1 unchanged, 0 ignored, 2 deleted', 'sync deletes what the role may delete');
SELECT is(as_text('r'), '(2,seen,other) (3,unseen,nobody)', 'and leaves the rest');
SELECT is(merged(:'owner', 'r', $$(2, 'a', 'x'), (3, 'b', 'x'), (1, 'c', 'x')$$), '3 staged: 1 inserted, 2 updated, 0 unchanged, 0 ignored, 0 deleted', 'the owner is not held to policies');
ALTER TABLE r FORCE ROW LEVEL SECURITY;
SELECT is(merged(:'owner', 'r', $$(2, 'b', 'x')$$), '42501 row-level security keeps the merge from updating "r"', 'unless by FORCE');
ALTER TABLE r NO FORCE ROW LEVEL SECURITY;
SET row_security = off;
SELECT is(merged(:'clerk', 'r', $$(2, 'b', 'x')$$), '42501 query would be affected by row-level security policy for table "r"', 'row_security = off is an error where policies apply');
RESET row_security;

-- The row is named.
SET ROLE :clerk;
BEGIN;
SELECT aiodal.stage('r') AS stage \gset
INSERT INTO r_stage VALUES (7, 'x', 'clerk'), (2, 'y', 'z'), (8, 'x', 'clerk');
DO $$
DECLARE context text;
BEGIN
    PERFORM aiodal.merge('r_stage');
EXCEPTION WHEN insufficient_privilege THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    PERFORM set_config('test.context', substring(context FROM 'merge of[^\n]*'), false);
END $$;
COMMIT;
RESET ROLE;
SELECT is(current_setting('test.context'), 'merge of "r_stage" into "r", row 2', 'the row that is in the way of a policy is named');

-- A view with fewer rights than its table, and policies below it.
CREATE VIEW w AS SELECT id, v FROM r WHERE who <> 'boss' WITH CHECK OPTION;
ALTER VIEW w OWNER TO :owner;
GRANT SELECT (id, v), UPDATE (v), INSERT ON w TO :clerk;
ALTER TABLE r ALTER who SET DEFAULT 'clerk';
SELECT is(merged(:'clerk', 'w', $$(2, 'by view'), (3, 'b'), (9, 'view')$$), '3 staged: 1 inserted, 1 updated, 1 unchanged, 0 ignored, 0 deleted', 'a view''s own rights are enough');
SELECT is(merged(:'clerk', 'w', $$(2, 'by view'), (10, 'view')$$, 'ignore'), '2 staged: 1 inserted, 0 updated, 0 unchanged, 1 ignored, 0 deleted', 'without a right to lock');
CREATE VIEW i WITH (security_invoker) AS SELECT id, v FROM r;
GRANT ALL ON i TO :clerk;
SELECT is(merged(:'clerk', 'i', $$(2, 'changed'), (11, 'view')$$), '42501 row-level security keeps the merge from updating "i"', 'policies below a view are heard of');

-- Names that shadow PostgreSQL's own: nothing of the caller's is called.
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.caught(anyelement, anyelement) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'caught'; END $$;
CREATE FUNCTION hostile.caught(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'caught'; END $$;
CREATE FUNCTION hostile.caught(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'caught'; END $$;
CREATE FUNCTION hostile.caught(tid, tid) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'caught'; END $$;
CREATE FUNCTION hostile.count(anyelement) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'caught'; END $$;
CREATE FUNCTION hostile.concat_ws(VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'caught'; END $$;
DO $$
DECLARE op text; type text;
BEGIN
    FOREACH op IN ARRAY '{=,<>,<,>,<=,>=,*<>,*=}'::text[] LOOP
        FOREACH type IN ARRAY '{int,bigint,tid}'::text[] LOOP
            EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = %s, RIGHTARG = %2$s, FUNCTION = hostile.caught)', op, type);
        END LOOP;
    END LOOP;
END $$;
CREATE DOMAIN hostile.int4 AS text;
CREATE DOMAIN hostile.text AS pg_catalog.int4;
CREATE DOMAIN hostile.int8 AS pg_catalog.text;
CREATE DOMAIN hostile.record AS pg_catalog.text;
CREATE DOMAIN hostile.tid AS pg_catalog.text;
CREATE TABLE h (id int PRIMARY KEY, v text, n numeric(5, 2), c varchar(4), i interval day, b bit(3), a text[]);
CREATE TABLE hostile.h (x int);
CREATE TABLE hostile.h_stage (x int);
INSERT INTO h (id, v) VALUES (1, 'a'), (2, 'b'), (3, 'c');
BEGIN;
CREATE TEMP TABLE h_stage_duplicates (tid int);
CREATE TEMP TABLE s (id int); CREATE TEMP TABLE x (id int); CREATE TEMP TABLE l (tid int);
SET LOCAL search_path = hostile, pg_temp, public, pg_catalog;
SELECT aiodal.stage('public.h'::pg_catalog.regclass) AS stage \gset
INSERT INTO pg_temp.h_stage (id, v) VALUES (1, 'A'), (1, 'A2'), (2, 'b'), (4, 'd');
SELECT public.counts(aiodal.merge('pg_temp.h_stage'::pg_catalog.regclass, mode => 'sync', on_duplicate => 'last', delete_where => 'true')) AS result \gset
COMMIT;
SELECT is(:'result'::text, '4 staged: 1 inserted, 1 updated, 1 unchanged, 0 ignored, 1 deleted', 'a hostile search_path changes nothing');
BEGIN;
SET LOCAL search_path = hostile, pg_temp, public, pg_catalog;
SELECT aiodal.stage('public.h'::pg_catalog.regclass) AS stage \gset
INSERT INTO pg_temp.h_stage (id, v) VALUES (1, 'A'), (1, 'A2');
DO $$
BEGIN
    PERFORM aiodal.merge('pg_temp.h_stage'::pg_catalog.regclass);
EXCEPTION WHEN unique_violation THEN
    PERFORM pg_catalog.set_config('test.context', SQLERRM, false);
END $$;
COMMIT;
SELECT is(current_setting('test.context'), 'key (id)=(1) is in the batch more than once', 'not even the words of an error');

DROP VIEW i, w;
DROP OWNED BY :clerk, :owner;

DROP ROLE :clerk, :owner;
SELECT * FROM finish();
