-- Types, functions, triggers and such, in the forms that are easily got wrong.
-- Run as superuser.
CREATE SCHEMA obj;
CREATE SCHEMA "obj ""2""";
CREATE ROLE "obj role ""x""" NOLOGIN;
CREATE ROLE obj_role NOLOGIN;

-- types
SELECT format('CREATE TYPE obj.many AS ENUM (%s)', string_agg(quote_literal('label ' || i), ', ' ORDER BY i)) FROM generate_series(1, 500) i \gexec
ALTER TYPE obj.many ADD VALUE 'between' BEFORE 'label 250';
CREATE TYPE obj."Odd ""Enum""" AS ENUM ('it''s', '"', '\', '', 'é,{}');
CREATE TYPE obj.no_labels AS ENUM ();
CREATE DOMAIN obj.base AS varchar(30) COLLATE "C" DEFAULT 'a' || 'b' CHECK (VALUE <> '') CONSTRAINT z CHECK (length(VALUE) > 1);
CREATE DOMAIN obj.derived AS obj.base NOT NULL CONSTRAINT "a b" CHECK (VALUE <> 'x');
ALTER DOMAIN obj.derived ADD CONSTRAINT late CHECK (VALUE <> 'y') NOT VALID;
CREATE DOMAIN obj.arrays AS numeric(6, 2)[] CHECK (array_length(VALUE, 1) < 4);
CREATE TYPE obj.pair AS (a int, "b ""c" obj.derived[], c text COLLATE "C", d numeric(4, 1));
ALTER TYPE obj.pair DROP ATTRIBUTE a;
COMMENT ON COLUMN obj.pair.d IS 'the d';
CREATE FUNCTION obj.text_diff(text, text) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT AS 'SELECT 1.0::float8';
CREATE TYPE obj.textrange AS RANGE (SUBTYPE = text, COLLATION = "C", SUBTYPE_OPCLASS = text_pattern_ops, SUBTYPE_DIFF = obj.text_diff, MULTIRANGE_TYPE_NAME = obj.texts);
CREATE TABLE obj.user_of_types (a obj.many, b obj.pair[], c obj.texts, d int4range);
COMMENT ON TYPE obj.pair IS 'a pair'; COMMENT ON CONSTRAINT "a b" ON DOMAIN obj.derived IS 'checked';

-- functions
CREATE FUNCTION obj.body(a int DEFAULT 1, b text DEFAULT 'x' || 'y') RETURNS text IMMUTABLE PARALLEL SAFE LEAKPROOF BEGIN ATOMIC SELECT b || a; END;
CREATE FUNCTION obj."Weird ""name"""(OUT "x y" int, INOUT text DEFAULT 'a', VARIADIC rest obj.pair[] DEFAULT '{}') LANGUAGE plpgsql
  STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, obj SET work_mem = '1MB' COST 7 AS $$ BEGIN "x y" := 1; END $$;
CREATE FUNCTION obj.setof_int(int, int) RETURNS SETOF int LANGUAGE sql ROWS 10 AS 'SELECT 1';
CREATE FUNCTION obj.setof_record(int) RETURNS SETOF record LANGUAGE sql AS 'SELECT 1, 2';
CREATE FUNCTION obj.setof_pair() RETURNS SETOF obj.pair LANGUAGE sql AS 'SELECT NULL::obj.pair';
CREATE FUNCTION obj.one_pair() RETURNS obj.pair LANGUAGE sql COST 0.25 AS 'SELECT NULL::obj.pair';
CREATE FUNCTION obj.single_out(a int, OUT b numeric) LANGUAGE sql AS 'SELECT 1.0';
CREATE FUNCTION obj.poly(anyelement, anyarray DEFAULT NULL) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION obj.c_function(int4, int4) RETURNS int4 LANGUAGE internal IMMUTABLE STRICT AS 'int4pl';
CREATE FUNCTION obj.windowed(anyelement) RETURNS int8 LANGUAGE internal WINDOW AS 'window_row_number';
CREATE PROCEDURE obj.proc(IN a int, OUT b int, INOUT c int DEFAULT 3) LANGUAGE plpgsql AS $$ BEGIN b := a; END $$;
CREATE FUNCTION obj.add3(int, int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2 + $3';
CREATE AGGREGATE obj.sum2(a int, b int) (SFUNC = obj.add3, STYPE = int, INITCOND = '0');
COMMENT ON FUNCTION obj.body(int, text) IS 'a body'; COMMENT ON AGGREGATE obj.sum2(int, int) IS 'sums';

-- sequences
CREATE SEQUENCE obj."big Seq" INCREMENT -3 MINVALUE -9223372036854775808 MAXVALUE 9223372036854775807 START 5 CACHE 7 CYCLE;
CREATE UNLOGGED SEQUENCE obj.unlogged_seq AS smallint;
CREATE TABLE obj.owning (a int, "b c" bigserial, d int GENERATED ALWAYS AS IDENTITY);
CREATE SEQUENCE obj.owned OWNED BY obj.owning.a;
COMMENT ON SEQUENCE obj.owned IS 'owned by a';

-- triggers and rules
CREATE TABLE obj.fired (id int PRIMARY KEY, "B" text, c int[], d obj.pair);
CREATE TABLE obj.other (id int PRIMARY KEY, fired int REFERENCES obj.fired);
CREATE FUNCTION obj.trg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER all_rows BEFORE INSERT OR DELETE OR UPDATE OF "B", id ON obj.fired FOR EACH ROW EXECUTE FUNCTION obj.trg('it''s', '', 'a\b');
CREATE TRIGGER whole_row AFTER UPDATE ON obj.fired FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND (NEW.d).d > 1 AND OLD."B" IS NULL) EXECUTE FUNCTION obj.trg();
CREATE TRIGGER "Truncate ""x""" BEFORE TRUNCATE ON obj.fired EXECUTE FUNCTION obj.trg();
CREATE TRIGGER transitions AFTER INSERT ON obj.fired REFERENCING NEW TABLE AS "new Rows" EXECUTE FUNCTION obj.trg();
CREATE CONSTRAINT TRIGGER checked AFTER INSERT OR UPDATE ON obj.fired FROM obj.other DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION obj.trg();
CREATE CONSTRAINT TRIGGER checked_now AFTER DELETE ON obj.fired FOR EACH ROW WHEN (OLD.id > 0) EXECUTE FUNCTION obj.trg();
ALTER TABLE obj.fired DISABLE TRIGGER all_rows;
ALTER TABLE obj.fired ENABLE REPLICA TRIGGER whole_row;
ALTER TABLE obj.fired ENABLE ALWAYS TRIGGER transitions;
COMMENT ON TRIGGER all_rows ON obj.fired IS 'for all';
CREATE TABLE obj.parted (id int, t text) PARTITION BY RANGE (id);
CREATE TABLE obj.parted_1 PARTITION OF obj.parted FOR VALUES FROM (0) TO (9);
CREATE TRIGGER cloned AFTER INSERT ON obj.parted FOR EACH ROW EXECUTE FUNCTION obj.trg();
CREATE RULE many AS ON INSERT TO obj.fired WHERE NEW.id > 7 AND NEW."B" <> 'x' DO ALSO (INSERT INTO obj.other (id) VALUES (NEW.id); DELETE FROM obj.other o WHERE o.id = NEW.id);
CREATE RULE "redirect 1" AS ON UPDATE TO obj.other WHERE OLD.id <> NEW.id DO INSTEAD UPDATE obj.fired SET "B" = OLD.id::text || NEW.id WHERE fired.id = OLD.fired;
CREATE RULE from_select AS ON INSERT TO obj.other DO ALSO INSERT INTO obj.fired (id) SELECT f.id + NEW.id FROM obj.fired f;
ALTER TABLE obj.other DISABLE RULE from_select;
COMMENT ON RULE many ON obj.fired IS 'several';

-- policies and privileges
ALTER TABLE obj.fired ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "p 1" ON obj.fired FOR DELETE TO "obj role ""x""", obj_role, CURRENT_USER USING (id IN (SELECT o.fired FROM obj.other o WHERE o.id > fired.id));
CREATE POLICY p2 ON obj.fired AS RESTRICTIVE FOR INSERT WITH CHECK (EXISTS (SELECT FROM obj.other WHERE other.id = fired.id) OR "B" = 'x');
COMMENT ON POLICY p2 ON obj.fired IS 'second';
GRANT USAGE ON SCHEMA obj TO "obj role ""x""";
GRANT SELECT, INSERT ON obj.fired TO "obj role ""x""" WITH GRANT OPTION;
GRANT UPDATE ("B", c), REFERENCES (id) ON obj.fired TO obj_role, PUBLIC;
GRANT TRUNCATE, TRIGGER ON obj.other TO PUBLIC;
SET ROLE "obj role ""x""";
GRANT SELECT ON obj.fired TO obj_role;
RESET ROLE;
REVOKE ALL ON obj.owning FROM CURRENT_USER;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO obj_role;
ALTER DEFAULT PRIVILEGES FOR ROLE obj_role IN SCHEMA obj GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE obj_role GRANT USAGE ON TYPES TO "obj role ""x""" WITH GRANT OPTION;

-- views on views on tables
CREATE VIEW obj.v1 AS SELECT f.id, f."B" AS b, o.id AS other_id, f.id + 1 AS computed, f.id::bigint AS cast FROM obj.fired f LEFT JOIN obj.other o ON o.fired = f.id;
CREATE VIEW obj.v2 AS WITH w AS (SELECT id AS wid, b FROM obj.v1) SELECT s.x, w.b, j.id, count(*) OVER () AS n
  FROM w JOIN (SELECT wid AS x FROM w OFFSET 0) s ON s.x = w.wid JOIN (obj.fired JOIN obj.other o2 USING (id)) j ON true;
CREATE VIEW obj.v3 (x1, y1) AS SELECT x, sum(n) FROM obj.v2 GROUP BY x;
CREATE MATERIALIZED VIEW obj.v4 AS SELECT x1, y1, (SELECT max(id) FROM obj.fired) AS m FROM obj.v3;
CREATE VIEW obj.v5 AS SELECT v4.x1 AS last, l.i, full_join FROM obj.v4, LATERAL (SELECT v4.x1 AS i) l, (SELECT id AS full_join FROM obj.fired FULL JOIN obj.other USING (id)) z;
CREATE VIEW obj.v6 AS SELECT id FROM obj.fired UNION SELECT id FROM obj.other;
CREATE VIEW obj.v7 AS SELECT * FROM (SELECT id FROM obj.v6) AS renamed (other_name);

-- statistics, publications, event triggers
CREATE STATISTICS obj."stat 1" (dependencies, ndistinct, mcv) ON id, (lower("B")), c FROM obj.fired;
ALTER STATISTICS obj."stat 1" SET STATISTICS 50;
CREATE STATISTICS "obj ""2""".expression ON (id * 2) FROM obj.other;
COMMENT ON STATISTICS obj."stat 1" IS 'correlated';
CREATE PUBLICATION "pub 1" FOR TABLE obj.fired, obj.other WITH (publish = 'insert, truncate');
CREATE PUBLICATION pub2 FOR TABLES IN SCHEMA obj, "obj ""2""" WITH (publish_via_partition_root);
COMMENT ON PUBLICATION pub2 IS 'by schema';
CREATE FUNCTION obj.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER "on ddl" ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION obj.on_ddl();
CREATE EVENT TRIGGER on_drop ON sql_drop EXECUTE FUNCTION obj.on_ddl();
ALTER EVENT TRIGGER on_drop DISABLE;
COMMENT ON EVENT TRIGGER on_drop IS 'off';

