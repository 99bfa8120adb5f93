#!/usr/bin/env bash
# Rows set aside: the others are loaded, these are shown and written to a file.
. "$(dirname "$0")/../cli.sh"

cd "$scratch" || exit 1
cat >bad.csv <<'CSV'
id,title,price
3,drei,3
x4,vier,4
5,"fünf, ""5""
zweite Zeile",zz
6,sechs
7,sieben,7
CSV
is_bad='line,record,column,value,sqlstate,message,raw
3,2,"id","x4","22P02","invalid input syntax for type integer: ""x4""","x4,vier,4"
4,3,"price","zz","22P02","invalid input syntax for type numeric: ""zz""","5,""fünf, """"5""""
zweite Zeile"",zz"
6,4,"price",,"22P04","missing data for column ""price""","6,sechs"'

refuses 1 'without --rejects' '*bad.csv:3: invalid input syntax*' aiodal load bad.csv book
refuses 1 '--max-rejects 0' '*bad.csv:3: invalid input syntax*' aiodal load bad.csv book --rejects r.csv --max-rejects 0
exits 3 'with --rejects' aiodal load bad.csv book --rejects r.csv
like "$out" '*rejected: bad.csv:3: column id: invalid input syntax for type integer: "x4"*rejected: bad.csv:6: *
loaded bad.csv into book: 5 staged, 2 inserted, 0 updated, 0 unchanged, 3 rejected *
The rejected rows are in r.csv.' 'says which and how many'
is "$(cat r.csv)" "$is_bad" 'the file has them all, and why'
is "$(sql 'SELECT string_agg(id::text, $$ $$ ORDER BY id) FROM book')" '1 2 3 7' 'the others are loaded'
is "$(stat -c %a r.csv)" "$(printf '%o' $((0666 & ~$(umask))))" 'the file has the usual rights'
is "$(sql "CREATE TEMP TABLE r (line int, record int, c text, v text, s text, m text, raw text)" -c "\\copy r from r.csv with (format csv, header)" -c 'SELECT string_agg(line::text, $$ $$) FROM r')" '3 4 6' 'and PostgreSQL reads it'

sql 'DELETE FROM book WHERE id > 2'
exits 3 'enough with --max-rejects' aiodal load bad.csv book --max-rejects 3
unlike "$out" '*rejected rows are in*' 'needs no file'
sql 'DELETE FROM book WHERE id > 2'
rm r.csv
refuses 1 'too many' '*bad.csv:4: more than 1 row was rejected*--max-rejects allows more*Nothing was loaded.*The rejected rows are in r.csv.' aiodal load bad.csv book --rejects r.csv --max-rejects 1
is "$(cut -d, -f1 r.csv | head -2 | tr '\n' ' ')" 'line 3 ' 'the file says what was found so far'
exits 3 'constraints' aiodal load "$(printf 'id,title,price,isbn\nx,x,x,\n3,drei,-3,\n4,vier,4,i1\n5,,5,\n6,sechs,6,i6\n' | file check.csv)" book --rejects r.csv
like "$out" '*5 staged, 1 inserted, *4 rejected*' 'are rows set aside, too'
is "$(sed 1d r.csv | cut -d, -f1,5 | tr '\n' ' ')" '2,"22P02" 3,"23514" 4,"23505" 5,"23502" ' 'with their lines and codes'
sql 'DELETE FROM book WHERE id > 2'
exits 3 'a key twice' aiodal load "$(printf 'id,title\n3,drei\n3,tres\n' | file twice.csv)" book --rejects r.csv
like "$out" '*rejected: *twice.csv:3: *1 inserted*1 rejected*' 'the second is set aside'
sql 'DELETE FROM book WHERE id > 2;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION $m$not today$m$; END$$;
CREATE TRIGGER refuse AFTER INSERT ON book EXECUTE FUNCTION refuse()'
refuses 1 'not every error is a row' '*rejected: *some.csv:2: *error: not today*Nothing was loaded.*rejected rows are in r.csv*' \
	aiodal load "$(printf 'id,title\nx,x\n3,drei\n' | file some.csv)" book --rejects r.csv
sql 'DROP TRIGGER refuse ON book'
is "$(sed -n 2p r.csv | cut -d, -f1)" 2 'what was set aside before is in the file'

# what the path names stays what it is
mkfifo pipe
timeout 20 cat pipe >through.csv &
cat=$!
exits 3 'a pipe' aiodal load bad.csv book --rejects pipe
wait $cat
is "$(cat through.csv)" "$is_bad" 'gets the rows'
exits 0 'and stays one' test -p pipe
ln -s real.csv link.csv
(umask 077 && echo old >real.csv)
exits 3 'a symbolic link' aiodal load bad.csv book --rejects link.csv
is "$(cat real.csv)" "$is_bad" 'the file it points to gets the rows'
exits 0 'and it stays one' test -L link.csv
is "$(stat -c %a real.csv)" 600 'a file that was there keeps its rights'
is "$(ls -d pipe?* real.csv?* 2>/dev/null)" '' 'and nothing is left beside them'
sql 'DELETE FROM book WHERE id > 2'

printf 'id,title\n3,drei\n' >good.csv
exits 0 'no bad rows' aiodal load good.csv book --rejects r.csv
is "$(cat r.csv)" 'line,record,column,value,sqlstate,message,raw' 'an old file does not stay'
{ echo id,title; seq -f x%g,y 1000; echo 9,neun; } >many.csv
exits 3 'many bad rows' aiodal load many.csv book --rejects r.csv
is "$(grep -c 'rejected: many.csv' <<<"$out")" 5 'the first few are shown'
like "$out" '*rejected: and 995 more*1000 rejected*' 'and how many more there are'
is "$(wc -l <r.csv)" 1001 'the file has all of them'
is "$(aiodal load many.csv book --rejects r.csv --quiet 2>&1)" '' '--quiet shows none'
json() { python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }
is "$(aiodal load many.csv book --rejects r.csv --json 2>/dev/null | json 'd["staged"], d["rejected"], d["rejects"]')" "(1001, 1000, 'r.csv')" 'counted in JSON'
exits 3 'jsonl' sh -c "printf '{\"id\":20,\"title\":\"z\"}\n{\"id\":\"q\"}\nnonsense\n' | aiodal load - book -f jsonl --rejects r.csv"
is "$(sed 1d r.csv | cut -d, -f1 | tr '\n' ' ')" '2 3 ' 'has lines too'
exits 3 'a dry run' aiodal load bad.csv book --rejects r.csv --dry-run
is "$(wc -l <r.csv)" 5 'writes the file'

refuses 1 'a file that cannot be made' '*could not create file "none/r.csv" for rejected rows: No such file*' aiodal load bad.csv book --rejects none/r.csv
refuses 1 'a directory' '*, for rejected rows, is a directory*Name a file in it*' aiodal load bad.csv book --rejects "$scratch"
refuses 2 'with sync' '*mode sync does not go with rejects*' aiodal load bad.csv book --rejects r.csv --mode sync
refuses 2 'a number that is none' '*--max-rejects must be a number*"ten"*' aiodal load bad.csv book --max-rejects ten
refuses 2 'a negative number' '*--max-rejects must be a number*' aiodal load bad.csv book --max-rejects -1
printf 'id,title\nx,\x1b]0;t\x07\n' >esc.csv
exits 3 'control characters in a bad row' aiodal load esc.csv book --max-rejects 9
unlike "$out" *$'\033'* 'do not reach the terminal'
is "$(ls r.csv.* "$scratch".* 2>/dev/null)" '' 'no unfinished file is left'
done_testing
