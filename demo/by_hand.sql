-- What "aiodal load FILE vendor --on-duplicate last" does, written by hand:
-- of a prefix given twice the last line counts, and rows that are equal to the
-- table's are left alone. It counts nothing, and does not know of other tables.
\set ON_ERROR_STOP on

BEGIN;

CREATE TEMP TABLE vendor_by_hand (
    line     bigint GENERATED ALWAYS AS IDENTITY,
    prefix   varchar(6),
    registry text,
    name     text,
    address  text
) ON COMMIT DROP;

\copy vendor_by_hand (registry, prefix, name, address) FROM pstdin WITH (FORMAT csv, HEADER)

INSERT INTO vendor AS v (prefix, registry, name, address)
SELECT DISTINCT ON (prefix) prefix, registry, name, address
FROM vendor_by_hand
ORDER BY prefix, line DESC
ON CONFLICT (prefix) DO UPDATE
SET registry = EXCLUDED.registry, name = EXCLUDED.name, address = EXCLUDED.address
WHERE (v.registry, v.name, v.address) IS DISTINCT FROM (EXCLUDED.registry, EXCLUDED.name, EXCLUDED.address);

COMMIT;
