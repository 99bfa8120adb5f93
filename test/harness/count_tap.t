#!/usr/bin/env bash
# The counting of test results: what must never be taken for a success.
. "$(dirname "$0")/../tap.sh"

count() { printf "$1" | "$(dirname "$0")/../count_tap" | head -1; }

is "$(count '# test: a\n1..2\nok 1 - x\nok 2 - y\n')" '2 0 0' 'all passed'
is "$(count '# test: a\n1..2\nok 1 - x\nnot ok 2 - y\n# exit status 1\n')" '1 1 0' 'one failed; its exit status is not counted again'
is "$(count '# test: a\n1..3\nok 1 - x\n# exit status 139\n')" '1 1 0' 'crashed after the first'
is "$(count '# test: a\n1..1\nok 1 - x\n# exit status 1\n')" '1 1 0' 'failed after the last'
is "$(count '# test: a\nok 1 - x\n')" '1 1 0' 'no plan'
is "$(count '# test: a\n1..1\nok 1\nok 2\n')" '2 1 0' 'more than planned'
is "$(count '# test: a\n')" '0 1 0' 'a part that ran nothing'
is "$(count '')" '0 1 0' 'nothing at all'
is "$(count '# test: a\nmake: *** [check-unit] Error 2\n# exit status 2\n')" '0 1 0' 'did not build'
is "$(count '# test: a\n1..0 # SKIP no terminal\n')" '0 0 1' 'a file that skips itself'
is "$(count '# test: a\n1..2\nok 1 # SKIP no terminal\nok 2\n')" '1 0 1' 'a test that skips itself'
is "$(count '# test: a\nok 1\nok 2\n1..2\n# test: b\n1..1\nok 1\n')" '3 0 0' 'the plan last, then another file'
is "$(count '# test: a\n1..2\nok 1\n1..1\nok 1\nok 2\n')" '3 2 0' 'one too few and one too many do not even out'
is "$(count '# test: a\nok 1\n    ok 1 - a subtest\n    1..1\n1..1\n')" '1 0 0' 'subtests belong to their test'
is "$(count '# test: a\n1..1\nok 1 - x\nok\nResult: PASS\n')" '1 0 0' 'the summary of pg_prove is no test'
done_testing
