#!/usr/bin/env bash
# Loads that must fail: what is said, the exit status, that nothing is loaded and no stage is left.
. "$(dirname "$0")/../cli.sh"

good=$(printf 'id,title\n3,drei\n' | file good.csv)
# rows NAME LINE ...: a csv file whose first rows would go in
rows() { local name=$1; shift; { printf 'id,title,price\n3,drei,3\n1,changed,1\n'; printf "$*\n"; } | file "$name"; }

# --- names

refuses 1 'unknown table' '*error: *"bok" does not exist*Did you mean "book"*Nothing was loaded.' aiodal load "$good" bok
refuses 1 'unknown schema' '*error: *"shop.book" does not exist*Did you mean "public.book"*' aiodal load "$good" shop.book
refuses 1 'unknown column in the header' '*error: */col.csv:1: column "titel" in header line does not exist*id, titel*columns of "book*title*Nothing*' \
	aiodal load "$(printf 'id,titel\n3,x\n' | file col.csv)" book
refuses 1 'unknown column in --columns' '*column "titel" of relation "book" does not exist*columns are: id, title*' aiodal load "$good" book --columns id,titel
refuses 1 'unknown column in jsonl' '*j.jsonl:2: *"titel"*' aiodal load "$(printf '{"id":3,"title":"x"}\n{"id":4,"titel":"y"}\n' | file j.jsonl)" book
refuses 1 'a column twice in the header' '*column "id" is in the header line more than once*' aiodal load "$(printf 'id,id,title\n3,4,x\n' | file twice.csv)" book
refuses 1 'a required column is missing' '*req.csv:1: required column "title" is not in the header line*' aiodal load "$(printf 'id,price\n3,4\n' | file req.csv)" book
refuses 1 'a wrong key, before the rows are looked at' '*\(title\) is not a key*' aiodal load "$(rows early.csv x,x,x)" book --key title
refuses 1 'unknown key column' '*column "idd" of relation "book" does not exist*columns are: id, title*' aiodal load "$good" book --key idd
refuses 1 'a key that is none' '*\(title\) is not a key of "book"*possible keys are \(id\), \(isbn\)*' aiodal load "$good" book --key title
refuses 1 'unknown update column' '*column "preis" of relation "book" does not exist*' aiodal load "$good" book --update-columns preis
refuses 2 'unknown mode' '*unknown mode "replace"*Valid values are insert, ignore, upsert, update, sync*' aiodal load "$good" book --mode replace
refuses 1 'delete-where without sync' '*delete_where needs mode "sync"*' aiodal load "$good" book --delete-where 'id = 1'
refuses 1 'delete-where that is no condition' '*error: *' aiodal load "$good" book --mode sync --delete-where 'true) OR (true'
refuses 1 'delete-where with an unknown column' '*column "idd" does not exist*' aiodal load "$good" book --mode sync --delete-where 'idd = 1'
sql 'CREATE TABLE bare (a int); CREATE VIEW view AS SELECT 1 AS a; CREATE SEQUENCE seq; CREATE MATERIALIZED VIEW mat AS SELECT 1 AS a'
a=$(printf 'a\n1\n' | file a.csv)
refuses 1 'a table without a key' '*"bare" has no key to merge by*' aiodal load "$a" bare
refuses 1 'a materialized view' '*cannot load into "mat"*materialized view*' aiodal load "$a" mat
refuses 1 'a sequence' '*cannot *"seq"*' aiodal load "$a" seq

# --- files

refuses 1 'missing file' '*error: file "*/nothing.csv" does not exist*Nothing was loaded.' aiodal load "$scratch/nothing.csv" book
refuses 1 'directory' "*error: \"$scratch\" is a directory*" aiodal load "$scratch" book
refuses 1 'empty file' '*error: file "*empty.csv" is empty*--allow-empty*' aiodal load "$(file empty.csv </dev/null)" book
refuses 1 'empty file, sync' '*is empty*' aiodal load "$scratch/empty.csv" book --mode sync
refuses 1 'header only' '*has no rows*--allow-empty*' aiodal load "$(echo id,title | file header.csv)" book
refuses 1 'header only, sync' '*has no rows*' aiodal load "$scratch/header.csv" book --mode sync
refuses 1 'empty standard input' '*is empty*' aiodal load - book
gzip -c "$good" | head -c 30 >"$scratch/cut.csv.gz"
refuses 1 'truncated gzip' '*cut.csv.gz*' aiodal load "$scratch/cut.csv.gz" book
printf 'id,title\n3,x\n' >"$scratch/not.csv.gz"
exits 0 'a .gz that is not zipped is read as it is' aiodal load "$scratch/not.csv.gz" book --dry-run
if [ "$(id -u)" != 0 ]; then
	chmod 0 "$(printf 'id,title\n3,x\n' | file secret.csv)"
	refuses 1 'unreadable file' '*secret.csv*Permission denied*' aiodal load "$scratch/secret.csv" book
