#!/usr/bin/env bash
# aiodal diff: between databases and saved documents.
. "$(dirname "$0")/../cli.sh"

other=${PGDATABASE}_b
forget_other() { outer_sql "DROP DATABASE IF EXISTS $other WITH (FORCE)"; forget; }
trap forget_other EXIT

sql "CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE SCHEMA shop;
CREATE TABLE shop.sale (id int PRIMARY KEY, book int REFERENCES book, dropped int, note text, at timestamptz);
ALTER TABLE shop.sale DROP COLUMN dropped;
CREATE INDEX sale_at ON shop.sale (at);
CREATE VIEW shop.cheap AS SELECT title
FROM book WHERE price < 5;
CREATE FUNCTION shop.f(a int, b text DEFAULT 'x') RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE INSERT ON shop.sale FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE SEQUENCE shop.number;
CREATE TABLE shop.gone (id int);
CREATE TABLE shop.\"Odd \"\"<b>\"\" name\" (\"a
b\" int UNIQUE);
ALTER TABLE shop.sale ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.sale USING (id > 0);
CREATE ROLE $role"
outer_sql "CREATE DATABASE $other TEMPLATE $PGDATABASE"
in_other() { PGDATABASE=$other sql "$1"; }
aiodal reflect --format json >"$scratch/a.json"

exits 0 'a copy' aiodal diff "$PGDATABASE" "$other"
is "$out" 'no differences' 'is the same'
exits 0 'a saved document' aiodal diff "$scratch/a.json" "$other"
is "$out" 'no differences' 'is the same as the database'
exits 0 'two conninfo strings' aiodal diff "dbname=$PGDATABASE" "postgresql:///$other"

# the same schema with other OIDs, column numbers and row counts
in_other "DROP TABLE shop.sale; CREATE TABLE shop.sale (id int PRIMARY KEY, book int REFERENCES book, note text, at timestamptz);
CREATE INDEX sale_at ON shop.sale (at);
CREATE TRIGGER touch BEFORE INSERT ON shop.sale FOR EACH ROW EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.sale ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.sale USING (id > 0);
INSERT INTO shop.sale VALUES (1, 1); ANALYZE"
exits 0 'made again' aiodal diff "$PGDATABASE" "$other"
is "$out" 'no differences' 'is the same'

in_other "ALTER TABLE shop.sale ADD pages positive NOT NULL DEFAULT 3, DROP note, ALTER book TYPE bigint, ALTER book SET NOT NULL, ALTER at SET DEFAULT now(),
	ADD CONSTRAINT sale_pages CHECK (pages < 9), ADD UNIQUE (at);
DROP INDEX shop.sale_at; CREATE INDEX sale_at ON shop.sale (at DESC) WHERE id > 3;
DROP VIEW shop.cheap; CREATE VIEW shop.cheap AS SELECT title
FROM book WHERE price < 6;
ALTER TYPE mood ADD VALUE 'happy';
ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 100);
CREATE OR REPLACE FUNCTION shop.f(a int, b text DEFAULT 'y') RETURNS int LANGUAGE sql AS 'SELECT 2';
ALTER SEQUENCE shop.number INCREMENT 5;
ALTER TABLE shop.gone RENAME TO come;
ALTER POLICY own ON shop.sale USING (id > 1);
ALTER TRIGGER touch ON shop.sale RENAME TO touched;
ALTER TABLE shop.sale DISABLE ROW LEVEL SECURITY"
exits 1 'changed' aiodal diff "$PGDATABASE" "$other"
diff=$out
like "$diff" "--- $PGDATABASE (PostgreSQL *)*+++ $other (PostgreSQL *" 'names both with the servers'
like "$diff" $'*\n~ table shop.sale\n*  - column note: text\n*' 'a table with a column less'
like "$diff" $'*\n  + column pages: public.positive not null default 3\n*' 'a new column'
like "$diff" $'*\n  ~ column book: type integer -> bigint; not null no -> yes\n*' 'type and nullability'
like "$diff" $'*\n  ~ column at: default value none -> now()\n*' 'a default'
like "$diff" $'*\n  + check constraint sale_pages: CHECK (*pages*<*9*)\n*' 'a constraint'
like "$diff" $'*\n  + unique constraint sale_at_key: UNIQUE (at)\n*' 'a unique constraint'
unlike "$diff" '*index sale_at_key*' 'its index is not told again'
like "$diff" $'*\n  ~ index sale_at: btree (at) -> btree (at DESC) WHERE (id > 3)\n*' 'an index'
like "$diff" $'*\n  ~ policy own: qual (id > 0) -> (id > 1)\n*' 'a policy'
like "$diff" $'*\n  - trigger touch: CREATE TRIGGER*\n*  + trigger touched: CREATE TRIGGER*' 'a renamed trigger is another'
like "$diff" $'*\n  ~ row security: yes -> no\n*' 'row security'
like "$diff" $'*\n~ view shop.cheap\n  ~ definition:\n      -   WHERE *5*\n      +   WHERE *6*' 'the lines of a view that differ'
like "$diff" $'*\n~ enum public.mood\n  ~ labels: sad, ok -> sad, ok, happy\n*' 'labels'
like "$diff" $'*\n~ domain public.positive\n  + check constraint small: *100*' 'a check of a domain'
like "$diff" $'*\n~ function shop.f(integer,text)\n*source: SELECT 1 -> SELECT 2*arguments:*\'x\'::text -> *\'y\'::text*' 'a function'
like "$diff" $'*\n~ sequence shop.number\n*increment by: 1 -> 5*' 'a sequence'
like "$diff" $'*\n- table shop.gone\n*' 'a renamed table is removed'
like "$diff"$'\n' $'*\n+ table shop.come\n*' 'and added'
unlike "$diff" '*oid*' 'no OIDs'
unlike "$diff" '*Odd*' 'nothing about what is the same'
exits 1 'the other way round' aiodal diff "$other" "$scratch/a.json"
like "$out" $'*  + column note: text\n*' 'turns it round'
exits 1 'one schema' aiodal diff "$PGDATABASE" "$other" -n shop
unlike "$out" '*mood*' 'leaves out the others'
exits 0 'another schema of a document' aiodal diff "$scratch/a.json" "$scratch/a.json" -n shop
exits 1 'json' aiodal diff "$PGDATABASE" "$other" --format json
is "$(python3 -c '
import json, sys
d = json.load(sys.stdin)
print(d["same"], d["a"]["database"] != d["b"]["database"], d["ignored"])
o = {x["identity"]: x for x in d["objects"]}
p = {x["name"]: x for x in o["shop.sale"]["parts"] if x["kind"] == "column"}
print(o["shop.gone"]["change"], o["shop.come"]["change"], o["shop.sale"]["schema"], o["shop.sale"]["name"])
print(p["pages"]["change"], p["pages"]["a"], p["note"]["b"], p["book"]["properties"][0])
' <<<"$out")" "False True []
removed added shop sale
added None None {'name': 'type', 'a': 'integer', 'b': 'bigint'}" 'json says the same'
exits 0 'json of the same' aiodal diff "$other" "$other" -f json
like "$out" '*"same": true*"objects": *' 'is said'

