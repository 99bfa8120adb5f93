#!/usr/bin/env bash
# aiodal testdb: a command with a private server, of which nothing stays, whoever is killed.
. "$(dirname "$0")/../tap.sh"

top=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$top/client/build:$PATH
pg_config=$(command -v "${PG_CONFIG:-pg_config}")
[ -x "$("$pg_config" --bindir)/postgres" ] || { echo "1..0 # SKIP there is no server to start on this machine"; exit; }
export LC_ALL=C.UTF-8 TMPDIR=$scratch/tmp AIODAL_TEST_CACHE=$scratch/cache
unset NO_COLOR PGOPTIONS DATABASE_URL AIODAL_TEST_URL AIODAL_TEST_KEEP
mkdir -m 755 "$TMPDIR"
# what stays of the servers
left() { ls -A "$TMPDIR"; }
# until COMMAND ...: succeeds within half a minute
until_is() { local _; for _ in $(seq 300); do ! "$@" 2>/dev/null || return 0; sleep 0.1; done; return 1; }
gone() { ! kill -0 "$1" 2>/dev/null && [ -z "$(left)" ]; }

# --- a server for a command

exits 0 'a command runs' aiodal testdb -- psql -XAtc 'SELECT current_user, current_database(), aiodal.version()'
is "$out" "postgres|postgres|$(aiodal --version | sed 's/aiodal //')" 'against a server with the extension'
is "$(left)" '' 'of which nothing is left'
unlike "$(aiodal testdb --help)" '*--dbname*' 'its help offers no other server'
exits 0 'options behind the command are its own' aiodal testdb psql -X -A -t -c 'SELECT 2'
is "$out" 2 'without -- too'
is "$(echo words | aiodal testdb -- cat)" words 'its standard input is ours'
exits 0 'DATABASE_URL leads there' aiodal testdb -- sh -c 'env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE psql -XAtc "SHOW listen_addresses" "$DATABASE_URL"'
is "$out" '' 'and it listens on a socket alone'
# shellcheck disable=SC2016
exits 0 'programs that use libaiodal_test find the server, and its log' aiodal testdb -- sh -c 'psql -XAtc "SELECT nonsense" "$AIODAL_TEST_URL" 2>/dev/null; grep -c "\"nonsense\" does not exist" "$AIODAL_TEST_LOG"'
is "$out" 1 'which says what went wrong'
exits 0 'the environment of another server is not used' env PGHOST=/nonexistent PGPORT=1 PGUSER=nobody PGDATABASE=none PGOPTIONS='-c nonsense=1' \
	PGSERVICE=none PGCHANNELBINDING=require PGTARGETSESSIONATTRS=standby PGSSLMODE=verify-full aiodal testdb -- psql -XAtc 'SELECT 3'
is "$out" 3 'nor seen by the command'
# shellcheck disable=SC2016
exits 0 'its environment can have more in it' env AIODAL_TEST_SERVER_ENV=' A_FIRST=1  A_SECOND=2=2 ' aiodal testdb -- sh -c 'tr "\0" "\n" </proc/$(sed -n 1p "$PGHOST/../data/postmaster.pid")/environ | grep ^A_'
is "$(sort <<<"$out")" $'A_FIRST=1\nA_SECOND=2=2' 'word by word'
exits 0 'two servers at once' aiodal testdb -- aiodal testdb -- psql -XAtc 'SELECT 4'
is "$out" 4 'do not meet'
# shellcheck disable=SC2016 # for the inner shell
exits 0 'the socket is closed to others' aiodal testdb -- sh -c 'stat -c %a "$PGHOST"'
is "$out" 700 'whoever can reach it is superuser there'
# shellcheck disable=SC2016
exits 0 'the server can be fast' aiodal testdb -- psql -XAtc "SELECT current_setting('fsync'), current_setting('timezone')"
is "$out" 'off|UTC' 'and gives the same results everywhere'
exits 0 'a setting' aiodal testdb --set work_mem=7MB --set "application_name=it's a \\ test" -- psql -XAtc 'SHOW work_mem'
is "$out" 7MB 'holds'

