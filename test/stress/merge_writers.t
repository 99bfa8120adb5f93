#!/usr/bin/env bash
# Merges of several sessions beside others who insert, update, delete and change keys: each
# transaction wrote what it said, nothing is lost or there twice, and indexes are sound.
. "$(dirname "$0")/../tap.sh"

# for how long, in seconds: a third of it with a table that is logged and has triggers, two thirds without; the
# last of them with no index that keeps COPY from merging while it reads, where bad rows are set aside
time=$(((${AIODAL_STRESS_SECONDS:-20} + 2) / 3))

export PGDATABASE=aiodal_writers_$$
as() { PGOPTIONS="-c client_min_messages=warning" psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
sql() { as -c "$1"; }
if [ "$(as -d postgres -c "SELECT current_setting('is_superuser') = 'on' AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'amcheck')")" != t ]; then
	skip 'we are no superuser of the server, or it has no amcheck'
	done_testing
fi
trap 'as -d postgres -c "DROP DATABASE IF EXISTS $PGDATABASE WITH (FORCE)"; rm -rf "$scratch"' EXIT

as -d postgres -c "CREATE DATABASE $PGDATABASE TEMPLATE template0 ENCODING 'UTF8'"
as -f "$(dirname "$0")/../data/merge_writers.sql"

# script NAME TEXT: what a client of pgbench does in one transaction
script() { printf '%s\n' "$2" >"$scratch/$1.pgbench"; }

# says NAME: a merge's counts are taken down, which is the last statement of these scripts
says() { echo "INSERT INTO said (who, inserted, updated, deleted) SELECT '$1', inserted, updated, deleted FROM"; }

script merge_direct "\\set n random(1, 8)
$(says direct) aiodal.merge('batch_:n', 'account');"
script merge_sql "\\set n random(1, 8)
$(says sql) merge_by_sql(:n);"
script merge_sync "\\set n random(1, 8)
$(says sync) aiodal.merge('batch_:n', 'account', 'sync', delete_where => 'id % 8 = :n');"
script merge_stage "\\set n random(1, 8)
BEGIN;
SELECT aiodal.stage('account', on_error => 'reject');
INSERT INTO account_stage SELECT * FROM batch(:n, :n + 1);
$(says stage) aiodal.merge('account_stage');
COMMIT;"
script merge_copy "\\set n random(1, 1800)
BEGIN;
COPY account (id, sku, owner) FROM PROGRAM 'seq :n 3 2000 | sed \"s|.*|&,&/copy,7|\"' WITH (FORMAT csv, merge 'upsert');
$(says copy) aiodal.last_copy();
COMMIT;"
# of every ten rows two have an id that is no number, and one has no owner; every fifth row comes twice
script merge_aside "\\set n random(1, 1800)
BEGIN;
COPY account (id, sku, owner) FROM PROGRAM 'seq :n 3 2000 | sed \"0~5p; s|.*4$|1/copy,1/copy,1|; s|.*6$|&,&/aside,99|; s|.*7$|&x,&/aside,1|; s|^[^,]*$|&,&/aside,7|\"' WITH (FORMAT csv, merge 'upsert', on_error 'reject');
$(says aside) aiodal.last_copy();
COMMIT;"
script insert "\\set n random(1, 2000)
WITH w AS (INSERT INTO account VALUES (:n, :n || '/new', 1 + :n % 20, 1) ON CONFLICT DO NOTHING RETURNING 1)
INSERT INTO said (who, inserted) SELECT 'insert', 1 FROM w;"
script update "\\set n random(1, 2000)
WITH w AS (UPDATE account SET balance = balance + 1, owner = owner % 20 + 1 WHERE id = :n RETURNING 1)
INSERT INTO said (who, updated) SELECT 'update', 1 FROM w;"
script delete "\\set n random(1, 2000)
WITH w AS (DELETE FROM account WHERE id = :n RETURNING 1)
INSERT INTO said (who, deleted) SELECT 'delete', 1 FROM w;"
script key "\\set n random(1, 2000)
\\set m random(1, 2000)
CALL give_key(:n, :m);
UPDATE owner SET v = v + 1 WHERE id = 1 + :n % 20;"

