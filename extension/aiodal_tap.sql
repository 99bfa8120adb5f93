/* aiodal_tap: assertions about schemas, for pgTAP. */
\echo Use "CREATE EXTENSION aiodal_tap" to load this file. \quit

-- Those of pgTAP that are called here (ok, diag) are found by the caller's search_path, as pgTAP's own are.

CREATE FUNCTION relation_lines(relation regclass)
    RETURNS SETOF text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 20
    SET search_path = pg_catalog, pg_temp
    AS $$
WITH rel AS (
  SELECT * FROM aiodal.relations(relations => ARRAY[relation])
), lines AS (
  SELECT 1 AS part, 0 AS position, concat_ws(' ', CASE persistence WHEN 'permanent' THEN NULL ELSE persistence END, kind,
      'partition of ' || parent, partition_bound, 'inherits (' || array_to_string(nullif(inherits, '{}'), ', ') || ')',
      'partition by ' || partition_key, 'with (' || array_to_string(nullif(options, '{}'), ', ') || ')') AS line
    FROM rel
  UNION ALL
  SELECT 2, 0, 'as ' || definition FROM rel WHERE definition IS NOT NULL
  UNION ALL
  SELECT 3, c.position, concat_ws(' ', 'column', format('%I', c.name), c.type,
      CASE WHEN c.collation IS NOT NULL THEN format('collate %I.%I', c.collation_schema, c.collation) END, CASE WHEN c.not_null THEN 'not null' END,
      CASE WHEN c.generated IS NULL THEN 'default ' || c.default_value
           ELSE format('generated always as (%s) %s', c.default_value, c.generated) END,
      CASE WHEN c.identity IS NOT NULL THEN format('generated %s as identity', c.identity) END)
    FROM aiodal.columns(relations => ARRAY[relation]) c
  UNION ALL
  SELECT 4, 0, format('constraint %I %s', c.name, c.definition)
    FROM aiodal.constraints(relations => ARRAY[relation]) c WHERE c.kind <> 'not null'
  UNION ALL
  SELECT 5, 0, pg_get_indexdef(i.oid)
    FROM aiodal.indexes(relations => ARRAY[relation]) i WHERE i.constraint_name IS NULL
  UNION ALL
  SELECT 6, 0, t.definition || CASE t.enabled WHEN 'origin' THEN '' ELSE ' (' || t.enabled || ')' END
    FROM aiodal.triggers(relations => ARRAY[relation]) t
  UNION ALL
  SELECT 7, 0, r.definition FROM aiodal.rules(relations => ARRAY[relation]) r
  UNION ALL
  SELECT 8, 0, CASE WHEN force_row_security THEN 'force row security' ELSE 'row security' END
    FROM rel WHERE row_security
  UNION ALL
  SELECT 9, 0, concat_ws(' ', 'policy', format('%I', p.name), CASE WHEN NOT p.permissive THEN 'restrictive' END,
      'for ' || lower(p.cmd), 'to ' || array_to_string(p.roles, ', '), 'using (' || p.qual || ')',
      'with check (' || p.with_check || ')')
    FROM aiodal.policies(relations => ARRAY[relation]) p
)
SELECT rtrim(btrim(regexp_replace(line, '\s+', ' ', 'g')), ';') FROM lines ORDER BY part, position, line COLLATE "C"
$$;
COMMENT ON FUNCTION relation_lines(regclass) IS
'what relation_is() compares: a line for the relation itself, one for each column, constraint, index, trigger, rule and policy';

CREATE FUNCTION schema_lines(schema name)
    RETURNS SETOF text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 200
    SET search_path = pg_catalog, pg_temp
    AS $$
