-- The catalog query that somebody writes who wants it all as one document: set by set, each
-- aggregated per relation, then joined. peers/jsonb.sql is made of it.
WITH rels AS (
    SELECT c.oid, c.relname, n.nspname, c.relkind, c.relpersistence, c.relowner, c.reloptions, c.relrowsecurity,
        c.relforcerowsecurity, c.relreplident, c.relam, c.reltablespace, c.reltuples, c.relispartition, c.relpartbound
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
        AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
),
columns AS (
    SELECT a.attrelid, json_agg(json_build_object(
        'position', a.attnum, 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'type_oid', a.atttypid,
        'type_schema', tn.nspname, 'type_name', t.typname, 'typmod', a.atttypmod, 'dimensions', a.attndims,
        'not_null', a.attnotnull, 'default_value', pg_get_expr(d.adbin, d.adrelid), 'identity', a.attidentity,
        'generated', a.attgenerated, 'collation', co.collname, 'comment', ds.description, 'type_kind', t.typtype,
        'element_type_oid', t.typelem, 'storage', a.attstorage, 'compression', a.attcompression,
        'statistics', a.attstattarget, 'is_local', a.attislocal, 'inherited', a.attinhcount, 'options', a.attoptions)
        ORDER BY a.attnum) AS list
    FROM pg_attribute AS a JOIN rels AS r ON r.oid = a.attrelid
        JOIN pg_type AS t ON t.oid = a.atttypid JOIN pg_namespace AS tn ON tn.oid = t.typnamespace
        LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        LEFT JOIN pg_collation AS co ON co.oid = a.attcollation AND a.attcollation <> t.typcollation
        LEFT JOIN pg_description AS ds ON ds.classoid = 'pg_class'::regclass AND ds.objoid = a.attrelid AND ds.objsubid = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped
    GROUP BY a.attrelid
),
constraints AS (
    SELECT c.conrelid, json_agg(json_build_object(
        'oid', c.oid, 'name', c.conname, 'kind', c.contype,
        'columns', (SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY AS k(attnum, n)
            JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.attnum),
        'referenced_schema', fn.nspname, 'referenced_relation', f.relname,
        'referenced_columns', (SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY AS k(attnum, n)
            JOIN pg_attribute AS a ON a.attrelid = c.confrelid AND a.attnum = k.attnum),
        'on_update', c.confupdtype, 'on_delete', c.confdeltype, 'match', c.confmatchtype, 'deferrable', c.condeferrable,
        'initially_deferred', c.condeferred, 'validated', c.convalidated, 'no_inherit', c.connoinherit,
        'expression', CASE c.contype WHEN 'c' THEN pg_get_expr(c.conbin, c.conrelid) END,
        'definition', pg_get_constraintdef(c.oid), 'index', i.relname, 'comment', ds.description)
        ORDER BY c.conname) AS list
    FROM pg_constraint AS c JOIN rels AS r ON r.oid = c.conrelid
        LEFT JOIN pg_class AS f ON f.oid = c.confrelid LEFT JOIN pg_namespace AS fn ON fn.oid = f.relnamespace
        LEFT JOIN pg_class AS i ON i.oid = c.conindid
        LEFT JOIN pg_description AS ds ON ds.classoid = 'pg_constraint'::regclass AND ds.objoid = c.oid
    GROUP BY c.conrelid
),
indexes AS (
    SELECT x.indrelid, json_agg(json_build_object(
        'oid', i.oid, 'name', i.relname, 'method', am.amname, 'is_unique', x.indisunique, 'is_primary', x.indisprimary,
        'is_valid', x.indisvalid, 'is_ready', x.indisready, 'is_clustered', x.indisclustered,
        'nulls_not_distinct', x.indnullsnotdistinct,
        'keys', (SELECT json_agg(json_build_object(
                'column', a.attname, 'expression', CASE WHEN k.attnum = 0 THEN pg_get_indexdef(x.indexrelid, k.n::integer, false) END,
                'descending', x.indoption[k.n - 1] & 1 = 1, 'nulls_first', x.indoption[k.n - 1] & 2 = 2,
                'opclass', o.opcname, 'collation', co.collname) ORDER BY k.n)
            FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
                JOIN pg_opclass AS o ON o.oid = x.indclass[k.n - 1]
                LEFT JOIN pg_collation AS co ON co.oid = x.indcollation[k.n - 1]
                LEFT JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = k.attnum AND k.attnum > 0
            WHERE k.n <= x.indnkeyatts),
        'predicate', pg_get_expr(x.indpred, x.indrelid), 'options', i.reloptions, 'tablespace', ts.spcname,
        'comment', ds.description) ORDER BY i.relname) AS list
    FROM pg_index AS x JOIN rels AS r ON r.oid = x.indrelid JOIN pg_class AS i ON i.oid = x.indexrelid
        JOIN pg_am AS am ON am.oid = i.relam LEFT JOIN pg_tablespace AS ts ON ts.oid = i.reltablespace
        LEFT JOIN pg_description AS ds ON ds.classoid = 'pg_class'::regclass AND ds.objoid = i.oid AND ds.objsubid = 0
    GROUP BY x.indrelid
),
types AS (
    SELECT json_agg(json_build_object(
        'oid', t.oid, 'schema', n.nspname, 'name', t.typname, 'kind', t.typtype,
        'labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum AS e WHERE e.enumtypid = t.oid),
        'base_type', format_type(t.typbasetype, t.typtypmod), 'not_null', t.typnotnull, 'default_value', t.typdefault,
        'checks', (SELECT json_agg(pg_get_expr(c.conbin, 0)) FROM pg_constraint AS c WHERE c.contypid = t.oid))) AS list
    FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
),
sequences AS (
    SELECT json_agg(json_build_object(
        'oid', c.oid, 'schema', n.nspname, 'name', c.relname, 'start', s.seqstart, 'increment', s.seqincrement,
        'minimum', s.seqmin, 'maximum', s.seqmax, 'cache', s.seqcache, 'cycle', s.seqcycle,
        'owner_table', d.refobjid, 'owner_column', d.refobjsubid)) AS list
    FROM pg_sequence AS s JOIN pg_class AS c ON c.oid = s.seqrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        LEFT JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
            AND d.refclassid = 'pg_class'::regclass
)
SELECT json_build_object('relations', (SELECT json_agg(json_build_object(
        'oid', r.oid, 'schema', r.nspname, 'name', r.relname, 'kind', r.relkind, 'persistence', r.relpersistence,
        'owner', pg_get_userbyid(r.relowner), 'comment', ds.description, 'options', r.reloptions,
        'row_security', r.relrowsecurity, 'force_row_security', r.relforcerowsecurity, 'replica_identity', r.relreplident,
        'access_method', am.amname, 'tablespace', ts.spcname, 'estimated_rows', r.reltuples,
        'visible', pg_table_is_visible(r.oid),
        'definition', CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) END,
        'columns', c.list, 'constraints', k.list, 'indexes', i.list) ORDER BY r.nspname, r.relname)
    FROM rels AS r LEFT JOIN columns AS c ON c.attrelid = r.oid LEFT JOIN constraints AS k ON k.conrelid = r.oid
        LEFT JOIN indexes AS i ON i.indrelid = r.oid LEFT JOIN pg_am AS am ON am.oid = r.relam
        LEFT JOIN pg_tablespace AS ts ON ts.oid = r.reltablespace
        LEFT JOIN pg_description AS ds ON ds.classoid = 'pg_class'::regclass AND ds.objoid = r.oid AND ds.objsubid = 0),
    'types', (SELECT list FROM types), 'sequences', (SELECT list FROM sequences))
