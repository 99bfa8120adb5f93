-- on_error => 'reject': bad rows are set aside, and can be read.
CREATE SCHEMA copy_rejects;
SET search_path = copy_rejects;
SET datestyle = 'ISO';
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE TABLE book (id int PRIMARY KEY, title varchar(8) NOT NULL, made date, meta jsonb, n positive);
CREATE PROCEDURE fresh(max_rejects bigint DEFAULT NULL) LANGUAGE sql
AS $$ SELECT aiodal.stage('copy_rejects.book', on_error => 'reject', max_rejects => max_rejects) $$;
\set SHOW_CONTEXT always
\set QUIET off

-- nothing yet
SELECT * FROM aiodal.rejects();
SELECT * FROM aiodal.rejects('book');

-- every kind of bad line
BEGIN;
CALL fresh();
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,title,made,meta,n
1,good,2024-01-01,{},1
x,bad id,2024-01-01,{},1
2,"bad
date",2024-02-30,{},1
3,"too long a title",,,
4,bad json,,"{'a': 1}",
5,too few
6,too many,,,,,
7,domain,,,-5
8,nul,,"{""a"": ""\u0000""}",

9,"ab
cd",,,9
"",quoted,,,
\.
SELECT * FROM book_stage;
SELECT line, record, column_name, value, sqlstate, message FROM aiodal.rejects();
SELECT line, raw FROM aiodal.rejects('book_stage') WHERE line IN (2, 3, 13);
SELECT staged, inserted, rejected FROM aiodal.merge('book_stage');
COMMIT;
-- the last COPY's stay, its stage does not
SELECT count(*) FROM aiodal.rejects();
SELECT count(*) FROM aiodal.rejects('book_stage');
SELECT id FROM book ORDER BY id;
DELETE FROM book;

