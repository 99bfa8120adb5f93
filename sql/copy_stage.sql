-- COPY into a stage behaves as core's COPY where it is not better.
CREATE SCHEMA copy_stage;
SET search_path = copy_stage;
SET datestyle = 'ISO';
\set SHOW_CONTEXT always
CREATE TABLE book (id int PRIMARY KEY, title text NOT NULL, price numeric(6,2) DEFAULT 9.99);
CREATE TABLE one (txt text);
CREATE PROCEDURE fresh() LANGUAGE sql AS $$ SELECT aiodal.stage('copy_stage.book') $$;

-- the command tag
\set QUIET off
BEGIN;
CALL fresh();
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,title
1,one
2,two
\.
COPY book_stage FROM STDIN WITH (FORMAT csv) WHERE id > 4;
3,three,3
4,four,4
5,five,5
\.
COPY book_stage (title, id) FROM STDIN;
six	6
\.
-- the old syntax
COPY book_stage FROM STDIN DELIMITER ',' CSV HEADER;
id,title
7,seven
\.
COMMIT;
\set QUIET on

-- binary
BEGIN;
CALL fresh();
COPY book_stage FROM PROGRAM $$printf 'PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\3\0\0\0\4\0\0\0\1\0\0\0\3one\377\377\377\377\377\377'$$ WITH (FORMAT binary);
SELECT * FROM book_stage;
SAVEPOINT s;
COPY book_stage FROM PROGRAM 'echo not binary' WITH (FORMAT binary);
ROLLBACK;

-- where an error is: the first physical line of the record, the column, the value
BEGIN;
CALL fresh();
SAVEPOINT s;
\set ON_ERROR_ROLLBACK on
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,title
1,"a

b"
2,"c
d"
x,"e
f"
\.
COPY book_stage FROM STDIN WITH (FORMAT csv);
1,"a
b",1
2,"c
d",1
3,"e
f",x
\.
-- lines inside fields end otherwise than those of the file
COPY book_stage FROM PROGRAM 'printf "id,title\r\n1,\"a\nb\nc\"\r\nx,y\r\n"' WITH (FORMAT csv, HEADER);
COPY book_stage FROM PROGRAM 'printf "id,title\n1,\"a\r\nb\r\nc\"\nx,y\n"' WITH (FORMAT csv, HEADER);
COPY book_stage FROM PROGRAM 'printf "id,title\r1,\"a\rb\rc\"\rx,y\r"' WITH (FORMAT csv, HEADER);
COPY book_stage FROM PROGRAM 'printf "1\ta\\\\\nb\t3\nx\ty\tz\n"';
COPY book_stage FROM PROGRAM 'printf "id,title\n1,one\n2,\"two\n3,three\n"' WITH (FORMAT csv, HEADER);
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,title
1,one
2
\.
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,title
1,one,more
\.
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
price,title
12345.67,one
\.
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER, ENCODING 'utf8');
id,title
1,one

\.
SELECT count(*) FROM book_stage;
-- a line of \. alone in csv is data; as the last one of a client's it is psql's
COPY book_stage FROM PROGRAM 'printf "title,id\none,1\n\\\\.\ntwo,2\n"' WITH (FORMAT csv, HEADER);
COPY book_stage FROM PROGRAM 'printf "title,id\none,1\n\\\\.\n"' WITH (FORMAT csv, HEADER);
COPY book_stage FROM PROGRAM 'printf "title,id\r\none,1\r\n\\\\.\r\ntwo,2\r\n"' WITH (FORMAT csv, HEADER, ENCODING 'latin1');
SELECT count(*) FROM book_stage;
SELECT aiodal.stage('one');
COPY one_stage FROM PROGRAM 'printf "txt\na\n\\\\.\nb\n\\\\.\n"' WITH (FORMAT csv, HEADER);
SELECT * FROM one_stage;
TRUNCATE one_stage;
COPY one_stage FROM PROGRAM 'printf "\\\\.\nb\n"' WITH (FORMAT csv, NULL '\.');
SELECT * FROM one_stage;
-- in text it is the end of the data, as documented
COPY one_stage FROM PROGRAM 'printf "c\n\\\\.\nd\n"';
SELECT * FROM one_stage;
ROLLBACK;

