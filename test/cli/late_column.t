#!/usr/bin/env bash
# A column that turns up late makes the rows staged before move, for its default: which row of a key is the first
# and which the last stays as it was in the file, whatever the rows' sizes, and so do the lines.
. "$(dirname "$0")/../cli.sh"

sql 'CREATE TABLE thing (id int PRIMARY KEY, name text, rank int DEFAULT 5)'

# each key twice, a few rows apart; rows of some bytes and of some hundred; rank from row 15001 on
awk 'BEGIN {
	for (i = 1; i <= 20000; i++) {
		pad = ""
		for (k = 0; k < (i * 7) % 41 * (i % 3); k++)
			pad = pad "xxxxxxxxxx"
		printf "{\"id\": %d, \"name\": \"%d %s\"%s}\n", (i % 6 < 3 ? i : i - 3), i, pad, (i > 15000 ? ", \"rank\": 7" : "")
	}
}' >"$scratch/late.jsonl"
# the same by SQL
sql "CREATE TABLE line (n serial, j jsonb)"
psql -Xqc "\\copy line (j) FROM PROGRAM 'sed ''s/\\\\/\\\\\\\\/g'' $scratch/late.jsonl'"
for policy in first last; do
	direction=$([ $policy = first ] && echo 'ASC' || echo 'DESC')
	expected=$(sql "SELECT count(*), md5(string_agg(t, ',' ORDER BY id)) FROM (SELECT DISTINCT ON ((j->>'id')::int) (j->>'id')::int AS id,
		(j->>'id') || ' ' || (j->>'name') || ' ' || coalesce(j->>'rank', '5') AS t FROM line ORDER BY (j->>'id')::int, n $direction) q")
	for jobs in 1 2; do
		sql 'TRUNCATE thing'
		exits 0 "the $policy row of a key, jobs $jobs" aiodal load "$scratch/late.jsonl" thing --on-duplicate $policy --jobs $jobs
		is "$(sql "SELECT count(*), md5(string_agg(id || ' ' || name || ' ' || rank, ',' ORDER BY id)) FROM thing")" "$expected" "as in the file, jobs $jobs"
	done
done
sql 'TRUNCATE thing; ALTER TABLE thing ADD CHECK (name NOT LIKE $$14000 %$$)'
exits 1 'a row that moved is refused' aiodal load "$scratch/late.jsonl" thing --on-duplicate first
like "$out" "*late.jsonl:14000: *" 'by its line'
done_testing
