-- Stages and merges in every kind of transaction: savepoints, functions,
-- procedures, isolation levels, read only, prepared.
SELECT plan(21);

CREATE FUNCTION counts(m aiodal.merge_result) RETURNS text
    RETURN format('%s staged: %s inserted, %s updated, %s unchanged, %s ignored, %s deleted', m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.deleted);
CREATE TABLE t (id int PRIMARY KEY, v text CHECK (v <> 'bad'));
CREATE TABLE batch (id int, v text);
INSERT INTO batch VALUES (1, 'a'), (2, 'b');

-- Savepoints
BEGIN;
SELECT aiodal.stage('t') AS stage \gset
INSERT INTO t_stage VALUES (1, 'a');
SAVEPOINT a;
INSERT INTO t_stage VALUES (2, 'b');
SELECT counts(aiodal.merge('t_stage')) \gset
ROLLBACK TO a;
SELECT is((SELECT count(*) FROM t), 0::bigint, 'a merge is undone with its savepoint');
SELECT is(aiodal.stage('t')::text, 't_stage_1', 'then the stage counts as not merged');
SELECT is(counts(aiodal.merge('t_stage')), '1 staged: 1 inserted, 0 updated, 0 unchanged, 0 ignored, 0 deleted', 'and can be merged');
SAVEPOINT b;
SELECT aiodal.stage('t', name => 'other') AS stage \gset
ROLLBACK TO b;
SELECT is(to_regclass('other'), NULL, 'a stage goes with its savepoint');
SAVEPOINT c;
INSERT INTO t_stage VALUES (3, 'bad');
\set ON_ERROR_STOP off
\o /dev/null
SELECT counts(aiodal.merge('t_stage'));
\o
\set ON_ERROR_STOP on
ROLLBACK TO c;
SELECT is(counts(aiodal.merge('t_stage')), '1 staged: 0 inserted, 0 updated, 1 unchanged, 0 ignored, 0 deleted', 'leaves the rest of the transaction as it was');
COMMIT;
TRUNCATE t;

-- Functions, exception blocks, one statement for all of it
CREATE FUNCTION load(v text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE stage regclass;
BEGIN
    stage := aiodal.stage('t');
    EXECUTE format('INSERT INTO %s VALUES (7, $1), (8, $1)', stage) USING v;
    BEGIN
        RETURN counts(aiodal.merge(stage));
    EXCEPTION WHEN check_violation THEN
        EXECUTE format('UPDATE %s SET v = NULL', stage);
        RETURN 'again: ' || counts(aiodal.merge(stage));
    END;
END $$;
SELECT is(load('x'), '2 staged: 2 inserted, 0 updated, 0 unchanged, 0 ignored, 0 deleted', 'in a function');
SELECT is(load('bad'), 'again: 2 staged: 0 inserted, 2 updated, 0 unchanged, 0 ignored, 0 deleted', 'after an error that was caught');
SELECT is((SELECT count(*) FROM generate_series(1, 50) i, load(i::text)), 50::bigint, 'many times in one statement');
CREATE FUNCTION load_sql() RETURNS text LANGUAGE sql AS $$ SELECT counts(aiodal.merge('batch', 't')) $$;
SELECT is(load_sql(), '2 staged: 2 inserted, 0 updated, 0 unchanged, 0 ignored, 0 deleted', 'in an SQL function');
SELECT is((WITH m AS MATERIALIZED (SELECT * FROM aiodal.merge('batch', 't')) SELECT unchanged FROM m), 2::bigint, 'in a query');

-- A procedure that commits: the stage is gone afterwards
CREATE PROCEDURE in_steps() LANGUAGE plpgsql AS $$
DECLARE stage regclass;
BEGIN
    FOR i IN 1 .. 3 LOOP
        stage := aiodal.stage('t');
        EXECUTE format('INSERT INTO %s SELECT 100 + $1, ''step''', stage) USING i;
        PERFORM aiodal.merge(stage);
        COMMIT;
    END LOOP;
    stage := aiodal.stage('t');
    ROLLBACK;
    PERFORM aiodal.merge(stage);
END $$;
SELECT throws_ok('CALL in_steps()', '2D000', NULL, 'a procedure within a transaction cannot commit');
\set ON_ERROR_STOP off
\o /dev/null
CALL in_steps();
\o
\set ON_ERROR_STOP on
SELECT is((SELECT count(*) FROM t WHERE v = 'step'), 3::bigint, 'a procedure may commit between merges');

-- Isolation levels
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is(load('repeatable'), '2 staged: 0 inserted, 2 updated, 0 unchanged, 0 ignored, 0 deleted', 'under REPEATABLE READ');
SELECT is(load('repeatable'), '2 staged: 0 inserted, 0 updated, 2 unchanged, 0 ignored, 0 deleted', 'which sees what it wrote');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT is(load('serializable'), '2 staged: 0 inserted, 2 updated, 0 unchanged, 0 ignored, 0 deleted', 'under SERIALIZABLE');
COMMIT;

-- Read only
BEGIN READ ONLY;
SELECT throws_ok($$ SELECT aiodal.stage('t') $$, '25006', NULL, 'no stage in a read-only transaction');
SELECT throws_ok($$ SELECT aiodal.merge('batch', 't') $$, '25006', NULL, 'and no merge');
ROLLBACK;

-- Two-phase commit refuses temporary tables by itself
BEGIN;
SELECT aiodal.stage('t') AS stage \gset
\set ON_ERROR_STOP off
PREPARE TRANSACTION 'aiodal_test';
\set ON_ERROR_STOP on
ROLLBACK;
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '0A000', 'a transaction with a stage cannot be prepared');
BEGIN;
SELECT is(aiodal.stage('t')::text, 't_stage', 'and leaves no trace of it');
ROLLBACK;

-- Order: the defaults of new rows follow the batch
CREATE TABLE ordered (id int PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY);
CREATE TABLE big AS SELECT i AS id FROM generate_series(1, 5000) i ORDER BY md5(i::text);
SELECT counts(aiodal.merge('big', 'ordered')) \gset
SELECT is((SELECT count(*) FROM ordered JOIN (SELECT id, row_number() OVER (ORDER BY ctid) AS r FROM big) b USING (id) WHERE n = r), 5000::bigint,
          'rows without a conflict are inserted in the batch''s order');

-- max_locks: a thousand stages in one transaction
SELECT lives_ok($$ DO LANGUAGE plpgsql 'BEGIN FOR i IN 1 .. 1000 LOOP PERFORM aiodal.stage(''t''); END LOOP; END' $$, 'a stage replaced a thousand times');

SELECT * FROM finish();
