# shellcheck shell=bash
#
# demo/steps.sh: what the steps of a tour are written with; sourced, not run.
# $here is the checkout. What is shown is what is run.

# the user's own settings would show: prompts, a pager, other words for things
export PSQLRC=/dev/null PSQL_PAGER='' LC_ALL=C.UTF-8 PGCLIENTENCODING=UTF8
export PATH=${here:?}/client/build:$PATH
trap 'exit 130' INT

bold='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$'\e[1m' dim=$'\e[36m' plain=$'\e[0m'
fi

step=0

# why SENTENCE: opens a step
why()
{
	step=$((step + 1))
	printf '\n%s# %d. %s%s\n' "$dim" $step "$1" "$plain"
}

# run COMMAND: shows it, runs it; it must succeed
run() { expect 0 "$1"; }

# expect STATUS COMMAND
expect()
{
	local status=0
	printf '%s$ %s%s\n' "$bold" "$2" "$plain"
	eval "$2" </dev/null 2>&1 || status=$?
	[ "$status" = "$1" ] || {
		echo "demo: stopped at step $step: exit status $status instead of $1 of: $2" >&2
		exit 1
	}
}

# What was started ends with the tour, whatever ends it; what does not end well has its log shown.
started=() names=()
end_all()
{
	local status=$? ended i
	trap - EXIT
	trap '' INT TERM HUP
	for i in "${!started[@]}"; do
		kill "${started[i]}" 2>/dev/null || true
		while kill -0 "${started[i]}" 2>/dev/null; do sleep 0.05; done
		ended=0
		wait "${started[i]}" 2>/dev/null || ended=$?
		# 143: by the signal; 127: somebody has waited for it already
		case $ended in
			0 | 127 | 143) ;;
			*) tail -n 50 "${names[i]}.log" >&2
				echo "demo: ${names[i]} ended with status $ended" >&2
				[ $status != 0 ] || status=1 ;;
		esac
	done
	exit $status
}
trap end_all EXIT
trap 'exit 143' TERM HUP

# start NAME COMMAND: a service, in the background; waits for the address that it prints, $url. What else it
# says is in NAME.log.
start()
{
	local tries
	printf '%s$ %s &%s\n' "$bold" "$2" "$plain"
	# shellcheck disable=SC2086 # words
	setpriv --pdeathsig TERM env $2 >"$1.out" 2>"$1.log" </dev/null &
	started+=($!) names+=("$1")
	for ((tries = 600; tries; tries--)); do
		[ ! -s "$1.out" ] || break
		kill -0 ${started[-1]} 2>/dev/null || { cat "$1.log" >&2; exit 1; }
		sleep 0.05
	done
	url=$(cat "$1.out")
	[ -n "$url" ] || { echo "demo: $1 did not start within 30 s" >&2; exit 1; }
}
