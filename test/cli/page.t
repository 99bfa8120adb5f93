#!/usr/bin/env bash
# aiodal reflect --format html: the page, by itself and in a browser.
. "$(dirname "$0")/../cli.sh"

sql "COMMENT ON TABLE book IS '<img src=x onerror=alert(1)>';
COMMENT ON COLUMN book.title IS E'line 1\\nline & 2';
CREATE SCHEMA shop;
CREATE TABLE shop.sale (id bigint PRIMARY KEY, book int NOT NULL REFERENCES book ON DELETE CASCADE, amount numeric DEFAULT 1);
CREATE VIEW shop.cheap AS SELECT title FROM book WHERE price < 5;
CREATE TYPE shop.mood AS ENUM ('sad', '</td><script>');
CREATE FUNCTION shop.f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE SCHEMA \"o'd\";
CREATE TABLE \"o'd\".\"<script>alert(1)</script>\" (\"\"\"><script>alert(2)</script>\" text, \"-->\" int);
CREATE TABLE \"o'd\".\"Ünï 📚 #?%20/\" (id int PRIMARY KEY, \"</title></style>\" int);
CREATE TABLE \"o'd\".\"javascript:alert(1)\" (r int REFERENCES \"o'd\".\"Ünï 📚 #?%20/\")"
page=$scratch/page.html
aiodal reflect --format html >"$page" 2>"$scratch/err"
is "$? $(cat "$scratch/err")" '0 ' 'a page, silently'

# what a strict reader of tags finds: scripts, attributes that run something, addresses, links without an aim
cat >"$scratch/read.py" <<'PY'
import sys, html.parser
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.links, self.tags, self.bad, self.open = [], [], {}, [], []
    def handle_starttag(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        if tag not in ('meta', 'link', 'input', 'br', 'polygon', 'path', 'ellipse', 'polyline'): self.open.append(tag)
        for name, value in attributes:
            if name == 'id': self.ids.append(value)
            if name in ('href', 'xlink:href') and value != 'data:,': self.links.append(value)
            if name.startswith('on') or name == 'src': self.bad.append((tag, name, value))
    def handle_endtag(self, tag):
        if tag in ('polygon', 'path', 'ellipse', 'polyline'): return
        if not self.open or self.open.pop() != tag: self.bad.append(('not closed before', tag))
page = Page()
page.feed(open(sys.argv[1], encoding='utf-8').read())
print(page.tags['script'], 'script', page.tags.get('img', 0), 'img', page.tags['style'], 'style', 'bad', page.bad, page.open)
print('outward', [l for l in page.links if not l.startswith('#')], 'dead', [l for l in page.links if l[1:] not in page.ids])
print('twice', [i for i in set(page.ids) if page.ids.count(i) > 1], 'sections', sum(i.startswith('table/') for i in page.ids), 'svg', page.tags.get('svg', 0))
PY
expected="1 script 0 img 1 style bad [] []
outward [] dead []
twice [] sections 6 svg"
drawn=0
! command -v dot >/dev/null || drawn=1
is "$(python3 "$scratch/read.py" "$page")" "$expected $drawn" 'one script, nothing from elsewhere, every link has its aim'
html=$(cat "$page")
like "$html" '*&lt;img src=x onerror=alert(1)&gt;*' 'comments are text'
like "$html" '*&lt;script&gt;alert(1)&lt;/script&gt;*' 'names are text'
like "$html" '*<td class="text">line 1*line &amp; 2</td>*' 'lines stay lines'
like "$html" '*Foreign keys*sale_book_fkey*href="#table/public/book"*on delete cascade*' 'a foreign key leads to its table'
like "$html" '*Referenced by*href="#table/shop/sale"*' 'and back'
like "$html" '*Definition*SELECT *title*' 'a view with its query'
like "$html" '*shop.mood*enum*sad, &lt;/td&gt;*' 'types'
like "$html" '*shop.f(integer)*' 'functions'
is "$(grep -oE '(https?:)?//[a-zA-Z0-9.]+' <<<"$html" | grep -v '^http://www.w3.org$')" '' 'no address but those that name SVG'
exits 0 'one schema' aiodal reflect --format html -n shop
unlike "$out" '*id="table/public/book"*' 'others are left out'
unlike "$out" '*href="#table/public/book"*' 'without links to them'
exits 0 'one table' aiodal reflect --format html -t book
is "$(grep -c '<section class="object" id="table/' <<<"$out")" 1 'one section'
exits 0 'an empty schema' sh -c "psql -XAtqc 'CREATE SCHEMA empty' && aiodal reflect --format html -n empty"
like "$out" '*no tables to draw*' 'has no diagram'
mkdir "$scratch/bin"
ln -s "$(command -v aiodal)" "$scratch/bin/aiodal"
exits 0 'without Graphviz' env PATH="$scratch/bin" aiodal reflect --format html
like "$out" '*Left out: Graphviz*' 'the page says what is missing'

# --- in a browser

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || { skip 'the page in a browser: chromium is not installed'; done_testing; }

# dom HASH: the page after its script has run
dom()
{
	timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --user-data-dir="$scratch/profile" --dump-dom "file://$page$1" 2>"$scratch/browser.log"
}
all=$(dom '')
like "$all" '*<div id="count">6 relations</div>*' 'the script runs, and counts'
unlike "$all" '*<li data-search="public.book*hidden=""*<li data-search="shop.sale*' 'nothing is hidden'
found=$(dom '#q=BOOK')
like "$found" '*<div id="count">2 of 6 relations</div>*' 'a search by the address finds tables and columns'
is "$(grep -o '<li data-search="[^"]*" hidden=""' <<<"$(tr '\n' ' ' <<<"$found")" | wc -l)" 4 'the others are hidden in the list'
is "$(grep -c '<section class="object"[^>]*hidden=""' <<<"$found")" 4 'and on the page'
like "$(dom '#q=%3Cscript%3Ealert(1)')" '*<div id="count">1 of 6 relations</div>*' 'a search for what looks like markup'
like "$(dom '#q=nothing%20such')" '*<div id="count">0 of 6 relations</div>*' 'nothing found'
like "$(dom '#q=%')" '*relations</div>*' 'an address that is none'
done_testing
