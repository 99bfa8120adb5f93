-- Records give the same rows, errors and rejects whoever takes them apart: the
-- steps of aiodal.feed on files made by hand and on random ones.
BEGIN;
SELECT plan(45);
SET client_min_messages = warning;
SELECT setseed(0.2511);
SELECT aiodal.version() IS NOT NULL AS loaded;

CREATE TABLE book (gone int, a text, b text DEFAULT 'b', n int DEFAULT 7, c text, CHECK (n <> 13));
ALTER TABLE book DROP gone;
CREATE TABLE one (a text);
CREATE TABLE none ();

CREATE FUNCTION pg_temp.file() RETURNS text LANGUAGE sql AS
$$ SELECT current_setting('data_directory') || '/feed_records.csv' $$;

CREATE FUNCTION pg_temp.write(content bytea) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    lo oid := lo_from_bytea(0, content);
BEGIN
    PERFORM lo_export(lo, pg_temp.file());
    PERFORM lo_unlink(lo);
END
$$;

-- The stages that files are loaded into, each load undone at once: new ones from time to time, as each keeps a list of its loads.
CREATE FUNCTION pg_temp.restage(target text) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
    DROP TABLE IF EXISTS staged_stop, staged_reject;
    PERFORM aiodal.stage(target, name => 'staged_stop'), aiodal.stage(target, name => 'staged_reject', on_error => 'reject');
END
$$;

