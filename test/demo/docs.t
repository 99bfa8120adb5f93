#!/usr/bin/env bash
# The page that a service describes itself by, in a browser: of the example.
. "$(dirname "$0")/../tap.sh"

here=$(cd "$(dirname "$0")/../.." && pwd)
export TMPDIR=$scratch

# The tests need a service, which needs a server.
if [ "${1:-}" != --inside ]; then
	exec "$here/test/with_server" "$0" --inside
fi

# shellcheck source=demo/steps.sh
. "$here/demo/steps.sh"
export PATH=$here/client/build/examples/books:$PATH
cd "$scratch" || exit
psql -q -f "$here/client/examples/books/schema.sql"
start auth 'standins books' >start.out
auth=${url%/}
start books "PGUSER=books BOOKS_AUDIENCE=books BOOKS_ISSUER=$auth/ books" >>start.out
api=$url
token=$(curl -sS "$auth/token?sub=grace&permissions=read:books+write:books")

# page HASH: evaluates the lines of standard input there
page() { "$here/test/browser" "$api/docs$1" 2>&1; }

page '' </dev/null >/dev/null
[ $? != 77 ] || { skip 'chromium is not installed'; done_testing; }

seen=$(page '' <<'END'
until(() => document.querySelectorAll("details.operation").length)
[...document.querySelectorAll("nav a")].map((a) => a.textContent).filter((text) => text.includes("books")).join(" ")
document.title
document.querySelectorAll("details.operation").length + " " + document.querySelectorAll("details[open]").length
document.querySelector("nav a[href='#book_detail']").click()
until(() => document.querySelector("details[open]"))
document.querySelector("details[open]").id
[...document.querySelectorAll("#book_detail tr")].map((row) => [...row.cells].map((cell) => cell.textContent).join("|")).join("\n")
END
)
like "$seen" *$'\nGET/v1/books POST/v1/books GET/v1/books/{isbn} PUT/v1/books/{isbn} PATCH/v1/books/{isbn} DELETE/v1/books/{isbn}\n'* 'a link to each operation'
like "$seen" *$'\nBooks\n17 0\n'* "the service's title; all are closed at first"
like "$seen" *$'\nbook_detail\n'* 'a link opens its operation'
like "$seen" *$'\nisbn|path|string|ISBN-13, with a hyphen behind its prefix\n'* 'a parameter with its type and the comment of its column'
like "$seen" *$'\n410|It was deleted\n'* 'answers'
like "$seen" *$'\nprice|number or null|*' 'columns of the answer'
unlike "$seen" *$'\npage: '* 'the page has no complaint'

seen=$(page '#book_list' <<END
until(() => document.querySelector("details[open] form"))
[...document.querySelectorAll("#book_list label")].filter((label) => label.checkVisibility()).map((label) => label.textContent).join(" ")
document.querySelectorAll("#book_list details:not([open]) input").length
document.querySelector("#book_list").innerText.includes("also with .ne .lt .le .gt .ge .contains .null")
document.querySelector("#book_list").innerText.toUpperCase().includes("EACH OF RESULTS")
document.querySelector("#book_list button").click()
until(() => document.querySelector("pre.answer").textContent.includes("401"))
document.getElementById("token").value = "$token"
document.querySelector("#book_list input[name='year.ge']").value = 1970
document.querySelector("#book_list input[name=limit]").value = 2
document.querySelector("#book_list button").click()
until(() => document.querySelector("pre.answer").textContent.includes("total_count"))
document.querySelector("pre.answer").textContent
END
)
like "$seen" *$'\nlimit offset order isbn title author_id author year price published owner\n56\ntrue\ntrue\n'* 'a list: variants of parameters are folded, rows told'
like "$seen" *'200 OK, '*'"total_count": 5'*'"next_url": "/v1/books?year.ge=1970&limit=2&offset=2"'* 'it is tried out with the token and parameters that were put in'
like "$seen" *$'\n''page: Failed to load resource: *401*' 'and without one refused'

seen=$(page '#book_create' <<END
until(() => document.querySelector("#book_create form"))
JSON.stringify(JSON.parse(document.querySelector("#book_create textarea").value))
document.getElementById("token").value = "$token"
document.querySelector("#book_create textarea").value = '{"isbn": "978-0000000001", "title": "<img src=x onerror=alert(1)>", "author_id": 1}'
document.querySelector("#book_create button").click()
until(() => document.querySelector("pre.answer").textContent.includes("201"))
document.querySelector("pre.answer").textContent
document.images.length
END
)
like "$seen" *$'\n{"isbn":"","title":"","author_id":0}\n'* 'a body to begin with: what is required'
like "$seen" *$'201 Created, * ms\netag: "*"\nlocation: /v1/books/978-0000000001\n'* 'what was created, with its headers'
like "$seen" *'<img src=x onerror=alert(1)>'*$'\n0' 'nothing of it becomes markup'

seen=$(page '#book_update' <<END
until(() => document.querySelector("#book_update form"))
document.querySelector("#book_update textarea").value
document.getElementById("token").value = "$token"
document.querySelector("#book_update input[name=isbn]").value = "978-0000000001"
document.querySelector("#book_update input[name=If-Match]").value = "*"
document.querySelector("#book_update textarea").value = '{"title": "Changed"}'
document.querySelector("#book_update button").click()
until(() => document.querySelector("pre.answer").textContent.includes("200"))
document.querySelector("pre.answer").textContent
new Promise((done) => { const s = document.createElement("script"); s.textContent = "window.broken = true"; document.body.append(s); setTimeout(() => done(String(window.broken)), 0); })
END
)
like "$seen" *$'\n{}\n'* 'a change begins with nothing'
like "$seen" *$'200 OK, * ms\netag: "*"\n*"title": "Changed"'* 'and goes by If-Match'
like "$seen" *$'\nundefined\n'* 'no other script runs'

kill "${started[1]}"
while kill -0 "${started[1]}" 2>/dev/null; do sleep 0.05; done
unlike "$(cat books.log)" *"$token"* 'the token is in no log'
done_testing
