#!/usr/bin/env bash
#
# That no race was seen says something only where one would have been.
set -uo pipefail

cd "$(dirname "$0")/../.." || exit
# shellcheck source=test/tap.sh
. test/tap.sh

build=client/build/tsan
read -r -a launch <<<"${AIODAL_TEST_WRAPPER:-}"

exits 0 'a program with a race is built' "${CC:-cc}" -fsanitize=thread -O1 -g -pthread test/threads/race.c -o "$scratch/race"
exits 66 'the sanitizer has it fail' "${launch[@]}" "$scratch/race"
like "$out" '*data race*race.c:*' 'and says where'

exits 0 'the library that the tests run on has the sanitizer in it' sh -c "nm -D $build/libaiodal.so | grep -q __tsan_write"
done_testing
