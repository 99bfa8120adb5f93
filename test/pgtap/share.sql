-- Stages that several sessions load: what is merged is what one COPY would have merged. One session plays all
-- parts here, the last one first; test/stress/share.t has several.
BEGIN;
SELECT plan(74);
SET client_min_messages = warning;
SELECT setseed(0.4711);
SELECT aiodal.version() IS NOT NULL AS loaded;

CREATE FUNCTION pg_temp.file(n int) RETURNS text LANGUAGE sql AS
$$ SELECT current_setting('data_directory') || '/share_' || n || '.csv' $$;

CREATE TABLE book (id int PRIMARY KEY, title text NOT NULL, price numeric(8,2) DEFAULT 5 CHECK (price < 1000), made date);

-- What one COPY and what parts made of the same batch: counts, rows, rejects or the error
CREATE TYPE pg_temp.outcome AS (counts text, rows text, rejects text, error text, detail text);

CREATE FUNCTION pg_temp.fill() RETURNS void LANGUAGE sql BEGIN ATOMIC
    DELETE FROM book;
    INSERT INTO book SELECT i, 'title ' || i % 7, i % 5, '2024-01-01' FROM generate_series(1, 400, 3) i;
END;

CREATE FUNCTION pg_temp.result(m aiodal.merge_result, error text, detail text) RETURNS pg_temp.outcome LANGUAGE sql AS
$$
    SELECT ((m).staged || ' ' || (m).inserted || ' ' || (m).updated || ' ' || (m).unchanged || ' ' || (m).ignored || ' ' || (m).deleted
            || ' ' || (m).duplicates || ' ' || (m).rejected,
        (SELECT string_agg(b::text, E'\n' ORDER BY id) FROM book b),
        (SELECT string_agg(r::text, E'\n' ORDER BY line) FROM aiodal.rejects() r),
        error, detail)::pg_temp.outcome
$$;

CREATE FUNCTION pg_temp.whole(mode text, policy text, on_error text, max_rejects int) RETURNS pg_temp.outcome LANGUAGE plpgsql AS
$$
DECLARE
    m aiodal.merge_result;
    message text;
    detail text;
BEGIN
    PERFORM pg_temp.fill();
    BEGIN
        PERFORM aiodal.stage('book', mode => mode, on_duplicate => policy, on_error => on_error, max_rejects => max_rejects);
        EXECUTE format('COPY book_stage FROM %L WITH (FORMAT csv, HEADER)', pg_temp.file(0));
        m := aiodal.merge('book_stage');
        DROP TABLE book_stage;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    END;
    RETURN pg_temp.result(m, message, detail);
END
$$;

-- parts: n, lines and records in front of each
CREATE TABLE part (n int, lines int, records int);

CREATE FUNCTION pg_temp.parts(mode text, policy text, on_error text, max_rejects int) RETURNS pg_temp.outcome LANGUAGE plpgsql AS
$$
DECLARE
    m aiodal.merge_result;
    message text;
    detail text;
    p part;
    stage regclass;
BEGIN
    PERFORM pg_temp.fill();
    BEGIN
        stage := aiodal.shared_stage(aiodal.reserve_stage('book'), 'book');
        FOR p IN SELECT * FROM part ORDER BY n DESC LOOP
            PERFORM aiodal.join_stage(stage, 'book', p.n, 1, p.lines, p.records, mode, on_error, max_rejects);
            EXECUTE format('COPY %s FROM %L WITH (FORMAT csv, HEADER)', stage, pg_temp.file(p.n));
        END LOOP;
        m := aiodal.merge_shared(stage, 'book', (SELECT count(*) FROM part), mode, NULL, policy, on_error, max_rejects);
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    END;
    RETURN pg_temp.result(m, message, detail);
END
$$;

-- Rows with line ends in quotes and keys that repeat, cut into so many parts. "bad" of them are.
CREATE FUNCTION pg_temp.make(rows int, keys int, parts int, bad float) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    k int;
    lines int := 0;
    line text;
