-- What test/stress/merge_killed.t loads into, with gates on the way.
CREATE EXTENSION aiodal;
CREATE EXTENSION amcheck;

-- Holds a session whose gate.at is that phase, at one of its rows, while another holds the lock.
CREATE FUNCTION gate(phase text, id int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF id IN (400, 2900) AND current_setting('gate.at', true) = phase THEN
        PERFORM pg_advisory_lock_shared(4711), pg_advisory_unlock_shared(4711);
    END IF;
    RETURN true;
END $$;
-- an index takes no other
CREATE FUNCTION gate_key(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.gate('index', id);
    RETURN id % 1000;
END $$;
CREATE FUNCTION gate_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM gate(TG_ARGV[0], CASE TG_OP WHEN 'DELETE' THEN OLD.id ELSE NEW.id END);
    RETURN NULL;
END $$;

CREATE TABLE author (id int PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 100);
CREATE TABLE book (id int PRIMARY KEY, title text UNIQUE, author int REFERENCES author, year int, CHECK (gate('check', id)));
CREATE INDEX ON book (year);
CREATE INDEX ON book (gate_key(id));
CREATE TRIGGER changed AFTER INSERT OR UPDATE ON book FOR EACH ROW EXECUTE FUNCTION gate_trigger('trigger');
CREATE TRIGGER deleted AFTER DELETE ON book FOR EACH ROW EXECUTE FUNCTION gate_trigger('delete');
CREATE CONSTRAINT TRIGGER at_the_end AFTER INSERT OR UPDATE ON book DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION gate_trigger('deferred');

-- The batch changes a third of the rows it finds, leaves two thirds alone, and brings 1000 more.
CREATE TABLE original AS SELECT id, 'title ' || id AS title, 1 + id % 99 AS author, 1900 + id % 100 AS year FROM generate_series(1, 2000) id;
CREATE TABLE batch AS SELECT id, CASE WHEN id % 3 = 0 THEN 'new title ' ELSE 'title ' END || id AS title,
    CASE id WHEN 2900 THEN 100 ELSE 1 + id % 99 END AS author, 1900 + id % 100 AS year FROM generate_series(501, 3000) id;

CREATE PROCEDURE reset() LANGUAGE sql AS $$ TRUNCATE book; INSERT INTO book TABLE original $$;
CREATE FUNCTION state() RETURNS text LANGUAGE sql AS $$
    SELECT count(*) || ' rows, ' || md5(string_agg(b::text, E'\n' ORDER BY id)) FROM book b $$;
CREATE FUNCTION expected(mode text) RETURNS text LANGUAGE sql AS $$
    WITH r AS (SELECT DISTINCT ON (id) r.* FROM
            (SELECT 1 AS rank, * FROM batch UNION ALL SELECT 2, * FROM original WHERE mode <> 'sync') r ORDER BY id, rank)
    SELECT count(*) || ' rows, ' || md5(string_agg(ROW(id, title, author, year)::text, E'\n' ORDER BY id)) FROM r $$;

-- Nothing is amiss in the table and its indexes, and no stage or lock is left.
CREATE PROCEDURE sound() LANGUAGE plpgsql AS $$
DECLARE
    wrong text;
BEGIN
    PERFORM bt_index_parent_check(indexrelid, heapallindexed => true, rootdescend => true)
    FROM pg_index WHERE indrelid IN ('book'::regclass, 'author'::regclass);
    SELECT string_agg(v::text, '; ') INTO wrong FROM verify_heapam('book') v;
    IF wrong IS NULL THEN
        SELECT string_agg(oid::regclass::text, ', ') INTO wrong FROM pg_class WHERE relnamespace IN
            (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_temp') AND relname ~ 'stage';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE 'not sound: %', wrong;
    END IF;
END $$;
