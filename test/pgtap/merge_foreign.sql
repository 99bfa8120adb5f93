-- Partitions that are tables of another database: merges go there through SQL, and do what they do to a
-- table that is whole.
SET client_min_messages = warning;
SELECT current_database() AS here, current_database() || '_far' AS far \gset
CREATE DATABASE :"far";
\connect :far
CREATE TABLE part (id int PRIMARY KEY, v text CHECK (v <> 'bad'), n int NOT NULL DEFAULT 7);
\connect :here
SELECT plan(26);
SET client_min_messages = warning;
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
SELECT format('ALTER SERVER far OPTIONS (ADD dbname %L, ADD host %L, ADD port %L)', :'far', split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port')),
    format('CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (user %L)', current_user) \gexec

CREATE TABLE t (id int, v text, n int DEFAULT 7) PARTITION BY RANGE (id);
CREATE TABLE t_here PARTITION OF t FOR VALUES FROM (1) TO (100);
ALTER TABLE t_here ADD PRIMARY KEY (id), ADD CHECK (v <> 'bad');
CREATE FOREIGN TABLE t_far PARTITION OF t FOR VALUES FROM (100) TO (1000) SERVER far OPTIONS (table_name 'part');
CREATE TABLE whole (id int PRIMARY KEY, v text CHECK (v <> 'bad'), n int NOT NULL DEFAULT 7);
CREATE TABLE batch (id int, v text);

CREATE PROCEDURE refill() LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM t;
    INSERT INTO t SELECT id, 'old', id FROM generate_series(51, 150) id;
    TRUNCATE whole, batch;
    INSERT INTO whole TABLE t;
    INSERT INTO batch SELECT id, CASE WHEN id % 2 = 0 THEN 'old' ELSE 'new' END FROM generate_series(76, 175) id ORDER BY -id;
END $$;
CREATE FUNCTION told(m aiodal.merge_result) RETURNS text
    RETURN ROW(m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.deleted, m.duplicates, m.rejected)::text;
-- a merge of "batch" by a stage: its counts or its error
CREATE FUNCTION outcome(target regclass, mode text, on_duplicate text, on_error text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    stage regclass := aiodal.stage(target, columns => '{id,v}', mode => mode, key => '{id}', on_duplicate => on_duplicate, on_error => on_error);
BEGIN
    EXECUTE format('INSERT INTO %s TABLE batch', stage);
    RETURN told(aiodal.merge(stage));
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
CREATE FUNCTION agrees(mode text, expected text, what text, on_duplicate text DEFAULT 'error', on_error text DEFAULT 'stop') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT is(ARRAY[outcome('t', mode, on_duplicate, on_error), outcome('whole', mode, on_duplicate, on_error)], ARRAY[expected, expected], what);
    RETURN NEXT is_empty('(TABLE t EXCEPT TABLE whole) UNION ALL (TABLE whole EXCEPT TABLE t)', what || ': the rows are the same');
    CALL refill();
END $$;

CALL refill();
SELECT is(aiodal.explain_merge('t', key => '{id}')::text, '(sql,"a partition is a foreign table")', 'the path is told, and why');
SELECT agrees('upsert', '(100,25,37,38,0,0,0,0)', 'upsert');
SELECT agrees('ignore', '(100,25,0,0,75,0,0,0)', 'ignore');
SELECT agrees('update', '(100,0,37,38,25,0,0,0)', 'update');
SELECT agrees('sync', '(100,25,37,38,0,25,0,0)', 'sync');
SELECT agrees('insert', '23505', 'a key that is there');
DELETE FROM batch WHERE id <= 150;
SELECT agrees('insert', '(25,25,0,0,0,0,0,0)', 'or not');
INSERT INTO batch VALUES (120, 'again'), (20, 'again'), (20, 'and again');
SELECT agrees('upsert', '(103,26,38,37,0,0,2,0)', 'keys that come again', on_duplicate => 'last');
UPDATE batch SET v = 'bad' WHERE id IN (80, 160);
SELECT agrees('upsert', '23514', 'constraints hold, the other server''s, too');
UPDATE batch SET v = 'bad' WHERE id IN (80, 90, 160, 170);
SELECT agrees('upsert', '(100,23,37,36,0,0,0,4)', 'bad rows are set aside', on_error => 'reject');

-- undone with the transaction, there as here
BEGIN;
SELECT aiodal.merge('batch', 't', key => '{id}') AS done \gset
SELECT count(*) AS seen FROM t WHERE v = 'new' \gset
ROLLBACK;
SELECT is(:seen, 50, 'seen by the transaction');
SELECT is((SELECT count(*) FROM t WHERE v = 'new'), 0::bigint, 'and gone with it');

-- COPY
COPY t (id, v) FROM PROGRAM 'seq -f %g,copy 90 110' WITH (FORMAT csv, merge 'upsert', key 'id');
SELECT is(told(m), '(21,0,21,0,0,0,0,0)', 'COPY') FROM aiodal.last_copy() m;
SELECT is((SELECT count(*) FROM t_far WHERE v = 'copy'), 11::bigint, 'went there');

-- the user's word for a key
SELECT throws_ok($$SELECT aiodal.merge('batch', 't')$$, '42P10', '"t" has no key to merge by', 'a key is to be named');
SELECT throws_ok($$SELECT aiodal.merge('batch', 't', key => '{v}', on_duplicate => 'last')$$, '21000', '(v) is not unique in "t"', 'a key that is none is found out');
CALL refill();

-- others are kept from writing the same keys meanwhile, to a partition as well
BEGIN;
SELECT aiodal.merge('batch', 't', key => '{id}') AS done \gset
SELECT string_agg(relation::regclass::text, ' ' ORDER BY relation::regclass::text) AS locked FROM pg_locks
WHERE mode = 'ShareRowExclusiveLock' AND pid = pg_backend_pid() \gset
ROLLBACK;
SELECT is(:'locked'::text, 't t_far t_here', 'the table and its partitions are locked');

SELECT * FROM finish();
DROP SERVER far CASCADE;
DROP DATABASE :"far" WITH (FORCE);
