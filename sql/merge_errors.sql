-- What is refused, and what the user is told.
CREATE TABLE t (id int PRIMARY KEY, v text CHECK (v <> 'bad'), n int NOT NULL DEFAULT 0);
CREATE TABLE batch (id int, v text);
INSERT INTO batch VALUES (1, 'a'), (2, 'bad'), (3, 'c');

-- the row at fault is named, nothing is loaded
SELECT aiodal.merge('batch', 't');
SELECT count(*) FROM t;
BEGIN;
SELECT aiodal.stage('t');
COPY t_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,v,n
1,a,1
2,"two
lines",1
3,bad,1
\.
SELECT aiodal.merge('t_stage');
ROLLBACK;

-- words
SELECT aiodal.merge('batch', 't', mode => 'replace');
SELECT aiodal.merge('batch', 't', mode => NULL);
SELECT aiodal.merge('batch', 't', on_duplicate => 'middle');
SELECT aiodal.merge(NULL, 't');
SELECT aiodal.merge('batch');
SELECT aiodal.merge('nowhere', 't');
SELECT aiodal.explain_merge(NULL);

-- columns
SELECT aiodal.merge('batch', 't', update_columns => '{n}');
SELECT aiodal.merge('batch', 't', update_columns => '{v,w}');
SELECT aiodal.merge('batch', 't', update_columns => '{v,v}');
ALTER TABLE batch RENAME v TO vv;
SELECT aiodal.merge('batch', 't');
ALTER TABLE batch RENAME vv TO v;

-- delete_where is one condition, and for sync alone
SELECT aiodal.merge('batch', 't', delete_where => 'true');
SELECT aiodal.merge('batch', 't', mode => 'sync', delete_where => 'true) OR (true');
SELECT aiodal.merge('batch', 't', mode => 'sync', delete_where => 'true; DROP TABLE t');
SELECT aiodal.merge('batch', 't', mode => 'sync', delete_where => 'true, false');
SELECT aiodal.merge('batch', 't', mode => 'sync', delete_where => 'true AS x');
SELECT aiodal.merge('batch', 't', mode => 'sync', delete_where => 'true FROM t');
SELECT aiodal.merge('batch', 't', mode => 'sync', delete_where => '');
SELECT aiodal.merge('batch', 't', mode => 'sync', delete_where => 'true /*');
UPDATE batch SET v = 'b';
SELECT aiodal.merge('batch', 't', mode => 'sync', delete_where => 'nosuch > 1');
SELECT aiodal.merge('batch', 't', mode => 'sync', delete_where => 's.id > 1');
SELECT aiodal.merge('batch', 't', mode => 'sync', delete_where => '$1');

-- options of aiodal.stage()
SELECT aiodal.stage(NULL);
SELECT aiodal.stage('t', columns => '{}');
SELECT aiodal.stage('t', columns => '{id,w}');
SELECT aiodal.stage('t', columns => '{id,id}');
SELECT aiodal.stage('t', mode => 'replace');
SELECT aiodal.stage('t', key => '{id}');
SELECT aiodal.stage('t', on_error => 'shrug');
SELECT aiodal.stage('t', mode => 'upsert', key => '{w}');

DROP TABLE t, batch;
