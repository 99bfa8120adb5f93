-- COPY that merges gives the same table and counts by both paths: random batches,
-- as large as several of the direct path's, for keys of many types.
BEGIN;
SELECT plan(144);
SET client_min_messages = warning;
SELECT setseed(0.4711);
SELECT aiodal.version() IS NOT NULL AS loaded;

CREATE FUNCTION pg_temp.file() RETURNS text LANGUAGE sql AS
$$ SELECT current_setting('data_directory') || '/copy_merge_paths.csv' $$;

-- n rows, keys out of 1..range; repeats: a key may come twice
CREATE FUNCTION pg_temp.make_batch(key_sql text, n int, range int, repeats boolean) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
    DROP TABLE IF EXISTS batch_row;
    EXECUTE format('CREATE TEMP TABLE batch_row AS
        SELECT %s, (random() * 3)::int AS v, md5((random() * 2)::int::text) AS w, NULL::text AS x
        FROM (SELECT %s FROM generate_series(1, %s) ORDER BY random()) r(i)',
        key_sql, CASE WHEN repeats THEN format('1 + (random() * %s)::int', range) ELSE 'generate_series' END, n);
    EXECUTE format('COPY batch_row TO %L WITH (FORMAT csv, HEADER)', pg_temp.file());
END
$$;

-- table contents and counts of one COPY by one path
CREATE FUNCTION pg_temp.load(path text, mode text, key_type text, policy text, OUT counts text, OUT rows text) LANGUAGE plpgsql AS
$$
BEGIN
    EXECUTE format('SET LOCAL aiodal.path = %I', path);
    DROP TABLE IF EXISTS target;
    EXECUTE format('CREATE TABLE target (gone int, %s, x text DEFAULT ''x'', v int, w text, d int NOT NULL DEFAULT 5,
        g int GENERATED ALWAYS AS (v * 2) STORED, CHECK (v < 100))', key_type);
    ALTER TABLE target DROP gone;
    CREATE INDEX ON target (w, v DESC);
    CREATE INDEX ON target (v) WHERE w > '8';
    CREATE INDEX ON target ((v + d));
    EXECUTE format('INSERT INTO target (%1$s, v, w) SELECT %1$s, v, w FROM batch_row b WHERE hashtext(b::text) %% 2 = 0
        ON CONFLICT DO NOTHING', (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
            WHERE attrelid = 'batch_row'::regclass AND attnum > 0 AND attname LIKE 'k%'));
    UPDATE target SET v = v + 1 WHERE v = 1;
    BEGIN
        EXECUTE format('COPY target FROM %L WITH (FORMAT csv, HEADER, merge %L, on_duplicate %L)', pg_temp.file(), mode, policy);
        SELECT (staged, inserted, updated, unchanged, ignored, deleted, duplicates)::text INTO counts FROM aiodal.last_copy();
    EXCEPTION WHEN unique_violation THEN
        counts := regexp_replace(SQLERRM, '=.*', '');
    END;
    SELECT md5(string_agg(t::text, E'\n' ORDER BY t::text)) INTO rows FROM target t;
END
$$;

CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TYPE colour AS ENUM ('red', 'green', 'blue', 'black');

CREATE FUNCTION pg_temp.compare(what text, key_sql text, key_type text, n int, range int) RETURNS SETOF text LANGUAGE plpgsql AS
$$
DECLARE
    direct record;
    plain record;
    mode text;
    policy text;
BEGIN
    FOR mode, policy IN SELECT * FROM (VALUES ('upsert', 'error'), ('ignore', 'error'), ('upsert', 'first'), ('ignore', 'first'), ('sync', 'error'), ('sync', 'first'), ('update', 'error'), ('update', 'first')) m LOOP
        PERFORM pg_temp.make_batch(key_sql, n, range, policy <> 'error' OR random() < 0.3);
        SELECT * INTO plain FROM pg_temp.load('sql', mode, key_type, policy);
        SELECT * INTO direct FROM pg_temp.load('direct', mode, key_type, policy);
        RETURN NEXT is(direct.counts, plain.counts, format('%s, %s, %s: counts', what, mode, policy));
        RETURN NEXT is(direct.rows, plain.rows, format('%s, %s, %s: rows', what, mode, policy));
    END LOOP;
END
$$;

SELECT pg_temp.compare('int', 'i AS k', 'k int PRIMARY KEY', 5000, 4000);
SELECT pg_temp.compare('few rows', 'i AS k', 'k bigint PRIMARY KEY', 20, 30);
SELECT pg_temp.compare('descending text', 'md5(i::text) AS k', 'k text COLLATE "C", PRIMARY KEY (k)', 4000, 3000);
SELECT pg_temp.compare('two columns', 'i % 7 AS k, (i / 7)::text AS "k b"', 'k smallint, "k b" varchar(20), UNIQUE ("k b", k)', 4000, 5000);
SELECT pg_temp.compare('blind collation', 'CASE WHEN random() < 0.5 THEN ''a'' ELSE ''A'' END || i AS k', 'k text COLLATE blind PRIMARY KEY', 2500, 2000);
SELECT pg_temp.compare('numeric', '(i / 10.0)::numeric AS k', 'k numeric PRIMARY KEY', 3000, 2500);
SELECT pg_temp.compare('uuid', 'md5(i::text)::uuid AS k', 'k uuid PRIMARY KEY', 3000, 2500);
SELECT pg_temp.compare('enum', '(enum_range(NULL::colour))[1 + i % 4] AS k, i AS k2', 'k colour, k2 int, UNIQUE (k2, k)', 3000, 2500);
SELECT pg_temp.compare('nullable', 'nullif(i % 50, 0) AS k, i / 50 AS k2', 'k int, k2 int, UNIQUE (k, k2)', 3000, 2500);

SELECT * FROM finish();
ROLLBACK;
