-- Stages: their names, columns and life; other tables as stages.
SELECT plan(51);

CREATE FUNCTION counts(m aiodal.merge_result) RETURNS text
    RETURN format('%s staged: %s inserted, %s updated, %s unchanged, %s ignored, %s deleted', m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.deleted);
CREATE TABLE t (id int PRIMARY KEY, v varchar(5), n numeric(6, 2));

-- Names
BEGIN;
SELECT is(aiodal.stage('t')::text, 't_stage', 'a stage is named after its target');
SELECT is(aiodal.stage('t')::text, 't_stage', 'an empty one is replaced');
INSERT INTO t_stage VALUES (1, 'a', 1);
SELECT is(aiodal.stage('t')::text, 't_stage_1', 'one with rows is not');
INSERT INTO t_stage_1 VALUES (2, 'b', 2);
SELECT is(aiodal.stage('t')::text, 't_stage_2', 'so there may be several');
SELECT is(counts(aiodal.merge('t_stage')), '1 staged: 1 inserted, 0 updated, 0 unchanged, 0 ignored, 0 deleted', 'each has its own rows');
SELECT is(counts(aiodal.merge('t_stage_1')), '1 staged: 1 inserted, 0 updated, 0 unchanged, 0 ignored, 0 deleted', 'and is merged by itself');
SELECT is(aiodal.stage('t')::text, 't_stage', 'a merged one is replaced');
SELECT is(aiodal.stage('t', name => 'My "stage"')::text, '"My ""stage"""', 'a name can be given');
CREATE TEMP TABLE mine (x int);
SELECT is(aiodal.stage('t', name => 'mine')::text, 'mine_1', 'which never is another table''s');
SELECT is((SELECT attname FROM pg_attribute WHERE attrelid = 'mine'::regclass AND attnum = 1)::text, 'x', 'that stays as it was');
CREATE TEMP VIEW looks AS SELECT * FROM t_stage;
SELECT is(aiodal.stage('t')::text, 't_stage_1', 'a stage that a view uses is not replaced');
DROP VIEW looks;
CREATE TYPE pg_temp.u_stage AS ENUM ('x');
CREATE TABLE u (id int PRIMARY KEY);
SELECT is(aiodal.stage('u')::text, 'u_stage_1', 'a type of that name is in nobody''s way');
COMMIT;
SELECT is((SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relname ~ 'stage' AND relkind = 'r'), 0::bigint, 'the transaction''s end drops them all');
SELECT throws_ok($$ SELECT aiodal.merge('t_stage') $$, '42P01', NULL, 'and a merge of one is an error');
CREATE TABLE "ääääääääääääääääääääääääääääää12" ("id ä" int PRIMARY KEY);
BEGIN;
SELECT is(aiodal.stage('"ääääääääääääääääääääääääääääää12"')::text, '"ääääääääääääääääääääääääääää_stage"', 'long names are cut between characters');
INSERT INTO "ääääääääääääääääääääääääääää_stage" VALUES (1);
SELECT is(aiodal.stage('"ääääääääääääääääääääääääääääää12"')::text, '"äääääääääääääääääääääääääää_stage_1"', 'and still told apart');
ROLLBACK;

-- Cursors on a stage
BEGIN;
SELECT aiodal.stage('t') AS stage \gset
INSERT INTO t_stage VALUES (5, 'e', 5), (6, 'f', 6);
DECLARE c CURSOR FOR SELECT * FROM t_stage;
FETCH c \gset
SELECT is(counts(aiodal.merge('t_stage')), '2 staged: 2 inserted, 0 updated, 0 unchanged, 0 ignored, 0 deleted', 'a stage is merged while a cursor reads it');
SELECT is(aiodal.stage('t')::text, 't_stage_1', 'and not replaced then');
FETCH c \gset
SELECT is(:'id'::int, 6, 'the cursor reads on');
ROLLBACK;

-- Gone, or not ours
BEGIN;
SELECT aiodal.stage('t')::oid AS oid \gset
DROP TABLE t_stage;
SELECT throws_ok(format($$ SELECT aiodal.merge(%s) $$, :'oid'), '42P01', format('stage with OID %s does not exist', :'oid'), 'a stage that was dropped');
SELECT is(aiodal.stage('t')::text, 't_stage', 'makes room');
CREATE TABLE plain AS SELECT 1 AS id, 'x' AS v;
SELECT throws_ok($$ SELECT aiodal.merge('plain') $$, '22023', '"plain" is not a stage of this transaction', 'any other table needs a target');
SELECT throws_ok($$ SELECT aiodal.merge('plain', 'plain') $$, '22023', 'cannot merge "plain" into itself', 'and a table is not its own');
SELECT throws_ok($$ SELECT aiodal.merge('t_stage', 't_stage') $$, '22023', 'cannot merge "t_stage" into itself', 'nor a stage');
SELECT throws_ok($$ SELECT aiodal.merge('t_stage', 'plain') $$, '42703', 'column "n" of "t_stage" does not exist in "plain"', 'a stage into another target');
ALTER TABLE plain ADD PRIMARY KEY (id);
ALTER TABLE t_stage DROP n;
INSERT INTO t_stage VALUES (1, 'y'), (2, 'z');
SELECT is(counts(aiodal.merge('t_stage', 'plain')), '2 staged: 1 inserted, 1 updated, 0 unchanged, 0 ignored, 0 deleted', 'goes where its columns go');
SELECT is(counts(aiodal.merge('t_stage', 't')), '2 staged: 0 inserted, 2 updated, 0 unchanged, 0 ignored, 0 deleted', 'or the target itself is named');
ROLLBACK;

