-- The rows of the bulk bench: functions that make row a to row b of a narrow and of a
-- wide table, and those tables, empty.

\set ON_ERROR_STOP on

CREATE TABLE narrow (id bigint NOT NULL, sku text NOT NULL, name text NOT NULL, price numeric(12,2),
    ts timestamptz, flag boolean, payload jsonb);

CREATE FUNCTION mk_narrow(a bigint, b bigint) RETURNS SETOF narrow LANGUAGE sql AS $$
SELECT i,
    'BK-' || upper(substr(md5(i::text), 1, 14)),
    'Book title number ' || i || ' ' || substr(md5((i * 7)::text), 1, 8),
    (((i * 7919) % 1000000) / 100.0)::numeric(12,2),
    timestamptz '2020-01-01 00:00:00+00' + (i % 100000000) * interval '1.001 second',
    i % 3 = 0,
    jsonb_build_object('lang', (ARRAY['en', 'de', 'fr', 'sv'])[1 + i % 4], 'pages', 100 + i % 900, 'tag', 't' || (i % 1000))
FROM generate_series(a, b) AS i $$;

-- 61 columns, about 900 bytes a row
DO $do$
DECLARE
    declared text;
    made text;
BEGIN
    SELECT string_agg(format('a%s text, b%1$s integer, price%1$s numeric(14,4), d%1$s timestamptz, e%1$s double precision, f%1$s text', k), ', ' ORDER BY k),
        string_agg(format($$substr(md5((i * %s)::text), 1, 12), ((i * %1$s) %% 1000003)::integer, ((i * %1$s) %% 7919 / 16.0)::numeric(14,4),
            timestamptz '2021-01-01 00:00:00+00' + (i %% 31536000 + %1$s) * interval '1 second', i / %1$s.0::double precision,
            'word ' || (i * %1$s) %% 1000$$, k), ', ' ORDER BY k)
    INTO declared, made
    FROM generate_series(1, 10) AS k;
    EXECUTE format('CREATE TABLE wide (id bigint NOT NULL, %s)', declared);
    EXECUTE format('CREATE FUNCTION mk_wide(a bigint, b bigint) RETURNS SETOF wide LANGUAGE sql AS %L',
        format('SELECT i, %s FROM generate_series(a, b) AS i', made));
END
$do$;

-- one in sixteen, all over: the keys of a small batch into a large table
CREATE FUNCTION is_sampled(id bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS
    $$ SELECT hashint8extended(id, 7) & 15 = 0 $$;

-- what tells two tables of the same rows from others
CREATE TYPE digest AS (rows bigint, hash numeric);

CREATE EXTENSION aiodal;
