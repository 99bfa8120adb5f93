#!/usr/bin/env bash
# Loads that go well: formats, modes, options, and what is said afterwards.
. "$(dirname "$0")/../cli.sh"

csv=$(file books.csv <<'CSV'
year,id,title
1944,1,Ficciones
1970,2,"El Aleph, revised"
1975,3,El libro de arena
CSV
)
fresh() { sql "TRUNCATE book; INSERT INTO book VALUES (1, 'Ficciones', 'i1', 10, 1944), (2, 'El Aleph', 'i2', 12.5, 1949)"; }

exits 0 'upsert' aiodal load "$csv" book
like "$out" "loaded $csv into book: 3 staged, 1 inserted, 1 updated, 1 unchanged (* rows/s)" 'the counts'
is "$(books)" '1|Ficciones|i1|10.00|1944
2|El Aleph, revised|i2|12.50|1970
3|El libro de arena|||1975' 'columns by name in any order; those the file lacks stay'
exits 0 'the same again' aiodal load "$csv" book
like "$out" '*3 staged, 0 inserted, 0 updated, 3 unchanged*' 'changes nothing'

fresh
exits 0 'mode ignore' aiodal load "$csv" book --mode ignore
like "$out" '*3 staged, 1 inserted, 0 updated, 0 unchanged, 2 ignored*' 'counts what was left out'
fresh
exits 0 'mode update' aiodal load "$csv" book -m update
like "$out" '*3 staged, 0 inserted, 1 updated, 1 unchanged, 1 ignored*' 'counts what was not there'
fresh
sql "INSERT INTO book VALUES (7, 'gone', NULL, NULL, 1900), (8, 'kept', NULL, NULL, 2001)"
exits 0 'mode sync, limited' aiodal load "$csv" book --mode sync --delete-where 'year < 1950'
like "$out" '*1 inserted, 1 updated, 1 unchanged, 1 deleted*' 'deletes what the condition allows'
is "$(sql 'SELECT string_agg(id::text, $$ $$ ORDER BY id) FROM book')" '1 2 3 8' 'and nothing else'
sql 'DELETE FROM book WHERE id < 3'
sql 'DELETE FROM book WHERE id <= 3'
exits 0 'mode insert' aiodal load "$csv" book --mode insert
like "$out" '*3 staged, 3 inserted*' 'counts'

fresh
exits 0 'dry run' aiodal load "$csv" book --dry-run
like "$out" 'would load * into book: 3 staged, 1 inserted, 1 updated, 1 unchanged*dry run*rolled back*' 'says what would be, and that it is not'
is "$(books)" '1|Ficciones|i1|10.00|1944
2|El Aleph|i2|12.50|1949' 'and nothing is'
sql 'CREATE TABLE late (id int PRIMARY KEY, book int REFERENCES book DEFERRABLE INITIALLY DEFERRED)'
late=$(printf 'id,book\n1,1\n2,99\n' | file late.csv)
exits 1 'a dry run tries deferred constraints too' aiodal load "$late" late --dry-run
like "$out" '*violates foreign key constraint*(99)*' 'and says which'
exits 1 'as the commit does' aiodal load "$late" late
like "$out" '*violates foreign key constraint*Nothing was loaded*' 'with the same words'
is "$(sql 'SELECT count(*) FROM late')" 0 'and nothing is loaded'
sql 'DROP TABLE late'

# --- keys and columns

