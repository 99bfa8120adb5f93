-- Random batches, merged by aiodal.merge() and by a model of it that takes one
-- row after the other: for each kind of key, mode and on_duplicate the table is
-- the same afterwards, and so are the counts, by each path. Where bad rows are set aside, so are these, and
-- what is told of them. Seeds are fixed: a failure repeats.
CREATE EXTENSION citext;
CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TYPE colour AS ENUM ('red', 'green', 'blue', 'black', 'white');
CREATE DOMAIN colour_domain AS colour;
CREATE DOMAIN short_text AS varchar(5) CHECK (VALUE <> 'never');
CREATE SCHEMA "Sch ema";

CREATE TABLE shape (
    name text PRIMARY KEY,
    relation text NOT NULL,
    key name[] NOT NULL,
    pools text[] NOT NULL,                           -- per key column: what values it takes, SQL, an array
    same text NOT NULL DEFAULT 'a.%1$I = b.%1$I',    -- when two values of a key column are the same
    has_parents boolean NOT NULL DEFAULT false);     -- v has a foreign key

CREATE TABLE by_int (id int PRIMARY KEY, v text, w numeric);
CREATE TABLE by_two (v text, b date, w numeric, a bigint, PRIMARY KEY (a, b));
CREATE TABLE by_caseless (k text COLLATE caseless PRIMARY KEY, v text, w numeric);
CREATE TABLE by_caseless_index (k text, v text, w numeric);
CREATE UNIQUE INDEX ON by_caseless_index (k COLLATE caseless);
CREATE TABLE by_citext (v text, w numeric, k citext UNIQUE NOT NULL);
CREATE TABLE by_varchar (k varchar(4) PRIMARY KEY, v text, w numeric);
CREATE TABLE by_char (k char(6), v text, w numeric, UNIQUE (k));
CREATE TABLE by_enum (k colour PRIMARY KEY, v text, w numeric);
CREATE TABLE by_enum_domain (k colour_domain PRIMARY KEY, v text, w numeric);
CREATE TABLE by_text_domain (k short_text PRIMARY KEY, v text, w numeric);
CREATE TABLE by_uuid (k uuid PRIMARY KEY, v text, w numeric);
CREATE TABLE by_numeric (k numeric PRIMARY KEY, v text, w numeric);
CREATE TABLE by_float (k float8 PRIMARY KEY, v text, w numeric);
CREATE TABLE by_array (k int[] PRIMARY KEY, v text, w numeric);
CREATE TABLE by_range (k int4range PRIMARY KEY, v text, w numeric);
CREATE TABLE by_bytea (k bytea PRIMARY KEY, v text, w numeric);
CREATE TABLE by_nullable (a int, v text, w numeric, b text, UNIQUE (a, b));
CREATE TABLE by_nulls (a int, v text, w numeric, b text, UNIQUE NULLS NOT DISTINCT (a, b));
CREATE TABLE by_index (id int NOT NULL, other int, v text, w numeric);
CREATE UNIQUE INDEX ON by_index (id DESC) INCLUDE (v);
CREATE TABLE by_partition (w numeric, id int, v text, region text, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
CREATE TABLE by_partition_n PARTITION OF by_partition FOR VALUES IN ('north') PARTITION BY RANGE (id);
CREATE TABLE by_partition_n1 PARTITION OF by_partition_n FOR VALUES FROM (MINVALUE) TO (4);
CREATE TABLE by_partition_n2 (region text NOT NULL, gone int, v text, w numeric, id int NOT NULL);
ALTER TABLE by_partition_n2 DROP COLUMN gone;
ALTER TABLE by_partition_n ATTACH PARTITION by_partition_n2 FOR VALUES FROM (4) TO (MAXVALUE);
CREATE TABLE by_partition_d PARTITION OF by_partition DEFAULT;
CREATE TABLE by_generated (id int PRIMARY KEY, v text, w numeric, g text GENERATED ALWAYS AS (v || '!') STORED);
CREATE TABLE by_identity (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, w numeric);
CREATE TABLE "Sch ema"."Tab.""le
'\ pg_temp" ("ID ""é
$$ (s.)" int, "SELECT" text, v text, w numeric, PRIMARY KEY ("SELECT", "ID ""é
$$ (s.)"));
CREATE TABLE long_names (v text, w numeric, "ééééééééééééééééééééééééééééééé_" int PRIMARY KEY);
ALTER TABLE long_names RENAME TO "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ_";
CREATE VIEW by_view AS SELECT w AS w, id, v FROM by_index;
CREATE TABLE parent (id int PRIMARY KEY, v text, w numeric);
CREATE TABLE child () INHERITS (parent);
INSERT INTO child SELECT i, 'child', 0 FROM generate_series(1, 12) i;

INSERT INTO shape (name, relation, key, pools) VALUES
    ('int', 'by_int', '{id}', ARRAY['ARRAY[1,2,3,4,5,6,7]']),
    ('bigint and date', 'by_two', '{b,a}', ARRAY['ARRAY[date ''2020-01-01'', ''infinity'', ''-infinity'']', 'ARRAY[1,2,3]']),
    ('text without case', 'by_caseless', '{k}', ARRAY[$$ARRAY['a','A','b','B','Straße','STRASSE','','x ']$$]),
    ('citext', 'by_citext', '{k}', ARRAY[$$ARRAY['a','A','b','B','straße','STRASSE','','x ']::citext[]$$]),
    ('varchar', 'by_varchar', '{k}', ARRAY[$$ARRAY['a','a ','b','','null','\.']$$]),
    ('char(n)', 'by_char', '{k}', ARRAY[$$ARRAY['a','a  ','b','','c','C']$$]),
    ('enum', 'by_enum', '{k}', ARRAY['enum_range(NULL::colour)']),
    ('domain over enum', 'by_enum_domain', '{k}', ARRAY['enum_range(NULL::colour)']),
    ('domain over varchar', 'by_text_domain', '{k}', ARRAY[$$ARRAY['a','b','c','','  ']$$]),
    ('uuid', 'by_uuid', '{k}', ARRAY['(SELECT array_agg(md5(i::text)::uuid) FROM generate_series(1,6) i)']),
    ('numeric', 'by_numeric', '{k}', ARRAY[$$ARRAY[1,1.0,1.00,'NaN','Infinity',-2,1e30]::numeric[]$$]),
    ('float8', 'by_float', '{k}', ARRAY[$$ARRAY[0,'-0',1,'NaN','Infinity',1e-300]::float8[]$$]),
    ('array', 'by_array', '{k}', ARRAY[$$ARRAY['{}','{1}','{1,2}','[0:1]={1,2}','{NULL}']$$]),
    ('range', 'by_range', '{k}', ARRAY[$$ARRAY['[1,2]','[1,3)','empty','(,)','[7,7]']::int4range[]$$]),
    ('bytea', 'by_bytea', '{k}', ARRAY[$$ARRAY['','\x00','\x0000','\xff']::bytea[]$$]),
    ('unique with NULLs', 'by_nullable', '{a,b}', ARRAY['ARRAY[1,2,NULL]', $$ARRAY['x','y',NULL]$$]),
    ('unique index', 'by_index', '{id}', ARRAY['ARRAY[1,2,3,4,5,6]']),
    ('partitions', 'by_partition', '{id,region}', ARRAY['ARRAY[1,2,3,4,5,6]', $$ARRAY['north','south','east']$$]),
    ('generated column', 'by_generated', '{id}', ARRAY['ARRAY[1,2,3,4,5,6]']),
    ('identity always', 'by_identity', '{id}', ARRAY['ARRAY[1,2,3,4,5,6]']),
    ('odd names', E'"Sch ema"."Tab.""le\n''\\ pg_temp"', ARRAY[E'ID "é\n$$ (s.)', 'SELECT']::name[], ARRAY['ARRAY[1,2,3]', $$ARRAY['a','b','C']$$]),
    ('63-byte names', '"ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ_"', '{ééééééééééééééééééééééééééééééé_}', ARRAY['ARRAY[1,2,3,4,5]']),
    ('view', 'by_view', '{id}', ARRAY['ARRAY[1,2,3,4,5,6]']),
    ('inheritance parent', 'parent', '{id}', ARRAY['ARRAY[1,2,3,4,5,6]']);
INSERT INTO shape (name, relation, key, pools, same) VALUES
    ('index without case', 'by_caseless_index', '{k}', ARRAY[$$ARRAY['a','A','b','B','ß','ss','',NULL]$$], 'a.%1$I COLLATE caseless = b.%1$I COLLATE caseless'),
    ('NULLS NOT DISTINCT', 'by_nulls', '{b,a}', ARRAY[$$ARRAY['x','y',NULL]$$, 'ARRAY[1,2,NULL]'], 'a.%1$I IS NOT DISTINCT FROM b.%1$I');
UPDATE shape SET same = 'a.%1$I::colour = b.%1$I::colour' WHERE name = 'domain over enum';

-- what may be wrong with a row: its v is 'bad' or, with a foreign key, 'orphan'
CREATE TABLE word (v text PRIMARY KEY);
INSERT INTO word VALUES ('one'), ('two'), ('');
UPDATE shape SET has_parents = true
 WHERE name IN ('int', 'bigint and date', 'text without case', 'partitions', 'generated column', 'inheritance parent');
SELECT format('ALTER TABLE %s ADD CHECK (v <> ''bad'')', CASE relation WHEN 'by_view' THEN 'by_index' ELSE relation END),
       CASE WHEN has_parents THEN format('ALTER TABLE %s ADD FOREIGN KEY (v) REFERENCES word', relation) END
  FROM shape WHERE name <> 'view' \gexec

CREATE FUNCTION same_key(s shape) RETURNS text
    RETURN (SELECT string_agg(format(s.same, k), ' AND ') FROM unnest(s.key) k);

-- A random row: the key's columns, v and w, as SQL. Few values, so that rows often are equal.
CREATE FUNCTION random_row(s shape, values_of_v text) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT string_agg(format('(%1$s)[1 + floor(random() * cardinality(%1$s))]::%2$s', p, format_type(atttypid, atttypmod)), ', ' ORDER BY n)
           || format($x$, (%1$s)[1 + floor(random() * cardinality(%1$s))]$x$, values_of_v)
           || $x$, (ARRAY[1, 1.0, 1.00, NULL, 'NaN'])[1 + floor(random() * 5)]$x$
      FROM unnest(s.pools, s.key) WITH ORDINALITY AS u(p, k, n)
      JOIN pg_attribute ON attrelid = s.relation::regclass AND attname = k $$;

CREATE FUNCTION key_and_values(s shape) RETURNS text
    RETURN (SELECT string_agg(quote_ident(k), ', ' ORDER BY n) FROM unnest(s.key || '{v,w}'::name[]) WITH ORDINALITY u(k, n));

-- Fills the shape's table, and the batch: a table of the columns and n, the row's number.
CREATE PROCEDURE random_case(s shape, rows int, bad_rows boolean) LANGUAGE plpgsql AS $$
DECLARE
    good constant text := $x$ARRAY['one', 'two', '', NULL]$x$;
    any_v constant text := CASE WHEN bad_rows THEN $x$ARRAY['one', 'two', 'bad', 'orphan']$x$ ELSE good END;
BEGIN
    EXECUTE format('DELETE FROM ONLY %s', s.relation);
    IF to_regclass('batch') IS NOT NULL THEN
        DROP TABLE batch, model;
    END IF;
    EXECUTE format('CREATE TEMP TABLE batch AS SELECT %s FROM %s LIMIT 0', key_and_values(s), s.relation);
    ALTER TABLE batch ADD n int;
    FOR i IN 1 .. 6 LOOP
        BEGIN
            EXECUTE format('INSERT INTO %s (%s) %s SELECT %s', s.relation, key_and_values(s),
                           CASE WHEN s.name = 'identity always' THEN 'OVERRIDING SYSTEM VALUE' END, random_row(s, good));
        EXCEPTION WHEN unique_violation THEN
        END;
    END LOOP;
    FOR i IN 1 .. rows LOOP
        EXECUTE format('INSERT INTO batch SELECT %s, %s', random_row(s, any_v), i);
    END LOOP;
    EXECUTE format('CREATE TEMP TABLE model AS SELECT %s, false AS fresh FROM %s%s', key_and_values(s),
                   CASE WHEN s.name = 'inheritance parent' THEN 'ONLY ' END, s.relation);
END $$;

-- The counts as merge() should give them, or the SQLSTATE it should fail with; "model" becomes what the table should
-- be, and "model_rejects" has the rows that should be set aside.
CREATE TEMP TABLE model_rejects (sqlstate text, raw text);
CREATE FUNCTION merge_model(s shape, mode text, on_duplicate text, set_aside boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    r record;
    matches bigint;
    differs boolean;
    repeats boolean;
    fault text;
    inserted int := 0; updated int := 0; unchanged int := 0; ignored int := 0; deleted int := 0; duplicates int := 0; rejected int;
    taken int[] := '{}';
BEGIN
    DELETE FROM model_rejects;
    EXECUTE format('SELECT count(*) FROM batch a WHERE EXISTS (SELECT FROM batch b WHERE %s AND b.n < a.n)', same_key(s)) INTO matches;
    IF matches > 0 AND on_duplicate = 'error' AND NOT set_aside THEN
        RETURN '23505';
    END IF;
    IF mode = 'sync' THEN
        EXECUTE format('DELETE FROM model a WHERE NOT EXISTS (SELECT FROM batch b WHERE %s)', same_key(s));
        GET DIAGNOSTICS deleted = ROW_COUNT;
    END IF;
    FOR r IN EXECUTE format('SELECT *, ROW(%s)::text AS raw FROM batch ORDER BY n %s', key_and_values(s),
                            CASE on_duplicate WHEN 'last' THEN 'DESC' END) LOOP
        EXECUTE format('SELECT count(*) > 0 FROM batch a, batch b WHERE a.n = ANY ($1) AND b.n = %s AND %s', r.n, same_key(s))
           INTO repeats USING taken;
        EXECUTE format('SELECT count(*), bool_or(ROW(a.v, a.w)::text <> ROW(b.v, b.w)::text) FROM model a, batch b WHERE b.n = %s AND NOT a.fresh AND %s',
                       r.n, same_key(s)) INTO matches, differs;
        fault := CASE WHEN repeats THEN CASE on_duplicate WHEN 'error' THEN '23505' END
                      WHEN matches > 0 AND mode = 'ignore' OR matches = 0 AND mode = 'update' OR matches > 0 AND mode <> 'insert' AND NOT differs THEN NULL
                      WHEN r.v = 'bad' THEN '23514'
                      WHEN matches > 0 AND mode = 'insert' THEN '23505'
                      WHEN r.v = 'orphan' AND s.has_parents THEN '23503' END;
        IF fault IS NOT NULL AND NOT set_aside THEN
            RETURN fault;
        ELSIF fault IS NOT NULL THEN
            INSERT INTO model_rejects VALUES (fault, r.raw);
            CONTINUE;
        ELSIF repeats THEN
            duplicates := duplicates + 1;
            CONTINUE;
        END IF;
        taken := taken || r.n;
        CASE
            WHEN matches > 0 AND mode = 'ignore' OR matches = 0 AND mode = 'update' THEN
                ignored := ignored + 1;
            WHEN matches = 0 THEN
                EXECUTE format('INSERT INTO model SELECT %s, true FROM batch WHERE n = %s', key_and_values(s), r.n);
                inserted := inserted + 1;
            WHEN differs THEN
                EXECUTE format('UPDATE model a SET v = b.v, w = b.w FROM batch b WHERE b.n = %s AND %s', r.n, same_key(s));
                updated := updated + 1;
            ELSE
                unchanged := unchanged + 1;
        END CASE;
    END LOOP;
    SELECT count(*) INTO matches FROM batch;
    SELECT count(*) INTO rejected FROM model_rejects;
    RETURN ROW(matches, inserted, updated, unchanged, ignored, deleted, duplicates, rejected)::text;
END $$;

CREATE FUNCTION counts_text(m aiodal.merge_result) RETURNS text
    RETURN CASE WHEN m.staged <> m.inserted + m.updated + m.unchanged + m.ignored + m.duplicates + m.rejected THEN 'sum'
                ELSE ROW(m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.deleted, m.duplicates, m.rejected)::text END;

-- By a stage or, every other time, a plain table.
CREATE FUNCTION merge_really(s shape, mode text, on_duplicate text, by_stage boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    stage regclass := 'batch';
BEGIN
    IF by_stage THEN
        stage := aiodal.stage(s.relation::regclass, s.key || '{v,w}'::name[]);
        EXECUTE format('INSERT INTO %s SELECT %s FROM batch ORDER BY n', stage, key_and_values(s));
    ELSE
        ALTER TABLE batch DROP n;
    END IF;
    RETURN counts_text(aiodal.merge(stage, s.relation::regclass, mode, s.key, on_duplicate));
EXCEPTION WHEN OTHERS THEN
    RETURN CASE SQLSTATE WHEN '23505' THEN SQLSTATE ELSE SQLERRM END;
END $$;

-- The same, setting bad rows aside: into "rejects".
CREATE TEMP TABLE rejects (LIKE model_rejects, column_name text, value text, message text);
CREATE FUNCTION merge_setting_aside(s shape, mode text, on_duplicate text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    stage regclass := aiodal.stage(s.relation::regclass, s.key || '{v,w}'::name[], on_error => 'reject');
    m aiodal.merge_result;
BEGIN
    EXECUTE format('INSERT INTO %s SELECT %s FROM batch ORDER BY n', stage, key_and_values(s));
    m := aiodal.merge(stage, mode => mode, key => s.key, on_duplicate => on_duplicate);
    INSERT INTO rejects SELECT sqlstate, raw, column_name, value, message FROM aiodal.rejects(stage);
    IF m.path IS DISTINCT FROM (aiodal.explain_merge(s.relation::regclass, mode, s.key)).path THEN
        RETURN m.path || ': ' || m.reason;
    END IF;
    RETURN counts_text(m);
END $$;

CREATE FUNCTION contents(columns text, relation text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    EXECUTE format('SELECT string_agg(r::text, E''\n'' ORDER BY r::text) FROM (SELECT %s FROM %s) r', columns, relation) INTO result;
    RETURN result;
END $$;

-- What setting bad rows aside does differently by SQL, otherwise, and in the model.
CREATE FUNCTION disagreements_about_bad_rows(s shape, mode text, on_duplicate text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    plain text := CASE WHEN s.name = 'inheritance parent' THEN 'ONLY ' ELSE '' END || s.relation;
    what constant text := 'sqlstate, raw, column_name, value, message';
    expected text := merge_model(s, mode, on_duplicate, true);
    got text; by_sql text; table_by_sql text; rejects_by_sql text;
BEGIN
    DELETE FROM rejects;
    BEGIN
        PERFORM set_config('aiodal.path', 'sql', false);
        by_sql := merge_setting_aside(s, mode, on_duplicate);
        table_by_sql := contents(key_and_values(s), plain);
        rejects_by_sql := contents(what, 'rejects');
        RAISE SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    END;
    PERFORM set_config('aiodal.path', 'auto', false);
    got := merge_setting_aside(s, mode, on_duplicate);
    IF got IS DISTINCT FROM expected OR by_sql IS DISTINCT FROM expected THEN
        RETURN NEXT format('%s, %s, bad rows set aside: %s, by SQL %s instead of %s', mode, on_duplicate, got, by_sql, expected);
    ELSIF contents(what, 'rejects') IS DISTINCT FROM rejects_by_sql OR
          contents('sqlstate, raw', 'rejects') IS DISTINCT FROM contents('sqlstate, raw', 'model_rejects') THEN
        RETURN NEXT format(E'%s, %s: bad rows are\n%s\nby SQL\n%s\ninstead of\n%s', mode, on_duplicate, contents(what, 'rejects'),
                           rejects_by_sql, contents('sqlstate, raw', 'model_rejects'));
    ELSIF contents(key_and_values(s), plain) IS DISTINCT FROM contents(key_and_values(s), 'model') OR
          table_by_sql IS DISTINCT FROM contents(key_and_values(s), 'model') THEN
        RETURN NEXT format(E'%s, %s, bad rows set aside: table is\n%s\nby SQL\n%s\ninstead of\n%s', mode, on_duplicate,
                           contents(key_and_values(s), plain), table_by_sql, contents(key_and_values(s), 'model'));
    END IF;
END $$;

-- What merge() and the model differ in, for some random cases of this shape.
CREATE FUNCTION disagreements(s shape) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    mode text;
    on_duplicate text;
    before text; expected text; got text;
    plain text := CASE WHEN s.name = 'inheritance parent' THEN 'ONLY ' ELSE '' END || s.relation;
BEGIN
    PERFORM setseed(0.42);
    FOREACH mode IN ARRAY '{insert,ignore,upsert,update,sync}'::text[] LOOP
        FOREACH on_duplicate IN ARRAY '{error,first,last}'::text[] LOOP
            FOR round IN 1 .. 5 LOOP
                PERFORM set_config('aiodal.path', CASE WHEN round < 3 THEN 'sql' ELSE 'auto' END, false);
                CALL random_case(s, (ARRAY[8, 3, 8, 3, 0])[round], false);
                before := contents(key_and_values(s), plain);
                expected := merge_model(s, mode, on_duplicate, false);
                got := merge_really(s, mode, on_duplicate, round IN (1, 3));
                IF got IS DISTINCT FROM expected THEN
                    RETURN NEXT format('%s, %s: %s instead of %s', mode, on_duplicate, got, expected);
                ELSIF contents(key_and_values(s), plain) IS DISTINCT FROM
                      (CASE WHEN got = '23505' THEN before ELSE contents(key_and_values(s), 'model') END) THEN
                    RETURN NEXT format(E'%s, %s: table is\n%s\ninstead of\n%s', mode, on_duplicate, contents(key_and_values(s), plain),
                                       contents(key_and_values(s), 'model'));
                END IF;
            END LOOP;
            FOR round IN 1 .. 3 LOOP
                CALL random_case(s, (ARRAY[8, 3, 8])[round], true);
                RETURN QUERY SELECT * FROM disagreements_about_bad_rows(s, mode, on_duplicate);
            END LOOP;
        END LOOP;
    END LOOP;
END $$;

SELECT plan((SELECT count(*)::int + 1 FROM shape));
-- a transaction each
SELECT format($$SELECT is((SELECT string_agg(d, E'\n') FROM shape s, disagreements(s) d WHERE name = %L), NULL, %L)$$,
              name, format('merging by a key of %s agrees with the model', name))
  FROM shape ORDER BY name COLLATE "C" \gexec
SELECT is((SELECT count(*) FROM child WHERE v = 'child'), 12::bigint, 'rows of inheriting tables were left alone');
SELECT * FROM finish();
