-- By which columns rows are matched: the primary key, or the one unique key
-- there is, or the one that is named, be it a constraint or an index.
CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE, country text, passport text, v text, UNIQUE (country, passport));
INSERT INTO person VALUES (1, 'a@x', 'fr', 'P1', 'old'), (2, 'b@x', 'fr', 'P2', 'old');
CREATE TABLE batch AS SELECT * FROM person;

UPDATE batch SET v = 'by id';
SELECT updated FROM aiodal.merge('batch', 'person');
UPDATE batch SET v = 'by email', id = id + 10;
SELECT updated FROM aiodal.merge('batch', 'person', key => '{email}');
SELECT * FROM person ORDER BY id;
-- in any order
UPDATE batch SET v = 'by passport';
SELECT updated FROM aiodal.merge('batch', 'person', key => '{passport,country}', update_columns => '{v}');

-- what is no key
SELECT aiodal.merge('batch', 'person', key => '{country}');
SELECT aiodal.merge('batch', 'person', key => '{passport,passport}');
SELECT aiodal.merge('batch', 'person', key => '{name}');
SELECT aiodal.merge('batch', 'person', key => '{}');
SELECT aiodal.merge('batch', 'person', key => ARRAY[NULL::name]);

-- unique indexes that cannot be one, and why
CREATE TABLE odd (a int, b int, c text, d int UNIQUE DEFERRABLE, v int);
CREATE UNIQUE INDEX odd_where ON odd (a) WHERE a > 0;
CREATE UNIQUE INDEX odd_expression ON odd (b, lower(c));
CREATE TABLE odd_batch AS SELECT * FROM odd;
SELECT aiodal.merge('odd_batch', 'odd', key => '{a}');
SELECT aiodal.merge('odd_batch', 'odd', key => '{b,c}');
SELECT aiodal.merge('odd_batch', 'odd', key => '{d}');
SELECT aiodal.merge('odd_batch', 'odd');
-- two that could be, and none is the primary key
CREATE UNIQUE INDEX ON odd (a);
SELECT staged FROM aiodal.merge('odd_batch', 'odd');
CREATE UNIQUE INDEX ON odd (c, b);
SELECT aiodal.merge('odd_batch', 'odd');
SELECT staged FROM aiodal.merge('odd_batch', 'odd', key => '{b,c}');
-- insert needs none
SELECT staged FROM aiodal.merge('odd_batch', 'odd', mode => 'insert');

-- a primary key that is deferrable is not taken, nor passed over silently
CREATE TABLE late (id int PRIMARY KEY DEFERRABLE, a int, b int);
ALTER TABLE odd_batch DROP c, DROP d, DROP v;
SELECT aiodal.merge('odd_batch', 'late');

-- explain_merge says what a merge would do, and finds the same errors
SELECT path IS NOT NULL AS has_path FROM aiodal.explain_merge('person');
SELECT path IS NOT NULL AS has_path FROM aiodal.explain_merge('person', 'sync', '{email}');
SELECT aiodal.explain_merge('person', key => '{v}');
SET aiodal.path = 'sql';
SELECT * FROM aiodal.explain_merge('person');
RESET aiodal.path;

DROP TABLE person, batch, odd, odd_batch, late;
