-- COPY that merges by mode update while it reads: rows whose key is missing count as through a stage, also where
-- it comes again, in the same batch or a later one, in a partition or in none.
SELECT plan(20);
SET client_min_messages = warning;
SELECT aiodal.version() IS NOT NULL AS loaded;

CREATE FUNCTION file() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('data_directory') || '/copy_update.csv' $$;
CREATE PROCEDURE write_file(query text) LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('COPY (%s) TO %L WITH (FORMAT csv)', query, file()); END $$;

-- What a COPY of the file does by one path, undone: path and reason, counts or the error, the table, bad rows
CREATE FUNCTION outcome(path text, target text, options text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE result text[]; m aiodal.merge_result; rows text; detail text;
BEGIN
    PERFORM set_config('aiodal.path', path, true);
    EXECUTE format('COPY %s FROM %L WITH (FORMAT csv, merge ''update'', %s)', target, file(), options);
    m := aiodal.last_copy();
    EXECUTE format('SELECT md5(string_agg(t::text, '','' ORDER BY t::text)) FROM %s t', split_part(target, ' ', 1)) INTO rows;
    result := ARRAY[concat_ws(': ', m.path, m.reason), ROW(m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.deleted, m.duplicates, m.rejected)::text,
                    rows, (SELECT md5(string_agg(r::text, E'\n' ORDER BY record)) FROM aiodal.rejects() r)];
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN result;
WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN ARRAY['failed', SQLERRM, detail];
END $$;

CREATE FUNCTION agrees(description text, target text, options text, counts text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE by_sql text[] := outcome('sql', target, options);
BEGIN
    RETURN is(outcome('auto', target, options), ARRAY['direct', counts] || by_sql[3:], description);
END $$;

CREATE TABLE t (id int PRIMARY KEY, v text);
INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 3000, 3) i;
CALL write_file('SELECT i, ''new'' FROM generate_series(1, 3000) i');
SELECT agrees('no key twice', 't', $$on_duplicate 'error'$$, '(3000,0,1000,0,2000,0,0,0)');
CALL write_file('SELECT 1 + i % 3000, ''v'' || 1 + i % 3000 FROM generate_series(0, 5999) i');
SELECT agrees('all keys twice, far from one another', 't', $$on_duplicate 'first'$$, '(6000,0,0,1000,2000,0,3000,0)');
SELECT agrees('which are set aside', 't', $$on_error 'reject'$$, '(6000,0,0,1000,2000,0,0,3000)');
CALL write_file('SELECT 1 + i / 2, ''new'' FROM generate_series(0, 5999) i');
SELECT agrees('all keys twice, side by side', 't', $$on_duplicate 'first'$$, '(6000,0,1000,0,2000,0,3000,0)');
SELECT agrees('which are set aside', 't', $$on_error 'reject'$$, '(6000,0,1000,0,2000,0,0,3000)');
CALL write_file('SELECT i, ''new'' FROM unnest(ARRAY[1, 5, 9, 2, 9, 6]) i');
SELECT is((outcome('auto', 't', $$on_duplicate 'error'$$))[2:3], ARRAY['key (id)=(9) is in the batch more than once', 'It is on line 3 and on line 5.'],
          'the one that comes again is told, with both lines');
SELECT is((outcome('auto', 't', $$on_error 'reject', max_rejects 0$$))[1:2], (outcome('sql', 't', $$on_error 'reject', max_rejects 0$$))[1:2], 'more of them than may be set aside');
CALL write_file('SELECT 5000 + i, ''new'' FROM generate_series(1, 2500) i UNION ALL SELECT 6000, ''new''');
SELECT is((outcome('auto', 't', $$on_duplicate 'error'$$))[2:3], ARRAY['key (id)=(6000) is in the batch more than once', 'It is on line 1000 and on line 2501.'],
          'in a later batch, when none is there');
CALL write_file('SELECT i, ''new'' FROM generate_series(1, 0) i');
SELECT agrees('no rows', 't', $$on_duplicate 'error'$$, '(0,0,0,0,0,0,0,0)');

-- more of them than fit in the memory to sort them
SET work_mem = '64kB';
CALL write_file('SELECT 10000 + i % 20000, repeat(''x'', 100) FROM generate_series(1, 40000) i');
SELECT agrees('missing rows spill to disk', 't', $$on_duplicate 'first'$$, '(40000,0,0,0,20000,0,20000,0)');
SELECT agrees('with all that is to be told of them', 't', $$on_error 'reject'$$, '(40000,0,0,0,20000,0,0,20000)');
RESET work_mem;

-- keys of several columns, NULLs in them, other orders and collations
CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE k (v text, b text COLLATE blind, a int, gone int, c numeric(6,2));
ALTER TABLE k DROP gone;
CREATE UNIQUE INDEX ON k (a DESC, b DESC NULLS LAST, c);
INSERT INTO k (a, b, c) SELECT i, 'b' || i, i FROM generate_series(1, 100) i;
CALL write_file('SELECT ''new'', CASE WHEN i % 2 = 0 THEN ''b'' ELSE ''B'' END || j, nullif(j, 77), j FROM generate_series(1, 2) i, generate_series(1, 1500) j');
SELECT agrees('a key of three columns', 'k (v, b, a, c)', $$key 'a,b,c', on_duplicate 'first'$$, '(3000,0,99,0,1402,0,1499,0)');
SELECT agrees('set aside', 'k (v, b, a, c)', $$key 'a,b,c', on_error 'reject'$$, '(3000,0,99,0,1402,0,0,1499)');
CREATE TYPE pair AS (x int, y text);
CREATE TABLE composite (p pair PRIMARY KEY, r int4range UNIQUE, e text[] UNIQUE, v text);
INSERT INTO composite VALUES ((1, 'a'), '[1,2)', '{a}', 'old');
CALL write_file('SELECT (i % 5, ''a'')::pair, int4range(i % 4, 7), ARRAY[i % 3]::text[], ''new'' FROM generate_series(1, 12) i');
SELECT agrees('a key of a row type', 'composite', $$key 'p', on_duplicate 'first', update_columns 'v'$$, '(12,0,1,0,4,0,7,0)');
SELECT agrees('of a range', 'composite', $$key 'r', on_duplicate 'first', update_columns 'v'$$, '(12,0,0,0,4,0,8,0)');
SELECT agrees('of an array', 'composite', $$key 'e', on_duplicate 'first', update_columns 'v'$$, '(12,0,0,0,3,0,9,0)');

-- partitions, one of another order of columns, and keys that no partition takes
CREATE TABLE p (id int, v text, area int, PRIMARY KEY (area, id)) PARTITION BY LIST (area);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE p2 (gone int, area int NOT NULL, v text, id int NOT NULL);
ALTER TABLE p2 DROP gone;
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2);
INSERT INTO p SELECT i, 'old', 1 + i % 2 FROM generate_series(1, 1000, 3) i;
CALL write_file('SELECT id, ''new'', area FROM generate_series(1, 2) again, generate_series(1, 1000) id, generate_series(1, 3) area');
SELECT agrees('partitions', 'p', $$on_duplicate 'first'$$, '(6000,0,334,0,2666,0,3000,0)');
CALL write_file('(SELECT id, ''new'', area FROM generate_series(1, 1000) id, generate_series(1, 3) area ORDER BY id, area) UNION ALL SELECT 9, ''new'', 3 UNION ALL SELECT 2, ''new'', 2');
SELECT is((outcome('auto', 'p', $$on_duplicate 'error'$$))[2:3], ARRAY['key (area, id)=(3, 9) is in the batch more than once', 'It is on line 27 and on line 3001.'],
          'the first one in the file, whatever partition it is of');
CALL write_file('(SELECT id, ''new'', area FROM generate_series(1, 1000) id, generate_series(1, 3) area ORDER BY id, area) UNION ALL SELECT 2, ''new'', 2');
SELECT is((outcome('auto', 'p', $$on_duplicate 'error'$$))[2:3], ARRAY['key (area, id)=(2, 2) is in the batch more than once', 'It is on line 5 and on line 3001.'],
          'and one of a partition');

-- a row that is changed by the same transaction before the COPY
BEGIN;
DELETE FROM t WHERE id = 1;
INSERT INTO t VALUES (2, 'mine');
UPDATE t SET v = 'mine' WHERE id = 4;
CALL write_file('SELECT id, ''new'' FROM unnest(ARRAY[1, 2, 4]) id');
SELECT is((outcome('auto', 't', $$on_duplicate 'error'$$))[2], '(3,0,2,0,1,0,0,0)', 'what the transaction has done before counts');
COMMIT;
SELECT * FROM finish();