-- JSON lines
BEGIN;
CALL fresh();
COPY book_stage FROM STDIN WITH (FORMAT jsonl);
{"id": 1, "title": "good"}
{"id": "x", "title": "bad id"}
{"id": 2, "title": "bad json"

{"id": 3, "title": "key", "bogus": [1, 2]}
{"id": 4, "title": "twice", "id": 4}
{"id": 5, "title": "a\u0000b"}
[6]
{"id": 7, "title": "good", "meta": {"a": null}}
{"id": 8, "n": 0}
{"id": null, "n": null}
{"id": 9, "made": {"y": 2024}}
\.
SELECT id, title, meta FROM book_stage;
SELECT line, record, column_name, value, sqlstate, message FROM aiodal.rejects();
SELECT raw FROM aiodal.rejects() WHERE line = 5;
-- a line that is not in its encoding
COPY book_stage FROM PROGRAM $$printf '{"id":20}\n{"id":21,"title":"\366"}\n{"id":22}\n'$$ WITH (FORMAT jsonl);
SELECT line, column_name, sqlstate, raw FROM aiodal.rejects();
SELECT id FROM book_stage WHERE id >= 20;
-- all of the stage's
SELECT count(*) FROM aiodal.rejects('book_stage');
ROLLBACK;

-- the unclosed quote that swallows the rest is one bad row
BEGIN;
CALL fresh();
COPY book_stage (id, title) FROM PROGRAM 'printf "1,a\n2,b\n3,\"c\n4,d\n5,e\n"' WITH (FORMAT csv);
SELECT id FROM book_stage;
SELECT line, record, column_name, sqlstate, raw FROM aiodal.rejects();
-- so is a line of \. amid csv
COPY book_stage (title, id) FROM PROGRAM 'printf "a,1\n\\\\.\nb,2\n"' WITH (FORMAT csv);
SELECT line, record, column_name, sqlstate, raw FROM aiodal.rejects();
COPY book_stage (id, title) FROM PROGRAM 'printf "1\ta\n2\n3\tc\td\n4\te\n"';
SELECT line, record, column_name, sqlstate, raw FROM aiodal.rejects();
ROLLBACK;

-- so are lines with bytes that are no characters; other mistakes of theirs are not what is told
BEGIN;
CALL fresh();
COPY book_stage (id, title) FROM PROGRAM 'printf "1,a\n2,\366\n\000,c\n4,\"d\ne\"\n5\377,\"f\n\303\n\n\"\n6,\303\251\n7,g\n"' WITH (FORMAT csv);
SELECT id, title FROM book_stage;
SELECT line, record, column_name, sqlstate, message, raw FROM aiodal.rejects();
COPY book_stage (id, title) FROM PROGRAM 'printf "id\ttitle\r1\ta\r2\t\366\r3\tb\r"' WITH (HEADER);
SELECT line, record, column_name, sqlstate, message, raw FROM aiodal.rejects();
COPY book_stage (id, title) FROM PROGRAM 'printf "1,a\n2,\303"' WITH (FORMAT csv);
SELECT line, record, column_name, sqlstate, message, raw FROM aiodal.rejects();
COPY book_stage (id, title) FROM PROGRAM 'printf "1,a\n2,\212\n3,b\203\n"' WITH (FORMAT csv, ENCODING 'sjis');
SELECT line, record, column_name, sqlstate, message, raw FROM aiodal.rejects();
-- wherever the input is cut into pieces
TRUNCATE book_stage;
COPY book_stage (id, title) FROM PROGRAM $$perl -e 'for (1 .. 30000) { print "$_,\303\251\342\202\254", $_ % 1000 == 0 ? "\342\202" : "", "\n" }'$$ WITH (FORMAT csv);
SELECT count(*), min(title), max(title) FROM book_stage;
SELECT count(*), min(line), max(line), sum(line), min(message), max(message) FROM aiodal.rejects();
ROLLBACK;

-- what cannot be read on fails the load
BEGIN;
CALL fresh();
\set ON_ERROR_ROLLBACK on
COPY book_stage (id, title) FROM PROGRAM 'printf "x,a\n2,b\r\n3,c\n"' WITH (FORMAT csv);
COPY book_stage FROM PROGRAM 'printf "id,titel\n"' WITH (FORMAT csv, HEADER);
COPY book_stage FROM PROGRAM 'printf "x,y,z\n"; exit 1' WITH (FORMAT csv);
COPY book_stage FROM PROGRAM 'echo' WITH (FORMAT binary);
SELECT count(*) FROM book_stage;
-- what failed shows, but does not count
SELECT count(*) FROM aiodal.rejects('book_stage');
SELECT count(*) FROM aiodal.rejects();
\unset ON_ERROR_ROLLBACK
ROLLBACK;

-- no more than max_rejects
BEGIN;
CALL fresh(2);
COPY book_stage (id, title) FROM PROGRAM 'printf "x,a\n1,b\ny,c\n"' WITH (FORMAT csv);
SAVEPOINT s;
COPY book_stage (id, title) FROM PROGRAM 'printf "2,a\nz,c\n"' WITH (FORMAT csv);
SELECT line, message FROM aiodal.rejects();
ROLLBACK TO s;
SELECT line, message FROM aiodal.rejects();
SELECT line, message FROM aiodal.rejects('book_stage');
SELECT staged, inserted, rejected FROM aiodal.merge('book_stage');
ROLLBACK;
BEGIN;
CALL fresh(0);
COPY book_stage FROM PROGRAM 'printf "1\n\n2\n"' WITH (FORMAT csv);
ROLLBACK;
SELECT line, sqlstate FROM aiodal.rejects();
BEGIN;
CALL fresh(0);
COPY book_stage (id, title) FROM PROGRAM 'printf "1,a\n"' WITH (FORMAT csv);
COMMIT;
SELECT line, sqlstate FROM aiodal.rejects();

-- savepoints
BEGIN;
CALL fresh(3);
COPY book_stage (id, title) FROM PROGRAM 'printf "a,a\n1,b\n"' WITH (FORMAT csv);
SAVEPOINT one;
COPY book_stage (id, title) FROM PROGRAM 'printf "b,a\nc,b\n"' WITH (FORMAT csv);
SAVEPOINT two;
COPY book_stage (id, title) FROM PROGRAM 'printf "2,a\n"' WITH (FORMAT csv);
RELEASE two;
SELECT value FROM aiodal.rejects('book_stage');
ROLLBACK TO one;
SELECT value FROM aiodal.rejects('book_stage');
SAVEPOINT three;
COPY book_stage (id, title) FROM PROGRAM 'printf "d,a\ne,b\n"' WITH (FORMAT csv);
RELEASE three;
SELECT value FROM aiodal.rejects('book_stage');
SELECT staged, inserted, rejected FROM aiodal.merge('book_stage');
ROLLBACK;

-- two stages
BEGIN;
CALL fresh();
CREATE TABLE other (a int);
SELECT aiodal.stage('other', on_error => 'reject');
COPY book_stage (id) FROM PROGRAM 'printf "a\n"' WITH (FORMAT csv);
COPY other_stage FROM PROGRAM 'printf "b\n"' WITH (FORMAT csv);
COPY book_stage (id) FROM PROGRAM 'printf "c\n"' WITH (FORMAT csv);
SELECT value FROM aiodal.rejects('book_stage');
SELECT value FROM aiodal.rejects('other_stage');
SELECT value FROM aiodal.rejects();
-- a COPY that stops at errors is the last one, too
SELECT aiodal.stage('other', name => 'strict');
COPY strict FROM PROGRAM 'printf "1\n"' WITH (FORMAT csv);
SELECT value FROM aiodal.rejects();
ROLLBACK;

-- a value is cut at 100 bytes, at the end of a character
BEGIN;
CALL fresh();
COPY book_stage (id) FROM PROGRAM $$perl -e 'print "x", "\303\251" x 1000, "\n"'$$ WITH (FORMAT csv);
SELECT octet_length(value), octet_length(raw), right(value, 2) FROM aiodal.rejects();
ROLLBACK;

-- many rows, some bad: every batch goes on behind them
BEGIN;
CALL fresh();
COPY book_stage (id, title, n) FROM PROGRAM
    $$perl -e 'for (1 .. 5000) { print $_ % 100 == 7 ? "x$_,a,1\n" : $_ % 1000 == 0 ? "$_,a,0\n" : $_ % 500 == 3 ? "$_,\"a\nb\",2\n" : "$_,a,$_\n" }'$$
    WITH (FORMAT csv);
SELECT count(*), count(DISTINCT id), sum(id) FROM book_stage;
SELECT count(*), sum(record), min(line), max(line), max(record) FROM aiodal.rejects();
SELECT line, record, value FROM aiodal.rejects() WHERE value = 'x4007';
INSERT INTO book_stage (id, title) VALUES (1, 'again');
\set SHOW_CONTEXT never
SELECT staged FROM aiodal.merge('book_stage');
\set SHOW_CONTEXT always
ROLLBACK;
BEGIN;
CALL fresh();
COPY book_stage FROM PROGRAM $$perl -e 'print "$_\n" for 1 .. 200000'$$ WITH (FORMAT csv);
SELECT count(*), sum(line), min(sqlstate), max(sqlstate) FROM aiodal.rejects('book_stage');
COMMIT;
SELECT count(*), sum(line) FROM aiodal.rejects();

-- what a stage's own constraints and triggers say is not about a row of the file; what a domain says is
CREATE FUNCTION picky(i int) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    IF i = 13 THEN RAISE 'never 13'; END IF;
    IF i = 14 THEN RAISE insufficient_privilege; END IF;
    IF i = 15 THEN PERFORM 1 FROM no_such_table; END IF;
    RETURN true;
END $$;
CREATE DOMAIN picked AS int CHECK (copy_rejects.picky(value));
CREATE TABLE picks (i picked, b int);
BEGIN;
SELECT aiodal.stage('picks', on_error => 'reject');
ALTER TABLE picks_stage ADD CHECK (b > 0);
COPY picks_stage FROM PROGRAM 'printf "12,1\n13,2\n15,3\n16,4\n"' WITH (FORMAT csv);
SELECT * FROM picks_stage;
SELECT line, column_name, value, sqlstate, message FROM aiodal.rejects();
SAVEPOINT s;
COPY picks_stage FROM PROGRAM 'printf "14,1\n"' WITH (FORMAT csv);
ROLLBACK TO s;
COPY picks_stage FROM PROGRAM 'printf "1,1\n2,0\n"' WITH (FORMAT csv);
ROLLBACK;

-- triggers and WHERE see the rows that are left
CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE '% rows, now %', (SELECT count(*) FROM book_stage), new;
    RETURN new;
END $$;
BEGIN;
CALL fresh();
CREATE TRIGGER t BEFORE INSERT ON book_stage FOR EACH ROW EXECUTE FUNCTION loud();
\set SHOW_CONTEXT errors
COPY book_stage (id, title) FROM PROGRAM 'printf "1,a\nx,b\n2,c\n3,d\n"' WITH (FORMAT csv) WHERE id <> 2;
SELECT value FROM aiodal.rejects();
ROLLBACK;

-- rejects are their role's
CREATE ROLE aiodal_reject_user;
GRANT USAGE ON SCHEMA aiodal TO aiodal_reject_user;
BEGIN;
CALL fresh();
COPY book_stage (id) FROM PROGRAM 'printf "secret\n"' WITH (FORMAT csv);
SELECT value FROM aiodal.rejects();
SET LOCAL ROLE aiodal_reject_user;
SELECT value FROM aiodal.rejects();
SELECT value FROM aiodal.rejects('book_stage');
COMMIT;

-- options of the stage
SELECT aiodal.stage('book', on_error => 'ignore');
SELECT aiodal.stage('book', max_rejects => 3);
SELECT aiodal.stage('book', on_error => 'reject', max_rejects => -1);

-- whoever is handed the session sees nothing of what it did
SELECT value FROM aiodal.rejects();
SELECT rejected FROM aiodal.last_copy();
DISCARD ALL;
SELECT value FROM aiodal.rejects();
SELECT rejected FROM aiodal.last_copy();

SET client_min_messages = warning;
DROP OWNED BY aiodal_reject_user;
DROP ROLE aiodal_reject_user;
DROP SCHEMA copy_rejects CASCADE;