-- All that can be seen of a COPY of the file into a stage.
CREATE FUNCTION pg_temp.outcome(step text, options text, on_error text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
    stage text := 'staged_' || on_error;
    rows text;
    rejects text;
    err text;
    message text;
    detail text;
    hint text;
    context text;
BEGIN
    PERFORM set_config('aiodal.feed', step, true);
    BEGIN
        EXECUTE format('COPY %I %s', stage, replace(options, 'FILE', quote_literal(pg_temp.file())));
        EXECUTE format('SELECT string_agg(row_to_json(s)::text, E''\n'' ORDER BY ctid) FROM %I s', stage) INTO rows;
        SELECT string_agg((to_jsonb(r) - 'input')::text, E'\n') FROM aiodal.rejects() r INTO rejects;
        RAISE EXCEPTION USING ERRCODE = 'P0099';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS err = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
            hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
        IF err = 'P0099' THEN
            RETURN concat_ws(E'\n', 'rows:', rows, 'rejects:', rejects);
        END IF;
        RETURN concat_ws(E'\n', 'error:', err, message, detail, hint, regexp_replace(context, E'SQL statement .*', ''));
    END;
END
$$;

CREATE FUNCTION pg_temp.steps() RETURNS text[] LANGUAGE sql AS $$ SELECT ARRAY['fields', 'records'] $$;

-- What differs from core's outcome; seen counts outcomes by their kind.
CREATE TEMP TABLE seen (kind text);
CREATE FUNCTION pg_temp.differing(options text, content bytea) RETURNS SETOF text LANGUAGE plpgsql AS
$$
DECLARE
    on_error text;
    step text;
    wanted text;
    found text;
BEGIN
    PERFORM pg_temp.write(content);
    FOREACH on_error IN ARRAY ARRAY['stop', 'reject'] LOOP
        wanted := pg_temp.outcome('core', options, on_error);
        INSERT INTO seen VALUES (split_part(wanted, ':', 1));
        FOREACH step IN ARRAY pg_temp.steps() LOOP
            found := pg_temp.outcome(step, options, on_error);
            IF found IS DISTINCT FROM wanted THEN
                RETURN NEXT format(E'%s %s %s, %s:\n%s\nnot:\n%s', convert_from(replace(content::text, '\x', '')::bytea, 'UTF8'), options, on_error, step, found, wanted);
            END IF;
        END LOOP;
    END LOOP;
END
$$;

CREATE FUNCTION pg_temp.same(name text, target text, options text, VARIADIC contents text[]) RETURNS text LANGUAGE sql AS
$$
    SELECT pg_temp.restage(target);
    SELECT is(string_agg(d, E'\n'), NULL, name)
    FROM unnest(contents) content LEFT JOIN LATERAL pg_temp.differing(options, convert_to(content, 'UTF8')) d ON true
$$;

-- n files of up to size pieces each
CREATE FUNCTION pg_temp.same_random(target text, options text, pieces text[], n int, size int) RETURNS text LANGUAGE sql AS
$$
    SELECT pg_temp.restage(target);
    SELECT is(string_agg(d, E'\n'), NULL, format('%s random files: %s', n, options))
    FROM (SELECT string_agg(pieces[1 + floor(random() * cardinality(pieces))::int], '') AS content
          FROM generate_series(1, n) file, generate_series(1, 1 + (file * 7919) % size) piece GROUP BY file) f
        LEFT JOIN LATERAL pg_temp.differing(options, convert_to(content, 'UTF8')) d ON true
$$;

-- the content at each place where it crosses the ends of what is read at once: behind a record that fills what is in front of it
CREATE FUNCTION pg_temp.same_at_edges(options text, end_of_line text, VARIADIC contents text[]) RETURNS text LANGUAGE sql AS
$$
    SELECT pg_temp.restage('book');
    SELECT is(string_agg(DISTINCT regexp_replace(d, '^(66)+', ''), E'\n'), NULL, format('at the edges of the buffer: %s %s', options, to_json(contents)))
    FROM unnest(contents) content,
        unnest(ARRAY[65536, 131056, 131071]) edge,
        generate_series(edge - length(content) - 1, edge) at
        LEFT JOIN LATERAL pg_temp.differing(options || ' WHERE length(a) < 50000', convert_to(repeat('f', at - length(end_of_line)) || end_of_line || content, 'UTF8')) d ON true
$$;

SELECT pg_temp.same('csv', 'book', 'FROM FILE (FORMAT csv)',
    E'1,2,3,4\n', E'1,2,3,4', '', E'\n', E'1,2,3\n', E'1,2,3,4,5\n', E'1,2,x,4\n', E'1,2,,4\r\n,,,\r\n', E'1,2,3,4\r5,6,7,8\r',
    E'1,"2,2",3,4\n', E'"a""b",,5,"\n"\n"x"y,"p"q"r",1,\n', E'"a,b\n1,2,3,4\n', E'1,2,3,4\r\n1,2,3,4\n', E'1,2,3,4\n1,2,3,4\r\n', E'1,2,3,4\r1,2,3,4\n',
    E'"\r\n",2,3,4\r\n"\n",2,x,4\r\n"\r",2,3,4\r\n', E'a,"",3,""\n"",,1,"""\n', E'\\.\n', E'1,2,3,4\n\\.\n5,6,7,8\n', E'\\.x,2,3,4\n', E'1,2,3,4\n\\.',
    E'a,b,13,d\n', E'ä,日本,3,ß\n', repeat(E'long,"li""ne",1,x\n', 9000), repeat('x', 70000) || E',2,3,4\n1,2,3,4\n', E'1,"' || repeat(E'y\n', 70000) || E'",z,4\n1,2,3,4,5\n');
SELECT pg_temp.same('csv of one column', 'one', 'FROM FILE (FORMAT csv)', E'1\n\n"x"\n', E'\\.\n2\n', E'1\n\\.\n2\n3', E'1\n\\.', E'1,2\n', E'""\n', E'"\n');
SELECT pg_temp.same('csv of no column', 'none', 'FROM FILE (FORMAT csv)', '', E'\n', E'\n\n', E'x\n');
SELECT pg_temp.same('text', 'book', 'FROM FILE',
    E'1\t2\t3\t4\n', E'1\t2\t3\t4', '', E'\n', E'1\t2\n', E'1\t2\t3\t4\t5\n', E'\\N\t\\N\t\\N\t\\N\n', E'a\\tb\ta\\\\b\t\\x31\\062\t\\b\\f\\n\\r\\t\\v\\q\n',
    E'a\\\nb\t2\tx\t4\n1\t2\t3\t4\n', E'1\t2\t3\t4\r\n5\t6\t7\t8\r\n', E'1\t2\t3\t4\r\n5\t6\t7\t8\n', E'1\t2\t3\t4\n5\t6\t7\t8\r\n', E'1\t2\t3\t4\n\\.\nrest\n', E'1\t2\t3\t4\\.\nrest\n',
    E'1\t2\t3\t4\n\\.x\n', E'1\t2\t3\t4\r\n\\.\n', E'1\t2\t3\t4\n\\.\r\n', E'\\xff\t2\t3\t4\n1\t2\t3\t4\n', E'\\0\t2\t3\t4\n', E'\\xc3\\xa4\t\\303\\244\t3\t\\x4\n', E'1\t2\t3\t4\\',
    E'\\N1\tN\t3\t\\\\N\n', E'ä\t日本\t3\tß\n', repeat(E'long\tli\\tne\t1\tx\n', 9000), repeat('x', 70000) || E'\t2\t3\t4\n1\t2\t3\t4\n', E'\\');
SELECT pg_temp.same('header', 'book', 'FROM FILE (FORMAT csv, HEADER)',
    E'c,a\n1,2\n', E'n\nx\n1\n13\n', E'n\r\n5\r\n6\n', E'n\r5\r\\.\r6', E'"a\nb"\n1\n', E'a,n\n1\n', E'a,n\n1,2,3\n', E'n\n\n', E'a\n\n""\n', '', E'n\n', E'x\n1\n');
SELECT pg_temp.same('columns', 'book', '(n, a) FROM FILE (FORMAT csv, HEADER)', E'q,r\n1,2\n,\n', E'q\n1\n');
SELECT pg_temp.same('header of text', 'book', 'FROM FILE (HEADER)', E'n\ta\n1\t2\n\\N\t\\N\nx\tx\n', E'n\r\n1\r\n');
SELECT pg_temp.same('where', 'book', 'FROM FILE (FORMAT csv) WHERE n > 3', E'1,2,3,4\n1,2,4,4\n1,2,,4\n1,2,x,4\n');
SELECT pg_temp.same('forced values', 'book', 'FROM FILE (FORMAT csv, NULL ''nil'', FORCE_NULL (a, n), FORCE_NOT_NULL (b, c))',
    E'nil,nil,nil,nil\n"nil","nil","nil","nil"\nx,y,z,nil\n', E'nil,nil,nil\n', E'"nil","nil","nil","nilnil"\nni,"ni",1,x\n');
SELECT pg_temp.same('an odd marker for null', 'book', 'FROM FILE (FORMAT csv, NULL ''\.'')', E'\\.,2,\\.,4\n', E'\\.\n1,2,3,4\n');
SELECT pg_temp.same('selected columns', 'book', '(n, a) FROM FILE (DELIMITER ''|'', NULL ''-'')', E'1|2\n-|-\n', E'-|\\-\n\\-|-\n', E'1\t2\n');
SELECT pg_temp.same('binary', 'one', 'FROM FILE (FORMAT binary)', E'PGCOPY', '');

-- not UTF-8, bytes that are no characters, NUL
SELECT pg_temp.restage('book');
SELECT is(string_agg(d, E'\n'), NULL, format('bytes that are no characters, %s', options))
FROM unnest(ARRAY['FROM FILE (FORMAT csv)', 'FROM FILE (DELIMITER '','')', 'FROM FILE (FORMAT csv, ENCODING ''LATIN1'')', 'FROM FILE (FORMAT csv, ENCODING ''SJIS'')',
        'FROM FILE (DELIMITER '','', ENCODING ''EUC_JP'')', 'FROM FILE (FORMAT csv, ENCODING ''GB18030'')', 'FROM FILE (DELIMITER '','', ENCODING ''BIG5'')',
        'FROM FILE (FORMAT csv, ENCODING ''UHC'')', 'FROM FILE (FORMAT csv, ENCODING ''KOI8R'')']) options,
    unnest(ARRAY['\x612c622c312c630aff2c622c312c630a612c622c312c63', '\x612c622c312cc3', '\x612c622c312cc30a612c622c312c63', '\x6100622c622c312c630a612c622c312c630a',
        '\x22c30a222c622c782c630a612c622c312c63', '\x612c622c312c630aeda0802c622c312c630a', '\x835c2c622c312c630ae42c622c312c63', '\xa4a22c622c312c63', '\xc328c3a42c622c312c63',
        '\xefbbbf612c622c312c63',
        -- right behind a carriage return, where it is looked whether the line has ended with that
        '\x612c622c312c630d002c622c312c630d612c622c312c630dff2c622c312c630d612c622c312c63', '\x612c622c312c630d0a002c622c312c630d0a612c622c312c63', '\x612c622c312c630dff0a612c622c312c63']::bytea[]) content
    LEFT JOIN LATERAL pg_temp.differing(options, content) d ON true
GROUP BY options ORDER BY options;

-- any bytes, in encodings of all shapes
SELECT pg_temp.restage('book');
SELECT is(string_agg(d, E'\n'), NULL, format('any bytes, %s', encoding))
FROM unnest(ARRAY['UTF8', 'LATIN1', 'WIN1252', 'SJIS', 'EUC_TW', 'GBK', 'JOHAB', 'MULE_INTERNAL']) encoding,
    LATERAL (SELECT string_agg(CASE WHEN random() < 0.6 AND (file > 0 OR encoding = '') THEN ('{"\\x61","\\x2c","\\x2c","\\x0a","\\x31","\\x22","\\x0d","\\x5c"}'::bytea[])[1 + floor(random() * 8)::int]
        ELSE set_byte('\x00', 0, floor(random() * 256)::int) END, '') AS content FROM generate_series(1, 60) file, generate_series(1, 30) GROUP BY file) files
    LEFT JOIN LATERAL pg_temp.differing(format('FROM FILE (FORMAT csv, ENCODING %L)', encoding), content) d ON true
GROUP BY encoding ORDER BY encoding;

SELECT pg_temp.same_random('book', 'FROM FILE (FORMAT csv)', string_to_array('a|1|13|,|,|,|,|,|"|""|\|\.|ä| |x|' || E'\n|\n|\n|\r\n|\r', '|'), 800, 40);
SELECT pg_temp.same_random('book', 'FROM FILE (FORMAT csv)', string_to_array(E'a,b,1,c\n|1,,,\n|,"",,\n|a,"b\n",1,\n|a,"""b""",x,\n|a,"b""\n,"",13,"\n|"a"b,c,"1",\n', '|'), 500, 10);
SELECT pg_temp.same_random('book', 'FROM FILE', string_to_array(E'a|1|13|\t|\t|\t|\t|\\|\\N|\\N|\\.|\\.\n|ä|\\t|\\101|\\x4|\\xe4|\\0|\n|\n|\n|\r\n|\r', '|'), 800, 30);
SELECT pg_temp.same_random('book', 'FROM FILE', string_to_array(E'a\tb\t1\tc\n|1\t\\N\t\\N\t\\N\n|\t\t\\N\t\n|a\tb\\\n\t1\t\n|\\\\N\tb\tx\t\n|a\\tb\tc\t13\t\n', '|'), 500, 10);
SELECT pg_temp.same_random('book', 'FROM FILE (FORMAT csv, DELIMITER '';'', QUOTE '''''''', ESCAPE ''\'', NULL ''NULL'')', string_to_array('a|1|13|;|;|;|;|''|''''|\|\\|\''|\.|NULL|ä|"|,|' || E'\n|\n|\n|\r\n|\r', '|'), 800, 30);
SELECT pg_temp.same_random('book', 'FROM FILE (FORMAT csv, DELIMITER ''a'', QUOTE ''b'', ESCAPE ''a'', NULL '''')', string_to_array('a|a|a|b|bb|bab|baab|1|c|ä|' || E'\n|\n|\r\n', '|'), 500, 30);
SELECT pg_temp.same_random('one', 'FROM FILE (DELIMITER ''|'', NULL ''\.'')', string_to_array('a ' || E'| \\ \\. \n \n \r\n \\\\N \\|', ' '), 500, 20);
SELECT pg_temp.same_random('one', 'FROM FILE (FORMAT csv, HEADER)', string_to_array('a|a' || E'\n|a\r\n|"|1|,|\\.\n|\\.\r\n|\n|\r\n|\r', '|'), 800, 12);

