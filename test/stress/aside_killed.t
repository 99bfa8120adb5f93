#!/usr/bin/env bash
# Loads that set bad rows aside while COPY merges what it reads, and the same through a stage: cancelled, their
# client gone, their backend killed, in each phase. The table is as before, nothing of the load is left, indexes are
# sound, and the next load tells the right counts and bad rows.
#
# As in merge_killed.t a load is held in a phase by a lock that another session has: no test waits for a time to pass.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../sessions.sh"
. "$(dirname "$0")/../blows.sh"

export PGDATABASE=aiodal_aside_killed_$$
as() { PGOPTIONS="-c client_min_messages=warning" psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
sql() { as -c "$1"; }
if [ "$(as -d postgres -c "SELECT current_setting('is_superuser') = 'on' AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'amcheck')")" != t ]; then
	skip 'we are no superuser of the server, or it has no amcheck'
	done_testing
fi
trap 'as -d postgres -c "DROP DATABASE IF EXISTS $PGDATABASE WITH (FORCE)"; rm -rf "$scratch"' EXIT

as -d postgres -c "CREATE DATABASE $PGDATABASE TEMPLATE template0 ENCODING 'UTF8'"
# what is committed is there after a crash; and bad rows spill to a file
sql "ALTER DATABASE $PGDATABASE SET synchronous_commit = on; ALTER DATABASE $PGDATABASE SET work_mem = '64kB'"
as -f "$(dirname "$0")/../data/aside_killed.sql" -f "$(dirname "$0")/../data/strike.sql"
sql 'COPY (SELECT id, title, author, year, mark, dict, entry FROM batch ORDER BY place) TO STDOUT WITH (FORMAT csv, HEADER)' >"$scratch/batch.csv"
head -n 1500 "$scratch/batch.csv" >"$scratch/first.csv"
tail -n +1501 "$scratch/batch.csv" >"$scratch/rest.csv"
before=$(sql 'CALL reset(); SELECT state()')
expected=$(sql 'SELECT expected()')

# --- the load

begin_load()
{
	session load
	say load "LOAD 'aiodal'; SET aiodal.path = '$1'; SET gate.at = '$2';"
}

start() { say load "COPY book FROM STDIN WITH (FORMAT csv, HEADER, merge 'upsert', on_error 'reject');"; }

# load PHASE: in phase "read" only a part of the file is there, in "merged" COMMIT is missing
load()
{
	say load 'BEGIN;'
	[ "$1" != commit ] || say load "INSERT INTO note VALUES ('last');"
	start
	case $1 in
		read) send load "$scratch/first.csv" && return ;;
		*) send load "$scratch/batch.csv" && say load '\.' ;;
	esac
	[ "$1" = merged ] || say load 'COMMIT;'
}

# outcome: what the session's last load did, as one line
outcome()
{
	say load "SELECT 'outcome', path, reason, concat_ws(' ', staged, inserted, updated, unchanged, rejected), (SELECT count(*) || ' ' || md5(string_agg(r::text, E'\n' ORDER BY line, record)) FROM aiodal.rejects() r) FROM aiodal.last_copy();"
	has_come load
	sed -n 's/^outcome|//p' "$scratch/load.out" | tail -n 1
}

# --- what holds it

# hold PHASE
hold()
{
	local lock='SELECT 1;'
	case $1 in
		convert* | check* | commit) lock='SELECT pg_advisory_lock(4711);' ;;
		index\ first) lock='SELECT pg_advisory_lock(1::bigint);' ;;
		index\ last) lock='SELECT pg_advisory_lock(2::bigint);' ;;
		key) lock="INSERT INTO book VALUES (2900, 'held');" ;;
		row) lock="UPDATE book SET title = 'held' WHERE id = 1899;" ;;
		parent) lock='DELETE FROM author WHERE id = 100;' ;;
		claim) lock="INSERT INTO book VALUES (9999, 'title 2900');" ;;
		move) lock="INSERT INTO book VALUES (9999, 'new title 1899');" ;;
		reject) lock='LOCK TABLE pg_catalog.pg_ts_dict;' ;;
	esac
	session holder
	say holder "BEGIN; $lock"
	has_come holder
}