-- rights
CREATE ROLE aiodal_copy_user;
GRANT USAGE ON SCHEMA copy_stage TO aiodal_copy_user;
GRANT ALL ON book TO aiodal_copy_user;
BEGIN;
SET LOCAL ROLE aiodal_copy_user;
CALL fresh();
SAVEPOINT s;
COPY book_stage FROM '/etc/hostname' WITH (FORMAT csv);
COPY book_stage FROM PROGRAM 'true' WITH (FORMAT jsonl);
COPY book_stage FROM STDIN WITH (FORMAT csv);
1,one,1
\.
RESET ROLE;
REVOKE INSERT ON book_stage FROM aiodal_copy_user;
SET LOCAL ROLE aiodal_copy_user;
COPY book_stage FROM PROGRAM 'true' WITH (FORMAT csv);
DO $$ BEGIN EXECUTE 'COPY book_stage FROM STDIN'; END $$;
RESET ROLE;
GRANT INSERT (id, title) ON book_stage TO aiodal_copy_user;
GRANT pg_execute_server_program TO aiodal_copy_user;
SET LOCAL ROLE aiodal_copy_user;
COPY book_stage FROM PROGRAM 'true' WITH (FORMAT csv, HEADER);
COPY book_stage (id, title) FROM PROGRAM 'echo 2,two' WITH (FORMAT csv);
RESET ROLE;
SELECT * FROM book_stage;
ROLLBACK;
-- a read-only transaction may fill a temporary table
BEGIN;
CALL fresh();
SET TRANSACTION READ ONLY;
COPY book_stage FROM PROGRAM 'echo 2,two,3' WITH (FORMAT csv);
SELECT * FROM book_stage;
ROLLBACK;

-- files and programs
BEGIN;
CALL fresh();
SAVEPOINT s;
COPY book_stage FROM '/nowhere/at/all' WITH (FORMAT csv);
COPY book_stage FROM '/' WITH (FORMAT jsonl);
COPY book_stage FROM 'relative' WITH (FORMAT csv);
COPY book_stage FROM PROGRAM 'echo 1,one,1; exit 3' WITH (FORMAT csv);
COPY book_stage FROM PROGRAM 'echo ''{"id":1}''; kill -9 $$' WITH (FORMAT jsonl);
COPY book_stage FROM PROGRAM 'yes x' WITH (FORMAT csv);
SELECT count(*) FROM book_stage;
ROLLBACK;

-- options: core's checks
BEGIN;
CALL fresh();
SAVEPOINT s;
COPY book_stage FROM PROGRAM 'true' WITH (FORMAT cvs);
COPY book_stage FROM PROGRAM 'true' WITH (FORMAT csv, bogus);
COPY book_stage FROM PROGRAM 'true' WITH (FORMAT csv, DELIMITER ',,');
COPY book_stage FROM PROGRAM 'true' WITH (FORMAT csv, HEADER sideways);
COPY book_stage FROM PROGRAM 'true' WITH (FORMAT binary, HEADER);
COPY book_stage FROM PROGRAM 'true' WITH (FORMAT csv, FORCE_NULL (nothere));
COPY book_stage (id, nothere) FROM PROGRAM 'true';
COPY book_stage FROM PROGRAM 'true' WHERE nothere > 1;
COPY book_stage FROM PROGRAM 'true' WHERE id IN (SELECT 1);
COPY book_stage FROM PROGRAM 'echo 1,one,1' WITH (FORMAT csv, FREEZE);
ROLLBACK;

\unset ON_ERROR_ROLLBACK
BEGIN;
CALL fresh();
COPY book_stage FROM PROGRAM 'echo 1,one,1' WITH (FORMAT csv, FREEZE);
SELECT * FROM book_stage;
ROLLBACK;
\set ON_ERROR_ROLLBACK on

-- a domain whose check copies, in the middle of a binary row
CREATE FUNCTION copies() RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    COPY one_stage FROM PROGRAM 'echo nested' WITH (FORMAT csv);
    BEGIN
        COPY one_stage FROM PROGRAM 'echo \"open' WITH (FORMAT csv);
    EXCEPTION WHEN bad_copy_file_format THEN
        NULL;
    END;
    RETURN true;
