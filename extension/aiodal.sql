/* aiodal: the SQL contract. Every function is SECURITY INVOKER. */

\echo Use "CREATE EXTENSION aiodal" to load this file. \quit

CREATE SCHEMA aiodal;
GRANT USAGE ON SCHEMA aiodal TO PUBLIC;
COMMENT ON SCHEMA aiodal IS 'schema reflection in one round trip, and bulk load that merges';

CREATE FUNCTION aiodal.version() RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'version';
COMMENT ON FUNCTION aiodal.version() IS 'version of the loaded aiodal library';

---------------------------------------------------------------------------
-- Reflection
---------------------------------------------------------------------------

-- Common arguments. schemas: NULL for every schema that is not the system's;
-- an unknown one is an error. relations: just these, found by index scans.
-- include: any of partitions, extensions, temporary, system, which are left out
-- by default; what relations names is always in.
--
-- All run under the statement's snapshot, so that calls in one statement, or in
-- one REPEATABLE READ transaction, agree with each other. None checks a
-- privilege: what a role may do is in the rows, never an error.

CREATE FUNCTION aiodal.schemas(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, schema name, owner name, comment text, extension name)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 20 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_schemas';
COMMENT ON FUNCTION aiodal.schemas(name[], regclass[], text[]) IS
'schemas, ordered by name; those of the relations, when relations is given';

CREATE FUNCTION aiodal.relations(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, schema name, name name, kind text, persistence text, owner name, comment text,
        parent text, partition_key text, partition_bound text, inherits text[], definition text,
        access_method name, tablespace name, options text[], row_security boolean, force_row_security boolean,
        replica_identity text, extension name, visible boolean, estimated_rows bigint,
        insertable boolean, updatable boolean, deletable boolean, of_type text, server name, foreign_options text[],
        replica_identity_index name, parent_oid oid, distribution text, distribution_column name, colocation_id integer)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 500 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_relations';
COMMENT ON FUNCTION aiodal.relations(name[], regclass[], text[]) IS
'tables, views, materialized and foreign tables, ordered by schema and name

kind: table, partitioned table, view, materialized view, foreign table.
persistence: permanent, unlogged, temporary.
parent: the partitioned table this is a partition of; inherits: the parents of a table that is no partition, in order; both as quoted, qualified text.
definition: the query of a view. options: storage parameters, those of the TOAST table as toast.NAME.
visible: found by its bare name with the caller''s search_path.
estimated_rows: the planner''s figure, NULL when never analyzed.
insertable, updatable, deletable: by itself, by rules or by INSTEAD OF triggers; privileges do not count.
tablespace: NULL for the database''s default. access_method: NULL where there is no storage.
distribution: of a table that Citus manages: distributed, reference, single shard, schema, local; NULL for others. colocation_id: of its colocation group.';

CREATE FUNCTION aiodal.columns(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, schema name, relation name, "position" integer, name name, type text, type_oid oid,
        type_schema name, type_name name, typmod integer, dimensions integer, not_null boolean, default_value text,
        identity text, generated text, "collation" name, comment text, collation_schema name, type_kind text, element_type text,
        element_type_oid oid, storage text, compression text, statistics integer, is_local boolean, inherited integer,
        options text[], foreign_options text[], sequence text,
        base_schema name, base_relation name, base_column name)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 5000 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_columns';
COMMENT ON FUNCTION aiodal.columns(name[], regclass[], text[]) IS
'columns, ordered by schema, relation and position

oid: of the relation. position: attnum, with gaps where columns were dropped.
type: as SQL, with modifiers, schema-qualified when not in pg_catalog; typmod: -1 when there is none.
default_value: the expression, that of a generated column too.
identity: always, by default, or NULL. generated: stored, virtual, or NULL.
collation: NULL when it is the type''s own.
type_kind: base, array, enum, domain, composite, range, multirange, pseudo. element_type: of an array, else NULL.
sequence: the sequence that an identity or serial column owns, as quoted, qualified text.
inherited: the number of parents that have the column; is_local: defined here too.
base_*: of a view, the table''s column that this one shows, through other views as well; NULL when it is computed.';

