#!/usr/bin/env bash
# Loads by several connections: as by one, in every respect but time; and what is left when one of those who
# take part dies.
. "$(dirname "$0")/../cli.sh"

sql 'CREATE TABLE sale (id int PRIMARY KEY, name text NOT NULL, price numeric(8,2) DEFAULT 5 CHECK (price < 1000), made date)'
shared() { sql "SELECT count(*) FROM pg_class WHERE relnamespace = 'aiodal_stage'::regnamespace"; }
# within a minute: backends whose client is gone may still be about to end
none_left()
{
	for _ in $(seq 600); do
		[ "$(shared)" != 0 ] || { is 0 0 "$1"; return; }
		sleep 0.1
	done
	is "$(sql "SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'aiodal_stage'::regnamespace")" '' "$1"
}
state() { sql "SELECT count(*), md5(string_agg(s::text, ',' ORDER BY id)) FROM sale s"; }
fill() { sql "TRUNCATE sale; INSERT INTO sale SELECT i, 'old', 1, '2024-01-01' FROM generate_series(1, 60000, 7) i"; }
# what is said and done, without times; one connection may merge while it reads, and then says so where it names the line
load() { aiodal load "$@" 2>&1 | sed 's/ ([^(]*rows\/s)//; s/^\(CONTEXT:  \)COPY sale, line/\1merge of "sale_stage" into "sale", line/'; state; }

# same NAME ARGUMENT ...: by three connections as by one
same()
{
	local name=$1 one
	shift
	fill
	one=$(load "$@" --rejects "$scratch/one.csv")
	fill
	is "$(load "$@" --rejects "$scratch/one.csv" --jobs 3)" "$one" "$name"
}
# the same where rows are not set aside
alike()
{
	local name=$1 one
	shift
	fill
	one=$(load "$@")
	fill
	is "$(load "$@" --jobs 3)" "$one" "$name"
}

# 60000 rows, of which some have line ends in quotes, and keys that come twice
rows() { awk -v OFS=, -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) print (i % 11 ? i : i - 5), (i % 3 ? "plain " i : "\"two\nlines, \"\"" i "\"\"\""), i % 90 ".5", "2024-01-0" 1 + i % 9 }'; }
{ echo id,name,price,made; rows 60000; } >"$scratch/a.csv"
gzip -k "$scratch/a.csv"
{ echo made,price,name,id; awk -v OFS=, 'BEGIN { for (i = 50000; i < 90000; i++) print "2023-12-31", i % 7, "b" i, i }'; } >"$scratch/b.csv"
sed 's/$/\r/' "$scratch/b.csv" >"$scratch/crlf.csv"
tr '\n' '\r' <"$scratch/b.csv" >"$scratch/cr.csv"
awk -v OFS='\t' 'BEGIN { for (i = 1; i <= 60000; i++) print (i % 11 ? i : i - 5), (i % 3 ? "plain" i : "two\\\nlines\\\\"), (i % 5 ? 3 : "\\N"), "2024-01-01" }' >"$scratch/a.txt"
awk 'BEGIN { for (i = 1; i <= 60000; i++) printf "{\"id\": %d, \"name\": \"n\\n%d\"%s}\n%s", (i % 11 ? i : i - 5), i, (i > 45000 ? ", \"price\": " (i % 4 ? i % 50 : "null") : ""), (i % 100 ? "" : "\n") }' >"$scratch/a.jsonl"

for policy in first last; do
	for f in a.csv a.csv.gz a.txt a.jsonl; do
		alike "$f, duplicates $policy" "$scratch/$f" sale --on-duplicate $policy
	done
done
exits 1 'duplicates that are an error' aiodal load "$scratch/a.csv" sale --jobs 3
like "$out" "*error: $scratch/a.csv:15: key (id)=(6) is in the batch more than once*It is on line 8 and on line 15*--on-duplicate first*" 'name both lines'
for mode in insert ignore upsert update sync; do
	alike "mode $mode" "$scratch/b.csv" sale --mode $mode
done
alike 'lines that end in CR LF' "$scratch/crlf.csv" sale
alike 'lines that end in CR' "$scratch/cr.csv" sale
alike 'several files of several formats' "$scratch/a.csv" "$scratch/b.csv" "$scratch/a.jsonl" "$scratch/a.txt" sale --on-duplicate last
same 'a key twice that is set aside' "$scratch/a.csv" "$scratch/b.csv" sale
fill
before=$(cat "$scratch/b.csv" | load - sale)
fill
is "$(cat "$scratch/b.csv" | load - sale --jobs 4)" "$before" 'standard input'
alike 'no header' "$(tail -n +2 "$scratch/b.csv" | file bare.csv)" sale --no-header --columns made,price,name,id