elif id -u nobody >/dev/null 2>&1; then
	chmod 700 "$scratch"
	printf 'id,title\n3,x\n' >"$scratch/secret.csv"
	# the program of a checkout may be where nobody may look
	cp "$(command -v aiodal)" /tmp/aiodal.$$
	refuses 1 'unreadable file' '*secret.csv*Permission denied*' setpriv --reuid "$(id -u nobody)" --clear-groups /tmp/aiodal.$$ load "$scratch/secret.csv" book
	rm /tmp/aiodal.$$
fi


# is_told NAME MESSAGE BYTES: a file that holds no rows as it is, whatever its name
is_told()
{
	printf "$3" >"$scratch/told.csv"
	refuses 1 "$1" "*error: file \"*told.csv\" $2 | aiodal load - TABLE*Nothing was loaded." aiodal load "$scratch/told.csv" book
}
is_told xz 'is compressed by xz*xz -dc FILE' '\3757zXZ\000\000\004'
is_told zstd 'is compressed by zstd*zstd -dc FILE' '\050\265\057\375\044'
is_told bzip2 'is compressed by bzip2*bzip2 -dc FILE' 'BZh41AY\046SY\001'
is_told 'bzip2 of nothing' 'is compressed by bzip2*bzip2 -dc FILE' 'BZh9\027\162\105\070\120\220\000'
is_told lz4 'is compressed by lz4*lz4 -dc FILE' '\004\042\115\030d'
is_told 'zip, as .xlsx is' 'is a zip archive*save it as CSV*unzip -p FILE' 'PK\003\004\024\000'
is_told 'UTF-16, little end first' 'is encoded in UTF-16*iconv -f UTF-16 -t UTF-8 FILE' '\377\376i\000d\000'
is_told 'UTF-16, big end first' 'is encoded in UTF-16*iconv -f UTF-16 -t UTF-8 FILE' '\376\377\000i\000d'
printf 'PAR1\025\004\025\020' >"$scratch/told.csv"
refuses 1 'Parquet' '*told.csv" is a Parquet file*as CSV*' aiodal load "$scratch/told.csv" book
refuses 1 'one of several files' '*told.csv" is a Parquet file*' aiodal load "$good" "$scratch/told.csv" book
sql 'CREATE TABLE named ("BZh9" int PRIMARY KEY, "PAR1" int); INSERT INTO named VALUES (1, 2)'
for header in BZh9,PAR1 PAR1,BZh9; do
	exits 0 "the header $header of a csv file" aiodal load "$(printf "$header\n1,1\n" | file names.csv)" named
done

# --- the words in another order

order() { (cd "$scratch" && aiodal load "$@"); }
refuses 1 'table and file swapped' '*error: file "book" does not exist*HINT:  The table comes last: aiodal load good.csv book*' order book good.csv
refuses 1 'the table in front of several files' '*file "book" does not exist*HINT:  The table comes last: aiodal load FILE... TABLE*' order book good.csv good.csv
refuses 1 'the first names a table, the last nothing' '*file "book" does not exist*HINT:  The table comes last: aiodal load gone book*' order book gone
refuses 1 'no table behind files' '*"good.csv" does not exist*"good.csv" is a file. The table comes last*' order good.csv good.csv
refuses 2 'no table behind files, the last one with a path' '*invalid table name "./good.csv"*It is a file. The table comes last*' order good.csv ./good.csv
refuses 1 'a file that is missing, and a table' '*file "gone" does not exist*Check the path*' order gone book
refuses 1 'neither' '*file "gone" does not exist*Check the path*' order gone nothing

# --- standard streams that are closed

refuses 1 'standard input is closed' '*error: standard input is closed*HINT: *Nothing was loaded.' timeout 20 sh -c 'aiodal load - book <&-'
exits 0 'a closed standard input that is not read' sh -c 'aiodal load "$0" book --dry-run <&-' "$good"
refuses 1 'standard output is closed' '*could not write to standard output*' sh -c 'aiodal load "$0" book --dry-run >&-' "$good"
exits 0 'a closed standard output that nothing is written to' sh -c 'aiodal load "$0" book --dry-run --quiet >&-' "$good"
exits 0 'a closed standard error' sh -c 'aiodal load "$0" book --dry-run --verbose 2>&-' "$good"

