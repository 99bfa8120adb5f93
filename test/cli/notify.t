#!/usr/bin/env bash
# What a channel is told of a load, and what nobody is told: the webhook's URL.
. "$(dirname "$0")/../cli.sh"

exits 0 'the help' aiodal load --help
like "$out" '*--notify WHERE*--notify-success*' 'has both options'

# A Slack: writes each request's body as a line to $scratch/told, answers with the statuses in $scratch/answers, the
# last one for ever; "hang" never answers. Prints its port.
cat >"$scratch/slack.py" <<'PY'
import http.server, json, sys, threading, time
scratch = sys.argv[1]

class Slack(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answers = open(scratch + "/answers").read().split()
        with open(scratch + "/told", "a") as told:
            for block in json.loads(body)["blocks"]:
                told.write(block["text"]["text"] + "\n")
            told.write("--\n")
        with open(scratch + "/paths", "a") as paths:
            paths.write(self.path + "\n")
        if len(answers) > 1:
            open(scratch + "/answers", "w").write(" ".join(answers[1:]))
        if answers[0] == "hang":
            threading.Event().wait()
        self.send_response(int(answers[0]))
        if answers[0] == "429":
            self.send_header("Retry-After", "1")
        self.end_headers()

    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slack)
server.daemon_threads = True
with open(scratch + "/port.new", "w") as port:
    port.write(str(server.server_port))
import os
os.rename(scratch + "/port.new", scratch + "/port")
server.serve_forever()
PY
python3 "$scratch/slack.py" "$scratch" &
slack=$!
trap 'kill "$slack" 2>/dev/null; forget' EXIT
for _ in $(seq 600); do [ ! -e "$scratch/port" ] || break; sleep 0.1; done
export HOOK
HOOK=http://127.0.0.1:$(cat "$scratch/port")/services/T0/SECRET

# answers STATUS ...: what was told is forgotten, and the next requests are answered so
answers() { echo "$*" >"$scratch/answers"; : >"$scratch/told"; }
told() { cat "$scratch/told"; }

bad=$(printf 'id,title,price\n3,drei,1\n4,vier,SECRETDATUM\n' | file bad.csv)
good=$(printf 'id,title,price\n3,drei,1\n' | file good.csv)

answers 200
exits 1 'a load that fails' aiodal load "$bad" book --notify HOOK
like "$out" "*$bad:3: invalid input syntax*Nothing was loaded.*" 'is an error as ever'
like "$(told)" "aiodal load: $bad into book: failed
*file: $bad
line: 3
table: book
mode: upsert
host: $(hostname)
counts: * lines read, 0 rejected
outcome: nothing was loaded
error: invalid input syntax for type numeric
sqlstate: 22P02*COPY book*, line 3, column price*--" 'and told: file, line, reason, counts'
unlike "$(told)" '*SECRETDATUM*' 'without the data'
is "$(tail -n 1 "$scratch/paths")" /services/T0/SECRET 'to the webhook'

answers 200
exits 0 'a load that goes well' aiodal load "$good" book --notify HOOK --dry-run
is "$(told)" '' 'is not told'
exits 0 'unless asked for' aiodal load "$good" book --notify HOOK --notify-success --dry-run
like "$(told)" "aiodal load: $good into book: done*mode: upsert, dry run*counts: 1 staged, 1 inserted, 0 updated*, 0 rejected
outcome: loaded*" 'with its counts'

answers 200
exits 3 'rows set aside' aiodal load "$bad" book --notify HOOK --rejects "$scratch/rejects.csv" --dry-run
like "$(told)" "*rows were set aside*counts: 2 staged, 1 inserted*, 1 rejected
outcome: loaded, but for rows that were set aside*" 'are told'
answers 200
exits 1 'several files' aiodal load "$good" "$bad" book --notify HOOK
like "$(told)" "aiodal load: 2 files into book: failed
*file: $bad
line: 3
*" 'the one that the error is in is told'
answers 200
exits 1 'a duplicate' aiodal load "$(printf 'id,title,isbn\n3,drei,i1\n' | file twice.csv)" book --notify HOOK
like "$(told)" '*sqlstate: 23505*constraint: book_isbn_key*' 'is told with its constraint'
unlike "$(told)" '*\(i1\)*' 'and without its key'
answers 200
exits 1 'no such table' aiodal load "$good" "bok" --notify HOOK
like "$(told)" '*outcome: nothing was loaded*error: *bok*' 'is told'
answers 200
exits 1 'no such file' aiodal load "$scratch/nowhere.csv" book --notify HOOK
like "$(told)" "*file: $scratch/nowhere.csv*error: *" 'is told'
answers 200
exits 1 'no server' aiodal -d "host=$scratch/nowhere password=SECRETWORD" load "$good" book --notify HOOK
like "$(told)" "*outcome: nothing was loaded*error: connection to server on socket*" 'is told'
unlike "$(told)$out" '*SECRETWORD*' 'without the password'