BEGIN
    CREATE TEMP TABLE r ON COMMIT DROP AS SELECT n, 1 + (n - 1) * parts / rows AS part, id || ',"ti' || repeat(E'\n', (random() * 1.2)::int)
        || 'tle ' || id % 7 || '",' || price || ',' || CASE WHEN random() < bad THEN '2024-02-30' ELSE '2024-01-01' END
        || CASE WHEN random() < bad THEN ',too many' ELSE '' END AS line FROM (SELECT n,
            CASE WHEN keys >= rows THEN n * 7 % 1009 ELSE 1 + (random() * keys)::int END AS id,
            CASE WHEN random() < bad THEN 5000 ELSE (random() * 5)::int END AS price FROM generate_series(1, rows) n) x;
    DELETE FROM part;
    FOR k IN 0 .. parts LOOP
        IF k > 0 THEN
            INSERT INTO part SELECT k, coalesce(sum(1 + length(r.line) - length(replace(r.line, E'\n', ''))), 0), count(*) FROM r WHERE r.part < k;
        END IF;
        -- a quote and delimiter that no line has: as it is
        EXECUTE format($c$COPY (SELECT 'id,title,price,made' UNION ALL SELECT t FROM (SELECT replace(line, E'\n', E'\x01') AS t FROM r WHERE %s ORDER BY n) s) TO PROGRAM %L WITH (DELIMITER E'\x02')$c$,
            CASE WHEN k = 0 THEN 'true' ELSE 'part = ' || k END, 'tr ''\001'' ''\n'' >' || pg_temp.file(k));
    END LOOP;
    DROP TABLE r;
END
$$;

CREATE FUNCTION pg_temp.same(what text, mode text, policy text, on_error text, max_rejects int) RETURNS text LANGUAGE sql AS
$$ SELECT is(pg_temp.parts(mode, policy, on_error, max_rejects), pg_temp.whole(mode, policy, on_error, max_rejects),
    format('%s, mode %s, duplicates %s, on_error %s', what, mode, policy, on_error)) $$;

SELECT pg_temp.make(1000, 1000, 4, 0);
SELECT pg_temp.same('rows of their own keys', m, 'error', 'stop', NULL) FROM unnest('{insert,ignore,upsert,update,sync}'::text[]) m;
SELECT pg_temp.same('rows of their own keys', m, 'error', 'reject', NULL) FROM unnest('{insert,ignore,upsert,update,sync}'::text[]) m;
SELECT pg_temp.make(900, 300, 3, 0);
SELECT pg_temp.same('repeated keys', m, p, 'stop', NULL) FROM unnest('{ignore,upsert,update,sync}'::text[]) m, unnest('{first,last}'::text[]) p;
SELECT pg_temp.same('repeated keys', m, p, 'reject', NULL) FROM unnest('{ignore,upsert,update,sync}'::text[]) m, unnest('{error,first,last}'::text[]) p;
SELECT pg_temp.make(700, 300, 5, 0.05);
SELECT pg_temp.same('bad rows', m, p, 'reject', NULL) FROM unnest('{ignore,upsert,update,sync}'::text[]) m, unnest('{error,first,last}'::text[]) p;
SELECT pg_temp.same('too many bad rows for the whole', 'upsert', 'last', 'reject', 30);
SELECT pg_temp.make(7, 1000, 40, 0);
SELECT pg_temp.same('more parts than rows', 'upsert', 'error', 'stop', NULL);
SELECT pg_temp.make(0, 1000, 2, 0);
SELECT pg_temp.same('no rows', m, 'error', 'stop', NULL) FROM unnest('{upsert,sync}'::text[]) m;

