-- Targets of every kind, and what constraints have to say.
SELECT plan(47);

CREATE FUNCTION counts(m aiodal.merge_result) RETURNS text
    RETURN format('%s staged: %s inserted, %s updated, %s unchanged, %s ignored, %s deleted', m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.deleted);
-- Merges these rows by a stage; the counts or the error.
CREATE FUNCTION merged(target regclass, rows text, mode text DEFAULT 'upsert', key name[] DEFAULT NULL)
    RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    stage regclass := aiodal.stage(target);
BEGIN
    IF rows <> '' THEN
        EXECUTE format('INSERT INTO %s VALUES %s', stage, rows);
    END IF;
    RETURN counts(aiodal.merge(stage, mode => mode, key => key));
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
-- Where in the batch a merge goes wrong: the line of the error's context.
CREATE FUNCTION blamed(target regclass, rows text, mode text DEFAULT 'upsert') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    stage regclass := aiodal.stage(target);
    context text;
BEGIN
    EXECUTE format('INSERT INTO %s VALUES %s', stage, rows);
    PERFORM aiodal.merge(stage, mode => mode);
    RETURN 'nobody';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    RETURN SQLSTATE || ' ' || substring(context FROM 'merge of [^\n]*');
END $$;
CREATE FUNCTION as_text(relation regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    EXECUTE format('SELECT string_agg(t::text, '' '' ORDER BY t::text) FROM %s t', relation) INTO result;
    RETURN result;
END $$;

-- Temporary, unlogged, and an empty batch in every mode
CREATE TEMP TABLE temporary (id int PRIMARY KEY, v text);
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY, v text);
SELECT is(merged('temporary', $$(1, 'a'), (2, 'b')$$), '2 staged: 2 inserted, 0 updated, 0 unchanged, 0 ignored, 0 deleted', 'a temporary target');
SELECT is(merged('unlogged', $$(1, 'a'), (2, 'b')$$), '2 staged: 2 inserted, 0 updated, 0 unchanged, 0 ignored, 0 deleted', 'an unlogged target');
SELECT is(merged('unlogged', '', mode), '0 staged: 0 inserted, 0 updated, 0 unchanged, 0 ignored, 0 deleted', 'an empty batch in mode ' || mode)
  FROM unnest('{insert,ignore,upsert,update}'::text[]) mode;
SELECT is(merged('unlogged', '', 'sync'), '0 staged: 0 inserted, 0 updated, 0 unchanged, 0 ignored, 2 deleted', 'an empty batch in mode sync empties the table');