-- What cannot serve as a stage
CREATE VIEW v AS SELECT 1 AS id, 'x' AS v;
CREATE MATERIALIZED VIEW m AS SELECT 1 AS id;
CREATE TABLE p (id int) PARTITION BY LIST (id);
CREATE SEQUENCE s;
SELECT throws_ok(format('SELECT aiodal.merge(%L, ''t'')', name), '42809', format('"%s" cannot serve as a stage', name), 'not a stage: ' || name)
  FROM unnest('{v,m,p,s}'::text[]) name;
SELECT throws_ok(format('SELECT aiodal.stage(%L)', name), '42809', format('cannot load into "%s"', name), 'not a target: ' || name)
  FROM unnest('{m,s}'::text[]) name;
SELECT throws_ok($$ SELECT aiodal.stage('t_pkey') $$, '42809', NULL, 'nor is an index');

-- Another session's table (its stages are seen by nobody, as their transaction is under way)
CREATE EXTENSION dblink;
SELECT dblink_connect('other', format('host=%s port=%s dbname=%L user=%L', split_part(current_setting('unix_socket_directories'), ',', 1),
                                      current_setting('port'), current_database(), current_user)) AS connected,
       dblink_exec('other', 'CREATE TEMP TABLE other AS SELECT 1 AS id, ''a'' AS v') AS made \gset
SELECT s AS other FROM dblink('other', $$ SELECT format('%s.other', pg_my_temp_schema()::regnamespace) $$) AS d(s text) \gset
SELECT throws_ok(format($$ SELECT aiodal.merge(%L, 't') $$, :'other'), '0A000', '"other" is a temporary table of another session', 'another session''s table cannot be merged');
SELECT dblink_disconnect('other') AS disconnected \gset

-- Plain tables of other types: by assignment casts
CREATE TABLE texts (id text, v text, n text);
INSERT INTO texts VALUES ('1', 'a', '1.005');
SELECT throws_ok($$ SELECT aiodal.merge('texts', 't') $$, '42804', NULL, 'text is not assigned to a number');
CREATE TABLE others (n float8, v text, id bigint);
INSERT INTO others VALUES (1.005, 'short', 1), (2, 'short   ', 2);
SELECT is(counts(aiodal.merge('others', 't', 'sync')), '2 staged: 0 inserted, 2 updated, 0 unchanged, 0 ignored, 0 deleted', 'what an INSERT would take is taken');
SELECT is((SELECT string_agg(t::text, ' ' ORDER BY id) FROM t), '(1,short,1.01) (2,short,2.00)', 'with the target''s types');
SELECT is(counts(aiodal.merge('others', 't')), '2 staged: 0 inserted, 0 updated, 2 unchanged, 0 ignored, 0 deleted', 'and equal the second time');
UPDATE others SET v = 'too long';
SELECT throws_ok($$ SELECT aiodal.merge('others', 't') $$, '22001', 'value too long for type character varying(5)', 'too long a string fails, it is not cut');
UPDATE others SET v = 'x', id = 1e10;
SELECT throws_ok($$ SELECT aiodal.merge('others', 't') $$, '22003', 'integer out of range', 'as does too big a number');
SELECT is((SELECT count(*) FROM pg_class WHERE relname ~ 'restaged'), 0::bigint, 'nothing is left behind');
UPDATE others SET id = 3, v = n::text;
SELECT is((SELECT duplicates FROM aiodal.merge('others', 't', on_duplicate => 'last')), 1::bigint, 'duplicates are found behind the casts');
SELECT is((SELECT v FROM t WHERE id = 3)::text, '2', 'and the last is the last of the table');

-- A plain table's inheritance children are tables of their own
CREATE TABLE inherited (id int, v varchar(5));
CREATE TABLE child () INHERITS (inherited);
INSERT INTO inherited VALUES (11, 'p'), (11, 'p2');
INSERT INTO child VALUES (12, 'c');
SELECT is((SELECT staged FROM aiodal.merge('inherited', 't', on_duplicate => 'first')), 2::bigint, 'a stage is that table only');
SELECT is((SELECT string_agg(v, ' ' ORDER BY id) FROM t WHERE id > 10), 'p', 'without the children''s rows');

-- Unlogged, with columns too many, with none
CREATE UNLOGGED TABLE quick AS SELECT i AS id FROM generate_series(20, 29) i;
SELECT is(counts(aiodal.merge('quick', 't', 'ignore')), '10 staged: 10 inserted, 0 updated, 0 unchanged, 0 ignored, 0 deleted', 'an unlogged table serves too');
ALTER TABLE quick ADD vv text;
SELECT throws_ok($$ SELECT aiodal.merge('quick', 't') $$, '42703', 'column "vv" of "quick" does not exist in "t"', 'a column that the target lacks is an error');
CREATE TABLE none ();
SELECT throws_ok($$ SELECT aiodal.merge('none', 't') $$, '42703', '"none" and "t" have no column in common', 'as is having nothing in common');

-- The target's types change between stage and merge
BEGIN;
SELECT aiodal.stage('t') AS stage \gset
INSERT INTO t_stage VALUES (1, 'abcde', 1);
ALTER TABLE t ALTER id TYPE bigint, ALTER v TYPE varchar(3) USING left(v, 3);
SELECT throws_ok($$ SELECT aiodal.merge('t_stage') $$, '22001', NULL, 'a type that changed since is converted to, or fails');
UPDATE t_stage SET v = 'abc';
SELECT is(counts(aiodal.merge('t_stage')), '1 staged: 0 inserted, 1 updated, 0 unchanged, 0 ignored, 0 deleted', 'as an INSERT would');
ROLLBACK;

SELECT * FROM finish();
