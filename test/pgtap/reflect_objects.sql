-- types(), functions(), triggers() and the other objects against PostgreSQL's
-- own functions and views, over exotica_basics.sql and reflect_objects.sql.
\set QUIET on
BEGIN;
\ir ../data/exotica_basics.sql
\ir ../data/reflect_objects.sql
\ir ../data/same_rows.sql
SET search_path = public;
SELECT plan(23);

-- what is in the schemas that count, and not an extension's
CREATE TEMP VIEW their_schemas AS
  SELECT * FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'aiodal');
CREATE TEMP VIEW members AS SELECT classid, objid FROM pg_depend WHERE deptype = 'e';
CREATE TEMP VIEW their_relations AS
  SELECT r.*, nspname FROM pg_class r JOIN their_schemas n ON n.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
     AND ('pg_class'::regclass, r.oid) NOT IN (TABLE members) AND NOT relispartition;

CREATE TEMP VIEW their_types AS
  SELECT t.*, nspname FROM pg_type t JOIN their_schemas n ON n.oid = typnamespace
   WHERE (typtype IN ('e', 'd', 'r', 'm') OR typtype = 'c' AND (SELECT relkind FROM pg_class c WHERE c.oid = typrelid) = 'c')
     AND ('pg_type'::regclass, t.oid) NOT IN (TABLE members);

SELECT same_rows('types: names, kinds, labels',
$$ SELECT oid, nspname, typname, CASE typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range' WHEN 'm' THEN 'multirange' ELSE 'composite' END,
          CASE WHEN typtype = 'e' THEN ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder) END,
          obj_description(oid, 'pg_type'), pg_get_userbyid(typowner)
     FROM pg_temp.their_types t $$,
$$ SELECT oid, schema, name, kind, labels, comment, owner FROM aiodal.types() $$);

SELECT same_rows('types: domains',
$$ SELECT oid, format_type(typbasetype, typtypmod), typnotnull, typdefault, (SELECT collname FROM pg_collation c WHERE c.oid = typcollation
             AND c.oid <> (SELECT typcollation FROM pg_type b WHERE b.oid = t.typbasetype)),
          ARRAY(SELECT format('%s %s %s', pg_get_constraintdef(c.oid), conname, obj_description(c.oid)) FROM pg_constraint c WHERE contypid = t.oid AND contype = 'c' ORDER BY conname COLLATE "C")
     FROM pg_temp.their_types t WHERE typtype = 'd' $$,
$$ SELECT oid, base_type, not_null, default_value, "collation",
          ARRAY(SELECT format('CHECK (%s)%s %s %s', c ->> 'expression', CASE WHEN NOT (c ->> 'validated')::boolean THEN ' NOT VALID' END, c ->> 'name', c ->> 'comment') FROM json_array_elements(checks) c)
     FROM aiodal.types() WHERE kind = 'domain' $$);

SELECT same_rows('types: attributes of composite types',
$$ SELECT t.oid, attnum::int, attname, format_type(atttypid, atttypmod), atttypid, atttypmod, col_description(attrelid, attnum),
          (SELECT collname FROM pg_collation c WHERE c.oid = attcollation AND c.oid <> (SELECT typcollation FROM pg_type b WHERE b.oid = atttypid))
     FROM pg_temp.their_types t JOIN pg_attribute ON attrelid = typrelid WHERE typtype = 'c' AND attnum > 0 AND NOT attisdropped $$,
$$ SELECT oid, (a ->> 'position')::int, (a ->> 'name')::name, a ->> 'type', (a ->> 'type_oid')::oid, (a ->> 'typmod')::int, a ->> 'comment', (a ->> 'collation')::name
     FROM aiodal.types(), json_array_elements(attributes) a $$);

SELECT same_rows('types: ranges and multiranges',
$$ SELECT t.oid, format_type(rngsubtype, NULL), rngsubtype, CASE WHEN typtype = 'r' THEN (SELECT opcname FROM pg_opclass o WHERE o.oid = rngsubopc) END,
          CASE WHEN typtype = 'r' THEN (SELECT collname FROM pg_collation c WHERE c.oid = rngcollation AND c.oid <> (SELECT typcollation FROM pg_type b WHERE b.oid = rngsubtype)) END,
          CASE WHEN typtype = 'r' THEN nullif(rngsubdiff::text, '-') END, CASE WHEN typtype = 'r' THEN nullif(rngcanonical::text, '-') END,
          CASE WHEN typtype = 'r' THEN format_type(rngmultitypid, NULL) END, CASE WHEN typtype = 'm' THEN format_type(rngtypid, NULL) END
     FROM pg_temp.their_types t JOIN pg_range r ON t.oid IN (rngtypid, rngmultitypid) $$,
$$ SELECT oid, subtype, subtype_oid, subtype_opclass, "collation", subtype_diff_function, canonical_function, multirange_type, range_type
     FROM aiodal.types() WHERE kind LIKE '%range' $$);

