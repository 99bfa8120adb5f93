-- The document against extension/reflect.schema.json. The validator knows the
-- words of JSON Schema that the file uses, and refuses others.
\set QUIET on
\set schema `cat extension/reflect.schema.json`
BEGIN;
\ir ../data/exotica_basics.sql
\ir ../data/reflect_hard.sql
\ir ../data/reflect_objects.sql
DROP TABLE hard.wide; -- would say 1600 times the same
SET search_path = public;
SELECT plan(10);

CREATE TABLE schema_file AS SELECT :'schema'::jsonb AS root;

CREATE FUNCTION has_type(node jsonb, type text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE type WHEN 'integer' THEN jsonb_typeof(node) = 'number' AND (node #>> '{}')::numeric % 1 = 0 ELSE jsonb_typeof(node) = type END
$$;

-- What is wrong with the value, one line each; none when it is valid.
CREATE FUNCTION violations(root jsonb, rule jsonb, node jsonb, path text DEFAULT '$') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  word text;
  argument jsonb;
BEGIN
  FOR word, argument IN SELECT * FROM jsonb_each(rule) LOOP
    CASE word
      WHEN '$ref' THEN RETURN QUERY SELECT violations(root, root #> string_to_array(substr(argument #>> '{}', 3), '/'), node, path);
      WHEN 'type' THEN
        IF NOT (SELECT bool_or(has_type(node, t)) FROM jsonb_array_elements_text(CASE jsonb_typeof(argument) WHEN 'array' THEN argument ELSE jsonb_build_array(argument) END) t) THEN
          RETURN NEXT format('%s is %s, not %s', path, left(node::text, 40), argument);
        END IF;
      WHEN 'enum' THEN
        IF NOT argument @> jsonb_build_array(node) THEN
          RETURN NEXT format('%s is %s, none of %s', path, node, argument);
        END IF;
      WHEN 'const' THEN
        IF argument <> node THEN
          RETURN NEXT format('%s is %s, not %s', path, node, argument);
        END IF;
      WHEN 'anyOf' THEN
        IF NOT EXISTS (SELECT FROM jsonb_array_elements(argument) a WHERE NOT EXISTS (SELECT violations(root, a, node, path))) THEN
          RETURN NEXT format('%s fits none of %s', path, argument);
        END IF;
      WHEN 'items' THEN
        IF jsonb_typeof(node) = 'array' THEN
          RETURN QUERY SELECT violations(root, argument, v, format('%s[%s]', path, i - 1)) FROM jsonb_array_elements(node) WITH ORDINALITY e(v, i);
        END IF;
      WHEN 'properties' THEN
        IF jsonb_typeof(node) = 'object' THEN
          RETURN QUERY SELECT violations(root, argument -> k, v, format('%s.%s', path, k)) FROM jsonb_each(node) e(k, v) WHERE argument ? k;
          RETURN QUERY SELECT format('%s.%s is not described', path, k) FROM jsonb_object_keys(node) k WHERE NOT argument ? k;
        END IF;
      WHEN 'required' THEN
        RETURN QUERY SELECT format('%s.%s is missing', path, k) FROM jsonb_array_elements_text(argument) k WHERE NOT node ? k;
      WHEN 'additionalProperties', 'description', 'title', '$schema', '$defs' THEN
        NULL;
      ELSE
        RETURN NEXT format('the schema uses "%s", which this validator does not know', word);
    END CASE;
  END LOOP;
END $$;

CREATE FUNCTION valid(document json, what text) RETURNS text LANGUAGE sql AS $$
  SELECT is((SELECT string_agg(v, E'\n') FROM (SELECT v FROM schema_file, violations(root || '{}', root || '{}', document::jsonb || '{}') v LIMIT 20) x), NULL, what)
$$;

SELECT valid(aiodal.reflect(), 'all schemas');
SELECT valid(aiodal.reflect(include => '{partitions,extensions,temporary}'), 'and partitions and extensions');
SELECT valid(aiodal.reflect('{information_schema}'), 'a schema of the system''s');
SELECT valid(aiodal.reflect(relations => '{hard.excluded,obj.fired,plain.author}'), 'some relations');
SELECT valid(aiodal.reflect('{}'), 'nothing');
SELECT valid(aiodal.reflect(relations => ARRAY[4294967295::oid::regclass]), 'a warning');
SELECT is((SELECT string_agg(v, E'\n') FROM schema_file, violations(root, root #> '{$defs,relation}', aiodal.describe('obj.fired')::jsonb) v), NULL, 'describe()');
-- the validator sees what is wrong
SELECT is((SELECT v FROM schema_file, violations(root, root, jsonb_set(aiodal.reflect(relations => '{obj.fired}')::jsonb, '{relations,0,kind}', '"tabel"')) v),
          '$.relations[0].kind is "tabel", none of ["table", "partitioned table", "view", "materialized view", "foreign table"]', 'a wrong word is found');
SELECT is((SELECT v FROM schema_file, violations(root, root, aiodal.reflect('{}')::jsonb - 'order') v), '$.order is missing', 'a missing key is found');

-- every control character, quote and backslash came through: the text is that of the catalog
SELECT is(aiodal.describe('hard.sixty_three_bytes_long_name_that_uses_up_all_the_room_there_is_') ->> 'comment',
          obj_description('hard.sixty_three_bytes_long_name_that_uses_up_all_the_room_there_is_'::regclass), 'escapes');

SELECT * FROM finish();
ROLLBACK;
