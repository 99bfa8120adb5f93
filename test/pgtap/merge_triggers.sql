-- Triggers and rules: they fire as for a hand-written UPDATE and INSERT, what they
-- change counts, what they hold back counts as ignored.
SELECT plan(24);

CREATE TABLE log (n int GENERATED ALWAYS AS IDENTITY, what text);
CREATE FUNCTION logged() RETURNS text LANGUAGE sql AS
$$ WITH gone AS (DELETE FROM log RETURNING n, what) SELECT string_agg(what, ', ' ORDER BY n) FROM gone $$;
CREATE FUNCTION counts(m aiodal.merge_result) RETURNS text
    RETURN format('%s staged: %s inserted, %s updated, %s unchanged, %s ignored, %s deleted', m.staged, m.inserted, m.updated, m.unchanged, m.ignored, m.deleted);

CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE TABLE batch (id int, v text);

-- Row triggers: once for each row that is written, none for rows that are left alone.
CREATE FUNCTION note_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log (what) VALUES (format('%s %s %s', lower(TG_WHEN), lower(TG_OP), coalesce(NEW.id, OLD.id)));
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER b BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note_row();
CREATE TRIGGER a AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note_row();
ALTER TABLE t DISABLE TRIGGER USER;
INSERT INTO t VALUES (1, 'same'), (2, 'old'), (4, 'lone');
ALTER TABLE t ENABLE TRIGGER USER;
INSERT INTO batch VALUES (1, 'same'), (2, 'new'), (3, 'fresh');
SELECT is(counts(aiodal.merge('batch', 't')), '3 staged: 1 inserted, 1 updated, 1 unchanged, 0 ignored, 0 deleted', 'row triggers do not disturb the counts');
SELECT is(logged(), 'before update 2, after update 2, before insert 3, after insert 3', 'row triggers fire once for each row written');
SELECT is(counts(aiodal.merge('batch', 't', 'sync')), '3 staged: 0 inserted, 0 updated, 3 unchanged, 0 ignored, 1 deleted', 'a merge again changes nothing');
SELECT is(logged(), 'before delete 4, after delete 4', 'and fires nothing but the deletion''s triggers');
DROP TRIGGER a ON t;
DROP TRIGGER b ON t;

-- Statement triggers and transition tables: as for UPDATE, then INSERT ... ON CONFLICT DO UPDATE.
CREATE FUNCTION note_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log (what) VALUES (lower(TG_WHEN || ' ' || TG_OP));
    RETURN NULL;
END $$;
CREATE FUNCTION note_new_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log (what) SELECT format('%s of %s', lower(TG_OP), string_agg(id::text, ' ' ORDER BY id)) FROM new_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER before_insert BEFORE INSERT ON t EXECUTE FUNCTION note_statement();
CREATE TRIGGER inserted AFTER INSERT ON t REFERENCING NEW TABLE AS new_rows EXECUTE FUNCTION note_new_rows();
CREATE TRIGGER updated AFTER UPDATE ON t REFERENCING NEW TABLE AS new_rows EXECUTE FUNCTION note_new_rows();
UPDATE batch SET v = v || '!' WHERE id > 1;
INSERT INTO batch VALUES (5, 'five'), (6, 'six');
SELECT counts(aiodal.merge('batch', 't')) \gset
SELECT is(logged(), 'update of 2 3, before insert, insert of 5 6', 'statement triggers see each row once in their transition tables');
DROP TRIGGER before_insert ON t;
DROP TRIGGER inserted ON t;
DROP TRIGGER updated ON t;

-- A statement trigger may object to the batch as a whole. It must not be fed with parts until it agrees.
CREATE FUNCTION few_at_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM new_rows) > 2 THEN
        RAISE EXCEPTION 'too many rows at once';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER few AFTER INSERT ON t REFERENCING NEW TABLE AS new_rows EXECUTE FUNCTION few_at_once();
CREATE TABLE many AS SELECT i AS id, 'many' AS v FROM generate_series(100, 110) i;
SELECT throws_ok($$ SELECT aiodal.merge('many', 't') $$, 'P0001', 'too many rows at once', 'a trigger''s objection to the whole batch stands');
SELECT is_empty($$ SELECT FROM t WHERE v = 'many' $$, 'and nothing was merged in parts');
DROP TRIGGER few ON t;

