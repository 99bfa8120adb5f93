-- Foreign keys on the direct path: the same errors and locks as PostgreSQL's own check.
CREATE SCHEMA "Par ent";
CREATE DOMAIN code AS varchar(5);
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE "Par ent".country (code code PRIMARY KEY, n bigint UNIQUE);
CREATE TABLE region (country code, mood mood, name text, PRIMARY KEY (country, mood));
CREATE TABLE part (id int PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE part_0 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part_1 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO "Par ent".country VALUES ('DE', 1), ('FR', 2);
INSERT INTO region VALUES ('DE', 'ok', 'x'), ('FR', 'sad', 'y'), ('UN', 'ok', 'z');
INSERT INTO part SELECT generate_series(1, 10);
CREATE TABLE child (
    id int PRIMARY KEY,
    country varchar(9) REFERENCES "Par ent".country ON DELETE CASCADE,
    n smallint REFERENCES "Par ent".country (n),
    r_mood mood, r_country text,
    part bigint REFERENCES part,
    boss int REFERENCES child,
    later int REFERENCES part DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (r_country, r_mood) REFERENCES region);
SELECT aiodal.version() IS NOT NULL AS loaded;
COPY child FROM STDIN WITH (FORMAT csv, merge 'upsert');
1,DE,1,ok,DE,1,2,
2,DE,2,sad,FR,2,,3
3,,,ok,,,2,
\.
SELECT inserted, path FROM aiodal.last_copy();
COPY child FROM STDIN WITH (FORMAT csv, merge 'upsert');
3,,,ok,,,2,
4,DE,1,ok,DE,1,,
5,XX,1,ok,DE,1,,
\.
COPY child (id, n) FROM STDIN WITH (FORMAT csv, merge 'upsert');
1,1
2,7
\.
COPY child (id, r_mood, r_country) FROM STDIN WITH (FORMAT csv, merge 'upsert');
7,ok,FR
\.
COPY child (id, part) FROM STDIN WITH (FORMAT csv, merge 'upsert');
7,11
\.
COPY child (id, boss) FROM STDIN WITH (FORMAT csv, merge 'upsert');
7,8
\.
BEGIN;
COPY child (id, later) FROM STDIN WITH (FORMAT csv, merge 'upsert');
7,8
8,12
\.
COMMIT;
-- the stage says so too
BEGIN;
SELECT aiodal.stage('child');
COPY child_stage (id, country) FROM STDIN WITH (FORMAT csv);
1,FR
2,ES
\.
SELECT path FROM aiodal.merge('child_stage');
ROLLBACK;
SELECT * FROM child ORDER BY id;
-- a parent of this transaction; one deleted in it; triggers of one's own fire all the same
CREATE TABLE seen (what text, id int);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO seen VALUES (TG_OP, NEW.id); RETURN NULL; END $$;
CREATE TRIGGER see AFTER INSERT OR UPDATE ON child FOR EACH ROW EXECUTE FUNCTION see();
BEGIN;
INSERT INTO "Par ent".country VALUES ('ES', 3);
DELETE FROM region WHERE country = 'UN';
COPY child (id, country) FROM STDIN WITH (FORMAT csv, merge 'upsert');
1,ES
9,ES
\.
SELECT * FROM seen ORDER BY id;
COPY child (id, r_country, r_mood) FROM STDIN WITH (FORMAT csv, merge 'upsert');
9,UN,ok
\.
ROLLBACK;
-- what is disabled is not checked
ALTER TABLE child DISABLE TRIGGER ALL;
COPY child (id, country) FROM STDIN WITH (FORMAT csv, merge 'upsert');
10,QQ
\.
ALTER TABLE child ENABLE TRIGGER ALL;
DELETE FROM child WHERE id = 10;
-- the parents' table need not be readable
CREATE ROLE regress_aiodal_child;
GRANT SELECT, INSERT, UPDATE ON child TO regress_aiodal_child;
GRANT INSERT ON seen TO regress_aiodal_child;
SET ROLE regress_aiodal_child;
COPY child (id, country) FROM STDIN WITH (FORMAT csv, merge 'upsert');
11,DE
\.
COPY child (id, country) FROM STDIN WITH (FORMAT csv, merge 'upsert');
12,QQ
\.
RESET ROLE;
REVOKE SELECT ON child FROM regress_aiodal_child;
GRANT SELECT (id, country) ON child TO regress_aiodal_child; -- enough to be shown the key
SET ROLE regress_aiodal_child;
COPY child (id, country) FROM STDIN WITH (FORMAT csv, merge 'upsert');
12,QQ
\.
RESET ROLE;
DROP OWNED BY regress_aiodal_child;
DROP ROLE regress_aiodal_child;
