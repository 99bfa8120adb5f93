#!/usr/bin/env bash
# aiodal codegen: what it writes compiles as C and as C++ without a warning, links, and does what it says; on
# the oddest schema, too.
. "$(dirname "$0")/../cli.sh"

top=$(cd "$(dirname "$0")/../.." && pwd)
data=$top/test/data
roles=$(outer_sql 'SELECT array_agg(oid) FROM pg_roles')
forget_all()
{
	cd /
	forget
	outer_sql "SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE oid <> ALL ('$roles')" |
		while read -r statement; do outer_sql "$statement"; done
}
trap forget_all EXIT
cd "$scratch" || exit 1

read -r -a include <<<"-I$top/client/build/include -I$top/client/include $(pkg-config --cflags libpq)"
read -r -a libraries <<<"$top/client/build/libaiodal.a $(pkg-config --libs libpq) -lz -pthread"
strict=(-Wall -Wextra -Werror -pedantic)

# compiles NAME: NAME.c as C and as C++
compiles()
{
	exits 0 "$1 compiles as C11" "${CC:-cc}" -std=c11 "${strict[@]}" "${include[@]}" -c "$1.c" -o "$1.o" || note "$out"
	for std in c++11 c++20; do
		exits 0 "$1 compiles as $std" "${CXX:-c++}" -x c++ -std=$std "${strict[@]}" "${include[@]}" -c "$1.c" -o "$1.$std.o" || note "$out"
	done
	printf '#include "%s.h"\n#include "%s.h"\n' "$1" "$1" >twice.c
	exits 0 "$1.h stands alone, twice" "${CC:-cc}" -std=c99 "${strict[@]}" "${include[@]}" -fsyntax-only twice.c
}

# runs PROGRAM.c NAME: linked with NAME, once compiled as C and once as C++
runs()
{
	local language object
	for language in c c++; do
		object=$2.o
		[ $language = c ] || object=$2.c++20.o
		exits 0 "$1 as $language links with $2" "${CXX:-c++}" -x $language -Wall -Wextra -Werror "${include[@]}" "$1" -x none "$object" \
			"${libraries[@]}" -o program || note "$out"
		exits 0 '  and runs' timeout 60 ${AIODAL_TEST_WRAPPER:-} ./program || note "$out"
	done
}

# --- one table from insert to delete

