# shellcheck shell=bash
#
# test/sessions.sh: sessions that are held open, and waiting for what they come
# to; sourced after tap.sh, by tests that have a function sql STATEMENT.
#
#   session holder
#   say holder 'BEGIN; LOCK TABLE book;'
#   has_come holder
#   until_holds "EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
#   leave holder
#
# A session's input is a descriptor, its output the file $scratch/NAME.out. It
# ends with the test at the latest.

# what is said to a session that has gone is lost
trap '' PIPE

# within_a_minute COMMAND ...: it succeeds
within_a_minute()
{
	for _ in $(seq 1200); do
		! "$@" || return 0
		sleep 0.05
	done
	return 1
}

# until_holds CONDITION
until_holds() { within_a_minute holds "$1"; }
holds() { [ "$(sql "SELECT $1" 2>/dev/null)" = t ]; }

# session NAME: its input in $to[NAME], its process in $pid[NAME]
declare -A to pid
session()
{
	rm -f "${scratch:?}/$1.in"
	mkfifo "$scratch/$1.in"
	{
		# who has another's input keeps that one from its end
		for fd in "${to[@]}"; do exec {fd}>&-; done
		PGAPPNAME=$1 PGOPTIONS="-c client_min_messages=warning" exec psql -XAtq
	} <"$scratch/$1.in" >"$scratch/$1.out" 2>&1 &
	pid[$1]=$!
	exec {fd}>"$scratch/$1.in"
	to[$1]=$fd
}

# say NAME TEXT, send NAME FILE
say() { printf '%s\n' "$2" 1>&"${to[$1]}" 2>/dev/null || true; }
send() { cat "$2" 1>&"${to[$1]}" 2>/dev/null || true; }

# has_come NAME: within a minute the session has done all it was told so far
has_come()
{
	say "$1" "\\! touch $scratch/come"
	within_a_minute rm "$scratch/come" 2>/dev/null
}

# leave NAME: ends it
leave()
{
	fd=${to[$1]}
	exec {fd}>&-
	unset "to[$1]"
	wait "${pid[$1]}" || true
}

# overtaken MERGE CHANGE: two sessions merge, both have looked at the table when a third one changes it. The
# table has CHECK (gate()), of data/gate.sql. What they complain of is in $scratch/errors.
overtaken()
{
	local merging=() one status=0
	session gate
	say gate 'SELECT pg_advisory_lock(4711);'
	has_come gate || status=1
	for _ in 1 2; do
		sql "SET aiodal.path = 'direct'; SET gate.active = 'yes'; $1" >>"$scratch/errors" 2>&1 &
		merging+=($!)
	done
	until_holds "count(*) = 2 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted" || status=1
	sql "$2" || status=1
	# those who merge have its input, too
	say gate '\q'
	leave gate
	for one in "${merging[@]}"; do
		wait "$one" || status=1
	done
	return $status
}
