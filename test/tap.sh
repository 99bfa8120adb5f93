# shellcheck shell=bash
#
# test/tap.sh: what a test written in bash needs; sourced, not run.
#
#   . "$(dirname "$0")/../tap.sh"
#   is "$(psql -XAtc 'SELECT 1')" 1 'the server counts'
#   exits 2 'an unknown command' aiodal frobnicate
#   like "$out" '*unknown command*' 'and says so'
#   done_testing
#
# Every assertion prints one TAP line; a failed one also what was got and what
# was expected. $out is what the last "exits" command printed, on both
# channels. $scratch is a directory that is removed afterwards.

tap_run=0 tap_failed=0 out=
scratch=$(mktemp -d "${TMPDIR:-/tmp}/aiodal-test.XXXXXX")
chmod 755 "$scratch"
trap 'rm -rf "$scratch"' EXIT

# ok STATUS NAME: passed when STATUS is 0
ok()
{
	tap_run=$((tap_run + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_run - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_run - $2"
	fi
	[ "$1" = 0 ]
}

# note TEXT: lines that belong to the test above, of a long text the beginning
note() { printf '%s\n' "$1" | sed 's/^/#   /; 60 { s/$/\n#   .../; q }'; }

# is GOT EXPECTED NAME
is()
{
	local same=1
	[ "$1" != "$2" ] || same=0
	ok $same "$3" || { note "got:"; note "$1"; note "expected:"; note "$2"; }
}

# like GOT PATTERN NAME: the pattern is the shell's (*, ?, [])
like()
{
	local same=1
	# shellcheck disable=SC2053 # a pattern, so not quoted
	[[ $1 != $2 ]] || same=0
	ok $same "$3" || { note "got:"; note "$1"; note "expected to be like:"; note "$2"; }
}

# unlike GOT PATTERN NAME
unlike()
{
	local same=0
	# shellcheck disable=SC2053
	[[ $1 != $2 ]] || same=1
	ok $same "$3" || { note "got:"; note "$1"; note "expected not to be like:"; note "$2"; }
}

# exits STATUS NAME COMMAND ...: runs the command without input, keeps what it printed in $out
exits()
{
	local expected=$1 name=$2 status=0 same=1
	shift 2
	out=$("$@" 2>&1 </dev/null) || status=$?
	[ $status != "$expected" ] || same=0
	ok $same "$name" || { note "exit status $status, expected $expected, of: $*"; note "$out"; }
}

# skip REASON: one test that cannot be run here
skip()
{
	tap_run=$((tap_run + 1))
	echo "ok $tap_run # SKIP $1"
}

# the last line of a test file
done_testing()
{
	echo "1..$tap_run"
	[ $tap_failed = 0 ]
	exit
}
