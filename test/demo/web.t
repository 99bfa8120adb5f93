#!/usr/bin/env bash
# The example's demo: each step answers as it should, what is shown can be
# read, and nothing is left behind.
. "$(dirname "$0")/../tap.sh"

here=$(cd "$(dirname "$0")/../.." && pwd)
demo=("$here/demo/run" "$here/client/examples/books/tour")
export TMPDIR=$scratch/tmp
mkdir "$TMPDIR"
chmod 755 "$TMPDIR"

# processes that have the demo's own directory in their environment
left_over() { grep -lz "^TMPDIR=$TMPDIR/aiodal-demo" /proc/[0-9]*/environ 2>/dev/null; }

exits 0 'the demo runs through' env BOOKS_OPENAPI="$scratch/openapi.json" "${demo[@]}"
tour=$out
like "$tour" '*aiodal-demo.* is gone. Next: README.md*' 'to its end'
is "$(ls -A "$TMPDIR")" '' 'and leaves no file behind'
is "$(left_over)" '' 'and no process'
unlike "$tour" *$'\e'* 'without colour in a pipe'
is "$(grep -E '^(#|\$)' <<<"$tour" | awk 'length > 110')" '' 'no line of ours is wider than 110 columns'

# shown TEXT NAME: in this order, each after the one before
rest=$tour
shown()
{
	like "$rest" "*$1*" "$2" && rest=${rest#*$1}
}
shown '{"status":"ready"}' 'ready'
shown $'401 Unauthorized\nWWW-Authenticate: Bearer realm="books"\n' '401 without a token, and no more said'
shown '401 Unauthorized'$'\n''WWW-Authenticate: Bearer realm="books", error="invalid_token", error_description="the token has expired"' '401 with an old one'
shown "signature is wrong" '401 with one altered'
shown $'200 OK\n\n{"total_count": 9, "next_url": "/v1/books?order=-year&limit=2&offset=2"' 'a page'
shown '"next_url": "/v1/books?order=-year&limit=2&offset=4"' 'the next one'
shown '{"total_count": 1, "next_url": null, "results": [[]{"isbn":"978-0156027601","title":"Solaris"' 'filtered'
shown '{"total_count": 9, "next_url": null, "results": [[][]]}' 'past the end'
shown '400 Bad Request' 'nonsense'
shown $'200 OK\nETag: "*"\n\n{"isbn":"978-0156027601"' 'one'
shown '304 Not Modified' 'known already'
shown '404 Not Found' 'none'
shown '403 Forbidden' 'not an editor'
shown $'201 Created\nETag: "*"\nLocation: /v1/books/978-0060512750\n\n{*"owner":"grace"}' 'created, for her'
shown '409 Conflict*this ISBN is in the catalogue' 'a conflict'
shown '422 *"errors": [[]{"column": "price", "message": "price must be above zero"}]' 'a check'
shown '422 *price is not a value of its type' 'a type'
shown '422 *there is no such author' 'a reference'
shown '428 Precondition Required' 'without If-Match'
shown $'200 OK\nETag: "*"\n*"title":"The Dispossessed"' 'changed'
shown '412 Precondition Failed' 'stale'
shown '403 Forbidden' "another's"
shown '200 OK*"published":false' 'a draft for its owner'
shown '404 Not Found' 'and for others'
shown '204 No Content' 'deleted'
shown '410 Gone' 'gone'
shown '409 Conflict*there are books by this author' 'in use'
shown '"/v1/books/{isbn}"' 'its own description'
shown $'\n200 text/html; charset=utf-8\n' 'the page'
shown $'204 No Content\n*\nMissing\n' 'a message of a user'
shown '{"author":"Ursula K. Le Guin","books":3,"price":45.98}' 'a handler by hand'
shown $'500 Internal Server Error\n\n{"type":"about:blank","title":"Internal Server Error","status":500}' 'an error, and no word of it'
shown $'\nbooks: 500 in production: GET /v1/prices\n*error: permission denied for table author\nsqlstate: 42501\n*user: ada\n' 'but in the channel'
shown ' GET /v1/prices 500 '*$'\n''ERROR:  permission denied for table author' 'and in the log'
is "$(grep -cE '^# [0-9]+\. ' <<<"$tour")" "$(grep -c '^why ' "$here/client/examples/books/tour")" 'all steps are shown'

# judged WHAT NAME: somebody else finds no fault with the service's description
judged()
{
	local said status=0
	said=$("$here/client/test/openapi_valid" "$1" <"$scratch/openapi.json" 2>&1) || status=$?
	if [ $status = 77 ]; then skip "$2: $said"; else ok $status "$2" || note "$said"; fi
}
judged document 'its description is one by the official schema'
judged schemas 'and what is in it by the meta-schema'

# ended in the middle
env --default-signal=INT "${demo[@]}" >"$scratch/out" 2>&1 </dev/null &
pid=$!
for _ in $(seq 600); do ! grep -q '^# 3' "$scratch/out" || break; sleep 0.05; done
like "$(left_over | wc -l)" '[1-9]*' 'in the middle there are processes'
kill -TERM $pid
status=0
wait $pid || status=$?
is $status 143 'ended by its id'
is "$(ls -A "$TMPDIR")" '' 'nothing is left behind'
is "$(left_over)" '' 'and nobody'
done_testing
