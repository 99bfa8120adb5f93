-- Installing and removing leave nothing behind.
SELECT aiodal.version() = extversion AS same_version FROM pg_extension WHERE extname = 'aiodal';
SHOW aiodal.path;
SET aiodal.path = sideways;
DROP EXTENSION aiodal;
SELECT count(*) FROM pg_namespace WHERE nspname = 'aiodal';
CREATE EXTENSION aiodal;
SELECT aiodal.version() IS NOT NULL AS works_again;