fresh
exits 0 'another key' aiodal load "$(printf 'isbn,title,price\ni2,El Aleph,1\n' | file k.csv)" book --mode update --key isbn
is "$(sql 'SELECT price FROM book WHERE id = 2')" 1.00 'is used'
exits 0 'update columns' aiodal load "$(printf 'id,title,price\n2,changed,2\n' | file u.csv)" book --update-columns price
is "$(sql 'SELECT title, price FROM book WHERE id = 2')" 'El Aleph|2.00' 'are the only ones written'
exits 0 'no header' aiodal load "$(printf '4|vier|N\n' | file n.csv)" book --no-header --columns id,title,price --delimiter '|' --null N
is "$(sql 'SELECT title, price IS NULL, year FROM book WHERE id = 4')" 'vier|t|2000' 'delimiter, null, default'
exits 0 'a column list wins over the header' aiodal load "$(printf 'a,b\n5,fem\n' | file w.csv)" book -c id,title
is "$(sql 'SELECT title FROM book WHERE id = 5')" fem 'which is skipped'
dup=$(printf 'id,title\n6,first\n6,last\n' | file d.csv)
exits 0 'duplicates, last' aiodal load "$dup" book --on-duplicate last
like "$out" '*2 staged, 1 inserted*1 duplicate*' 'counts'
is "$(sql 'SELECT title FROM book WHERE id = 6')" last 'wins'
sql 'CREATE SCHEMA "Odd ""Schema"; CREATE TABLE "Odd ""Schema"."Ta.ble" ("Ka, y" int PRIMARY KEY, "Väl""ue" text)'
exits 0 'odd names' aiodal load "$(printf '"Ka, y","Väl""ue"\n1,x\n' | file odd.csv)" '"Odd ""Schema"."Ta.ble"' --key '"Ka, y"' --update-columns '"Väl""ue"'
like "$out" '*into "Odd ""Schema"."Ta.ble": 1 staged, 1 inserted*' 'are written as in SQL'
exits 0 'names are folded as in SQL' aiodal load "$csv" PUBLIC.Book --key ID

# --- formats

fresh
exits 0 'jsonl' aiodal load "$(printf '{"id": 10, "title": "a\\u00e9"}\n{"title": "b", "id": 11, "price": null}\n' | file j.jsonl)" book
is "$(sql 'SELECT id, title, price, year FROM book WHERE id > 9 ORDER BY id')" '10|aé||2000
11|b||2000' 'one object a line'
exits 0 'text' aiodal load "$(printf '12\tt\\\\x\t\\N\t\\N\t\\N\n' | file t.txt)" book
is "$(sql 'SELECT title, year IS NULL FROM book WHERE id = 12')" 't\x|t' 'with backslashes'
exits 0 'tsv' aiodal load "$(printf 'id\ttitle\n13\t"a\tb"\n' | file t.tsv)" book
is "$(sql 'SELECT title FROM book WHERE id = 13')" $'a\tb' 'is csv with tabs'
exits 0 '--format wins over the name' aiodal load "$(printf 'id,title\n14,x\n' | file csv.jsonl)" book --format csv
exits 0 '\t is a tab' aiodal load "$(printf 'id\ttitle\n15\tx\n' | file tab.csv)" book --delimiter '\t'
gzip -c "$csv" >"$scratch/books.csv.gz"
exits 0 'gzip' aiodal load "$scratch/books.csv.gz" book
like "$out" '*3 staged*' 'is unpacked'
cp "$scratch/books.csv.gz" "$scratch/plain.csv"
exits 0 'gzip under another name' aiodal load "$scratch/plain.csv" book
printf '{"id": 16, "title": "z"}\n' | gzip >"$scratch/j.ndjson.gz"
exits 0 'gzipped jsonl by its name' aiodal load "$scratch/j.ndjson.gz" book
exits 0 'latin1' aiodal load "$(printf 'id,title\n17,caf\xe9\n' | file l.csv)" book --encoding latin1
is "$(sql 'SELECT title FROM book WHERE id = 17')" café 'is converted'
exits 0 'a byte order mark and CRLF' aiodal load "$(printf '\xef\xbb\xbfid,title\r\n18,bom\r\n' | file bom.csv)" book
is "$(sql 'SELECT title FROM book WHERE id = 18')" bom 'are taken for what they are'

exits 0 'standard input' sh -c "aiodal load - book <'$csv'"
like "$out" '*loaded standard input into book: 3 staged*' 'a file'
exits 0 'a pipe' sh -c "cat '$scratch/books.csv.gz' | aiodal load - book"
exits 0 'jsonl from a pipe' sh -c "echo '{\"id\": 19, \"title\": \"p\"}' | aiodal load - book --format jsonl"
mkfifo "$scratch/fifo.csv"
cat "$csv" >"$scratch/fifo.csv" &
exits 0 'a named pipe' aiodal load "$scratch/fifo.csv" book
wait $!
(cd "$scratch" && cp books.csv ./-dash.csv && aiodal load -- -dash.csv book >/dev/null)
ok $? 'a file name with a dash'

