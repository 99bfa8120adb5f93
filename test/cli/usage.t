#!/usr/bin/env bash
# What is said about how the program is called; needs no server.
. "$(dirname "$0")/../tap.sh"
PATH=$(cd "$(dirname "$0")/../../client/build" && pwd):$PATH
# nobody listens there: usage is looked at before a connection is opened
export PGHOST=$scratch/nowhere LC_ALL=C.UTF-8

version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$(dirname "$0")/../../extension/aiodal.control")
exits 0 'version' aiodal --version
is "$out" "aiodal $version" 'is that of the control file'
exits 0 'help' aiodal --help
for command in ping reflect load export diff testdb; do
	like "$out" "*  $command *" "help names $command"
done
exits 0 'the command help' aiodal help
for command in ping reflect load export diff testdb; do
	exits 0 "help of $command" aiodal "$command" --help
	like "$out" "*Usage: aiodal $command*Examples:*aiodal*" "$command has usage and examples"
	is "$(awk 'length > 110' <<<"$out")" '' "help of $command fits a terminal"
	# all that follows testdb's COMMAND is for that
	[ "$command" = testdb ] || exits 0 "-h of $command, whatever else is there" aiodal "$command" x y z -h
	exits 2 "unknown option of $command" aiodal "$command" --frobnicate
	like "$out" "*unknown option --frobnicate*Usage: aiodal $command*--help*" 'is named, with the usage line'
done

# wrong STATUS-2 command lines: MESSAGE, then the words
wrong()
{
	local message=$1
	shift
	exits 2 "usage: aiodal $*" aiodal "$@"
	like "$out" "$message" "says: $message"
	unlike "$out" '*connection*' 'before connecting'
}
wrong '*no command was given*Commands are ping, reflect, load, export, diff, codegen and testdb*Usage:*'
wrong '*unknown command "laod"*Did you mean "load"*' laod x y
wrong '*unknown command "xyzzy"*Commands are*' xyzzy
wrong '*unknown option --mode*behind it*' --mode upsert load x y
wrong '*unknown option -Z*' -Z
wrong '*-d needs a value*' -d
wrong '*unknown option --moed*Did you mean --mode?*' load x y --moed upsert
wrong '*unknown option -Z*' load x y -Z
wrong '*unknown option -Z*' load x y -qZ
wrong '*--mode needs a value*' load x y --mode
wrong '*--dry-run takes no value*' load x y --dry-run=yes
wrong '*unknown mode "upsrt"*Did you mean "upsert"? Valid values are insert, ignore, upsert, update, sync.*' load x y --mode upsrt
wrong '*unknown mode ""*Valid values are*' load x y --mode ''
wrong '*unknown on-duplicate "any"*error, first, last*' load x y --on-duplicate any
wrong '*unknown format "xml"*csv, text, jsonl*' load x y --format xml
wrong '*unknown format "pdf"*table, json, *dot, svg*' reflect --format pdf
wrong '*unknown format "pdf"*csv, jsonl, text, binary*' export x --format pdf
wrong '*--delimiter must be one single-byte character*' load x y --delimiter ab
wrong '*--delimiter must be one single-byte character*' load x y --delimiter ''
wrong '*--delimiter must be one single-byte character*' load x y --delimiter é
wrong '*missing argument*FILE...|- TABLE*' load
wrong '*missing argument*FILE...|- TABLE*' load books.csv
wrong '*unexpected argument "c"*' export a c
wrong '*unexpected argument "book"*' ping book
wrong '*missing argument*COMMAND*' testdb --
wrong '*unknown option --kepe*Did you mean --keep?*' testdb --kepe -- true
wrong '*is no setting*' testdb --set fsync -- true
wrong '*missing argument*TABLE|QUERY*' export
wrong '*invalid table name "my-table"*double quotes*' load x my-table
wrong '*invalid table name "a.b.c"*database is chosen with -d*' load x a.b.c
wrong '*invalid table name ""*empty*' load x ''
wrong '*invalid table name "a."*empty*' load x a.
wrong '*invalid table name "\"a"*quote is not closed*' load x '"a'
wrong '*invalid table name "\"\""*empty*' load x '""'
wrong '*invalid table name "1a"*digit*' load x 1a
wrong '*invalid --key "a,,b"*empty*' load x y --key a,,b
wrong '*invalid --columns "a b"*quotes*' load x y --columns 'a b'
wrong '*invalid --columns ""*empty*' load x y --columns ''
wrong '*a JSON document cannot be loaded*--format jsonl*jq -c*' load x.json y
wrong '*a JSON document cannot be loaded*' load x.json.gz y
wrong '*neither a query nor a table name*' export my-table
wrong '*the query is empty*' export ' ; '
wrong '*invalid name "a..b"*' reflect -t a..b

like "$(aiodal laod 2>&1 >/dev/null)" '*unknown command*' 'usage errors go to standard error'
is "$(aiodal laod 2>/dev/null)" '' 'and not to standard output'
unlike "$(aiodal laod 2>&1)" *$'\033'* 'no colour where there is no terminal'
if [ -e /dev/full ]; then
	exits 1 'help that cannot be written is no success' sh -c 'aiodal --help >/dev/full'
	like "$out" '*could not write*No space left*' 'and says why'
fi

page=$(dirname "$0")/../../client/cli/aiodal.1
for command in ping reflect load export diff testdb; do
	for option in $(aiodal "$command" --help | sed -n 's/^  .*--\([a-z-]*\).*/\1/p' | grep -v '^$' | sort -u); do
		ok "$(grep -q -e "Fl -$option\b" "$page"; echo $?)" "the manual has --$option of $command"
	done
done
done_testing
