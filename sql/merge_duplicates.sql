-- One key twice in the batch.
CREATE TABLE stock (shop text, item int, n int, PRIMARY KEY (shop, item));
INSERT INTO stock VALUES ('north', 1, 0);
CREATE TABLE batch (shop text, item int, n int);
INSERT INTO batch VALUES ('north', 1, 5), ('south', 1, 6), ('north', 1, 7), ('south, "old"', 1, 6), ('south', 1, 8), ('north', 1, 9);

-- an error, unless it is said which row counts
SELECT aiodal.merge('batch', 'stock');
TABLE stock;

SELECT staged, inserted, updated, unchanged, duplicates FROM aiodal.merge('batch', 'stock', on_duplicate => 'first');
SELECT * FROM stock ORDER BY shop;
SELECT staged, inserted, updated, unchanged, duplicates FROM aiodal.merge('batch', 'stock', on_duplicate => 'last');
SELECT * FROM stock ORDER BY shop;

-- in mode insert too, where what remains may still be in the way
SELECT aiodal.merge('batch', 'stock', mode => 'insert', on_duplicate => 'last');
DELETE FROM stock;
SELECT staged, inserted, duplicates FROM aiodal.merge('batch', 'stock', mode => 'insert', on_duplicate => 'last');

-- a key is what the index says it is: here in any case of letters, and NULL is not equal to NULL
CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE name (name text COLLATE caseless UNIQUE, n int);
CREATE TABLE names (name text, n int);
INSERT INTO names VALUES ('Anna', 1), (NULL, 2), ('ANNA', 3), (NULL, 4);
SELECT aiodal.merge('names', 'name');
SELECT staged, inserted, duplicates FROM aiodal.merge('names', 'name', on_duplicate => 'last');
SELECT * FROM name ORDER BY n;
-- unless NULLS NOT DISTINCT
CREATE TABLE only_one (name text, n int, UNIQUE NULLS NOT DISTINCT (name));
SELECT aiodal.merge('names', 'only_one');
SELECT staged, inserted, duplicates FROM aiodal.merge('names', 'only_one', on_duplicate => 'first');
SELECT * FROM only_one ORDER BY n;
SELECT staged, updated, duplicates FROM aiodal.merge('names', 'only_one', on_duplicate => 'last');

DROP TABLE stock, batch, name, names, only_one;
DROP COLLATION caseless;