# --- exit status

exits 7 'the exit status is handed on' aiodal testdb -- sh -c 'exit 7'
# shellcheck disable=SC2016
exits 138 'of a command that a signal ended, as by the shell' aiodal testdb -- sh -c 'kill -USR1 $$'
exits 127 'a command that is not there' aiodal testdb -- /nonexistent/command
like "$out" '*could not run /nonexistent/command: No such file*' 'is named'
exits 126 'a command that cannot be run' aiodal testdb -- /etc/passwd
exits 2 'no command is a usage error' aiodal testdb
exits 2 'a server of somebody else is' aiodal testdb -d other -- true
like "$out" '*makes its own*' 'and why'
for bad in nonsense =1 'a b=c' $'a=b\nc=d'; do
	exits 2 'what is no setting is' aiodal testdb --set "$bad" -- true
	like "$out" '*is no setting*' 'and said'
done
exits 125 'a setting that the server does not know' aiodal testdb --set nonsense=1 -- echo ran
like "$out" '*private server did not start*unrecognized configuration parameter "nonsense"*' 'is said by its log'
unlike "$out" '*ran*' 'and the command does not run'
is "$(left)" '' 'nothing is left'

# --- migrations

mkdir "$scratch/migrations"
cd "$scratch/migrations" || exit
echo 'CREATE EXTENSION aiodal; CREATE TABLE book (id int PRIMARY KEY, title text)' >2_book.up.sql
echo 'INSERT INTO book VALUES (1, $$Solaris$$)' >10_seed.up.sql
echo 'DROP TABLE book' >10_seed.down.sql
echo 'SELECT nonsense' >notes.txt
echo 'INSERT INTO book VALUES (2, $$Fiasco$$);' >"$scratch/more.sql"
exits 0 'migrations run in the order of their numbers, the way up' aiodal testdb --migrate . -m "$scratch/more.sql" -- psql -XAtc 'SELECT * FROM book'
is "$out" $'1|Solaris\n2|Fiasco' 'and of the options'
printf 'CREATE TABLE good ();\n-- \xc3\xa9\xc3\xa9\nCREATE TABLE bad (\n  x nonsense\n);\n' >3_bad.sql
exits 125 'a migration that fails' aiodal testdb -m . -- echo ran
like "$out" '*./3_bad.sql:4: type "nonsense" does not exist*' 'is named with its line'
unlike "$out" '*ran*' 'and the command does not run'
echo 'COPY book FROM STDIN;' >3_bad.sql
exits 125 'COPY from the client' aiodal testdb -m . -- true
like "$out" '*3_bad.sql: COPY*INSERT*' 'is said to be for psql'
exits 125 'a migration that is not there' aiodal testdb -m nowhere -- true
like "$out" '*could not read nowhere: No such file*' 'is named'
mkdir empty
exits 125 'a directory without any' aiodal testdb -m empty -- true
like "$out" '*no \*.sql in empty*' 'is an error'
is "$(left)" '' 'nothing is left'
cd / || exit

# --- the directory of initialised data

is "$(find "$AIODAL_TEST_CACHE" -mindepth 1 -maxdepth 1 -name 'data-[0-9]*' -type d | wc -l)" 1 'one data directory is kept'
rm -rf "$AIODAL_TEST_CACHE"
started=()
version=$("$pg_config" --version | sed 's/^[^0-9]*\([0-9.]*\).*/\1/')
for i in 1 2 3; do
	aiodal testdb --keep -- psql -XAtc 'SELECT 5' >"$scratch/start.$i" 2>"$scratch/kept.$i" &
	started+=($!)
