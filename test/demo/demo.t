#!/usr/bin/env bash
# The demo: what it says is true of the files it loads, it is short, it stops
# where a step fails, and it leaves nothing behind.
. "$(dirname "$0")/../tap.sh"

here=$(cd "$(dirname "$0")/../.." && pwd)
demo=$here/demo/run
oui=/usr/share/ieee-data/oui.csv
countries=/usr/share/iso-codes/json/iso_3166-1.json
subdivisions=/usr/share/iso-codes/json/iso_3166-2.json
export TMPDIR=$scratch/tmp
mkdir "$TMPDIR"
chmod 755 "$TMPDIR"

# counted without aiodal: a value may go on in the next line, but each row begins in this way
row='^MA-[LMS],[0-9A-F]{6},'
rows=$(grep -cE "$row" "$oui")
keys=$(grep -E "$row" "$oui" | cut -d, -f2 | sort -u | wc -l)
cisco=$(grep -cE "$row\"Cisco Systems, Inc\"," "$oui")
mangled=$(grep -nE '^MA-L,5885E9,' "$oui" | cut -d: -f1)
# the first line that repeats a key, and the line that it repeats
again=$(awk -F, '/^MA-/ && ($2 in seen) { print seen[$2], NR; exit } { seen[$2] = NR }' "$oui")

exits 0 'the demo runs through' "$demo"
tour=$out
lines=$(wc -l <<<"$tour")
ok "$((lines < 60 ? 0 : 1))" "in under 60 lines ($lines)"
is "$(grep -E '^(#|\$)' <<<"$tour" | awk 'length > 100')" '' 'no line of ours is wider than 100 columns'
unlike "$tour" *$'\e'* 'without colour or a progress bar in a pipe'
is "$(ls -A "$TMPDIR")" '' 'and leaves nothing behind'
like "$tour" '*aiodal-demo.* is gone. Next: README.md*' 'as it says'

like "$tour" "*: error: oui.csv:${again#* }: key (prefix)=*on line ${again% *} and on line ${again#* }; $((rows - keys)) rows in all*" 'a repeated key: both lines'
like "$tour" "*loaded oui.csv into vendor: $rows staged, $keys inserted, 0 updated, 0 unchanged, $((rows - keys)) duplicates*" 'the CSV file is loaded whole'
n=$(jq '.["3166-1"] | length' "$countries")
like "$tour" "*into country: $n staged, $n inserted*" 'so are the countries'
n=$(jq '.["3166-2"] | length' "$subdivisions")
like "$tour" *$'\n'"$n|0|0"$'\n'* 'and their subdivisions'
like "$tour" *$'\n''subdivision|FOREIGN KEY '[\(]country[\)]*$'\n''subdivision|FOREIGN KEY '[\(]parent[\)]* 'the foreign keys are reflected'
like "$tour" "*error: new.csv:$mangled: *CONTEXT:*line $mangled, column prefix: \"5.885E+12\"*Nothing was loaded.*" 'a bad value: line, column, value, nothing loaded'
like "$tour" "*new.csv into vendor: $((rows + 1)) staged, 1 inserted, $cisco updated, $((keys - cisco)) unchanged*" 'the changed copy: inserted, updated, unchanged'
like "$tour" *$'\ninto an empty table '*' ms '*' ms '*.[0-9][0-9]$'\na changed copy over it '*' ms '*' ms '*.[0-9][0-9]$'\n'* 'the times by hand beside'

# whatever is set for another server or for people is not in its way
exits 0 'on a terminal, in an environment full of settings' env PGHOST=/nonexistent PGPORT=1 PGDATABASE=none PGOPTIONS='-c nonsense=1' LC_ALL=C \
	PAGER=false TERM=xterm script -qec "$demo" /dev/null
like "$out" *$'\e'*'unchanged'*'is gone'* 'with colour'
ln -s "$here/demo" "$scratch/link"
exits 0 'by a link to its directory, with CDPATH' env -C "$scratch" CDPATH=/ link/run
like "$out" '*is gone*' 'to the end'

# a step that fails
mkdir "$scratch/bin"
printf '#!/bin/sh\necho "jq: broken" >&2\nexit 5\n' >"$scratch/bin/jq"
chmod +x "$scratch/bin/jq"
exits 1 'a step that fails stops the demo' env PATH="$scratch/bin:$PATH" "$demo"
like "$out" '*jq: broken*demo: stopped at step 3: *jq -c*' 'and is named'
unlike "$out" *$'\n# 4.'* 'no further step is shown'
is "$(ls -A "$TMPDIR")" '' 'nothing is left behind'

# ended_by SIGNAL SECONDS WHOM: to all of it, as ^C and a closed terminal do, or to the one script; its exit status
ended_by()
{
	local pid status=0 _
	setsid env --default-signal=INT --default-signal=HUP "$demo" >"$scratch/out" 2>&1 </dev/null &
	pid=$!
	sleep "$2"
	if [ "$3" = all ]; then kill "-$1" -- -$pid; else kill "-$1" $pid; fi
	for _ in $(seq 300); do kill -0 $pid 2>/dev/null || break; sleep 0.1; done
	kill -0 $pid 2>/dev/null && { echo 'still there'; return; }
	wait $pid || status=$?
	echo "$status"
}
is "$(ended_by INT 1 all)" 130 '^C while the server starts'
is "$(ended_by INT 4 all)" 130 '^C in the middle'
is "$(ended_by TERM 4 one)" 143 'ended by its id'
for seconds in 3 4 5; do
	is "$(ended_by HUP $seconds all)" 143 "the terminal is closed after $seconds s"
done
is "$(ls -A "$TMPDIR")" '' 'nothing is left behind'
done_testing
