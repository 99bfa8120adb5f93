-- watch(): one notification per transaction that changed the schema, with its
-- fingerprint. What psql says of them is collected, without what differs from
-- run to run, and shown at the end.
SET client_min_messages = warning;
\set file `mktemp`
SELECT aiodal.watch();
SELECT aiodal.watch('second "channel"');
SELECT aiodal.watch();
SELECT channel FROM aiodal.watched ORDER BY channel;
SELECT evtname, evtevent, evtenabled FROM pg_event_trigger ORDER BY evtname;
LISTEN aiodal_schema;
LISTEN "second ""channel""";
\o :file

\qecho a table
CREATE TABLE watched (a int);
\qecho the fingerprint that was sent is that of now
SELECT length(aiodal.fingerprint()) AS digits;
\qecho nothing
CREATE TABLE IF NOT EXISTS watched (a int);
COMMENT ON TABLE watched IS NULL;
ANALYZE watched;
INSERT INTO watched VALUES (1);
\qecho temporary objects
CREATE TEMP TABLE t (a int);
ALTER TABLE t ADD COLUMN b text;
CREATE INDEX ON t (a);
COMMENT ON TABLE t IS 'temporary';
CREATE TEMP VIEW v AS SELECT * FROM t;
DROP TABLE t CASCADE;
\qecho one transaction of many
BEGIN;
ALTER TABLE watched ADD COLUMN b int;
CREATE TEMP TABLE t2 (a int);
CREATE TABLE watched2 (a int);
COMMENT ON TABLE watched2 IS 'x';
COMMIT;
\qecho one of all at once
DO $$ BEGIN CREATE TABLE watched3 (a int); DROP TABLE watched3; ALTER TABLE watched ADD COLUMN c int; END $$;
\qecho there and back again
BEGIN;
CREATE TABLE watched3 (a int);
DROP TABLE watched3;
COMMIT;
\qecho rolled back
BEGIN;
CREATE TABLE watched3 (a int);
ROLLBACK;
BEGIN;
SAVEPOINT s;
CREATE TABLE watched3 (a int);
ROLLBACK TO s;
COMMIT;
\qecho a comment
COMMENT ON COLUMN watched.a IS 'x';
\qecho a privilege
GRANT SELECT ON watched TO PUBLIC;
\qecho the same privilege
GRANT SELECT ON watched TO PUBLIC;
\qecho prepared
BEGIN;
CREATE TABLE watched4 (a int);
PREPARE TRANSACTION 'aiodal_watched';
COMMIT PREPARED 'aiodal_watched';
\qecho dropped
DROP TABLE watched4;
\qecho a partition
CREATE TABLE parted (a int) PARTITION BY LIST (a);
CREATE TABLE parted1 PARTITION OF parted DEFAULT;
\qecho unwatched
SELECT aiodal.unwatch();
CREATE TABLE watched5 (a int);
\o
\setenv FILE :file
\! grep -v '^$' "$FILE" | sed 's/ received from.*//; s/with payload "[0-9a-f]\{16\}"/with a fingerprint/'; rm "$FILE"

SELECT count(*) FROM aiodal.watched;
SELECT count(*) FROM pg_event_trigger;
-- who may, and what is wrong
CREATE ROLE regress_aiodal_watch;
SET ROLE regress_aiodal_watch;
SELECT aiodal.watch();
SELECT aiodal.note_ddl();
RESET ROLE;
DROP ROLE regress_aiodal_watch;
SELECT aiodal.watch('');
SELECT aiodal.watch(repeat('é', 32));
-- the event triggers hold the extension, and go with it
SELECT aiodal.watch();
DROP EXTENSION aiodal;
DROP EXTENSION aiodal CASCADE;
SELECT count(*) FROM pg_event_trigger;
CREATE TABLE unwatched (a int);
