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
