-- What test/stress/merge_writers.t works on: a table of accounts that pgbench writes and others merge into.
CREATE EXTENSION aiodal;
CREATE EXTENSION amcheck;

-- The rows that each transaction said it wrote, and those that triggers saw.
CREATE TABLE said (xid xid8 DEFAULT pg_current_xact_id(), who text, inserted bigint, updated bigint, deleted bigint);
CREATE TABLE seen (xid xid8 DEFAULT pg_current_xact_id(), inserted int, updated int, deleted int, balance int);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO seen (inserted, updated, deleted, balance) VALUES ((TG_OP = 'INSERT')::int, (TG_OP = 'UPDATE')::int, (TG_OP = 'DELETE')::int,
        CASE WHEN TG_OP <> 'DELETE' THEN NEW.balance ELSE 0 END - CASE WHEN TG_OP <> 'INSERT' THEN OLD.balance ELSE 0 END);
    RETURN NULL;
END $$;

-- sku is unique as long as it tells the id
CREATE TABLE owner (id int PRIMARY KEY, v int);
INSERT INTO owner SELECT generate_series(1, 20), 0;
CREATE TABLE account (id int PRIMARY KEY, sku text UNIQUE NOT NULL, owner int NOT NULL REFERENCES owner, balance int NOT NULL DEFAULT 0,
    CHECK (sku LIKE id || '/%'));
CREATE INDEX ON account (owner, balance);
CREATE UNIQUE INDEX ON account ((id % 1000), (id / 1000)) WHERE balance % 2 = 0;
CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE ON account FOR EACH ROW EXECUTE FUNCTION see();

-- Batch n of 8: ids of a window, the half of which the next batch has, too.
CREATE FUNCTION batch(n int, variant int) RETURNS TABLE (id int, sku text, owner int, balance int) LANGUAGE sql AS $$
    SELECT i, i || '/' || (i * variant) % 3, 1 + i % 20, (i * variant) % 5 FROM generate_series(n * 200, n * 200 + 399) i $$;
DO $$
BEGIN
    FOR n IN 1 .. 8 LOOP
        EXECUTE format('CREATE TABLE batch_%s AS SELECT * FROM batch(%1$s, %1$s) ORDER BY %s', n, CASE n % 3 WHEN 0 THEN 'id' WHEN 1 THEN '-id' ELSE 'md5(id::text)' END);
    END LOOP;
END $$;

CREATE PROCEDURE give_key(old int, new int) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE account SET id = new, sku = new || '/key' WHERE id = old;
    INSERT INTO said (who, updated) SELECT 'key', 1 WHERE FOUND;
EXCEPTION WHEN unique_violation THEN
    NULL;
END $$;

-- ON CONFLICT takes one index for the key; on others it may fail where another session inserts the same row at the
-- same time. That is PostgreSQL's, so it is tried again.
CREATE FUNCTION merge_by_sql(n int) RETURNS aiodal.merge_result LANGUAGE plpgsql SET aiodal.path = 'sql' AS $$
DECLARE
    counts aiodal.merge_result;
BEGIN
    FOR try IN 1 .. 20 LOOP
        BEGIN
            SELECT * INTO counts FROM aiodal.merge(format('batch_%s', n)::regclass, 'account');
            RETURN counts;
        EXCEPTION WHEN unique_violation THEN
            CONTINUE WHEN try < 20;
            RAISE;
        END;
    END LOOP;
END $$;

CREATE PROCEDURE sound() LANGUAGE plpgsql AS $$
DECLARE
    wrong text;
BEGIN
    PERFORM bt_index_parent_check(indexrelid, heapallindexed => true, rootdescend => true) FROM pg_index WHERE indrelid IN ('account'::regclass, 'owner'::regclass);
    SELECT string_agg(v::text, '; ') INTO wrong FROM verify_heapam('account') v;
    IF wrong IS NOT NULL THEN
        RAISE 'not sound: %', wrong;
    END IF;
END $$;
