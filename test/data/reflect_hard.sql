-- What makes reflecting hard, beyond exotica_basics.sql: odd names, wide and
-- empty tables, partitions whose columns are in another order, keys behind
-- partitions, names that shadow the system's. Run as superuser.
CREATE SCHEMA hard;

-- names of all kinds: 63 bytes, quotes, dots, line ends, control characters,
-- one letter in its two Unicode forms, words of SQL
CREATE TABLE hard.sixty_three_bytes_long_name_that_uses_up_all_the_room_there_is_ (
  sixty_three_bytes_long_name_of_a_column_that_takes_all_the_room int PRIMARY KEY,
  """" int, "." text, "a.b" text, "
" int, "	" int, U&"\0001\007f" int, "back\slash" text DEFAULT '\', "é" int, U&"e\0301" int, "😀" text, "true" boolean,
  CONSTRAINT "check "" . '" CHECK ("""" > 0 AND "." <> '"' AND "
" <> 1));
COMMENT ON TABLE hard.sixty_three_bytes_long_name_that_uses_up_all_the_room_there_is_ IS E'\x01\x1f\x7f"\\/\b\f\n\r\t é 😀';
CREATE INDEX "index "" ." ON hard.sixty_three_bytes_long_name_that_uses_up_all_the_room_there_is_ ("a.b", lower("."), "😀" DESC);

-- names of the system's own
CREATE TYPE hard.int4 AS ENUM ('one', 'two');
CREATE DOMAIN hard.text AS pg_catalog.text CHECK (VALUE <> 'no') CHECK (length(VALUE) < 9);
CREATE DOMAIN hard.text2 AS hard.text DEFAULT 'x' NOT NULL;
CREATE TABLE hard.pg_class (oid hard.int4, relname hard.text, more hard.int4[], again hard.text2, plain int4 DEFAULT 4);
CREATE FUNCTION hard.lower(pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql IMMUTABLE AS $$ SELECT pg_catalog.lower($1) || 'x' $$;
CREATE TABLE hard.shadowed (a pg_catalog.text DEFAULT hard.lower('A'), b pg_catalog.text DEFAULT pg_catalog.lower('B'),
  CHECK (hard.lower(a) <> pg_catalog.lower(b)));
CREATE INDEX ON hard.shadowed (hard.lower(a), pg_catalog.lower(b));
CREATE OPERATOR hard.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE TABLE hard.with_operator (a int CHECK (a OPERATOR(hard.===) 3));

-- nothing at all, all that was dropped, and as much as there can be
CREATE TABLE hard.none ();
CREATE TABLE hard.all_dropped (a int, b text);
ALTER TABLE hard.all_dropped DROP a, DROP b;
SELECT format('CREATE TABLE hard.wide (%s, CHECK (c1 > c1600))', string_agg('c' || i || ' int', ', ')) FROM generate_series(1, 1600) i \gexec

-- partitions: three levels, columns in another order, one in another schema
CREATE SCHEMA hard_partitions;
CREATE TABLE hard.part (id int, at date NOT NULL, region text COLLATE "C" DEFAULT 'eu', CHECK (id > 0)) PARTITION BY RANGE (at, (id + 1));
CREATE TABLE hard.part_2024 (gone int, region text COLLATE "C", at date NOT NULL, id int, CONSTRAINT part_id_check CHECK (id > 0))
  PARTITION BY LIST (lower(region) COLLATE "POSIX" text_pattern_ops);
ALTER TABLE hard.part_2024 DROP gone;
ALTER TABLE hard.part ATTACH PARTITION hard.part_2024 FOR VALUES FROM ('2024-01-01', MINVALUE) TO ('2025-01-01', MAXVALUE);
CREATE TABLE hard_partitions.part_2024_eu PARTITION OF hard.part_2024 FOR VALUES IN ('eu', NULL, 'it''s');
CREATE TABLE hard.part_rest PARTITION OF hard.part (region DEFAULT 'rest') DEFAULT;
CREATE INDEX part_at ON hard.part (at DESC, lower(region)) INCLUDE (id);

-- foreign keys from and to partitioned tables: each has rows of pg_constraint for every partition
CREATE TABLE hard.target (id int, kind text, PRIMARY KEY (kind, id)) PARTITION BY LIST (kind);
CREATE TABLE hard.target_a PARTITION OF hard.target FOR VALUES IN ('a') PARTITION BY HASH (id);
CREATE TABLE hard.target_a_0 PARTITION OF hard.target_a FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hard.target_a_1 PARTITION OF hard.target_a FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE hard.target_b PARTITION OF hard.target FOR VALUES IN ('b');
CREATE TABLE hard.source (id int, target_id int, target_kind text,
  CONSTRAINT source_fk FOREIGN KEY (target_kind, target_id) REFERENCES hard.target ON DELETE SET NULL (target_id)) PARTITION BY RANGE (id);
CREATE TABLE hard.source_1 PARTITION OF hard.source FOR VALUES FROM (0) TO (10);
CREATE TABLE hard.source_2 PARTITION OF hard.source FOR VALUES FROM (10) TO (20);
CREATE TABLE hard.plain_source (target_id int, target_kind text, FOREIGN KEY (target_id, target_kind) REFERENCES hard.target (id, kind));

-- a foreign key to a unique index that no constraint stands for, a cycle of two and one of one
CREATE TABLE hard.by_index (a int NOT NULL, b int NOT NULL);
CREATE UNIQUE INDEX by_index_ba ON hard.by_index (b, a);
CREATE TABLE hard.to_index (x int, y int, FOREIGN KEY (x, y) REFERENCES hard.by_index (a, b));
CREATE TABLE hard.chicken (id int PRIMARY KEY, egg int, mother int REFERENCES hard.chicken);
CREATE TABLE hard.egg (id int PRIMARY KEY, chicken int REFERENCES hard.chicken);
ALTER TABLE hard.chicken ADD FOREIGN KEY (egg) REFERENCES hard.egg NOT VALID;

-- exclusion with all its parts; a constraint on a system column; NOT VALID
CREATE TABLE hard.excluded (a int, b int4range, c box,
  CONSTRAINT excluded_x EXCLUDE USING gist (b WITH &&, int4range(a, a + 1) WITH OPERATOR(pg_catalog.=)) INCLUDE (c)
    WITH (fillfactor = 70) WHERE (a > 0) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT excluded_b EXCLUDE (a DESC NULLS LAST WITH =));
CREATE TABLE hard.system_column (a int, CONSTRAINT has_tableoid CHECK (tableoid > 0 AND a > 0));
ALTER TABLE hard.system_column ADD CONSTRAINT later CHECK (a < 100) NOT VALID;

-- inheritance that merges and that was cut
CREATE TABLE hard.mother (a int NOT NULL DEFAULT 1, CONSTRAINT a_positive CHECK (a > 0));
CREATE TABLE hard.father (a int, b int);
CREATE TABLE hard.child (a int DEFAULT 2) INHERITS (hard.father, hard.mother);
CREATE TABLE hard.orphan () INHERITS (hard.mother);
ALTER TABLE hard.orphan NO INHERIT hard.mother;

-- columns with everything set, whole rows in expressions, parameters of operator classes
CREATE TABLE hard.settings (a text COMPRESSION pglz, b int, c point);
ALTER TABLE hard.settings ALTER a SET STORAGE external, ALTER b SET STATISTICS 500, ALTER b SET (n_distinct = -0.5, n_distinct_inherited = 10);
CREATE UNIQUE INDEX settings_b ON hard.settings (b);
ALTER TABLE hard.settings REPLICA IDENTITY FULL, SET (toast.autovacuum_enabled = off), CLUSTER ON settings_b;
CREATE TABLE hard.whole_row (a int, b int, CHECK ((whole_row.*) IS NOT NULL));
CREATE TABLE hard.vector (words tsvector);
CREATE INDEX vector_words ON hard.vector USING gist (words tsvector_ops (siglen = 100));

-- views: renamed columns, checks, INSTEAD OF triggers, rules, nothing in FROM
CREATE VIEW hard.v AS SELECT a AS first, b FROM hard.father;
ALTER VIEW hard.v RENAME first TO "1st";
CREATE VIEW hard.v2 WITH (security_invoker, check_option = local) AS SELECT "1st" x FROM hard.v WHERE "1st" > 0;
CREATE VIEW hard.v_union AS SELECT id FROM hard.egg UNION ALL SELECT id FROM hard.chicken ORDER BY 1;
CREATE VIEW hard.v_with AS WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n + 1 FROM r WHERE n < 3) SELECT n, (SELECT count(*) FROM hard.egg e WHERE e.id = n) FROM r;
CREATE VIEW hard.v_nothing AS SELECT 1 AS one WHERE false;
CREATE VIEW hard.v_rule AS SELECT count(*) AS n FROM hard.egg;
CREATE RULE ruled AS ON DELETE TO hard.v_rule DO INSTEAD NOTHING;
CREATE VIEW hard.v_trigger AS SELECT count(*) AS n FROM hard.egg;
CREATE FUNCTION hard.instead() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER instead INSTEAD OF INSERT ON hard.v_trigger FOR EACH ROW EXECUTE FUNCTION hard.instead();

-- expressions that are written on several lines, and constants that depend on settings
CREATE TABLE hard.in_lines (a int DEFAULT CASE WHEN current_user = 'x' THEN 1 ELSE 2 END, at timestamptz DEFAULT '2024-07-01 12:00+02', i interval DEFAULT '1 day 02:03',
  f float8 DEFAULT 0.1::float8, g int GENERATED ALWAYS AS (CASE a WHEN 1 THEN 2 ELSE a END) STORED,
  b bytea DEFAULT '\x00ff', r daterange DEFAULT '[2024-01-02,2024-01-03)', CONSTRAINT in_lines_check CHECK (CASE WHEN a > 1 THEN i > '1 hour' ELSE at > '2020-01-01' END));
CREATE INDEX in_lines_case ON hard.in_lines ((CASE WHEN a > 0 THEN a END), f) WHERE CASE WHEN f > 1 THEN true ELSE false END;
CREATE DOMAIN hard.in_lines_domain AS int CHECK (CASE WHEN VALUE > 0 THEN true ELSE VALUE < -5 END);
