-- COPY that merges and sets bad rows aside while it reads: the same table, counts and bad rows, line by line, as through a stage
-- and plain SQL.
SELECT plan(58);
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
CREATE FUNCTION outcome(path text, options text, target text DEFAULT 't') RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE result text[]; m aiodal.merge_result; contents text;
BEGIN
    PERFORM set_config('aiodal.path', path, true);
    EXECUTE format('COPY %s FROM %L WITH (FORMAT csv, HEADER, %s)', target, file(), options);
    m := aiodal.last_copy();
    EXECUTE format('SELECT string_agg(t.tableoid::regclass || t::text, E''\n'' ORDER BY t::text) FROM %s t', target) INTO contents;
    result := ARRAY[concat_ws(': ', m.path, m.reason), ROW(m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.deleted, m.duplicates, m.rejected)::text,
                    contents,
                    (SELECT string_agg(r::text, E'\n' ORDER BY r::text) FROM aiodal.rejects() r)];
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN result;
WHEN OTHERS THEN
    RETURN ARRAY['failed', SQLSTATE, SQLERRM, (SELECT string_agg(r::text, E'\n' ORDER BY r::text) FROM aiodal.rejects() r)];
END $$;

-- counts: NULL where both paths fail; way: path and reason
CREATE FUNCTION agrees(description text, counts text, options text, way text DEFAULT 'direct', target text DEFAULT 't') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    direct text[] := outcome('auto', options, target);
    by_sql text[] := outcome('sql', options, target);
BEGIN
    RETURN is(direct || counts, CASE direct[1] WHEN 'failed' THEN by_sql || NULL::text ELSE ARRAY[way] || by_sql[2:] || direct[2] END, description);
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
SELECT agrees('mode sync', '(3,1,1,0,0,2,0,1)', $$merge 'sync', on_error 'reject'$$);
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
CREATE FUNCTION summary(path text, options text, target text DEFAULT 't') RETURNS text LANGUAGE sql AS $$
    SELECT format('%s, table %s, bad rows %s', o[2], md5(o[3]), md5(o[4])) FROM outcome(path, options, target) o $$;
INSERT INTO t (id, v, parent, sku) VALUES (0, 'old', 1, 'taken');
INSERT INTO t (id, v, parent, sku) SELECT i, 'old', 1, 's' || i FROM generate_series(10, 4000, 3) i;
SELECT write_file(random_lines(true));
SELECT is(summary('direct', o), summary('sql', o), 'many rows, ' || o)
  FROM unnest(ARRAY[$$merge 'upsert', on_error 'reject'$$, $$merge 'upsert', on_error 'reject', on_duplicate 'first'$$, $$merge 'ignore', on_error 'reject'$$,
                    $$merge 'update', on_error 'reject'$$, $$merge 'update', on_error 'reject', on_duplicate 'first'$$, $$merge 'sync', on_error 'reject'$$]) o;
SELECT write_file(random_lines(false));
SELECT is(summary('direct', o), summary('sql', o), 'many rows in no order, ' || o)
  FROM unnest(ARRAY[$$merge 'upsert', on_error 'reject'$$, $$merge 'upsert', on_error 'reject', on_duplicate 'first'$$, $$merge 'ignore', on_error 'reject'$$,
                    $$merge 'update', on_error 'reject'$$, $$merge 'update', on_error 'reject', on_duplicate 'first'$$]) o;
SELECT ok((outcome('direct', $$merge 'upsert', on_error 'reject'$$))[2] ~ ',[0-9]{3}\)$', 'with hundreds of bad rows');

