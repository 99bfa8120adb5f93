-- run_on_commit(): temporary tables as at the end of the transaction, before it.
SELECT plan(13);

CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE TEMP TABLE stays (x int) ON COMMIT PRESERVE ROWS;
CREATE TEMP TABLE emptied (x int UNIQUE) ON COMMIT DELETE ROWS;
SELECT is(aiodal.run_on_commit()::text, '', 'outside of a transaction it finds nothing to do');

BEGIN;
CREATE TEMP TABLE dropped (x int) ON COMMIT DROP;
CREATE TEMP VIEW looks AS SELECT * FROM dropped;
SELECT aiodal.stage('t') AS stage \gset
INSERT INTO t_stage VALUES (1, 'a');
INSERT INTO stays VALUES (1);
INSERT INTO emptied VALUES (1), (2);
SAVEPOINT s;
SELECT aiodal.run_on_commit();
SELECT is(to_regclass('pg_temp.t_stage'), NULL, 'a stage is dropped, its rows unmerged or not');
SELECT is(to_regclass('pg_temp.dropped'), NULL, 'as is what was made ON COMMIT DROP');
SELECT is(to_regclass('pg_temp.looks'), NULL, 'and what depends on it');
SELECT is((SELECT count(*) FROM stays), 1::bigint, 'other tables keep their rows');
SELECT is((SELECT count(*) FROM emptied), 0::bigint, 'those made ON COMMIT DELETE ROWS do not');
INSERT INTO emptied VALUES (1);
SELECT is((SELECT count(*) FROM emptied), 1::bigint, 'and can be filled again');
SELECT is(aiodal.stage('t')::text, 't_stage', 'the name of a stage is free');
ROLLBACK TO s;
SELECT is((SELECT count(*) FROM t_stage), 1::bigint, 'a rollback brings a stage back');
SELECT is((SELECT inserted FROM aiodal.merge('t_stage')), 1::bigint, 'which can be merged');

-- in use
SELECT aiodal.stage('t') AS stage \gset
INSERT INTO t_stage VALUES (2, 'b');
DECLARE c CURSOR FOR SELECT * FROM t_stage;
FETCH c \gset
SELECT throws_ok('SELECT aiodal.run_on_commit()', '55006', NULL, 'a table that a cursor reads is not dropped');
CLOSE c;
SELECT lives_ok('SELECT aiodal.run_on_commit()', 'once it is closed it is');
COMMIT;
SELECT is((SELECT count(*) FROM t), 1::bigint, 'the transaction goes on as ever');
SELECT * FROM finish();
