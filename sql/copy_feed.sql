-- How far COPY makes rows by itself: aiodal.feed, and what it comes down to.
CREATE SCHEMA copy_feed;
SET search_path = copy_feed;
CREATE TABLE book (id int, title text);
SELECT aiodal.version() IS NOT NULL AS loaded;

-- which step is taken
BEGIN;
SELECT aiodal.stage('book');
SET LOCAL client_min_messages = debug1;
COPY book_stage FROM STDIN WITH (FORMAT csv);
\.
COPY book_stage FROM STDIN;
\.
COPY book_stage FROM STDIN WITH (FORMAT csv, DELIMITER ';', QUOTE '$', ESCAPE '\', NULL 'nil', FORCE_NULL (title), FORCE_NOT_NULL (id));
\.
COPY book_stage FROM STDIN WITH (FORMAT csv, QUOTE E'\n');
\.
COPY book_stage FROM STDIN WITH (ENCODING 'LATIN1');
\.
SET LOCAL aiodal.feed = records;
COPY book_stage FROM STDIN WITH (FORMAT csv);
\.
SET LOCAL aiodal.feed = fields;
COPY book_stage FROM STDIN WITH (FORMAT csv);
\.
SET LOCAL aiodal.feed = core;
COPY book_stage FROM STDIN WITH (FORMAT csv);
\.
ROLLBACK;
SET aiodal.feed = fast;