-- Partitions
CREATE TABLE part (region text, id int, v text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE part_a PARTITION OF part FOR VALUES IN ('a');
SELECT is(merged('part', $$('a', 1, 'x'), ('b', 1, 'x')$$), '23514 no partition of relation "part" found for row', 'a row without a partition');
SELECT is(blamed('part', $$('a', 1, 'x'), ('b', 1, 'x')$$), '23514 merge of "part_stage" into "part", row 2', 'is named');
CREATE TABLE part_rest (id int NOT NULL, v text, region text NOT NULL);
ALTER TABLE part ATTACH PARTITION part_rest DEFAULT;
SELECT is(merged('part', $$('a', 1, 'x'), ('b', 1, 'x')$$), '2 staged: 2 inserted, 0 updated, 0 unchanged, 0 ignored, 0 deleted', 'the default partition takes it');
SELECT is(merged('part_rest', $$(1, 'y', 'b'), (2, 'y', 'c')$$), '2 staged: 1 inserted, 1 updated, 0 unchanged, 0 ignored, 0 deleted', 'a partition as target');
SELECT is(merged('part_rest', $$(1, 'y', 'a')$$), '23514 new row for relation "part_rest" violates partition constraint', 'keeps its constraint');

-- Views
CREATE TABLE base (id int PRIMARY KEY, v text, hidden boolean DEFAULT false);
INSERT INTO base VALUES (1, 'a', false), (2, 'b', true);
CREATE VIEW shown AS SELECT id AS number, v FROM base WHERE NOT hidden AND v <> 'bad' WITH CHECK OPTION;
SELECT is(merged('shown', $$(1, 'x')$$), '42P10 "shown" has no key to merge by', 'a view needs the key named');
SELECT is(merged('shown', $$(1, 'x'), (3, 'c')$$, 'upsert', '{number}'), '2 staged: 1 inserted, 1 updated, 0 unchanged, 0 ignored, 0 deleted', 'a view that PostgreSQL can write to');
SELECT is(merged('shown', $$(4, 'bad')$$, 'upsert', '{number}'), '44000 new row violates check option for view "shown"', 'its check option holds');
SELECT is(merged('shown', $$(2, 'new')$$, 'upsert', '{number}'), '23505 duplicate key value violates unique constraint "base_pkey"', 'a row it does not show is an error when in the way');
SELECT is(merged('shown', $$(1, 'x')$$, 'sync', '{number}'), '1 staged: 0 inserted, 0 updated, 1 unchanged, 0 ignored, 1 deleted', 'sync deletes what it shows');
SELECT is(as_text('base'), '(1,x,f) (2,b,t)', 'and no more');
CREATE VIEW lists AS SELECT v FROM base GROUP BY v;
SELECT is(merged('lists', $$('x')$$, 'insert'), '55000 cannot insert into view "lists"', 'a view that cannot be written to');
INSERT INTO base VALUES (5, 'x'), (6, 'x');
SELECT is(merged('shown', $$(9, 'x'), (10, 'y')$$, 'upsert', '{v}'), '21000 (v) is not unique in "shown"', 'a key that is none is found out');

-- Foreign tables
CREATE EXTENSION postgres_fdw;
CREATE EXTENSION file_fdw;
CREATE SERVER loopback FOREIGN DATA WRAPPER postgres_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
DO $$
BEGIN
    EXECUTE format('ALTER SERVER loopback OPTIONS (ADD dbname %L, ADD host %L, ADD port %L)', current_database(),
                   split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'));
    EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER loopback OPTIONS (user %L)', current_user);
END $$;
CREATE TABLE remote (id int PRIMARY KEY, v text);
INSERT INTO remote VALUES (1, 'a'), (2, 'b'), (3, 'c');
CREATE FOREIGN TABLE far (id int NOT NULL, v text) SERVER loopback OPTIONS (table_name 'remote');
SELECT is(merged('far', $$(1, 'a'), (2, 'x'), (4, 'd')$$, 'sync', '{id}'), '3 staged: 1 inserted, 1 updated, 1 unchanged, 0 ignored, 1 deleted', 'a foreign table');
SELECT is(as_text('remote'), '(1,a) (2,x) (4,d)', 'whose table is written');
SELECT is(merged('far', $$(1, 'a')$$), '42P10 "far" has no key to merge by', 'it needs the key named, too');
CREATE FOREIGN TABLE file (id int, v text) SERVER files OPTIONS (filename '/dev/null');
SELECT is(merged('file', $$(1, 'a')$$, 'insert'), '0A000 cannot insert into foreign table "file"', 'one that cannot be written to');

-- Constraints: the row at fault is named
CREATE TABLE owner (id int PRIMARY KEY);
INSERT INTO owner VALUES (1), (2);
CREATE TABLE pet (id int PRIMARY KEY, name text NOT NULL, age int CHECK (age >= 0), owner int REFERENCES owner, tag text UNIQUE,
                  cage int4range, EXCLUDE USING gist (cage WITH &&));
INSERT INTO pet VALUES (1, 'Rex', 3, 1, 'r1', '[1,2]'), (2, 'Tom', 4, 2, 't1', '[3,4]');
SELECT is(blamed('pet', rows), expected, what)
  FROM (VALUES ($$(3, 'a', 1, 1), (1, NULL, 1, 1), (4, 'b', 1, 1)$$, '23502 merge of "pet_stage" into "pet", row 2', 'NOT NULL, in an update'),
               ($$(3, 'a', 1, 1), (4, 'a', -1, 1), (4, 'b', 1, 1)$$, '23505 merge of "pet_stage" into "pet"', 'a key twice comes first'),
               ($$(3, 'a', 1, 1), (5, 'a', 1, 1), (4, 'a', -1, 1)$$, '23514 merge of "pet_stage" into "pet", row 3', 'a CHECK'),
               ($$(3, 'a', 1, 9), (4, 'a', 1, 1)$$, '23503 merge of "pet_stage" into "pet", row 1', 'a foreign key'),
               ($$(3, 'a', 1, 1, 'x'), (1, 'Rex', 3, 1, 'x'), (4, 'd', 1, 1, 'y')$$, '23505 merge of "pet_stage" into "pet", row 2', 'another unique key, within the batch'),
               ($$(3, 'a', 1, 1, 'y', '[9,9]'), (4, 'd', 1, 1, 'x', '[4,6]')$$, '23P01 merge of "pet_stage" into "pet", row 2', 'an exclusion constraint')) AS c(rows, expected, what);
SELECT is((SELECT count(*) FROM pet), 2::bigint, 'and nothing was loaded');
CREATE TABLE tag (id int PRIMARY KEY, code int UNIQUE, other int);
CREATE INDEX ON tag (other);
INSERT INTO tag VALUES (1, NULL, 1), (2, 7, 1);
SELECT is(blamed('tag', '(1, 7, 1), (2, 7, 2)'), '23505 merge of "tag_stage" into "tag", row 1', 'another unique key, of a row that is updated and keeps it');
SELECT is(merged('tag', '(1, 8, 1), (3, 8, 2)'), '23505 duplicate key value violates unique constraint "tag_code_key"', 'and of one that is updated to it');
CREATE TABLE many AS SELECT i AS id, 'pet ' || i AS name, CASE WHEN i = 17017 THEN -1 ELSE i END AS age FROM generate_series(1, 20000) i;
DO $$
DECLARE context text;
BEGIN
    PERFORM aiodal.merge('many', 'pet');
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    PERFORM set_config('test.context', substring(context FROM 'merge of [^\n]*'), false);
END $$;
SELECT is(current_setting('test.context'), 'merge of "many" into "pet", row 17017', 'one row of many is found');
ALTER TABLE many ALTER age TYPE bigint;
DO $$
DECLARE context text;
BEGIN
    PERFORM aiodal.merge('many', 'pet');
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    PERFORM set_config('test.context', substring(context FROM 'merge of [^\n]*'), false);
END $$;
SELECT is(current_setting('test.context'), 'merge of "many" into "pet", row 17017', 'behind casts too');

-- A composite key is none that is NULL because a NULL is in it
CREATE TYPE pair AS (x int, y text);
CREATE TABLE by_pair (p pair PRIMARY KEY, v int);
INSERT INTO by_pair VALUES ((NULL, NULL), 1), ((2, NULL), 1);
SELECT is(merged('by_pair', $$((NULL, NULL), 2), ((2, NULL), 1), ((3, NULL), 1)$$), '3 staged: 1 inserted, 1 updated, 1 unchanged, 0 ignored, 0 deleted', 'composite keys with NULLs in them match');
SELECT is(merged('by_pair', $$((2, NULL), 1)$$, 'sync'), '1 staged: 0 inserted, 0 updated, 1 unchanged, 0 ignored, 2 deleted', 'in mode sync, too');
SELECT is(merged('by_pair', $$((2, NULL), 1), ((2, NULL), 2)$$, mode), '23505 key (p)=((2,)) is in the batch more than once', 'and are found twice in mode ' || mode) FROM unnest('{upsert,update}'::text[]) mode;

-- Rows that refer to one another, in whatever order
CREATE TABLE node (id int PRIMARY KEY, parent int REFERENCES node, size int CHECK (size > 0));
SELECT is(merged('node', '(1, 3, 1), (2, 1, 1), (3, NULL, 1)'), '3 staged: 3 inserted, 0 updated, 0 unchanged, 0 ignored, 0 deleted', 'children may come before their parents');
SELECT is(blamed('node', '(11, 15, 1), (12, 14, 1), (13, 11, 0), (14, NULL, 1), (15, NULL, 1)'), '23514 merge of "node_stage" into "node", row 3', 'and are not blamed for another''s fault');
SELECT is(blamed('node', '(11, 15, 1), (12, 14, 1), (13, 77, 1), (14, NULL, 1), (15, NULL, 1)'), '23503 merge of "node_stage" into "node", row 3', 'not even of the same kind');
SELECT is(merged('node', '(1, NULL, 1)', 'sync'), '1 staged: 0 inserted, 1 updated, 0 unchanged, 0 ignored, 2 deleted', 'sync deletes parents with their children');
INSERT INTO node VALUES (2, 1, 1);
CREATE TABLE leaf (id int PRIMARY KEY, node int REFERENCES node);
INSERT INTO leaf VALUES (1, 2);
SELECT is(merged('node', '(1, NULL, 1)', 'sync'), '23503 update or delete on table "node" violates foreign key constraint "leaf_node_fkey" on table "leaf"', 'what is still referred to stays an error');

-- Deferrable constraints
CREATE TABLE late (id int PRIMARY KEY DEFERRABLE, tag text UNIQUE DEFERRABLE, node int REFERENCES node DEFERRABLE INITIALLY DEFERRED, n int UNIQUE);
INSERT INTO late VALUES (1, 'a', 1, 1), (2, 'b', 1, 2);
SELECT is(merged('late', $$(1, 'b', 1, 1)$$, key => '{id}'), '42P10 (id) is not a key of "late"', 'a deferrable key cannot be the key');
SELECT is(merged('late', $$(1, 'b', 1, 1), (2, 'a', 1, 2)$$, key => '{n}'), '2 staged: 0 inserted, 2 updated, 0 unchanged, 0 ignored, 0 deleted', 'values of a deferrable unique constraint can be swapped');
SELECT throws_ok($$ SELECT merged('late', '(1, ''c'', 99, 1)', key => '{n}'); SET CONSTRAINTS ALL IMMEDIATE $$, '23503', NULL, 'a deferred constraint is checked when it says');

SELECT * FROM finish();