-- Places: a bad value is told with the file's line, whatever part it is in
CREATE TEMP TABLE s AS SELECT aiodal.shared_stage(aiodal.reserve_stage('book'), 'book') AS stage;
SELECT aiodal.join_stage(stage, 'book', 2, 1, 48208, 48209) FROM s;
SAVEPOINT a;
CREATE FUNCTION pg_temp.context(what text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
    context text;
BEGIN
    EXECUTE what;
    RETURN 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    RETURN split_part(context, E'\n', 1);
END
$$;
COPY (VALUES ('id,title,price,made'), ('1,a,1,2024-01-01'), ('2,b,x,2024-01-01')) TO PROGRAM 'cat >share_bad.csv';
SELECT is(pg_temp.context(format('COPY %s FROM %L WITH (FORMAT csv, HEADER)', stage, current_setting('data_directory') || '/share_bad.csv')),
    'COPY book_stage, line 48211, column price: "x"', 'a bad value is named by its line in the file') FROM s;
ROLLBACK TO a;

-- Parts that are missing, twice there, or of another table
SELECT throws_ok(format('SELECT aiodal.merge_shared(%L, ''book'')', 'book'), '42809', '"book" is not a shared stage of yours', 'an ordinary table is none');
SELECT lives_ok(format('COPY %s FROM PROGRAM ''echo 1,a,1,'' WITH (FORMAT csv)', stage), 'part 2 of 2') FROM s;
SELECT throws_ok(format('COPY %s FROM PROGRAM ''echo 1,a,1,'' WITH (FORMAT csv)', stage), '55000', 'part 2 of the stage is loaded already', 'a COPY without a part is refused') FROM s;
SELECT throws_like(format('SELECT aiodal.merge_shared(%L, ''book'')', stage), 'part 1 of stage "book_%" is missing', 'a part that is missing is noticed') FROM s;
SELECT throws_ok(format('SELECT aiodal.join_stage(%L, ''book'', 2); COPY %1$s FROM PROGRAM ''true''', stage), '23505', NULL, 'and so is one that is there twice') FROM s;
SELECT lives_ok(format('SELECT aiodal.join_stage(%L, ''book'', 1); COPY %1$s FROM PROGRAM ''echo 3,c,1,'' WITH (FORMAT csv)', stage), 'part 1 of 2') FROM s;
SELECT throws_like(format('SELECT aiodal.merge_shared(%L, ''book'', 3)', stage), 'stage "book_%" has 2 parts of 3', 'and the last ones') FROM s;
SELECT lives_ok(format('DELETE FROM %s WHERE id = 3', stage), 'a row is deleted by hand') FROM s;
SELECT throws_like(format('SELECT aiodal.merge_shared(%L, ''book'', 2)', stage), 'stage "book_%" was changed since it was loaded', 'that is noticed, too') FROM s;
SELECT is(aiodal.drop_shared_stages(), 0, 'a stage in use is not cleaned up');
SELECT is((SELECT count(*) FROM aiodal.relations() WHERE schema = 'aiodal_stage'), 0::bigint, 'stages are not of the schema');
CREATE TEMP TABLE print AS SELECT aiodal.fingerprint() AS before;

-- JSON lines: a column that only one part has gets its default in the others
DELETE FROM book;
DROP TABLE s;
CREATE TEMP TABLE s AS SELECT aiodal.shared_stage(aiodal.reserve_stage('book'), 'book') AS stage;
SELECT aiodal.join_stage(stage, 'book', 1) FROM s;
\set QUIET on
SELECT format('COPY %s FROM PROGRAM $$seq -f ''{"id":%%g,"title":"a"}'' 1 1500; echo ''{"id":1501,"title":"a","price":7}''; echo ''{"id":1502,"title":"a","price":null}''$$ WITH (FORMAT jsonl)', stage) FROM s \gexec
SELECT aiodal.join_stage(stage, 'book', 3, 1, 2000, 2000) FROM s;
SELECT format('COPY %s FROM PROGRAM $$seq -f ''{"id":%%g,"title":"a","made":"2024-01-01"}'' 3001 3010$$ WITH (FORMAT jsonl)', stage) FROM s \gexec
SELECT aiodal.join_stage(stage, 'book', 2, 1, 1502, 1502) FROM s;
SELECT format('COPY %s FROM PROGRAM $$seq -f ''{"id":%%g,"title":"a"}'' 2001 2010$$ WITH (FORMAT jsonl)', stage) FROM s \gexec
SELECT is((SELECT inserted FROM aiodal.merge_shared(stage, 'book', 3)), 1522::bigint, 'JSON lines in three parts') FROM s;
SELECT is((SELECT string_agg(format('%s %s', price, n), ', ' ORDER BY price) FROM (SELECT price, count(*) AS n FROM book GROUP BY price) x), '5.00 1520, 7.00 1,  1', 'defaults where a key is missing, null where it was given');
SELECT is((SELECT array_agg(id) FROM (SELECT id FROM book ORDER BY ctid) x), (SELECT array_agg(id ORDER BY id) FROM book), 'rows come in the order of the files');

SELECT is(aiodal.fingerprint(), (SELECT before FROM print), 'which a load does not change');

-- Nobody else's business
SELECT is((SELECT count(*) FROM pg_class WHERE relnamespace = 'aiodal_stage'::regnamespace AND relkind = 'r' AND relname ~ '^book_.*(_parts|_rejects)?$'), 3::bigint, 'merging drops a stage, and what belongs to it');
CREATE ROLE share_loader;
CREATE ROLE share_other;
GRANT SELECT, INSERT, UPDATE ON book TO share_loader, share_other;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE share_loader GRANT ALL ON TABLES TO PUBLIC, share_other;
SET ROLE share_loader;
SELECT throws_ok($$ SELECT aiodal.shared_stage(aiodal.reserve_stage('book'), 'book') $$, '42501', 'permission denied to make a stage for several sessions', 'not everybody may make one');
RESET ROLE;
GRANT USAGE, CREATE ON SCHEMA aiodal_stage TO share_loader;
GRANT USAGE ON SCHEMA aiodal_stage TO share_other;
SET ROLE share_loader;
DROP TABLE IF EXISTS pg_temp.s2;
CREATE TEMP TABLE s2 AS SELECT aiodal.shared_stage(aiodal.reserve_stage('book'), 'book') AS stage;
SELECT aiodal.join_stage(stage, 'book', 1) FROM s2;
GRANT SELECT ON s2 TO share_other;
SELECT format('COPY %s FROM STDIN WITH (FORMAT csv)', stage) AS copy FROM s2 \gset
RESET ROLE;
SELECT format('COPY %s (id, title) FROM PROGRAM ''echo 9001,x'' WITH (FORMAT csv)', stage) AS copy FROM s2 \gset
GRANT pg_execute_server_program TO share_loader;
SET ROLE share_loader;
:copy;
SELECT lives_ok(format('SELECT aiodal.merge_shared(%L, ''book'')', stage), 'who may insert and update may load so') FROM s2;
DROP TABLE s2;
CREATE TEMP TABLE s2 AS SELECT aiodal.shared_stage(aiodal.reserve_stage('book'), 'book') AS stage;
GRANT SELECT ON s2 TO share_other;
SET ROLE share_other;
SELECT throws_ok(format('SELECT FROM %s', stage), '42501', NULL, 'nobody else can read a stage, whatever default privileges say') FROM s2;
SELECT throws_ok(format('SELECT FROM %s_parts', stage), '42501', NULL, 'nor its parts') FROM s2;
SELECT throws_like(format('SELECT aiodal.join_stage(%L, ''book'', 1)', stage), '"book_%" is not a shared stage of yours', 'nor write to it') FROM s2;
SELECT throws_ok($$ SELECT aiodal.shared_stage('book_12345678', 'book') $$, '55000', 'no session has reserved the name "book_12345678"', 'names are to be reserved');
RESET ROLE;
SELECT throws_like(format('SELECT aiodal.merge_shared(%L, ''book'')', stage), '"book_%" is not a shared stage of yours', 'nor does a superuser use the stage of another role') FROM s2;

-- Isolation
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT throws_ok($$ SELECT aiodal.merge_shared('book', 'book') $$, '0A000', NULL, 'an old snapshot is refused');
COMMIT;

-- What was left behind
SELECT ok(aiodal.drop_shared_stages() > 0, 'stages of transactions that are over are cleaned up');
SELECT is((SELECT count(*) FROM pg_class WHERE relnamespace = 'aiodal_stage'::regnamespace AND relkind = 'r'), 0::bigint, 'all of them');
SELECT is(aiodal.drop_shared_stages(), 0, 'once');
ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC;
DROP OWNED BY share_loader, share_other CASCADE;
DROP ROLE share_loader, share_other;
SELECT * FROM finish();