# --- what is wrong

{ echo id,name; seq -f '%g,n' 2 48210; echo '48211x,n'; seq -f '%g,n' 48212 90000; echo 'y,n'; } >"$scratch/bad.csv"
exits 1 'a bad value' aiodal load "$scratch/bad.csv" sale --jobs 3
like "$out" "*error: $scratch/bad.csv:48211: invalid input syntax for type integer: \"48211x\"*COPY sale_stage, line 48211, column id*Nothing was loaded*" 'is named by its line'
is "$(shared)" 0 'no stage is left'
alike 'as by one connection' "$scratch/bad.csv" sale
alike 'in the second of two files' "$scratch/b.csv" "$scratch/bad.csv" sale --on-duplicate last
same 'bad rows set aside' "$scratch/bad.csv" sale
same 'in two files' "$scratch/bad.csv" "$scratch/b.csv" sale --on-duplicate first
awk -v OFS=, 'BEGIN { print "id,name,price"; for (i = 1; i <= 60000; i++) print i, "n", (i % 100 ? 1 : 5000) (i % 77 ? "" : ",more") }' >"$scratch/worse.csv"
same 'hundreds of them' "$scratch/worse.csv" sale
is "$(wc -l <"$scratch/one.csv")" 1373 'which are all told'
alike 'more than may be' "$scratch/worse.csv" sale --max-rejects 900
alike 'many more than may be' "$scratch/worse.csv" sale --max-rejects 2
{ echo id,name; seq -f '%g,n' 2 30000; echo '\.'; seq -f '%g,n' 30002 60000; } >"$scratch/marker.csv"
same 'a line \. in csv' "$scratch/marker.csv" sale
{ seq -f '%g	n	1	2024-01-01' 2 30000; echo '\.'; seq -f 'x%g' 30002 60000; } >"$scratch/marker.txt"
alike 'the end of data in text' "$scratch/marker.txt" sale
printf 'id,name\n' >"$scratch/header.csv"
alike 'nothing but a header' "$scratch/header.csv" sale
alike 'and that allowed' "$scratch/header.csv" sale --allow-empty
alike 'an empty file' /dev/null sale --allow-empty
alike 'an empty one of two' "$scratch/b.csv" "$scratch/header.csv" sale
printf 'id,name\n5,"a' >"$scratch/quote.csv"
alike 'a quote that is not closed' "$scratch/quote.csv" sale
alike 'a header that does not fit' "$(printf 'id,nome\n1,a\n' | file nome.csv)" sale
alike 'more connections than rows' "$(printf 'id,name\n1,a' | file one_row.csv)" sale
alike 'dry run' "$scratch/b.csv" sale --dry-run
exits 1 'no such table' aiodal load "$scratch/b.csv" sail --jobs 2
like "$out" '*"sail" does not exist*"sale"*' 'is told at once'
exits 1 'too many jobs' aiodal load "$scratch/b.csv" sale --jobs 65
like "$out" '*jobs must be from 0 to 64*' 'are refused'
exits 1 'a key that is none' aiodal load "$scratch/b.csv" sale --jobs 2 --key name
like "$out" '*is not a key of "sale"*' 'is refused before data is read'
is "$(shared)" 0 'no stage is left of all this'

# --- privileges, and connections that are not to be had

outer_sql "CREATE ROLE $role LOGIN"
sql "GRANT SELECT, INSERT, UPDATE ON sale TO $role"
exits 1 'who may not make stages' env PGUSER="$role" aiodal load "$scratch/b.csv" sale --jobs 2
like "$out" "*permission denied to make a stage for several sessions*GRANT USAGE, CREATE ON SCHEMA aiodal_stage TO $role*" 'is told what it takes'
sql "GRANT USAGE, CREATE ON SCHEMA aiodal_stage TO $role"
exits 0 'who may insert and update' env PGUSER="$role" aiodal load "$scratch/b.csv" sale --jobs 2
outer_sql "ALTER ROLE $role CONNECTION LIMIT 2"
before=$(state)
exits 1 'too few connections' env PGUSER="$role" aiodal load "$scratch/b.csv" sale --jobs 3
like "$out" '*too many connections for role*that many besides*' 'are an error, not a wait'
is "$(state) $(shared)" "$before 0" 'nothing loaded, no stage left'
sql "REVOKE ALL ON SCHEMA aiodal_stage FROM $role; REVOKE ALL ON sale FROM $role"

