#!/usr/bin/env bash
# Each file of the collection of malformed and odd ones, by name, on every way into a table: what is in the table
# afterwards and what is set aside is what the collection's manifest says; and without setting aside, the program
# names the line of the first mistake and loads nothing.
. "$(dirname "$0")/../cli.sh"

toxic=$(cd "$(dirname "$0")/../data/toxic" && pwd)
sql '' -f "$toxic/setup.sql"

# Where the manifest leaves a choice, or says less than is seen here: outcome, rows in the table, rejects
# as line/record/column/SQLSTATE.
choice()
{
	case $1 in
		unterminated_quote.csv) echo rows 2 4/3//22P04 ;;  # all up to it is loaded
		mixed_lf_then_crlf.csv) echo file 0 ;;             # line ends are of one kind
		latin1_byte.csv | nul_byte.csv) echo rows 3 4/3//22021 ;; # of a line that is no text, no column is named
		backslash_dot_line.csv) echo rows 3 3/2/id/22P02 ;; # data like any other
		upsert_mix.csv) echo ok 4 ;;                       # the row that was left alone counts
	esac
}

# a line for each file: its name, what is expected, "-" or what has to be in the table before
manifest()
{
	local name outcome rows before rejects other
	jq -r '.cases[] | [.file, .outcome, .accepted, .setup // "-", ([.rejects[]? | "\(.line)/\(.record)/\(.column // "")/\(.sqlstate)"] | join(" "))] | join("\t")' "$toxic/manifest.json" |
		while IFS=$'\t' read -r name outcome rows before rejects; do
			other=$(choice "$name")
			[ "$outcome" = rows ] || rejects=
			printf '%s\t%s\t%s\n' "$name" "${other:-$outcome $rows${rejects:+ $rejects}}" "$before"
		done
}

# what came of a file
seen()
{
	sql "SELECT count(*), (SELECT string_agg(concat_ws('/', line, record, coalesce(col, ''), state), ' ' ORDER BY line) FROM reject) FROM tox.item" -F ' ' | sed 's/ $//'
}
empty() { sql "TRUNCATE tox.item, reject; ${1#-}"; }

# by_program FILE ARGUMENT ...: loads with the program, setting bad rows aside
by_program()
{
	local status=0 outcomes=(ok file usage rows)
	aiodal load "$toxic/$1" tox.item --allow-empty --quiet --rejects "$scratch/why.csv" "${@:2}" >/dev/null 2>&1 || status=$?
	[ $status != 3 ] || sql '\copy reject FROM '"$scratch/why.csv"' WITH (FORMAT csv, HEADER)'
	echo "${outcomes[status]} $(seen)"
}

# by_statement FILE: by one COPY that merges while it reads; psql would not send all that is in these files
by_statement()
{
	local outcome=ok format='FORMAT csv, HEADER'
	case $1 in *.jsonl) format='FORMAT jsonl' ;; esac
	gzip -dcf "$toxic/$1" >"$scratch/read"
	psql -XAtq -v ON_ERROR_STOP=1 -c 'SELECT aiodal.version()' \
		-c "COPY tox.item FROM '$scratch/read' WITH ($format, merge 'upsert', on_error 'reject')" \
		-c 'INSERT INTO reject SELECT line, record, column_name, value, sqlstate, message, raw FROM aiodal.rejects()' \
		-c 'SELECT count(*) FROM reject' >"$scratch/said" 2>&1 || outcome='file'
	[ $outcome = file ] || [ "$(tail -1 "$scratch/said")" = 0 ] || outcome=rows
	echo "$outcome $(seen)"
}

sql 'CREATE TABLE reject (line bigint, record bigint, col text, value text, state text, message text, raw text)'
direct=$PGOPTIONS by_sql="$PGOPTIONS -c aiodal.path=sql"

while IFS=$'\t' read -r -u 9 name expected before; do
	export PGOPTIONS=$direct
	[ "$name" != empty.csv ] || expected='ok 0' # --allow-empty
	empty "$before"
	is "$(by_program "$name")" "$expected" "$name"
	empty "$before"
	is "$(by_program "$name" --jobs 2)" "$expected" "$name by two connections"
	PGOPTIONS=$by_sql
	empty "$before"
	is "$(by_program "$name")" "$expected" "$name by SQL"
	[ "$name" != empty.csv ] || expected='file 0'
	[ "$name" != truncated.csv.gz ] || continue # nobody could tell COPY that the end is missing
	empty "$before"
	is "$(by_statement "$name")" "$expected" "$name by COPY and SQL"
	PGOPTIONS=$direct
	empty "$before"
	is "$(by_statement "$name")" "$expected" "$name by COPY that merges"
done 9< <(manifest)

# --- without setting aside

# the line that an error of this file names, or nothing where the file as a whole is at fault
first_line()
{
	case $1 in
		fk_and_check.jsonl) echo 3 ;; # foreign keys are looked at when all rows are in
		truncated.csv.gz) ;;
		*) jq -r --arg f "$1" '.cases[] | select(.file == $f) | .rejects[0].line // .error.line' "$toxic/manifest.json" ;;
	esac
}

while IFS=$'\t' read -r -u 9 name expected _; do
	[ "${expected%% *}" != ok ] || continue
	line=$(first_line "$name")
	for jobs in 1 2; do
		empty -
		exits 1 "$name is refused whole, --jobs $jobs" aiodal load "$toxic/$name" tox.item --jobs $jobs
		like "$out $(seen)" "aiodal: error: *$name${line:+:$line:}*Nothing was loaded. 0" "${line:+line $line is named}"
	done
done 9< <(manifest | grep -v '^empty\.csv')
empty -
exits 1 'a file without a header' aiodal load "$toxic/empty.csv" tox.item
like "$out" '*empty*Nothing was loaded.' 'is refused, too'
is "$(manifest | wc -l) $(manifest | cut -f1 | sort -u | wc -l)" '58 58' 'all files were seen'
is "$(manifest | cut -f1 | sort)" "$(find "$toxic" -maxdepth 1 -type f ! -name 'manifest*' ! -name 'setup*' -printf '%f\n' | sort)" 'and there are no others'

done_testing