let_go() { say holder 'ROLLBACK; SELECT pg_advisory_unlock_all();' && leave holder; }

gate_at() { [ "$1" != commit ] && echo "$1" || echo commit last; }

# --- after the blow

# in the session that heard of it: what it says of bad rows is true, though the load came to nothing
after_cancel()
{
	if [ "$1" = read ]; then
		send load "$scratch/rest.csv"
		say load '\.'
	fi
	say load 'ROLLBACK;'
	say load "SET gate.at = '';"
	say load "SELECT 'untrue: ' || r FROM aiodal.rejects() r EXCEPT SELECT 'untrue: ' || line FROM expected_reject;"
	has_come load
	! grep '^untrue' "$scratch/load.out"
}

heard()
{
	case $1 in
		cancel) grep -q 'canceling statement due to user request' "$scratch/load.out" ;;
		kill) grep -q 'server closed the connection' "$scratch/load.out" ;;
	esac
}

# after STATE: the table is so, and nothing is amiss; else it says what is
after()
{
	local state
	state=$(sql "CALL sound(); SELECT state()" 2>&1) || true
	[ "$state" = "$1" ] || echo "$state; "
}

# no_files: a session that ends, within a minute of its program, leaves none behind
no_files() { until_holds 'NOT EXISTS (SELECT FROM pg_ls_tmpdir())' || echo 'temporary files are left; '; }

# blow BLOW PATH PHASE: one case from beginning to end
blow()
{
	local blow=$1 path=$2 phase=$3 why='' got
	hold "$phase" || why+='the lock was not to be had; '
	begin_load "$path" "$(gate_at "$phase")"
	[ "$blow" != cut ] || say load "SET client_connection_check_interval = '20ms';"
	load "$phase"
	strike "$blow" "$phase" || why+='the load did not come to the phase; '
	if [ "$blow" = cancel ]; then
		why+=$(after_cancel "$phase")
	elif [ "$blow" = kill ]; then
		leave load
	fi
	let_go
	case $blow:$phase in
		cut:* | *:merged) ;;
		*) heard "$blow" || why+='the session did not hear of it; ' ;;
	esac
	why+=$(after "$before")
	[ "$blow" = cancel ] || why+=$(no_files)
	[ "$blow" = cancel ] || begin_load "$path" ''
	load ''
	got=$(outcome)
	[ "$got" = "${outcomes[$path]}" ] || why+="the next load: $got; "
	why+=$(after "$expected")
	leave load
	why+=$(no_files)
	sql 'CALL reset()'
	[ -z "$why" ]
	ok $? "$blow: $path, phase $phase" || { note "$why"; note "$(cat "$scratch/load.out")"; }
}

# cases BLOW PATH PHASE ...
cases()
{
	local blow=$1 path=$2 phase
	shift 2
	for phase; do
		blow "$blow" "$path" "$phase"
	done
}

# --- savepoints: what is rolled back leaves the transaction to the next load

