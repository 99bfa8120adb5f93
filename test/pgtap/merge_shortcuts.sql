-- Where the direct path does less than a row at a time: repeated keys told without SQL, a
-- foreign key's parents checked once.
SELECT plan(30);
SET aiodal.path = direct;

-- The error of a merge, or how many rows it inserted.
CREATE FUNCTION merged(source regclass, target regclass, on_duplicate text DEFAULT 'error', path text DEFAULT 'direct') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    context text;
    result aiodal.merge_result;
BEGIN
    PERFORM set_config('aiodal.path', path, false);
    result := aiodal.merge(source, target, on_duplicate => on_duplicate);
    RETURN format('%s inserted, %s duplicates', result.inserted, result.duplicates);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, context = PG_EXCEPTION_CONTEXT;
    RETURN format('%s %s %s %s', SQLSTATE, SQLERRM, detail, substring(context FROM 'merge of [^\n]*'));
END $$;

-- Repeated keys: behind one another, far apart, in no order, under columns and collations of many kinds
CREATE TABLE item (id int PRIMARY KEY, v text);
CREATE TEMP TABLE ordered AS SELECT i AS id, 'v' || i AS v FROM generate_series(1, 5000) AS i;
SELECT is(merged('ordered', 'item'), '5000 inserted, 0 duplicates', 'ordered, none twice');
INSERT INTO ordered VALUES (5000, 'again');
SELECT is(merged('ordered', 'item'), '23505 key (id)=(5000) is in the batch more than once It is on row 5000 and on row 5001; 1 row in all repeats a key. merge of "ordered" into "item"', 'ordered, the last one twice');
DELETE FROM ordered WHERE v = 'again';
INSERT INTO ordered VALUES (17, 'again');
SELECT is(merged('ordered', 'item'), '23505 key (id)=(17) is in the batch more than once It is on row 17 and on row 5001; 1 row in all repeats a key. merge of "ordered" into "item"', 'one far behind');
TRUNCATE item;
SELECT is(merged('ordered', 'item', 'last'), '5000 inserted, 1 duplicates', 'the last one stays');
SELECT is((SELECT v FROM item WHERE id = 17), 'again', 'and is there');

CREATE TEMP TABLE shuffled AS SELECT i AS id, 'v' || i AS v FROM generate_series(1, 40000) AS i ORDER BY hashint4(i);
TRUNCATE item;
SELECT is(merged('shuffled', 'item'), '40000 inserted, 0 duplicates', 'shuffled, none twice');
SET work_mem = 64;
INSERT INTO shuffled SELECT id, 'again' FROM (SELECT id FROM shuffled LIMIT 1) AS s;
SELECT matches(merged('shuffled', 'item'), '^23505 key .* is in the batch more than once', 'shuffled, one twice, sorted on disk');
RESET work_mem;
SELECT is(merged('shuffled', 'item', 'first'), '0 inserted, 1 duplicates', 'the first one stays');

CREATE TABLE amount (n numeric, t text, PRIMARY KEY (n, t));
CREATE TEMP TABLE amounts (n numeric, t text);
INSERT INTO amounts VALUES (2.0, 'a'), (1.0, 'b'), (1.00, 'a'), (1.000, 'b');
SELECT is(merged('amounts', 'amount'), '23505 key (n, t)=(1.0, b) is in the batch more than once It is on row 2 and on row 4; 1 row in all repeats a key. merge of "amounts" into "amount"', 'equal numbers of other bytes repeat');
CREATE COLLATION ignore_case (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);
CREATE TABLE word (w text COLLATE ignore_case PRIMARY KEY);
CREATE TEMP TABLE words (w text COLLATE ignore_case);
INSERT INTO words VALUES ('b'), ('a'), ('B');
SELECT matches(merged('words', 'word'), '^23505 key \(w\)=\(b\) is in the batch', 'words that the collation takes for equal repeat');
DELETE FROM words WHERE w = 'b';
CREATE TABLE price (m money PRIMARY KEY);
CREATE TEMP TABLE prices (m money);
INSERT INTO prices VALUES (2), (3), (1), (3);
SELECT matches(merged('prices', 'price'), '^23505 key .m.=.\$3.00. is in the batch', 'a type that has an order and no hash');
CREATE TABLE maybe (id int UNIQUE, v text);
CREATE TEMP TABLE maybes (id int, v text);
INSERT INTO maybes VALUES (2, 'a'), (NULL, 'b'), (NULL, 'c'), (1, 'd');
SELECT is(merged('maybes', 'maybe'), '4 inserted, 0 duplicates', 'NULL repeats nothing');
CREATE TABLE far (k text PRIMARY KEY);
CREATE TEMP TABLE fars AS SELECT repeat(k, 9000) AS k FROM unnest('{b,a,c,a}'::text[]) AS k;
SELECT matches(merged('fars', 'far'), '^23505 key .k.=.a+. is in the batch', 'keys that are compressed');

