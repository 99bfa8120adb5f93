-- What test/stress/merge_decoded.t decodes: two equal tables, one merged into and one written by plain statements.
CREATE EXTENSION aiodal;

-- long, and nothing that compression makes short
CREATE FUNCTION long(seed text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT string_agg(md5(seed || i), '') FROM generate_series(1, 100) i $$;

CREATE TABLE original AS SELECT id, 'sku ' || id AS sku, 'v ' || id % 7 AS v, long(id::text) AS big FROM generate_series(1, 1500) id;
-- Of the rows it finds, it leaves some as they are, changes a short or a long value or both, or gives up a
-- value; every 100th has another sku.
CREATE TABLE batch AS SELECT id, CASE WHEN id % 100 = 0 THEN 'new sku ' ELSE 'sku ' END || id AS sku,
    CASE id % 5 WHEN 0 THEN 'changed' WHEN 1 THEN NULL ELSE 'v ' || id % 7 END AS v,
    CASE id % 3 WHEN 0 THEN long(id || 'new') WHEN 1 THEN long(id::text) ELSE NULL END AS big
FROM generate_series(501, 2500) id ORDER BY md5(id::text);

-- plain.t as it is after a merge, made by plain statements of the same rows
CREATE PROCEDURE write_plainly(mode text) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE plain.t SET sku = b.sku, v = b.v, big = CASE WHEN t.big IS DISTINCT FROM b.big THEN b.big ELSE t.big END
    FROM batch b WHERE t.id = b.id AND (t.sku, t.v, t.big) IS DISTINCT FROM (b.sku, b.v, b.big);
    INSERT INTO plain.t (id, sku, v, big) SELECT * FROM batch b WHERE NOT EXISTS (SELECT FROM plain.t WHERE t.id = b.id);
    IF mode = 'sync' THEN
        DELETE FROM plain.t WHERE NOT EXISTS (SELECT FROM batch b WHERE t.id = b.id);
    END IF;
END $$;
