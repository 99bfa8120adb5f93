#!/usr/bin/env bash
# The private server: the command's status comes through, nothing stays behind,
# also when it is killed.
. "$(dirname "$0")/../tap.sh"

with_server=$(cd "$(dirname "$0")/.." && pwd)/with_server
export TMPDIR=$scratch

exits 0 'a command runs' "$with_server" psql -XAtc 'SELECT 1'
is "$out" 1 'against a server'
exits 7 'its exit status is handed on' "$with_server" sh -c 'exit 7'
exits 2 'a missing command is a usage error' "$with_server"
exits 1 'an unknown pg_config is said' env PG_CONFIG=/nonexistent/pg_config "$with_server" true
like "$out" '*/nonexistent/pg_config not found*' 'and which'
exits 0 'a server setting can be given' env AIODAL_CONF='work_mem = 7MB' "$with_server" psql -XAtc 'SHOW work_mem'
is "$out" 7MB 'and holds'
exits 0 'the extension of this checkout is installed' "$with_server" psql -XAtqc 'CREATE EXTENSION aiodal' -c 'SELECT aiodal.version()'
is "$out" "$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$(dirname "$0")/../../extension/aiodal.control")" 'in the version of its control file'
exits 0 'two servers at once' "$with_server" "$with_server" psql -XAtc 'SELECT 2'
is "$out" 2 'do not meet'
exits 0 'the environment of another server is not used' env PGHOST=/nonexistent PGPORT=1 PGUSER=nobody PGDATABASE=none PGOPTIONS='-c nonsense=1' PGSERVICE=none \
	"$with_server" psql -XAtc 'SELECT current_user'
is "$out" postgres 'a user of its own'
is "$(ls -A "$scratch")" '' 'no directory is left'

# server_after SIGNAL: kills a with_server that runs, then says whether its server still does
server_after()
{
	local pid postmaster command _
	# shellcheck disable=SC2016 # for the inner shell
	"$with_server" sh -c '{ echo $$; sed -n 1p "$AIODAL_SERVER_ROOT/data/postmaster.pid"; } >"$0.new"; mv "$0.new" "$0"; exec sleep 60' "$scratch/pid" >/dev/null 2>&1 </dev/null &
	pid=$!
	for _ in $(seq 300); do [ ! -e "$scratch/pid" ] || break; sleep 0.1; done
	{ read -r command; read -r postmaster; } <"$scratch/pid"
	rm "$scratch/pid"
	kill "-$1" $pid
	wait $pid 2>/dev/null
	for _ in $(seq 100); do kill -0 "$postmaster" 2>/dev/null || break; sleep 0.1; done
	kill -0 "$postmaster" 2>/dev/null && echo "server $postmaster still there"
	kill "$command" 2>/dev/null && [ "$1" != KILL ] && echo "command $command still there"
	echo finished
}
is "$(server_after TERM)" finished 'killed by TERM: server and command end'
is "$(ls -A "$scratch")" '' 'and the directory goes'
is "$(server_after KILL)" finished 'killed by KILL: the server ends'
done_testing
