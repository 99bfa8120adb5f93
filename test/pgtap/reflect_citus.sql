-- Tables that Citus manages, shown by the tables in which it keeps them. These stand in for the extension,
-- which is not there; what is in them is as Citus 13 writes it.
\set QUIET on
BEGIN;
SELECT plan(12);
CREATE SCHEMA shop;
CREATE SCHEMA tenant;
CREATE TABLE shop.orders (gone int, tenant int, id int, PRIMARY KEY (tenant, id));
ALTER TABLE shop.orders DROP gone;
CREATE TABLE shop.countries (code text PRIMARY KEY);
CREATE TABLE shop.settings (id int PRIMARY KEY);
CREATE TABLE shop.plain (id int PRIMARY KEY);
CREATE TABLE shop.alone (id int PRIMARY KEY);
CREATE TABLE tenant.notes (id int PRIMARY KEY);

SELECT is(count(distribution), 0::bigint, 'without Citus nothing is distributed') FROM aiodal.relations();
SELECT aiodal.fingerprint() AS before \gset

SET LOCAL allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass NOT NULL, partmethod "char" NOT NULL, partkey text, colocationid int DEFAULT 0 NOT NULL,
	repmodel "char" DEFAULT 'c' NOT NULL, autoconverted bool DEFAULT false NOT NULL);
CREATE UNIQUE INDEX pg_dist_partition_logical_relid_index ON pg_catalog.pg_dist_partition (logicalrelid);
CREATE TABLE pg_catalog.pg_dist_schema (schemaid oid NOT NULL, colocationid int NOT NULL);
INSERT INTO pg_catalog.pg_dist_partition VALUES
	('shop.orders', 'h', '{VAR :varno 1 :varattno 2 :vartype 23 :vartypmod -1 :varcollid 0 :varlevelsup 0 :varnosyn 1 :varattnosyn 2 :location -1}', 7, 's'),
	('shop.countries', 'n', NULL, 1, 't'), ('shop.settings', 'n', NULL, 0, 's'), ('shop.alone', 'n', NULL, 3, 's'), ('tenant.notes', 'n', NULL, 9, 's');
INSERT INTO pg_catalog.pg_dist_schema VALUES ('tenant'::regnamespace, 9);

PREPARE theirs AS VALUES ('alone'::name, 'single shard', NULL::name, 3), ('countries', 'reference', NULL, 1), ('notes', 'schema', NULL, 9),
	('orders', 'distributed', 'tenant', 7), ('plain', NULL, NULL, NULL), ('settings', 'local', NULL, NULL);
SELECT results_eq($$ SELECT name, distribution, distribution_column, colocation_id FROM aiodal.relations('{shop,tenant}') ORDER BY name $$, 'theirs', 'all of a schema');
SELECT results_eq($$ SELECT name, distribution, distribution_column, colocation_id
	FROM aiodal.relations(relations => '{shop.orders,shop.countries,shop.settings,shop.plain,shop.alone,tenant.notes}') ORDER BY name $$, 'theirs', 'and each by index');
SELECT is(aiodal.describe('shop.orders') ->> 'distribution_column', 'tenant', 'described');
SELECT is((SELECT r ->> 'distribution' FROM json_array_elements(aiodal.reflect() -> 'relations') r WHERE r ->> 'name' = 'notes'), 'schema', 'in the document');
DROP INDEX pg_catalog.pg_dist_partition_logical_relid_index;
SELECT is(aiodal.describe('shop.orders') ->> 'distribution', 'distributed', 'without that index too');

-- the rows change unheard, but Citus says so for the relation
CREATE FUNCTION pg_temp.say_so() RETURNS void LANGUAGE sql AS 'COMMENT ON TABLE shop.plain IS NULL; ALTER TABLE shop.orders SET (fillfactor = 90); ALTER TABLE shop.orders RESET (fillfactor)';
SELECT pg_temp.say_so();
SELECT aiodal.fingerprint() AS distributed \gset
SELECT isnt(:'distributed'::text, :'before'::text, 'the fingerprint is another one');
UPDATE pg_catalog.pg_dist_partition SET colocationid = 8 WHERE logicalrelid = 'shop.orders'::regclass;
SELECT pg_temp.say_so();
SELECT isnt(aiodal.fingerprint(), :'distributed'::text, 'when the colocation group is');
UPDATE pg_catalog.pg_dist_partition SET colocationid = 7 WHERE logicalrelid = 'shop.orders'::regclass;
SELECT pg_temp.say_so();
SELECT is(aiodal.fingerprint(), :'distributed'::text, 'and the same again');
DELETE FROM pg_catalog.pg_dist_partition;
SELECT pg_temp.say_so();
SELECT is(aiodal.fingerprint(), :'before'::text, 'as before when nothing is distributed');
SELECT is(count(distribution), 0::bigint, 'nothing is') FROM aiodal.relations();

CREATE ROLE nobody_at_all;
SET ROLE nobody_at_all;
SELECT lives_ok('SELECT * FROM aiodal.relations()', 'rights do not matter');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
