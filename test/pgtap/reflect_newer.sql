-- What only newer servers have: virtual columns, constraints that are not enforced,
-- temporal keys, NOT NULL constraints by name (18), and statistics targets' new home (17).
\set QUIET on
SELECT current_setting('server_version_num')::int >= 180000 AS is_18 \gset
BEGIN;
\if :is_18
SELECT plan(15);
CREATE SCHEMA newer;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE newer.room (id int, open daterange, PRIMARY KEY (id, open WITHOUT OVERLAPS));
CREATE TABLE newer.parent (id int PRIMARY KEY);
CREATE TABLE newer.booking (
	id int GENERATED ALWAYS AS IDENTITY, room int, at daterange, price int CONSTRAINT price_given NOT NULL NO INHERIT,
	twice int GENERATED ALWAYS AS (price * 2), thrice int GENERATED ALWAYS AS (price * 3) STORED,
	CONSTRAINT cheap CHECK (price < 100) NOT ENFORCED, CONSTRAINT one_each UNIQUE (id, at WITHOUT OVERLAPS),
	CONSTRAINT in_room FOREIGN KEY (room, PERIOD at) REFERENCES newer.room (id, PERIOD open),
	CONSTRAINT loosely FOREIGN KEY (id) REFERENCES newer.parent (id) NOT ENFORCED);
ALTER TABLE newer.parent ADD note text, ADD CONSTRAINT note_given NOT NULL note NOT VALID;

SELECT results_eq($$ SELECT name, generated, default_value FROM aiodal.columns('{newer}') WHERE relation = 'booking' AND generated IS NOT NULL ORDER BY position $$,
	$$ VALUES ('twice'::name, 'virtual', '(price * 2)'), ('thrice', 'stored', '(price * 3)') $$, 'virtual and stored columns');
CREATE TEMP VIEW seen AS SELECT * FROM aiodal.constraints('{newer}');
SELECT results_eq($$ SELECT enforced, validated FROM seen WHERE name = 'cheap' $$, $$ VALUES (false, false) $$, 'a check that is not enforced');
SELECT results_eq($$ SELECT enforced, validated, referenced_relation FROM seen WHERE name = 'loosely' $$, $$ VALUES (false, false, 'parent'::name) $$, 'a foreign key that is not enforced');
SELECT results_eq($$ SELECT kind, columns, temporal FROM seen WHERE name = 'room_pkey' $$, $$ VALUES ('primary key', '{id,open}'::name[], true) $$, 'a temporal primary key');
SELECT results_eq($$ SELECT kind, columns, temporal FROM seen WHERE name = 'one_each' $$, $$ VALUES ('unique', '{id,at}'::name[], true) $$, 'a temporal unique constraint');
SELECT results_eq($$ SELECT columns, referenced_columns, temporal FROM seen WHERE name = 'in_room' $$, $$ VALUES ('{room,at}'::name[], '{id,open}'::name[], true) $$, 'a temporal foreign key');
SELECT results_eq($$ SELECT kind, columns, no_inherit, validated FROM seen WHERE name = 'price_given' $$, $$ VALUES ('not null', '{price}'::name[], true, true) $$, 'NOT NULL by name, not inherited');
SELECT results_eq($$ SELECT validated FROM seen WHERE name = 'note_given' $$, $$ VALUES (false) $$, 'NOT NULL, not valid');
SELECT bag_eq($$ SELECT name, definition FROM seen $$,
	$$ SELECT conname, replace(replace(pg_get_constraintdef(oid), 'REFERENCES room', 'REFERENCES newer.room'), 'REFERENCES parent', 'REFERENCES newer.parent')
	     FROM pg_constraint WHERE connamespace = 'newer'::regnamespace $$, 'definitions are those of the server');
SELECT results_eq($$ SELECT count(*) FROM seen $$, $$ SELECT count(*) FROM pg_constraint WHERE connamespace = 'newer'::regnamespace $$, 'and all of them are there');
SELECT results_eq($$ SELECT r ->> 'name', json_array_length(r -> 'not_null_constraints') > 0 FROM json_array_elements(aiodal.reflect('{newer}') -> 'relations') r ORDER BY 1 $$,
	$$ VALUES ('booking', true), ('parent', true), ('room', true) $$, 'the document has them under their table');
SELECT aiodal.fingerprint('{newer}') AS before \gset
ALTER TABLE newer.booking ALTER CONSTRAINT loosely ENFORCED;
SELECT isnt(aiodal.fingerprint('{newer}'), :'before'::text, 'enforcing one changes the fingerprint');
SELECT results_eq($$ SELECT enforced FROM aiodal.constraints('{newer}') WHERE name = 'loosely' $$, $$ VALUES (true) $$, 'it is enforced');
ALTER TABLE newer.booking DROP CONSTRAINT cheap;
ALTER TABLE newer.booking ALTER COLUMN twice SET EXPRESSION AS (price * 4);
SELECT is((SELECT default_value FROM aiodal.columns('{newer}') WHERE name = 'twice'), '(price * 4)', 'a virtual column with another expression');
CREATE STATISTICS newer.both_columns ON id, room FROM newer.booking;
ALTER STATISTICS newer.both_columns SET STATISTICS 50;
ALTER TABLE newer.booking ALTER room SET STATISTICS 70;
SELECT results_eq($$ SELECT (SELECT target FROM aiodal.statistics('{newer}')), (SELECT statistics FROM aiodal.columns('{newer}') WHERE relation = 'booking' AND name = 'room') $$, $$ VALUES (50, 70) $$, 'statistics targets');
\else
SELECT plan(1);
SELECT pass('this server has none of them');
\endif
SELECT * FROM finish();
ROLLBACK;
