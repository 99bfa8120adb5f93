-- Rows of a file that want the same key of some unique index, not the merge's own, or want one that a row of the
-- file gives up: where bad rows are set aside, rows are taken in the order of the file, whatever the path. So COPY that merges
-- while it reads, a stage merged without SQL, and SQL agree on the table, the counts and the bad rows. Seeds are fixed.
SELECT plan(31);
SET client_min_messages = warning;
SELECT aiodal.version() IS NOT NULL AS loaded;

CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN word AS text CHECK (VALUE <> 'never');
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent VALUES (1), (2), (3);
CREATE TABLE one_more (id int PRIMARY KEY, a text UNIQUE, n int CHECK (n < 5));
CREATE TABLE two_more (gone int, id int PRIMARY KEY, a word COLLATE caseless UNIQUE, b int NOT NULL, c numeric, n int REFERENCES parent, UNIQUE (b, c));
ALTER TABLE two_more DROP gone;
CREATE TABLE nulls_are_one (a text UNIQUE NULLS NOT DISTINCT, id int PRIMARY KEY, n int REFERENCES parent CHECK (n <> 2));
CREATE TABLE no_key (id int UNIQUE, a text UNIQUE, n int CHECK (n < 4));
CREATE TABLE by_two (id int, k text, a text, b int UNIQUE, n int REFERENCES parent, PRIMARY KEY (k, id), UNIQUE (a, id));
CREATE TABLE by_nullable (id int UNIQUE, a text UNIQUE, b int, n int CHECK (n < 5));
CREATE UNIQUE INDEX ON by_nullable (b DESC) INCLUDE (n);
CREATE TABLE has_defaults (id int PRIMARY KEY, a text UNIQUE DEFAULT 'x', b int UNIQUE, g int GENERATED ALWAYS AS (b % 3) STORED UNIQUE, n int CHECK (n < 5));
CREATE TABLE with_children (id int PRIMARY KEY, a text UNIQUE, b int UNIQUE, n int REFERENCES parent);
CREATE TABLE child (id int REFERENCES with_children);
CREATE TABLE by_part (id int, k text, a text, n int CHECK (n < 5), PRIMARY KEY (id, k), UNIQUE (a, k)) PARTITION BY LIST (k);
CREATE TABLE by_part_p PARTITION OF by_part FOR VALUES IN ('p');
CREATE TABLE by_part_q (n int CONSTRAINT by_part_n_check CHECK (n < 5), gone int, a text, k text NOT NULL, id int NOT NULL);
ALTER TABLE by_part_q DROP gone;
ALTER TABLE by_part ATTACH PARTITION by_part_q FOR VALUES IN ('q');

CREATE FUNCTION file() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('data_directory') || '/copy_rivals.csv' $$;

-- A value for the column: few, so that many are equal
CREATE FUNCTION random_value(column_name text, spread int) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE column_name
        WHEN 'n' THEN (1 + floor(random() * 12))::int % 5 + CASE WHEN random() < 0.1 THEN 3 ELSE 0 END || ''
        WHEN 'a' THEN CASE WHEN random() < 0.1 THEN '' WHEN random() < 0.03 THEN 'never' ELSE substr('xXyYzZ', 1 + floor(random() * 6)::int, 1) || floor(random() * spread / 6)::int END
        WHEN 'k' THEN substr('pq', 1 + floor(random() * 2)::int, 1)
        WHEN 'b' THEN CASE WHEN random() < 0.08 THEN '' WHEN random() < 0.03 THEN 'bad' ELSE floor(random() * spread)::int || '' END
        WHEN 'c' THEN CASE WHEN random() < 0.1 THEN '' ELSE (ARRAY['1', '1.0', '2'])[1 + floor(random() * 3)] END
        ELSE (1 + floor(random() * spread))::int || '' END $$;

CREATE FUNCTION random_line(columns text[], spread int) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT string_agg(random_value(c, spread), ',' ORDER BY n) || CASE WHEN random() < 0.02 THEN ',more' ELSE '' END FROM unnest(columns) WITH ORDINALITY u(c, n) $$;

-- A file of random lines, in the order of the first column or in none, and a table with some of such rows.
CREATE PROCEDURE random_case(target regclass, columns text[], rows int, spread int) LANGUAGE plpgsql AS $$
DECLARE
    sorted boolean := random() < 0.3;