WITH lines AS (
  SELECT 1 AS part, format('%I: ', r.name) || l AS line, n
    FROM aiodal.relations(ARRAY[schema]) r, LATERAL @extschema@.relation_lines(r.oid) WITH ORDINALITY x(l, n)
  UNION ALL
  SELECT 2, concat_ws(' ', t.kind, format('%I', t.name), '(' || array_to_string(nullif(t.labels, '{}'), ', ') || ')', t.base_type, t.subtype,
      CASE WHEN t.not_null THEN 'not null' END, 'default ' || t.default_value,
      (SELECT string_agg(format('constraint %I CHECK (%s)', c ->> 'name', c ->> 'expression'), ' ') FROM json_array_elements(t.checks) c),
      (SELECT '(' || string_agg(format('%I %s', a ->> 'name', a ->> 'type'), ', ') || ')' FROM json_array_elements(t.attributes) a)), 0
    FROM aiodal.types(ARRAY[schema]) t
  UNION ALL
  SELECT 3, concat_ws(' ', 'sequence', format('%I', s.name), s.data_type, 'start', s.start_value, 'from', s.min_value, 'to',
      s.max_value, 'by', s.increment_by, CASE WHEN s.cycle THEN 'cycle' END, 'cache', s.cache_size,
      CASE WHEN s.owned_by_relation IS NOT NULL THEN format('owned by %I.%I', s.owned_by_relation, s.owned_by_column) END), 0
    FROM aiodal.sequences(ARRAY[schema]) s WHERE NOT s.is_identity
  UNION ALL
  SELECT 4, concat_ws(' ', f.kind, f.signature, 'returns ' || f.returns, 'language ' || f.language, f.volatility,
      CASE WHEN f.strict THEN 'strict' END, CASE WHEN f.security_definer THEN 'security definer' END,
      'source ' || md5(f.source)), 0
    FROM aiodal.functions(ARRAY[schema]) f WHERE f.extension IS NULL
)
SELECT regexp_replace(line, '\s+', ' ', 'g') FROM lines ORDER BY part, line COLLATE "C", n
$$;
COMMENT ON FUNCTION schema_lines(name) IS
'what schema_is() and schemas_match() compare: the lines of all relations, and one for each type, sequence and function';

CREATE FUNCTION _aiodal_lines(text)
    RETURNS SETOF text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
SELECT line FROM (SELECT btrim(regexp_replace(l, '\s+', ' ', 'g')) FROM regexp_split_to_table($1, '\n') l) x(line)
WHERE line <> '' AND line NOT LIKE '--%'
$$;
COMMENT ON FUNCTION _aiodal_lines(text) IS 'the lines of a text but for empty ones and comments, one blank for many';

CREATE FUNCTION _aiodal_same(have text[], want text[], description text)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
    AS $$
DECLARE
  missing text[] := ARRAY(SELECT pg_catalog.unnest(want) EXCEPT ALL SELECT pg_catalog.unnest(have));
  extra text[] := ARRAY(SELECT pg_catalog.unnest(have) EXCEPT ALL SELECT pg_catalog.unnest(want));
  result text := ok(missing OPERATOR(pg_catalog.=) '{}' AND extra OPERATOR(pg_catalog.=) '{}', description);
  line text;
BEGIN
  FOR line IN SELECT l FROM pg_catalog.unnest(missing) l ORDER BY l COLLATE "C" LOOP
    result := pg_catalog.concat(result, E'\n', diag(pg_catalog.concat('    missing: ', line)));
  END LOOP;
  FOR line IN SELECT l FROM pg_catalog.unnest(extra) l ORDER BY l COLLATE "C" LOOP
    result := pg_catalog.concat(result, E'\n', diag(pg_catalog.concat('    unexpected: ', line)));
  END LOOP;
  RETURN result;
END
$$;
COMMENT ON FUNCTION _aiodal_same(text[], text[], text) IS 'a test that passes when both have the same lines';

CREATE FUNCTION _aiodal_none(problems text[], description text)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
    AS $$
DECLARE
  result text := ok(pg_catalog.cardinality(problems) OPERATOR(pg_catalog.=) 0, description);
  line text;
BEGIN
  FOREACH line IN ARRAY problems LOOP
    result := pg_catalog.concat(result, E'\n', diag(pg_catalog.concat('    ', line)));
  END LOOP;
  RETURN result;
END
$$;
COMMENT ON FUNCTION _aiodal_none(text[], text) IS 'a test that passes when nothing was found';

CREATE FUNCTION relation_is(relation text, expected text, description text DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
    AS $$
DECLARE
  it regclass := pg_catalog.to_regclass(relation);
  about text := coalesce(description, pg_catalog.format('relation %s should be as described', relation));
BEGIN
  IF it IS NULL THEN
    RETURN pg_catalog.concat(ok(false, about), E'\n', diag(pg_catalog.format('    there is no relation %s', relation)));
  END IF;
  RETURN @extschema@._aiodal_same(ARRAY(SELECT @extschema@.relation_lines(it)), ARRAY(SELECT @extschema@._aiodal_lines(expected)), about);
END
$$;
COMMENT ON FUNCTION relation_is(text, text, text) IS
'a relation is what the lines of a text say, those of relation_lines(), in any order; blanks, empty lines and lines that begin with -- do not count';

CREATE FUNCTION schema_is(schema name, expected text, description text DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
    AS $$
DECLARE
  about text := coalesce(description, pg_catalog.format('schema %I should be as described', schema));
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) schema) THEN
    RETURN pg_catalog.concat(ok(false, about), E'\n', diag(pg_catalog.format('    there is no schema %I', schema)));
  END IF;
  RETURN @extschema@._aiodal_same(ARRAY(SELECT @extschema@.schema_lines(schema)), ARRAY(SELECT @extschema@._aiodal_lines(expected)), about);