SELECT pg_temp.same_at_edges('(a, n) FROM FILE (FORMAT csv)', E',1\n', E'"a""b",2\n"x",y\nä,3\n"', E'\\.\n\\.,"\n\r"\n\\.', E'日本,4\n1,2\r\n');
SELECT pg_temp.same_at_edges('(a, n) FROM FILE (FORMAT csv)', E',1\r\n', E'"a\r\n""",2\r\n\\.\r\nb,3', E'a,2\r\nb,3\rc,4\r\n', E'a,2\r\nb,3\n');
SELECT pg_temp.same_at_edges('(a, n) FROM FILE (FORMAT csv, ESCAPE ''\'')', E',1\r', E'"a\\"b\\\\",2\r"\r\\,"",4\r5', E'\\.\r\\.\r\n,5');
SELECT pg_temp.same_at_edges('(a, n) FROM FILE', E'\t1\n', E'a\\tb\t2\n\\\n\t3\n\\N\t\\N\n\\', E'b\t2\n\\.\nrest', E'b\t2\n\\.', E'\\x41\\303\\244\t5\na\\.\nb\t6\n');
SELECT pg_temp.same_at_edges('(a, n) FROM FILE', E'\t1\r\n', E'a\t2\r\n\\.\r\nrest', E'\\.\nrest', E'\\\r\n\t2\r\n', E'a\t2\rb\t3\r\n');
SELECT pg_temp.restage('book');
SELECT is(string_agg(DISTINCT regexp_replace(d, '^(66)+', ''), E'\n'), NULL, 'bytes that are no characters at the edges of the buffer')
FROM unnest(ARRAY['\xff2c320a2c330a', '\x61c32c320a2c330a', '\xc3a42c320ae4b8ff2c320a', '\x22c3a4c30ac30a222c320a2c330a', '\x002c320af09f982c330af09f']::bytea[]) content,
    unnest(ARRAY[65536, 131056, 131071]) edge,
    generate_series(edge - length(content) - 1, edge) at
    LEFT JOIN LATERAL pg_temp.differing('(a, n) FROM FILE (FORMAT csv) WHERE length(a) < 50000', convert_to(repeat('f', at - 3) || E',1\n', 'UTF8') || content) d ON true;

SELECT is(array_agg(DISTINCT kind ORDER BY kind), ARRAY['error', 'rows'], 'there were rows and errors') FROM seen;
SELECT cmp_ok(count(*) FILTER (WHERE kind = 'rows'), '>', count(*) / 5, 'many of each') FROM seen;
SELECT * FROM finish();
ROLLBACK;
