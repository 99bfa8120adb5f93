-- Bad rows that the direct path sets aside: all kinds of them, in batches small and large, are the ones that plain
-- SQL finds, and the same is told of them.
SELECT plan(22);

CREATE TABLE parent (a int, b text, PRIMARY KEY (a, b));
INSERT INTO parent SELECT a, b FROM generate_series(1, 3) a, unnest('{x,y}'::text[]) b;
CREATE FUNCTION reciprocal(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 1000 / n; END $$;

-- The results of a merge of "batch" (columns of t) by one path, which is undone: path, counts, the table, the bad rows.
CREATE FUNCTION outcome(path text, mode text, on_duplicate text, max_rejects bigint) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    m aiodal.merge_result;
    result text[];
BEGIN
    PERFORM set_config('aiodal.path', path, true);
    PERFORM aiodal.stage('t', on_error => 'reject', max_rejects => max_rejects);
    INSERT INTO t_stage SELECT * FROM batch;
    m := aiodal.merge('t_stage', mode => mode, on_duplicate => on_duplicate);
    result := ARRAY[m.path, ROW(m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.deleted, m.duplicates, m.rejected)::text,
                    (SELECT string_agg(t::text, E'\n' ORDER BY t::text) FROM t),
                    (SELECT string_agg(r::text, E'\n' ORDER BY r::text) FROM aiodal.rejects('t_stage') r)];
    RAISE SQLSTATE 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN result;
WHEN OTHERS THEN
    RETURN ARRAY['failed', SQLERRM, NULL, (SELECT string_agg(r::text, E'\n' ORDER BY r::text) FROM aiodal.rejects() r)];
END $$;

-- path and rejected as expected, all else the same by SQL
CREATE FUNCTION agrees(path text, counts text, description text, mode text DEFAULT 'upsert', on_duplicate text DEFAULT 'error',
                       max_rejects bigint DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    direct text[] := outcome('auto', mode, on_duplicate, max_rejects);
    by_sql text[] := outcome('sql', mode, on_duplicate, max_rejects);
BEGIN
    RETURN is(direct, ARRAY[path, counts] || by_sql[3:4], description);
END $$;

-- constraints, in one table
CREATE TABLE t (id int PRIMARY KEY, a int, b text, n int CHECK (reciprocal(n) > 10), sku text UNIQUE NOT NULL, made date DEFAULT '2024-01-01',
                g int GENERATED ALWAYS AS (reciprocal(n)) STORED, FOREIGN KEY (a, b) REFERENCES parent);
CREATE UNIQUE INDEX ON t (lower(b), n) WHERE a = 3;
INSERT INTO t VALUES (1, 1, 'x', 1, 'one'), (2, 2, 'y', 2, 'two'), (3, 3, 'x', 3, 'three');
CREATE TABLE batch (id int, a int, b text, n int, sku text, made date);
INSERT INTO batch VALUES
    (1, 1, 'x', 1, 'one', NULL),           -- updated: made
    (2, 2, 'z', 2, 'two', NULL),           -- no such parent
    (3, 3, NULL, 200, 'three', NULL),      -- check
    (4, 1, 'x', 0, 'four', NULL),          -- check raises
    (5, 1, 'x', 5, NULL, NULL),            -- not null
    (6, 1, 'x', 5, 'two', NULL),           -- other unique key of the table
    (7, 1, 'x', 5, 'seven', '2020-02-02'), -- inserted
    (8, 1, 'x', 5, 'seven', NULL),         -- other unique key of the batch
    (9, 3, 'x', 3, 'nine', NULL),          -- partial unique index
    (10, 3, 'y', 3, 'ten', NULL),          -- inserted
    (10, 3, 'y', 4, 'ten', NULL),          -- twice
    (NULL, 3, 'y', 4, 'null', NULL),       -- not null
    (11, 9, 'x', 5, 'one', NULL),          -- two faults
    (12, NULL, 'q', 5, 'twelve', NULL);    -- inserted: no parent is asked for
SELECT agrees('direct', '(14,3,1,0,0,0,0,10)', 'each kind of bad row');
SELECT agrees('direct', '(14,3,1,0,0,0,1,9)', 'duplicates are left out', on_duplicate => 'first');
SELECT agrees('direct', '(14,3,1,0,0,0,1,9)', 'or the ones before the last', on_duplicate => 'last');
SELECT agrees('direct', '(14,0,1,0,10,0,0,3)', 'mode update looks at rows that are there', 'update');
SELECT agrees('direct', '(14,3,0,0,3,0,0,8)', 'mode ignore at the others', 'ignore');
SELECT agrees('direct', '(14,3,0,0,0,0,0,11)', 'mode insert at all', 'insert');
SELECT agrees('direct', '(14,3,1,0,0,0,0,10)', 'mode sync deletes no row of the batch', 'sync');
SELECT agrees('failed', 'more than 9 rows were rejected', 'one too many', max_rejects => 9);
SELECT agrees('direct', '(14,3,1,0,0,0,0,10)', 'as many as are allowed', max_rejects => 10);

-- unique keys that change hands
TRUNCATE batch;
INSERT INTO batch VALUES (1, 1, 'x', 1, 'uno', NULL), (2, 2, 'y', 2, 'three', NULL), (3, 3, 'x', 3, 'tres', NULL);
SELECT is((outcome('auto', 'upsert', 'error', NULL))[1:2], '{direct,"(3,0,2,0,0,0,0,1)"}', 'a row cannot have a key that is still another one''s');
TRUNCATE batch;
INSERT INTO batch VALUES (3, 3, 'x', 3, 'tres', NULL), (4, 2, 'y', 2, 'three', NULL);
SELECT agrees('direct', '(2,1,1,0,0,0,0,0)', 'a key that was given up is free');

-- a first row that is set aside leaves its key to the next one, and so on, across batches
TRUNCATE batch;
INSERT INTO batch SELECT i, 1, 'x', CASE WHEN i % 10 = 0 THEN 0 ELSE 5 END, 'sku' || i, NULL FROM generate_series(4, 3003) i;
INSERT INTO batch SELECT i, 1, CASE WHEN i % 100 = 0 THEN 'q' ELSE 'x' END, 5, 'again' || i, NULL FROM generate_series(4, 3003) i WHERE i % 5 = 0;
INSERT INTO batch SELECT i, 1, 'x', 5, 'third' || i, NULL FROM generate_series(4, 3003) i WHERE i % 50 = 0;
SELECT agrees('direct', '(3660,3000,0,0,0,0,0,660)', 'rows of a key follow one another when they are set aside');
SELECT agrees('direct', '(3660,3000,0,0,0,0,330,330)', 'or are left out', on_duplicate => 'first');
SELECT agrees('direct', '(3660,0,0,0,3000,0,660,0)', 'mode update leaves them out, too', 'update', 'first');

-- triggers judge rows when all are written: only SQL tells which is at fault
CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.n = 7 THEN
        RAISE 'no sevens';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER object AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION object();
TRUNCATE batch;
INSERT INTO batch VALUES (4, 1, 'x', 7, 'four', NULL), (5, 1, 'x', 5, 'five', NULL), (6, 1, 'x', 0, 'six', NULL), (5, 1, 'x', 6, 'five', NULL);
SELECT agrees('sql', '(4,1,0,0,0,0,0,3)', 'a trigger''s error sends the merge by SQL');
SELECT is((outcome('direct', 'upsert', 'error', NULL))[2], 'cannot merge into "t" by the direct path', 'which the setting may forbid');
DELETE FROM batch WHERE n = 7;
SELECT agrees('direct', '(3,1,0,0,0,0,0,2)', 'a trigger that has nothing to say does not');
TRUNCATE batch;
INSERT INTO batch VALUES (1, 1, 'x', 1, 'uno', NULL), (2, 2, 'y', 2, 'dos', NULL), (3, 3, 'x', 3, 'tres', NULL), (4, 1, 'x', 0, 'four', NULL);
SELECT agrees('direct', '(4,0,3,0,0,0,0,1)', 'nor where unique keys change');
DROP TRIGGER object ON t;

-- a parent that is the table's own
ALTER TABLE t ADD child_of int REFERENCES t;
ALTER TABLE batch ADD child_of int;
TRUNCATE batch;
INSERT INTO batch VALUES (4, 1, 'x', 5, 'four', NULL, 6), (5, 1, 'x', 5, 'five', NULL, 99), (6, 1, 'x', 5, 'six', NULL, 1);
SELECT agrees('sql', '(3,2,0,0,0,0,0,1)', 'a parent that is missing in the table itself');
DELETE FROM batch WHERE id = 5;
SELECT agrees('direct', '(2,2,0,0,0,0,0,0)', 'or comes in the batch');
ALTER TABLE t DROP child_of;
ALTER TABLE batch DROP child_of;

-- an error that is no row's fault
CREATE FUNCTION break() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE 'XX000' USING MESSAGE = 'broken'; END $$;
ALTER TABLE t ADD CONSTRAINT breaks CHECK (n <> 6 OR break());
TRUNCATE batch;
INSERT INTO batch VALUES (4, 1, 'x', 6, 'four', NULL), (5, 1, 'x', 5, 'five', NULL);
SELECT agrees('failed', 'broken', 'an internal error fails the load');
ALTER TABLE t DROP CONSTRAINT breaks;

-- what is told of a row that is not as the stage has it
TRUNCATE batch;
INSERT INTO batch VALUES (4, 1, E'a "b\\, (c)\t', 5, '', '0001-01-01 BC'), (5, 9, '', 5, 'five', 'infinity');
SELECT agrees('direct', '(2,0,0,0,0,0,0,2)', 'rows are told as PostgreSQL writes them');
SELECT * FROM finish();