sql "DROP TABLE book;
CREATE TYPE mood AS ENUM ('sad', 'so so', 'Max', '');
CREATE DOMAIN isbn AS text CHECK (VALUE <> '');
CREATE TABLE book (shelf smallint, isbn isbn, id bigint GENERATED ALWAYS AS IDENTITY, title text NOT NULL, mood mood NOT NULL DEFAULT 'sad', other mood,
 pages int, double int GENERATED ALWAYS AS (pages * 2) STORED, tags text[], cover bytea, added date NOT NULL DEFAULT '2020-02-02', uid uuid, price numeric(8,2),
 \"class\" bool NOT NULL DEFAULT true, \"new\" timestamptz, PRIMARY KEY (isbn, shelf));
COMMENT ON TABLE book IS E'All books */ int x; /* \\\\\nof it';
CREATE TABLE log (line text); CREATE VIEW titles AS SELECT title FROM book; CREATE TABLE nothing ();
CREATE TABLE book_list (id int PRIMARY KEY)"
exits 0 'codegen for a few' aiodal codegen -t book -t log -t public.titles -t book -t BOOK -t book_list -o few
is "$out" '' '  without a word'
compiles few
is "$(grep -c '^typedef struct book_row' few.h)" 1 'a table named often is there once'
is "$(grep -o '^extern.* [a-z_]*_\(find\|insert\|update\|delete\)(' few.h | sed 's/.* //' | xargs)" \
	'book_find( book_insert( book_update( book_delete( log_insert( titles_insert( book_list_find( book_list_insert( book_list_delete(' \
	'what can be done with each'

cat >few_test.c <<'END'
#include <stdio.h>
#include <string.h>
#include "few.h"
#include <aiodal/or_exit.h>

static int failed;
#define IS(what) (void) ((what) || (failed++, printf("line %d: %s\n", __LINE__, #what)))

int
main(void)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_tx *tx;
	book_list list;
	book_row row;
	mood_enum mood;
	aiodal_value param = aiodal_text("b%");

	aiodal_or_exit(aiodal_db_open(&db, "", NULL, &err), &err);
	aiodal_or_exit(aiodal_tx_begin(&tx, db, NULL, &err), &err);
	aiodal_or_exit(book_check(aiodal_tx_schema(tx), &err), &err);

	memset(&row, 0, sizeof(row));
	row.isbn = "a-1";
	row.shelf = 3;
	row.title = "Solaris";
	row.other_null = row.pages_null = row.uid_null = row.new_null = true;
	aiodal_or_exit(book_insert(&list, tx, &row, &err), &err);
	IS(list.n == 1 && list.rows->id > 0 && list.rows->mood == MOOD_SAD && list.rows->added == 18294);
	IS(list.rows->class_ && list.rows->double_null && list.rows->other_null && !list.rows->tags);
	book_list_free(&list);

	row.isbn = "b-1";
	row.mood = MOOD_SO_SO;
	row.mood_set = true;
	row.other = MOOD_MAX_;
	row.other_null = row.pages_null = false;
	row.pages = 21;
	row.cover.data = "\0\1";
	row.cover.length = 2;
	row.price = "16.50";
	row.added = 0;
	row.added_set = true;
	aiodal_or_exit(book_insert(NULL, tx, &row, &err), &err);
	aiodal_or_exit(book_find(&list, tx, 3, "b-1", &err), &err);
	IS(list.n == 1 && list.rows->mood == MOOD_SO_SO && list.rows->other == MOOD_MAX_ && list.rows->double_ == 42);
	IS(list.rows->cover.length == 2 && strcmp(list.rows->price, "16.50") == 0 && list.rows->added == 0);

	row = *list.rows;
	row.cover.data = "";
	row.cover.length = 0;
	row.isbn = "b-1";
	row.title = "Fiasco";
	row.other = MOOD_LABEL4;
	row.price = NULL;
	book_list updated;
	aiodal_or_exit(book_update(&updated, tx, &row, &err), &err);
	IS(strcmp(updated.rows->title, "Fiasco") == 0 && !updated.rows->price && updated.rows->other == MOOD_LABEL4);
	book_list_free(&updated);
	book_list_free(&list);
	aiodal_or_exit(book_select(&list, tx, "WHERE isbn LIKE $1 ORDER BY isbn", 1, &param, &err), &err);
	IS(list.n == 1 && strcmp(list.rows[0].title, "Fiasco") == 0);
	book_list_free(&list);
	aiodal_or_exit(book_select(&list, tx, NULL, 0, NULL, &err), &err);
	IS(list.n == 2);
	book_list_free(&list);

	book_row many[2];
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;
	many[0] = many[1] = row;
	many[0].title = "one\ttab, a \\ and\na line";
	many[1].isbn = "c-1";
	many[1].price = "1.5";
	many[1].other_null = true;
	aiodal_or_exit(book_load(&stats, tx, many, 2, NULL, &err), &err);
	IS(stats.inserted == 1 && stats.updated == 1);
	aiodal_or_exit(book_select(&list, tx, "WHERE isbn > 'b' ORDER BY isbn", 0, NULL, &err), &err);
	IS(list.n == 2 && strcmp(list.rows[0].title, many[0].title) == 0 && list.rows[1].other_null);
	IS(strcmp(list.rows[1].price, "1.50") == 0);
	book_list_free(&list);
	aiodal_or_exit(book_delete(tx, 3, "c-1", &err), &err);

	aiodal_or_exit(book_delete(tx, 3, "b-1", &err), &err);
	IS(book_delete(tx, 3, "b-1", &err) == AIODAL_ENOTFOUND);
	aiodal_error_free(err);
	err = NULL;
	IS(book_find(&list, tx, 3, "b-1", &err) == AIODAL_ENOTFOUND && list.n == 0 && !list.rows);
	aiodal_error_free(err);
	err = NULL;
	book_list_free(&list);
	book_list_free(NULL);

	IS(strcmp(mood_enum_name(MOOD_SO_SO), "so so") == 0 && !mood_enum_name((mood_enum) 4));
	IS(mood_enum_parse(&mood, "Max") && mood == MOOD_MAX_ && !mood_enum_parse(&mood, "max"));
	aiodal_tx_free(tx);
	aiodal_db_close(db);
	return failed > 0;
}
END
runs few_test.c few