SELECT is((SELECT string_agg(format('%s.%s', schema, name), ' ') FROM aiodal.types(relations => '{obj.user_of_types}')),
          'obj.base obj.derived obj.many obj.pair obj.texts', 'types that a relation uses, and those they use');

CREATE TEMP VIEW their_functions AS
  SELECT p.*, nspname FROM pg_proc p JOIN their_schemas n ON n.oid = pronamespace WHERE ('pg_proc'::regclass, p.oid) NOT IN (TABLE members);

SELECT same_rows('functions: names and properties',
$$ SELECT oid, nspname, proname, CASE prokind WHEN 'f' THEN 'function' WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'window' END,
          CASE provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END, proisstrict,
          CASE proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END, (SELECT lanname FROM pg_language l WHERE l.oid = prolang),
          prosecdef, obj_description(oid, 'pg_proc'), pg_get_userbyid(proowner), proleakproof, coalesce(proconfig, '{}'), oid::regprocedure::text, probin,
          CASE WHEN prosqlbody IS NULL THEN prosrc ELSE pg_get_function_sqlbody(oid) END, procost::numeric, CASE WHEN proretset THEN prorows::numeric END
     FROM pg_temp.their_functions $$,
$$ SELECT oid, schema, name, kind, volatility, strict, parallel, language, security_definer, comment, owner, leakproof, settings, signature, library, source, cost::numeric, estimated_rows::numeric FROM aiodal.functions() $$);

-- pg_get_function_arguments() writes what the arguments are made of
SELECT same_rows('functions: arguments',
$$ SELECT oid, regexp_replace(pg_get_function_arguments(oid), ' ORDER BY ', ', ') FROM pg_temp.their_functions $$,
$$ SELECT oid, (SELECT coalesce(string_agg(concat_ws(' ', nullif(upper(a ->> 'mode'), CASE WHEN kind = 'procedure' THEN '' ELSE 'IN' END), quote_ident(a ->> 'name'), a ->> 'type',
                                                     CASE WHEN a ->> 'mode' NOT IN ('out', 'table') THEN 'DEFAULT ' || (a ->> 'default_value') END), ', '), '')
                  FROM json_array_elements(arguments) a WHERE a ->> 'mode' <> 'table') FROM aiodal.functions() $$);

SELECT same_rows('functions: what they return',
$$ SELECT oid, CASE WHEN prokind <> 'p' THEN CASE WHEN proretset THEN 'SETOF ' ELSE '' END || format_type(prorettype, NULL) END FROM pg_temp.their_functions $$,
$$ SELECT oid, CASE WHEN returns_set THEN 'SETOF ' ELSE '' END || returns FROM aiodal.functions() $$);

SELECT same_rows('functions: columns that come out',
$$ VALUES ('outs', 'b integer, c text, d timestamp with time zone'), ('proc', 'b integer'),
          ('setof_rows', 'isbn character(13), author_id integer, title text, price money, pages smallint, sequel_of character(13)'),
          ('tbl', 'id integer, Name x text'), ('Weird "name"', 'x y integer, - text'), ('one_pair', 'b "c obj.derived[], c text, d numeric(4,1)'),
          ('proc', 'b integer, c integer'), ('setof_int', 'setof_int integer'), ('setof_pair', 'b "c obj.derived[], c text, d numeric(4,1)'),
          ('single_out', 'b numeric') $$,
$$ SELECT name, (SELECT string_agg(coalesce(c ->> 'name', '-') || ' ' || (c ->> 'type'), ', ') FROM json_array_elements(result_columns) c)
     FROM aiodal.functions('{obj,fn}') WHERE result_columns IS NOT NULL $$);

SELECT same_rows('sequences',
$$ SELECT format('%I.%I', schemaname, sequencename)::regclass::oid, schemaname, sequencename, sequenceowner, data_type::text, start_value, min_value, max_value, increment_by, s.cycle, cache_size,
          obj_description(format('%I.%I', schemaname, sequencename)::regclass, 'pg_class'), (SELECT relpersistence::text FROM pg_class WHERE oid = format('%I.%I', schemaname, sequencename)::regclass)
     FROM pg_sequences s WHERE schemaname IN (SELECT nspname FROM pg_temp.their_schemas)
      AND ('pg_class'::regclass, format('%I.%I', schemaname, sequencename)::regclass) NOT IN (TABLE pg_temp.members) $$,
$$ SELECT oid, schema, name, owner, data_type, start_value, min_value, max_value, increment_by, cycle, cache_size, comment, left(persistence, 1) FROM aiodal.sequences() $$);