# --- several files

fresh
one=$(printf 'id,title\n20,a\n' | file one.csv)
two=$(printf '{"title": "b", "id": 21}\n' | file two.jsonl)
printf '22\tc\t\\N\t\\N\t\\N\n' | gzip >"$scratch/three.txt.gz"
exits 0 'three files of three formats' aiodal load "$one" "$two" "$scratch/three.txt.gz" book
like "$out" 'loaded 3 files into book: 3 staged, 3 inserted*' 'are one load'
is "$(sql 'SELECT string_agg(title, $$$$ ORDER BY id) FROM book WHERE id >= 20')" abc 'and all are there'
bad=$(printf 'id,title\n23,d\nx,e\n' | file bad.csv)
exits 1 'one of them bad' aiodal load "$one" "$bad" "$two" book
like "$out" "*error: $bad:3: *Nothing was loaded*" 'is named, with the line'
again=$(printf 'title,id\ne,24\na,20\n' | file again.csv)
exits 1 'one key in two of them' aiodal load "$one" "$two" "$again" book
like "$out" "*error: $again:3: *line 2 of input 1 and on line 3 of input 3*input 1 is file \"$one\"*" 'names both'
exits 1 'a constraint' aiodal load "$one" "$(printf 'id,title\n25,f\n26,\n' | file null.csv)" book
like "$out" "*error: $scratch/null.csv:3: *null value*" 'names the file of the row'
exits 1 'one that is not there' aiodal load "$one" "$scratch/none.csv" book
like "$out" "*\"$scratch/none.csv\" does not exist*" 'is named'
exits 3 'rejects' aiodal load "$one" "$bad" book --rejects "$scratch/rejects.csv"
like "$out" "*$bad:3: column id*" 'name the file'
is "$(python3 -c 'import csv, sys; print(*[(r["line"], r["column"], r["file"]) for r in csv.DictReader(open(sys.argv[1]))])' "$scratch/rejects.csv")" \
	"('3', 'id', '$bad')" 'in a column of their own'
exits 2 'standard input among files' aiodal load - "$one" book
like "$out" '*must be loaded by itself*' 'is refused'
is "$(aiodal load "$one" "$two" book --json | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["file"], len(d["files"]), d["staged"])')" 'None 2 2' '--json lists them'

# --- what is printed

is "$(aiodal load "$csv" book --quiet 2>&1)" '' '--quiet prints nothing'
is "$(aiodal load "$csv" book 2>&1 >/dev/null)" '' 'a short load prints nothing to standard error'
like "$( (echo id,title; echo 30,x; sleep 6; echo 31,y) | aiodal load - book 2>&1)" 'aiodal: standard input: * lines  0:0[56]
loaded standard input into book: 2 staged*' 'a long one says a line now and then'
exits 0 'empty files are allowed on request' aiodal load /dev/null book --allow-empty
like "$out" '*0 staged, 0 inserted*' 'and load nothing'
json() { python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }
fresh
got=$(aiodal load "$csv" book --json)
is "$(json '[d[k] for k in ("table", "mode", "dry_run", "staged", "inserted", "updated", "unchanged", "ignored", "deleted", "duplicates")]' <<<"$got")" \
	"['book', 'upsert', False, 3, 1, 1, 1, 0, 0, 0]" '--json has the counts'
ok "$(json 'd["seconds"] > 0 and d["bytes"] > 50 and d["path"] in ("sql", "direct")' <<<"$got" | grep -qx True; echo $?)" 'and what it took'
is "$(aiodal load "$csv" book --json --dry-run | json 'd["dry_run"]')" True 'a dry run is one in JSON too'

is "$(stages)" '' 'no stage is left behind'
done_testing