-- Foreign keys: few parents of many rows
CREATE TABLE parent (a int, b text, PRIMARY KEY (a, b));
CREATE TABLE other (k numeric PRIMARY KEY);
INSERT INTO parent SELECT i, 'p' || i FROM generate_series(1, 3) AS i;
INSERT INTO other VALUES (1), (2);
CREATE TABLE child (id int PRIMARY KEY, a int, b text, k numeric REFERENCES other, FOREIGN KEY (a, b) REFERENCES parent);
CREATE TEMP TABLE children AS SELECT i AS id, 1 + i % 3 AS a, 'p' || (1 + i % 3) AS b, (1 + i % 2)::numeric AS k FROM generate_series(1, 5000) AS i;
-- The same answer by both paths, and this one.
CREATE FUNCTION either_way(expected text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    directly text;
BEGIN
    directly := merged('children', 'child');
    DELETE FROM child;
    RETURN NEXT is(regexp_replace(directly, ', row \d+$', ''), expected, what);
    RETURN NEXT is(merged('children', 'child', 'error', 'sql'), directly, what || ': the same by SQL');
    DELETE FROM child;
END $$;
SELECT either_way('5000 inserted, 0 duplicates', 'five parents of 5000 rows');
UPDATE children SET k = 1.00 WHERE k = 1 AND id > 2500;
SELECT either_way('5000 inserted, 0 duplicates', 'a parent written in two ways');
UPDATE children SET k = 3 WHERE id = 4711;
SELECT either_way('23503 insert or update on table "child" violates foreign key constraint "child_k_fkey" Key (k)=(3) is not present in table "other". merge of "children" into "child"', 'one row without a parent');
UPDATE children SET k = NULL, a = NULL WHERE id >= 4000;
SELECT either_way('5000 inserted, 0 duplicates', 'a part of the key is NULL');
ALTER TABLE child DROP CONSTRAINT child_a_b_fkey;
ALTER TABLE child ADD CONSTRAINT whole FOREIGN KEY (a, b) REFERENCES parent MATCH FULL;
SELECT either_way('23503 insert or update on table "child" violates foreign key constraint "whole" MATCH FULL does not allow mixing of null and nonnull key values. merge of "children" into "child"', 'all of the key must be');
UPDATE children SET b = NULL WHERE id >= 4000;
SELECT either_way('5000 inserted, 0 duplicates', 'all of it is');

-- The row whose parent would have been looked for is gone when that is done.
TRUNCATE children;
INSERT INTO child VALUES (1, 1, 'p1', 1);
INSERT INTO children VALUES (1, 2, 'p2', 2), (2, 9, 'p9', 1), (3, 9, 'p9', 1);
CREATE FUNCTION remove() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM child WHERE id = 2; RETURN NULL; END $$;
CREATE TRIGGER "A" AFTER UPDATE ON child FOR EACH ROW EXECUTE FUNCTION remove();
SELECT matches(merged('children', 'child'), '^23503 .* violates foreign key constraint "whole" Key .a, b.=.9, p9. ', 'a trigger removes the first of the rows without a parent');
DROP TRIGGER "A" ON child;
TRUNCATE child;
ALTER TABLE child ALTER CONSTRAINT whole DEFERRABLE INITIALLY DEFERRED;
BEGIN;
SELECT is(merged('children', 'child'), '3 inserted, 0 duplicates', 'a deferred check comes later');
DELETE FROM child WHERE id = 2;
SELECT throws_like('SET CONSTRAINTS ALL IMMEDIATE', '%violates foreign key constraint "whole"', 'for each row');
ROLLBACK;
DROP TABLE child;
CREATE TABLE child (id int PRIMARY KEY, k numeric REFERENCES other);
CREATE FUNCTION adopt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO other VALUES (NEW.k) ON CONFLICT DO NOTHING; RETURN NULL; END $$;
CREATE TRIGGER "A" AFTER INSERT ON child FOR EACH ROW EXECUTE FUNCTION adopt();
CREATE TEMP TABLE orphans AS SELECT i AS id, i % 3 + 7 AS k FROM generate_series(1, 9) AS i;
SELECT is(merged('orphans', 'child'), '9 inserted, 0 duplicates', 'a trigger that fires before the check adds the parents');
CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree);
CREATE TEMP TABLE trees AS SELECT i AS id, nullif(i - 1, 0) AS up FROM generate_series(3000, 1, -1) AS i;
SELECT is(merged('trees', 'tree'), '3000 inserted, 0 duplicates', 'parents that come later in the batch');

SELECT * FROM finish();
