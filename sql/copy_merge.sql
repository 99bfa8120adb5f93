-- COPY that merges by itself.
CREATE TABLE book (
    id int PRIMARY KEY,
    title text NOT NULL,
    price numeric(8,2) CHECK (price > 0),
    "Added On" date NOT NULL DEFAULT '2026-01-01');
INSERT INTO book VALUES (1, 'one', 1), (2, 'two', 2);
-- the library is loaded by any call
SELECT aiodal.last_copy() IS NULL AS none;
COPY book FROM STDIN WITH (FORMAT csv, HEADER, merge 'upsert');
title,id,price
one,1,1
zwei,2,2
three,3,3
\.
SELECT * FROM aiodal.last_copy();
SELECT * FROM book ORDER BY id;
COPY book FROM STDIN WITH (FORMAT jsonl, merge 'ignore');
{"id": 3, "title": "tres"}
{"id": 4, "title": "cuatro", "Added On": "2026-02-02"}
\.
SELECT staged, inserted, ignored FROM aiodal.last_copy();
-- jsonl without a merge option inserts
COPY book FROM STDIN WITH (FORMAT jsonl);
{"id": 5, "title": "cinco", "price": 5.5}
\.
COPY book FROM STDIN WITH (FORMAT jsonl);
{"id": 5, "title": "again"}
\.
-- nor does it take one to set rows aside
COPY book FROM STDIN WITH (FORMAT csv, HEADER, on_error 'reject', max_rejects 2);
title,id
uno,1
sechzig,60
y,x
\.
SELECT inserted, rejected FROM aiodal.last_copy();
SELECT line, column_name, sqlstate FROM aiodal.rejects() ORDER BY line;
DELETE FROM book WHERE id = 60;
-- options
COPY book (id, price) FROM STDIN WITH (FORMAT csv, merge 'update', key 'id', on_duplicate 'last', update_columns 'price');
1,7
1,8
9,9
\.
SELECT staged, updated, ignored, duplicates FROM aiodal.last_copy();
COPY book FROM STDIN WITH (FORMAT csv, HEADER, merge 'upsert', on_error 'reject', max_rejects 3);
id,title,price
6,six,x
7,,7
8,eight,-8
9,nine,9
\.
SELECT staged, inserted, rejected FROM aiodal.last_copy();
SELECT line, column_name, value, sqlstate FROM aiodal.rejects() ORDER BY line;
COPY book FROM STDIN WITH (FORMAT csv, merge 'sync', delete_where 'id > 4');
1,one,1,2026-01-01
\.
SELECT staged, updated, deleted FROM aiodal.last_copy();
SELECT * FROM book ORDER BY id;
COPY book FROM STDIN WITH (FORMAT csv, merge 'upsert') WHERE id < 100;
50,fifty,50,2026-01-01
500,five hundred,500,2026-01-01
\.
SELECT count(*) FROM book WHERE id >= 50;
-- partitioned: rows go into their partitions while they are read
CREATE TABLE part (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20);
COPY part FROM STDIN WITH (merge 'upsert');
1	a
11	b
\.
SELECT inserted, path, reason FROM aiodal.last_copy();
-- inside a transaction, and undone with it
BEGIN;
COPY book FROM STDIN WITH (FORMAT csv, merge 'upsert');
1,changed,1,2026-01-01
\.
ROLLBACK;
SELECT title FROM book WHERE id = 1;
-- what is wrong is said
COPY book FROM PROGRAM 'true' WITH (FORMAT csv, merge 'upsrt');
COPY book FROM PROGRAM 'true' WITH (FORMAT csv, merge 'upsert', key 'title');
COPY book FROM PROGRAM 'true' WITH (FORMAT csv, merge 'upsert', key 'nope');
COPY book FROM PROGRAM 'true' WITH (FORMAT csv, merge 'upsert', key '');
COPY book FROM PROGRAM 'true' WITH (FORMAT csv, merge 'upsert', merge 'ignore');
COPY book FROM PROGRAM 'true' WITH (FORMAT csv, merge 'upsert', max_rejects 1);
COPY book FROM PROGRAM 'true' WITH (FORMAT csv, merge 'upsert', freeze);
COPY book FROM PROGRAM 'true' WITH (FORMAT csv, merge 'upsert', delete_where 'true');
COPY book FROM PROGRAM 'true' WITH (FORMAT csv, merge 'upsert', nope 'true');
COPY nowhere FROM PROGRAM 'true' WITH (FORMAT csv, merge 'upsert');
COPY book FROM STDIN WITH (FORMAT csv, HEADER, merge 'upsert');
id,title,nope
1,x,y
\.
COPY book FROM STDIN WITH (FORMAT csv, HEADER, merge 'upsert');
id,title,price
1,x,1
2,y,z
\.
COPY book FROM STDIN WITH (FORMAT csv, HEADER, merge 'upsert');
id,title,price
1,x,1
2,y,-2
\.
SELECT aiodal.last_copy() IS NULL AS none;
-- one key twice, in one batch and far apart, by both paths
CREATE TABLE number (n int PRIMARY KEY, t text DEFAULT 'left out');
COPY number (n) FROM PROGRAM 'printf "1\n2\n1\n"' WITH (merge 'upsert');
COPY number (n) FROM PROGRAM 'seq 1 5000; echo 7' WITH (merge 'upsert');
COPY number (n) FROM PROGRAM 'seq 1 5000; echo 7' WITH (merge 'ignore');
SET aiodal.path = sql;
COPY number (n) FROM PROGRAM 'seq 1 5000; echo 7' WITH (merge 'upsert');
RESET aiodal.path;
INSERT INTO number VALUES (7, 'old'), (4000, 'old');
COPY number (n, t) FROM PROGRAM 'printf "7\tnew\n"; seq -f "%g	new" 5 5000; printf "7\tnewer\n4000\tnewer\n"' WITH (merge 'upsert', on_duplicate 'first');
SELECT staged, inserted, updated, duplicates, path FROM aiodal.last_copy();
SELECT t, count(*) FROM number GROUP BY t ORDER BY t;
COPY number (n, t) FROM PROGRAM 'printf "7\tnew\n"; seq -f "%g	new" 5 5000; printf "7\tnewer\n4000\tnewer\n"' WITH (merge 'upsert', on_duplicate 'last');
SELECT staged, updated, unchanged, duplicates, path FROM aiodal.last_copy();
SELECT t, count(*) FROM number GROUP BY t ORDER BY t;
-- the default of a column left out, one that is volatile too
ALTER TABLE number ADD v double precision DEFAULT random();
COPY number (n) FROM PROGRAM 'seq 6000 6002' WITH (merge 'upsert');
SELECT count(DISTINCT v), min(t) FROM number WHERE n >= 6000;
SELECT inserted, path, reason FROM aiodal.last_copy();
-- any other COPY is PostgreSQL's own
COPY book (id, title) FROM STDIN WITH (FORMAT csv);
60,sixty
\.
COPY (SELECT count(*) FROM book) TO STDOUT;
-- rights are the caller's
CREATE ROLE regress_aiodal_copier;
GRANT SELECT, INSERT ON book TO regress_aiodal_copier;
SET ROLE regress_aiodal_copier;
COPY book (id, title) FROM STDIN WITH (FORMAT csv, merge 'ignore');
60,sixty
61,sixty-one
\.
SELECT inserted, ignored FROM aiodal.last_copy();
COPY book (id, title) FROM STDIN WITH (FORMAT csv, merge 'upsert');
60,sixty-two
\.
COPY book FROM '/etc/passwd' WITH (FORMAT csv, merge 'upsert');
RESET ROLE;
DROP OWNED BY regress_aiodal_copier;
DROP ROLE regress_aiodal_copier;
-- nothing is left behind
SELECT count(*) FROM pg_class WHERE relpersistence = 't';
