#!/usr/bin/env bash
# Rows set aside as they are in the file: mended, they are loaded.
. "$(dirname "$0")/../cli.sh"

cd "$scratch" || exit 1

# Semicolons, a byte order mark, CRLF, quoted line ends of both sorts; wrong are a value, the number of fields,
# a check, a NULL, a key that comes twice, and the last line, which has no end.
printf '\xef\xbb\xbfid;title;price\r\n3;"drei\r\n""3"" \n;";3\r\nx4;"vier\n\n";4\r\n5;fünf\r\n6;"sechs\r\n";-6\r\n7;;7\r\n3;tres;3\r\n8;"ocho";8\r\n9;neun;x' >excel.csv
printf '\xef\xbb\xbfid;title;price\r\nx4;"vier\n\n";4\r\n5;fünf\r\n6;"sechs\r\n";-6\r\n7;;7\r\n3;tres;3\r\n9;neun;x\r\n' >wanted.csv
# same_bytes NAME: the file that was made is the wanted one
same_bytes() { is "$(od -c again.csv)" "$(od -c wanted.csv)" "$1"; }

exits 3 'a file by Excel' aiodal load excel.csv book --delimiter ';' --rejects r.csv --mend again.csv
like "$out" '*8 staged, 2 inserted,*6 rejected*
The rejected rows are in r.csv.
To be mended and loaded, they are in again.csv.' 'says where its bad rows are'
same_bytes 'which are in the file byte by byte, in its order, under its header'
is "$(sed 1d r.csv | grep -c '^[0-9]*,[0-9]*,"')" 6 'and with the reasons in the other file'
exits 3 'gzip, by several connections' aiodal load "$(gzip -c excel.csv | file e.csv.gz)" book --delimiter ';' --mend again.csv --jobs 2
same_bytes 'is no different'
sed -i -e 's/^x4/4/; s/^5;fünf/&;5/; s/-6/6/; s/^7;;/7;sieben;/; /^3;tres/d; s/;x/;9/' again.csv
exits 0 'mended, they are loaded' aiodal load again.csv book --delimiter ';'
is "$(sql 'SELECT string_agg(id::text, $$ $$ ORDER BY id) FROM book')" '1 2 3 4 5 6 7 8 9' 'all of them'
sql 'DELETE FROM book WHERE id > 2'

exits 3 'several files' aiodal load "$(printf 'id,title\nx,a\n3,drei\n' | file a.csv)" "$(printf '\xef\xbb\xbfid,title\r\n4,vier\r\ny,b\r\n3,c' | file b.csv)" book --mend again.csv
is "$(cat again.csv)" $'id,title\nx,a\ny,b\n3,c' 'go into one file, with the line ends of the first'
sql 'DELETE FROM book WHERE id > 2'
refuses 1 'headers that differ' '*b.csv" has another header line than *a.csv"*' aiodal load a.csv "$(printf 'title,id\nb,y\n' | file b.csv)" book --mend other.csv
is "$(find . -name 'other.csv*')" '' 'leave no file behind'
exits 3 'the same file twice' aiodal load a.csv a.csv book --mend again.csv
is "$(cat again.csv)" $'id,title\nx,a\n3,drei' 'gives each record once'
sql 'DELETE FROM book WHERE id > 2'

exits 3 'text' aiodal load "$(printf '3\tdrei\\\nzwei\n4\tx\\\\\nvier\ty\n5\tf\\\nz\tw\n' | file t.txt)" book --columns id,title --mend again.txt
is "$(cat again.txt)" $'vier\ty\n5\tf\\\nz\tw' 'knows line ends that are data'
exits 3 'JSON lines' aiodal load "$(printf '{"id": 3, "title": "drei"}\n\n{"id": "x"}\n{\n{"id": 3, "title": "tres"}' | file j.jsonl)" book --mend again.jsonl
is "$(cat again.jsonl)" $'{"id": "x"}\n{\n{"id": 3, "title": "tres"}' 'blank lines are none of them'
exits 3 'no header' aiodal load "$(printf '4,vier\nx,y\n' | file n.csv)" book --no-header --columns id,title --mend again.csv
is "$(cat again.csv)" 'x,y' 'is none there, either'
exits 0 'no bad rows' aiodal load "$(printf 'id,title\n3,drei\n' | file good.csv)" book --mend again.csv
is "$(cat again.csv)" 'id,title' 'an old file does not stay'
exits 3 'dry run' aiodal load a.csv book --mend again.csv --dry-run
is "$(cat again.csv)" $'id,title\nx,a' 'has the file all the same'

refuses 1 'standard input' '*standard input cannot be read twice, as --mend would*' aiodal load - book --mend again.csv <a.csv
mkfifo pipe
refuses 1 'a pipe' '*"pipe" cannot be read twice*' aiodal load pipe book --mend again.csv
refuses 1 'a file that is not there' '*nowhere.csv*' aiodal load a.csv nowhere.csv book --mend other.csv
refuses 1 'a file that cannot be made' '*could not create file "no/where" for rows to mend*' aiodal load a.csv book --mend no/where
refuses 1 'more than --max-rejects' '*more than 1 row was rejected*' aiodal load wanted.csv book --delimiter ';' --mend other.csv --max-rejects 1
is "$(find . -name 'other*' -o -name '*.??????' ! -name '*.csv*' ! -name '*.jsonl')" '' 'no file is left of loads that failed'
done_testing
