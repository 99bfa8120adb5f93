-- Every reason for plain SQL: explain_merge() gives it, merge() too, and where only the direct path is allowed the
-- error does. What the direct path would have to do is done, and as well as where plain SQL is asked for.
SELECT plan(71);
SET client_min_messages = warning;

CREATE FUNCTION failure(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN format('%s %s: %s %s', SQLSTATE, SQLERRM, detail, hint);
END $$;

-- What a merge of batch does by one path, undone: counts, path, reason, the table behind it, bad rows
CREATE FUNCTION outcome(path text, target regclass, batch text, mode text, key name[], on_error text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    m aiodal.merge_result;
    stage regclass := batch;
    result text[];
    contents text;
BEGIN
    PERFORM set_config('aiodal.path', path, true);
    IF on_error = 'reject' THEN
        stage := aiodal.stage(target, on_error => 'reject');
        EXECUTE format('INSERT INTO %s TABLE %s', stage, batch);
    END IF;
    m := aiodal.merge(stage, target, mode, key);
    EXECUTE format('SELECT string_agg(t::text, E''\n'' ORDER BY t::text) FROM %s t', target) INTO contents;
    result := ARRAY[m.path, m.reason, ROW(m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.deleted, m.duplicates, m.rejected)::text, contents,
                    (SELECT string_agg(r::text, E'\n' ORDER BY r::text) FROM aiodal.rejects(stage) r WHERE on_error = 'reject')];
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN result;
WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS contents = PG_EXCEPTION_DETAIL;
    RETURN ARRAY['failed', '', SQLSTATE, SQLERRM, contents];
END $$;

-- The merge goes by SQL for this reason, with these counts.
CREATE FUNCTION steps_aside(reason text, counts text, target regclass, batch text DEFAULT 'batch', mode text DEFAULT 'upsert', key name[] DEFAULT NULL,
                            on_error text DEFAULT 'stop', explained boolean DEFAULT true) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    auto text[] := outcome('auto', target, batch, mode, key, on_error);
    by_sql text[] := outcome('sql', target, batch, mode, key, on_error);
    forbidden text[] := outcome('direct', target, batch, mode, key, on_error);
BEGIN
    RETURN NEXT is(auto[1:3], ARRAY['sql', reason, counts], reason);
    RETURN NEXT is(auto[3:], by_sql[3:], 'the same where SQL is asked for: ' || reason);
    RETURN NEXT is(forbidden, ARRAY['failed', '', '0A000', format('cannot merge into "%s" by the direct path', (SELECT relname FROM pg_class WHERE oid = target)),
                                    format('The reason is that %s.', reason)], 'an error where it is not allowed: ' || reason);
    PERFORM set_config('aiodal.path', 'auto', false);
    IF explained THEN
        RETURN NEXT is((SELECT ARRAY[e.path, e.reason] FROM aiodal.explain_merge(target, mode, key) e), ARRAY['sql', reason], 'explained: ' || reason);
    END IF;
END $$;

CREATE TABLE plain (id int PRIMARY KEY, v text UNIQUE);
INSERT INTO plain VALUES (1, 'one'), (2, 'two');
CREATE TABLE batch (id int, v text);
INSERT INTO batch VALUES (2, 'two'), (1, 'new'), (3, 'three');
SELECT is(outcome('auto', 'plain', 'batch', 'upsert', NULL, 'stop'), ARRAY['direct', NULL, '(3,1,1,1,0,0,0,0)', E'(1,new)\n(2,two)\n(3,three)', NULL], 'no reason');
SELECT is((outcome('sql', 'plain', 'batch', 'upsert', NULL, 'stop'))[1:4], ARRAY['sql', 'aiodal.path is sql', '(3,1,1,1,0,0,0,0)', E'(1,new)\n(2,two)\n(3,three)'], 'SQL asked for');

-- what the target is
CREATE VIEW shown AS SELECT * FROM plain;
SELECT steps_aside('the target is a view or a foreign table', '(3,1,1,1,0,0,0,0)', 'shown', key => '{id}');
CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE elsewhere (id int PRIMARY KEY, v text) USING other_heap;
INSERT INTO elsewhere TABLE plain;
SELECT steps_aside('the target''s access method is not heap', '(3,1,1,1,0,0,0,0)', 'elsewhere');
SELECT is(aiodal.explain_merge('pg_catalog.pg_description')::text, '(sql,"the target is a system catalog")', 'a system catalog');
BEGIN;
SET LOCAL allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass NOT NULL);
INSERT INTO pg_catalog.pg_dist_partition VALUES ('plain');
SELECT steps_aside('the target is distributed by Citus', '(3,1,1,1,0,0,0,0)', 'plain');
ROLLBACK;

-- what else happens to its rows
CREATE TABLE ruled (LIKE plain INCLUDING ALL);
INSERT INTO ruled TABLE plain;
CREATE RULE log AS ON INSERT TO ruled DO ALSO NOTIFY ruled;
SELECT steps_aside('the target has rules', '(3,1,1,1,0,0,0,0)', 'ruled');
CREATE TABLE changed (LIKE plain INCLUDING ALL);
INSERT INTO changed TABLE plain;
CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := upper(NEW.v); RETURN NEW; END $$;
CREATE TRIGGER change BEFORE INSERT OR UPDATE ON changed FOR EACH ROW EXECUTE FUNCTION change();
SELECT steps_aside('the target has BEFORE row triggers', '(3,1,1,1,0,0,0,0)', 'changed');
CREATE TABLE told (LIKE plain INCLUDING ALL);
INSERT INTO told TABLE plain;
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER tell AFTER INSERT ON told EXECUTE FUNCTION tell();
SELECT steps_aside('the target has statement triggers', '(3,1,1,1,0,0,0,0)', 'told');

-- its keys
CREATE TABLE later (id int PRIMARY KEY, v text UNIQUE DEFERRABLE);
INSERT INTO later TABLE plain;
SELECT steps_aside('the target has a deferrable unique or an exclusion constraint', '(3,1,1,1,0,0,0,0)', 'later');
CREATE TABLE apart (id int PRIMARY KEY, v text, EXCLUDE (v WITH =));
INSERT INTO apart TABLE plain;
SELECT steps_aside('the target has a deferrable unique or an exclusion constraint', '(3,1,1,1,0,0,0,0)', 'apart');
CREATE TABLE none_twice (id int UNIQUE NULLS NOT DISTINCT, v text);
INSERT INTO none_twice TABLE plain;
SELECT steps_aside('the key is NULLS NOT DISTINCT', '(3,1,1,1,0,0,0,0)', 'none_twice', key => '{id}');

-- the batch
CREATE FUNCTION draw() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 7; END $$;
CREATE TABLE drawn (id int PRIMARY KEY, v text, lot int DEFAULT draw());
INSERT INTO drawn SELECT *, 0 FROM plain;
SELECT steps_aside('a column left out has a volatile default', '(3,1,1,1,0,0,0,0)', 'drawn', explained => false);
CREATE TABLE batch_elsewhere (id int, v text) USING other_heap;
INSERT INTO batch_elsewhere TABLE batch;
SELECT steps_aside('the batch''s access method is not heap', '(3,1,1,1,0,0,0,0)', 'plain', 'batch_elsewhere', explained => false);

-- rights: of the batch, and of the target
CREATE ROLE clerk;
GRANT clerk TO CURRENT_USER;
GRANT SELECT, INSERT, UPDATE, DELETE ON plain TO clerk;
CREATE TABLE columns_granted AS TABLE batch;
GRANT SELECT (id, v) ON columns_granted TO clerk;
CREATE TABLE rows_hidden AS TABLE batch;
INSERT INTO rows_hidden VALUES (9, 'nine');
ALTER TABLE rows_hidden ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON rows_hidden USING (id < 9);
GRANT SELECT ON rows_hidden TO clerk;
CREATE TABLE guarded (LIKE plain INCLUDING ALL);
INSERT INTO guarded TABLE plain;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON guarded USING (id < 9);
GRANT SELECT, INSERT, UPDATE ON guarded TO clerk;
GRANT SELECT ON batch TO clerk;
SET ROLE clerk;
SELECT steps_aside('rights or row security limit what can be read of the batch', '(3,1,1,1,0,0,0,0)', 'plain', 'rows_hidden', explained => false);
SELECT is(failure($$SELECT aiodal.merge('columns_granted', 'plain')$$), 'none', 'rights to all columns suffice');
SELECT steps_aside('row security applies to the current user', '(3,1,1,1,0,0,0,0)', 'guarded');
RESET ROLE;
DELETE FROM plain WHERE id = 3;
UPDATE plain SET v = 'one' WHERE id = 1;

-- the transaction
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT steps_aside('the isolation level is above READ COMMITTED', '(3,1,1,1,0,0,0,0)', 'plain');
ROLLBACK;

-- what only comes out while it is done
CREATE TABLE judged (LIKE plain INCLUDING ALL);
INSERT INTO judged TABLE plain;
CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.v = 'three' THEN RAISE 'no threes'; END IF; RETURN NULL; END $$;
CREATE TRIGGER judge AFTER INSERT ON judged FOR EACH ROW EXECUTE FUNCTION judge();
SELECT steps_aside('some rows to be set aside can only be found by SQL', '(3,0,1,1,0,0,0,1)', 'judged', on_error => 'reject', explained => false);
SELECT is(failure($$SELECT aiodal.merge('batch', 'judged')$$), 'P0001 no threes:  ', 'and are errors otherwise');

-- foreign keys to the table itself: parents come in the same batch, for rows that are there and for new ones
CREATE TABLE tree (id int PRIMARY KEY, above int REFERENCES tree);
INSERT INTO tree VALUES (1, NULL), (2, 1);
CREATE TABLE trees AS SELECT * FROM (VALUES (2, 4), (3, 1), (4, 3), (5, 9)) AS t(id, above);
CREATE TABLE more_trees AS TABLE trees;
UPDATE more_trees SET above = 2 WHERE id = 5;
INSERT INTO more_trees VALUES (1, NULL);
SELECT is(outcome('direct', 'tree', 'more_trees', mode, NULL, 'stop'), ARRAY['direct', NULL] || (outcome('sql', 'tree', 'more_trees', mode, NULL, 'stop'))[3:], 'parents among the rows, ' || mode)
  FROM unnest('{upsert,sync,ignore}'::text[]) mode;
SELECT is((outcome('sql', 'tree', 'more_trees', 'upsert', NULL, 'stop'))[3:4], ARRAY['(5,3,1,1,0,0,0,0)', E'(1,)\n(2,4)\n(3,1)\n(4,3)\n(5,2)'], 'which are found by SQL, too');
SELECT is(outcome('direct', 'tree', 'trees', 'upsert', NULL, 'stop'), outcome('sql', 'tree', 'trees', 'upsert', NULL, 'stop'), 'one that is missing');

-- and triggers for statements that do neither insert nor update are no hindrance
CREATE TABLE fired (id int);
CREATE FUNCTION note_statement() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO fired SELECT id FROM gone; RETURN NULL; END $$;
CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this'; END $$;
CREATE TRIGGER note AFTER DELETE ON tree REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_statement();
CREATE TRIGGER never BEFORE TRUNCATE ON tree FOR EACH STATEMENT EXECUTE FUNCTION never();
INSERT INTO tree VALUES (7, 2);
SELECT is(outcome('direct', 'tree', 'more_trees', mode, NULL, 'stop'), ARRAY['direct', NULL] || (outcome('sql', 'tree', 'more_trees', mode, NULL, 'stop'))[3:], 'triggers for other statements, ' || mode)
  FROM unnest('{upsert,sync}'::text[]) mode;
SELECT is((outcome(path, 'tree', 'more_trees', 'sync', NULL, 'stop'))[3:4], ARRAY['(5,3,1,1,0,1,0,0)', E'(1,)\n(2,4)\n(3,1)\n(4,3)\n(5,2)'], 'rows are deleted, ' || path)
  FROM unnest('{direct,sql}'::text[]) path;
SET aiodal.path = direct;
SELECT aiodal.merge('more_trees', 'tree', 'sync');
SELECT results_eq('TABLE fired', 'VALUES (7)', 'and the trigger sees them');
RESET aiodal.path;
SELECT * FROM finish();
