-- What test/stress/aside_killed.t loads into, with gates on the way. Nothing in the table keeps COPY from
-- merging while it reads, though bad rows are set aside.
CREATE EXTENSION aiodal;
CREATE EXTENSION amcheck;

-- Holds a session whose gate.at is "PHASE MARK" at the row with this mark, while another holds the lock.
CREATE FUNCTION gate(phase text, mark text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('gate.at', true) = phase || ' ' || mark THEN
        PERFORM pg_advisory_lock_shared(4711), pg_advisory_unlock_shared(4711);
    END IF;
    RETURN true;
END $$;
CREATE DOMAIN marked AS text CHECK (gate('convert', VALUE));
-- A hash function, called before any page is looked at: waits while another session has locked the very number that an entry is for.
CREATE FUNCTION gate_hash(bigint) RETURNS int IMMUTABLE STRICT LANGUAGE internal AS 'pg_advisory_xact_lock_shared_int8';
CREATE OPERATOR CLASS gate_ops FOR TYPE bigint USING hash AS OPERATOR 1 =, FUNCTION 1 gate_hash(bigint);

CREATE TABLE author (id int PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 100);
-- dict's output function looks its values up in pg_ts_dict, the input function takes any number
CREATE TABLE book (id int PRIMARY KEY, title text NOT NULL UNIQUE, author int REFERENCES author, year int CHECK (year > 0), mark marked,
    dict regdictionary, entry bigint, CHECK (gate('check', mark)));
CREATE INDEX ON book (year);
CREATE INDEX ON book USING hash (entry gate_ops);

-- of another table, in the same transaction
CREATE TABLE note (mark text);
CREATE FUNCTION gate_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM gate('commit', NEW.mark);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER at_the_end AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gate_trigger();

-- The batch changes a third of the rows it finds, leaves two thirds alone, and brings 1000 more. Every fifth row is bad in one of
-- five ways; keys of some bad rows come again, near and far; and one good row's does.
CREATE TABLE original AS SELECT id, 'title ' || id AS title, 1 + id % 99 AS author, 1900 + id % 100 AS year, NULL::text AS mark,
    NULL::regdictionary AS dict, id % 2 + 10::bigint AS entry FROM generate_series(1, 2000) id;
CREATE TABLE batch AS SELECT id, id * 10 AS place, id % 5 <> 2 AS good, CASE WHEN id % 3 = 0 THEN 'new title ' ELSE 'title ' END || id AS title,
        (CASE id WHEN 2900 THEN 100 ELSE 1 + id % 99 END)::text AS author, (1900 + id % 100)::text AS year,
        CASE id WHEN 699 THEN 'first' WHEN 2900 THEN 'last' END AS mark, NULL::text AS dict,
        (CASE id WHEN 699 THEN 1 WHEN 2900 THEN 2 ELSE id % 2 + 10 END)::bigint AS entry
    FROM generate_series(501, 3000) id;
UPDATE batch SET year = CASE id / 5 % 5 WHEN 0 THEN 'x' WHEN 1 THEN '0' ELSE year END,
    author = CASE id / 5 % 5 WHEN 2 THEN '999' ELSE author END,
    title = CASE id / 5 % 5 WHEN 3 THEN 'title 1' WHEN 4 THEN NULL ELSE title END,
    dict = CASE id WHEN 757 THEN '16000000' END
WHERE NOT good;
INSERT INTO batch VALUES (707, 7071, true, 'again', '1', '1999', 'next', NULL, NULL), (612, 30001, true, 'again, far behind', '1', '1999', NULL, NULL, NULL),
    (601, 6011, false, 'twice', '1', '1999', NULL, NULL, NULL), (603, 30002, false, 'twice, far behind', '1', '1999', NULL, NULL, NULL);

CREATE PROCEDURE reset() LANGUAGE sql AS $$ TRUNCATE book, note; INSERT INTO book TABLE original $$;
CREATE FUNCTION state() RETURNS text LANGUAGE sql AS $$
    SELECT count(*) || ' rows, ' || md5(string_agg(b::text, E'\n' ORDER BY id)) FROM book b $$;
CREATE FUNCTION expected() RETURNS text LANGUAGE sql AS $$
    WITH r AS (SELECT DISTINCT ON (id) r.* FROM
            (SELECT 1 AS rank, id, title, author::int, year::int, mark, dict, entry FROM batch WHERE good
                UNION ALL SELECT 2, id, title, author, year, mark, dict::text, entry FROM original) r ORDER BY id, rank)
    SELECT count(*) || ' rows, ' || md5(string_agg(ROW(id, title, author, year, mark, dict, entry)::text, E'\n' ORDER BY id)) FROM r $$;
-- staged, inserted, updated, unchanged, rejected
CREATE FUNCTION expected_counts() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', count(*), count(*) FILTER (WHERE good AND o.id IS NULL),
            count(*) FILTER (WHERE good AND o.id IS NOT NULL AND differs), count(*) FILTER (WHERE good AND o.id IS NOT NULL AND NOT differs),
            count(*) FILTER (WHERE NOT good))
    FROM batch b LEFT JOIN original o USING (id), LATERAL (SELECT ROW(b.title, b.author, b.year, b.mark, b.dict, b.entry)::text
            <> ROW(o.title, o.author, o.year, o.mark, o.dict, o.entry)::text) d(differs) $$;

-- Nothing is amiss in the table and its indexes, and nothing that a load needs is left behind.
CREATE PROCEDURE sound() LANGUAGE plpgsql AS $$
DECLARE
    wrong text;
BEGIN
    PERFORM bt_index_parent_check(indexrelid, heapallindexed => true, rootdescend => true)
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = relam
    WHERE indrelid IN ('book'::regclass, 'author'::regclass, 'note'::regclass) AND amname = 'btree';
    SET LOCAL enable_seqscan = off;
    SELECT string_agg(v::text, '; ') INTO wrong FROM verify_heapam('book') v;
    SELECT concat_ws('; ', wrong, string_agg('entry ' || e || ' of the hash index', ', ')) INTO wrong
    FROM (VALUES (1), (2), (10), (11)) v(e) WHERE (SELECT count(*) FROM book WHERE entry = e) <> (SELECT count(*) FROM book WHERE entry + 0 = e);
    SELECT concat_ws('; ', NULLIF(wrong, ''), string_agg('stage ' || oid::regclass, ', ')) INTO wrong FROM pg_class WHERE relnamespace IN
        (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_temp') AND relname ~ 'stage';
    SELECT concat_ws('; ', NULLIF(wrong, ''), string_agg(format('%s on %s of %s', mode, relation::regclass, pid), ', ')) INTO wrong FROM pg_locks
    WHERE pid <> pg_backend_pid() AND relation IN (SELECT oid FROM pg_class WHERE oid >= 16384);
    SELECT concat_ws('; ', NULLIF(wrong, ''), string_agg(locktype || ' of ' || pid, ', ')) INTO wrong FROM pg_locks
    WHERE pid <> pg_backend_pid() AND (locktype = 'advisory' OR locktype = 'transactionid') AND
        database IS NOT DISTINCT FROM CASE locktype WHEN 'advisory' THEN (SELECT oid FROM pg_database WHERE datname = current_database()) END;
    IF wrong <> '' THEN
        RAISE 'not sound: %', wrong;
    END IF;
END $$;
