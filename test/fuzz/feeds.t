#!/usr/bin/env bash
#
# The code that takes csv, text and JSON apart, given files changed at random
# under the address and undefined behaviour sanitizers; what is for processors
# with vectors and what is for others see the same. A bounded number of inputs,
# always the same ones; "make fuzz" looks further. (Builds build, feeds.c,
# feeds_drive.c and client/fuzz/drive.c; backend.c stands in for the server.)
set -uo pipefail

cd "$(dirname "$0")/../.." || exit
# shellcheck source=test/tap.sh
. test/tap.sh
files=("$PWD"/test/fuzz/data/* "$PWD"/test/data/toxic/*.csv "$PWD"/test/data/toxic/*.jsonl)

exits 0 'the fuzz target is built' test/fuzz/build "$scratch/feeds" test/fuzz/feeds_drive.c client/fuzz/drive.c
[ -x "$scratch/feeds" ] || { done_testing; exit; }
cd "$scratch" || exit
exits 0 '30000 inputs: no fault, nothing read otherwise' env FUZZ_RUNS=30000 ./feeds -m "${files[@]}"
like "$out" '*ok 1 - feeds: 30000 inputs from seed 1' 'all of them'
exits 0 'the files as they are' ./feeds "${files[@]}"
like "$out" "*feeds: ${#files[@]} inputs*" 'each of them'
[ ! -e feeds.input ] || note "the input, in base64: $(base64 -w 0 feeds.input)"
done_testing