sql 'ALTER TABLE book DROP double, ALTER pages TYPE bigint'
exits 1 'a table that has changed' ./program
like "$out" '*column "pages" of "public"."book" is bigint, which does not fit into struct book_row*' 'is told at once'

exits 0 'again' aiodal codegen -t book_list -t log -o other
before=$(stat -c %i other.c other.h)
exits 0 'and again' aiodal codegen -t book_list -t log -o other
is "$(stat -c %i other.c other.h)" "$before" 'files that would not change are left alone'
exits 0 'with a prefix' aiodal codegen -t log --prefix db_ -o other
like "$(cat other.h)" '*extern aiodal_status db_log_insert(db_log_list *list*' 'names have it'

exits 1 'no such table' aiodal codegen -t bok
like "$out" '*"bok" does not exist*book*' 'is told, with the nearest ones'
exits 1 'no such schema' aiodal codegen -n nowhere
like "$out" '*there are no tables*' 'is told'
exits 2 'a prefix that is none' aiodal codegen --prefix 1-
like "$out" '*cannot stand before names in C*' 'is told'
exits 2 'no name' aiodal codegen -o somewhere/
exits 1 'a directory that is not there' aiodal codegen -t log -o nowhere/file
like "$out" '*could not write nowhere/file.h*' 'is told'
exits 0 'a table without columns' aiodal codegen -t nothing -t log -o other
like "$out" '*"nothing" has no columns and is left out*' 'is told'

# --- everything there is

sql 'DROP SCHEMA public CASCADE; CREATE SCHEMA public'
psql -Xq -v ON_ERROR_STOP=1 -f "$data/exotica_basics.sql" >log 2>&1 ||
	{ skip "the odd schema needs a superuser and PostgreSQL's contrib: $(tail -n 1 log)"; done_testing; }
psql -Xq -v ON_ERROR_STOP=1 -f "$data/reflect_hard.sql" -f "$data/reflect_objects.sql" >log 2>&1
is "$?" 0 'the odd schema is made' || note "$(tail -n 5 log)"
# words of C and C++, what looks alike in C, and what would end a comment or a string
sql 'CREATE SCHEMA "class"; CREATE TYPE "class"."int32" AS ENUM ($$max$$, $$MAX$$, $$a-b$$, $$a b$$, $$??/$$, $$"$$, $$\$$, $$日本$$);
CREATE TABLE "class"."template" ("int" int PRIMARY KEY, "int_" int, "int__" int, "INT32_MAX" int, "int32_t" int, "NULL" text, "this" text, "operator" "class"."int32",
 "a b" int, "a-b" int, "a_b" int, "a_b_null" int, "*/" int, "??/" int, "日本" int, "語" int, "_" int, "errno" int, "aiodal_tx" int, "tx" int, "err" int, "key" int, "list" int, "new" "class"."int32"[]);