# clients NAME NUMBER SCRIPT ...: deadlocks are tried again, and nothing else may fail
clients()
{
	local name=$1 number=$2 files=() script
	shift 2
	for script; do files+=(-f "$scratch/$script.pgbench"); done
	PGOPTIONS="-c session_preload_libraries=aiodal -c client_min_messages=warning" pgbench -n -c "$number" -j "$number" -T "$time" --max-tries=100 "${files[@]}" >"$scratch/$name.out" 2>&1 &
	pids+=($!)
}

run_clients()
{
	local pids=() pid status=0
	clients merges 4 merge_direct merge_direct merge_sql merge_sync merge_stage merge_copy merge_aside
	clients writers 4 insert update delete key
	for pid in "${pids[@]}"; do
		wait "$pid" || status=1
	done
	return $status
}

everybody='aside copy delete direct insert key sql stage sync update'
who_was_there() { sql "SELECT string_agg(DISTINCT who, ' ' ORDER BY who) FROM said"; }

# stress NAME: for that time, and until all of them got to do something, within ten times of it
stress()
{
	local status=0
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		run_clients || status=1
		[ $status = 0 ] && [ "$(who_was_there)" != "$everybody" ] || break
	done
	ok $status "$1: no merge and no other transaction fails" || note "$(grep -hE 'ERROR|CONTEXT|DETAIL|aborted|total' "$scratch/merges.out" "$scratch/writers.out")"
	grep -h '^total number of retries' "$scratch/merges.out" "$scratch/writers.out" | sed 's/^/# /'
	is "$(who_was_there)" "$everybody" 'all of them got to do something'
	sql "SELECT format('# %s: %s transactions, %s rows inserted, %s updated, %s deleted', who, count(*), sum(inserted), sum(updated), sum(deleted)) FROM said GROUP BY who ORDER BY who"
	is "$(sql "SELECT sum(coalesce(inserted, 0) - coalesce(deleted, 0)) - (SELECT count(*) FROM account) FROM said")" 0 'as many rows are there as were inserted and not deleted'
	is "$(sql "SELECT count(*) FROM account WHERE sku NOT LIKE id || '/%' OR owner IS NULL")" 0 'each is one of those that were written'
	exits 0 'table and indexes are sound' sql 'CALL sound()'
}

stress 'logged, with triggers'
is "$(sql "WITH w AS (SELECT xid, sum(inserted) AS inserted, sum(updated) AS updated, sum(deleted) AS deleted FROM seen GROUP BY xid)
	SELECT count(*) FROM said s LEFT JOIN w USING (xid)
	WHERE ROW(coalesce(s.inserted, 0), coalesce(s.updated, 0), coalesce(s.deleted, 0)) <> ROW(coalesce(w.inserted, 0), coalesce(w.updated, 0), coalesce(w.deleted, 0))")" 0 \
	'triggers saw as many rows of each transaction as it said'
is "$(sql 'SELECT sum(balance) - (SELECT sum(balance) FROM account) FROM seen')" 0 'and each as it was'
is "$(sql 'SELECT count(*) FROM (SELECT FROM account GROUP BY id HAVING count(*) > 1) d')" 0 'no key is there twice'

sql 'DROP TRIGGER see ON account; ALTER TABLE account SET UNLOGGED; TRUNCATE account, said, seen'
stress 'unlogged, without triggers'

# the index on expressions
sql "DROP INDEX account_expr_expr1_idx; ALTER TABLE account SET LOGGED; TRUNCATE account, said, seen"
like "$(sql "SELECT aiodal.version(); COPY account (id, sku, owner) FROM PROGRAM 'printf \"1,1/x,1\\n2,2,2\\n\"' WITH (FORMAT csv, merge 'upsert', on_error 'reject'); SELECT concat_ws(' ', path, reason, inserted, rejected) FROM aiodal.last_copy(); TRUNCATE account")" \
	*'direct 1 1' 'COPY that sets bad rows aside merges while it reads'
stress 'logged, bad rows set aside while COPY reads'
done_testing
