#!/usr/bin/env bash
# Loads that are cancelled, whose backend is ended or killed outright, in each
# phase: the table is as before, indexes are sound, and the next load goes through.
#
# A load is held in a phase by a lock that another session has: no test waits
# for a time to pass. A backend is killed only on a server of this suite's own.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../sessions.sh"
. "$(dirname "$0")/../blows.sh"

export PGDATABASE=aiodal_killed_$$
as() { PGOPTIONS="-c client_min_messages=warning" psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
sql() { as -c "$1"; }
if [ "$(as -d postgres -c "SELECT current_setting('is_superuser') = 'on' AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'amcheck')")" != t ]; then
	skip 'we are no superuser of the server, or it has no amcheck'
	done_testing
fi
trap 'as -d postgres -c "DROP DATABASE IF EXISTS $PGDATABASE WITH (FORCE)"; rm -rf "$scratch"' EXIT

as -d postgres -c "CREATE DATABASE $PGDATABASE TEMPLATE template0 ENCODING 'UTF8'"
# what is committed is there after a crash
sql "ALTER DATABASE $PGDATABASE SET synchronous_commit = on"
as -f "$(dirname "$0")/../data/merge_killed.sql" -f "$(dirname "$0")/../data/strike.sql"
sql 'COPY (SELECT * FROM batch ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)' >"$scratch/batch.csv"
head -n 1500 "$scratch/batch.csv" >"$scratch/first.csv"
tail -n +1501 "$scratch/batch.csv" >"$scratch/rest.csv"
before=$(sql 'CALL reset(); SELECT state()')
declare -A expected
for mode in upsert sync; do
	expected[$mode]=$(sql "SELECT expected('$mode')")
done

# --- ways to load: each says all up to the file's data, and what follows it

# start WAY MODE, finish WAY MODE
start()
{
	case $1 in
		merge) say load "SELECT inserted FROM aiodal.merge('batch', 'book', '$2');" ;;
		copy) say load "COPY book FROM STDIN WITH (FORMAT csv, HEADER, merge '$2');" ;;
		set_aside) say load "COPY book FROM STDIN WITH (FORMAT csv, HEADER, merge '$2', on_error 'reject');" ;;
		stage) say load "SELECT aiodal.stage('book'); COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);" ;;
		stream) say load "SELECT aiodal.stage('book', mode => '$2'); COPY book_stage FROM STDIN WITH (FORMAT csv, HEADER);" ;;
	esac
}

finish()
{
	case $1 in
		merge) ;;
		copy | set_aside) say load '\.' ;;
		stage) say load '\.' && say load "SELECT inserted FROM aiodal.merge('book_stage', mode => '$2');" ;;
		stream) say load '\.' && say load "SELECT inserted FROM aiodal.merge('book_stage');" ;;
	esac
}

# the whole load; in phase "read" only a part of the file is there, in "merged" the end is missing
load()
{
	local way=$1 mode=$2 phase=$3
	say load 'BEGIN;'
	start "$way" "$mode"
	case $way:$phase in
		merge:*) ;;
		*:read) send load "$scratch/first.csv" && return ;;
		*) send load "$scratch/batch.csv" ;;
	esac
	finish "$way" "$mode"
	[ "$phase" = merged ] || say load 'COMMIT;'
}

# --- the holder of the lock at which a load waits

hold()
{
	local lock='SELECT pg_advisory_lock(4711);'
	case $1 in
		table) lock='LOCK TABLE book;' ;;
		key) lock="INSERT INTO book VALUES (2900, 'held');" ;;
		row) lock="UPDATE book SET title = 'held' WHERE id = 1899;" ;;
		parent) lock='DELETE FROM author WHERE id = 100;' ;;
	esac
	session holder
	say holder "BEGIN; $lock"
	has_come holder
}

let_go() { say holder 'ROLLBACK;' && leave holder; }

# --- the blow

# after_blow BLOW WAY MODE PHASE: in the session that heard of it
after_blow()
{
	if [ "$1" = cancel ]; then
		if [ "$4" = read ]; then
			send load "$scratch/rest.csv"
			finish "$2" "$3"
		fi
		say load 'ROLLBACK;'
		say load "SET gate.at = '';"
		has_come load || true
	else
		leave load
	fi
}

# heard BLOW: idle sessions hear of it when they say something
heard()
{
	case $1 in
		cancel) grep -q 'canceling statement due to user request' "$scratch/load.out" ;;
		terminate) grep -q 'terminating connection due to administrator command' "$scratch/load.out" ;;
		kill) grep -q 'server closed the connection' "$scratch/load.out" ;;
	esac
}

begin_load()
{
	session load
	say load "LOAD 'aiodal'; SET aiodal.path = '$1'; SET gate.at = '$2';"
}

# after STATE: the table is so, and nothing is amiss; else it says what is
after()
{
	local state
	state=$(sql "CALL sound(); SELECT state()" 2>&1) || true
	[ "$state" = "$1" ] || echo "$state; "
}

# blow BLOW PATH WAY MODE PHASE: one case from beginning to end
blow()
{
	local blow=$1 path=$2 way=$3 mode=$4 phase=$5 why=''
	hold "$phase" || why+='the lock was not to be had; '
	begin_load "$path" "$phase"
	load "$way" "$mode" "$phase"
	strike "$blow" "$phase" || why+='the load did not come to the phase; '
	after_blow "$blow" "$way" "$mode" "$phase"
	let_go
	[ "$phase" = merged ] || heard "$blow" || why+='the session did not hear of it; '
	why+=$(after "$before")
	[ "$blow" = cancel ] || begin_load "$path" ''
	load "$way" "$mode" ''
	leave load
	why+=$(after "${expected[$mode]}")
	sql 'CALL reset()'
	[ -z "$why" ]
	ok $? "$blow: $path $way $mode, phase $phase" || { note "$why"; note "$(cat "$scratch/load.out")"; }
}

# cases BLOW PATH WAY:MODE PHASE ...
cases()
{
	local blow=$1 path=$2 way=${3%:*} mode=${3#*:} phase
	shift 3
	for phase; do
		blow "$blow" "$path" "$way" "$mode" "$phase"
	done
}

cases cancel direct merge:upsert table check key row parent index trigger deferred
cases cancel direct copy:upsert table read check key row parent index trigger deferred
cases cancel direct stage:upsert read check key row parent index trigger deferred
cases cancel direct stream:upsert read check key row parent index trigger deferred
cases cancel direct merge:sync delete
cases cancel direct stage:sync delete
cases cancel sql copy:upsert read check key row index trigger deferred
cases cancel sql stream:sync delete
cases cancel auto set_aside:upsert read check key row parent index trigger

cases terminate direct copy:upsert table read check key row parent index trigger deferred merged
cases terminate direct stage:sync read delete merged
cases terminate direct stream:upsert read check merged
cases terminate sql copy:upsert read check
cases terminate auto set_aside:upsert read check merged

if [ -n "${AIODAL_SERVER_ROOT:-}" ]; then
	cases kill direct copy:upsert read check row index trigger deferred merged
	cases kill direct stage:sync delete
	cases kill direct stream:upsert check
	cases kill sql stage:upsert index
else
	skip 'a server of others, where no backend is killed'
fi
done_testing