# --- side by side

fill
aiodal load "$scratch/b.csv" sale --jobs 2 >"$scratch/said" 2>&1 &
aiodal load "$scratch/crlf.csv" sale --jobs 2 >"$scratch/said2" 2>&1 || true
wait $! || true
like "$(cat "$scratch/said" "$scratch/said2")" '*loaded*40000 staged*loaded*40000 staged*' 'two loads into one table'
is "$(sql "SELECT count(*) FROM sale WHERE made = '2023-12-31'") $(shared)" '40000 0' 'both are in'

# --- ends before the end

# hold: a load with jobs whose input, $to, is open, with $pid; it has sent something by then
hold()
{
	fill
	before=$(state)
	mkfifo "$scratch/fifo"
	(trap - INT; exec env --default-signal=INT aiodal load - sale --jobs 2 --no-header) <"$scratch/fifo" >"$scratch/said" 2>&1 &
	pid=$!
	exec {to}>"$scratch/fifo"
	rm "$scratch/fifo"
	# more than a part, and more than the sockets and buffers hold, so that a COPY is under way
	seq -f '%g,a name that makes the line long enough to fill a part soon,1,2024-01-01' 100000 140000 >&"$to"
	for _ in $(seq 600); do
		worker=$(sql "SELECT min(pid) FROM pg_stat_activity WHERE datname = current_database() AND query ~ 'COPY' AND query ~ 'join_stage' AND pid <> pg_backend_pid()")
		[ -z "$worker" ] || break
		sleep 0.1
	done
}
# over STATUS MESSAGE NAME
over()
{
	local status=0
	exec {to}>&-
	wait "$pid" || status=$?
	is "$status" "$1" "$3: exit status"
	like "$(cat "$scratch/said")" "$2" "$3: message"
	is "$(state)" "$before" "$3: nothing loaded"
}

hold
sql "SELECT pg_terminate_backend($worker)" >/dev/null
over 1 '*Nothing was loaded*' 'a worker that is killed'
none_left 'no stage is left'

hold
kill -INT "$pid"
over 130 '*the load was interrupted*Nothing was loaded*' '^C'
none_left 'no stage is left'

hold
merger=$(sql "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query ~ 'reserve_stage' AND pid <> pg_backend_pid()")
sql "SELECT pg_terminate_backend($merger)" >/dev/null
over 1 '*Nothing was loaded*' 'the merging connection is killed'
none_left 'no stage is left'

hold
kill -KILL "$pid"
over 137 '*' 'the program is killed'
for _ in $(seq 600); do
	[ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")" != 0 ] || break
	sleep 0.1
done
is "$(shared)" 4 'leaves a stage: three tables, one with a key'
exits 0 'the next load' aiodal load "$scratch/b.csv" sale --jobs 2
is "$(shared)" 0 'removes it'

# a merge that waits for a lock, and is cancelled then
fill
before=$(state)
(trap - INT; exec env --default-signal=INT PGAPPNAME=merging aiodal load "$scratch/b.csv" sale --jobs 2) >"$scratch/said" 2>&1 &
pid=$!
exec {to}>/dev/null
sql "BEGIN; UPDATE sale SET price = 2 WHERE id = 50002; DO \$\$ BEGIN FOR i IN 1 .. 600 LOOP EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'merging' AND wait_event_type = 'Lock'); PERFORM pg_sleep(0.1), pg_stat_clear_snapshot(); END LOOP; END \$\$; SELECT count(*) FROM pg_stat_activity WHERE application_name = 'merging' AND wait_event_type = 'Lock'" >"$scratch/waiting" &
for _ in $(seq 600); do
	[ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'merging' AND query ~ 'merge_shared'")" = 0 ] || break
	sleep 0.1
done
kill -INT "$pid" 2>/dev/null || true
status=0
wait "$pid" || status=$?
wait
case $status in
	130) is "$(state)" "$before" 'a merge that is cancelled: nothing loaded' ;;
	*) is "$status" 0 'a merge that was done before it was cancelled' ;;
esac
exec {to}>&-
none_left 'no stage is left'
done_testing
