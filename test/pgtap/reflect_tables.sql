-- relations(), columns(), constraints(), indexes() against PostgreSQL's own
-- functions and views, over all of exotica_basics.sql and reflect_hard.sql.
-- Everything is uncommitted: the transaction's own changes are seen.
\set QUIET on
BEGIN;
\ir ../data/exotica_basics.sql
\ir ../data/reflect_hard.sql
\ir ../data/same_rows.sql
SET search_path = public;
SELECT plan(26);

CREATE TEMP VIEW their_relations AS
  SELECT r.*, n.nspname FROM pg_class r JOIN pg_namespace n ON n.oid = relnamespace
   WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'aiodal');

SELECT same_rows('relations: names, kinds and flags',
$$ SELECT oid, nspname, relname,
          CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END,
          CASE relpersistence WHEN 'u' THEN 'unlogged' ELSE 'permanent' END, pg_get_userbyid(relowner), obj_description(oid, 'pg_class'),
          relrowsecurity, relforcerowsecurity, CASE relreplident WHEN 'd' THEN 'default' WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' ELSE 'index' END,
          (SELECT amname FROM pg_am a WHERE a.oid = relam), (SELECT spcname FROM pg_tablespace s WHERE s.oid = reltablespace)
     FROM pg_temp.their_relations $$,
$$ SELECT oid, schema, name, kind, persistence, owner, comment, row_security, force_row_security, replica_identity, access_method, tablespace
     FROM aiodal.relations(include => '{partitions,extensions}') WHERE schema <> 'aiodal' $$);

SELECT same_rows('relations: definition, partitioning and inheritance',
$$ SELECT oid, CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END, pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid),
          CASE WHEN relispartition THEN (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = oid) END,
          CASE WHEN relispartition THEN '{}' ELSE ARRAY(SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = oid ORDER BY inhseqno) END
     FROM pg_temp.their_relations $$,
$$ SELECT oid, definition, partition_key, partition_bound, parent, inherits
     FROM aiodal.relations(include => '{partitions,extensions}') WHERE schema <> 'aiodal' $$);

SELECT same_rows('relations: options, those of the TOAST table too',
$$ SELECT oid, coalesce(reloptions, '{}') || ARRAY(SELECT 'toast.' || o FROM pg_class t, unnest(t.reloptions) o WHERE t.oid = r.reltoastrelid)
     FROM pg_temp.their_relations r $$,
$$ SELECT oid, options FROM aiodal.relations(include => '{partitions,extensions}') WHERE schema <> 'aiodal' $$);

SELECT same_rows('relations: what can be written, by rules and triggers too',
$$ SELECT oid, pg_relation_is_updatable(oid, true) & 8 > 0, pg_relation_is_updatable(oid, true) & 4 > 0, pg_relation_is_updatable(oid, true) & 16 > 0
     FROM pg_temp.their_relations $$,
$$ SELECT oid, insertable, updatable, deletable FROM aiodal.relations(include => '{partitions,extensions}') WHERE schema <> 'aiodal' $$);

SELECT same_rows('relations: foreign tables and typed tables',
$$ SELECT r.oid, srvname, ftoptions, CASE WHEN reloftype <> 0 THEN format_type(reloftype, NULL) END
     FROM pg_temp.their_relations r LEFT JOIN pg_foreign_table ON ftrelid = oid LEFT JOIN pg_foreign_server s ON s.oid = ftserver $$,
$$ SELECT oid, server, foreign_options, of_type FROM aiodal.relations(include => '{partitions,extensions}') WHERE schema <> 'aiodal' $$);

-- visibility is the one thing that depends on the caller's path
SET search_path = public, s1, plain, pg_temp;
SELECT bag_eq($$ SELECT oid FROM aiodal.relations(include => '{partitions,extensions}') WHERE visible $$,
              $$ SELECT oid FROM their_relations WHERE pg_table_is_visible(oid) $$, 'relations: visible');
SET search_path = public;

