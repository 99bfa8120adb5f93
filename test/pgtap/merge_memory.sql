-- The memory that rows of a direct merge wait in is bounded, whatever the order
-- they come in. Checks look at it: a
-- domain's while rows are read, a table's when they are about to be written.
SELECT plan(11);
SET client_min_messages = warning;
SELECT aiodal.version() IS NOT NULL AS loaded;

CREATE FUNCTION spy(v int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF v % 4001 = 0 THEN
        PERFORM set_config('spy.bytes', greatest(sum(total_bytes), current_setting('spy.bytes')::numeric)::text, false)
        FROM pg_backend_memory_contexts WHERE name LIKE 'aiodal%';
    END IF;
    RETURN true;
END $$;
CREATE DOMAIN spied AS int CHECK (spy(VALUE));
CREATE TABLE m (id int PRIMARY KEY, v spied CHECK (spy(v)), w text DEFAULT 'this is as long as most rows of most tables are', g int GENERATED ALWAYS AS (id + 1) STORED);
CREATE TABLE wide (id int PRIMARY KEY, v spied CHECK (spy(v)));
SELECT format('ALTER TABLE wide %s', string_agg(format('ADD c%s text DEFAULT %L', i, repeat('x', 20)), ', ')) AS add_columns FROM generate_series(1, 60) i \gset
:add_columns;

-- the most megabytes that rows took while a file was loaded
CREATE PROCEDURE load(target text, options text DEFAULT '', program text DEFAULT 'cat merge_memory.csv') LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('spy.bytes', '0', false);
    EXECUTE format('COPY %s FROM PROGRAM %L WITH (FORMAT csv, merge ''upsert'' %s)', target, program, options);
END $$;
CREATE FUNCTION megabytes() RETURNS numeric RETURN current_setting('spy.bytes')::numeric / 1e6;

-- In key order
COPY (SELECT i, i FROM generate_series(1, 100000) i) TO PROGRAM 'cat > merge_memory.csv' WITH (FORMAT csv);
CALL load('m (id, v)');
SELECT cmp_ok(megabytes(), '<', 100::numeric, 'rows that are new, in the order of their keys');
SELECT is((SELECT count(*) FROM m WHERE v = id AND g = id + 1), 100000::bigint, 'are all there');
CALL load('m (id, v)');
SELECT cmp_ok(megabytes(), '<', 4::numeric, 'rows that are there take little, also where the table is decoded');
UPDATE m SET v = 1 WHERE id % 2 = 0;
CALL load('m (id, v)');
SELECT cmp_ok(megabytes(), '<', 4::numeric, 'and rows that differ');

-- In key order, but not in that of another index
CREATE TABLE scattered (id int PRIMARY KEY, v spied, w text);
INSERT INTO scattered SELECT i, 1, md5(i::text) FROM generate_series(1, 100000) i;
CREATE INDEX ON scattered (w);
COPY (SELECT i, i, md5('other' || i) FROM generate_series(1, 100000) i) TO PROGRAM 'cat > merge_memory.csv' WITH (FORMAT csv);
CALL load('scattered');
SELECT cmp_ok(megabytes(), '>', 4::numeric, 'more rows are entered into a large index at once when they go all over it');
SELECT cmp_ok(megabytes(), '<', 100::numeric, 'but not all of the file');

-- Out of order
COPY (SELECT i * 7919::bigint % 100003, 1 + i * 7919::bigint % 100003 FROM generate_series(1, 100000) i) TO PROGRAM 'cat > merge_memory.csv' WITH (FORMAT csv);
CALL load('m (id, v)');
SELECT cmp_ok(megabytes(), '<', 100::numeric, 'rows out of order wait in bounded memory');
SELECT is((SELECT count(*) FROM m WHERE v = id + 1), (SELECT count(*) FROM m WHERE id <= 100002) - (SELECT count(*) FROM m WHERE v = id), 'and are all merged');
CALL load('wide (id, v)');
SELECT cmp_ok(megabytes(), '<', 100::numeric, 'so do those of many columns');
SELECT is((SELECT count(*) FROM wide WHERE v = id + 1 AND c60 <> ''), 100000::bigint, 'and are all inserted');
UPDATE wide SET v = 1;
CALL load('wide (id, v)');
SELECT cmp_ok(megabytes(), '<', 100::numeric, 'and those that are to be completed by what is there');
