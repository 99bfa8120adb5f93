-- HEADER on a stage: names are matched with columns, in any order.
CREATE SCHEMA copy_header;
SET search_path = copy_header;
CREATE TABLE book (
    id int PRIMARY KEY,
    title text NOT NULL,
    price numeric(8,2) DEFAULT 9.99,
    made date DEFAULT '2020-01-01',
    n serial,
    "Le Prix" text,
    total numeric GENERATED ALWAYS AS (price * 2) STORED);

CREATE PROCEDURE fresh() LANGUAGE sql AS $$ SELECT aiodal.stage('copy_header.book') $$;

-- any order; what is left out has its default, what is empty is NULL
BEGIN;
CALL fresh();
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
price,"Le Prix",id,title
1.5,x,1,one
,,2,two
\.
SELECT * FROM book_stage;
SELECT * FROM aiodal.merge('book_stage');
SELECT * FROM book ORDER BY id;
ROLLBACK;

-- text format, other delimiter, backslashes in a name
BEGIN;
CALL fresh();
COPY book_stage FROM STDIN WITH (HEADER, DELIMITER '|');
Le\x20P\162ix|id|title
x\ty|1|one
\.
SELECT id, title, "Le Prix" FROM book_stage;
ROLLBACK;

-- quotes, escapes and line ends inside quoted names; the physical line is counted
CREATE TABLE odd ("a""b" int, "c
d" int, "e,f" int, "g'h" int, plain int);
BEGIN;
SELECT aiodal.stage('odd');
COPY odd_stage FROM STDIN WITH (FORMAT csv, HEADER);
"c
d","a""b",pl"ai"n,"e,f",g'h
1,2,3,4,5
x,2,3,4,5
\.
ROLLBACK;
BEGIN;
SELECT aiodal.stage('odd');
COPY odd_stage FROM STDIN WITH (FORMAT csv, HEADER, QUOTE '''', ESCAPE '\', DELIMITER ';');
'a"b';'g\'h';plain
1;2;3
\.
SELECT * FROM odd_stage;
ROLLBACK;

-- mistakes in the header
\set SHOW_CONTEXT always
BEGIN;
CALL fresh();
SAVEPOINT s;
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,titel,price
1,one,1.5
\.
ROLLBACK TO s;
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,Title
\.
ROLLBACK TO s;
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
a,b,c
\.
ROLLBACK TO s;
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,title,id
1,one,1
\.
ROLLBACK TO s;
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,title,total
1,one,1
\.
ROLLBACK TO s;
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,,title
1,,one
\.
ROLLBACK TO s;
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id;title;price
1;one;2
\.
ROLLBACK TO s;
COPY book_stage FROM STDIN WITH (HEADER);
id,title,price
\.
ROLLBACK TO s;
COPY book_stage FROM PROGRAM 'printf "id,\"title\n1,one\n"' WITH (FORMAT csv, HEADER);
ROLLBACK TO s;
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,"title) FROM stdin; DROP TABLE copy_header.book; --"
1,one
\.
ROLLBACK TO s;
SELECT count(*) FROM book;
ROLLBACK;
-- a long name, and a long list of names
DO $$
DECLARE
    message text;
    detail text;
BEGIN
    PERFORM aiodal.stage('copy_header.book');
    EXECUTE format('COPY book_stage FROM PROGRAM %L WITH (FORMAT csv, HEADER)',
                   'printf "%0300d\n" 7');
EXCEPTION WHEN undefined_column THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RAISE NOTICE '%', detail;
END $$;

-- nothing, and a header only
BEGIN;
CALL fresh();
SAVEPOINT s;
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
\.
ROLLBACK TO s;
COPY book_stage FROM PROGRAM 'true' WITH (FORMAT csv, HEADER);
ROLLBACK TO s;
COPY book_stage FROM PROGRAM 'printf id,title' WITH (FORMAT csv, HEADER);
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
title,id
\.
SELECT count(*) FROM book_stage;
ROLLBACK;

-- a column that must not be null and has no default is missed at once, where the mode inserts
BEGIN;
SELECT aiodal.stage('book', mode => 'upsert');
SAVEPOINT s;
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,price
1,2
\.
ROLLBACK;
BEGIN;
SELECT aiodal.stage('book', mode => 'update');
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,price
1,2
\.
ROLLBACK;

-- a column list wins: HEADER skips, HEADER MATCH compares, as in core
BEGIN;
CALL fresh();
COPY book_stage (title, id) FROM STDIN WITH (FORMAT csv, HEADER);
what,ever
one,1
\.
COPY book_stage (title, id) FROM STDIN WITH (FORMAT csv, HEADER match);
title,id
two,2
\.
COPY book_stage (title, id) FROM PROGRAM 'true' WITH (FORMAT csv, HEADER);
SELECT id, title FROM book_stage;
SAVEPOINT s;
COPY book_stage (title, id) FROM STDIN WITH (FORMAT csv, HEADER match);
id,title
3,three
\.
ROLLBACK TO s;
COPY book_stage (title, id) FROM STDIN WITH (FORMAT csv, HEADER match);
title
three
\.
ROLLBACK TO s;
COPY book_stage (title, total) FROM PROGRAM 'true' WITH (FORMAT csv, HEADER);
ROLLBACK TO s;
-- HEADER MATCH without a list: by name as well
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER match);
title,id
three,3
\.
SELECT id, title FROM book_stage;
-- FORCE_NULL and FORCE_NOT_NULL name columns of the file
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER, FORCE_NULL (price), FORCE_NOT_NULL (title));
title,price,id
,"",4
\.
SELECT id, title, price FROM book_stage WHERE id = 4;
SAVEPOINT s;
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER, FORCE_NULL (price));
title,id
x,5
\.
ROLLBACK;

-- byte order mark; CRLF; no end of the last line
BEGIN;
CALL fresh();
COPY book_stage FROM PROGRAM 'printf "\357\273\277id,title\r\n1,one\r\n2,two"' WITH (FORMAT csv, HEADER);
COPY book_stage FROM PROGRAM 'printf "\357\273\277\"id\",title\r3,three\r"' WITH (FORMAT csv, HEADER);
COPY book_stage (id, title) FROM PROGRAM 'printf "\357\273\2774,four\n"' WITH (FORMAT csv);
SELECT id, title FROM book_stage;
SAVEPOINT s;
COPY book_stage FROM PROGRAM 'printf "id,title\r\n1,one\n"' WITH (FORMAT csv, HEADER);
ROLLBACK TO s;
COPY book_stage FROM PROGRAM 'printf "\377\376i\0d\0"' WITH (FORMAT csv, HEADER);
ROLLBACK TO s;
COPY book_stage FROM PROGRAM 'echo id | gzip' WITH (FORMAT csv, HEADER);
ROLLBACK;

-- the header is in the file's encoding
CREATE TABLE "bücher" ("größe" int, id int);
BEGIN;
SELECT aiodal.stage('bücher');
COPY "bücher_stage" FROM PROGRAM 'printf "id,gr\366\337e\n1,2\n"' WITH (FORMAT csv, HEADER, ENCODING 'latin1');
SELECT * FROM "bücher_stage";
SAVEPOINT s;
COPY "bücher_stage" FROM PROGRAM 'printf "id,gr\366\337e\n1,2\n"' WITH (FORMAT csv, HEADER);
ROLLBACK TO s;
COPY "bücher_stage" FROM PROGRAM 'printf "id,gr\\366\n1,2\n"' WITH (FORMAT text, DELIMITER ',', HEADER);
ROLLBACK;

-- a second file with other columns: rows of each have defaults for what only the other has
BEGIN;
CALL fresh();
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,title
1,one
\.
COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);
id,title,price
2,two,
\.
SELECT * FROM aiodal.merge('book_stage');
SELECT id, title, price, made, n FROM book ORDER BY id;
ROLLBACK;
-- and a third one, without them again; a row that is there keeps what no file gives
INSERT INTO book (id, title, price, made, n) VALUES (3, 'old', 1, '1999-01-01', 33);
BEGIN;
CALL fresh();
COPY book_stage FROM PROGRAM 'printf "id,title\n1,one\n"' WITH (FORMAT csv, HEADER);
COPY book_stage FROM PROGRAM 'printf "id,n,title,price\n2,22,two,\n"' WITH (FORMAT csv, HEADER);
COPY book_stage FROM PROGRAM 'printf "id,title\n3,three\n"' WITH (FORMAT csv, HEADER);
SELECT id, title, price, made, n IS NOT NULL AS has_n FROM book_stage;
SELECT staged, inserted FROM aiodal.merge('book_stage');
SELECT id, title, price, made FROM book ORDER BY id;
ROLLBACK;

\set SHOW_CONTEXT errors
SET client_min_messages = warning;
DROP SCHEMA copy_header CASCADE;