SELECT same_rows('columns: name, type, null, default, comment',
$$ SELECT r.oid, r.nspname, r.relname, attnum::int, attname, format_type(atttypid, atttypmod), atttypid, atttypmod, attndims::int, attnotnull,
          pg_get_expr(adbin, adrelid), col_description(r.oid, attnum)
     FROM pg_temp.their_relations r JOIN pg_attribute ON attrelid = r.oid LEFT JOIN pg_attrdef ON adrelid = r.oid AND adnum = attnum
    WHERE attnum > 0 AND NOT attisdropped $$,
$$ SELECT oid, schema, relation, position, name, type, type_oid, typmod, dimensions, not_null, default_value, comment
     FROM aiodal.columns(include => '{partitions,extensions}') WHERE schema <> 'aiodal' $$);

SELECT same_rows('columns: as information_schema has them',
$$ SELECT table_schema::name, table_name::name, column_name::name, udt_schema::name, udt_name::name, collation_schema::name, collation_name::name,
          identity_generation::text, is_generated = 'ALWAYS'
     FROM information_schema.columns c WHERE (table_schema, table_name) IN (SELECT nspname, relname FROM pg_temp.their_relations)
      AND domain_name IS NULL AND udt_name NOT IN ('name', '_name') AND (table_schema, table_name) NOT IN (SELECT nspname, relname FROM pg_temp.their_relations WHERE relkind = 'm') $$,
$$ SELECT schema, relation, c.name, type_schema, type_name, collation_schema, "collation", upper(identity), generated IS NOT NULL
     FROM aiodal.columns(include => '{partitions,extensions}') c JOIN aiodal.relations(include => '{partitions,extensions}') r USING (oid, schema)
    WHERE type_kind <> 'domain' AND type_name NOT IN ('name', '_name') AND r.kind <> 'materialized view' AND schema <> 'aiodal' $$);

SELECT same_rows('columns: kinds and elements of types',
$$ SELECT attrelid, attnum::int, CASE WHEN e.oid IS NOT NULL THEN 'array' ELSE
            CASE t.typtype WHEN 'b' THEN 'base' WHEN 'c' THEN 'composite' WHEN 'd' THEN 'domain' WHEN 'e' THEN 'enum' WHEN 'r' THEN 'range' WHEN 'm' THEN 'multirange' ELSE 'pseudo' END END,
          e.oid, CASE WHEN e.oid IS NOT NULL THEN format_type(e.oid, atttypmod) END
     FROM pg_temp.their_relations r JOIN pg_attribute ON attrelid = r.oid JOIN pg_type t ON t.oid = atttypid
     LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
    WHERE attnum > 0 AND NOT attisdropped $$,
$$ SELECT oid, position, type_kind, element_type_oid, element_type FROM aiodal.columns(include => '{partitions,extensions}') WHERE schema <> 'aiodal' $$);

SELECT same_rows('columns: storage, statistics, options, inheritance',
$$ SELECT attrelid, attnum::int, CASE attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'x' THEN 'extended' ELSE 'main' END,
          CASE attcompression::text WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END, nullif(attstattarget::int, -1), attislocal, attinhcount::int,
          ARRAY(SELECT o FROM unnest(attoptions) o WHERE o NOT LIKE 'pg_attver=%'), coalesce(attfdwoptions, '{}')
     FROM pg_temp.their_relations r JOIN pg_attribute ON attrelid = r.oid WHERE attnum > 0 AND NOT attisdropped $$,
$$ SELECT oid, position, storage, compression, statistics, is_local, inherited, options, foreign_options
     FROM aiodal.columns(include => '{partitions,extensions}') WHERE schema <> 'aiodal' $$);

SELECT same_rows('columns: the sequences they own',
$$ SELECT r.oid, attname, pg_get_serial_sequence(format('%I.%I', nspname, relname), attname)
     FROM pg_temp.their_relations r JOIN pg_attribute ON attrelid = r.oid
    WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p') $$,
$$ SELECT oid, c.name, sequence
     FROM aiodal.columns(include => '{partitions,extensions}') c JOIN aiodal.relations(include => '{partitions,extensions}') r USING (oid, schema)
    WHERE r.kind IN ('table', 'partitioned table') AND schema <> 'aiodal' $$);