-- Rows held back.
CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.v ~ 'hold' THEN RETURN NULL; END IF;
    NEW.v := upper(NEW.v);
    RETURN NEW;
END $$;
CREATE TRIGGER hold BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION hold_back();
TRUNCATE t, batch;
INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd');
INSERT INTO batch VALUES (1, 'hold'), (2, 'b2'), (3, 'C'), (5, 'hold'), (6, 'f'), (7, NULL);
SELECT is(counts(aiodal.merge('batch', 't')), '6 staged: 2 inserted, 1 updated, 1 unchanged, 2 ignored, 0 deleted', 'rows held back by a trigger count as ignored');
SELECT results_eq('SELECT id, v FROM t ORDER BY id', $$ VALUES (1, 'A'), (2, 'B2'), (3, 'C'), (4, 'D'), (6, 'F'), (7, NULL) $$, 'values a trigger changed are kept');
SELECT is(counts(aiodal.merge('batch', 't', 'update')), '6 staged: 0 inserted, 2 updated, 2 unchanged, 2 ignored, 0 deleted', 'update: the same, and what is not there is ignored');
SELECT is(counts(aiodal.merge('batch', 't', 'ignore')), '6 staged: 0 inserted, 0 updated, 0 unchanged, 6 ignored, 0 deleted', 'ignore: held back or there already');
DROP TRIGGER hold ON t;

-- A trigger that changes the key of the row it updates: the row was there, it is not inserted too.
CREATE FUNCTION move_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := NEW.id + 100; RETURN NEW; END $$;
CREATE TRIGGER move BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION move_key();
TRUNCATE t, batch;
INSERT INTO t VALUES (1, 'a'), (2, 'b');
INSERT INTO batch VALUES (1, 'x'), (2, 'b'), (3, 'c');
SELECT is(counts(aiodal.merge('batch', 't')), '3 staged: 1 inserted, 1 updated, 1 unchanged, 0 ignored, 0 deleted', 'a trigger may change the key of an updated row');
SELECT results_eq('SELECT id, v FROM t ORDER BY id', $$ VALUES (2, 'b'), (3, 'c'), (101, 'x') $$, 'which is not inserted as well');
DROP TRIGGER move ON t;

-- A trigger that normalizes the key of a new row: it meets the old one.
CREATE TABLE mail (address text PRIMARY KEY, v text);
CREATE FUNCTION fold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.address := lower(NEW.address); RETURN NEW; END $$;
CREATE TRIGGER fold BEFORE INSERT ON mail FOR EACH ROW EXECUTE FUNCTION fold();
INSERT INTO mail VALUES ('a@x', 'old'), ('b@x', 'same');
CREATE TABLE mail_batch (address text, v text);
INSERT INTO mail_batch VALUES ('A@x', 'new'), ('B@x', 'same'), ('C@x', 'fresh');
SELECT is(counts(aiodal.merge('mail_batch', 'mail')), '3 staged: 1 inserted, 1 updated, 1 unchanged, 0 ignored, 0 deleted', 'a trigger may give a new row the key of an old one');
SELECT is(counts(aiodal.merge('mail_batch', 'mail', 'ignore')), '3 staged: 0 inserted, 0 updated, 0 unchanged, 3 ignored, 0 deleted', 'ignored where conflicts are');

-- Triggers on some partitions only.
CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE p2 PARTITION OF p DEFAULT;
CREATE TRIGGER hold BEFORE INSERT OR UPDATE ON p2 FOR EACH ROW EXECUTE FUNCTION hold_back();
TRUNCATE batch;
INSERT INTO batch VALUES (1, 'hold'), (11, 'hold'), (12, 'x');
SELECT is(counts(aiodal.merge('batch', 'p')), '3 staged: 2 inserted, 0 updated, 0 unchanged, 1 ignored, 0 deleted', 'a partition''s own triggers hold back rows too');

