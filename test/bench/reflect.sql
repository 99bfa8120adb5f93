-- A schema of :n tables of 10 columns and :n / 10 views, as the reflect bench
-- reads it: identity primary key, unique constraint, a chain of foreign keys, a descending
-- and a partial index, checks, comments, an enum, a domain, an array, jsonb.

\set ON_ERROR_STOP on
SET synchronous_commit = off;

CREATE EXTENSION aiodal;
CREATE TYPE status AS ENUM ('draft', 'active', 'gone');
CREATE DOMAIN email AS varchar(320) CHECK (VALUE LIKE '%@%');

SELECT set_config('bench.n', :'n', false);

DO $do$
BEGIN
    FOR i IN 1..current_setting('bench.n')::integer LOOP
        EXECUTE format($$
CREATE TABLE t_%1$s (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL,
    parent_id bigint REFERENCES t_%2$s ON DELETE CASCADE,
    status status NOT NULL DEFAULT 'draft',
    email email,
    tags text[] NOT NULL DEFAULT '{}',
    data jsonb,
    price numeric(12,2) DEFAULT 0.00,
    created_at timestamptz NOT NULL DEFAULT now(),
    note varchar(200),
    UNIQUE (code, parent_id),
    CHECK (price >= 0),
    CHECK (length(code) > 0 AND code <> 'x')
);
CREATE INDEX ON t_%1$s (created_at DESC, id);
CREATE INDEX ON t_%1$s (status) WHERE note IS NOT NULL;
COMMENT ON TABLE t_%1$s IS 'table number %1$s';
COMMENT ON COLUMN t_%1$s.code IS 'what people call it';
COMMENT ON COLUMN t_%1$s.price IS 'in euros'$$, i, greatest(i - 1, 1));
        IF i % 10 = 0 THEN
            EXECUTE format($$CREATE VIEW v_%s AS
SELECT a.id, a.code, b.status, a.price * 2 AS twice, coalesce(a.note, 'none') AS note
FROM t_%1$s AS a JOIN t_%2$s AS b ON b.id = a.parent_id WHERE a.price > 1$$, i, i - 1);
        END IF;
        IF i % 100 = 0 THEN
            COMMIT;
        END IF;
    END LOOP;
END
$do$;

VACUUM (ANALYZE) pg_class, pg_attribute, pg_attrdef, pg_constraint, pg_index, pg_depend, pg_description, pg_type,
    pg_sequence, pg_rewrite, pg_trigger;
CHECKPOINT;
