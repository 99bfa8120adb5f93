-- aiodal.snapshot(), unpacked by other code than packed it, against the functions of its parts' names.
\set QUIET on
BEGIN;
\ir ../data/exotica_basics.sql
\ir ../data/reflect_hard.sql
\ir ../data/reflect_objects.sql
SELECT plan(37);

-- The place in the data goes in and out.
CREATE FUNCTION pg_temp.read_varint(data bytea, INOUT place int, OUT value int) LANGUAGE plpgsql AS $$
DECLARE
	byte int;
	shift int := 0;
BEGIN
	value := 0;
	LOOP
		byte := get_byte(data, place);
		place := place + 1;
		value := value | ((byte & 127) << shift);
		shift := shift + 7;
		EXIT WHEN byte < 128;
	END LOOP;
END $$;

CREATE FUNCTION pg_temp.read_field(data bytea, field text, INOUT place int, OUT value jsonb) LANGUAGE plpgsql AS $$
DECLARE
	count int;
	item jsonb;
	record jsonb;
	name text;
	names text[] := regexp_split_to_array(substring(field FROM '\((.*)\)$'), ',(?![^(]*\))');
BEGIN
	SELECT r.place, r.value - 1 INTO place, count FROM pg_temp.read_varint(data, place) r;
	IF count < 0 THEN
		value := 'null';
	ELSIF field !~ '[*)]$' THEN
		value := to_jsonb(convert_from(substr(data, place + 1, count), 'UTF8'));
		IF get_byte(data, place + count) <> 0 THEN
			RAISE 'no NUL byte behind %', value;
		END IF;
		place := place + count + 1;
	ELSE
		value := '[]';
		FOR i IN 1 .. count LOOP
			IF names IS NULL THEN
				SELECT r.place, r.value INTO place, item FROM pg_temp.read_field(data, '', place) r;
			ELSE
				item := '{}';
				FOREACH name IN ARRAY names LOOP
					SELECT r.place, r.value INTO place, record FROM pg_temp.read_field(data, name, place) r;
					item := item || jsonb_build_object(substring(name FROM '^[a-z_]+'), record);
				END LOOP;
			END IF;
			value := value || jsonb_build_array(item);
		END LOOP;
	END IF;
END $$;

CREATE TEMP TABLE chunks AS SELECT row_number() OVER () AS number, s.* FROM aiodal.snapshot(include => '{partitions,extensions}') s;
CREATE TEMP TABLE unpacked (part text, number int, row jsonb);
DO $$
DECLARE
	chunk record;
	known text[];
	field text;
	value jsonb;
	item jsonb;
	place int;
	number int := 0;
BEGIN
	FOR chunk IN SELECT * FROM pg_temp.chunks c ORDER BY c.number LOOP
		known := coalesce(string_to_array(chunk.fields, ' '), known);
		place := 0;
		FOR i IN 1 .. chunk.rows LOOP
			item := '{}';
			FOREACH field IN ARRAY known LOOP
				SELECT r.place, r.value INTO place, value FROM pg_temp.read_field(chunk.data, field, place) r;
				item := item || jsonb_build_object(substring(field FROM '^[a-z_]+'), value);
			END LOOP;
			number := number + 1;
			INSERT INTO pg_temp.unpacked VALUES (chunk.part, number, item);
		END LOOP;
		IF place <> length(chunk.data) THEN
			RAISE 'part % is % bytes long, of which % were read', chunk.part, length(chunk.data), place;
		END IF;
	END LOOP;
END $$;

