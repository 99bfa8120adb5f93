#!/usr/bin/env bash
# Reflection while others create, alter, rename and drop: no call fails, nothing is torn.
. "$(dirname "$0")/../tap.sh"

# for how long, in seconds
time=${AIODAL_STRESS_SECONDS:-20}

export PGDATABASE=aiodal_stress_$$
outer_sql() { PGOPTIONS="-c client_min_messages=warning" psql -XAtq -v ON_ERROR_STOP=1 -d postgres -c "$1"; }
sql() { PGOPTIONS="-c client_min_messages=warning" psql -XAtq -v ON_ERROR_STOP=1 -c "$1"; }
trap 'outer_sql "DROP DATABASE IF EXISTS $PGDATABASE WITH (FORCE)"; rm -rf "$scratch"' EXIT

outer_sql "CREATE DATABASE $PGDATABASE TEMPLATE template0 ENCODING 'UTF8'"
sql 'CREATE EXTENSION aiodal'
psql -Xq -v ON_ERROR_STOP=1 -f "$(dirname "$0")/../data/reflect_ddl.sql"
until=$(sql "SELECT now() + interval '$time s'")

# together NAME CALL ...: both run until that time; what fails is the test's
names=() pids=()
together()
{
	sql "CALL check_whole.$2" >"$scratch/${#names[@]}" 2>&1 &
	pids+=($!)
	names+=("$1")
}
together 'changes of one schema' "churn('churn_1', '$until')"
together 'changes of another' "churn('churn_2', '$until')"
together 'documents are whole' "read_documents('$until')"
together 'rows of one statement fit together' "read_rows('$until')"
together 'snapshots, fingerprints and descriptions' "read_others('$until')"
for i in "${!names[@]}"; do
	status=0
	wait "${pids[$i]}" || status=$?
	ok $status "${names[$i]}" || note "$(cat "$scratch/$i")"
done
sql 'SELECT format($$# %s: %s %s$$, who, n, what) FROM check_whole.report ORDER BY who, what'
is "$(sql "SELECT count(*) FROM check_whole.report WHERE what IN ('calls', 'changes') AND n > $time")" 5 'all of them got to do something'
is "$(sql "SELECT check_whole.torn(aiodal.reflect())")" '' 'and whole in the end'
exits 0 'the fingerprint is another one exactly when the document is' sql "CALL check_whole.compare_fingerprints('churn_1', 'churn_2', 400)"
sql "SELECT format(\$\$# %s: %s %s\$\$, who, n, what) FROM check_whole.report WHERE who = 'fingerprints' ORDER BY what"
is "$(sql "SELECT bool_and(n > 50) FROM check_whole.report WHERE who = 'fingerprints'")" t 'often enough'
done_testing
