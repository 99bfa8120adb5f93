#!/usr/bin/env bash
# aiodal export: tables and queries, formats, files that appear whole or not at all.
. "$(dirname "$0")/../cli.sh"

is "$(aiodal export book 2>/dev/null)" 'id,title,isbn,price,year
1,Ficciones,i1,10.00,1944
2,El Aleph,i2,12.50,1949' 'a table as csv'
like "$(aiodal export book 2>&1 >/dev/null)" 'aiodal: 2 rows, 76 B in *s' 'the counts go to standard error'
like "$(aiodal export 'SELECT 1' 2>&1 >/dev/null)" 'aiodal: 1 row, *' 'one row is one row'
is "$(aiodal export book --quiet 2>&1 >/dev/null)" '' '--quiet: no counts'
out() { aiodal export "$@" -q; }
is "$(out public.book --no-header | head -1)" '1,Ficciones,i1,10.00,1944' 'no header'
is "$(out 'SELECT id, NULL AS n FROM book WHERE id = 1' --delimiter ';' --null NIX)" 'id;n
1;NIX' 'a query, delimiter, null'
is "$(out "  SELECT 1 AS a ;
 ")" 'a
1' 'a semicolon and blanks behind a query'
is "$(out 'TABLE book' --no-header | wc -l)" 2 'TABLE is a query'
is "$(out 'VALUES(1)' --no-header)" 1 'a query without blanks'
is "$(out book -f jsonl | head -1)" '{"id":1,"title":"Ficciones","isbn":"i1","price":10.00,"year":1944}' 'jsonl'
is "$(out "SELECT E'a\\tb', NULL" -f text)" 'a\tb	\N' 'text'
sql 'CREATE TABLE "Odd, ""T" ("a b" text); INSERT INTO "Odd, ""T" VALUES ($$x"y$$)'
is "$(out '"Odd, ""T"')" 'a b
"x""y"' 'odd names'
is "$(out "SELECT 'caf' || chr(233) AS c" --no-header --encoding latin1 | od -An -tx1 | tr -d ' \n')" 636166e90a 'latin1'

sql 'CREATE TABLE derived (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED, gone int, "B" int DEFAULT 7); ALTER TABLE derived DROP gone; INSERT INTO derived VALUES (1)'
is "$(out derived)" 'id,B
1,7' 'generated columns are left out'
exits 0 'so that it can be loaded' sh -c 'aiodal export derived -q | aiodal load - derived'
is "$(out derived -f jsonl)" '{"id":1,"B":7}' 'from jsonl, too'
sql 'CREATE VIEW titles AS SELECT title FROM book'
is "$(out titles --no-header | head -1)" Ficciones 'a view'

# --- files

cd "$scratch" || exit 1
exits 0 'into a file' aiodal export book -o b.csv
like "$out" 'aiodal: 2 rows, 76 B to b.csv in *' 'is said'
is "$(cat b.csv)" "$(out book)" 'with what would go to standard output'
exits 0 'jsonl by the name' aiodal export book -o b.jsonl
is "$(cat b.jsonl)" "$(out book -f jsonl)" 'is jsonl'
exits 0 'gzip by the name' aiodal export book -o b.tsv.gz
is "$(zcat b.tsv.gz)" "$(out book --delimiter '\t')" 'is gzip, and tsv'
exits 0 'standard output by name' aiodal export book -o -
like "$out" '*Ficciones*' 'is standard output'
exits 0 'binary' aiodal export book -f binary -o b.bin
is "$(head -c 6 b.bin)" PGCOPY 'is PostgreSQL'\''s'
for format in csv jsonl text; do
	sql 'CREATE TABLE copy (LIKE book INCLUDING ALL)'
	exits 0 "there and back by $format" sh -c "aiodal export book -f $format -q | aiodal load - copy -f $format --mode insert"
	is "$(sql 'SELECT count(*) FROM (TABLE book EXCEPT TABLE copy) x')" 0 'gives the same table'
	sql 'DROP TABLE copy'
done

echo before >kept.csv
exits 1 'a query that fails half way' aiodal export 'SELECT 1 / (3 - i) FROM generate_series(1, 100000) i' -o kept.csv
like "$out" '*error: division by zero*' 'says why'
is "$(cat kept.csv)" before 'and leaves the file'
exits 1 'a directory as output' aiodal export book -o "$scratch"
like "$out" '*error: *directory*' 'is said'
exits 1 'a directory that is not there' aiodal export book -o none/b.csv
like "$out" '*error: *none/b.csv*No such file*' 'is said'
is "$(ls -A)" "$(printf 'b.bin\nb.csv\nb.jsonl\nb.tsv.gz\nkept.csv')" 'no other file is left behind'
if [ -e /dev/full ]; then
	exits 1 'a full disk' sh -c "aiodal export 'SELECT repeat(chr(120), 1000) FROM generate_series(1, 1000)' >/dev/full"
	like "$out" '*error: *No space left*' 'is said'
fi
is "$(aiodal export 'SELECT generate_series(1, 1000000)' --no-header -q 2>&1 | head -2 | tr '\n' ' ')" '1 2 ' 'a reader that has enough'
is "$(out 'DELETE FROM book WHERE id = 2 RETURNING id' --no-header)" 2 'DELETE ... RETURNING'
is "$(sql 'SELECT count(*) FROM book')" 1 'is committed'
exits 1 'DELETE ... RETURNING to a place that is none' aiodal export 'DELETE FROM book RETURNING id' -o none/x.csv
is "$(sql 'SELECT count(*) FROM book')" 1 'is rolled back'

# --- errors

exits 1 'unknown table' aiodal export bok
like "$out" '*error: *"bok" does not exist*Did you mean "book"*' 'names the near one'
exits 1 'unknown column' aiodal export 'SELECT titel FROM book'
like "$out" '*error: column "titel" does not exist*' 'is said'
exits 1 'syntax error' aiodal export 'SELECT * FRM book'
is "$out" 'aiodal: error: syntax error at or near "FRM"
LINE 1: SELECT * FRM book
                 ^' 'is pointed at'
exits 1 'an error in a later line, behind characters of many bytes' aiodal export "SELECT 'äöü€' AS x,
 'ß' || titel FROM book" -f jsonl
like "$out" "*column \"titel\" does not exist
LINE 2:  'ß' || titel FROM book
                ^*" 'is pointed at'
exits 1 'a query without end' aiodal export 'SELECT 1 +'
like "$out" '*syntax error*' 'is an error'
exits 1 'two statements' aiodal export 'SELECT 1; DELETE FROM book'
is "$(sql 'SELECT count(*) FROM book')" 1 'are not run'
exits 1 'a statement without rows' aiodal export 'DELETE FROM book'
is "$(sql 'SELECT count(*) FROM book')" 1 'is not run'
sql "CREATE ROLE $role"
exits 1 'no right' env PGOPTIONS="-c role=$role" aiodal export book
like "$out" '*permission denied for table book*' 'is said'
exits 2 'unknown encoding' aiodal export book --encoding klingon
if command -v script >/dev/null; then
	like "$(script -qec 'aiodal export book -f binary' /dev/null </dev/null)" '*not written to a terminal*' 'binary data does not go to a terminal'
fi
done_testing