done
wait "${started[@]}"
is "$(cat "$scratch"/start.*)" $'5\n5\n5' 'three servers at once without one'
is "$(find "$TMPDIR" -mindepth 2 -maxdepth 2 -name initdb.log | wc -l)" 1 'make it once'
is "$(ls "$AIODAL_TEST_CACHE" | sed 's/[0-9a-f]\{16\}/X/')" "data-$version-X"$'\n'"data-$version-X.lock" 'and leave no draft'
like "$(cat "$scratch/kept.1")" "aiodal: kept $TMPDIR/*" '--keep says where'
kept=$(sed 's/.* //' "$scratch/kept.1")
like "$(cat "$kept/server.log")" '*database system is ready to accept connections*' 'the log is there'
ok "$([ -e "$kept/data/PG_VERSION" ]; echo $?)" 'the data are'
is "$(pgrep -f "$TMPDIR/")" '' 'and no server'
rm -rf "${TMPDIR:?}"/*
: >"$scratch/file"
for cache in /proc/nonexistent "$scratch/file" ''; do
	exits 0 "with the cache \"${cache##*/}\"" env AIODAL_TEST_CACHE="$cache" aiodal testdb -- true
	is "$out$(left)" '' 'it takes longer, and that is all'
done
is "$(AIODAL_TEST_KEEP=1 aiodal testdb -- true; left | grep -c .)" 1 'AIODAL_TEST_KEEP keeps it too'
rm -rf "${TMPDIR:?}"/*

# --- signals

# starts a testdb whose command tells the server's pid and waits; sets $testdb, $command, $server
launch()
{
	rm -f "$scratch/pids" "$scratch/signals"
	# shellcheck disable=SC2016
	aiodal testdb -- bash -c 'trap "echo TERM >>$1; exit 9" TERM; trap "echo INT >>$1" INT; trap "echo USR1 >>$1" USR1
		echo "$$ $(sed -n 1p "$PGHOST/../data/postmaster.pid")" >"$0.new"; mv "$0.new" "$0"
		while sleep 0.1; do :; done' "$scratch/pids" "$scratch/signals" >/dev/null 2>&1 </dev/null &
	testdb=$!
	until_is [ -e "$scratch/pids" ]
	read -r command server <"$scratch/pids"
}
launch
kill -USR1 $testdb
until_is [ -e "$scratch/signals" ]
kill -TERM $testdb
wait $testdb
is "$?" 9 'killed by TERM: the command gets it, and its exit status is handed on'
is "$(cat "$scratch/signals")" $'USR1\nTERM' 'as are other signals, once each'
is "$(left)$(kill -0 "$server" 2>&1 | grep -o 'No such process')" 'No such process' 'nothing is left'

launch
kill -KILL $testdb
wait $testdb 2>/dev/null
until_is gone "$server"
ok $? 'killed by KILL: the server ends, and its directory goes'
until_is gone "$command"
ok $? 'the command gets TERM'

launch
kill -KILL "$(ps -o ppid= -p "$server" | tr -d ' ')"
until_is sh -c "! kill -0 $server"
ok $? 'without the process between, the server ends by itself'
kill -TERM $testdb
wait $testdb
is "$?" 9 'and the command goes on'
rm -rf "${TMPDIR:?}"/*

for delay in 0 0.01 0.02 0.04 0.06 0.08 0.1 0.15 0.2 0.3; do
	aiodal testdb -- true >/dev/null 2>&1 &
	testdb=$!
	sleep $delay
	kill -KILL $testdb 2>/dev/null
	wait $testdb 2>/dev/null
done
# a directory that nobody had been told of yet is empty
empty() { ! pgrep -f "$TMPDIR/" >/dev/null && [ -z "$(find "$TMPDIR" -mindepth 2)" ]; }
until_is empty
ok $? 'killed at any time while starting: no server, no data'
rm -rf "${TMPDIR:?}"/*

if command -v script >/dev/null; then
	cat >"$scratch/terminal" <<-'EOT'
		trap 'echo got >>"$0.int"' INT
		: >"$0.ready"
		while [ ! -s "$0.int" ]; do sleep 0.1; done
		sleep 0.5
		exit 3
	EOT
	until_is [ -e "$scratch/terminal.ready" ] | (until_is [ -e "$scratch/terminal.ready" ]; printf '\003'; sleep 2) |
		script -qec "exec aiodal testdb -- bash '$scratch/terminal'" /dev/null >/dev/null 2>&1
	is "${PIPESTATUS[2]}" 3 '^C at a terminal is for the command'
	is "$(cat "$scratch/terminal.int")" got 'which gets it once'
	is "$(left)" '' 'nothing is left'
else
	skip 'no script(1)'
fi

# --- installations

exits 125 'no pg_config' env PG_CONFIG=/nonexistent/pg_config aiodal testdb -- true
like "$out" '*could not run /nonexistent/pg_config*could not find the program*set PG_CONFIG*' 'is said'
printf '#!/bin/sh\nprintf "/nonexistent\\n/nonexistent\\n/nonexistent\\nPostgreSQL 99\\n"\n' >"$scratch/pg_config"
chmod +x "$scratch/pg_config"
exits 125 'no server' env -u AIODAL_TEST_MIRROR PG_CONFIG="$scratch/pg_config" aiodal testdb -- true
like "$out" '*names /nonexistent, and there is no server*package postgresql-*' 'is said, and what to do'

long=$scratch/$(printf 'x%.0s' $(seq 90))
mkdir "$long"
exits 125 'a TMPDIR too long for a socket' env TMPDIR="$long" aiodal testdb -- true
like "$out" '*too long*Set TMPDIR to a shorter path*' 'is said'
exits 125 'a TMPDIR that is not there' env TMPDIR=/nonexistent aiodal testdb -- true
like "$out" '*could not make a directory in /nonexistent: No such file*' 'is said'
odd="$scratch/it's %41 & odd"
mkdir -m 755 "$odd"
exits 0 'a TMPDIR with an odd name' env TMPDIR="$odd" aiodal testdb -- psql -XAtc 'SELECT 6'
is "$out" 6 'is fine'

mkdir "$scratch/dest"
flock "$top/extension" make -s -C "$top/extension" install with_llvm=no PG_CONFIG="$pg_config" DESTDIR="$scratch/dest" >/dev/null 2>&1
exits 0 'what "make install DESTDIR=" wrote serves as AIODAL_TEST_MIRROR' env AIODAL_TEST_MIRROR="$scratch/dest" \
	aiodal testdb -- psql -XAtqc "CREATE EXTENSION pgcrypto" -c "SELECT aiodal.version() IS NOT NULL, to_tsvector('english', 'walking')"
is "$out" "t|'walk':1" "and the installation's own files are there"
exits 125 'one that is not there' env AIODAL_TEST_MIRROR=/nonexistent aiodal testdb -- true
like "$out" '*could not read the mirror /nonexistent: No such file*' 'is said'
mkdir "$scratch/nothing"
if [ ! -e "$("$pg_config" --sharedir)/extension/aiodal.control" ]; then
	exits 125 'an installation without the extension' env AIODAL_TEST_MIRROR="$scratch/nothing" aiodal testdb -- true
	like "$out" '*extension aiodal is not installed*make install*AIODAL_TEST_MIRROR*' 'is said, and what to do'
fi
is "$(left)" '' 'nothing is left'

if [ "$(id -u)" = 0 ] && setpriv --reuid nobody --regid nogroup --clear-groups test -x "$top/client/build/aiodal"; then
	mkdir -m 700 "$scratch/home" "$scratch/closed"
	chown nobody "$scratch/home"
	exits 0 'as a plain user' env HOME="$scratch/home" TMPDIR="$scratch/home" AIODAL_TEST_CACHE="$scratch/home/cache" \
		setpriv --reuid nobody --regid nogroup --clear-groups aiodal testdb -- sh -c 'stat -c %U/%a "$PGHOST/.."; psql -XAtc "SELECT 7"'
	is "$out" $'nobody/700\n7' 'it is theirs alone'
	is "$(ls "$scratch/home")" cache 'nothing is left'
	exits 125 'as root, in a directory that the server cannot reach' env TMPDIR="$scratch/closed" aiodal testdb -- true
	like "$out" '*user *, as whom the server runs, cannot reach *Set TMPDIR*' 'is said, and what to do'
	is "$(ls "$scratch/closed")" '' 'nothing is left'
else
	skip 'needs root, and a checkout open to all'
fi
done_testing
