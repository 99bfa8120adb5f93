# shellcheck shell=bash
#
# test/blows.sh: sessions struck while they load; sourced after sessions.sh, by
# tests that loaded data/strike.sql into their database.
#
#   victim=$(sql "SELECT strike('cancel', 'read')")
#   killed "$victim"
#
# A backend is killed only on a server of the suite's own.

checkpointer() { psql -XAtqc "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'" 2>/dev/null; }

has_recovered() { case $(checkpointer) in '' | "$1") return 1 ;; esac; }

# killed PID: within a minute all sessions of the server have ended, and it has recovered
killed()
{
	local before
	before=$(checkpointer)
	kill -9 "$1"
	within_a_minute has_recovered "$before"
}

# cut NAME PID: the session's program is gone at once, and within a minute its backend has noticed
cut()
{
	# shellcheck disable=SC2154 # of sessions.sh
	kill -9 "${pid[$1]}"
	wait "${pid[$1]}" 2>/dev/null || true
	until_holds "NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $2)"
}

# strike BLOW PHASE: once the session "load" has come to the phase; it is gone, or hears of it
strike()
{
	local victim
	victim=$(sql "SELECT strike('$1', '$2')") && [ -n "$victim" ] || return 1
	case $1 in
		kill) killed "$victim" ;;
		cut) cut load "$victim" ;;
	esac
}
