#!/usr/bin/env bash
# The adapters for event loops, as a user compiles them: the examples, and what each adapter has to stand.
. "$(dirname "$0")/../tap.sh"

cd "$(dirname "$0")/../.." || exit
export PGDATABASE=aiodal_loops_$$
psql -XAtq -d postgres -c "CREATE DATABASE $PGDATABASE" || exit
trap 'psql -XAtq -d postgres -c "DROP DATABASE $PGDATABASE WITH (FORCE)"; rm -rf "$scratch"' EXIT
psql -XAtq -c 'CREATE EXTENSION aiodal'
make -s -C client install PREFIX="$scratch/usr" >/dev/null || exit
export PKG_CONFIG_PATH=$scratch/usr/lib/pkgconfig LD_LIBRARY_PATH=$scratch/usr/lib

# compiles NAME SOURCE PACKAGE OPTION ...: warnings are errors
compiles()
{
	local name=$1 source=$2 package=$3
	shift 3
	# shellcheck disable=SC2046 # words
	exits 0 "$source compiles for $name" "${CC:-cc}" -Wall -Wextra -Werror -O1 "$@" -o "$scratch/$name" "$source" \
		$(pkg-config --cflags aiodal libpq $package) $(pkg-config --libs aiodal libpq $package)
}

for loop in poll libuv libevent; do
	package=${loop#poll}
	compiles "example_$loop" "client/examples/loop_$loop.c" "$package"
	exits 0 '  and runs' timeout 60 "$scratch/example_$loop"
	is "$(sort <<<"$out")" "database: $PGDATABASE
news: from a statement
sum: 5000050000
told: " '  with all answers'

	compiles "test_$loop" test/examples/loop_test.c "$package" "-DLOOP_${loop^^}"
	psql -XAtq -c 'DROP FUNCTION IF EXISTS meet; DROP SEQUENCE IF EXISTS met' 2>/dev/null
	# shellcheck disable=SC2086 # a command and its options
	exits 0 '  and passes' timeout 250 ${AIODAL_TEST_WRAPPER:-} "$scratch/test_$loop" || note "$out"
	is "$(grep -c '^ok' <<<"$out")" "$(sed -n 's/^1\.\.//p' <<<"$out")" '  in every point'
done

psql -XAtq -c 'CREATE TABLE number (id int PRIMARY KEY, name text)'
compiles example_load client/examples/loop_load.c ''
exits 0 '  and runs' timeout 60 "$scratch/example_load"
is "$out" 'loaded 100000 rows
and something else beside it' '  while something else goes on'
is "$(psql -XAtq -c 'SELECT count(*), sum(id) FROM number')" '100000|5000050000' '  and all of it is there'
done_testing