END $$;
CREATE DOMAIN copying AS int CHECK (copies());
CREATE TABLE domains (a copying, b int, c copying);
BEGIN;
SELECT aiodal.stage('one');
SELECT aiodal.stage('domains');
COPY domains_stage FROM PROGRAM $$printf 'PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\3\0\0\0\4\0\0\0\1\0\0\0\4\0\0\0\2\0\0\0\4\0\0\0\3\377\377'$$ WITH (FORMAT binary);
SELECT * FROM domains_stage;
COPY domains_stage FROM PROGRAM 'printf "a,c\n1,2\n3,4\n"' WITH (FORMAT csv, HEADER);
SELECT * FROM domains_stage;
ROLLBACK;

-- a stage that its owner has changed
BEGIN;
CALL fresh();
CREATE UNIQUE INDEX ON book_stage (id);
CREATE INDEX ON book_stage (lower(title));
ALTER TABLE book_stage
    ADD extra int DEFAULT 5,
    DROP COLUMN price,
    ADD price numeric;
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
title,id,price
one,1,1
two,2,2
\.
SELECT * FROM book_stage;
ROLLBACK;
BEGIN;
CALL fresh();
CREATE UNIQUE INDEX ON book_stage (id);
ALTER TABLE book_stage ADD CONSTRAINT positive CHECK (price > 0), ADD doubled numeric GENERATED ALWAYS AS (price * 2) STORED, ALTER title SET NOT NULL;
SAVEPOINT s;
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
title,id,price
one,1,1
two,2,2
again,1,3
\.
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
title,id,price
one,1,1
two,2,0
\.
COPY book_stage FROM STDIN WITH (FORMAT jsonl);
{"id": 1, "title": "one"}
{"id": 2}
\.
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
title,id,price
one,1,1.50
two,2,
\.
SET LOCAL enable_seqscan = off;
SELECT * FROM book_stage WHERE id = 2;
COPY book_stage (id, title) FROM PROGRAM 'echo 9,nine' WITH (FORMAT csv) WHERE doubled > 1;
ROLLBACK;

-- triggers of every kind
CREATE FUNCTION noisy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF tg_level = 'STATEMENT' THEN
        RAISE NOTICE '% % STATEMENT', tg_name, tg_when;
        RETURN NULL;
    END IF;
    RAISE NOTICE '% % %', tg_name, tg_when, new;
    IF tg_when = 'BEFORE' THEN
        IF new.id = 2 THEN RETURN NULL; END IF;
        new.title := upper(new.title);
    END IF;
    RETURN new;
END $$;
CREATE FUNCTION counting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE '% rows', (SELECT count(*) FROM fresh_rows);
    RETURN NULL;
END $$;
\set SHOW_CONTEXT errors
BEGIN;
CALL fresh();
CREATE TRIGGER a BEFORE INSERT ON book_stage FOR EACH STATEMENT EXECUTE FUNCTION noisy();
CREATE TRIGGER b BEFORE INSERT ON book_stage FOR EACH ROW EXECUTE FUNCTION noisy();
CREATE TRIGGER c AFTER INSERT ON book_stage FOR EACH ROW EXECUTE FUNCTION noisy();
CREATE TRIGGER d AFTER INSERT ON book_stage FOR EACH STATEMENT EXECUTE FUNCTION noisy();
CREATE TRIGGER e AFTER INSERT ON book_stage REFERENCING NEW TABLE AS fresh_rows FOR EACH STATEMENT EXECUTE FUNCTION counting();
\set QUIET off
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,title
1,one
2,two
3,three
\.
COPY book_stage FROM STDIN WITH (FORMAT jsonl);
{"id": 4, "title": "four", "price": 4}
\.
\set QUIET on
SELECT * FROM book_stage;
ROLLBACK;

-- a trigger that itself copies into a stage, and fails at it
CREATE FUNCTION nested() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    COPY one_stage FROM PROGRAM 'printf "txt\nnested\n"' WITH (FORMAT csv, HEADER);
    BEGIN
        COPY one_stage FROM PROGRAM 'printf "txt\na\nb\n\"c\n"' WITH (FORMAT csv, HEADER);
    EXCEPTION WHEN bad_copy_file_format THEN
        NULL;
    END;
    RETURN new;
END $$;
BEGIN;
CALL fresh();
SELECT aiodal.stage('one');
CREATE TRIGGER t BEFORE INSERT ON book_stage FOR EACH ROW EXECUTE FUNCTION nested();
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
title,id
"o
ne",1
two,2
\.
SELECT * FROM book_stage;
SELECT * FROM one_stage;
ROLLBACK;

