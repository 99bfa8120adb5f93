#!/usr/bin/env bash
# What a person sees: progress, colour, ^C. Terminals are made by script(1).
. "$(dirname "$0")/../cli.sh"

command -v script >/dev/null || { echo '1..0 # SKIP no script(1)'; exit; }
# a load that takes its time on any machine, while it reads and when it merges
sql 'CREATE FUNCTION takes_long(i int) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	IF i % 10000 = 0 THEN PERFORM pg_sleep(0.04); END IF;
	RETURN true;
END $$;
CREATE DOMAIN slow AS int CHECK (takes_long(VALUE));
CREATE TABLE heap (id slow, title text)'
big=$scratch/big.csv
{ echo id,title; seq 300000 | sed 's/$/,"a title that is long enough, 0123456789"/'; } >"$big"
small=$(printf 'id,title\n3,x\n' | file small.csv)

# on_terminal COMMAND: what a terminal of 100 columns would get
on_terminal() { script -qec "stty cols ${columns:-100}; $1" /dev/null </dev/null; }
# the program's pictures one after the other, without escape sequences
pictures() { tr '\r' '\n' | sed 's/\x1b\[[0-9;]*[mK]//g'; }

export TERM=xterm
got=$(on_terminal "aiodal load $big heap --mode insert --dry-run 2>&1")
like "$got" *$'\r'*'%'*'MB of '*'MB/s'*'lines'*'left'*$'\r\033[K''would load'* 'a bar while it loads, gone at the end'
like "$(pictures <<<"$got")" *big.csv*'█'*%*'merging  0:'* 'blocks, then the merge'
is "$(columns=60 on_terminal "aiodal load $big heap --mode insert --dry-run" | pictures | grep -v '^would load\|^This was' | awk 'length > 60')" '' 'it fits the terminal'
is "$(columns=20 on_terminal "aiodal load $big heap --mode insert --dry-run" | pictures | grep -v '^would load\|^This was' | awk 'length > 20')" '' 'however narrow'
got=$(LC_ALL=C on_terminal "aiodal load $big heap --mode insert --dry-run" | pictures)
like "$got" *'[='* 'ASCII where the locale is'
is "$(LC_ALL=C grep -c '[^[:print:]]' <<<"$got")" 0 'nothing but ASCII'
unlike "$(on_terminal "aiodal load $small book --dry-run")" *'%'* 'a short load shows no bar'
unlike "$(on_terminal "aiodal load $big heap --mode insert --dry-run --quiet")" *'%'* '--quiet shows none'
is "$(on_terminal "aiodal load $big heap --mode insert --dry-run 2>$scratch/err" | tr -d '\r' | cut -d' ' -f1 | head -1)" would 'counts go to standard output'
is "$(cat "$scratch/err")" '' 'no bar into a file'
like "$(on_terminal "cat $big | aiodal load - heap --mode insert --dry-run" | pictures)" *'standard input  '*'MB  '*'MB/s'*lines* 'a pipe has no end to be seen'
like "$(on_terminal "aiodal export 'SELECT repeat(chr(120), 2000) FROM generate_series(1, 200000) i WHERE i % 10000 <> 0 OR pg_sleep(0.04) IS NOT NULL' -o $scratch/out.csv" | pictures)" *'MB/s'*rows*'aiodal: 200000 rows'* 'an export shows progress too'

like "$(on_terminal 'aiodal load nothing.csv book')" *$'\033[1;31merror:\033[0m'* 'errors are red'
unlike "$(NO_COLOR=1 on_terminal 'aiodal load nothing.csv book')" *$'\033'* 'not with NO_COLOR'
unlike "$(TERM=dumb on_terminal 'aiodal load nothing.csv book')" *$'\033'* 'not on a dumb terminal'
like "$(on_terminal 'aiodal reflect -t book')" *$'\033[1mTable public.book\033[0m'* 'headings are bold'
unlike "$(NO_COLOR=1 on_terminal 'aiodal reflect')" *$'\033'* 'not with NO_COLOR'
sql "COMMENT ON COLUMN book.title IS 'a description that goes on and on and on until no terminal of one hundred columns could show it in one line'"
is "$(on_terminal 'aiodal reflect -t book' | pictures | sed -n '/COLUMN/,/Indexes/p' | awk 'length > 100')" '' 'long descriptions are wrapped'
like "$(aiodal reflect -t book)" *'that goes on and on and on until no terminal of one hundred columns could show it in one line'* 'not in a pipe'

# --- interrupted

# interrupted SIGNAL INPUT-COMMAND: a load of which that signal is sent when it runs
interrupted()
{
	local pid _
	mkfifo "$scratch/fifo"
	(trap - INT; exec env --default-signal=INT aiodal load - book) <"$scratch/fifo" >"$scratch/said" 2>&1 &
	pid=$!
	sh -c "$2" >"$scratch/fifo" 2>/dev/null &
	for _ in $(seq 100); do
		[ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query ~ '^COPY'")" = 0 ] || break
		sleep 0.1
	done
	kill "-$1" $pid
	wait $pid
	local status=$?
	cat "$scratch/said"
	rm "$scratch/fifo"
	return $status
}
endless="echo id,title; seq 3 100000000 | sed 's/\$/,x/'"
refuses 130 '^C' '*error: the load was interrupted*Nothing was loaded.' interrupted INT "$endless"
refuses 143 'SIGTERM' '*error: the load was interrupted*Nothing was loaded.' interrupted TERM "$endless"
SECONDS=0
refuses 130 '^C while the pipe is silent' '*error: the load was interrupted*Nothing was loaded.' interrupted INT 'echo id,title; echo 3,x; exec sleep 60'
ok $((SECONDS > 20)) 'does not wait for it'
done_testing