# savepoint PATH PHASE: a load is cancelled in that phase (none: is done), rolled back to the savepoint, and tried again
savepoint()
{
	local path=$1 phase=$2 why='' got
	hold "$phase" || why+='the lock was not to be had; '
	begin_load "$path" "$phase"
	say load 'BEGIN; SAVEPOINT before;'
	start
	send load "$scratch/batch.csv"
	say load '\.'
	[ "$phase" = none ] || strike cancel "$phase" || why+='the load did not come to the phase; '
	has_come load || true
	let_go
	say load "ROLLBACK TO before; SET gate.at = ''; SELECT 'state', state();"
	start
	send load "$scratch/batch.csv"
	say load '\.'
	say load 'RELEASE before; SAVEPOINT behind; ROLLBACK TO behind;'
	got=$(outcome)
	[ "$got" = "${outcomes[$path]}" ] || why+="the next load: $got; "
	[ "$(sed -n 's/^state|//p' "$scratch/load.out")" = "$before" ] || why+="after ROLLBACK TO: $(grep '^state' "$scratch/load.out"); "
	say load 'COMMIT;'
	leave load
	why+=$(after "$expected")$(no_files)
	sql 'CALL reset()'
	[ -z "$why" ]
	ok $? "savepoint: $path, phase $phase" || { note "$why"; note "$(cat "$scratch/load.out")"; }
}

# --- two-phase commit

# prepared END: a load is prepared, the server crashes, and END it is
prepared()
{
	local why='' got
	begin_load auto ''
	say load 'BEGIN;'
	start
	send load "$scratch/batch.csv"
	say load '\.'
	say load "PREPARE TRANSACTION 'aiodal_aside';"
	got=$(outcome)
	[ "$got" = "${outcomes[auto]}" ] || why+="the load: $got; "
	[ -z "${AIODAL_SERVER_ROOT:-}" ] || killed "$(sql "SELECT pid FROM pg_stat_activity WHERE application_name = 'load'")" || why+='the server did not come back; '
	leave load
	why+=$(no_files)
	[ "$(sql 'SELECT state()')" = "$before" ] || why+="prepared rows are seen: $(sql 'SELECT state()'); "
	sql "$1 PREPARED 'aiodal_aside'" || why+="no $1; "
	[ "$1" = ROLLBACK ] || why+=$(after "$expected")
	if [ "$1" = ROLLBACK ]; then
		why+=$(after "$before")
		begin_load auto ''
		load ''
		got=$(outcome)
		[ "$got" = "${outcomes[auto]}" ] || why+="the next load: $got; "
		leave load
		why+=$(after "$expected")
	fi
	sql 'CALL reset()'
	[ -z "$why" ]
	ok $? "PREPARE TRANSACTION, a crash, $1 PREPARED" || { note "$why"; note "$(cat "$scratch/load.out")"; }
}

# --- undisturbed, it sets the same rows aside on both paths

declare -A outcomes
for path in sql auto; do
	begin_load $path ''
	load ''
	outcomes[$path]=$(outcome)
	if [ $path = sql ]; then
		say load 'CREATE TABLE expected_reject AS SELECT r::text AS line FROM aiodal.rejects() r;'
	fi
	leave load
	is "$(after "$expected")" '' "undisturbed, by path $path, the table is as expected"
	sql 'CALL reset()'
done
like "${outcomes[auto]}" "direct||$(sql 'SELECT expected_counts()')|*" 'it goes direct, while COPY reads, and counts as expected'
is "${outcomes[auto]##*|}" "${outcomes[sql]##*|}" 'and tells the same of bad rows as by SQL'

phases=(read 'convert first' 'convert last' 'check first' 'check last' 'check next' key row parent 'index first' 'index last' claim move reject)
cases cancel auto "${phases[@]}" commit
cases cancel sql read 'check first' 'check next' claim reject commit
cases cut auto "${phases[@]}" merged commit
cases cut sql read claim commit
if [ -n "${AIODAL_SERVER_ROOT:-}" ]; then
	cases kill auto "${phases[@]}" merged commit
	cases kill sql claim commit
else
	skip 'a server of others, where no backend is killed'
fi
for phase in none 'convert last' 'check first' 'check next' 'index first' claim move reject; do savepoint auto "$phase"; done
for phase in none claim; do savepoint sql "$phase"; done
if [ "$(sql "SELECT current_setting('max_prepared_transactions')")" != 0 ]; then
	prepared COMMIT
	prepared ROLLBACK
else
	skip 'a server without prepared transactions'
fi
done_testing
