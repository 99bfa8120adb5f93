-- COPY that merges and sets bad rows aside while it reads: the same table, counts and bad rows, line by line, as through a stage
-- and plain SQL.
SELECT plan(32);
SET client_min_messages = warning;
SELECT aiodal.version() IS NOT NULL AS loaded;

CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent SELECT generate_series(1, 9);
CREATE DOMAIN word AS text CHECK (VALUE <> 'never');
CREATE TABLE t (gone int, id int PRIMARY KEY, v word, n int NOT NULL DEFAULT 5 CHECK (n < 100), parent int REFERENCES parent, sku text UNIQUE,
                g int GENERATED ALWAYS AS (n * 2) STORED);
ALTER TABLE t DROP gone;

CREATE FUNCTION file() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('data_directory') || '/copy_aside.csv' $$;

-- What a COPY of the file does by one path, undone: path, counts, the table, the bad rows
CREATE FUNCTION outcome(path text, options text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE result text[]; m aiodal.merge_result;
BEGIN
    PERFORM set_config('aiodal.path', path, true);
    EXECUTE format('COPY t FROM %L WITH (FORMAT csv, HEADER, %s)', file(), options);
    m := aiodal.last_copy();
    result := ARRAY[concat_ws(': ', m.path, m.reason), ROW(m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.deleted, m.duplicates, m.rejected)::text,
                    (SELECT string_agg(t::text, E'\n' ORDER BY t::text) FROM t),
                    (SELECT string_agg(r::text, E'\n' ORDER BY r::text) FROM aiodal.rejects() r)];
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN result;
WHEN OTHERS THEN
    RETURN ARRAY['failed', SQLSTATE, SQLERRM, (SELECT string_agg(r::text, E'\n' ORDER BY r::text) FROM aiodal.rejects() r)];
END $$;

-- counts: NULL where both paths fail; way: path and reason
CREATE FUNCTION agrees(description text, counts text, options text, way text DEFAULT 'direct') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    direct text[] := outcome('auto', options);
    by_sql text[] := outcome('sql', options);
BEGIN
    RETURN is(direct, CASE direct[1] WHEN 'failed' THEN by_sql ELSE ARRAY[way, counts] || by_sql[3:] END, description);
END $$;

CREATE FUNCTION write_file(lines text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE line AS SELECT l, n FROM string_to_table(lines, E'\n') WITH ORDINALITY s(l, n);
    EXECUTE format('COPY (SELECT l FROM line ORDER BY n) TO %L', file());
    DROP TABLE line;
END $$;

INSERT INTO t (id, v, n, parent, sku) VALUES (1, 'old', 1, 1, 'one'), (2, 'old', 2, 2, 'two'), (3, 'old', 3, 3, 'three');
SELECT write_file($$id,v,n,parent,sku
1,new,1,1,one
2,old,2,2,two
4,"two
lines",5,4,four
x,bad,1,1,five
5,never,1,1,five
6,bad,100,1,six
7,bad,,1,seven
8,bad,1,77,eight
9,bad,1,1,two
10,extra,1,1,ten,eleven
11,less
12,good,1,1,twelve
12,again,1,1,other
3,bad,200,3,three
3,next,30,3,three
13,bad,1,77,x
13,next,1,1,thirteen
13,again,1,1,x
14,bad,1,1,one
14,bad,400,1,y
14,good,1,1,fourteen
,no key,1,1,z
15,good,1,1,fifteen
16,bad,1,1,fifteen$$);
SELECT agrees('each kind of bad row', '(24,5,2,1,0,0,0,16)', $$merge 'upsert', on_error 'reject'$$);
SELECT agrees('duplicates left out', '(24,5,2,1,0,0,2,14)', $$merge 'upsert', on_error 'reject', on_duplicate 'first'$$);
SELECT agrees('mode ignore', '(24,5,0,0,3,0,0,16)', $$merge 'ignore', on_error 'reject'$$);
SELECT agrees('mode ignore, duplicates left out', '(24,5,0,0,3,0,3,13)', $$merge 'ignore', on_error 'reject', on_duplicate 'first'$$);
SELECT agrees('mode update', '(24,0,2,1,11,0,0,10)', $$merge 'update', on_error 'reject'$$);
SELECT agrees('mode update, duplicates left out', '(24,0,2,1,11,0,5,5)', $$merge 'update', on_error 'reject', on_duplicate 'first'$$);
SELECT agrees('mode update, one bad row too many', NULL, $$merge 'update', on_error 'reject', max_rejects 9$$);
SELECT agrees('as many as are allowed', '(24,5,2,1,0,0,0,16)', $$merge 'upsert', on_error 'reject', max_rejects 16$$);
SELECT agrees('one more', NULL, $$merge 'upsert', on_error 'reject', max_rejects 15$$);

-- what cannot be set aside while it is read
SELECT write_file($$id,v,n,parent,sku
1,new,1,1,one
4,good,1,1,four
5,bad,1,77,five$$);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER see AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION see();
SELECT agrees('a trigger that fires behind rows', '(3,1,1,0,0,0,0,1)', $$merge 'upsert', on_error 'reject'$$, 'sql: some rows to be set aside can only be found by SQL');
DROP TRIGGER see ON t;
SELECT agrees('mode sync', '(3,1,1,0,0,2,0,1)', $$merge 'sync', on_error 'reject'$$, 'direct: mode sync keeps what rows to be set aside would have updated');
SELECT agrees('the last one of a key', '(3,1,1,0,0,0,0,1)', $$merge 'upsert', on_error 'reject', on_duplicate 'last'$$,
              'direct: which row of a key is the last one is known at the end');
CREATE FUNCTION part(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 100 / (n - 6) $$;
CREATE INDEX of_part ON t (part(n));
SELECT write_file(E'id,v,n,parent,sku\n1,new,1,1,one\n4,good,1,1,four\n5,bad,6,1,five\n2,bad,6,1,two');
SELECT agrees('an index that does not take all', '(4,1,1,0,0,0,0,2)', $$merge 'upsert', on_error 'reject'$$, 'sql: some rows to be set aside can only be found by SQL');
DROP INDEX of_part;
CREATE INDEX of_part ON t (n) WHERE part(n) > 3;
SELECT agrees('a predicate that fails', '(4,1,1,0,0,0,0,2)', $$merge 'upsert', on_error 'reject'$$, 'sql: some rows to be set aside can only be found by SQL');
DROP INDEX of_part;

-- a table that others refer to, by the key or by what may change
CREATE TABLE child (sku text REFERENCES t (sku), id int REFERENCES t);
INSERT INTO child VALUES ('one', 2);
SELECT write_file(E'id,v,n,parent,sku\n1,new,1,1,one\n2,bad,1,77,two');
SELECT agrees('children of what may change', '(2,0,1,0,0,0,0,1)', $$merge 'upsert', on_error 'reject'$$, 'direct: rows to be set aside may be found by triggers behind them');
ALTER TABLE child DROP sku;
SELECT agrees('children of the key', '(2,0,1,0,0,0,0,1)', $$merge 'upsert', on_error 'reject'$$);
SELECT agrees('children of a key that is written', '(2,0,1,0,0,0,0,1)', $$merge 'upsert', on_error 'reject', update_columns 'id,v,n,parent,sku'$$,
              'direct: rows to be set aside may be found by triggers behind them');
DROP TABLE child;

-- an error that is no row's fault
CREATE FUNCTION break() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE 'XX000' USING MESSAGE = 'broken'; END $$;
ALTER TABLE t ADD CONSTRAINT breaks CHECK (sku <> 'four' OR break());
SELECT write_file(E'id,v,n,parent,sku\n1,new,1,1,one\n4,good,1,1,four');
SELECT agrees('a broken check', NULL, $$merge 'upsert', on_error 'reject'$$);
ALTER TABLE t DROP CONSTRAINT breaks;
SELECT write_file(E'id,v,n,parent,sku\n1,new,1,1,one\n4,"open,1,1,four\n5,in it,1,1,five');
SELECT agrees('a record that does not end', '(2,0,1,0,0,0,0,1)', $$merge 'upsert', on_error 'reject'$$);
SELECT write_file('id,v,n,parent,sku');
SELECT agrees('no rows', '(0,0,0,0,0,0,0,0)', $$merge 'upsert', on_error 'reject'$$);
SELECT write_file('id,nothing');
SELECT is(o[2:3], ARRAY['42703', 'column "nothing" in header line does not exist in "t"'], 'a header that does not fit')
  FROM outcome('auto', $$merge 'upsert', on_error 'reject'$$) o;

-- many rows, in order and in none, a quarter of them bad in some way, every fifth key twice, near or far
CREATE FUNCTION random_lines(ordered boolean) RETURNS text LANGUAGE sql AS $$
    SELECT E'id,v,n,parent,sku\n' || string_agg(format('%s,v%s,%s,%s,%s', id, k, CASE k WHEN 1 THEN '100' WHEN 2 THEN '' WHEN 3 THEN 'x' ELSE '5' END,
                      CASE k WHEN 4 THEN 99 ELSE 1 + id % 9 END, CASE k WHEN 5 THEN 'taken' ELSE 's' || id END), E'\n' ORDER BY CASE WHEN ordered THEN i ELSE r END)
      FROM (SELECT i, CASE WHEN i % 10 = 0 AND i > 1500 THEN i - 1500 + (i / 10) % 3 WHEN i % 10 = 5 AND i > 100 THEN i - 100 + (i / 10) % 3 ELSE i END AS id,
                   hashint4(i * 7) % 20 AS k, hashint4(i) AS r FROM generate_series(1, 4000) i) s $$;
CREATE FUNCTION summary(path text, options text) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s, table %s, bad rows %s', o[2], md5(o[3]), md5(o[4])) FROM outcome(path, options) o $$;
INSERT INTO t (id, v, parent, sku) VALUES (0, 'old', 1, 'taken');
INSERT INTO t (id, v, parent, sku) SELECT i, 'old', 1, 's' || i FROM generate_series(10, 4000, 3) i;
SELECT write_file(random_lines(true));
SELECT is(summary('direct', o), summary('sql', o), 'many rows, ' || o)
  FROM unnest(ARRAY[$$merge 'upsert', on_error 'reject'$$, $$merge 'upsert', on_error 'reject', on_duplicate 'first'$$, $$merge 'ignore', on_error 'reject'$$,
                    $$merge 'update', on_error 'reject'$$, $$merge 'update', on_error 'reject', on_duplicate 'first'$$]) o;
SELECT write_file(random_lines(false));
SELECT is(summary('direct', o), summary('sql', o), 'many rows in no order, ' || o)
  FROM unnest(ARRAY[$$merge 'upsert', on_error 'reject'$$, $$merge 'upsert', on_error 'reject', on_duplicate 'first'$$, $$merge 'ignore', on_error 'reject'$$,
                    $$merge 'update', on_error 'reject'$$, $$merge 'update', on_error 'reject', on_duplicate 'first'$$]) o;
SELECT ok((outcome('direct', $$merge 'upsert', on_error 'reject'$$))[2] ~ ',[0-9]{3}\)$', 'with hundreds of bad rows');
SELECT * FROM finish();