-- all scalars as they are packed
CREATE FUNCTION pg_temp.as_packed(v jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT CASE jsonb_typeof(v)
		WHEN 'boolean' THEN to_jsonb(left(v::text, 1))
		WHEN 'number' THEN to_jsonb(v::text)
		WHEN 'array' THEN coalesce((SELECT jsonb_agg(pg_temp.as_packed(e) ORDER BY n) FROM jsonb_array_elements(v) WITH ORDINALITY a(e, n)), '[]')
		WHEN 'object' THEN coalesce((SELECT jsonb_object_agg(key, pg_temp.as_packed(value)) FROM jsonb_each(v)), '{}')
		ELSE v END
$$;
CREATE TEMP TABLE places AS SELECT oid, schema, name, row_number() OVER () - 1 AS place FROM aiodal.relations(include => '{partitions,extensions}');

-- same_part(name, how its rows name their relation)
CREATE FUNCTION pg_temp.same_part(part text, by text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT bag_eq(
		format('SELECT row FROM pg_temp.unpacked WHERE part = %L', part),
		CASE WHEN by IS NULL THEN format('SELECT pg_temp.as_packed(to_jsonb(r)) FROM aiodal.%I(include => ''{partitions,extensions}'') r', part)
		ELSE format('SELECT pg_temp.as_packed(to_jsonb(r)) - %L::text[] || jsonb_build_object(''relation'', p.place::text)
			FROM aiodal.%I(include => ''{partitions,extensions}'') r JOIN pg_temp.places p ON %s',
			'{schema,relation,relation_oid,relation_schema}'::text[] || CASE WHEN part IN ('columns', 'privileges') THEN 'oid' END, part, by) END,
		part)
$$;
SELECT pg_temp.same_part('relations');
SELECT pg_temp.same_part('schemas');
SELECT pg_temp.same_part('types');
SELECT pg_temp.same_part('functions');
SELECT pg_temp.same_part('sequences');
SELECT pg_temp.same_part('extensions');
SELECT pg_temp.same_part('event_triggers');
SELECT pg_temp.same_part('publications');
SELECT pg_temp.same_part('default_privileges');
SELECT pg_temp.same_part('columns', 'p.oid = r.oid');
SELECT pg_temp.same_part('constraints', 'p.oid = relation_oid');
SELECT pg_temp.same_part('indexes', 'p.oid = relation_oid');
SELECT pg_temp.same_part('privileges', 'p.oid = r.oid');
SELECT pg_temp.same_part('triggers', '(p.schema, p.name) = (r.schema, r.relation)');
SELECT pg_temp.same_part('rules', '(p.schema, p.name) = (r.schema, r.relation)');
SELECT pg_temp.same_part('policies', '(p.schema, p.name) = (r.schema, r.relation)');
-- statistics have a schema of their own
SELECT bag_eq($$ SELECT row - 'schema' FROM unpacked WHERE part = 'statistics' $$,
	$$ SELECT pg_temp.as_packed(to_jsonb(r)) - '{schema,relation,relation_schema}'::text[] || jsonb_build_object('relation', place::text)
	     FROM aiodal.statistics(include => '{partitions,extensions}') r JOIN places p ON (p.schema, p.name) = (relation_schema, relation) $$, 'statistics');
SELECT results_eq($$ SELECT row FROM unpacked WHERE part = 'sorted_tables' ORDER BY number $$,
	$$ SELECT jsonb_build_object('relation', place::text, 'cycle', cycle::text) FROM aiodal.sorted_tables(include => '{partitions,extensions}') t JOIN places USING (oid) ORDER BY position $$,
	'sorted tables');
SELECT is_empty($$ SELECT part, n FROM (SELECT part, (row ->> 'relation')::int - lag((row ->> 'relation')::int) OVER (PARTITION BY part ORDER BY number) AS n
	FROM unpacked WHERE part <> 'sorted_tables' AND row ? 'relation') d WHERE n < 0 $$, 'rows come relation by relation');
SELECT is_empty($$ SELECT n FROM (SELECT ROW((row ->> 'relation')::int, array_position('{primary key,unique,foreign key,check,exclusion,not null}', row ->> 'kind'), (row ->> 'name') COLLATE "C")
	> lead(ROW((row ->> 'relation')::int, array_position('{primary key,unique,foreign key,check,exclusion,not null}', row ->> 'kind'), (row ->> 'name') COLLATE "C")) OVER (ORDER BY number) AS n
	FROM unpacked WHERE part = 'constraints') d WHERE n $$, 'constraints by kind and name');
CREATE SCHEMA wide;
SELECT format('CREATE TABLE wide.t%s (LIKE hard.wide)', i) FROM generate_series(1, 4) i \gexec
SELECT ok(count(*) > 1 AND max(length(data)) < 300 * 1024 AND sum(rows) = 6400 AND count(fields) = 1, 'a large part comes in pieces')
	FROM aiodal.snapshot('{columns}', '{wide}') WHERE part = 'columns';
SELECT results_eq($$ SELECT DISTINCT part FROM aiodal.snapshot('{rules,columns,rules}', '{s1}') ORDER BY part $$, ARRAY['columns', 'fingerprint', 'relations', 'rules', 'warnings'],
	'only the parts asked for');
SELECT results_eq($$ SELECT part, rows FROM aiodal.snapshot('{policies}', '{}') $$, $$ VALUES ('relations', 0), ('policies', 0), ('warnings', 0), ('fingerprint', 1) $$,
	'a part without rows is there');
SELECT throws_like($$ SELECT * FROM aiodal.snapshot('{tables}') $$, 'unrecognized value in argument "parts": "tables"', 'an unknown part');
SELECT throws_like($$ SELECT * FROM aiodal.snapshot('{columns,NULL}') $$, '%must not contain NULL', 'NULL is no part');

-- known
CREATE FUNCTION pg_temp.fingerprint(parts text[], schemas name[] DEFAULT '{wide}', include text[] DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT convert_from(substr(data, 2, 16), 'UTF8') FROM aiodal.snapshot(parts, schemas, include) WHERE part = 'fingerprint' $$;
CREATE FUNCTION pg_temp.parts_if_known(known text, parts text[] DEFAULT '{columns}', schemas name[] DEFAULT '{wide}', include text[] DEFAULT NULL) RETURNS text[] LANGUAGE sql AS $$
	SELECT array_agg(DISTINCT part ORDER BY part) FROM aiodal.snapshot(parts, schemas, include, known) $$;
SELECT pg_temp.fingerprint('{columns}') AS known \gset
SELECT matches(:'known'::text, '^[0-9a-f]{16}$', 'a fingerprint');
SELECT is(pg_temp.parts_if_known(:'known'), '{fingerprint}'::text[], 'what is known does not come again');
SELECT is(pg_temp.parts_if_known('0123456789abcdef'), '{columns,fingerprint,relations,warnings}'::text[], 'all comes when something else is known');
SELECT is(pg_temp.parts_if_known(:'known', '{columns,rules}'), '{columns,fingerprint,relations,rules,warnings}'::text[], 'other parts are something else');
SELECT isnt(pg_temp.fingerprint('{columns}', '{hard}'), :'known'::text, 'so are other schemas');
CREATE TABLE public.of_no_concern ();
SELECT is(pg_temp.parts_if_known(:'known'), '{fingerprint}'::text[], 'what was changed elsewhere is none');
INSERT INTO wide.t1 (c1) VALUES (1);
ANALYZE wide.t1;
SELECT is(pg_temp.parts_if_known(:'known'), '{fingerprint}'::text[], 'nor are statistics');
SELECT is((SELECT estimated_rows FROM aiodal.relations(relations => '{wide.t1}')), 1::bigint, 'although there are some');
COMMENT ON COLUMN wide.t1.c7 IS 'seventh';
SELECT is(pg_temp.parts_if_known(:'known'), '{columns,fingerprint,relations,warnings}'::text[], 'what was changed comes');
SELECT isnt(pg_temp.fingerprint('{columns}'), :'known'::text, 'with another fingerprint');
COMMENT ON COLUMN wide.t1.c7 IS NULL;
SELECT is(pg_temp.fingerprint('{columns}'), :'known'::text, 'and the first again when it is as it was');
SET search_path = wide, public;
SELECT isnt(pg_temp.fingerprint('{columns}'), :'known'::text, 'what is visible counts');
SET search_path = public;
SELECT * FROM finish();
ROLLBACK;