# what ps and -v show of a load that waits for its input, until it is interrupted
answers 200
mkfifo "$scratch/slow"
aiodal -v load - book --notify HOOK <"$scratch/slow" >"$scratch/out" 2>&1 &
load=$!
exec 7>"$scratch/slow"
head -n 1 "$good" >&7
for _ in $(seq 600); do grep -q 'BEGIN' "$scratch/out" && break; sleep 0.1; done
unlike "$(tr '\0' ' ' <"/proc/$load/cmdline")" '*SECRET*' 'arguments do not have the URL'
kill -TERM "$load"
wait "$load"
is $? 143 'interrupted'
exec 7>&-
like "$(cat "$scratch/out")" '*BEGIN*the load was interrupted*' 'the statements are shown'
unlike "$(cat "$scratch/out")" '*SECRET*' 'without the URL'
like "$(told)" '*standard input into book: failed*the load was interrupted*' 'and the channel is told'

# --- the channel in trouble

answers 500 429 200
exits 1 'a Slack that is busy' aiodal load "$bad" book --notify HOOK
is "$(told | grep -c '^--')" 3 'is asked again'
unlike "$out" '*warning*' 'and all is well'
answers 404
exits 1 'a webhook that is none any more' aiodal load "$bad" book --notify HOOK
like "$out" '*Nothing was loaded.*warning: Slack was not told: Slack answered with status 404*' 'is a warning'
unlike "$out" '*SECRET/*' 'without the URL'
exits 0 'and changes no exit status' aiodal load "$good" book --notify HOOK --notify-success --dry-run
kill "$slack"; wait "$slack" 2>/dev/null
exits 1 'a Slack that is gone' aiodal load "$bad" book --notify HOOK
like "$out" '*Nothing was loaded.*warning: Slack was not told: there was no answer*' 'is a warning'
unlike "$out" '*services*' 'without the URL'

# --- the URL

file=$(printf '%s\nmore\n' "$HOOK" | file webhook)
chmod 600 "$file"
exits 1 'a file with the URL' aiodal load "$bad" book --notify "$file"
like "$out" '*warning: Slack was not told: there was no answer*' 'is read'
chmod 640 "$file"
exits 2 'a file that others may read' aiodal load "$bad" book --notify "$file"
like "$out" '*others may read*chmod 600*' 'is refused'
exits 2 'a file that is not there' aiodal load "$bad" book --notify "$scratch/none"
like "$out" '*could not read the webhook*No such file*' 'is refused'
exits 2 'a URL as an argument' aiodal load "$bad" book --notify "$HOOK"
like "$out" '*does not take the webhook*secret*' 'is refused'
unlike "$out" '*services*' 'and not repeated'
exits 2 'a variable that is not there' aiodal load "$bad" book --notify NOTHING_THERE
like "$out" '*there is nothing in "NOTHING_THERE"*' 'is refused before anything is loaded'
for url in https://evil.example/services/SECRET http://hooks.slack.com/services/SECRET SECRET ftp://hooks.slack.com/SECRET; do
	HOOK=$url exits 2 'a URL of somebody else' aiodal load "$bad" book --notify HOOK
	like "$out" '*--notify: the webhook*' 'is refused'
	unlike "$out" '*SECRET*' 'and not repeated'
done
exits 2 'success alone' aiodal load "$bad" book --notify-success
like "$out" '*--notify-success goes with --notify*' 'makes no sense'

done_testing