-- The foreign keys that \d shows: not those that stand for the partitions of what is referred to.
CREATE TEMP VIEW their_constraints AS
  SELECT c.*, r.nspname, r.relname FROM their_relations r JOIN pg_constraint c ON conrelid = r.oid
   WHERE contype <> 't' AND (contype <> 'f' OR confrelid = (
     WITH RECURSIVE up AS (SELECT c.conparentid AS p, c.confrelid AS t
                            UNION ALL SELECT x.conparentid, x.confrelid FROM up JOIN pg_constraint x ON x.oid = up.p)
     SELECT t FROM up WHERE p = 0));

SELECT same_rows('constraints: definition',
$$ SELECT oid, nspname, relname, conname, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint') FROM pg_temp.their_constraints $$,
$$ SELECT oid, schema, relation, name, definition, comment FROM aiodal.constraints(include => '{partitions,extensions}') WHERE schema <> 'aiodal' $$);

SELECT same_rows('constraints: columns in their order, paired with those referred to',
$$ SELECT oid, ARRAY(SELECT attname FROM unnest(conkey) WITH ORDINALITY k(n, i) LEFT JOIN pg_attribute ON attrelid = conrelid AND attnum = n AND n <> 0
                      WHERE n <> 0 OR contype = 'x' ORDER BY i),
          nullif(ARRAY(SELECT attname FROM unnest(confkey) WITH ORDINALITY k(n, i) JOIN pg_attribute ON attrelid = confrelid AND attnum = n ORDER BY i), '{}'),
          nullif(ARRAY(SELECT attname FROM unnest(confdelsetcols) WITH ORDINALITY k(n, i) JOIN pg_attribute ON attrelid = conrelid AND attnum = n ORDER BY i), '{}'),
          (SELECT nspname FROM pg_class f JOIN pg_namespace n ON n.oid = relnamespace WHERE f.oid = confrelid),
          (SELECT relname FROM pg_class WHERE oid = confrelid), (SELECT relname FROM pg_class WHERE oid = conindid)
     FROM pg_temp.their_constraints $$,
$$ SELECT oid, columns, referenced_columns, on_delete_columns, referenced_schema, referenced_relation, index
     FROM aiodal.constraints(include => '{partitions,extensions}') WHERE schema <> 'aiodal' $$);

SELECT same_rows('constraints: flags and actions',
$$ SELECT oid, CASE contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check' WHEN 'x' THEN 'exclusion' ELSE 'not null' END,
          condeferrable, condeferred, convalidated, connoinherit AND contype IN ('c', 'n'), conislocal, coninhcount::int,
          CASE WHEN contype = 'f' THEN CASE confupdtype WHEN 'a' THEN 'no action' WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' ELSE 'set default' END END,
          CASE WHEN contype = 'f' THEN CASE confdeltype WHEN 'a' THEN 'no action' WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' ELSE 'set default' END END,
          CASE WHEN contype = 'f' THEN CASE confmatchtype WHEN 's' THEN 'simple' WHEN 'f' THEN 'full' ELSE 'partial' END END
     FROM pg_temp.their_constraints $$,
$$ SELECT oid, kind, "deferrable", initially_deferred, validated, no_inherit, is_local, inherited, on_update, on_delete, match
     FROM aiodal.constraints(include => '{partitions,extensions}') WHERE schema <> 'aiodal' $$);

SELECT same_rows('constraints: expressions',
$$ SELECT oid, pg_get_expr(conbin, conrelid) FROM pg_temp.their_constraints WHERE contype = 'c' $$,
$$ SELECT oid, expression FROM aiodal.constraints(include => '{partitions,extensions}') WHERE kind = 'check' $$);

SELECT same_rows('unique_constraints()',
$$ SELECT conrelid, conname, ARRAY(SELECT attname FROM unnest(conkey) WITH ORDINALITY k(n, i) JOIN pg_attribute ON attrelid = conrelid AND attnum = n ORDER BY i), contype = 'p'
     FROM pg_temp.their_constraints WHERE contype IN ('p', 'u') $$,
$$ SELECT r.oid, u.* FROM pg_temp.their_relations r, aiodal.unique_constraints(r.oid) u $$);

CREATE TEMP VIEW their_indexes AS
  SELECT i.*, r.nspname, r.relname, x.relname AS index_name, x.relam AS index_am, x.reloptions AS index_options, x.reltablespace AS index_tablespace
    FROM their_relations r JOIN pg_index i ON indrelid = r.oid JOIN pg_class x ON x.oid = indexrelid;

