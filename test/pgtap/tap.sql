-- aiodal_tap: assertions about schemas. check_test() looks at what each assertion says.
BEGIN;
CREATE EXTENSION aiodal_tap;
SELECT plan(57);

CREATE SCHEMA lib;
CREATE TYPE lib.genre AS ENUM ('novel', 'essay');
CREATE DOMAIN lib.isbn AS text NOT NULL CONSTRAINT isbn_long CHECK (length(VALUE) > 9);
CREATE TABLE lib.author (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL);
CREATE TABLE lib.book (id int PRIMARY KEY, author_id int NOT NULL REFERENCES lib.author ON DELETE CASCADE, "Odd ""one" lib.genre DEFAULT 'novel',
  title varchar(10) CHECK (title <> ''), len int GENERATED ALWAYS AS (length(title)) STORED) WITH (fillfactor = 70);
CREATE INDEX book_title ON lib.book (lower(title)) WHERE author_id > 0;
CREATE FUNCTION lib.twice(a int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT a * 2';
CREATE FUNCTION lib.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE ON lib.book FOR EACH ROW EXECUTE FUNCTION lib.touch();
ALTER TABLE lib.book ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON lib.book AS RESTRICTIVE FOR SELECT USING (author_id = 1);
CREATE VIEW lib.titles AS SELECT 'Solaris'::text AS title;
CREATE TABLE lib.part (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE lib.part_1 PARTITION OF lib.part FOR VALUES FROM (1) TO (2);
CREATE UNLOGGED TABLE lib.child () INHERITS (lib.author);

SELECT results_eq($$SELECT relation_lines('lib.book')$$, ARRAY[
  'table with (fillfactor=70)',
  'column id integer not null',
  'column author_id integer not null',
  'column "Odd ""one" lib.genre default ''novel''::lib.genre',
  'column title character varying(10)',
  'column len integer generated always as (length((title)::text)) stored',
  'constraint book_author_id_fkey FOREIGN KEY (author_id) REFERENCES lib.author(id) ON DELETE CASCADE',
  'constraint book_pkey PRIMARY KEY (id)',
  'constraint book_title_check CHECK (((title)::text <> ''''::text))',
  'CREATE INDEX book_title ON lib.book USING btree (lower((title)::text)) WHERE (author_id > 0)',
  'CREATE TRIGGER touched BEFORE UPDATE ON lib.book FOR EACH ROW EXECUTE FUNCTION lib.touch()',
  'row security',
  'policy mine restrictive for select to public using ((author_id = 1))'], 'a table in lines');
SELECT results_eq($$SELECT relation_lines('lib.titles')$$, ARRAY['view', 'as SELECT ''Solaris''::text AS title', 'column title text'], 'a view');
SELECT is((SELECT string_agg(l, '|') FROM relation_lines('lib.author') l),
  'table|column id integer not null generated always as identity|column name text collate pg_catalog."C" not null|constraint author_pkey PRIMARY KEY (id)', 'identity and collation');
SELECT is((SELECT l FROM relation_lines('lib.part') l LIMIT 1), 'partitioned table partition by RANGE (a)', 'a partitioned table');
SELECT is((SELECT l FROM relation_lines('lib.part_1') l LIMIT 1), 'table partition of lib.part FOR VALUES FROM (1) TO (2)', 'a partition');
SELECT is((SELECT l FROM relation_lines('lib.child') l LIMIT 1), 'unlogged table inherits (lib.author)', 'a table that inherits');

SELECT * FROM check_test(relation_is('lib.author', $$
  -- in any order, and laid out as one likes
  constraint author_pkey PRIMARY KEY (id)
  table

  column id   integer not null generated always as identity
  column name text    collate pg_catalog."C" not null
$$), true, 'a relation as described', 'relation lib.author should be as described', '');
SELECT * FROM check_test(relation_is('lib.author', $$
  table
  column id integer not null generated always as identity
  column name varchar not null
  constraint author_pkey PRIMARY KEY (id)
$$, 'authors'), false, 'one that is not', 'authors', E'    missing: column name varchar not null\n    unexpected: column name text collate pg_catalog."C" not null');
SELECT * FROM check_test(relation_is('lib.nowhere', 'table'), false, 'a relation that is not there', 'relation lib.nowhere should be as described', '    there is no relation lib.nowhere');
SELECT * FROM check_test(relation_is('lib.titles', E'view\nview\nas SELECT ''Solaris''::text AS title\ncolumn title text'), false, 'a line is there as often as it is said',
  'relation lib.titles should be as described', '    missing: view');

SET search_path = lib, public;
SELECT is((SELECT count(*)::int FROM relation_lines('book') l WHERE l LIKE '%lib.%'), 4, 'the search path does not show');
SET search_path = public;

CREATE TYPE lib.pair AS (a int, "B" text);
CREATE SEQUENCE lib.numbers AS smallint START 5 CYCLE;
CREATE SEQUENCE lib.owned OWNED BY lib.book.id;
SELECT is((SELECT string_agg(l, '|') FROM schema_lines('lib') l WHERE l !~ '^[a-z_0-9]+: '), array_to_string(ARRAY[
  'composite pair (a integer, "B" text)',
  'domain isbn text not null constraint isbn_long CHECK ((length(VALUE) > 9))',
  'enum genre (novel, essay)',
  'sequence numbers smallint start 5 from 1 to 32767 by 1 cycle cache 1',
  'sequence owned bigint start 1 from 1 to 9223372036854775807 by 1 cache 1 owned by book.id',
  'function lib.touch() returns trigger language plpgsql volatile source ' || md5('BEGIN RETURN NEW; END'),
  'function lib.twice(integer) returns integer language sql immutable strict source ' || md5('SELECT a * 2')], '|'), 'types, sequences and functions of a schema');
SELECT is((SELECT count(*) FROM schema_lines('lib') l WHERE l LIKE 'book: %'), (SELECT count(*) FROM relation_lines('lib.book')), 'and the lines of its relations');

CREATE SCHEMA "Small one";
CREATE TABLE "Small one".t (a int PRIMARY KEY, b int REFERENCES "Small one".t);
SELECT * FROM check_test(schema_is('Small one', $$
  t: table
  t: column a integer not null
  t: column b integer
  t: constraint t_b_fkey FOREIGN KEY (b) REFERENCES "Small one".t(a)
  t: constraint t_pkey PRIMARY KEY (a)
$$), true, 'a schema as described', 'schema "Small one" should be as described', '');
SELECT * FROM check_test(schema_is('Small one', '', 'empty'), false, 'one that is not', 'empty');
SELECT * FROM check_test(schema_is('nowhere', ''), false, 'a schema that is not there', 'schema nowhere should be as described', '    there is no schema nowhere');

CREATE SCHEMA other;
CREATE TABLE other.t (a int PRIMARY KEY, b int REFERENCES other.t);
SELECT * FROM check_test(schemas_match('Small one', 'other'), true, 'schemas that are alike', 'schema "Small one" should be like other', '');
ALTER TABLE other.t ADD c text DEFAULT 'x';
SELECT * FROM check_test(schemas_match('Small one', 'other'), false, 'schemas that are not', 'schema "Small one" should be like other', '    missing: t: column c text default ''x''::text');
SELECT * FROM check_test(schemas_match('other', 'nowhere'), false, 'one that is not there', 'schema other should be like nowhere', '    there is no schema nowhere');

SELECT * FROM check_test(foreign_keys_are_indexed('{lib,Small one}'), false, 'foreign keys without an index', 'foreign keys should be indexed',
  E'    "Small one".t: t_b_fkey (b)\n    lib.book: book_author_id_fkey (author_id)');
CREATE INDEX ON lib.book (author_id) WHERE id > 0;
CREATE INDEX ON lib.book (id, author_id);
SELECT * FROM check_test(foreign_keys_are_indexed('{lib}'), false, 'with one of some rows, or of another order');
CREATE INDEX ON lib.book (author_id, id);
SELECT * FROM check_test(foreign_keys_are_indexed('{lib}', 'indexed'), true, 'with one', 'indexed', '');
CREATE TABLE lib.pairs (a int, b int, UNIQUE (a, b));
CREATE TABLE lib.of_pairs (c int, b int, a int, FOREIGN KEY (a, b) REFERENCES lib.pairs (a, b), UNIQUE (b, a, c));
SELECT * FROM check_test(foreign_keys_are_indexed('{lib}'), true, 'with one of several columns in another order');

SELECT * FROM check_test(tables_have_primary_keys('{lib}'), false, 'tables without primary keys', 'tables should have primary keys', E'    lib.child\n    lib.of_pairs\n    lib.pairs\n    lib.part');
SELECT * FROM check_test(tables_have_primary_keys('{Small one,other}'), true, 'tables with primary keys');

SELECT * FROM check_test(nothing_is_invalid('{other}'), true, 'nothing invalid', 'no constraint or index should be invalid', '');
ALTER TABLE other.t ADD CONSTRAINT later CHECK (a > 0) NOT VALID;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'other.t_pkey'::regclass;
SELECT * FROM check_test(nothing_is_invalid('{other}'), false, 'what is invalid', 'no constraint or index should be invalid', E'    constraint later on other.t\n    index t_pkey on other.t');
SELECT throws_ok($$SELECT foreign_keys_are_indexed('{nowhere}')$$, '3F000', NULL, 'a schema that is not there is an error');

SELECT * FROM finish();
ROLLBACK;
