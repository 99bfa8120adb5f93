#!/usr/bin/env bash
# A hot standby: it refuses to load and to merge and says why, and what direct merges write comes
# to it as it is, rows that were taken back for others' of the same key included.
. "$(dirname "$0")/../tap.sh"
if [ -z "${AIODAL_SERVER_ROOT:-}" ]; then
	skip 'a server of others, whose files are not ours'
	done_testing
fi
if [ -z "${AIODAL_STANDBY_TEST:-}" ]; then
	rm -rf "$scratch"
	# without wal_level = logical: rows are taken back one by one there
	AIODAL_STANDBY_TEST=1 AIODAL_CONF='wal_level = replica' exec "$(dirname "$0")/../with_server" "$0"
fi

. "$(dirname "$0")/../sessions.sh"

primary=$PGHOST standby=$AIODAL_SERVER_ROOT/standby server=''
sql() { PGOPTIONS='-c client_min_messages=warning' psql -XAtq -v ON_ERROR_STOP=1 -c "$1"; }
cleanup()
{
	[ -z "$server" ] || { kill -INT "$server" && wait "$server"; }
	rm -rf "$scratch" "$standby"
}
trap cleanup EXIT

# as the owner of the primary's files
start_standby()
{
	local run=(setpriv --pdeathsig QUIT) owner
	owner=$(stat -c %u:%g "$AIODAL_SERVER_ROOT/data")
	mkdir "$standby"
	pg_basebackup -D "$standby/data" -R -c fast || return 1
	if [ "$(id -u)" = 0 ]; then
		chown -R "$owner" "$standby"
		run+=(--reuid "${owner%:*}" --regid "${owner#*:}" --clear-groups)
	fi
	(cd "$standby" && exec "${run[@]}" "$AIODAL_SERVER_ROOT$(pg_config --bindir)/postgres" -D "$standby/data" \
		-c unix_socket_directories="$standby" >"$scratch/standby.log" 2>&1) &
	server=$!
	PGHOST=$standby until_holds 'pg_is_in_recovery()'
}

sql 'CREATE EXTENSION aiodal; CREATE EXTENSION amcheck'
psql -Xq -v ON_ERROR_STOP=1 -f "$(dirname "$0")/../data/gate.sql"
sql 'CREATE TABLE book (id int PRIMARY KEY, title text, CHECK (gate()))'
sql "CREATE INDEX ON book (title); INSERT INTO book SELECT i, 'old' FROM generate_series(1, 1000, 2) i"
sql "CREATE TABLE batch AS SELECT id, 'title ' || id AS title FROM generate_series(1, 5000) id ORDER BY md5(id::text)"
start_standby
ok $? 'a standby follows' || { note "$(cat "$scratch/standby.log")" && done_testing; }

status=0
overtaken "SELECT FROM aiodal.merge('batch', 'book')" \
	"INSERT INTO book SELECT id, 'overtaken' FROM batch WHERE id > 1000 AND id % 7 = 3" || status=1
ok $status 'two merges are overtaken by an insert' || note "$(cat "$scratch/errors")"
sql "SELECT inserted FROM aiodal.merge('batch', 'book', 'sync', delete_where => 'id < 100')" >"$scratch/sync"
state="SELECT count(*), md5(string_agg(b::text, chr(10) ORDER BY id)) FROM book b"
there=$(sql "$state")
lsn=$(sql 'SELECT pg_current_wal_insert_lsn()')

PGHOST=$standby
until_holds "pg_last_wal_replay_lsn() >= '$lsn'"
ok $? 'the standby catches up'
is "$(sql "$state")" "$there" 'and has the same rows'
exits 0 'sound ones' sql "SELECT bt_index_check(indexrelid, heapallindexed => true) FROM pg_index WHERE indrelid = 'book'::regclass"
is "$(sql "SELECT count(*) FROM verify_heapam('book')")" 0 'in a sound table'

refuses() # NAME STATEMENT
{
	exits 1 "$1 is refused" psql -XAtq -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -c "LOAD 'aiodal'" -c "$2"
	like "$out" '*25006:*' "$1: and why" || note "$out"
}
refuses 'a stage' "SELECT aiodal.stage('book')"
refuses 'a merge' "SELECT aiodal.merge('batch', 'book')"
refuses 'a merge by SQL' "SET aiodal.path = 'sql'; SELECT aiodal.merge('batch', 'book')"
refuses 'a COPY that merges' "COPY book FROM PROGRAM 'echo 1' WITH (FORMAT csv, merge 'upsert')"
refuses 'a JSON COPY that merges' "COPY book FROM PROGRAM 'echo {}' WITH (FORMAT jsonl, merge 'upsert')"
is "$(sql "SELECT aiodal.explain_merge('book')")" '(direct,)' 'how it would be done can be asked'
is "$(sql 'SELECT count(*) FROM book')" "${there%%|*}" 'and the standby still answers'
PGHOST=$primary
is "$(sql "SELECT unchanged FROM aiodal.merge('batch', 'book')")" 5000 'as does the primary'
done_testing
