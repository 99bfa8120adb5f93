-- Rows that are replaced over and over: their indexes grow no more than ON CONFLICT lets them grow, although
-- the first versions of rows are not looked for among the dead.
SELECT plan(7);
SET client_min_messages = warning;
SELECT aiodal.version() IS NOT NULL AS loaded;
CREATE EXTENSION IF NOT EXISTS amcheck;

\set rows 15000
SELECT current_setting('data_directory') || '/merge_versions.csv' AS file \gset
CREATE TABLE merged (id int PRIMARY KEY, v int, pad text DEFAULT repeat('x', 100)) WITH (autovacuum_enabled = off);
CREATE INDEX merged_pad ON merged (pad, id);
INSERT INTO merged SELECT i, 0 FROM generate_series(1, :rows) AS i;
CREATE TABLE upserted (LIKE merged INCLUDING ALL) WITH (autovacuum_enabled = off);
INSERT INTO upserted TABLE merged;

-- one load of all rows, each of them changed, into both, the way it ends being the argument
\set make_file 'COPY (SELECT i AS id, :round AS v FROM generate_series(1, :rows) AS i ORDER BY hashint4(i)) TO ' :'file' ' WITH (FORMAT csv, HEADER);'
\set load 'BEGIN; COPY merged FROM ' :'file' ' WITH (FORMAT csv, HEADER, merge ''upsert''); INSERT INTO upserted (id, v) SELECT id, :round FROM merged ON CONFLICT (id) DO UPDATE SET v = EXCLUDED.v; '

\set round 1
:make_file
:load ROLLBACK;
:load ROLLBACK;
:load ROLLBACK;
SELECT cmp_ok(pg_relation_size('merged_pkey'), '<=', (1.1 * pg_relation_size('upserted_pkey'))::bigint, 'loads that fail leave an index as large as ON CONFLICT does');
:load COMMIT;
\set round 2
:make_file
:load COMMIT;
\set round 3
:make_file
:load COMMIT;
\set round 4
:make_file
:load COMMIT;
\set round 5
:make_file
:load COMMIT;
\set round 6
:make_file
:load COMMIT;
SELECT is((SELECT count(*) FILTER (WHERE v = 6) FROM merged), :rows::bigint, 'all rows were replaced');
SELECT cmp_ok(pg_relation_size('merged_pkey'), '<=', (1.1 * pg_relation_size('upserted_pkey'))::bigint, 'a unique index grows as with ON CONFLICT');
SELECT cmp_ok(pg_relation_size('merged_pad'), '<=', (1.1 * pg_relation_size('upserted_pad_id_idx'))::bigint, 'and so does another one');
SELECT cmp_ok(pg_relation_size('merged_pkey'), '<=', 4 * (SELECT 8192 * (2 + :rows / 366))::bigint, 'which is bounded');
SELECT lives_ok($$ SELECT bt_index_check('merged_pkey', true) $$, 'the unique index is sound');
SELECT lives_ok($$ SELECT bt_index_check('merged_pad', true) $$, 'the other one, too');
SELECT finish();
