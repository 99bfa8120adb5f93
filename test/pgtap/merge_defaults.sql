-- Defaults that differ from row to row: those that look at no table are filled in by the direct path as by SQL, once for
-- each row that is inserted, in the order of the batch. What may look at a table makes the merge step aside.
SELECT plan(96);
SET client_min_messages = warning;
CREATE SCHEMA apart;
CREATE EXTENSION pgcrypto SCHEMA apart;
CREATE EXTENSION "uuid-ossp" SCHEMA apart;

CREATE FUNCTION file() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('data_directory') || '/merge_defaults.csv' $$;

CREATE FUNCTION reason_of(target regclass, columns text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE m aiodal.merge_result;
BEGIN
    DROP TABLE IF EXISTS given;
    EXECUTE format('CREATE TEMP TABLE given AS SELECT %s FROM %s LIMIT 0', columns, target);
    m := aiodal.merge('given', target);
    RETURN concat_ws(': ', m.path, m.reason);
END $$;

-- which defaults
CREATE FUNCTION reason_with(expression text, type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE reason text;
BEGIN
    EXECUTE format('CREATE TABLE tried (id int PRIMARY KEY, d %s DEFAULT %s)', type, expression);
    reason := reason_of('tried', 'id');
    DROP TABLE tried;
    RETURN reason;
END $$;
CREATE SEQUENCE numbers;
CREATE FUNCTION draw() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
CREATE FUNCTION wrapped() RETURNS uuid LANGUAGE sql AS $$ SELECT gen_random_uuid() $$;
CREATE FUNCTION apart.gen_random_uuid(int) RETURNS uuid LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FUNCTION apart.same(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
SELECT is(reason_with(expression, type), 'direct', expression)
  FROM (VALUES ('gen_random_uuid()', 'uuid'), ('clock_timestamp()', 'timestamptz'), ('(clock_timestamp() AT TIME ZONE ''UTC'')::date', 'date'), ('timeofday()', 'text'),
               ('random()', 'float8'), ('(random() * 100)::int', 'int'), ('nextval(''numbers'')', 'bigint'), ('currval(''numbers'')', 'bigint'), ('lastval()', 'bigint'),
               ('''x-'' || gen_random_uuid()', 'text'), ('md5(random()::text)', 'text'), ('ARRAY[gen_random_uuid()]', 'uuid[]'), ('greatest(1, apart.same(2), random())', 'float8'),
               ('apart.gen_random_uuid()', 'uuid'), ('encode(apart.gen_random_bytes(4), ''hex'')', 'text'),
               ('apart.uuid_generate_v1()', 'uuid'), ('apart.uuid_generate_v1mc()', 'uuid'), ('apart.uuid_generate_v4()', 'uuid'),
               ('now()', 'timestamptz'), ('CURRENT_USER', 'name'), ('1', 'int')) d(expression, type);
SELECT is(reason_with(expression, type), 'sql: a column left out has a volatile default', expression)
  FROM (VALUES ('draw()', 'int'), ('wrapped()', 'uuid'), ('apart.gen_random_uuid(1)', 'uuid'), ('gen_random_uuid()::text || draw()', 'text'), ('CASE WHEN random() < 2 THEN draw() END', 'int'),
               ('setval(''numbers'', 5)', 'bigint'), ('pg_notify(''a'', ''b'')::text', 'text'), ('set_config(''a.b'', ''c'', false)', 'text')) d(expression, type);
SELECT is(reason_with(expression, type), 'direct', expression)
  FROM (VALUES (18, 'uuidv4()', 'uuid'), (18, 'uuidv7()', 'uuid'), (18, 'uuidv7(''1 day'')', 'uuid'), (17, 'random(1, 10)', 'int'), (17, 'random(1, 10::bigint)', 'bigint'),
               (17, 'random(1.0, 2.0)', 'numeric'), (16, 'random_normal()', 'float8')) d(since, expression, type)
 WHERE current_setting('server_version_num')::int / 10000 >= since
 UNION ALL
SELECT pass('not of this version')
  FROM unnest(ARRAY[18, 18, 18, 17, 17, 17, 16]) since WHERE current_setting('server_version_num')::int / 10000 < since;

-- what rows get: by a stage and by COPY, by each path
CREATE TABLE item (
    id int PRIMARY KEY, v text, label uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE, n bigint NOT NULL DEFAULT nextval('numbers'), same_n bigint DEFAULT currval('numbers'),
    at timestamptz DEFAULT clock_timestamp(), twice bigint GENERATED ALWAYS AS (n * 2) STORED, always int GENERATED ALWAYS AS IDENTITY, CHECK (n > 0), CHECK (label IS NOT NULL));
CREATE TABLE item_log (id int, n bigint, label uuid);
CREATE FUNCTION log_item() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO item_log VALUES (NEW.id, NEW.n, NEW.label); RETURN NULL; END $$;
CREATE TRIGGER log AFTER INSERT ON item FOR EACH ROW EXECUTE FUNCTION log_item();

-- counts, then what can be said of the rows whatever their values
CREATE FUNCTION load(way text, path text, target regclass, mode text, on_error text DEFAULT 'stop') RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    m aiodal.merge_result;
    stage regclass;
    result text[];
    message text;
    started timestamptz := clock_timestamp();
BEGIN
    PERFORM set_config('aiodal.path', path, true);
    EXECUTE format('TRUNCATE %s, item_log', target);
    ALTER SEQUENCE numbers RESTART;
    EXECUTE format('INSERT INTO %s (id, v, n, same_n) SELECT i, ''old'', 1000000 + i, 0 FROM generate_series(2, 3000, 2) i WHERE %L <> ''insert''', target, mode);
    TRUNCATE item_log;
    started := clock_timestamp();
    IF way = 'stage' THEN
        stage := aiodal.stage(target, '{id,v}', on_error => on_error);
        EXECUTE format('COPY %s FROM %L (FORMAT csv, HEADER)', stage, file());
        m := aiodal.merge(stage, mode => mode);
    ELSE
        EXECUTE format('COPY %s (id, v) FROM %L (FORMAT csv, HEADER, merge %L, on_error %L)', target, file(), mode, on_error);
        m := aiodal.last_copy();
    END IF;
    EXECUTE format($q$
        SELECT ARRAY[%L, %L, count(*)::text, count(DISTINCT label)::text, (count(*) FILTER (WHERE n < 1000000))::text,
            bool_and(n = same_n OR n > 1000000)::text, bool_and(twice = 2 * n)::text,
            (SELECT bool_and(in_order) FROM (SELECT n > lag(n, 1, 0::bigint) OVER (PARTITION BY tableoid ORDER BY id DESC) FROM %s WHERE n < 1000000) o(in_order))::text,
            bool_and(at > %L OR n > 1000000)::text,
            (SELECT count(*)::text FROM item_log JOIN %s USING (id, n, label))]
          FROM %s$q$, m.path, ROW(m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.duplicates, m.rejected), target, started, target, target) INTO result;
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN result;
WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = PG_EXCEPTION_DETAIL;
    RETURN ARRAY[path, SQLSTATE, SQLERRM, regexp_replace(message, '[0-9a-f-]{36}|, [-0-9]+ .*', '', 'g')];
END $$;

-- against the order of the keys, so that the order of the batch is seen
DO $$ BEGIN
    EXECUTE format('COPY (SELECT i AS id, CASE i %% 4 WHEN 0 THEN ''old'' ELSE ''new'' END AS v FROM generate_series(4000, 1, -1) i) TO %L (FORMAT csv, HEADER)', file());
END $$;
SELECT is(load(way, 'direct', 'item', 'upsert'), ARRAY['direct', '(4000,2500,750,750,0,0,0)', '4000', '4000', '2500', 'true', 'true', 'true', 'true', '2500'], 'filled in on the direct path: ' || way)
  FROM unnest('{stage,copy}'::text[]) way;
SELECT is((load(way, 'direct', 'item', mode))[2:], (load('stage', 'sql', 'item', mode))[2:], format('the same by SQL: %s, %s', way, mode))
  FROM unnest('{stage,copy}'::text[]) way, unnest('{ignore,upsert,sync,insert}'::text[]) mode;

-- where the default decides on the partition, it is the one that is stored
CREATE TABLE parted (id int, v text, label uuid DEFAULT gen_random_uuid(), n bigint DEFAULT nextval('numbers'), UNIQUE (id, label)) PARTITION BY HASH (label);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SET aiodal.path = direct;
DO $$ BEGIN
    EXECUTE format('COPY parted (id, v) FROM %L (FORMAT csv, HEADER, merge ''insert'')', file());
END $$;
SELECT is((SELECT ROW(path, inserted)::text FROM aiodal.last_copy()), '(direct,4000)', 'inserted into partitions');
RESET aiodal.path;
CREATE TABLE again (LIKE parted) PARTITION BY HASH (label);
CREATE TABLE again_0 PARTITION OF again FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE again_1 PARTITION OF again FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO again TABLE parted;
SELECT results_eq('SELECT right(tableoid::regclass::text, 1), id FROM again ORDER BY id', 'SELECT right(tableoid::regclass::text, 1), id FROM parted ORDER BY id', 'each where it belongs');
SELECT is((SELECT count(DISTINCT label) FROM parted), 4000::bigint, 'and each with a value of its own');

-- what is wrong with a default is told alike, and sets the row aside alike
CREATE TABLE parent (p bigint PRIMARY KEY);
INSERT INTO parent SELECT i FROM generate_series(1, 5) i WHERE i <> 2;
CREATE FUNCTION outcome(way text, path text, change text, on_error text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    m aiodal.merge_result;
    stage regclass;
    message text;
BEGIN
    PERFORM set_config('aiodal.path', path, true);
    CREATE TABLE child (id int PRIMARY KEY, v text, n bigint DEFAULT nextval('numbers'), label uuid DEFAULT gen_random_uuid());
    ALTER SEQUENCE numbers RESTART;
    EXECUTE change;
    IF way = 'stage' THEN
        stage := aiodal.stage('child', '{id,v}', on_error => on_error);
        EXECUTE format('INSERT INTO %s VALUES (5, ''a''), (4, ''b''), (3, ''c''), (2, ''d'')', stage);
        m := aiodal.merge(stage);
        message := (SELECT string_agg(concat_ws(' ', r.record, r.sqlstate, r.message, r.column_name, r.value), ', ' ORDER BY record) FROM aiodal.rejects(stage) r WHERE on_error = 'reject');
    ELSE
        EXECUTE format('COPY child (id, v) FROM PROGRAM %L WITH (FORMAT csv, merge ''upsert'', on_error %L)', 'printf "5,a\n4,b\n3,c\n2,d\n"', on_error);
        m := aiodal.last_copy();
        message := (SELECT string_agg(concat_ws(' ', r.record, r.sqlstate, r.message, r.column_name, r.value), ', ' ORDER BY record) FROM aiodal.rejects() r WHERE on_error = 'reject');
    END IF;
    message := concat_ws(' ', ROW(m.path, m.inserted, m.rejected), (SELECT string_agg(id || ':' || n, ' ' ORDER BY id DESC) FROM child), message);
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN message;
WHEN OTHERS THEN
    RETURN concat_ws(' ', SQLSTATE, SQLERRM);
END $$;
CREATE TEMP TABLE change (n serial, sql text, aside text);
INSERT INTO change (sql, aside) VALUES
    ('SELECT', '(direct,4,0) 5:1 4:2 3:3 2:4'),
    ('ALTER TABLE child ADD UNIQUE (label)', '(direct,4,0) 5:1 4:2 3:3 2:4'),
    ('ALTER TABLE child ADD CHECK (n <> 2)', '(direct,3,1) 5:1 3:3 2:4 2 23514 new row for relation "child" violates check constraint "child_n_check" n'),
    ('ALTER TABLE child ADD FOREIGN KEY (n) REFERENCES parent',
     '(direct,3,1) 5:1 3:3 2:4 2 23503 insert or update on table "child" violates foreign key constraint "child_n_fkey": Key (n)=(2) is not present in table "parent" n'),
    ('ALTER TABLE child ALTER n SET DEFAULT (nextval(''numbers'') + 1) / 2 * 2; ALTER TABLE child ADD UNIQUE (n)',
     '(direct,2,2) 5:2 3:4 2 23505 duplicate key value violates unique constraint "child_n_key": Key (n)=(2) already exists n, 4 23505 duplicate key value violates unique constraint "child_n_key": Key (n)=(4) already exists n'),
    ('ALTER TABLE child ALTER n SET DEFAULT nullif(nextval(''numbers''), 3), ALTER n SET NOT NULL', '(direct,3,1) 5:1 4:2 2:4 3 23502 null value in column "n" of relation "child" violates not-null constraint n'),
    ('ALTER TABLE child ALTER n SET DEFAULT 1 / (nextval(''numbers'') - 3)', '(direct,3,1) 5:0 4:-1 2:1 3 22012 division by zero'),
    ('ALTER TABLE child ADD s int GENERATED ALWAYS AS (1 / (n - 2)) STORED', '(direct,3,1) 5:1 3:3 2:4 2 22012 division by zero'),
    ('ALTER SEQUENCE numbers MAXVALUE 2',
     '(direct,2,2) 5:1 4:2 3 2200H nextval: reached maximum value of sequence "numbers" (2), 4 2200H nextval: reached maximum value of sequence "numbers" (2)');
SELECT is(replace(outcome(way, 'direct', sql, 'stop'), '(direct', '(sql'), outcome('stage', 'sql', sql, 'stop'), format('told alike: %s, %s', way, sql)) FROM change, unnest('{stage,copy}'::text[]) way;
SELECT is(outcome('copy', 'direct', sql, 'reject'), aside, 'set aside: ' || sql) FROM change;
SELECT is(outcome('stage', 'direct', sql, 'reject'), regexp_replace(aside, '(?<=, |[0-9] )[0-9] (?=[0-9A-Z]{5} )', '', 'g'), 'set aside by a stage: ' || sql) FROM change;

-- rights to a sequence
CREATE ROLE drawer;
CREATE TABLE guarded (id int PRIMARY KEY, n bigint DEFAULT nextval('numbers'));
GRANT ALL ON guarded TO drawer;
CREATE FUNCTION tried(path text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('aiodal.path', path, true);
    COPY guarded (id) FROM PROGRAM 'echo 1' WITH (merge 'upsert');
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
GRANT pg_execute_server_program TO drawer;
SET ROLE drawer;
SELECT is(tried(path), '42501 permission denied for sequence numbers', 'no right to the sequence: ' || path) FROM unnest('{direct,sql}'::text[]) path;
RESET ROLE;
GRANT USAGE ON SEQUENCE numbers TO drawer;
SET ROLE drawer;
SELECT is(tried(path), 'done', 'a right to it: ' || path) FROM unnest('{direct,sql}'::text[]) path;
RESET ROLE;

-- what a COPY leaves out is known by its column list, or by there being no header
CREATE TABLE noted (id int PRIMARY KEY, v int DEFAULT draw(), w int DEFAULT 5);
CREATE FUNCTION reason_of_copy(columns text, options text, line text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('COPY noted %s FROM PROGRAM %L WITH (FORMAT csv, merge ''upsert''%s)', columns, format('printf "%s\n"', line), options);
    RETURN (SELECT concat_ws(': ', path, reason) FROM aiodal.last_copy());
END $$;
SELECT is(reason_of_copy('', '', '1,2,3'), 'direct', 'all columns');
SELECT is(reason_of_copy('(v, id)', '', '2,2'), 'direct', 'a list with it');
SELECT is(reason_of_copy('(w, id)', '', '2,3'), 'sql: a column left out has a volatile default', 'a list without it');
SELECT is(reason_of_copy('', ', HEADER', 'id,w\n4,5'), 'sql: a column left out has a volatile default', 'a header may name it or not');
SELECT is(reason_of_copy('(v, id)', ', HEADER', 'v,id\n4,5'), 'direct', 'a list wins over a header');
SELECT is((SELECT string_agg(n::text, ' ' ORDER BY n.id) FROM noted n), '(1,2,3) (2,2,5) (3,1,2) (4,1,5) (5,4,5)', 'and the default is filled in where it is');
SELECT CASE WHEN current_setting('server_version_num')::int < 160000 THEN pass('no markers of defaults')
            ELSE is(reason_of_copy('(v, id)', ', DEFAULT ''\D''', '\\\\D,6'), 'direct: a column has a volatile default', 'a marker of defaults') END;
SELECT * FROM finish();
