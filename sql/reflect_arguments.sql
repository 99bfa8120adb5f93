-- The common arguments: schemas, relations, include.
SET client_min_messages = warning;
CREATE SCHEMA one;
CREATE SCHEMA "Two ""x""";
CREATE SCHEMA pgboss; -- begins like the system's schemas, and is none
CREATE TABLE one.a (id int PRIMARY KEY, b_id int);
CREATE TABLE "Two ""x""".a (id int PRIMARY KEY);
CREATE TABLE pgboss.job (id int PRIMARY KEY);
CREATE TABLE one.p (id int) PARTITION BY LIST (id);
CREATE TABLE one.p1 PARTITION OF one.p FOR VALUES IN (1);
CREATE SEQUENCE one.s;
CREATE TYPE one.c AS (x int);
CREATE VIEW one.v AS SELECT id FROM one.a;

-- which relations
SELECT schema, name, kind FROM aiodal.relations();
SELECT schema, name FROM aiodal.relations('{one}', NULL, '{partitions}');
SELECT schema, name FROM aiodal.relations(ARRAY['Two "x"', 'pgboss']);
SELECT schema, name FROM aiodal.relations(relations => '{one.p1, one.a, one.a, pg_catalog.pg_am}');
SELECT schema, name FROM aiodal.relations('{pgboss}', '{one.a}');
SELECT count(*) AS none FROM aiodal.relations('{}');
SELECT count(*) AS none FROM aiodal.relations(relations => '{}');
SELECT name FROM aiodal.relations('{information_schema}') ORDER BY name LIMIT 2;
SELECT schema FROM aiodal.schemas();
SELECT schema FROM aiodal.schemas(include => '{system,temporary}') WHERE schema !~ '^pg_toast';
SELECT schema FROM aiodal.schemas(relations => '{one.a,pgboss.job}');
SELECT bool_or(schema = 'pg_catalog') AND bool_or(schema = 'one') AS both FROM aiodal.relations(include => '{system}');

-- temporary tables, by either name of their schema
CREATE TEMP TABLE t (id int);
CREATE TEMP TABLE job (id int);
SELECT name, visible FROM aiodal.relations() WHERE name IN ('t', 'job');
SELECT name, persistence, visible FROM aiodal.relations(include => '{temporary}') WHERE persistence = 'temporary';
SELECT name FROM aiodal.relations('{pg_temp}');
SELECT count(*) FROM aiodal.relations(ARRAY[(SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema())]);
SELECT name FROM aiodal.relations(relations => '{t}');

-- members of extensions
CREATE EXTENSION citext SCHEMA one;
CREATE VIEW one.member AS SELECT 1 AS x;
ALTER EXTENSION citext ADD VIEW one.member;
SELECT name FROM aiodal.relations('{one}') WHERE name = 'member';
SELECT name, extension FROM aiodal.relations('{one}', include => '{extensions}') WHERE name = 'member';
SELECT name, extension FROM aiodal.relations(relations => '{one.member}');
SELECT count(*) FROM aiodal.functions('{one}');
SELECT count(*) > 10 AS many FROM aiodal.functions('{one}', NULL, '{extensions}');
SELECT schema, extension FROM aiodal.schemas(include => '{extensions}') WHERE extension IS NOT NULL;
SELECT schema FROM aiodal.schemas('{aiodal}');
DROP EXTENSION citext;

-- what is wrong
SELECT * FROM aiodal.relations('{one,nowhere}');
SELECT * FROM aiodal.columns('{nowhere}', '{one.a}');
SELECT * FROM aiodal.relations(ARRAY['one', NULL]::name[]);
SELECT * FROM aiodal.relations('{{one},{pgboss}}');
SELECT * FROM aiodal.relations(relations => ARRAY[NULL]::regclass[]);
SELECT * FROM aiodal.relations(include => '{partitions,everything}');
SELECT * FROM aiodal.relations(relations => '{one.s}');
SELECT * FROM aiodal.columns(relations => '{one.a_pkey}');
SELECT * FROM aiodal.columns(relations => '{one.c}');
SELECT aiodal.describe('one.s');
SELECT aiodal.describe('one.nothing');

-- what is gone is no error
SELECT aiodal.describe(4294967295::oid::regclass) IS NULL AS gone;
SELECT count(*) FROM aiodal.columns(relations => ARRAY[4294967295::oid, 'one.a'::regclass]);
SELECT aiodal.reflect(relations => ARRAY[4294967295::oid::regclass]) -> 'warnings' AS warnings;

-- one relation
SELECT * FROM aiodal.unique_constraints('one.a');
SELECT count(*) FROM aiodal.unique_constraints('one.v');
SELECT aiodal.describe('one.v') -> 'columns' -> 0 ->> 'base_relation' AS base;
SELECT aiodal.describe(NULL) IS NULL AS strict;

-- order, and cycles
CREATE TABLE one.b (id int PRIMARY KEY, a_id int REFERENCES one.a, self int REFERENCES one.b);
CREATE TABLE one.c2 (id int PRIMARY KEY, b_id int REFERENCES one.b);
CREATE TABLE one.aa (id int PRIMARY KEY, c_id int REFERENCES one.c2);
SELECT position, name, cycle FROM aiodal.sorted_tables('{one}');
ALTER TABLE one.a ADD FOREIGN KEY (b_id) REFERENCES one.b;
CREATE TABLE one.x (id int PRIMARY KEY, y int);
CREATE TABLE one.y (id int PRIMARY KEY, x int REFERENCES one.x, b int REFERENCES one.b);
ALTER TABLE one.x ADD FOREIGN KEY (y) REFERENCES one.y;
SELECT position, name, cycle FROM aiodal.sorted_tables('{one}');
SELECT aiodal.reflect('{one}') -> 'cycles' AS cycles;
SELECT position, name, cycle FROM aiodal.sorted_tables(relations => '{one.b,one.c2}');

-- the keys of the document are the columns of the functions
SELECT f, (SELECT array_agg(c ORDER BY c) FROM (SELECT unnest(proargnames[4:]) AS c EXCEPT SELECT json_object_keys(doc)) x) AS only_columns,
       (SELECT array_agg(k ORDER BY k) FROM (SELECT json_object_keys(doc) AS k EXCEPT SELECT unnest(proargnames[4:])) x) AS only_keys
  FROM (SELECT aiodal.describe('one.a') AS r) d,
       LATERAL (VALUES ('relations', r), ('columns', r -> 'columns' -> 0), ('indexes', r -> 'indexes' -> 0), ('privileges', r -> 'privileges' -> 0),
                       ('constraints', r -> 'primary_key'), ('constraints', r -> 'foreign_keys' -> 0)) v(f, doc)
  JOIN pg_proc ON proname = f AND pronamespace = 'aiodal'::regnamespace;
SELECT json_object_keys(aiodal.reflect('{one}')) AS key;
