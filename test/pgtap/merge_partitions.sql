-- Partitioned targets on the direct path: rows go where PostgreSQL would put them, and all that is told of them is what
-- plain SQL tells.
SELECT plan(40);
SET client_min_messages = warning;

-- The results of a merge of "batch" by one path, which is undone: path, reason, counts, the table, the bad rows.
CREATE FUNCTION outcome(path text, target text, mode text, key name[], on_duplicate text, on_error text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    m aiodal.merge_result;
    stage regclass;
    result text[];
    contents text;
    columns text := (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'batch'::regclass AND attnum > 0);
BEGIN
    PERFORM set_config('aiodal.path', path, true);
    IF target = 'h' THEN
        PERFORM setval('h_id_seq', 1, false);
    END IF;
    stage := aiodal.stage(target::regclass, (SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'batch'::regclass AND attnum > 0),
                          on_error => on_error);
    EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM batch', stage, columns);
    m := aiodal.merge(stage, mode => mode, key => key, on_duplicate => on_duplicate);
    EXECUTE format('SELECT string_agg(t.tableoid::regclass::text || t::text, E''\n'' ORDER BY t::text) FROM %s t', target) INTO contents;
    result := ARRAY[m.path, m.reason, ROW(m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.deleted, m.duplicates, m.rejected)::text] ||
              ARRAY[(SELECT string_agg(r::text, E'\n' ORDER BY r::text) FROM aiodal.rejects(stage) r), contents];
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN result;
WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS columns = PG_EXCEPTION_DETAIL;
    RETURN ARRAY['failed', '', SQLSTATE, SQLERRM, columns];
END $$;

-- the path and the counts (or SQLSTATE) are these, and all is the same by SQL
CREATE FUNCTION agrees(description text, path text, reason text, counts text, target text, mode text DEFAULT 'upsert', key name[] DEFAULT NULL,
                       on_duplicate text DEFAULT 'error', on_error text DEFAULT 'stop') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    direct text[] := outcome('auto', target, mode, key, on_duplicate, on_error);
    by_sql text[] := outcome('sql', target, mode, key, on_duplicate, on_error);
BEGIN
    RETURN is(direct, ARRAY[path, reason, counts] || by_sql[4:], description);
END $$;

-- two levels, columns in another order in each, a default and a generated column, one list value without a partition
CREATE TABLE word (v text PRIMARY KEY);
INSERT INTO word VALUES ('one'), ('two');
CREATE TABLE p (gone int, region text, id int, v text REFERENCES word, n int DEFAULT 7 CHECK (n > 0), g int GENERATED ALWAYS AS (n * 2) STORED,
                sku text, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
ALTER TABLE p DROP gone;
CREATE TABLE p_n PARTITION OF p FOR VALUES IN ('north') PARTITION BY RANGE (id);
CREATE TABLE p_n1 PARTITION OF p_n FOR VALUES FROM (0) TO (100);
CREATE TABLE p_n2 (sku text, n int DEFAULT 9 CHECK (n < 1000), lost text, id int NOT NULL, g int GENERATED ALWAYS AS (n * 2) STORED, v text, region text NOT NULL);
ALTER TABLE p_n2 DROP lost, ADD CHECK (n > 0), ALTER n SET NOT NULL;
ALTER TABLE p_n2 RENAME CONSTRAINT p_n2_n_check1 TO p_n_check;
ALTER TABLE p_n ATTACH PARTITION p_n2 FOR VALUES FROM (100) TO (1000);
CREATE UNIQUE INDEX ON p_n2 (sku);
CREATE TABLE p_s PARTITION OF p FOR VALUES IN ('south', 'east');
INSERT INTO p (region, id, v, n) VALUES ('north', 1, 'one', 1), ('north', 101, 'two', 2), ('south', 1, NULL, 3), ('south', 2, 'one', 4);
INSERT INTO p (region, id, v, n, sku) VALUES ('north', 102, 'one', 3, 'taken');

CREATE TABLE batch (id int, v text, region text, n int);
INSERT INTO batch VALUES (1, 'two', 'north', 1), (101, 'two', 'north', 2), (1, 'one', 'south', 3), (5, 'one', 'east', 5), (500, 'one', 'north', 6);
SELECT agrees(mode, 'direct', NULL, counts, 'p', mode)
  FROM (VALUES ('ignore', '(5,2,0,0,3,0,0,0)'), ('upsert', '(5,2,2,1,0,0,0,0)'), ('update', '(5,0,2,1,2,0,0,0)'),
               ('sync', '(5,2,2,1,0,2,0,0)')) AS m(mode, counts);
SELECT agrees('insert', 'failed', '', '23505', 'p', 'insert');
SELECT agrees('a subpartitioned table as target', 'failed', '', '23514', 'p_n');

-- what can be wrong
INSERT INTO batch VALUES (7, 'one', 'west', 5);
SELECT agrees('a row without a partition', 'failed', '', '23514', 'p');
INSERT INTO batch VALUES (NULL, 'one', 'north', 5), (8, 'one', NULL, 5), (2000, 'one', 'north', 5), (9, 'none', 'east', 5),
    (10, 'one', 'east', 0), (510, 'one', 'north', NULL), (511, 'one', 'north', 5000), (5, 'two', 'east', 6), (2, 'none', 'south', 4), (102, 'one', 'north', 2000);
SELECT agrees('bad rows, ' || mode || ', ' || on_duplicate, 'direct', NULL, counts, 'p', mode, NULL, on_duplicate, 'reject')
  FROM (VALUES ('insert', 'error', '(16,2,0,0,0,0,0,14)'), ('ignore', 'error', '(16,2,0,0,5,0,0,9)'), ('upsert', 'error', '(16,2,2,1,0,0,0,11)'),
               ('upsert', 'first', '(16,2,2,1,0,0,1,10)'), ('upsert', 'last', '(16,2,2,1,0,0,1,10)'), ('update', 'first', '(16,0,2,1,10,0,1,2)'),
               ('sync', 'first', '(16,2,2,1,0,0,1,10)')) AS m(mode, on_duplicate, counts);
DELETE FROM batch WHERE v = 'none' OR n IS NULL OR n IN (0, 2000, 5000) OR region = 'east' AND n = 6;
SELECT agrees('mode update passes over rows without a partition', 'direct', NULL, '(9,0,2,1,6,0,0,0)', 'p', 'update');

-- another unique index, of one partition
DROP TABLE batch;
CREATE TABLE batch (region text, id int, n int, sku text);
INSERT INTO batch VALUES ('north', 1, 1, 'taken'), ('north', 200, 1, 'taken'), ('north', 201, 1, 'new'), ('north', 202, 1, 'new'), ('north', 101, 2, 'taken');
SELECT agrees('other keys of a partition', 'direct', NULL, '(5,1,1,0,0,0,0,3)', 'p', on_error => 'reject');

-- an attached partition's own default counts for nothing; what the batch leaves out gets the target's
DROP TABLE batch;
CREATE TABLE batch (region text, id int);
INSERT INTO batch VALUES ('north', 300), ('south', 300), ('south', 2);
SELECT agrees('defaults', 'direct', NULL, '(3,2,0,1,0,0,0,0)', 'p');

-- mode insert, where defaults decide on the partition
CREATE TABLE h (id serial, at date DEFAULT '2024-02-02', v text, note text DEFAULT 'none') PARTITION BY RANGE (at);
CREATE TABLE h_1 PARTITION OF h FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE h_2 PARTITION OF h FOR VALUES FROM ('2024-02-01') TO ('2024-03-01') PARTITION BY HASH (id);
CREATE TABLE h_2a PARTITION OF h_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE h_2b PARTITION OF h_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
DROP TABLE batch;
CREATE TABLE batch (v text);
INSERT INTO batch SELECT i FROM generate_series(1, 50) i;
SELECT agrees('mode insert, defaults', 'direct', NULL, '(50,50,0,0,0,0,0,0)', 'h', 'insert');
SELECT agrees('mode insert, defaults, bad rows', 'direct', NULL, '(50,50,0,0,0,0,0,0)', 'h', 'insert', on_error => 'reject');
ALTER TABLE h ALTER at SET DEFAULT '2025-01-01';
SELECT agrees('mode insert, no partition', 'failed', '', '23514', 'h', 'insert');
SELECT agrees('mode insert, all rows bad', 'direct', NULL, '(50,0,0,0,0,0,0,50)', 'h', 'insert', on_error => 'reject');

-- a partition key that is an expression, and one that fails
CREATE FUNCTION half(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF n = 13 THEN RAISE check_violation USING MESSAGE = 'no halves of 13'; END IF;
    RETURN n / 2;
END $$;
CREATE TABLE e (v text, n int) PARTITION BY LIST (half(n));
CREATE TABLE e_1 PARTITION OF e FOR VALUES IN (1);
CREATE TABLE e_2 (n int, v text);
ALTER TABLE e ATTACH PARTITION e_2 FOR VALUES IN (2);
DROP TABLE batch;
CREATE TABLE batch (n int, v text);
INSERT INTO batch SELECT i, 'v' || i FROM generate_series(2, 5) i;
SELECT agrees('expressions', 'direct', NULL, '(4,4,0,0,0,0,0,0)', 'e', 'insert');
INSERT INTO batch VALUES (13, 'bad');
SELECT agrees('expressions that fail', 'failed', '', '23514', 'e', 'insert');
SELECT agrees('are found by SQL', 'sql', 'some rows to be set aside can only be found by SQL', '(5,4,0,0,0,0,0,1)', 'e', 'insert', on_error => 'reject');

-- triggers of the target, and of one partition
CREATE TABLE fired (what text);
CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.v = 'stop' THEN RAISE 'stopped'; END IF;
    INSERT INTO fired VALUES (TG_TABLE_NAME || TG_NAME || TG_OP || NEW.id || coalesce(NEW.v, ''));
    RETURN NULL;
END $$;
CREATE TABLE t (id int PRIMARY KEY, parent int REFERENCES t, v text) PARTITION BY HASH (id);
SELECT format('CREATE TABLE t_%s PARTITION OF t FOR VALUES WITH (MODULUS 7, REMAINDER %1$s)', i) FROM generate_series(0, 6) i \gexec
DROP TABLE batch;
CREATE TABLE batch (id int, parent int, v text);
INSERT INTO t VALUES (1, NULL, 'old'), (2, 1, 'old');
INSERT INTO batch SELECT i, CASE WHEN i > 2 THEN nullif(i + 1, 101) END, CASE WHEN i < 3 THEN 'new' END FROM generate_series(1, 100) i;
SELECT agrees('parents come later, in other partitions', 'direct', NULL, '(100,98,2,0,0,0,0,0)', 't');
INSERT INTO batch VALUES (101, 1000, '');
SELECT agrees('or not at all', 'failed', '', '23503', 't');
SELECT agrees('which only SQL tells', 'sql', 'some rows to be set aside can only be found by SQL', '(101,98,2,0,0,0,0,1)', 't', on_error => 'reject');
DELETE FROM batch WHERE id = 101;
CREATE TRIGGER of_all AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION fire();
CREATE TRIGGER of_one AFTER INSERT ON t_3 FOR EACH ROW EXECUTE FUNCTION fire();
SELECT is(inserted || path, '98direct', 'triggers that fire behind rows') FROM aiodal.merge('batch', 't');
SELECT is(array_agg(what ORDER BY what), (SELECT array_agg(what ORDER BY what) FROM (
        SELECT tableoid::regclass::text || trigger || CASE WHEN t.id < 3 THEN 'UPDATE' ELSE 'INSERT' END || t.id || coalesce(v, '') AS what
          FROM t, (VALUES ('of_all'), ('of_one')) AS g(trigger) WHERE trigger = 'of_all' OR tableoid = 't_3'::regclass AND t.id > 2) AS w),
    'fire for each row, where it is') FROM fired;
UPDATE batch SET v = 'stop' WHERE id = 50;
SELECT agrees('a trigger that fails', 'failed', '', 'P0001', 't');

-- what steps aside
CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.id % 2 = 0 THEN NEW END; END $$;
DROP TRIGGER of_all ON t;
DROP TRIGGER of_one ON t_3;
CREATE TRIGGER of_one BEFORE INSERT ON t_3 FOR EACH ROW EXECUTE FUNCTION skip();
SELECT is(aiodal.explain_merge('t')::text, '(sql,"a partition has BEFORE row triggers")', 'BEFORE triggers of a partition');
DROP TRIGGER of_one ON t_3;
ALTER TABLE t_4 ADD UNIQUE (v) DEFERRABLE;
SELECT is(aiodal.explain_merge('t')::text, '(sql,"a partition has a deferrable unique or an exclusion constraint")', 'a deferrable constraint of a partition');
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE e_9 PARTITION OF e FOR VALUES IN (9) SERVER nowhere;
SELECT is(aiodal.explain_merge('e', 'insert')::text, '(sql,"a partition is a foreign table")', 'a foreign partition');
CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE p_other PARTITION OF p DEFAULT USING other_heap;
SELECT is(aiodal.explain_merge('p')::text, '(sql,"a partition''s access method is not heap")', 'a partition of another access method');
DROP TABLE p_other;

-- keys that are equal, and yet go to different partitions; newer servers have no such index
CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE c (k text COLLATE caseless, v text) PARTITION BY LIST (k COLLATE "C");
CREATE TABLE c_1 PARTITION OF c FOR VALUES IN ('a');
CREATE TABLE c_2 PARTITION OF c FOR VALUES IN ('A');
DO $$ BEGIN CREATE UNIQUE INDEX ON c (k); EXCEPTION WHEN feature_not_supported THEN END $$;
SELECT is((SELECT aiodal.explain_merge('c', key => '{k}')::text FROM pg_index WHERE indrelid = 'c'::regclass),
          (SELECT '(sql,"the key''s collation is not that of the partition key")' FROM pg_index WHERE indrelid = 'c'::regclass), 'a key whose equals are in other partitions');

-- many partitions, and rows in no order
CREATE TABLE m (id int PRIMARY KEY, v text) PARTITION BY HASH (id);
SELECT format('CREATE TABLE m_%s PARTITION OF m FOR VALUES WITH (MODULUS 200, REMAINDER %1$s)', i) FROM generate_series(0, 199) i \gexec
INSERT INTO m SELECT i, 'old' FROM generate_series(1, 40000, 2) i;
CREATE TEMP TABLE shuffled AS SELECT i AS id, CASE WHEN i % 3 = 0 THEN 'old' ELSE 'new' END AS v FROM generate_series(1, 40000) i ORDER BY hashint4(i);
COPY shuffled TO PROGRAM 'cat > merge_partitions.csv' WITH (FORMAT csv, HEADER);
COPY m FROM PROGRAM 'cat merge_partitions.csv' WITH (FORMAT csv, HEADER, merge 'upsert');
SELECT is((inserted, updated, unchanged, path)::text, '(20000,13333,6667,direct)', 'COPY into many partitions') FROM aiodal.last_copy();
SELECT is_empty('(TABLE m EXCEPT TABLE shuffled) UNION ALL (TABLE shuffled EXCEPT TABLE m)', 'which have its rows then');
SELECT throws_ok($$COPY m FROM PROGRAM 'cat merge_partitions.csv; tail -1 merge_partitions.csv' WITH (FORMAT csv, HEADER, merge 'upsert')$$, '23505', NULL, 'a key that comes again');
COPY m FROM PROGRAM 'printf "id,v\n1,only\n"' WITH (FORMAT csv, HEADER, merge 'sync');
SELECT is((updated, deleted, path)::text, '(1,39999,direct)', 'mode sync empties the partitions that no row goes into') FROM aiodal.last_copy();
SELECT results_eq('TABLE m', $$VALUES (1, 'only')$$, 'all of them');
SELECT * FROM finish();
