#!/usr/bin/env bash
# What direct merges write reaches a subscriber as it is, also when several want the same keys.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../sessions.sh"

publisher=aiodal_publisher_$$ subscriber=aiodal_subscriber_$$ slot=aiodal_replicated_$$
in_db() { PGOPTIONS="-c client_min_messages=warning" psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -c "$2"; }
sql() { in_db "$publisher" "$1"; }
cleanup()
{
	in_db $subscriber "ALTER SUBSCRIPTION books DISABLE; ALTER SUBSCRIPTION books SET (slot_name = NONE); DROP SUBSCRIPTION books"
	in_db postgres "SELECT pg_drop_replication_slot('$slot') FROM pg_replication_slots WHERE slot_name = '$slot' AND pg_sleep(0.1) IS NOT NULL"
	in_db postgres "DROP DATABASE IF EXISTS $subscriber WITH (FORCE)"
	in_db postgres "DROP DATABASE IF EXISTS $publisher WITH (FORCE)"
	rm -rf "$scratch"
}

if [ "$(in_db postgres "SELECT current_setting('wal_level') = 'logical' AND current_setting('is_superuser') = 'on'")" != t ]; then
	skip 'the server does not decode (wal_level), or we may not make a slot'
	done_testing
fi
trap cleanup EXIT
for db in $publisher $subscriber; do
	in_db postgres "CREATE DATABASE $db TEMPLATE template0 ENCODING 'UTF8'"
	in_db $db 'CREATE TABLE book (tenant int, id int, title text, body text, copies int, PRIMARY KEY (tenant, id))'
done
sql 'CREATE EXTENSION aiodal'
sql "ALTER TABLE book ALTER body SET STORAGE EXTERNAL"
psql -Xq -v ON_ERROR_STOP=1 -d "$publisher" -f "$(dirname "$0")/../data/gate.sql"
sql 'ALTER TABLE book ADD CHECK (gate())'
sql 'CREATE PUBLICATION books FOR TABLE book'
sql "SELECT FROM pg_create_logical_replication_slot('$slot', 'pgoutput')"
in_db $subscriber "CREATE SUBSCRIPTION books CONNECTION 'host=$PGHOST port=$PGPORT user=$PGUSER dbname=$publisher'
	PUBLICATION books WITH (create_slot = false, slot_name = '$slot', copy_data = false)"

# Batches that overlap, the rows of each in another order; every fourth body is stored out of line.
sql "CREATE FUNCTION batch(seed int) RETURNS SETOF book LANGUAGE sql AS \$\$
	SELECT n % 3, n, 'title ' || (n * seed) % 7, CASE WHEN n % 4 = 0 THEN repeat(md5((n * (seed % 3))::text), 100) ELSE 'short' END, 0
	FROM generate_series(1 + seed * 500, 3000 + seed * 500) n ORDER BY md5(n::text || seed % 2) \$\$"
for seed in 1 2 3 4; do
	sql "COPY (SELECT * FROM batch($seed)) TO STDOUT WITH (FORMAT csv, HEADER)" >"$scratch/$seed.csv"
	sql "CREATE TABLE batch_$seed AS SELECT * FROM batch($seed)"
done

# same_keys: all sessions want the same new keys, and one of them rolls back
same_keys()
{
	local pids=() pid
	for _ in 1 2 3; do
		PGOPTIONS="-c aiodal.path=direct -c client_min_messages=warning" psql -XAtq -v ON_ERROR_STOP=1 -d "$publisher" \
			-c "SELECT FROM aiodal.merge('batch_$1', 'book')" >>"$scratch/errors" 2>&1 &
		pids+=($!)
	done
	psql -XAtq -v ON_ERROR_STOP=1 -d "$publisher" -c "SET client_min_messages = error; LOAD 'aiodal'; BEGIN" \
		-c "\\copy book FROM '$scratch/$1.csv' WITH (FORMAT csv, HEADER, merge 'upsert')" -c ROLLBACK >>"$scratch/errors" 2>&1 &
	pids+=($!)
	psql -XAtq -v ON_ERROR_STOP=1 -d "$publisher" -c "SET client_min_messages = error; LOAD 'aiodal'" \
		-c "\\copy book FROM '$scratch/$1.csv' WITH (FORMAT csv, HEADER, merge 'upsert')" >>"$scratch/errors" 2>&1 &
	pids+=($!)
	for pid in "${pids[@]}"; do
		wait "$pid" || echo "a session ended with status $?" >>"$scratch/errors"
	done
}

state() { in_db "$1" "SELECT count(*), md5(string_agg(b::text, chr(10) ORDER BY id)) FROM book b"; }
same_state() { [ "$(state $subscriber)" = "$(state $publisher)" ]; }

status=0
PGDATABASE=$publisher overtaken "SELECT FROM aiodal.merge('batch_1', 'book')" \
	"INSERT INTO book SELECT tenant, id, 'overtaken', 'overtaken' FROM batch_1 WHERE id % 7 = 3" || status=1
ok $status 'two merges are overtaken by an insert'
for seed in 1 2 3 4; do
	same_keys $seed
	sql "UPDATE book SET copies = copies + 1 WHERE id % 10 = $seed; DELETE FROM book WHERE id % 50 = $seed"
done
is "$(cat "$scratch/errors")" '' 'no merge fails'
is "$(sql 'SELECT count(*) > 3000 FROM book')" t 'and rows came to be'
status=0
within_a_minute same_state || status=1
ok $status 'the subscriber has the same rows' || note "$(state $publisher; state $subscriber)"
is "$(in_db $subscriber "SELECT apply_error_count FROM pg_stat_subscription_stats WHERE subname = 'books'")" 0 'and met no conflict'
done_testing