# --- rows

for step in core fields records; do
	refuses 1 "data behind a line \\. that is no text, aiodal.feed = $step" "*marker.csv:3: invalid input syntax for type integer: \"\\\\.\"*" \
		env PGOPTIONS="-c aiodal.feed=$step" aiodal load "$(printf 'id,title\n3,drei\n\\.\n\377,vier\n' | file marker.csv)" book
done
refuses 1 'too few columns' "*error: $scratch/few.csv:4: missing data for column \"price\"*COPY book_stage, line 4*" aiodal load "$(rows few.csv 4,vier)" book
refuses 1 'too many columns' '*many.csv:4: extra data after last expected column*' aiodal load "$(rows many.csv 4,vier,4,5)" book
refuses 1 'bad value' '*value.csv:4: invalid input syntax for type integer: "x4"*COPY book_stage, line 4, column id: "x4"*' aiodal load "$(rows value.csv x4,vier,4)" book
refuses 1 'out of range' '*range.csv:4: value "99999999999" is out of range*column id*' aiodal load "$(rows range.csv 99999999999,vier,4)" book
refuses 1 'overflow of a numeric' '*num.csv:4: numeric field overflow*' aiodal load "$(rows num.csv 4,vier,123456789)" book
refuses 1 'bad encoding' '*enc.csv:4: invalid byte sequence for encoding "UTF8": 0xe9*' aiodal load "$(rows enc.csv '4,caf\xe9 x,4')" book
refuses 2 'unknown encoding' '*unknown encoding "klingon"*' aiodal load "$good" book --encoding klingon
refuses 1 'a NUL byte' '*invalid byte sequence*0x00*' aiodal load "$(printf 'id,title\n3,a\0b\n' | file nul.csv)" book
refuses 1 'quote without end' '*unterminated CSV quoted field*' aiodal load "$(rows quote.csv '4,"vier,4')" book
refuses 1 'null where there must be none' '*null.csv:4: null value in column "title"*violates not-null constraint*' aiodal load "$(rows null.csv 4,,4)" book
refuses 1 'check constraint' '*check.csv:4: *violates check constraint "book_price_check"*' aiodal load "$(rows check.csv 4,vier,-4)" book
refuses 1 'another unique key' '*unique.csv:3: duplicate key value violates unique constraint "book_isbn_key"*\(isbn\)=\(i1\)*' \
	aiodal load "$(printf 'id,title,isbn\n3,drei,i3\n4,vier,i1\n' | file unique.csv)" book
refuses 1 'mode insert, key is there' '*duplicate key value violates unique constraint "book_pkey"*' aiodal load "$(rows ins.csv 4,vier,4)" book --mode insert
refuses 1 'a key twice in the file' '*dup.csv:4: key \(id\)=\(3\) is in the batch more than once*line 2 and on line 4*--on-duplicate first*' aiodal load "$(rows dup.csv 3,nochmal,4)" book
refuses 1 'broken json' '*broken.jsonl:2*' aiodal load "$(printf '{"id":3,"title":"x"}\n{"id":4,\n' | file broken.jsonl)" book
refuses 1 'another delimiter' '*semi.csv:1: header line is not separated by*--delimiter*;*' aiodal load "$(printf 'id;title\n3;x\n' | file semi.csv)" book
sql 'CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.id = 4 THEN RAISE EXCEPTION $m$no \e[31m four$m$ USING HINT = $m$say three$m$; END IF; RETURN NEW; END$$;
CREATE TRIGGER refuse BEFORE INSERT ON book FOR EACH ROW EXECUTE FUNCTION refuse()'
refuses 1 'what a trigger says' '*no *four*HINT:  say three*' aiodal load "$(rows trigger.csv 4,vier,4)" book
sql 'DROP TRIGGER refuse ON book'
printf 'id,title\n3,\x1b[31mred\n3,\x1b[31mred\nx\x1b]0;t\x07,y\n' | file esc.csv >/dev/null
refuses 1 'control characters of the file' '*esc.csv:4: *' aiodal load "$scratch/esc.csv" book
unlike "$out" *$'\033'* 'do not reach the terminal'

# --- JSON

json() { python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }
failed() { aiodal load "$@" --json 2>/dev/null; }
is "$(failed "$scratch/value.csv" book | json '[d["error"][k] for k in ("message", "sqlstate", "line", "column", "constraint")]')" \
	"['invalid input syntax for type integer: \"x4\"', '22P02', 4, 'id', None]" 'a bad value in JSON'
is "$(failed "$scratch/check.csv" book | json '[d["error"][k] for k in ("sqlstate", "line", "schema", "table", "constraint")]')" \
	"['23514', 4, 'public', 'book', 'book_price_check']" 'a constraint in JSON'
