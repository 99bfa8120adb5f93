#!/usr/bin/env bash
# aiodal reflect: what people see, and the document.
. "$(dirname "$0")/../cli.sh"

sql "COMMENT ON TABLE book IS 'What one can read';
COMMENT ON COLUMN book.title IS 'as on the cover';
CREATE INDEX book_year ON book USING btree (year DESC, lower(title) text_pattern_ops) INCLUDE (price) WHERE price > 0;
CREATE SCHEMA shop;
CREATE TABLE shop.sale (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, book int NOT NULL REFERENCES book ON DELETE CASCADE, at timestamptz DEFAULT now(),
	gross numeric GENERATED ALWAYS AS (2) STORED, EXCLUDE USING btree (at WITH =)) WITH (fillfactor = 70);
CREATE VIEW shop.cheap AS SELECT title FROM book WHERE price < 5;
CREATE TABLE shop.log (at date, what text COLLATE \"C\") PARTITION BY RANGE (at);
CREATE TABLE shop.log_2024 PARTITION OF shop.log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE UNLOGGED TABLE shop.\"Odd, \"\"T\" (\"a b\" text, \"Ünï\" text);
CREATE TABLE shop.\"no columns\" ();
COMMENT ON TABLE shop.\"no columns\" IS E'evil \\x1b[31mred\\x1b[0m'"
sql 'ANALYZE book'

exits 0 'one table' aiodal reflect -t book
# 18 names its NOT NULL constraints
is "$(sed '/^  Not-null constraints:/,/^  [A-Z]/ { /^  Not-null/d; /^    /d }' <<<"$out")" "
Table public.book, owner $(sql 'SELECT current_user'), about 2 rows
  Description: What one can read
  COLUMN  TYPE          NULLABLE  DEFAULT  DESCRIPTION
  id      integer       not null
  title   text          not null           as on the cover
  isbn    text
  price   numeric(8,2)
  year    integer                 2000
  Indexes:
    book_pkey PRIMARY KEY, btree (id)
    book_isbn_key UNIQUE CONSTRAINT, btree (isbn)
    book_year btree (year DESC, lower(title) text_pattern_ops) INCLUDE (price) WHERE (price > (0)::numeric)
  Check constraints:
    book_price_check CHECK ((price >= (0)::numeric))
  Referenced by:
    shop.sale sale_book_fkey FOREIGN KEY (book) REFERENCES public.book(id) ON DELETE CASCADE" 'all about it'

sql 'CREATE SCHEMA more; SET search_path = more, public;
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TABLE has (id int PRIMARY KEY, a text, b int, c bytea) PARTITION BY RANGE (id);
CREATE TABLE has_1 PARTITION OF has FOR VALUES FROM (1) TO (9);
CREATE TABLE plain (id int PRIMARY KEY, a text, b int, c bytea, d text);
ALTER TABLE plain ALTER a SET STORAGE external, ALTER b SET STATISTICS 200, ALTER c SET COMPRESSION pglz, REPLICA IDENTITY FULL;
CREATE STATISTICS more.both_columns (ndistinct) ON a, (b + 1) FROM plain;
GRANT SELECT, UPDATE (a) ON plain TO PUBLIC;
CREATE PUBLICATION news FOR TABLE plain;
CREATE TABLE child () INHERITS (plain);
CREATE POLICY own ON plain AS RESTRICTIVE FOR UPDATE USING (id > 1) WITH CHECK (id > 2);
CREATE TRIGGER fires AFTER INSERT ON plain FOR EACH ROW EXECUTE FUNCTION trg();
ALTER TABLE plain DISABLE TRIGGER fires;
CREATE RULE does AS ON DELETE TO plain DO INSTEAD NOTHING;'
exits 0 'a table with all that can belong to one' aiodal reflect -t more.plain
is "$(sed '/^  Not-null constraints:/,/^  [A-Z]/ { /^  Not-null/d; /^    /d }' <<<"$out")" "
Table more.plain, owner $(sql 'SELECT current_user')
  COLUMN  TYPE     NULLABLE  STORAGE   COMPRESSION  STATISTICS
  id      integer  not null
  a       text               external
  b       integer                                          200
  c       bytea                        pglz
  d       text
  Indexes:
    plain_pkey PRIMARY KEY, btree (id)
  Policies:
    own AS RESTRICTIVE FOR UPDATE TO public USING ((id > 1)) WITH CHECK ((id > 2))
  Statistics objects:
    more.both_columns (ndistinct, expressions) ON a, (b + 1)
  Triggers:
    CREATE TRIGGER fires AFTER INSERT ON more.plain FOR EACH ROW EXECUTE FUNCTION more.trg() (disabled)
  Rules:
    CREATE RULE does AS
          ON DELETE TO more.plain DO INSTEAD NOTHING;
  Publications:
    news
  Child tables:
    more.child
  Privileges:
    PUBLIC: SELECT, UPDATE (a)
  Replica identity: full" 'all of it is told'
exits 0 'a partitioned table' aiodal reflect -t more.has
like "$out" '*Partitions:*more.has_1 FOR VALUES FROM (1) TO (9)*Partition key: RANGE (id)*' 'with its partitions'
sql "DO \$\$ BEGIN FOR i IN 2 .. 30 LOOP EXECUTE format('CREATE TABLE more.has_%s PARTITION OF more.has FOR VALUES FROM (%s) TO (%s)', i, i * 10, i * 10 + 1); END LOOP; END \$\$"
is "$(aiodal reflect -t more.has | grep -c 'FOR VALUES')-$(aiodal reflect -t more.has | grep -c '\.\.\. and 18 more')" 12-1 'of many only the first'
sql 'DROP SCHEMA more CASCADE; DROP PUBLICATION news' 2>/dev/null

exits 0 'a schema' aiodal reflect -n shop
like "$out" "Database $PGDATABASE: * relations, PostgreSQL *SCHEMA*NAME*KIND*shop*cheap*view*shop*sale*table*" 'the list comes first'
like "$out" '*shop*"Odd, ""T"*unlogged table*' 'odd names are quoted'
unlike "$out" '*public*book *table*' 'other schemas are left out'
like "$out" '*Table shop.sale*id *bigint *not null *generated always as identity*gross *generated always as 2 stored*' 'identity and generated columns'
like "$out" '*Exclusion constraints:*sale_at_excl EXCLUDE USING btree (at WITH =)*Foreign keys:*sale_book_fkey FOREIGN KEY (book) REFERENCES public.book(id) ON DELETE CASCADE*Option: fillfactor=70*' 'its constraints'
like "$out" '*View shop.cheap*Definition:*SELECT *title*WHERE *' 'a view with its query'
like "$out" '*Partitioned table shop.log*COLLATION*what *text *C*Partition key: RANGE (at)*' 'a partitioned table'
unlike "$out" '*Table shop.log_2024*' 'partitions are left out'
like "$out" '*Partitioned table shop.log,*Partitions:*shop.log_2024 FOR VALUES*' 'but for a line each of their table'
unlike "$out" *$'\033'* 'control characters in comments do not reach the terminal'
like "$out" '*evil \\x1b?31mred*' 'they are shown as what they are'
exits 0 'with partitions' aiodal reflect -n shop --include partitions
like "$out" "*Table shop.log_2024*Partition of: shop.log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')*" 'they are there'
exits 0 'a partition by name' aiodal reflect -t shop.log_2024
exits 0 'everything' aiodal reflect
like "$out" '*public*book*shop*sale*Table public.book*Table shop.sale*' 'has all schemas'
exits 0 'two tables of a schema' aiodal reflect -n shop -t sale -t '"Odd, ""T"'
is "$(grep -c ', owner' <<<"$out")" 2 'two'
exits 0 'an empty schema' sh -c "psql -XAtqc 'CREATE SCHEMA empty' && aiodal reflect -n empty"
like "$out" '*: 0 relations*' 'is no error'

# --- json

is "$(aiodal reflect -f json)" "$(sql 'SELECT aiodal.reflect()')" 'the document as the server made it'
is "$(aiodal reflect -f json -n shop)" "$(sql "SELECT aiodal.reflect('{shop}')")" 'of a schema'
is "$(aiodal reflect -f json -n shop,public)" "$(sql "SELECT aiodal.reflect('{shop,public}')")" 'of two'
is "$(aiodal reflect -f json -t book -t shop.sale)" "$(sql "SELECT aiodal.reflect(relations => '{book,shop.sale}')")" 'of two tables'
is "$(aiodal reflect -f json --include partitions)" "$(sql "SELECT aiodal.reflect(include => '{partitions}')")" 'with partitions'
ok "$(aiodal reflect -f json | python3 -m json.tool >/dev/null; echo $?)" 'it is JSON'

# --- errors

exits 1 'unknown schema' aiodal reflect -n shp
like "$out" '*error: schema "shp" does not exist*"shop"*' 'names those there are'
exits 1 'unknown table' aiodal reflect -t bok
like "$out" '*error: table "bok" does not exist*Did you mean "book"*' 'names the near one'
exits 1 'unknown table of a schema' aiodal reflect -t shop.sales
like "$out" '*"shop.sales" does not exist*Did you mean "shop.sale"*' 'names the near one'
exits 1 'unknown table of a schema of -n' aiodal reflect -n shop -t book
like "$out" '*"shop.book" does not exist*' 'is looked for there'
exits 1 'something else than a table' aiodal reflect -t shop.sale_id_seq
like "$out" '*"sale_id_seq" is a sequence*' 'is said'
exits 1 'unknown include' aiodal reflect --include everything
like "$out" '*"everything"*"partitions"*' 'names what there is'
sql "CREATE ROLE $role"
is "$(PGOPTIONS="-c role=$role" aiodal reflect -f json)" "$(sql 'SELECT aiodal.reflect()')" 'without any right one sees the same'
done_testing