END
$$;
COMMENT ON FUNCTION schema_is(name, text, text) IS 'a schema is what the lines of a text say, those of schema_lines(); as relation_is()';

CREATE FUNCTION schemas_match(have name, want name, description text DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
    AS $$
DECLARE
  about text := coalesce(description, pg_catalog.format('schema %I should be like %I', have, want));
  gone name := (SELECT s FROM pg_catalog.unnest(ARRAY[have, want]) s WHERE NOT EXISTS
    (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) s) LIMIT 1);
BEGIN
  IF gone IS NOT NULL THEN
    RETURN pg_catalog.concat(ok(false, about), E'\n', diag(pg_catalog.format('    there is no schema %I', gone)));
  END IF;
  RETURN @extschema@._aiodal_same(
    ARRAY(SELECT pg_catalog.replace(l, pg_catalog.format('%I.', have), '') FROM @extschema@.schema_lines(have) l),
    ARRAY(SELECT pg_catalog.replace(l, pg_catalog.format('%I.', want), '') FROM @extschema@.schema_lines(want) l), about);
END
$$;
COMMENT ON FUNCTION schemas_match(name, name, text) IS
'two schemas have the same lines (see schema_lines()) but for their own names: one that migrations made, say, and one made anew';

CREATE FUNCTION foreign_keys_are_indexed(schemas name[] DEFAULT NULL, description text DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
    AS $$
BEGIN
  RETURN @extschema@._aiodal_none(ARRAY(
    WITH keyed AS MATERIALIZED (
      SELECT i.relation_oid, ARRAY(SELECT k OPERATOR(pg_catalog.->>) 'column' FROM pg_catalog.json_array_elements(i.keys) k) AS columns
      FROM aiodal.indexes(schemas) i WHERE i.is_valid AND i.predicate IS NULL AND i.method OPERATOR(pg_catalog.=) 'btree'
    )
    SELECT pg_catalog.format('%I.%I: %I (%s)', c.schema, c.relation, c.name, pg_catalog.array_to_string(c.columns, ', '))
    FROM aiodal.constraints(schemas) c
    WHERE c.kind OPERATOR(pg_catalog.=) 'foreign key' AND NOT EXISTS (SELECT FROM keyed k WHERE k.relation_oid OPERATOR(pg_catalog.=) c.relation_oid
      AND c.columns::text[] OPERATOR(pg_catalog.<@) k.columns[1:pg_catalog.cardinality(c.columns)])
    ORDER BY c.schema, c.relation, c.name), coalesce(description, 'foreign keys should be indexed'));
END
$$;
COMMENT ON FUNCTION foreign_keys_are_indexed(name[], text) IS
'the columns of each foreign key are the first ones of an index, so that deleting what is referred to need not read all of the table';

CREATE FUNCTION tables_have_primary_keys(schemas name[] DEFAULT NULL, description text DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
    AS $$
BEGIN
  RETURN @extschema@._aiodal_none(ARRAY(
    SELECT pg_catalog.format('%I.%I', r.schema, r.name) FROM aiodal.relations(schemas) r
    WHERE r.kind OPERATOR(pg_catalog.=) ANY ('{table,partitioned table}') AND NOT EXISTS (SELECT FROM aiodal.constraints(schemas) c
      WHERE c.relation_oid OPERATOR(pg_catalog.=) r.oid AND c.kind OPERATOR(pg_catalog.=) 'primary key')
    ORDER BY r.schema, r.name), coalesce(description, 'tables should have primary keys'));
END
$$;
COMMENT ON FUNCTION tables_have_primary_keys(name[], text) IS 'each table has a primary key';

CREATE FUNCTION nothing_is_invalid(schemas name[] DEFAULT NULL, description text DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
    AS $$
BEGIN
  RETURN @extschema@._aiodal_none(ARRAY(
    SELECT pg_catalog.format('%s %I on %I.%I', x.what, x.name, x.schema, x.relation)
    FROM (SELECT 'constraint' AS what, c.schema, c.relation, c.name FROM aiodal.constraints(schemas) c WHERE NOT c.validated
      UNION ALL SELECT 'index', i.schema, i.relation, i.name FROM aiodal.indexes(schemas) i WHERE NOT i.is_valid) x
    ORDER BY x.schema, x.relation, x.name), coalesce(description, 'no constraint or index should be invalid'));
END
$$;
COMMENT ON FUNCTION nothing_is_invalid(name[], text) IS
'no constraint is NOT VALID, and no index is left over from a CREATE INDEX CONCURRENTLY that failed';
