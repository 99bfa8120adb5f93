#!/usr/bin/env bash
# aiodal ping, and how connections are named and fail.
. "$(dirname "$0")/../cli.sh"

version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$(dirname "$0")/../../extension/aiodal.control")
exits 0 'ping' aiodal ping
like "$out" "server      PostgreSQL $(sql 'SHOW server_version')*" 'the server'
like "$out" "*database    $PGDATABASE, as user $(sql 'SELECT current_user')*" 'the database'
like "$out" "*extension   aiodal $version*round trip  *[0-9] ms" 'the extension, the time'
json() { python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }
is "$(aiodal ping --json | json '[d["database"], d["extension_version"], d["server_version_num"] >= 150000, d["round_trip_ms"] > 0]')" \
	"['$PGDATABASE', '$version', True, True]" 'the same in JSON'

exits 0 'ping -v' aiodal ping -v
like "$out" '*aiodal: [0-9]*.[0-9]* ms, 1 row: SELECT e.extversion*' 'names its statements'
like "$out" '*aiodal: [0-9]*.[0-9]* ms, 0 rows: ROLLBACK*' 'to the last'
exits 0 '-v in front of the command' aiodal -v ping
like "$out" '*: ROLLBACK*' 'is the same'

# --- -d

there=$PGDATABASE
export PGDATABASE=nowhere
for d in "$there" "dbname=$there" "postgresql:///$there?host=${PGHOST:-}"; do
	exits 0 "-d ${d%%\?*}" aiodal -d "$d" ping
	exits 0 "-d behind the command" aiodal ping -d "$d"
done
exits 0 'the last -d wins' aiodal -d nowhere ping -d "$there"
exits 1 'an unknown database' aiodal ping
like "$out" '*error: *database "nowhere" does not exist*' 'is named'
exits 1 'a database with a quote and a backslash in its name' aiodal -d "it's\\" ping
like "$out" "*database \"it's\\\\\" does not exist*" 'is named as it is'
PGDATABASE=$there
exits 1 'no server at a socket' aiodal -d "host=$scratch port=7" ping
like "$out" "*error: connection to server on socket \"$scratch/.s.PGSQL.7\" failed*running*" 'says where it looked'
exits 1 'no server at a port' aiodal -d 'host=127.0.0.1 port=1' ping
like "$out" '*"127.0.0.1", port 1 failed*' 'says where it looked'
exits 1 'an unknown host' aiodal -d 'host=nosuch.invalid' ping
like "$out" '*nosuch.invalid*' 'is named'
exits 1 'an unknown keyword' aiodal -d 'hots=x' ping
like "$out" '*error: *' 'is an error'

sql 'DROP EXTENSION aiodal'
exits 1 'no extension' aiodal ping
like "$out" "*extension *aiodal* is not installed in database \"$PGDATABASE\"*CREATE EXTENSION aiodal*" 'says what to run and where'
is "$(aiodal ping --json 2>/dev/null | json '"CREATE EXTENSION" in d["error"]["hint"]')" True 'in JSON too'
sql 'CREATE EXTENSION aiodal'

# --- passwords never show

for d in "host=$scratch password=geheim1" "postgresql://u:geheim1@127.0.0.1:1/x" "postgresql://u:geheim1@127.0.0.1:bad/x" \
	"postgresql://u:geheim1@[::1/x" "postgresql://u:gehe%69m1@h:1:2/geheim1" "postgresql://h/x?password=geheim1&foo=bar" \
	"host=x password = geheim1 geheim1" "host=x password='geheim1" "password=geheim1 hots=geheim1" "host=geheim1 password=geheim1"; do
	exits 1 'a conninfo with a password' aiodal -d "$d" ping
	unlike "$out" '*geheim1*' 'is not shown'
	unlike "$(aiodal -d "$d" ping --json 2>/dev/null)" '*geheim1*' 'not in JSON either'
done

if [ -w "${AIODAL_SERVER_ROOT:-/nonexistent}/data/pg_hba.conf" ]; then
	sql "CREATE ROLE $role LOGIN PASSWORD 'richtig'"
	sed -i "1i local all $role scram-sha-256" "$AIODAL_SERVER_ROOT/data/pg_hba.conf"
	sql 'SELECT pg_reload_conf()' >/dev/null
	for _ in $(seq 50); do PGPASSWORD=richtig PGUSER=$role psql -XAtqw -c 'SELECT 1' >/dev/null 2>&1 && ! PGPASSWORD=x PGUSER=$role psql -XAtqw -c 'SELECT 1' >/dev/null 2>&1 && break; sleep 0.1; done
	exits 0 'the right password' env PGPASSWORD=richtig aiodal -d "user=$role" ping
	exits 1 'a wrong password' env PGPASSWORD=falsch aiodal -d "user=$role" ping
	like "$out" "*password authentication failed for user \"$role\"*" 'is said'
	exits 1 'no password' env HOME="$scratch" setsid -w aiodal -w -d "user=$role" ping
	like "$out" '*no password supplied*' 'is said'
	exits 1 'no password, no terminal to ask at' env HOME="$scratch" setsid -w aiodal -d "user=$role" ping
	ask() { (sleep 1; echo "$1") | HOME=$scratch script -qec "aiodal ping -d user=$role" /dev/null; }
	if command -v script >/dev/null; then
		got=$(ask richtig)
		like "$got" '*Password:*round trip*' 'asked for on a terminal'
		unlike "$got" '*richtig*' 'and not echoed'
		like "$(ask falsch)" '*Password:*password authentication failed*' 'a wrong one is refused'
	else
		skip 'no script(1)'
	fi
	sed -i 1d "$AIODAL_SERVER_ROOT/data/pg_hba.conf"
	sql 'SELECT pg_reload_conf()' >/dev/null
else
	skip 'passwords need a server of our own'
fi
done_testing