is "$(failed "$scratch/dup.csv" book | json '[d["error"][k] for k in ("sqlstate", "line", "table")]')" "['23505', 4, 'book']" 'a key twice in JSON'
is "$(failed "$scratch/null.csv" book | json '[d["error"][k] for k in ("sqlstate", "line", "column")]')" "['23502', 4, 'title']" 'a null in JSON'
is "$(failed "$good" bok | json '"Did you mean" in d["error"]["hint"], d["error"]["sqlstate"]')" "(True, '42P01')" 'an unknown table in JSON'
is "$(PGHOST=$scratch/nowhere failed "$good" book | json 'd["error"]["status"]')" AIODAL_ECONN 'no server in JSON'
like "$(aiodal load "$scratch/value.csv" book --json 2>&1 >/dev/null)" 'aiodal: error: *value.csv:4:*' 'people are told on standard error'
like "$(aiodal load "$scratch/value.csv" book --quiet 2>&1)" '*value.csv:4:*' '--quiet does not hide errors'

# --- rights

sql "CREATE ROLE $role; CREATE TABLE mine (id int PRIMARY KEY, t text); GRANT SELECT, INSERT ON mine TO $role; CREATE SCHEMA closed; CREATE TABLE closed.t (a int PRIMARY KEY)"
id=$(printf 'id,t\n1,x\n' | file id.csv)
as_role() { PGOPTIONS="-c role=$role" "$@"; }
refuses 1 'no right at all' '*permission denied for table book*Nothing was loaded.' as_role aiodal load "$good" book
refuses 1 'no right to update' '*permission denied for table mine*' as_role aiodal load "$id" mine
exits 0 'the rights it takes are enough' as_role aiodal load "$id" mine --mode ignore
refuses 1 'no right to the schema' '*permission denied for schema closed*' as_role aiodal load "$a" closed.t
outer_sql "REVOKE TEMPORARY ON DATABASE $PGDATABASE FROM PUBLIC"
refuses 1 'no right to make temporary tables' '*permission denied to create temporary tables*' as_role aiodal load "$id" mine --mode ignore
refuses 1 'a read-only session' '*read-only transaction*' env PGOPTIONS='-c default_transaction_read_only=on' aiodal load "$good" book

# --- server and database

sql 'DROP EXTENSION aiodal'
refuses 1 'no such extension' "*extension *aiodal* is not installed in database \"$PGDATABASE\"*CREATE EXTENSION aiodal*Nothing was loaded." aiodal load "$good" book
sql 'CREATE EXTENSION aiodal'
refuses 1 'no such database' '*database "nosuch" does not exist*' aiodal -d nosuch load "$good" book
refuses 1 'no server' '*connection to server*failed*' aiodal -d "host=$scratch port=1" load "$good" book

# gone SQL REST: a load from a slow pipe, during which that SQL is run; REST is the command that writes the rest
gone()
{
	local load writer status=0
	mkfifo "$scratch/slow"
	aiodal load - book <"$scratch/slow" >"$scratch/said" 2>&1 &
	load=$!
	# shellcheck disable=SC2016 # for the inner shell
	sh -c 'printf "id,title\n3,drei\n"; until [ -e "$0" ]; do sleep 0.1; done; exec '"$2" "$scratch/go" >"$scratch/slow" 2>/dev/null &
	writer=$!
	for _ in $(seq 100); do
		[ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query ~ '^COPY'")" = 0 ] || break
		sleep 0.1
	done
	sql "$1" >/dev/null
	touch "$scratch/go"
	wait $load || status=$?
	kill $writer 2>/dev/null
	wait $writer 2>/dev/null
	rm "$scratch/slow" "$scratch/go"
	cat "$scratch/said"
	return $status
}
copying="FROM pg_stat_activity WHERE datname = current_database() AND query ~ '^COPY'"
refuses 1 'server gone in the middle' '*error: *terminating connection*Nothing was loaded.' gone "SELECT pg_terminate_backend(pid) $copying" 'seq -f %g,x 4 30000'
refuses 1 'cancelled by an administrator' '*error: *canceling statement due to user request*Nothing was loaded.' gone "SELECT pg_cancel_backend(pid) $copying" 'seq -f %g,x 4 30000'
SECONDS=0
refuses 1 'server gone while the pipe is silent' '*error: *terminating connection*Nothing was loaded.' gone "SELECT pg_terminate_backend(pid) $copying" 'sleep 60'
ok $((SECONDS > 30)) 'is noticed before the pipe says more'
done_testing
