-- run_on_commit(): temporary tables as at the end of the transaction, before it.
SELECT plan(21);

CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE TEMP TABLE stays (x int) ON COMMIT PRESERVE ROWS;
CREATE TEMP TABLE emptied (x int UNIQUE) ON COMMIT DELETE ROWS;
CALL aiodal.run_on_commit();
SELECT pass('outside of a transaction it finds nothing to do');

BEGIN;
CREATE TEMP TABLE dropped (x int) ON COMMIT DROP;
CREATE TEMP VIEW looks AS SELECT * FROM dropped;
SELECT aiodal.stage('t') AS stage \gset
INSERT INTO t_stage VALUES (1, 'a');
INSERT INTO stays VALUES (1);
INSERT INTO emptied VALUES (1), (2);
SAVEPOINT s;
CALL aiodal.run_on_commit();
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
SAVEPOINT s;
\set ON_ERROR_STOP off
CALL aiodal.run_on_commit();
\set ON_ERROR_STOP on
ROLLBACK TO s;
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '55006', 'a table that a cursor reads is not dropped');
CLOSE c;
CALL aiodal.run_on_commit();
SELECT is(to_regclass('pg_temp.t_stage'), NULL, 'once it is closed it is');
COMMIT;
SELECT is((SELECT count(*) FROM t), 1::bigint, 'the transaction goes on as ever');

-- what is deferred
CREATE TABLE node (id int PRIMARY KEY, other int CONSTRAINT node_other REFERENCES node DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE heard (what text);
CREATE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
  INSERT INTO heard VALUES (format('node %s', NEW.id));
  IF NEW.id < 3 THEN INSERT INTO node VALUES (NEW.id + 1); END IF;
  RETURN NULL;
END$$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON node DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hear();
BEGIN;
SAVEPOINT tx;
INSERT INTO node VALUES (1, 9);
INSERT INTO node VALUES (9);
SELECT is((SELECT count(*) FROM heard), 0::bigint, 'a deferred trigger waits');
CALL aiodal.run_on_commit();
SELECT is((SELECT string_agg(what, ', ' ORDER BY what) FROM heard), 'node 1, node 2, node 3, node 9', 'it fires, and those that it causes');
CALL aiodal.run_on_commit();
SELECT is((SELECT count(*) FROM heard), 4::bigint, 'once');
INSERT INTO node VALUES (5, 6);
SAVEPOINT s;
\set ON_ERROR_STOP off
CALL aiodal.run_on_commit();
\set ON_ERROR_STOP on
ROLLBACK TO s;
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '23503', 'a deferred constraint is checked');
INSERT INTO node VALUES (6);
CALL aiodal.run_on_commit();
SELECT is((SELECT count(*) FROM node), 6::bigint, 'and passes when it holds');
ROLLBACK TO tx;
INSERT INTO node VALUES (4);
CALL aiodal.run_on_commit();
SELECT is((SELECT string_agg(what, ', ') FROM heard), 'node 4', 'what was rolled back is not heard of');
COMMIT;
SELECT is((SELECT string_agg(what, ', ') FROM heard), 'node 4', 'nor does what fired already fire again');
SELECT throws_ok('CALL aiodal.run_on_commit()', '0A000', NULL, 'it is a statement of its own');
SELECT * FROM finish();
