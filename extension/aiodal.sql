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
