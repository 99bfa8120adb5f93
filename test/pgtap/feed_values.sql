-- Values are the same whoever converts them: plain, odd and broken texts of
-- each type with a fast converter, through each step of aiodal.feed.
BEGIN;
SELECT plan(55);
SET client_min_messages = warning;
SELECT setseed(0.1504);
SELECT aiodal.version() IS NOT NULL AS loaded;

CREATE TEMP TABLE sample (line bigint PRIMARY KEY, body text);

CREATE FUNCTION pg_temp.file() RETURNS text LANGUAGE sql AS
$$ SELECT current_setting('data_directory') || '/feed_values.csv' $$;

-- What each sample becomes as a value of the type, or why it is none.
CREATE FUNCTION pg_temp.convert(step text, type text, result text) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
    EXECUTE format('SET LOCAL aiodal.feed = %I', step);
    EXECUTE format('CREATE TABLE typed (line bigint, v %s)', type);
    PERFORM aiodal.stage('typed', on_error => 'reject', name => 'converted');
    EXECUTE format('COPY converted FROM %L WITH (FORMAT csv)', pg_temp.file());
    EXECUTE format('CREATE TEMP TABLE %I AS SELECT line, v, NULL::text AS error FROM converted UNION ALL
        SELECT raw_line(raw), NULL, concat_ws('' '', column_name, sqlstate, message, value) FROM aiodal.rejects(''converted'')', result);
    DROP TABLE typed, converted;
END
$$;
CREATE FUNCTION raw_line(raw text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT split_part(raw, ',', 1)::bigint $$;

-- Samples whose outcome by the step is another one than core's; values are compared byte by byte.
CREATE FUNCTION pg_temp.differing(step text, type text) RETURNS SETOF text LANGUAGE plpgsql AS
$$
BEGIN
    DROP TABLE IF EXISTS pg_temp.wanted, pg_temp.found;
    PERFORM pg_temp.convert('core', type, 'wanted');
    PERFORM pg_temp.convert(step, type, 'found');
    IF (SELECT count(*) FROM wanted) <> (SELECT count(*) FROM sample) THEN
        RETURN NEXT 'not every sample has an outcome';
    END IF;
    RETURN QUERY SELECT format('%s: %s %s, not %s %s', s.body, f.v, f.error, w.v, w.error)
        FROM wanted w FULL JOIN found f USING (line) JOIN sample s USING (line)
        WHERE NOT coalesce(w *= f, false) LIMIT 10;
END
$$;

-- each text, and what becomes of it when one character is changed, added or left out
CREATE FUNCTION pg_temp.sample(VARIADIC texts text[]) RETURNS void LANGUAGE sql AS
$$
    TRUNCATE sample;
    INSERT INTO sample
    SELECT row_number() OVER (), body FROM (
        SELECT DISTINCT body COLLATE "C" FROM (
            SELECT unnest(texts)
            UNION ALL
            SELECT overlay(t PLACING c FROM at FOR n)
            FROM unnest(texts) t,
                LATERAL generate_series(1, least(length(t) + 1, 40)) at,
                unnest(string_to_array('0 1 5 9 - + . : , / _ T Z z t e x a F " E\t BC', ' ') || ARRAY[' ', '']) c,
                unnest(ARRAY[0, 1, 2]) n
            WHERE length(t) <= 45) changed(body)
        ORDER BY 1) sorted;
$$;

CREATE FUNCTION pg_temp.same(type text) RETURNS SETOF text LANGUAGE plpgsql AS
$$
DECLARE
    step text;
BEGIN
    EXECUTE format('COPY (SELECT line, body FROM sample) TO %L WITH (FORMAT csv)', pg_temp.file());
    FOREACH step IN ARRAY ARRAY['records'] LOOP
        RETURN NEXT is_empty(format('SELECT pg_temp.differing(%L, %L)', step, type), format('%s, %s (%s samples)', type, step, (SELECT count(*) FROM sample)));
    END LOOP;
END
$$;

-- not vacuous: the same samples give values and errors
CREATE FUNCTION pg_temp.both() RETURNS text LANGUAGE plpgsql AS
$$ BEGIN RETURN (SELECT ok(count(error) BETWEEN 1 AND count(*) - 1, 'values and errors') FROM found); END $$;

SELECT pg_temp.sample('0', '1', '-1', '+7', '32767', '32768', '-32768', '-32769', '00012', '2147483647', '2147483648', '-2147483648', '-2147483649',
    '9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '999999999999999999', '-999999999999999999',
    '1000000000000000000', '000000000000000000000000001', '0x1F', '0o17', '0b101', '1_000', '1e3', '1.0', '٣', 'one');
SELECT pg_temp.same('int2');
SELECT pg_temp.both();
SELECT pg_temp.same('int4');
SELECT pg_temp.same('int8');
SELECT pg_temp.both();
SELECT pg_temp.same('oid');

SELECT pg_temp.sample('t', 'f', 'true', 'false', 'T', 'TRUE', 'False', '0', '1', 'y', 'n', 'yes', 'no', 'on', 'off', 'of', 'o', 'tr', ' t ', '10');
SELECT pg_temp.same('bool');
SELECT pg_temp.both();

SELECT pg_temp.sample('0', '-0', '0.00', '-0.000', '.5', '5.', '.', '-.5', '+1.50', '123456789.123456789', '12345.6789', '0.0001', '1000000', '10000', '9999', '99999999',
    '0.99999', '999999999999999999', '0.999999999999999999', '1234567890123456789', '0.0000000000000000001', '100000000000000000.5', '9999999999.99', '99999999999.99',
    '10000000000.00', '9999999999.995', '1e5', '1.5e-3', 'NaN', 'Infinity', '-inf', '0x10', '1_0', '00000000000000000.1', '٣.٥', '123456', '12.34567');
INSERT INTO sample SELECT 100000 + i, CASE i % 3 WHEN 0 THEN '-' WHEN 1 THEN '' ELSE '+' END
    || left((random() * 1e9)::bigint::text || (random() * 1e9)::bigint::text, (random() * 18)::int)
    || CASE WHEN random() < 0.8 THEN '.' || left((random() * 1e9)::bigint::text, (random() * 9)::int) ELSE '' END
    FROM generate_series(1, 3000) i;
SELECT pg_temp.same('numeric');
SELECT pg_temp.both();
SELECT pg_temp.same('numeric(12,2)');
SELECT pg_temp.both();
SELECT pg_temp.same('numeric(4)');
SELECT pg_temp.same('numeric(17,17)');
SELECT pg_temp.same('numeric(18,6)');
SELECT pg_temp.same('numeric(30,10)');
SELECT pg_temp.same('numeric(3,5)');
SELECT pg_temp.same('numeric(2,-3)');

SELECT pg_temp.sample('0', '-0', '-0.0', '.5', '5.', '.', '0.1', '-0.3', '+2.675', '9007199254740992', '9007199254740993', '-9007199254740.993', '900719925474099.5',
    '16777216', '16777217', '1677721.7', '-167772.16', '0.0000000001', '0.00000000001', '0.000000000000000001', '123456789012345678', '0.1234567890123456789',
    '3.4028236e38', '1e-50', '1e400', 'NaN', '-Infinity', '0x1p3', '1_0', '33333.333333333336');
INSERT INTO sample SELECT 100000 + i, CASE i % 3 WHEN 0 THEN '-' WHEN 1 THEN '' ELSE '+' END
    || left((random() * 1e9)::bigint::text || (random() * 1e9)::bigint::text, (random() * 18)::int)
    || CASE WHEN random() < 0.8 THEN '.' || left((random() * 1e9)::bigint::text, (random() * 9)::int) ELSE '' END
    FROM generate_series(1, 5000) i;
SELECT pg_temp.same('float8');
SELECT pg_temp.both();
SELECT pg_temp.same('float4');
SELECT pg_temp.both();

SELECT pg_temp.sample('2024-02-29', '2023-02-29', '1900-02-29', '2000-02-29', '0001-01-01', '0000-01-01', '9999-12-31', '2024-04-31', '2024-00-10', '2024-13-01',
    '2024-1-2', '20240102', '01/02/2024', '01.02.2024', '2024-01-02 BC', 'infinity', 'today', '24-01-02', '2024-366', 'January 8, 1999', '12024-01-01');
SELECT pg_temp.same('date');
SELECT pg_temp.both();
SET datestyle = 'SQL, DMY';
SELECT pg_temp.same('date');
SET datestyle = 'German, YMD';
SELECT pg_temp.same('date');
RESET datestyle;

SELECT pg_temp.sample('2024-02-29 23:59:59', '2024-02-29T23:59:59.123456', '2023-02-29 00:00:00', '2024-01-01 24:00:00', '2024-01-01 23:59:60', '2024-01-01 12:34:56.1',
    '2024-01-01 12:34:56.1234567', '2024-01-01 12:34:56.999999', '2024-01-01 12:34', '2024-01-01 12:60:00', '2024-01-01 1:02:03', '0001-01-01 00:00:00', '9999-12-31 23:59:59.999999',
    '2024-01-01 12:34:56 AM', '2024-01-01 12:34:56 BC', '2024-01-01  12:34:56', '2024-01-01 12:34:56.', 'infinity', 'now', 'epoch',
    '2024-02-29 23:59:59+00', '2024-02-29 23:59:59.5-08', '2024-02-29 23:59:59+05:30', '2024-02-29T23:59:59Z', '2024-02-29T23:59:59.25z', '2024-02-29 23:59:59+15:59',
    '2024-02-29 23:59:59-16', '2024-02-29 23:59:59+14:00', '2024-02-29 23:59:59+0530', '2024-02-29 23:59:59+05:30:15', '2024-02-29 23:59:59 UTC', '2024-02-29 23:59:59 Europe/Berlin',
    '2024-03-31 02:30:00', '0001-01-01 00:00:00+15', '9999-12-31 23:59:59-15');
SELECT pg_temp.same('timestamp');
SELECT pg_temp.both();
SELECT pg_temp.same('timestamptz');
SELECT pg_temp.both();
SELECT pg_temp.same('timestamp(3)');
SELECT pg_temp.same('timestamptz(0)');
SET datestyle = 'SQL, DMY';
SET timezone = 'Europe/Berlin';
SELECT pg_temp.same('timestamp(6)');
SELECT pg_temp.same('timestamptz');
SET datestyle = 'Postgres, YMD';
SET timezone = '-05:30';
SELECT pg_temp.same('timestamptz(2)');
SELECT pg_temp.same('time');
RESET datestyle;
RESET timezone;

SELECT pg_temp.sample('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', 'a0eebc999c0b4ef8bb6d6bb9bd380a11',
    'a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11', 'g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1', '@0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d--bb9bd380a11');
SELECT pg_temp.same('uuid');
SELECT pg_temp.both();

SELECT pg_temp.sample('', ' ', 'x', 'abc', 'abcd', 'abcde', 'abc   ', 'äöü', 'äöüß', 'äöüßä', '日本語', '日本語版', '日本語 ', '\N', '\.', 'tab	and "quote"', E'line\nend', repeat('ä', 3000), repeat('x', 3000));
SELECT pg_temp.same('text');
SELECT pg_temp.same('varchar');
SELECT pg_temp.same('varchar(4)');
SELECT pg_temp.both();
SELECT pg_temp.same('varchar(3000)');
SELECT pg_temp.same('char(4)');
SELECT pg_temp.same('name');

-- a domain's own checks, whatever it is a domain over
CREATE DOMAIN small AS int4 CHECK (value < 100);
CREATE DOMAIN short AS text CHECK (length(value) < 3) NOT NULL;
SELECT pg_temp.sample('1', '99', '100', '-5', '2147483648', '', 'ab', 'abc');
SELECT pg_temp.same('small');
SELECT pg_temp.both();
SELECT pg_temp.same('short');
SELECT pg_temp.both();

-- JSON by hand, changed in one place, and at random
CREATE FUNCTION pg_temp.random_json(depth int) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
    blank text := (ARRAY['', '', '', ' ', E'\n\t'])[1 + floor(random() * 5)::int];
    kind int := floor(random() * CASE WHEN depth > 0 THEN 10 ELSE 6 END)::int;
    inner_text text;
BEGIN
    IF kind = 0 THEN
        RETURN blank || (ARRAY['true', 'false', 'null'])[1 + floor(random() * 3)::int] || blank;
    ELSIF kind < 3 THEN
        RETURN blank || (ARRAY['', '-'])[1 + floor(random() * 2)::int] || floor(10 ^ (random() * 20))::numeric
            || (ARRAY['', '', '.0', '.5', '.001230', '.123456789', 'e3', 'E-2'])[1 + floor(random() * 8)::int] || blank;
    ELSIF kind < 6 THEN
        RETURN blank || to_json((ARRAY['', 'a', 'b', 'aa', 'ab', 'ä', '日本', 'a "b"', 'two words', E'\t', repeat('long', 50)])[1 + floor(random() * 11)::int]) || blank;
    ELSIF kind < 8 THEN
        SELECT string_agg(pg_temp.random_json(depth - 1), ',') INTO inner_text FROM generate_series(1, floor(random() * 6)::int);
        RETURN blank || '[' || blank || coalesce(inner_text, '') || ']' || blank;
    END IF;
    SELECT string_agg(blank || to_json((ARRAY['', 'a', 'b', 'c', 'aa', 'ab', 'ba', 'ä', 'key', 'keys'])[1 + floor(random() * 10)::int]) || blank || ':' || pg_temp.random_json(depth - 1), ',')
    INTO inner_text FROM generate_series(1, floor(random() * 6)::int);
    RETURN blank || '{' || blank || coalesce(inner_text, '') || '}' || blank;
END
$$;

SELECT pg_temp.sample('{"a": 1, "b": [true, null, -2.50]}', '[[], {}, "x", 0, -0, 1e3, 01, .5, 5.]', '{"a":1,"a":{"b":2},"a":"3"}', '"text"', '17', '-0.00', 'true', 'nul', '{"a":"\u00e4\n"}', '[1,2',
    '', ' ', '[]', '{}', ' [ ] ', '{ }', '[,]', '{"a"}', '{"a":}', '{1:2}', '[1 2]', '[1]]', 'truex', '"a', E'"a\tb"', '[0.123456789012345678, 123456789012345678, 1234567890123456789, 0.1234567890123456789, 12345678901.12345678]',
    '{"aa":1,"b":2,"":3,"ab":4,"a":5}', '{"ä":"日本"}', '"' || repeat('x', 3000) || '"', repeat('[', 31) || repeat(']', 31), repeat('[', 32) || repeat(']', 32), repeat('[', 33) || repeat(']', 33), repeat('[', 40) || '1' || repeat(']', 40));
-- around the number of entries that have ends instead of lengths, and of values that are read
INSERT INTO sample
SELECT 1000000 + 10 * n + m, CASE m WHEN 0 THEN array_to_json(a)::text WHEN 1 THEN (SELECT json_object_agg(i, i * i)::text FROM unnest(a) i) WHEN 2 THEN (SELECT json_agg(repeat('x', i % 5))::text FROM unnest(a) i) ELSE
    (SELECT '{' || string_agg(format('"k%s": [%s, "%s"]', i % 40, i, repeat('y', i % 4)), ', ') || '}' FROM unnest(a) i) END
FROM (SELECT n, (SELECT array_agg(i) FROM generate_series(1, n) i) AS a FROM unnest(ARRAY[31, 32, 33, 63, 64, 65, 66, 84, 85, 86, 127, 128, 129, 254, 255, 256, 257, 1000]) n) arrays, generate_series(0, 3) m;
INSERT INTO sample SELECT 2000000 + i, pg_temp.random_json(4) FROM generate_series(1, 4000) i;
INSERT INTO sample SELECT line + 1000000, overlay(body PLACING (string_to_array('{ } [ ] " , : 0 1 - . e \ t x', ' ') || ARRAY[' '])[1 + floor(random() * 16)::int]
    FROM 1 + floor(random() * length(body))::int FOR floor(random() * 2)::int) FROM sample WHERE line > 2000000;
SELECT pg_temp.same('jsonb');
SELECT pg_temp.both();
SELECT pg_temp.same('json');
SELECT pg_temp.both();

-- what no converter knows
SELECT pg_temp.same('int4[]');
SELECT pg_temp.same('bytea');

SELECT * FROM finish();
ROLLBACK;
