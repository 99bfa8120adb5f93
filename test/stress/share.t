#!/usr/bin/env bash
# Stages that several sessions load: sessions side by side, one that is killed while it loads or merges, and
# what is left behind then.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../sessions.sh"

export PGDATABASE=aiodal_share_$$ PGOPTIONS="-c client_min_messages=warning"
sql() { psql -XAtq -v ON_ERROR_STOP=1 -c "$1"; }
trap 'PGDATABASE=postgres sql "DROP DATABASE IF EXISTS aiodal_share_$$ WITH (FORCE)"; rm -rf "$scratch"' EXIT
PGDATABASE=postgres sql "CREATE DATABASE aiodal_share_$$ TEMPLATE template0 ENCODING 'UTF8'"
sql 'CREATE EXTENSION aiodal; CREATE TABLE book (id int PRIMARY KEY, n int); INSERT INTO book SELECT i, 0 FROM generate_series(1, 100) i'

# waits NAME: within a minute the session waits for a lock; gone NAME: it is there no more
waits() { until_holds "EXISTS (SELECT FROM pg_stat_activity WHERE application_name = '$1' AND wait_event_type = 'Lock')"; }
gone() { until_holds "NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = '$1')"; }
kill_session() { sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '$1'" >/dev/null; gone "$1"; leave "$1"; }
state() { sql 'SELECT count(*), sum(n) FROM book'; }

# start: a merging session with a name reserved, and $stage made
start()
{
	session merger
	say merger "BEGIN; SELECT aiodal.reserve_stage('book') AS name \\gset"
	say merger "\\o $scratch/name"
	say merger "\\qecho :name"
	say merger '\o'
	has_come merger
	stage=$(sql "SELECT aiodal.shared_stage('$(cat "$scratch/name")', 'book')")
}
# load NAME PART FROM TO: rows, not committed
load()
{
	say "$1" "BEGIN; SELECT aiodal.join_stage('$stage', 'book', $2, 1, $3 - 1, $3 - 1);"
	say "$1" "COPY $stage FROM STDIN WITH (FORMAT csv);"
	seq -f '%g,1' "$3" "$4" 1>&"${to[$1]}"
	say "$1" '\.'
}

# --- side by side
start
session one
session two
load two 2 81 150
load one 1 1 80
has_come one && has_come two
is "$(sql 'SELECT aiodal.drop_shared_stages()')" 0 'a stage that is being loaded is not cleaned up'
say merger "SELECT staged, inserted, updated FROM aiodal.merge_shared('$stage', 'book', 2);"
waits merger
ok $? 'the merge waits for sessions that have not committed'
say one 'COMMIT;'
say two 'COMMIT;'
say merger 'COMMIT;'
has_come merger
is "$(cat "$scratch/merger.out")" '150|50|100' 'and then sees all they loaded'
is "$(state)" '150|150' 'the table has it'
is "$(sql "SELECT count(*) FROM pg_class WHERE relnamespace = 'aiodal_stage'::regnamespace")" 0 'nothing is left'
leave one
leave two
leave merger

# --- a loader is killed
start
session one
session two
load one 1 1 80
load two 2 81 160
has_come one && has_come two
say one 'COMMIT;'
has_come one
kill_session two
say merger "SELECT staged FROM aiodal.merge_shared('$stage', 'book', 2);"
has_come merger
like "$(cat "$scratch/merger.out")" 'ERROR:  stage "book_*" has 1 parts of 2*' 'what a killed session had loaded is missed'
leave one
leave merger
is "$(state)" '150|150' 'the table is as before'
is "$(sql 'SELECT aiodal.drop_shared_stages()')" 1 'the stage that was left behind goes'

# --- the merging one is killed
start
session one
load one 1 1 200
say one 'COMMIT;'
has_come one
session locker
say locker 'BEGIN; SELECT * FROM book WHERE id = 100 FOR UPDATE; UPDATE book SET n = 7 WHERE id = 100;'
has_come locker
say merger "SELECT staged FROM aiodal.merge_shared('$stage', 'book', 1);"
say merger 'COMMIT;'
sql 'UPDATE book SET n = 2 WHERE id <> 100'
waits merger
ok $? 'the merge waits in its midst'
kill_session merger
leave locker
is "$(state)" '150|299' 'a merge that is killed leaves the table as it was'
is "$(sql 'SELECT aiodal.drop_shared_stages()')" 1 'and a stage that can be cleaned up'
leave one

# --- a reader keeps it: the merge is not to wait for that
start
session one
load one 1 201 210
say one 'COMMIT;'
has_come one
session reader
say reader "BEGIN; SELECT count(*) FROM $stage;"
has_come reader
say merger "SELECT staged FROM aiodal.merge_shared('$stage', 'book', 1);"
say merger 'COMMIT;'
has_come merger
is "$(cat "$scratch/merger.out")" 10 'a merge does not wait for who reads the stage'
is "$(sql 'SELECT aiodal.drop_shared_stages()')" 0 'nor does the clean-up'
leave reader
gone reader
is "$(sql 'SELECT aiodal.drop_shared_stages()')" 1 'which comes again'
leave one
leave merger
done_testing
