#!/usr/bin/env bash
# aiodal reflect --format dot and svg: the diagram.
. "$(dirname "$0")/../cli.sh"

sql "CREATE SCHEMA shop;
CREATE TABLE shop.sale (id bigint PRIMARY KEY, book int NOT NULL REFERENCES book, gift int REFERENCES book, receipt int NOT NULL UNIQUE REFERENCES book,
	shelf int, row int, UNIQUE (shelf, row));
CREATE TABLE shop.place (shelf int, row int, PRIMARY KEY (shelf, row), FOREIGN KEY (shelf, row) REFERENCES shop.sale (shelf, row));
CREATE TABLE shop.node (id int PRIMARY KEY, parent int REFERENCES shop.node);
CREATE VIEW shop.cheap AS SELECT title FROM book WHERE price < 5;
CREATE TABLE shop.log (at date, what text) PARTITION BY RANGE (at);
CREATE TABLE shop.log_2024 PARTITION OF shop.log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.log_2025 PARTITION OF shop.log FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shop.\"no columns\" ();
CREATE SCHEMA odd;
CREATE TABLE odd.\"<script>alert(1)</script>\" (\"a&b\" text, \"q\"\"uote\" text, \"back\\slash\" text);
CREATE TABLE odd.\"Ünï 📚\" (\"line
end\" int UNIQUE, \"tab	\" int, \"\\N \\G\" int, \"]]>\" int);
CREATE TABLE odd.\"]]> --> }\" (x int REFERENCES odd.\"Ünï 📚\" (\"line
end\"))"

exits 0 'dot' aiodal reflect --format dot
dot=$out
like "$dot" 'digraph *subgraph cluster_*label="public"*label="shop"*' 'schemas are clusters'
like "$dot" '*<b>book</b>*PK*id</td>*integer*not null*title</td>*text*not null*UQ*isbn*' 'tables have columns, types and keys'
like "$dot" '*FK UQ*receipt*' 'a column can be several things'
like "$dot" '*crowodot, arrowhead=teetee, edgetooltip="sale_book_fkey: FOREIGN KEY*' 'many to exactly one'
like "$dot" '*crowodot, arrowhead=teeodot, edgetooltip="sale_gift_fkey:*' 'many to one or none'
like "$dot" '*teeodot, arrowhead=teetee, edgetooltip="sale_receipt_fkey:*' 'a unique foreign key: one to one'
like "$dot" '*teeodot, arrowhead=teetee, edgetooltip="place_shelf_row_fkey:*' 'unique by the primary key of both columns'
like "$dot" '*edgetooltip="node_parent_fkey:*' 'a table that refers to itself'
unlike "$dot" '*cheap*' 'views are left out'
unlike "$dot" '*log_2024*' 'so are partitions'
unlike "$dot" '*<script>*' 'names do not become markup'
exits 0 'with partitions' aiodal reflect --format dot --include partitions
like "$out" '*<b>log</b>*partitioned table*2 partitions*' 'they are counted'
unlike "$out" '*log_2024*' 'not drawn'
exits 0 'a view by name' aiodal reflect --format dot -t shop.cheap
like "$out" '*<b>cheap</b>*view*' 'is drawn'
exits 0 'one table' aiodal reflect --format dot -t shop.sale
like "$out" '*#ececec*<b>book</b>*' 'the table it refers to is named'
is "$(grep -c 'ISBN\|isbn' <<<"$out")" 0 'without its columns'
exits 0 'one schema' aiodal reflect --format dot -n odd
unlike "$out" '*<b>book</b>*' 'others are left out'
exits 0 'an empty schema' sh -c "psql -XAtqc 'CREATE SCHEMA empty' && aiodal reflect --format dot -n empty"
like "$out" 'digraph*}' 'is an empty diagram'

mkdir "$scratch/bin"
ln -s "$(command -v aiodal)" "$scratch/bin/aiodal"
exits 1 'svg without Graphviz' env PATH="$scratch/bin" aiodal reflect --format svg
like "$out" 'aiodal: error: Graphviz*dot*not installed*HINT:*"graphviz"*--format dot*' 'says what is missing'
printf '#!/bin/sh\necho "dot: boom" >&2\nexit 3\n' >"$scratch/bin/dot"
chmod +x "$scratch/bin/dot"
exits 1 'svg with a broken Graphviz' env PATH="$scratch/bin:/bin" aiodal reflect --format svg
like "$out" '*boom*error:*could not draw*' 'says so'
exits 0 'dot needs none' env PATH="$scratch/bin" aiodal reflect --format dot

command -v dot >/dev/null || { skip 'Graphviz is not installed'; done_testing; }
aiodal reflect --format svg >"$scratch/all.svg" 2>"$scratch/err"
is "$? $(cat "$scratch/err")" '0 ' 'svg, silently'
is "$(python3 - "$scratch/all.svg" <<'PY'
import sys, xml.etree.ElementTree as x
svg = '{http://www.w3.org/2000/svg}'
root = x.parse(sys.argv[1]).getroot()
texts = [t.text for t in root.iter(svg + 'text')]
for name in ('<script>alert(1)</script>', 'a&b', 'q"uote', 'back\\slash', 'Ünï 📚', 'line\\nend', 'tab\\t', '\\N \\G', ']]>', ']]> --> }'):
    if name not in texts: print('missing', name)
print(sum(g.get('class') == 'edge' for g in root.iter(svg + 'g')), 'edges', sum(e.tag == svg + 'script' for e in root.iter()), 'scripts')
PY
)" '6 edges 0 scripts' 'is XML, with every name as it is'
done_testing
