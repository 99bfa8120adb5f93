#!/usr/bin/env bash
# aiodal reflect --format markdown: the data dictionary.
. "$(dirname "$0")/../cli.sh"

sql "COMMENT ON TABLE book IS E'What one | can *read*\\nand <b>lend</b> @all';
COMMENT ON COLUMN book.title IS E'a | b\\nsecond line';
CREATE SCHEMA shop;
CREATE TABLE shop.sale (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, book int NOT NULL REFERENCES book ON DELETE CASCADE, amount numeric DEFAULT 1 CHECK (amount > 0), note text DEFAULT '|');
CREATE INDEX sale_amount ON shop.sale (amount DESC);
CREATE VIEW shop.cheap AS SELECT '\`\`\`\` [x](y)'::text AS t, title FROM book WHERE price < 5;
CREATE TABLE shop.log (at date) PARTITION BY RANGE (at);
CREATE TYPE shop.mood AS ENUM ('sad', 'o|k');
CREATE FUNCTION shop.f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE shop.\"<script> | [a](b) \`c\` _d_ *e* #\" (\"x|y\" int, \"new
line\" int)"

exits 0 'a dictionary' aiodal reflect --format markdown
md=$out
# has TEXT NAME: the dictionary has a line with this text, word for word
has() { ok "$(grep -qF -- "$1" <<<"$md"; echo $?)" "$2" || note "$md"; }
has "# ${PGDATABASE//_/\\_}" 'a title'
has '  - [public.book](#table/public/book)' 'contents with links'
has '  - [shop.cheap](#table/shop/cheap), view' 'that name the kind'
has '<a id="table/public/book"></a>' 'anchors they lead to'
has '### public.book' 'a heading'
has 'Table. What one \| can \*read\*<br>and &lt;b&gt;lend&lt;/b&gt; &#64;all' 'a comment is text'
has '| title | <code>text</code> | not null |  |  | a \| b<br>second line |' 'columns are rows of cells'
has '| id | <code>integer</code> | not null | PK |' 'primary keys are marked'
has '| isbn | <code>text</code> |  | unique |' 'unique columns too'
has '| book | <code>integer</code> | not null | FK |' 'and foreign keys'
has '| generated always as identity |' 'identity'
has "| <code>'\|'::text</code> |" 'a default'
has '- sale\_book\_fkey: (book) → [public.book](#table/public/book) (id), on update no action, on delete cascade' 'a foreign key leads to its table'
has '- [shop.sale](#table/shop/sale) (book)' 'and back'
has '- sale\_pkey: <code>PRIMARY KEY (id)</code>' 'keys'
has '- sale\_amount\_check: <code>CHECK ((amount &gt; (0)::numeric))</code>' 'checks'
has '- sale\_amount: <code>btree (amount DESC)</code>' 'indexes'
has '`````sql' 'a definition cannot end its block'
has 'Partitioned by <code>RANGE (at)</code>.' 'partitioning'
has '| shop.mood | enum | sad, o\|k |' 'types'
has '| shop.f(integer) | function | <code>integer</code> | sql | volatile |' 'functions'
has '### shop.&lt;script&gt; \| \[a\](b) \`c\` \_d\_ \*e\* \#' 'odd names are text'
has '| x\|y | <code>integer</code> |' 'of columns too'
has '| new<br>line | <code>integer</code> |' 'however many lines they have'
is "$(grep -oE '\(#[^)]*\)' <<<"$md" | tr -d '(#)' | sort -u | while read -r aim; do grep -qF "<a id=\"$aim\">" <<<"$md" || echo "$aim"; done)" '' 'no link without an aim'
is "$(grep '^|' <<<"$md" | sed 's/\\|//g' | awk -F'|' '{ print NF - 1 }' | sort -u | xargs)" '5 7' 'every row has as many cells as its heading'
exits 0 'one table' aiodal reflect --format markdown -t shop.sale
like "$out" *'→ public.book (id)'* 'no link to what is not in it'
is "$(grep -c '^### ' <<<"$out")" 1 'one section'
exits 0 'one schema' aiodal reflect --format markdown -n public
is "$(grep -c '^### ' <<<"$out")" 1 'of one table'
exits 0 'an empty schema' sh -c "psql -XAtqc 'CREATE SCHEMA empty' && aiodal reflect --format markdown -n empty"
done_testing
