#!/usr/bin/env bash
# What is made of a schema is complete and well-formed on the oddest one, and a copy of that is no difference.
. "$(dirname "$0")/../cli.sh"

data=$(cd "$(dirname "$0")/../data" && pwd)
other=${PGDATABASE}_b
roles=$(outer_sql 'SELECT array_agg(oid) FROM pg_roles')
forget_all()
{
	outer_sql "DROP DATABASE IF EXISTS $other WITH (FORCE)"
	forget
	outer_sql "SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE oid <> ALL ('$roles')" |
		while read -r statement; do outer_sql "$statement"; done
}
trap forget_all EXIT
sql 'DROP TABLE book'
psql -Xq -v ON_ERROR_STOP=1 -f "$data/exotica_basics.sql" >"$scratch/log" 2>&1 ||
	{ skip "the odd schema needs a superuser and PostgreSQL's contrib: $(tail -n 1 "$scratch/log")"; done_testing; }
psql -Xq -v ON_ERROR_STOP=1 -f "$data/reflect_hard.sql" -f "$data/reflect_objects.sql" >"$scratch/log" 2>&1
is "$?" 0 'the odd schema is made' || note "$(tail -n 5 "$scratch/log")"

for format in dot markdown html; do
	aiodal reflect --format $format >"$scratch/all.$format" 2>"$scratch/err"
	is "$? $(cat "$scratch/err")" '0 ' "$format of all"
done
relations=$(sql 'SELECT count(*) FROM aiodal.relations()')
is "$(grep -c '<section class="object" id="table/' "$scratch/all.html")" "$relations" 'the page has every relation'
is "$(grep -c '^<a id="table/' "$scratch/all.markdown")" "$relations" 'the dictionary too'
is "$(grep -c 'label=<<table' "$scratch/all.dot")" "$(sql "SELECT count(*) FROM aiodal.relations() WHERE kind !~ 'view'")" 'the diagram has every table'
is "$(grep -c 'arrowtail' "$scratch/all.dot")" "$(sql "SELECT count(*) FROM aiodal.constraints() WHERE kind = 'foreign key'")" 'and every foreign key'
is "$(LC_ALL=C grep -c $'[\x01-\x08\x0b-\x1f]' "$scratch/all.html")" 0 'no control character gets through'
if command -v dot >/dev/null; then
	aiodal reflect --format svg >"$scratch/all.svg"
	is "$(python3 -c 'import sys, xml.dom.minidom as m; print(len([g for g in m.parse(sys.argv[1]).getElementsByTagName("g") if g.getAttribute("class") == "node"]))' "$scratch/all.svg")" \
		"$(grep -c 'label=<<table' "$scratch/all.dot")" 'Graphviz draws each of them'
else
	skip 'Graphviz is not installed'
fi

# another database with the same schema
outer_sql "CREATE DATABASE $other TEMPLATE template0 ENCODING 'UTF8'"
pg_dump -s "$PGDATABASE" 2>"$scratch/dump.err" | PGDATABASE=$other psql -Xq >"$scratch/log" 2>&1
aiodal diff "$PGDATABASE" "$other" >"$scratch/difference"
is "$(cat "$scratch/difference")" 'no differences' 'dumped and restored it is the same'
done_testing