SELECT same_rows('sequences: who owns them',
$$ SELECT pg_get_serial_sequence(format('%I.%I', nspname, relname), attname), nspname, relname, attname, attidentity <> ''
     FROM pg_temp.their_relations r JOIN pg_attribute ON attrelid = r.oid AND attnum > 0 AND NOT attisdropped
    WHERE relkind IN ('r', 'p') AND pg_get_serial_sequence(format('%I.%I', nspname, relname), attname) IS NOT NULL $$,
$$ SELECT format('%I.%I', schema, name), owned_by_schema, owned_by_relation, owned_by_column, is_identity FROM aiodal.sequences() WHERE owned_by_column IS NOT NULL $$);

SELECT is((SELECT array_agg(name) FROM aiodal.sequences(relations => '{obj.owning}')), '{owned,owning_b c_seq,owning_d_seq}', 'sequences of a relation');

CREATE TEMP VIEW their_triggers AS
  SELECT t.*, r.nspname, r.relname FROM pg_trigger t JOIN (SELECT r.oid, relname, nspname FROM pg_class r JOIN their_schemas n ON n.oid = relnamespace) r ON r.oid = tgrelid
   WHERE NOT tgisinternal;

SELECT same_rows('triggers',
$$ SELECT oid, nspname, relname, tgname, pg_get_triggerdef(oid), CASE tgenabled WHEN 'O' THEN 'origin' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' ELSE 'always' END,
          tgparentid <> 0, obj_description(oid, 'pg_trigger'), tgdeferrable, tginitdeferred, tgoldtable, tgnewtable
     FROM pg_temp.their_triggers $$,
$$ SELECT oid, schema, relation, name, definition, enabled, is_inherited, comment, "deferrable", initially_deferred, old_table, new_table FROM aiodal.triggers(include => '{partitions}') $$);

SELECT same_rows('triggers: as information_schema has them',
$$ SELECT trigger_schema::name, event_object_table::name, trigger_name::name, lower(event_manipulation), lower(action_timing), lower(action_orientation), action_condition::text
     FROM information_schema.triggers WHERE trigger_schema IN (SELECT nspname FROM pg_temp.their_schemas) $$,
$$ SELECT schema, relation, name, e, timing, level, condition FROM aiodal.triggers(include => '{partitions}'), unnest(events) e WHERE e <> 'truncate' $$);

SELECT same_rows('rules',
$$ SELECT r.oid, nspname, relname, rulename, pg_get_ruledef(r.oid), is_instead, CASE ev_enabled WHEN 'O' THEN 'origin' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' ELSE 'always' END,
          obj_description(r.oid, 'pg_rewrite')
     FROM pg_rewrite r JOIN pg_temp.their_relations t ON t.oid = ev_class WHERE rulename <> '_RETURN' $$,
$$ SELECT oid, schema, relation, name, definition, is_instead, enabled, comment FROM aiodal.rules() $$);

SELECT same_rows('policies',
$$ SELECT schemaname, tablename, policyname, permissive, roles, p.cmd, p.qual, p.with_check, (SELECT obj_description(oid, 'pg_policy') FROM pg_policy o WHERE polname = policyname)
     FROM pg_policies p $$,
$$ SELECT schema, relation, name, CASE WHEN permissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, roles, cmd, qual, with_check, comment FROM aiodal.policies() $$);

SELECT same_rows('privileges on relations',
$$ SELECT r.oid, nspname, relname, pg_get_userbyid(grantor), CASE WHEN grantee <> 0 THEN pg_get_userbyid(grantee) END, privilege_type, is_grantable
     FROM pg_temp.their_relations r, aclexplode(coalesce(relacl, acldefault('r', relowner))) $$,
$$ SELECT oid, schema, relation, grantor, grantee, privilege_type, is_grantable FROM aiodal.privileges() WHERE column_name IS NULL $$);

SELECT same_rows('privileges on columns',
$$ SELECT r.oid, attname, pg_get_userbyid(grantor), CASE WHEN grantee <> 0 THEN pg_get_userbyid(grantee) END, privilege_type, is_grantable
     FROM pg_temp.their_relations r JOIN pg_attribute ON attrelid = r.oid, aclexplode(attacl) $$,
$$ SELECT oid, column_name, grantor, grantee, privilege_type, is_grantable FROM aiodal.privileges() WHERE column_name IS NOT NULL $$);