CREATE FUNCTION aiodal.constraints(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, schema name, relation name, name name, kind text, columns name[], include name[],
        referenced_schema name, referenced_relation name, referenced_columns name[], on_update text, on_delete text,
        on_delete_columns name[], match text, "deferrable" boolean, initially_deferred boolean, validated boolean,
        enforced boolean, no_inherit boolean, nulls_not_distinct boolean, expression text, definition text, index name,
        comment text, relation_oid oid, referenced_oid oid, index_oid oid, is_local boolean, inherited integer,
        temporal boolean, operators text[], predicate text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 1000 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_constraints';
COMMENT ON FUNCTION aiodal.constraints(name[], regclass[], text[]) IS
'constraints of relations, ordered by schema, relation and name

oid: of the constraint. kind: primary key, unique, foreign key, check, exclusion, not null (named ones, from PostgreSQL 18 on).
columns: in the constraint''s order, NULL for an expression of an exclusion constraint; referenced_columns pair with them.
on_update, on_delete: no action, restrict, cascade, set null, set default; on_delete_columns: SET NULL or SET DEFAULT of only these.
match: simple, full, partial. These four and referenced_* are NULL unless kind is foreign key.
expression: of a check. definition: as in ALTER TABLE ... ADD CONSTRAINT, names qualified.
index: the index behind it; for a foreign key the referenced table''s.
temporal: WITHOUT OVERLAPS or PERIOD. operators, predicate: of an exclusion constraint.';

CREATE FUNCTION aiodal.indexes(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, schema name, relation name, name name, method name, is_unique boolean, is_primary boolean,
        is_valid boolean, is_ready boolean, is_clustered boolean, nulls_not_distinct boolean, keys json, include name[],
        predicate text, options text[], tablespace name, constraint_name name, comment text, relation_oid oid,
        is_exclusion boolean, is_replica_identity boolean, parent text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 1000 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_indexes';
COMMENT ON FUNCTION aiodal.indexes(name[], regclass[], text[]) IS
'indexes, ordered by schema, relation and name

oid: of the index. keys: one object per key column: column (NULL for an expression), expression, collation (NULL when the column''s own), opclass, opclass_options, default_opclass, descending, nulls_first.
include: columns carried but not searched. parent: the partitioned index this belongs to.';

CREATE FUNCTION aiodal.unique_constraints(relation regclass)
    RETURNS TABLE (name name, columns name[], is_primary boolean)
    LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 2 COST 100
    AS 'MODULE_PATHNAME', 'reflect_unique_constraints';
COMMENT ON FUNCTION aiodal.unique_constraints(regclass) IS
'primary key and unique constraints of a relation, the primary key first, then by name';

CREATE FUNCTION aiodal.types(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, schema name, name name, kind text, labels text[], base_type text, not_null boolean,
        default_value text, checks json, attributes json, subtype text, comment text, extension name, owner name,
        base_type_oid oid, "collation" name, collation_schema name, subtype_oid oid, subtype_opclass name,
        subtype_opclass_schema name, canonical_function text, subtype_diff_function text, multirange_type text,
        range_type text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 100 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_types';
COMMENT ON FUNCTION aiodal.types(name[], regclass[], text[]) IS
'types of the schemas'' own or, when relations is given, those that their columns use; ordered by schema and name

kind: enum, domain, composite, range, multirange.
labels: of an enum, in order. base_type, not_null, default_value, checks: of a domain; checks: one object per constraint, with name, expression, validated, comment.
attributes: of a composite type, one object per attribute, with position, name, type, type_oid, typmod, collation, collation_schema, comment.
subtype: of a range or multirange. collation: NULL when the base''s own.';

CREATE FUNCTION aiodal.functions(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, schema name, name name, kind text, arguments json, returns text, returns_set boolean,
        result_columns json, volatility text, strict boolean, parallel text, language name, security_definer boolean,
        comment text, extension name, owner name, signature text, returns_oid oid, leakproof boolean, settings text[],
        source text, library text, cost real, estimated_rows real)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 200 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_functions';
COMMENT ON FUNCTION aiodal.functions(name[], regclass[], text[]) IS
'functions and procedures of the schemas, ordered by schema, name and argument types; none when relations is given

kind: function, procedure, aggregate, window.
arguments: one object per argument, with name (or null), mode (in, out, inout, variadic, table), type, type_oid, default_value.
returns: the type, without SETOF; NULL for a procedure. result_columns: name, type, type_oid of each column that comes out, when a row or a set does; else NULL.
volatility: immutable, stable, volatile. parallel: safe, restricted, unsafe.
signature: as regprocedure takes it. source: the body; the symbol in library for a C function.
cost: in units of cpu_operator_cost. estimated_rows: the planner''s figure, of ROWS; NULL unless a set is returned.';

CREATE FUNCTION aiodal.sequences(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, schema name, name name, owner name, data_type text, start_value bigint, min_value bigint,
        max_value bigint, increment_by bigint, cycle boolean, cache_size bigint, owned_by_schema name,
        owned_by_relation name, owned_by_column name, is_identity boolean, persistence text, comment text, extension name)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 500 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_sequences';
COMMENT ON FUNCTION aiodal.sequences(name[], regclass[], text[]) IS
'sequences of the schemas or, when relations is given, those that their columns own; ordered by schema and name

owned_by_*: the column of OWNED BY or, where is_identity, of the identity.';

CREATE FUNCTION aiodal.triggers(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, schema name, relation name, name name, timing text, events text[], level text, columns name[],
        condition text, function_schema name, function_name name, arguments text[], enabled text, is_constraint boolean,
        "deferrable" boolean, initially_deferred boolean, referenced_schema name, referenced_relation name,
        old_table name, new_table name, is_inherited boolean, definition text, comment text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 100 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_triggers';
COMMENT ON FUNCTION aiodal.triggers(name[], regclass[], text[]) IS
'triggers, but not those that PostgreSQL keeps for constraints; ordered by schema, relation and name

timing: before, after, instead of. events: of insert, delete, update, truncate. level: row, statement.
columns: of UPDATE OF, empty for any. condition: of WHEN. enabled: origin, disabled, replica, always.
referenced_*: FROM of a constraint trigger. old_table, new_table: names of the transition tables.
is_inherited: of a partition, from its parent.';

CREATE FUNCTION aiodal.rules(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, schema name, relation name, name name, event text, is_instead boolean, enabled text,
        definition text, comment text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 100 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_rules';
COMMENT ON FUNCTION aiodal.rules(name[], regclass[], text[]) IS
'rewrite rules, but not the definitions of views; ordered by schema, relation and name

event: insert, update, delete. enabled: origin, disabled, replica, always.';

CREATE FUNCTION aiodal.policies(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, schema name, relation name, name name, permissive boolean, roles name[], cmd text, qual text,
        with_check text, comment text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 100 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_policies';
COMMENT ON FUNCTION aiodal.policies(name[], regclass[], text[]) IS
'row-security policies, as in pg_policies; ordered by schema, relation and name

roles: public for all. cmd: ALL, SELECT, INSERT, UPDATE, DELETE.';

CREATE FUNCTION aiodal.privileges(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, schema name, relation name, column_name name, grantor name, grantee name, privilege_type text,
        is_grantable boolean)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 5000 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_privileges';
COMMENT ON FUNCTION aiodal.privileges(name[], regclass[], text[]) IS
'privileges on relations and on their columns, those of the owner too

oid: of the relation. column_name: NULL for the whole relation. grantee: NULL for PUBLIC.
privilege_type: SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER, MAINTAIN (from 17 on).';

CREATE FUNCTION aiodal.statistics(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, schema name, name name, relation_schema name, relation name, owner name, kinds text[],
        columns name[], expressions text[], target integer, comment text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 100 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_statistics';
COMMENT ON FUNCTION aiodal.statistics(name[], regclass[], text[]) IS
'extended statistics of the relations

kinds: ndistinct, dependencies, mcv, expressions.';

CREATE FUNCTION aiodal.extensions(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, name name, schema name, owner name, version text, relocatable boolean, comment text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 10 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_extensions';
COMMENT ON FUNCTION aiodal.extensions(name[], regclass[], text[]) IS
'installed extensions, ordered by name; none when relations is given';

CREATE FUNCTION aiodal.event_triggers(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, name name, event text, owner name, function_schema name, function_name name, enabled text,
        tags text[], comment text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 10 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_event_triggers';
COMMENT ON FUNCTION aiodal.event_triggers(name[], regclass[], text[]) IS
'event triggers, ordered by name; none when relations is given

enabled: origin, disabled, replica, always. tags: empty for any command.';

CREATE FUNCTION aiodal.default_privileges(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (owner name, schema name, object_type text, grantor name, grantee name, privilege_type text,
        is_grantable boolean)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 10 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_default_privileges';
COMMENT ON FUNCTION aiodal.default_privileges(name[], regclass[], text[]) IS
'what objects that owner is yet to make will be granted; none when relations is given

schema: NULL for any. object_type: table, sequence, function, type, schema, large object (from 18 on). grantee: NULL for PUBLIC.';

CREATE FUNCTION aiodal.publications(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE (oid oid, name name, owner name, all_tables boolean, operations text[], via_root boolean,
        schemas name[], relations text[], comment text)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 10 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_publications';
COMMENT ON FUNCTION aiodal.publications(name[], regclass[], text[]) IS
'publications of logical replication, ordered by name; none when relations is given

operations: of insert, update, delete, truncate. relations: quoted and qualified.';

CREATE FUNCTION aiodal.sorted_tables(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS TABLE ("position" integer, oid oid, schema name, name name, cycle integer)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 500 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_sorted_tables';
COMMENT ON FUNCTION aiodal.sorted_tables(name[], regclass[], text[]) IS
'tables and partitioned tables, each after those its foreign keys refer to

cycle: NULL, or the number of the cycle it is in; the tables of a cycle stand together. A table that refers to itself is no cycle.';

CREATE FUNCTION aiodal.reflect(schemas name[] DEFAULT NULL, relations regclass[] DEFAULT NULL, include text[] DEFAULT NULL)
    RETURNS json
    LANGUAGE c STABLE PARALLEL SAFE COST 50000
    AS 'MODULE_PATHNAME', 'reflect_document';
COMMENT ON FUNCTION aiodal.reflect(name[], regclass[], text[]) IS
'the whole schema as one JSON document; its keys are named as the columns of the other functions';

CREATE FUNCTION aiodal.describe(relation regclass) RETURNS json
    LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'reflect_describe';
COMMENT ON FUNCTION aiodal.describe(regclass) IS
'one relation, as in reflect()''s "relations"; NULL when it does not exist';

CREATE FUNCTION aiodal.fingerprint(schemas name[] DEFAULT NULL, include text[] DEFAULT NULL) RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'reflect_fingerprint';
COMMENT ON FUNCTION aiodal.fingerprint(name[], text[]) IS
'changes exactly when reflect(schemas, NULL, include) would; far cheaper, and all but free while the session has heard of no change';

-- For a client that keeps the schema: each part's rows, packed, in pieces; data as described in rows.h.
CREATE FUNCTION aiodal.snapshot(parts text[] DEFAULT NULL, schemas name[] DEFAULT NULL, include text[] DEFAULT NULL, known text DEFAULT NULL)
    RETURNS TABLE (part text, fields text, rows integer, data bytea)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 50 COST 10000
    AS 'MODULE_PATHNAME', 'reflect_snapshot';
COMMENT ON FUNCTION aiodal.snapshot(text[], name[], text[], text) IS
'the rows of the reflection''s functions in the packed form that libaiodal keeps, out of one reading of the catalogs

parts: names of the functions (relations, columns, ...); NULL for all. relations comes always, as do warnings and, last, fingerprint: a hash of these parts.
known: a fingerprint that was returned before; when it would be again, it alone is.
fields: of the rows, divided by blanks, told with the part''s first piece; "name*" is a list, "name(a,b)" a list of records.
data: that many rows. May change with each version.';

-- Who is told of changes. Kept by pg_dump, as the event triggers are.
CREATE TABLE aiodal.watched (channel text PRIMARY KEY);
COMMENT ON TABLE aiodal.watched IS 'channels of aiodal.watch()';
SELECT pg_catalog.pg_extension_config_dump('aiodal.watched', '');

CREATE FUNCTION aiodal.note_ddl() RETURNS event_trigger
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'note_ddl';
COMMENT ON FUNCTION aiodal.note_ddl() IS 'for the event triggers that aiodal.watch() makes';

CREATE FUNCTION aiodal.watch(channel text DEFAULT 'aiodal_schema') RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'watch';
COMMENT ON FUNCTION aiodal.watch(text) IS
'notifies the channel at the commit of each transaction that changed the schema, with the new fingerprint()

Makes two event triggers, which takes a superuser. Temporary objects do not count, nor what changed nothing. Not told of: roles, which event triggers do not see, and transactions that are prepared.';

CREATE FUNCTION aiodal.unwatch() RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'unwatch';
COMMENT ON FUNCTION aiodal.unwatch() IS 'ends all that aiodal.watch() began';

---------------------------------------------------------------------------
-- Load and merge
---------------------------------------------------------------------------

CREATE FUNCTION aiodal.stage(
    target regclass,
    columns name[] DEFAULT NULL,
    name name DEFAULT NULL,
    mode text DEFAULT NULL,
    key name[] DEFAULT NULL,
    on_duplicate text DEFAULT 'error',
    on_error text DEFAULT 'stop',
    max_rejects bigint DEFAULT NULL,
    update_columns name[] DEFAULT NULL)
    RETURNS regclass
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'stage';
COMMENT ON FUNCTION aiodal.stage(regclass, name[], name, text, name[], text, text, bigint, name[]) IS
'makes a temporary table like target, to COPY into and then merge; returns its name';

CREATE FUNCTION aiodal.rejects(
    stage regclass DEFAULT NULL,
    OUT line bigint,
    OUT record bigint,
    OUT column_name text,
    OUT value text,
    OUT sqlstate text,
    OUT message text,
    OUT raw text,
    OUT input integer)
    RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'rejects';
COMMENT ON FUNCTION aiodal.rejects(regclass) IS
'rows that loading a stage has set aside; without a stage, those of the session''s last COPY into one';

CREATE TYPE aiodal.merge_result AS (
    staged bigint,
    inserted bigint,
    updated bigint,
    unchanged bigint,
    ignored bigint,
    deleted bigint,
    duplicates bigint,
    rejected bigint,
    path text,
    reason text);
COMMENT ON TYPE aiodal.merge_result IS
'what became of a batch: staged = inserted + updated + unchanged + ignored + duplicates + rejected';

CREATE FUNCTION aiodal.merge(
    stage regclass,
    target regclass DEFAULT NULL,
    mode text DEFAULT 'upsert',
    key name[] DEFAULT NULL,
    on_duplicate text DEFAULT 'error',
    update_columns name[] DEFAULT NULL,
    delete_where text DEFAULT NULL)
    RETURNS aiodal.merge_result
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'merge';
COMMENT ON FUNCTION aiodal.merge(regclass, regclass, text, name[], text, name[], text) IS
'merges the rows of a stage into its target; mode: insert, ignore, upsert, update, sync';

CREATE FUNCTION aiodal.explain_merge(
    target regclass,
    mode text DEFAULT 'upsert',
    key name[] DEFAULT NULL,
    OUT path text,
    OUT reason text)
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'explain_merge';
COMMENT ON FUNCTION aiodal.explain_merge(regclass, text, name[]) IS
'says by which path a merge would go, and why not by the direct one';

CREATE FUNCTION aiodal.last_copy()
    RETURNS aiodal.merge_result
    LANGUAGE c VOLATILE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'last_copy';
COMMENT ON FUNCTION aiodal.last_copy() IS
'what became of the rows of the session''s last COPY with a merge option, or into a stage (then without a path); NULL when it failed';

-- Stages that several sessions load at once. They are ordinary tables of who loads, in this schema, on which
-- nobody has any right by default: GRANT USAGE, CREATE ON SCHEMA aiodal_stage TO who is to have it.
CREATE SCHEMA aiodal_stage;
COMMENT ON SCHEMA aiodal_stage IS 'stages that several sessions load at once; empty while nobody does';

CREATE FUNCTION aiodal.reserve_stage(target regclass)
    RETURNS name
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'reserve_stage';
COMMENT ON FUNCTION aiodal.reserve_stage(regclass) IS
'a name for a stage that several sessions load; it stays reserved, and its stage is kept, until the transaction ends';

CREATE FUNCTION aiodal.shared_stage(name name, target regclass, columns name[] DEFAULT NULL)
    RETURNS regclass
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'shared_stage';
COMMENT ON FUNCTION aiodal.shared_stage(name, regclass, name[]) IS
'makes a table like target, to be committed, then loaded by several sessions; its name was reserved by the one that merges';

CREATE FUNCTION aiodal.join_stage(
    stage regclass,
    target regclass,
    part bigint,
    input bigint DEFAULT 1,
    lines bigint DEFAULT 0,
    records bigint DEFAULT 0,
    mode text DEFAULT NULL,
    on_error text DEFAULT 'stop',
    max_rejects bigint DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'join_stage';
COMMENT ON FUNCTION aiodal.join_stage(regclass, regclass, bigint, bigint, bigint, bigint, text, text, bigint) IS
'the session''s next COPY into the shared stage, in this transaction, is this part of the whole: of that input, behind so many lines and records; returns how many rows the session has set aside so far';

CREATE FUNCTION aiodal.merge_shared(
    stage regclass,
    target regclass,
    parts bigint DEFAULT NULL,
    mode text DEFAULT 'upsert',
    key name[] DEFAULT NULL,
    on_duplicate text DEFAULT 'error',
    on_error text DEFAULT 'stop',
    max_rejects bigint DEFAULT NULL,
    update_columns name[] DEFAULT NULL,
    delete_where text DEFAULT NULL)
    RETURNS aiodal.merge_result
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'merge_shared';
COMMENT ON FUNCTION aiodal.merge_shared(regclass, regclass, bigint, text, name[], text, text, bigint, name[], text) IS
'merges all parts of a shared stage into its target as one batch, and drops it';

CREATE FUNCTION aiodal.drop_shared_stages()
    RETURNS integer
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'drop_shared_stages';
COMMENT ON FUNCTION aiodal.drop_shared_stages() IS
'drops shared stages of the caller''s that were left behind by sessions that are gone; returns how many';

-- VOLATILE and PARALLEL UNSAFE, as procedures are
CREATE PROCEDURE aiodal.run_on_commit()
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'run_on_commit';
COMMENT ON PROCEDURE aiodal.run_on_commit() IS
'does what COMMIT does before it is final: fires deferred triggers and constraints, drops temporary tables made with ON COMMIT DROP, stages among them, empties those with ON COMMIT DELETE ROWS';
