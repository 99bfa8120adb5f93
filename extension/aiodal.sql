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