SELECT same_rows('indexes: flags, names',
$$ SELECT indexrelid, nspname, relname, index_name, amname, indisunique, indisprimary, indisvalid, indisready, indisclustered, indnullsnotdistinct, coalesce(index_options, '{}'),
          (SELECT spcname FROM pg_tablespace s WHERE s.oid = index_tablespace), (SELECT conname FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x')),
          obj_description(indexrelid, 'pg_class'), pg_get_expr(indpred, indrelid), (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = indexrelid)
     FROM pg_temp.their_indexes JOIN pg_am a ON a.oid = index_am $$,
$$ SELECT oid, schema, relation, name, method, is_unique, is_primary, is_valid, is_ready, is_clustered, nulls_not_distinct, options, tablespace, constraint_name, comment, predicate, parent
     FROM aiodal.indexes(include => '{partitions,extensions}') WHERE schema <> 'aiodal' $$);

SELECT same_rows('indexes: keys',
$$ SELECT indexrelid, k, CASE WHEN indkey[k - 1] <> 0 THEN attname END, CASE WHEN indkey[k - 1] = 0 THEN pg_get_indexdef(indexrelid, k, false) END,
          opcname, (indoption[k - 1] & 1) > 0, (indoption[k - 1] & 2) > 0,
          (SELECT collname FROM pg_collation c WHERE c.oid = indcollation[k - 1] AND c.oid <> attcollation)
     FROM pg_temp.their_indexes CROSS JOIN generate_series(1, indnkeyatts) k JOIN pg_opclass o ON o.oid = indclass[k - 1]
     JOIN pg_attribute ON attrelid = CASE WHEN indkey[k - 1] = 0 THEN indexrelid ELSE indrelid END AND attnum = CASE WHEN indkey[k - 1] = 0 THEN k ELSE indkey[k - 1] END $$,
$$ SELECT oid, k::int, (j ->> 'column')::name, CASE WHEN j ->> 'expression' ~ '^[(\n]' THEN '(' || (j ->> 'expression') || ')' ELSE j ->> 'expression' END,
          (j ->> 'opclass')::name, (j ->> 'descending')::bool, (j ->> 'nulls_first')::bool, (j ->> 'collation')::name
     FROM aiodal.indexes(include => '{partitions,extensions}'), json_array_elements(keys) WITH ORDINALITY u(j, k) WHERE schema <> 'aiodal' $$);

SELECT same_rows('indexes: columns carried along',
$$ SELECT indexrelid, ARRAY(SELECT attname FROM generate_series(indnkeyatts, indnatts - 1) k JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[k] ORDER BY k)
     FROM pg_temp.their_indexes $$,
$$ SELECT oid, include FROM aiodal.indexes(include => '{partitions,extensions}') WHERE schema <> 'aiodal' $$);

-- one relation at a time is found by index scans, which must not matter
SELECT same_rows(f || ' one by one', format('SELECT * FROM aiodal.%s(include => %L)', f, '{partitions,extensions}'),
                 format('SELECT o.* FROM aiodal.relations(include => %L) r, aiodal.%s(relations => ARRAY[r.oid]) o', '{partitions,extensions}', f))
  FROM unnest(ARRAY['relations', 'columns', 'constraints', 'indexes']) f;

-- what is left out by default, and what is in when named
SELECT bag_eq($$ SELECT oid FROM aiodal.relations() $$,
              $$ SELECT oid FROM their_relations r WHERE NOT relispartition
                    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = r.oid AND deptype = 'e') $$,
              'partitions and members of extensions are left out unless asked for');
SELECT results_eq($$ SELECT name FROM aiodal.relations(relations => '{hard_partitions.part_2024_eu,pg_catalog.pg_class}') $$,
                  $$ VALUES ('part_2024_eu'::name), ('pg_class') $$, 'what is named is in, whatever it is');
SELECT bag_eq($$ SELECT oid FROM aiodal.relations('{hard,fk}') $$,
              $$ SELECT oid FROM their_relations WHERE nspname IN ('hard', 'fk') AND NOT relispartition $$, 'two schemas');

SELECT * FROM finish();
ROLLBACK;