CREATE TABLE "class"."aiodal_tx" (id int PRIMARY KEY); CREATE TABLE "class"."int" (a int); CREATE TABLE "class"."t t" (a int); CREATE TABLE "class"."t-t" (a int);
CREATE TABLE "class"."t_t_row" (a int); CREATE TABLE "class"."日本" (a int); CREATE TABLE "class"."語" (a int)'
sql "INSERT INTO ty.everything VALUES (true, -1, -2, -3, 1.5, 2.25, 77777, 0.1, 0.2, 'Grüße', E'tab\\there', 'vc', 'c', 'five', '\\x00ff', '2020-01-01', '12:34:56.789', '12:34+02',
 '2020-01-01 12:34:56.789', '2020-01-01 12:00', 'infinity', '2020-01-01 12:34+00', '1 year 2 days', '3 years', '4 days', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{\"a\":  1}', '{\"b\": 2}', '<a/>',
 '10.0.0.1/8', '10.0.0.0/8', '08:00:2b:01:02:03', B'10101010', B'101', 12.34, '(1,2)', '(3,4),(1,2)', 'a fat cat', '[1,5)', '[2020-01-01,)', '{[1,2),[5,6)}', 4000000000, 'pg_class',
 '{1,NULL,3}', '{{a,\"b c\"},{\"\",NULL}}', '{seven}', 'ok', '{sad,NULL}', ROW('street', 'zip', '(5,6)'), ARRAY[ROW('a', NULL, NULL)::ty.addr], 5, 'a@b', '[1.5,2.5]', 'k=>v', 'CiText', 'Top.Science')"
exits 0 'codegen for everything' aiodal codegen -o all
compiles all
is "$(grep -c '^typedef struct [A-Za-z0-9_]*_row$' all.h)" "$(sql 'SELECT count(DISTINCT oid) FROM aiodal.columns()')" 'every table and view is there'

grep -o '^extern aiodal_status [A-Za-z0-9_]*_check(' all.h | sed 's/.* \(.*\)_check(/TABLE(\1)/' >tables.inc
cat >all_test.c <<'END'
#include <stdio.h>
#include <string.h>
#include "all.h"
#include <aiodal/or_exit.h>

static int failed;

static void
expect(const char *what, aiodal_status status, aiodal_error **err)
{
	if (status != AIODAL_OK && !strstr(aiodal_error_message(*err), "has not been populated"))
	{
		printf("%s: %s\n", what, aiodal_error_message(*err));
		failed++;
	}
	aiodal_error_free(*err);
	*err = NULL;
}

#define TABLE(name)                                                        \
	static void try_##name(aiodal_tx *tx)                                  \
	{                                                                      \
		aiodal_error *err = NULL;                                          \
		name##_list list;                                                  \
		expect(#name "_check", name##_check(aiodal_tx_schema(tx), &err), &err); \
		expect("savepoint", aiodal_tx_savepoint(tx, "s", &err), &err);     \
		expect(#name "_select", name##_select(&list, tx, "LIMIT 5", 0, NULL, &err), &err); \
		name##_list_free(&list);                                           \
		expect("savepoint", aiodal_tx_rollback_to(tx, "s", &err), &err);   \
	}
#include "tables.inc"
#undef TABLE

int
main(void)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_tx *tx;
	aiodal_result *res;
	ty_everything_list list;
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;

	aiodal_or_exit(aiodal_db_open(&db, "", NULL, &err), &err);
	aiodal_or_exit(aiodal_tx_begin(&tx, db, NULL, &err), &err);
#define TABLE(name) try_##name(tx);
#include "tables.inc"
#undef TABLE
	/* a row of every type there and back */
	aiodal_or_exit(ty_everything_select(&list, tx, NULL, 0, NULL, &err), &err);
	aiodal_or_exit(ty_everything_insert(NULL, tx, list.rows, &err), &err);
	options.mode = "insert";
	aiodal_or_exit(ty_everything_load(&stats, tx, list.rows, list.n, &options, &err), &err);
	ty_everything_list_free(&list);
	aiodal_or_exit(aiodal_tx_exec(&res, tx, "SELECT count(*), count(DISTINCT e::text) FROM ty.everything e", 0, NULL, &err), &err);
	printf("%s rows, %s different\n", aiodal_result_value(res, 0, 0), aiodal_result_value(res, 0, 1));
	aiodal_result_free(res);
	aiodal_tx_free(tx);
	aiodal_db_close(db);
	return failed > 0;
}
END
runs all_test.c all
is "$out" '3 rows, 1 different' 'a row of every type comes back as it was'
done_testing
