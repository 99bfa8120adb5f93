# shellcheck shell=bash
#
# test/cli.sh: what the tests of the program need beyond tap.sh; sourced, not
# run. They get a database of their own, PGDATABASE, with the extension and a
# table "book" of two rows, and the program of this checkout as "aiodal".

. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

PATH=$(cd "$(dirname "${BASH_SOURCE[0]}")/../client/build" && pwd):$PATH
export PATH LC_ALL=C.UTF-8 PGOPTIONS='-c client_min_messages=warning'
unset NO_COLOR

outer_database=${PGDATABASE:-postgres}
export PGDATABASE=aiodal_cli_$$
role=aiodal_cli_role_$$

sql() { psql -XAtq -v ON_ERROR_STOP=1 -c "$1" "${@:2}"; }
outer_sql() { PGDATABASE=$outer_database sql "$1"; }

forget()
{
	outer_sql "DROP DATABASE IF EXISTS $PGDATABASE WITH (FORCE)"
	outer_sql "DROP ROLE IF EXISTS $role"
	rm -rf "$scratch"
}
trap forget EXIT

outer_sql "CREATE DATABASE $PGDATABASE TEMPLATE template0 ENCODING 'UTF8'"
sql 'CREATE EXTENSION aiodal;
CREATE TABLE book (id int PRIMARY KEY, title text NOT NULL, isbn text UNIQUE, price numeric(8,2) CHECK (price >= 0), year int DEFAULT 2000);
INSERT INTO book VALUES (1, '\''Ficciones'\'', '\''i1'\'', 10, 1944), (2, '\''El Aleph'\'', '\''i2'\'', 12.5, 1949)'

books() { sql 'SELECT id, title, isbn, price, year FROM book ORDER BY id'; }

# file NAME: standard input as a file of that name; prints its path
file() { cat >"$scratch/$1"; echo "$scratch/$1"; }

# temporary relations of anybody in this database; the session that made one may still be about to end
stages()
{
	local found _
	for _ in $(seq 20); do
		found=$(sql "SELECT relname FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'")
		[ -n "$found" ] || break
		sleep 0.1
	done
	printf '%s' "$found"
}

# refuses STATUS NAME MESSAGE COMMAND ...: the command fails with that status and a message like
# that one; the books are as before and no stage is left
refuses()
{
	local status=$1 name=$2 message=$3 before
	shift 3
	before=$(books)
	exits "$status" "$name: exit status $status" "$@"
	like "$out" "$message" "$name: message"
	is "$(books) $(stages)" "$before " "$name: nothing loaded, no stage left"
}