SELECT same_rows('default privileges',
$$ SELECT pg_get_userbyid(defaclrole), (SELECT nspname FROM pg_namespace n WHERE n.oid = defaclnamespace), CASE defaclobjtype WHEN 'r' THEN 'table' WHEN 'f' THEN 'function' WHEN 'T' THEN 'type' END,
          pg_get_userbyid(grantor), CASE WHEN grantee <> 0 THEN pg_get_userbyid(grantee) END, privilege_type, is_grantable
     FROM pg_default_acl, aclexplode(defaclacl) $$,
$$ SELECT owner, schema, object_type, grantor, grantee, privilege_type, is_grantable FROM aiodal.default_privileges() $$);

SELECT same_rows('statistics',
$$ SELECT statistics_schemaname, statistics_name, schemaname, tablename, statistics_owner, attnames, coalesce(exprs, '{}'), s.kinds::text[],
          (SELECT nullif(stxstattarget::int, -1) FROM pg_statistic_ext x WHERE stxname = statistics_name), (SELECT obj_description(oid, 'pg_statistic_ext') FROM pg_statistic_ext x WHERE stxname = statistics_name)
     FROM (SELECT n.nspname AS statistics_schemaname, stxname AS statistics_name, r.nspname AS schemaname, relname AS tablename, pg_get_userbyid(stxowner) AS statistics_owner,
                  ARRAY(SELECT attname FROM unnest(stxkeys) k JOIN pg_attribute ON attrelid = stxrelid AND attnum = k ORDER BY attnum) AS attnames, pg_get_statisticsobjdef_expressions(s.oid) AS exprs,
                  ARRAY(SELECT CASE k WHEN 'd' THEN 'ndistinct' WHEN 'f' THEN 'dependencies' WHEN 'm' THEN 'mcv' ELSE 'expressions' END FROM unnest(stxkind) k) AS kinds
             FROM pg_statistic_ext s JOIN pg_temp.their_relations r ON r.oid = stxrelid JOIN pg_namespace n ON n.oid = stxnamespace) s $$,
$$ SELECT schema, name, relation_schema, relation, owner, columns, expressions, kinds, target, comment FROM aiodal.statistics() $$);

SELECT same_rows('extensions and event triggers',
$$ SELECT oid, extname, (SELECT nspname FROM pg_namespace n WHERE n.oid = extnamespace), extversion, extrelocatable, obj_description(oid, 'pg_extension') FROM pg_extension
    UNION ALL SELECT oid, evtname, evtevent, array_to_string(evttags, ','), evtenabled <> 'D', obj_description(oid, 'pg_event_trigger') FROM pg_event_trigger $$,
$$ SELECT oid, name, schema, version, relocatable, comment FROM aiodal.extensions()
    UNION ALL SELECT oid, name, event, nullif(array_to_string(tags, ','), ''), enabled <> 'disabled', comment FROM aiodal.event_triggers() $$);

SELECT same_rows('publications',
$$ SELECT oid, pubname, puballtables, ARRAY(SELECT nspname FROM pg_publication_namespace JOIN pg_namespace n ON n.oid = pnnspid WHERE pnpubid = p.oid ORDER BY nspname COLLATE "C"),
          ARRAY(SELECT prrelid::regclass::text FROM pg_publication_rel WHERE prpubid = p.oid ORDER BY prrelid::regclass::text COLLATE "C"), concat_ws(',', CASE WHEN pubinsert THEN 'insert' END,
          CASE WHEN pubupdate THEN 'update' END, CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END), pubviaroot, obj_description(oid, 'pg_publication')
     FROM pg_publication p $$,
$$ SELECT oid, name, all_tables, schemas, relations, array_to_string(operations, ','), via_root, comment FROM aiodal.publications() $$);

SELECT same_rows('views: the columns they show',
$$ VALUES ('v1', 'id', 'obj.fired.id'), ('v1', 'b', 'obj.fired.B'), ('v1', 'other_id', 'obj.other.id'), ('v2', 'x', 'obj.fired.id'), ('v2', 'b', 'obj.fired.B'),
          ('v2', 'id', 'obj.fired.id'), ('v3', 'x1', 'obj.fired.id'), ('v4', 'x1', 'obj.fired.id'), ('v5', 'last', 'obj.fired.id'), ('v5', 'i', 'obj.fired.id') $$,
$$ SELECT relation, name, format('%s.%s.%s', base_schema, base_relation, base_column) FROM aiodal.columns('{obj}') WHERE relation ~ '^v[0-9]' AND base_column IS NOT NULL $$);

SELECT * FROM finish();
ROLLBACK;