-- INSTEAD OF triggers.
CREATE VIEW v AS SELECT id, v FROM t;
CREATE FUNCTION write_t() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(NEW.v, '') ~ 'hold' THEN RETURN NULL; END IF;
    IF TG_OP = 'INSERT' THEN INSERT INTO t VALUES (NEW.*); END IF;
    IF TG_OP = 'UPDATE' THEN UPDATE t SET v = NEW.v WHERE id = OLD.id; END IF;
    IF TG_OP = 'DELETE' THEN DELETE FROM t WHERE id = OLD.id; END IF;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER write INSTEAD OF INSERT OR UPDATE OR DELETE ON v FOR EACH ROW EXECUTE FUNCTION write_t();
TRUNCATE t, batch;
INSERT INTO t VALUES (1, 'same'), (2, 'old'), (3, 'old'), (4, 'lone');
INSERT INTO batch VALUES (1, 'same'), (2, 'new'), (3, 'hold'), (5, 'hold'), (6, 'fresh');
SELECT is(counts(aiodal.merge('batch', 'v', 'sync', '{id}')), '5 staged: 1 inserted, 1 updated, 1 unchanged, 2 ignored, 1 deleted', 'a view with INSTEAD OF triggers');
SELECT results_eq('SELECT id, v FROM t ORDER BY id', $$ VALUES (1, 'same'), (2, 'new'), (3, 'old'), (6, 'fresh') $$, 'which do the writing');

-- Rules.
TRUNCATE t, batch;
INSERT INTO t VALUES (1, 'same'), (2, 'old');
INSERT INTO batch VALUES (1, 'same'), (2, 'new'), (3, 'fresh');
CREATE RULE also AS ON INSERT TO t DO ALSO INSERT INTO log (what) VALUES ('rule ' || NEW.id);
CREATE RULE tell AS ON UPDATE TO t DO ALSO NOTIFY rule_of_t;
SELECT is(counts(aiodal.merge('batch', 't')), '3 staged: 1 inserted, 1 updated, 1 unchanged, 0 ignored, 0 deleted', 'rules that do more do not disturb the counts');
SELECT is(logged(), 'rule 3', 'and are obeyed');
DROP RULE also ON t;
DROP RULE tell ON t;
CREATE RULE elsewhere AS ON INSERT TO t DO INSTEAD NOTHING;
TRUNCATE t;
INSERT INTO batch VALUES (4, 'four');
SELECT is(counts(aiodal.merge('batch', 't')), '4 staged: 0 inserted, 0 updated, 0 unchanged, 4 ignored, 0 deleted', 'what a rule does away with is ignored');
DROP RULE elsewhere ON t;
CREATE RULE conditional AS ON INSERT TO t WHERE NEW.id > 3 DO INSTEAD NOTHING;
SELECT is(counts(aiodal.merge('batch', 't')), '4 staged: 3 inserted, 0 updated, 0 unchanged, 1 ignored, 0 deleted', 'also where a rule has a condition');
DROP RULE conditional ON t;

-- A rule's NOTIFY is sent.
CREATE RULE tell AS ON UPDATE TO t DO ALSO NOTIFY rule_of_t;
UPDATE batch SET v = 'again';
BEGIN;
SELECT counts(aiodal.merge('batch', 't', 'update')) \gset
SELECT is(pg_notification_queue_usage(), 0::float8, 'not before the transaction''s end');
\o /dev/null
LISTEN rule_of_t;
COMMIT;
\o
DROP RULE tell ON t;

-- A merge within a trigger, of another stage.
CREATE TABLE mirror (id int PRIMARY KEY, v text);
CREATE FUNCTION mirror_rows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stage regclass := aiodal.stage('mirror');
BEGIN
    EXECUTE format('INSERT INTO %s SELECT * FROM new_rows', stage);
    PERFORM aiodal.merge(stage);
    RETURN NULL;
END $$;
CREATE TRIGGER mirror AFTER INSERT ON t REFERENCING NEW TABLE AS new_rows EXECUTE FUNCTION mirror_rows();
TRUNCATE t;
SELECT counts(aiodal.merge('batch', 't')) \gset
SELECT results_eq('SELECT id, v FROM mirror ORDER BY id', 'SELECT id, v FROM t ORDER BY id', 'a trigger may merge too');

SELECT * FROM finish();
