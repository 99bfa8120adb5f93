-- Entries of many rows at once into indexes of every order: each is there, in its place, once.
SELECT plan(13);
SET client_min_messages = warning;
SELECT aiodal.version() IS NOT NULL AS loaded;
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'amcheck') AS has_amcheck \gset
\if :has_amcheck
CREATE EXTENSION IF NOT EXISTS amcheck;
\endif

CREATE TABLE t (id int PRIMARY KEY, x text, long text, n numeric, u uuid, b bytea, c char(20), k name, ts timestamptz, f float8);
CREATE INDEX x_index ON t (x);
CREATE INDEX x_c ON t (x COLLATE "C" DESC NULLS LAST);
CREATE INDEX x_posix ON t (x COLLATE "POSIX" text_pattern_ops);
CREATE INDEX x_unicode ON t (x COLLATE "und-x-icu" NULLS FIRST);
CREATE INDEX x_lower ON t (lower(x), id DESC);
CREATE INDEX x_some ON t (x DESC) INCLUDE (n) WHERE n > 0;
CREATE INDEX long_index ON t (long);
CREATE INDEX n_index ON t (n DESC);
CREATE INDEX u_index ON t (u);
CREATE UNIQUE INDEX u_x ON t (u, x);
CREATE INDEX b_index ON t (b);
CREATE INDEX c_index ON t (c);
CREATE INDEX k_index ON t (k DESC);
CREATE INDEX ts_index ON t (ts, f);
CREATE INDEX f_hash ON t USING hash (f);
CREATE INDEX f_brin ON t USING brin (f);

-- Rows number 1 to n with one seed differ from those with another in all but the key. Texts are of
-- many lengths, some empty, some NULL, some beginning alike, some compressed, some with bytes above 127.
CREATE FUNCTION made(n int, seed text) RETURNS SETOF t LANGUAGE sql AS $$
SELECT i, CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'https://example.org/' || h WHEN 3 THEN 'Ärger ' || h WHEN 4 THEN upper(h) WHEN 5 THEN left(h, 3) ELSE h END,
    CASE i % 5 WHEN 0 THEN repeat(h, 80) WHEN 1 THEN NULL ELSE h END,
    CASE i % 11 WHEN 0 THEN 'NaN' WHEN 1 THEN NULL WHEN 2 THEN 'Infinity' ELSE (hashint4(i) + length(h))::numeric / 7 END,
    h::uuid, decode(h, 'hex'), left(h, i % 20), left(h, i % 60), timestamptz 'epoch' + hashint4(i) % 1000 * interval '1 day', CASE i % 13 WHEN 0 THEN 'NaN' ELSE hashint4(i) / 3.0 END
FROM (SELECT i, md5(i || seed) FROM generate_series(1, n) i) AS made(i, h) ORDER BY md5(h) $$;

CREATE FUNCTION load(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    stage regclass := aiodal.stage('t');
    counts text;
BEGIN
    EXECUTE format('INSERT INTO %s %s', stage, query);
    SELECT format('%s inserted, %s updated, %s unchanged: %s', inserted, updated, unchanged, path) INTO counts FROM aiodal.merge(stage);
    EXECUTE format('DROP TABLE %s', stage);
    RETURN counts;
END $$;

-- what is wrong with rows and indexes, if anything
CREATE FUNCTION flaw(wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'amcheck') THEN
        PERFORM bt_index_check(indexrelid, true) FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = relam WHERE indrelid = 't'::regclass AND amname = 'btree';
    END IF;
    EXECUTE format('SELECT count(*) FROM ((TABLE t EXCEPT (%1$s)) UNION ALL ((%1$s) EXCEPT TABLE t)) differ', wanted) INTO n;
    RETURN nullif(n, 0) || ' rows are wrong';
END $$;

SELECT is(load($$SELECT * FROM made(3000, 'a')$$), '3000 inserted, 0 updated, 0 unchanged: direct', 'rows out of order into an empty table');
SELECT is(flaw($$SELECT * FROM made(3000, 'a')$$), NULL, 'are in all indexes');
SELECT is(load($$SELECT * FROM made(3000, 'a')$$), '0 inserted, 0 updated, 3000 unchanged: direct', 'the same again');
SELECT is(load($$SELECT * FROM made(4000, 'b')$$), '1000 inserted, 3000 updated, 0 unchanged: direct', 'rows with other values everywhere');
SELECT is(flaw($$SELECT * FROM made(4000, 'b')$$), NULL, 'are in all indexes');
SELECT is(load($$SELECT * FROM made(4000, 'c') ORDER BY id$$), '0 inserted, 4000 updated, 0 unchanged: direct', 'rows in the order of the key');
SELECT is(flaw($$SELECT * FROM made(4000, 'c')$$), NULL, 'are in all indexes');
SELECT is(load($$SELECT id, x || 'z', long, n, u, b, c, k, ts, f FROM t WHERE id % 3 > 0$$), '0 inserted, 2286 updated, 381 unchanged: direct', 'some columns of some rows');
SELECT is(flaw($$SELECT id, CASE WHEN id % 3 > 0 THEN x || 'z' ELSE x END, long, n, u, b, c, k, ts, f FROM made(4000, 'c')$$), NULL, 'are in all indexes');
SELECT throws_ok($$SELECT load('SELECT i, ''same'', NULL, NULL, ''00000000-0000-0000-0000-000000000000''::uuid, NULL, NULL, NULL, NULL, NULL FROM generate_series(5001, 5200) i')$$, '23505', NULL, 'unique keys that come twice are found');
SELECT is(load($$SELECT * FROM made(40000, 'd') ORDER BY id$$), '36000 inserted, 4000 updated, 0 unchanged: direct', 'many batches');
SELECT is(load($$SELECT * FROM made(40000, 'e') ORDER BY id$$), '0 inserted, 40000 updated, 0 unchanged: direct', 'of rows whose other keys are all over');
SELECT is(flaw($$SELECT * FROM made(40000, 'e')$$), NULL, 'are in all indexes');