-- in a function; in a savepoint that is rolled back; a stage dropped and made anew
BEGIN;
DO $$
DECLARE
    n bigint;
BEGIN
    PERFORM aiodal.stage('copy_stage.book');
    COPY book_stage FROM PROGRAM 'printf "title,id\none,1\ntwo,2\n"' WITH (FORMAT csv, HEADER);
    GET DIAGNOSTICS n = ROW_COUNT;
    RAISE NOTICE '% rows', n;
END $$;
SAVEPOINT s;
COPY book_stage FROM PROGRAM 'printf "price,title,id\n1,three,3\n"' WITH (FORMAT csv, HEADER);
ROLLBACK TO s;
SELECT staged, inserted FROM aiodal.merge('book_stage');
SELECT * FROM book;
DROP TABLE book_stage;
COPY book_stage FROM PROGRAM 'true';
CREATE TEMP TABLE book_stage (a int, b int);
-- now it is nobody's stage: core's COPY, core's header
COPY book_stage FROM PROGRAM 'printf "b,a\n1,2\n"' WITH (FORMAT csv, HEADER);
SELECT * FROM book_stage;
ROLLBACK;

-- many rows: several batches, wide rows, lines known to the merge
BEGIN;
CALL fresh();
COPY book_stage FROM PROGRAM 'echo title,id; for i in $(seq 2500); do echo "row $i,$i"; done; echo "row 1234,1234"' WITH (FORMAT csv, HEADER);
SELECT count(*), count(DISTINCT id), min(price), max(price) FROM book_stage;
\set SHOW_CONTEXT never
SELECT staged FROM aiodal.merge('book_stage');
\set SHOW_CONTEXT always
ROLLBACK;
BEGIN;
SELECT aiodal.stage('one');
COPY one_stage FROM PROGRAM $$perl -e 'print "x" x 200000, "\n" for 1 .. 3; print "y\n"'$$;
COPY one_stage FROM PROGRAM $$perl -e 'print "{\"txt\":\"", "x" x 200000, "\"}\n" for 1 .. 3'$$ WITH (FORMAT jsonl);
SELECT length(txt), count(*) FROM one_stage GROUP BY 1 ORDER BY 1;
ROLLBACK;

-- several inputs into one stage: each row knows which it came from
BEGIN;
CALL fresh();
COPY book_stage FROM PROGRAM 'printf "id,title\n"' WITH (FORMAT csv, HEADER);
COPY book_stage FROM PROGRAM 'printf "id,title\n1,a\n2,b\n"' WITH (FORMAT csv, HEADER);
COPY book_stage FROM PROGRAM 'printf "{\"id\":3,\"title\":\"c\"}\n{\"id\":2,\"title\":\"d\"}\n"' WITH (FORMAT jsonl);
\set SHOW_CONTEXT never
SELECT * FROM aiodal.merge('book_stage');
\set SHOW_CONTEXT always
ROLLBACK;
BEGIN;
SELECT aiodal.stage('book', on_error => 'reject');
COPY book_stage FROM PROGRAM 'printf "id,title\n1,a\nx,b\n"' WITH (FORMAT csv, HEADER);
COPY book_stage FROM PROGRAM 'printf "title,id\na,3\nb,y\n\"c\nd\",4\n"' WITH (FORMAT csv, HEADER);
SELECT staged, inserted, rejected FROM aiodal.merge('book_stage');
SELECT input, line, column_name, value FROM aiodal.rejects('book_stage');
ROLLBACK;
-- also when a later input fills columns that the earlier ones lack
BEGIN;
CALL fresh();
COPY book_stage FROM PROGRAM 'printf "id,title\n1,a\n"' WITH (FORMAT csv, HEADER);
COPY book_stage FROM PROGRAM 'printf "title,price,id\nb,1,2\nc,1,1\n"' WITH (FORMAT csv, HEADER);
\set SHOW_CONTEXT never
SELECT * FROM aiodal.merge('book_stage');
\set SHOW_CONTEXT always
ROLLBACK;

\unset ON_ERROR_ROLLBACK
SET client_min_messages = warning;
DROP SCHEMA copy_stage CASCADE;
DROP ROLE aiodal_copy_user;
