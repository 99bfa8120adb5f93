# shellcheck shell=bash
#
# test/bench/lib.sh
#
# What the benches share. Sourced; test/bench/run has set:
#   BENCH_TOOLS     directory of the compiled programs
#   BENCH_RESULTS   file that results are added to
#   BENCH_SCRATCH   directory for files, gone afterwards
#
# A result is a line "group <tab> way <tab> metric <tab> value"; several of one
# group, way and metric are runs of the same. Lines that begin with # give
# titles; test/bench/report.awk makes tables and JSON of it all.

set -euo pipefail

sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "${db:-postgres}" "$@"; }

# title GROUP BASELINE TEXT: the group's ratios are to that way's figures
title() { printf '#group\t%s\t%s\t%s\n' "$1" "$2" "$3" >>"$BENCH_RESULTS"; }
# way GROUP WAY TEXT
way() { printf '#way\t%s\t%s\t%s\n' "$1" "$2" "$3" >>"$BENCH_RESULTS"; }
# record GROUP WAY METRIC VALUE
record() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$BENCH_RESULTS"; }
say() { echo "$*" >&2; }

# progress TEXT: overwritten by the next, where somebody looks on
progress()
{
	if [ -t 2 ]; then printf '\r\e[K%s' "$1" >&2; fi
}

# chosen WORD LIST: LIST is empty or has the word
chosen() { [ -z "$2" ] || [[ " ${2//,/ } " == *" $1 "* ]]; }

# what measure printed, as results: record_cost GROUP WAY WALL CPU WAL MEMORY
record_cost()
{
	record "$1" "$2" backend_cpu_seconds "$4"
	record "$1" "$2" wall_seconds "$3"
	record "$1" "$2" wal_bytes "$5"
	record "$1" "$2" backend_memory_bytes "$6"
}
