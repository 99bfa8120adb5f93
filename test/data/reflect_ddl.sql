-- What reflect_ddl.t runs at the same time: churn() changes a schema in transactions
-- that keep it whole, read_*() reflect and check that it is.
--
-- Whole means, in each schema churn_N: for each table left_X there is right_X with
-- columns of the same names, a foreign key to it, and indexes alike.

CREATE SCHEMA check_whole;
CREATE TABLE check_whole.report (who text, what text, n bigint);

-- --- who changes

CREATE PROCEDURE check_whole.make_pair(s text, x text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE %1$I.left_%2$s (id int PRIMARY KEY CHECK (%1$I.f(id) > 0), kind %1$I.kind DEFAULT ''a'', note text DEFAULT %1$I.f(7)::text)', s, x);
	EXECUTE format('CREATE TABLE %1$I.right_%2$s (id int PRIMARY KEY REFERENCES %1$I.left_%2$s CHECK (%1$I.f(id) > 0), kind %1$I.kind DEFAULT ''a'', note text DEFAULT %1$I.f(7)::text)', s, x);
	EXECUTE format('CREATE VIEW %1$I.view_%2$s AS SELECT l.id, r.note, l.kind FROM %1$I.left_%2$s l JOIN %1$I.right_%2$s r USING (id)', s, x);
	EXECUTE format('CREATE POLICY p ON %1$I.right_%2$s USING (id IN (SELECT id FROM %1$I.left_%2$s))', s, x);
END $$;

CREATE PROCEDURE check_whole.on_both(s text, x text, command text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format(command, s, 'left_' || x);
	EXECUTE format(command, s, 'right_' || x);
END $$;

CREATE FUNCTION check_whole.pick(VARIADIC items text[]) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT items[1 + floor(random() * cardinality(items))::int]';

CREATE PROCEDURE check_whole.change(s text, n int) LANGUAGE plpgsql AS $$
DECLARE
	x text := (SELECT check_whole.pick(VARIADIC array_agg(substr(relname, 6)::text)) FROM pg_class WHERE relnamespace = s::regnamespace AND relkind = 'r' AND relname ~ '^left_');
	added text := (SELECT check_whole.pick(VARIADIC array_agg(attname::text)) FROM pg_attribute WHERE attrelid = format('%I.%I', s, 'left_' || x)::regclass AND attnum > 0 AND attname ~ '^x' AND NOT attisdropped);
BEGIN
	CASE floor(random() * 14)::int
		WHEN 0, 1 THEN CALL check_whole.on_both(s, x, format('ALTER TABLE %%I.%%I ADD x%s int DEFAULT %I.f(%s)', n, s, n));
		WHEN 2, 3 THEN IF added IS NOT NULL THEN CALL check_whole.on_both(s, x, format('ALTER TABLE %%I.%%I DROP %I', added)); END IF;
		WHEN 4 THEN IF added IS NOT NULL THEN CALL check_whole.on_both(s, x, format('ALTER TABLE %%I.%%I RENAME %I TO x_%s', added, n)); END IF;
		WHEN 5 THEN
			EXECUTE format('ALTER TABLE %I.left_%s RENAME TO left_%s', s, x, n);
			EXECUTE format('ALTER TABLE %I.right_%s RENAME TO right_%s', s, x, n);
			EXECUTE format('ALTER VIEW %I.view_%s RENAME TO view_%s', s, x, n);
		WHEN 6 THEN
			EXECUTE format('DROP TABLE %1$I.left_%2$s, %1$I.right_%2$s CASCADE', s, x);
			CALL check_whole.make_pair(s, n::text);
		WHEN 7 THEN CALL check_whole.on_both(s, x, 'CREATE INDEX ON %I.%I (note, lower(note)) WHERE id > 3');
		WHEN 8 THEN CALL check_whole.on_both(s, x, format('COMMENT ON TABLE %%I.%%I IS %L', n));
		WHEN 9 THEN CALL check_whole.on_both(s, x, 'GRANT SELECT ON %I.%I TO PUBLIC');
		WHEN 10 THEN EXECUTE format('ALTER TYPE %I.kind ADD VALUE %L', s, n);
		WHEN 11 THEN EXECUTE format('DROP FUNCTION IF EXISTS %1$I.g; CREATE FUNCTION %1$I.g(a int DEFAULT %2$s, OUT b %1$I.kind) LANGUAGE sql AS ''SELECT NULL::%1$I.kind''', s, n);
		WHEN 12 THEN
			EXECUTE format('DROP TABLE IF EXISTS %1$I.parts; CREATE TABLE %1$I.parts (id int, at date) PARTITION BY RANGE (at)', s);
			EXECUTE format('CREATE TABLE %1$I.parts_%2$s PARTITION OF %1$I.parts FOR VALUES FROM (MINVALUE) TO (%3$L)', s, n, date '2020-01-01' + n);
		ELSE EXECUTE format('DROP VIEW %1$I.view_%2$s; CREATE VIEW %1$I.view_%2$s AS SELECT l.id, l.note, l.kind, r.note AS note_%3$s FROM %1$I.left_%2$s l JOIN %1$I.right_%2$s r USING (id)', s, x, n);
	END CASE;
END $$;

CREATE PROCEDURE check_whole.churn(s text, until timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	n int := 100;
BEGIN
	EXECUTE format('CREATE SCHEMA %I', s);
	EXECUTE format('CREATE FUNCTION %I.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS ''SELECT $1 + 1''', s);
	EXECUTE format('CREATE TYPE %I.kind AS ENUM (''a'')', s);
	FOR i IN 1 .. 6 LOOP
		CALL check_whole.make_pair(s, i::text);
	END LOOP;
	COMMIT;
	WHILE clock_timestamp() < until LOOP
		n := n + 1;
		CALL check_whole.change(s, n);
		COMMIT;
	END LOOP;
	INSERT INTO check_whole.report VALUES (s, 'changes', n - 100);
END $$;

-- --- who reads

-- NULL, or what is not whole about it
CREATE FUNCTION check_whole.torn(document json, OUT reason text) LANGUAGE plpgsql AS $$
BEGIN
	CREATE TEMP TABLE IF NOT EXISTS relation (schema text, name text, kind text, r json, columns text[]);
	TRUNCATE pg_temp.relation;
	INSERT INTO pg_temp.relation
		SELECT r ->> 'schema' AS schema, r ->> 'name' AS name, r ->> 'kind' AS kind, r,
		       ARRAY(SELECT c ->> 'name' FROM json_array_elements(r -> 'columns') c) AS columns
		  FROM json_array_elements(document -> 'relations') r;

	SELECT format('foreign key %s of %s.%s refers to what is not there', f ->> 'name', schema, name) INTO reason
	  FROM pg_temp.relation r, json_array_elements(r -> 'foreign_keys') f
	 WHERE NOT EXISTS (SELECT FROM pg_temp.relation t WHERE t.schema = f ->> 'referenced_schema' AND t.name = f ->> 'referenced_relation'
	         AND t.columns @> ARRAY(SELECT json_array_elements_text(f -> 'referenced_columns')));
	IF reason IS NULL THEN
		SELECT format('%s of %s.%s is on columns that are not there', k ->> 'name', schema, name) INTO reason
		  FROM pg_temp.relation r, LATERAL (SELECT k FROM json_array_elements(r -> 'check_constraints') k UNION ALL SELECT r -> 'primary_key' WHERE kind = 'table') a(k)
		 WHERE NOT r.columns @> ARRAY(SELECT json_array_elements_text(k -> 'columns'));
	END IF;
	IF reason IS NULL THEN
		SELECT format('index %s of %s.%s is on columns that are not there', i ->> 'name', schema, name) INTO reason
		  FROM pg_temp.relation r, json_array_elements(r -> 'indexes') i, json_array_elements(i -> 'keys') k
		 WHERE NOT r.columns @> ARRAY[k ->> 'column'] AND k ->> 'column' IS NOT NULL;
	END IF;
	IF reason IS NULL THEN
		SELECT format('column %s of view %s.%s shows what is not there', c ->> 'name', schema, name) INTO reason
		  FROM pg_temp.relation v, json_array_elements(r -> 'columns') c
		 WHERE kind = 'view' AND NOT EXISTS (SELECT FROM pg_temp.relation t WHERE t.name = c ->> 'base_relation' AND t.columns @> ARRAY[c ->> 'base_column']);
	END IF;
	IF reason IS NULL AND json_array_length(document -> 'warnings') = 0 THEN
		SELECT format('%s and %s differ', l.name, r.name) INTO reason
		  FROM (SELECT * FROM pg_temp.relation WHERE name ~ '^left_') l
		  FULL JOIN (SELECT * FROM pg_temp.relation WHERE name ~ '^right_') r ON l.schema = r.schema AND substr(l.name, 6) = substr(r.name, 7)
		 WHERE l.columns IS DISTINCT FROM r.columns OR l.r ->> 'comment' IS DISTINCT FROM r.r ->> 'comment'
		    OR json_array_length(l.r -> 'indexes') <> json_array_length(r.r -> 'indexes')
		    OR json_array_length(r.r -> 'foreign_keys') <> 1;
	END IF;
END $$;

CREATE PROCEDURE check_whole.read_documents(until timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	document json;
	reason text;
	calls bigint := 0;
	warned bigint := 0;
BEGIN
	WHILE clock_timestamp() < until LOOP
		document := aiodal.reflect();
		calls := calls + 1;
		warned := warned + (json_array_length(document -> 'warnings') > 0)::int;
		reason := check_whole.torn(document);
		IF reason IS NOT NULL THEN
			RAISE 'document %: %', calls, reason USING DETAIL = document::text;
		END IF;
		COMMIT;
	END LOOP;
	INSERT INTO check_whole.report VALUES ('documents', 'calls', calls), ('documents', 'with warnings', warned);
END $$;

-- All functions in one statement: the rows of one snapshot, but that what was dropped since may be left out.
CREATE PROCEDURE check_whole.read_rows(until timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	reason text;
	calls bigint := 0;
BEGIN
	WHILE clock_timestamp() < until LOOP
		calls := calls + 1;
		WITH relations AS MATERIALIZED (SELECT * FROM aiodal.relations()),
			columns AS MATERIALIZED (SELECT * FROM aiodal.columns()),
			constraints AS MATERIALIZED (SELECT * FROM aiodal.constraints()),
			indexes AS MATERIALIZED (SELECT * FROM aiodal.indexes()),
			others AS MATERIALIZED (SELECT (SELECT count(*) FROM aiodal.types()), (SELECT count(*) FROM aiodal.functions()), (SELECT count(*) FROM aiodal.triggers()),
				(SELECT count(*) FROM aiodal.policies()), (SELECT count(*) FROM aiodal.privileges()), (SELECT count(*) FROM aiodal.sorted_tables()), (SELECT count(*) FROM aiodal.sequences()))
		SELECT format('%s of %s.%s', what, schema, relation) INTO reason FROM (
			SELECT 'column ' || c.name, c.schema, relation FROM columns c WHERE pg_table_is_visible(c.oid) IS NOT NULL AND NOT EXISTS (SELECT FROM relations r WHERE r.oid = c.oid)
			UNION ALL
			SELECT 'constraint ' || c.name, c.schema, relation FROM constraints c, unnest(c.columns) k
			 WHERE pg_table_is_visible(c.relation_oid) IS NOT NULL AND NOT EXISTS (SELECT FROM columns a WHERE a.oid = c.relation_oid AND a.name = k)
			UNION ALL
			SELECT 'index ' || i.name, i.schema, relation FROM indexes i, json_array_elements(keys) k
			 WHERE pg_table_is_visible(i.relation_oid) IS NOT NULL AND k ->> 'column' IS NOT NULL AND NOT EXISTS (SELECT FROM columns a WHERE a.oid = i.relation_oid AND a.name = k ->> 'column')
			UNION ALL
			SELECT 'no pair', r.schema, name FROM relations r WHERE pg_table_is_visible(r.oid) IS NOT NULL AND name ~ '^left_' AND NOT EXISTS (SELECT FROM relations o WHERE o.name = 'right_' || substr(r.name, 6) AND o.schema = r.schema)
		) t(what, schema, relation), others;
		IF reason IS NOT NULL THEN
			RAISE 'statement %: %', calls, reason;
		END IF;
		COMMIT;
	END LOOP;
	INSERT INTO check_whole.report VALUES ('rows', 'calls', calls);
END $$;

-- Snapshots, fingerprints and single relations: no call fails.
CREATE PROCEDURE check_whole.read_others(until timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	calls bigint := 0;
	known text;
BEGIN
	WHILE clock_timestamp() < until LOOP
		calls := calls + 1;
		known := (SELECT convert_from(substr(data, 2, 16), 'UTF8') FROM aiodal.snapshot(NULL, NULL, '{partitions,extensions}', known) WHERE part = 'fingerprint');
		PERFORM aiodal.fingerprint();
		COMMIT;
		PERFORM aiodal.describe(oid) FROM pg_class WHERE relkind IN ('r', 'v') AND relnamespace::regnamespace::text ~ '^churn_' LIMIT 3;
		COMMIT;
	END LOOP;
	INSERT INTO check_whole.report VALUES ('others', 'calls', calls);
END $$;

-- --- the fingerprint is another one exactly when the document is

CREATE FUNCTION check_whole.document(s name) RETURNS text LANGUAGE sql AS $$
	SELECT (aiodal.reflect(ARRAY[s])::jsonb - 'fingerprint')::text $$;
CREATE FUNCTION check_whole.snapshot_of(s name) RETURNS text LANGUAGE sql AS $$
	SELECT encode(data, 'escape') FROM aiodal.snapshot(NULL, ARRAY[s]) WHERE part = 'fingerprint' $$;

-- Random changes, of this schema and of another, and as many statements that change nothing.
CREATE PROCEDURE check_whole.compare_fingerprints(s name, other name, steps int) LANGUAGE plpgsql AS $$
DECLARE
	document text := check_whole.document(s);
	fingerprint text := aiodal.fingerprint(ARRAY[s]);
	snapshot text := check_whole.snapshot_of(s);
	seen text;
	changed bigint := 0;
BEGIN
	FOR i IN 1 .. steps LOOP
		CASE floor(random() * 4)::int
			WHEN 0 THEN CALL check_whole.change(other, 1000000 + i);
			WHEN 1 THEN EXECUTE format('ANALYZE %I.%I', s, (SELECT relname FROM pg_class WHERE relnamespace = s::regnamespace AND relname ~ '^left_' LIMIT 1));
			ELSE CALL check_whole.change(s, 1000000 + i);
		END CASE;
		COMMIT;
		seen := check_whole.document(s);
		IF (seen = document) <> (aiodal.fingerprint(ARRAY[s]) = fingerprint) THEN
			RAISE 'step %: the document %, the fingerprint did not', i, CASE WHEN seen = document THEN 'stayed the same' ELSE 'changed' END;
		END IF;
		IF (seen = document) <> (check_whole.snapshot_of(s) = snapshot) THEN
			RAISE 'step %: the document %, the snapshot''s fingerprint did not', i, CASE WHEN seen = document THEN 'stayed the same' ELSE 'changed' END;
		END IF;
		changed := changed + (seen <> document)::int;
		document := seen;
		fingerprint := aiodal.fingerprint(ARRAY[s]);
		snapshot := check_whole.snapshot_of(s);
	END LOOP;
	INSERT INTO check_whole.report VALUES ('fingerprints', 'changed', changed), ('fingerprints', 'steps', steps);
END $$;