# --- what can be ignored

outer_sql "DROP DATABASE $other WITH (FORCE)"
outer_sql "CREATE DATABASE $other TEMPLATE $PGDATABASE"
in_other "GRANT SELECT, INSERT ON book TO $role; GRANT UPDATE (title) ON book TO $role WITH GRANT OPTION; GRANT SELECT ON book TO PUBLIC;
COMMENT ON COLUMN book.title IS E'two\\nlines'; COMMENT ON TABLE book IS 'x'; ALTER TABLE shop.gone OWNER TO $role;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC"
exits 1 'privileges, comments, owners' aiodal diff "$PGDATABASE" "$other"
like "$out" "*  + privileges PUBLIC: SELECT*  + privileges $role: INSERT, SELECT*" 'privileges of a role on a line'
like "$out" "*  + privileges $role on column title: UPDATE with grant option*" 'on a column'
like "$out" "*~ table shop.gone*~ owner: * -> $role*" 'an owner'
like "$out" $'*  ~ column title\n      ~ comment:\n          + two\n          + lines*' 'a comment of two lines'
like "$out" '*+ default privilege SELECT on each new table of * to PUBLIC*' 'default privileges'
exits 1 'privileges ignored' aiodal diff "$PGDATABASE" "$other" --ignore privileges
unlike "$out" '*privilege*' 'none are shown'
exits 1 'owners ignored' aiodal diff "$PGDATABASE" "$other" --ignore owner
unlike "$out" '*shop.gone*' 'privileges of the owner neither'
exits 0 'all of it ignored' aiodal diff "$PGDATABASE" "$other" --ignore privileges,owner --ignore comment
exits 2 'something else' aiodal diff a b --ignore colour
like "$out" '*unknown ignore "colour"*privileges, owner, comment*' 'is refused'
in_other 'DROP TABLE shop.gone; CREATE TABLE shop.gone (b int, id int); ALTER TABLE shop.gone DROP b; ALTER TABLE book RENAME price TO p2; ALTER TABLE book RENAME p2 TO price'
exits 0 'columns with gaps between' aiodal diff "$PGDATABASE" "$other" --ignore privileges,owner,comment
in_other 'DROP TABLE shop.gone; CREATE TABLE shop.gone (id int, x int)'
sql 'DROP TABLE shop.gone; CREATE TABLE shop.gone (x int, id int)'
exits 1 'columns in another order' aiodal diff "$PGDATABASE" "$other" --ignore privileges,owner,comment
like "$out" '*column order: x, id -> id, x*' 'is a difference'

# --- trouble

exits 2 'no such database' aiodal diff "$PGDATABASE" no_such_database
like "$out" '*error:*"no_such_database"*' 'is named'
echo '{"x": 1' >"$scratch/broken.json"
exits 2 'broken JSON' aiodal diff "$scratch/broken.json" "$other"
like "$out" '*could not read the document*broken.json*' 'is named'
echo '{"x": 1}' >"$scratch/other.json"
exits 2 'another document' aiodal diff "$scratch/other.json" "$other"
like "$out" '*not a document of aiodal.reflect()*' 'is refused'
echo '{"aiodal": 1, "relations": [{}, 1, {"name": "x", "columns": [{}, 2], "indexes": [{}], "options": [1, 2], "privileges": [{}]}], "types": [{"attributes": [{}]}], "functions": [{"arguments": [{}]}], "default_privileges": [{}]}' >"$scratch/sparse.json"
exits 1 'a document that lacks nearly everything' aiodal diff "$scratch/sparse.json" "$other"
exits 2 'one operand' aiodal diff "$other"
exits 2 'with -d' aiodal -d "$other" diff "$other" "$other"
like "$out" '*two arguments*' 'is not needed'
if command -v script >/dev/null; then
	like "$(TERM=xterm script -qec "aiodal diff $scratch/a.json $other" /dev/null </dev/null)" *$'\033[31m---'*$'\033[33m~'* 'colour on a terminal'
fi
done_testing
