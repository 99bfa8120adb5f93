#!/usr/bin/env bash
# The test kit, as a user compiles and runs it: with a server of its own, and with one for several programs.
. "$(dirname "$0")/../tap.sh"

cd "$(dirname "$0")/../.." || exit
[ -x "$("${PG_CONFIG:-pg_config}" --bindir)/postgres" ] || { echo "1..0 # SKIP there is no server to start on this machine"; exit; }
make -s -C client install PREFIX="$scratch/usr" >/dev/null || exit
export PKG_CONFIG_PATH=$scratch/usr/lib/pkgconfig LD_LIBRARY_PATH=$scratch/usr/lib PATH=$scratch/usr/bin:$PATH
export CMOCKA_MESSAGE_OUTPUT=TAP TMPDIR=$scratch/tmp AIODAL_TEST_CACHE=$scratch/cache
unset AIODAL_TEST_URL AIODAL_TEST_LOG AIODAL_TEST_KEEP
mkdir -m 755 "$TMPDIR"

# shellcheck disable=SC2046 # words
exits 0 'the example compiles' "${CC:-cc}" -Wall -Wextra -Werror -O1 -o "$scratch/test_kit" client/examples/test_kit.c \
	$(pkg-config --cflags --libs aiodal_test aiodal libpq) -lcmocka
exits 0 'and passes with a server of its own' timeout 100 "$scratch/test_kit"
is "$(grep -c '^ok' <<<"$out")" 5 'in every test'
is "$(ls -A "$TMPDIR")" '' 'of which nothing is left'
# shellcheck disable=SC2016 # for the inner shell
exits 0 'as with one that others use as well' timeout 200 aiodal testdb -- sh -c '"$1" && "$1" && psql -XAtc "SELECT count(*) FROM pg_database WHERE datname LIKE '"'aiodal%'"'"' sh "$scratch/test_kit"
is "$(grep -c '^ok' <<<"$out") $(tail -n 1 <<<"$out")" '10 1' 'where the template alone is left'
done_testing