BEGIN
    EXECUTE format('DELETE FROM %s', target);
    CREATE TEMP TABLE line AS SELECT i AS n, random_line(columns, spread) AS l FROM generate_series(1, rows) i;
    -- they are set aside who cannot be there together
    EXECUTE format('COPY (SELECT random_line(%L, %s) FROM generate_series(1, %s)) TO %L', columns, spread, floor(random() * rows), file());
    PERFORM set_config('aiodal.path', 'auto', true);
    EXECUTE format('COPY %s (%s) FROM %L WITH (FORMAT csv, merge ''insert'', on_error ''reject'')', target, array_to_string(columns, ', '), file());
    EXECUTE format('COPY (SELECT l FROM (SELECT 0 AS n, 0 AS k, %L AS l UNION ALL SELECT n, CASE WHEN %L THEN split_part(l, '','', 1)::int ELSE 0 END, l FROM line) s ORDER BY n > 0, k, n) TO %L',
                   array_to_string(columns, ','), sorted, file());
    DROP TABLE line;
END $$;

CREATE FUNCTION counts_text(m aiodal.merge_result) RETURNS text
    RETURN ROW(m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.deleted, m.duplicates, m.rejected)::text;

-- What the file does by one way, undone: path, then counts, the table, and bad rows.
CREATE FUNCTION outcome(target regclass, way text, mode text, on_duplicate text, more text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    result text[]; m aiodal.merge_result; stage regclass;
BEGIN
    PERFORM set_config('aiodal.path', CASE way WHEN 'sql' THEN 'sql' ELSE 'auto' END, true);
    IF way = 'stage' THEN
        EXECUTE format('SELECT aiodal.stage(%L, mode => %L, on_duplicate => %L, on_error => ''reject'' %s)', target, mode, on_duplicate,
                       regexp_replace(regexp_replace(more, 'key ''(.*?)''', 'key => ARRAY[''\1'']'), 'update_columns ''(.*?)''', 'update_columns => string_to_array(''\1'', '','')::name[]')) INTO stage;
        EXECUTE format('COPY %s FROM %L WITH (FORMAT csv, HEADER)', stage, file());
        m := aiodal.merge(stage);
    ELSE
        EXECUTE format('COPY %s FROM %L WITH (FORMAT csv, HEADER, merge %L, on_duplicate %L, on_error ''reject'' %s)', target, file(), mode, on_duplicate, more);
        m := aiodal.last_copy();
    END IF;
    result := ARRAY[concat_ws(': ', m.path, m.reason), counts_text(m)];
    EXECUTE format('SELECT $1 || (SELECT string_agg(t::text, E''\n'' ORDER BY t::text) FROM %s t)', target) INTO result USING result;
    result := result || (SELECT string_agg(concat_ws(' ', line, record, column_name, quote_literal(value), sqlstate, message), E'\n' ORDER BY line, record) FROM aiodal.rejects());
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN result;
WHEN OTHERS THEN
    RETURN ARRAY['failed', SQLSTATE || ' ' || SQLERRM];
END $$;

-- What the ways differ in, for some random files; way: how COPY goes. Says at the end how many rows were set aside for another unique key, if none were.
CREATE FUNCTION disagreements(target regclass, columns text[], mode text, on_duplicate text, more text, way text, cases int, rows int, spread int)
    RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    direct text[]; other text[]; rivals int := 0;
BEGIN
    FOR i IN 1 .. cases LOOP
        PERFORM setseed(i / 1000.0);
        CALL random_case(target, columns, rows, spread);
        direct := outcome(target, 'copy', mode, on_duplicate, more);
        rivals := rivals + coalesce(array_length(string_to_array(direct[4], 'duplicate key value'), 1) - 1, 0);
        IF direct[1] <> way THEN
            RETURN NEXT format('case %s goes %s', i, array_to_string(direct, ' '));
        END IF;
        FOR w IN 0 .. 1 LOOP
            other := outcome(target, (ARRAY['sql', 'stage'])[w + 1], mode, on_duplicate, more);
            IF other[2:] IS DISTINCT FROM direct[2:] THEN
                RETURN NEXT format(E'case %s, %s: %s', i, other[1], other[2]);
                RETURN QUERY SELECT format('- %s', u) FROM (SELECT unnest(string_to_array(array_to_string(direct[2:], E'\n'), E'\n')) EXCEPT ALL
                    SELECT unnest(string_to_array(array_to_string(other[2:], E'\n'), E'\n'))) d(u);
                RETURN QUERY SELECT format('+ %s', u) FROM (SELECT unnest(string_to_array(array_to_string(other[2:], E'\n'), E'\n')) EXCEPT ALL
                    SELECT unnest(string_to_array(array_to_string(direct[2:], E'\n'), E'\n'))) d(u);
            END IF;
        END LOOP;
    END LOOP;
    IF rivals < cases / 4 THEN
        RETURN NEXT 'hardly any rivals: ' || rivals;
    END IF;
END $$;

CREATE FUNCTION agrees(target regclass, columns text[], mode text, on_duplicate text, more text DEFAULT '', way text DEFAULT 'direct', cases int DEFAULT 15, rows int DEFAULT 10, spread int DEFAULT 9)
    RETURNS text LANGUAGE sql AS $$
    SELECT is((SELECT string_agg(d, E'\n') FROM (SELECT d FROM disagreements(target, columns, mode, on_duplicate, more, way, cases, rows, spread) d LIMIT 20) s), NULL,
              concat_ws(', ', target, columns::text, mode, on_duplicate, NULLIF(more, ''), rows || ' rows')) $$;

SELECT agrees('one_more', '{id,a,n}', 'upsert', 'error');
SELECT agrees('one_more', '{id,a,n}', 'upsert', 'first');
SELECT agrees('one_more', '{id,a,n}', 'ignore', 'error');
SELECT agrees('two_more', '{id,a,b,c,n}', 'upsert', 'error');
SELECT agrees('two_more', '{id,a,b,c,n}', 'upsert', 'first');
SELECT agrees('two_more', '{id,b,c,n,a}', 'ignore', 'first');
SELECT agrees('two_more', '{id,a,b,c,n}', 'upsert', 'first', $$, update_columns 'a,n'$$);
SELECT agrees('two_more', '{id,a,b,c,n}', 'upsert', 'error', $$, update_columns 'b'$$);
SELECT agrees('two_more', '{id,b,c,n}', 'upsert', 'error');
SELECT agrees('nulls_are_one', '{id,a,n}', 'upsert', 'error');
SELECT agrees('nulls_are_one', '{id,a,n}', 'upsert', 'first');
SELECT agrees('nulls_are_one', '{id,n}', 'upsert', 'error');
SELECT agrees('no_key', '{id,a,n}', 'insert', 'error');
SELECT agrees('by_two', '{id,k,a,b,n}', 'upsert', 'error', '', 'direct', 15, 10, 6);
SELECT agrees('by_two', '{id,k,a,b,n}', 'upsert', 'first', '', 'direct', 15, 14, 6);
SELECT agrees('by_nullable', '{id,a,b,n}', 'upsert', 'error', $$, key 'id'$$);
SELECT agrees('by_nullable', '{id,a,b,n}', 'upsert', 'first', $$, key 'b'$$);
SELECT agrees('has_defaults', '{id,a,b,n}', 'upsert', 'error');
SELECT agrees('has_defaults', '{id,b,n}', 'upsert', 'first');
SELECT agrees('with_children', '{id,a,b,n}', 'upsert', 'error');
SELECT agrees('with_children', '{id,a,b,n}', 'upsert', 'first', $$, update_columns 'id,a,b'$$, 'direct: rows to be set aside may be found by triggers behind them');
SELECT agrees('by_part', '{id,k,a,n}', 'upsert', 'error', '', 'direct', 15, 14, 6);
SELECT agrees('by_part', '{id,k,a,n}', 'upsert', 'first', '', 'direct', 15, 14, 6);
-- through a stage
SELECT agrees('two_more', '{id,a,b,c,n}', 'upsert', 'last', '', 'direct: which row of a key is the last one is known at the end');
SELECT agrees('two_more', '{id,a,b,c,n}', 'sync', 'error', '', 'direct');
SELECT agrees('two_more', '{id,a,b,c,n}', 'update', 'error', '', 'direct', 15, 20, 6);
SELECT agrees('one_more', '{id,a,n}', 'update', 'first', '', 'direct', 15, 14, 6);
SELECT agrees('one_more', '{id,a,n}', 'insert', 'first', '', 'direct');
-- several batches
SELECT agrees('one_more', '{id,a,n}', 'upsert', 'error', '', 'direct', 1, 2600, 4000);
SELECT agrees('two_more', '{id,a,b,c,n}', 'upsert', 'first', '', 'direct', 1, 2600, 4000);
SELECT agrees('by_nullable', '{id,a,b,n}', 'ignore', 'error', $$, key 'id'$$, 'direct', 1, 2600, 4000);
SELECT * FROM finish();