-- Partitioned tables: two levels, columns in another order in each, generated ones, unique keys and checks of one partition, a value that
-- has no partition
CREATE TABLE p (gone int, region text, id int, v word, n int DEFAULT 7 CHECK (n > 0), g int GENERATED ALWAYS AS (n * 2) STORED,
                sku text, parent int REFERENCES parent, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
ALTER TABLE p DROP gone;
CREATE TABLE p_n PARTITION OF p FOR VALUES IN ('north') PARTITION BY RANGE (id);
CREATE TABLE p_n1 PARTITION OF p_n FOR VALUES FROM (0) TO (100);
CREATE TABLE p_n2 (sku text, n int CHECK (n < 1000), lost text, id int NOT NULL, parent int, g int GENERATED ALWAYS AS (n * 2) STORED, v word, region text NOT NULL);
ALTER TABLE p_n2 DROP lost, ADD CONSTRAINT p_n_check CHECK (n > 0), ALTER n SET NOT NULL;
ALTER TABLE p_n ATTACH PARTITION p_n2 FOR VALUES FROM (100) TO (1000);
CREATE UNIQUE INDEX ON p_n2 (sku);
CREATE TABLE p_s PARTITION OF p FOR VALUES IN ('south', 'east');
INSERT INTO p (region, id, v, n, sku) VALUES ('north', 1, 'one', 1, 'a'), ('north', 101, 'two', 2, 'b'), ('south', 1, NULL, 3, 'c'), ('south', 2, 'one', 4, 'd'), ('north', 102, 'one', 3, 'taken');
SELECT write_file($$id,region,v,n,sku,parent
1,north,one,1,a,
1,north,again,1,a,
1,south,new,3,c,2
2,south,bad,3,c,77
2,south,new,-3,c,1
2,south,new,5,c,1
101,north,bad,5,taken,1
102,north,new,5,taken,1
103,north,bad,2000,e,1
103,north,good,200,e,1
104,north,bad,1,taken,1
105,north,bad,,f,1
1000,north,nowhere,1,g,1
1,west,nowhere,1,h,1
1,west,again,1,h,1
,south,no key,1,i,1
x,south,no number,1,i,1
7,east,never,1,j,1
7,east,good,1,j,1
8,east,short
9,east,good,1,k,9
106,north,good,1,unique,1
107,north,bad,1,unique,1
107,north,good,1,other,1$$);
SELECT agrees('partitions, ' || o, c, o, target => 'p') FROM (VALUES
    ('(24,5,3,1,0,0,0,15)', $$merge 'upsert', on_error 'reject'$$), ('(24,5,3,1,0,0,1,14)', $$merge 'upsert', on_error 'reject', on_duplicate 'first'$$),
    ('(24,5,0,0,5,0,0,14)', $$merge 'ignore', on_error 'reject'$$), ('(24,5,0,0,5,0,3,11)', $$merge 'ignore', on_error 'reject', on_duplicate 'first'$$),
    ('(24,0,3,1,10,0,0,10)', $$merge 'update', on_error 'reject'$$), ('(24,0,3,1,10,0,4,6)', $$merge 'update', on_error 'reject', on_duplicate 'first'$$),
    (NULL, $$merge 'upsert', on_error 'reject', max_rejects 14$$)) v(c, o);
SELECT agrees('partitions, mode sync', '(24,5,3,1,0,0,0,15)', $$merge 'sync', on_error 'reject'$$, target => 'p');
CREATE TABLE keyless (LIKE p INCLUDING DEFAULTS, extra text DEFAULT 'x') PARTITION BY LIST (region);
ALTER TABLE keyless ALTER n DROP NOT NULL, ALTER id DROP NOT NULL, ADD CHECK (n < 1000), ADD FOREIGN KEY (parent) REFERENCES parent;
CREATE TABLE keyless_n PARTITION OF keyless FOR VALUES IN ('north', 'south');
SELECT agrees('partitions, mode insert with defaults', '(24,15,0,0,0,0,0,9)', $$merge 'insert', on_error 'reject'$$, 'direct: defaults may decide on the partition of rows to be set aside', 'keyless');
ALTER TABLE keyless ALTER n DROP DEFAULT, ALTER extra DROP DEFAULT;
SELECT agrees('partitions, mode insert', '(24,15,0,0,0,0,0,9)', $$merge 'insert', on_error 'reject'$$, target => 'keyless');

-- what a partition alone has
CREATE TRIGGER see AFTER INSERT ON p_n1 FOR EACH ROW EXECUTE FUNCTION see();
SELECT is((outcome('auto', $$merge 'upsert', on_error 'reject'$$, 'p'))[1], 'direct: rows to be set aside may be found by triggers behind them', 'a trigger of a partition');
DROP TRIGGER see ON p_n1;
CREATE INDEX of_part ON p_n2 (part(n));
SELECT is((outcome('auto', $$merge 'ignore', on_error 'reject'$$, 'p'))[1], 'direct: rows to be set aside may be found by an index', 'an index of a partition');
DROP INDEX of_part;
CREATE TABLE child (region text, id int, FOREIGN KEY (region, id) REFERENCES p);
INSERT INTO child VALUES ('south', 1), ('north', 101);
SELECT agrees('children of partitions', '(24,5,3,1,0,0,0,15)', $$merge 'upsert', on_error 'reject'$$, target => 'p');
DROP TABLE child;
CREATE TABLE e (id int NOT NULL, n int) PARTITION BY RANGE (part(id));
CREATE TABLE e1 PARTITION OF e FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
SELECT write_file(E'id,n\n1,1\n6,2\nx,3');
SELECT agrees('an expression that decides on the partition', '(3,1,0,0,0,0,0,2)', $$merge 'insert', on_error 'reject'$$, 'sql: some rows to be set aside can only be found by SQL', 'e');

-- many rows of many partitions
CREATE TABLE h (id int, v word, n int NOT NULL CHECK (n < 100), parent int REFERENCES parent, sku text, UNIQUE (id)) PARTITION BY HASH (id);
SELECT format('CREATE TABLE h%s PARTITION OF h FOR VALUES WITH (MODULUS 7, REMAINDER %1$s); CREATE UNIQUE INDEX ON h%1$s (sku)', i) AS make FROM generate_series(0, 6) i \gexec
INSERT INTO h SELECT i, 'old', 5, 1, 's' || i FROM generate_series(10, 4000, 3) i;
INSERT INTO h SELECT -i, 'old', 5, 1, 'taken' FROM generate_series(1, 200) i ON CONFLICT DO NOTHING;
SELECT write_file(random_lines(true));
SELECT is(summary('direct', o, 'h'), summary('sql', o, 'h'), 'many rows of partitions, ' || o)
  FROM unnest(ARRAY[$$merge 'upsert', on_error 'reject'$$, $$merge 'upsert', on_error 'reject', on_duplicate 'first'$$, $$merge 'ignore', on_error 'reject'$$,
                    $$merge 'update', on_error 'reject'$$, $$merge 'update', on_error 'reject', on_duplicate 'first'$$, $$merge 'sync', on_error 'reject', on_duplicate 'first'$$, $$merge 'insert', on_error 'reject'$$]) o;
SELECT write_file(random_lines(false));
SELECT is(summary('direct', o, 'h'), summary('sql', o, 'h'), 'many rows of partitions in no order, ' || o)
  FROM unnest(ARRAY[$$merge 'upsert', on_error 'reject'$$, $$merge 'ignore', on_error 'reject'$$, $$merge 'update', on_error 'reject'$$]) o;
SELECT matches((outcome('direct', $$merge 'upsert', on_error 'reject'$$, 'h'))[1] || (outcome('direct', $$merge 'upsert', on_error 'reject'$$, 'h'))[2], '^direct.*,[0-9]{3,}\)$', 'with hundreds of bad rows');
SELECT * FROM finish();
