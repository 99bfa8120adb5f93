#!/usr/bin/env bash
# Each check of test/lint and test/tree finds the fault it is there for, in a
# small checkout made for it, and is content without.
. "$(dirname "$0")/../tap.sh"

command -v git >/dev/null || { echo '1..0 # SKIP git is not installed'; exit; }
test=$(cd "$(dirname "$0")/.." && pwd)
repo=$scratch/repo

# A checkout without a fault
fresh()
{
	rm -rf "$repo"
	mkdir -p "$repo/extension/src" "$repo/client/src" "$repo/sql" "$repo/expected" "$repo/test/pgtap"
	cp "$test"/{lint,layers,layers.awk,tap.sh,tree,check,suite,count_tap} "$repo/test"
	echo 'check lint suite tree count_tap layers layers.awk tap.sh' >"$repo/Makefile"
	cp "$test/../.clang-format" "$repo"
	printf "default_version = '1.2.3'\n" >"$repo/extension/aiodal.control"
	printf '{\n\t"version": "1.2.3",\n\t"provides": {"aiodal": {"version": "1.2.3"}}\n}\n' >"$repo/META.json"
	sed -i 's/{"version": "1.2.3"}/{\n"version": "1.2.3"}/' "$repo/META.json"
	printf '# Changelog\n\n## 1.2.3 (unreleased)\n' >"$repo/CHANGELOG.md"
	printf 'CREATE FUNCTION aiodal.version() RETURNS text\n    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE\n    AS %s;\n' "'x'" >"$repo/extension/aiodal.sql"
	printf '#include "postgres.h"\n' >"$repo/extension/src/compat.h"
	printf '#include "compat.h"\n' >"$repo/extension/src/merge.h"
	printf '#include "merge.h"\n' >"$repo/extension/src/merge.c"
	git -C "$repo" init -q
}

# finds CHECK TEXT FILE CONTENT: the content put into the file is a finding that names TEXT
finds()
{
	fresh
	mkdir -p "$(dirname "$repo/$3")"
	# shellcheck disable=SC2059 # the content is a format
	printf "$4" >>"$repo/$3"
	exits 1 "lint $1: $2" "$repo/test/lint" "$1"
	like "$out" "*$2*" '  and says where'
}

fresh
exits 0 'a checkout without a fault' "$repo/test/lint" whitespace layers banned_calls version_macro function_length unfinished sql_script versions documented_names json
exits 2 'an unknown check' "$repo/test/lint" nonsense
finds whitespace extension/notes.txt:1: extension/notes.txt 'two  \n'
finds whitespace 'no newline' extension/notes.txt 'end'
finds layers 'higher layer' extension/src/ident.h '#include "merge.h"\n'
finds layers 'in no layer' extension/src/surprise.c '\n'
finds layers 'only <aiodal/...>' client/cli/main.c '#include "../src/conn.h"\n'
fresh
printf '#include "merge.h"\n' >"$repo/extension/src/merge_sql.h"
printf '#include "merge_sql.h"\n' >"$repo/extension/src/merge.h"
exits 1 'lint layers: a circle' "$repo/test/lint" layers
finds banned_calls merge.c:2 extension/src/merge.c '\tstrcpy(a, b);\n'
finds banned_calls conn.c:1 client/src/conn.c '\tif (x) exit(1);\n'
fresh
printf '/* strcpy(a, b) */\nchar *s = "sprintf(";\nmy_strcpy(a);\n/*\n * exit(1)\n */\n' >>"$repo/extension/src/merge.c"
exits 0 'lint banned_calls: comments and strings are none' "$repo/test/lint" banned_calls
finds version_macro merge.c extension/src/merge.c '#if PG_VERSION_NUM >= 160000\n'
finds function_length '101 lines' extension/src/merge.c "int\nf(void)\n{\n$(printf '\\tx;\\n%.0s' $(seq 100))}\n"
finds unfinished merge.c:2 extension/src/merge.c '/* TO''DO: the rest */\n'
finds sql_script 'parallel safety' extension/aiodal.sql 'CREATE FUNCTION aiodal.f() RETURNS int\n  LANGUAGE c STABLE\n  AS x;\n'
finds versions conn.c client/src/conn.c '"1.2.3"\n'
fresh
sed -i 's/1.2.3/1.2.4/' "$repo/extension/aiodal.control"
exits 1 'lint versions: all must move' "$repo/test/lint" versions
like "$out" '*META.json*CHANGELOG.md*' '  and says which did not'
finds documented_names 'aiodal.gone()' README.md 'Call `aiodal.gone(1)`.\n'
finds json extra.json extra.json '{,}\n'
! command -v shellcheck >/dev/null || finds shell x.sh:2 x.sh '#!/bin/sh\nif [ $a = b ]; then echo; fi; c=(1)\n'
! command -v clang-format-14 >/dev/null || finds format merge.c extension/src/merge.c 'int f(void){return 1;}\n'

# unrun TEXT FILE: test/tree names the file
unrun()
{
	fresh
	mkdir -p "$(dirname "$repo/$2")"
	: >"$repo/$2"
	exits 1 "tree: $1" "$repo/test/tree"
	like "$out" "*$2*" '  and names it'
}
fresh
exits 0 'tree: nothing to run, nothing missing' "$repo/test/tree"
unrun 'a test without expected output' sql/lonely.sql
unrun 'expected output without a test' expected/lonely.out
unrun 'a C test that no target builds' client/test/unit/test_lonely.c
unrun 'a program of no suite' test/nowhere/lonely.t
unrun 'a program that is not executable' test/harness/lonely.t
unrun 'a file of an unknown kind' test/pgtap/lonely.txt
unrun 'a script that nothing names' test/lonely
fresh
sed -i '/^pgtap/d' "$repo/test/check"
: >"$repo/test/pgtap/orphan.sql"
exits 1 'tree: a suite dropped from the list' "$repo/test/tree"
like "$out" '*test/pgtap/orphan.sql*' '  its tests are named'
done_testing
