/*
 * test_by_hand.c
 *		The staged pattern with statements written by hand: a stage of one's own columns, COPY, then SQL.
 *
 * What people do who munge data on its way in: documents into jsonb, then into the tables they belong to.
 */
#include "support.h"

#include <unistd.h>

#include <aiodal/testing_cmocka.h>

static aiodal_db *db;

/* Every test finds the tables empty. */
static int
use_db(void **state)
{
	db = aiodal_test_db((aiodal_test *) *state);
	return 0;
}

static aiodal_tx *
begin(void)
{
	return begin_in(db);
}

static const char authors[] =
	"{\"name\": \"Jorge Luis Borges\"}\n"
	"{\"name\": \"Ursula K. Le Guin\"}\n"
	"{\"name\": \"Stanis\\u0142aw Lem\", \"note\": \"back\\\\slash \\t tab \\n line \\\"quoted\\\"\"}\n";

static const char books[] =
	"{\"name\": \"Ficciones\", \"author\": \"Jorge Luis Borges\", \"catalog\": \"A1\"}\r\n"
	"{\"name\": \"The Dispossessed\", \"author\": \"Ursula K. Le Guin\", \"catalog\": \"B2\"}\r\n"
	"\r\n"
	"{\"name\": \"Solaris\", \"author\": \"Stanis\xc5\x82"
	"aw Lem\", \"catalog\": \"C3\"}";

static const char *const record_column[] = {"record jsonb NOT NULL"};

static const aiodal_statement author_target = {
	"INSERT INTO author (name) SELECT record->>'name' FROM {stage} ORDER BY record->>'name'", 0, NULL};

static const aiodal_statement book_target = {"INSERT INTO book (author_id, name, catalog)"
											 " SELECT (SELECT a.id FROM author a WHERE a.name = "
											 "s.record->>'author'), s.record->>'name', s.record->>'catalog'"
											 " FROM {stage} s",
											 0, NULL};

static aiodal_load_options
jsonl_into(const aiodal_statement *target)
{
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;

	options.stage_columns = record_column;
	options.n_stage_columns = 1;
	options.layout.format = AIODAL_FORMAT_JSONL;
	options.target = target;
	options.n_target = 1;
	return options;
}

static aiodal_status
load_both(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	static const aiodal_statement index = {"CREATE INDEX ON {stage} ((record->>'author'))", 0, NULL};
	aiodal_load_options author = jsonl_into(&author_target);
	aiodal_load_options book = jsonl_into(&book_target);
	aiodal_load_stats *stats = payload;
	aiodal_status status = aiodal_bulk_load_memory(&stats[0], tx, &author, authors, strlen(authors), err);

	book.post_copy = &index;
	book.n_post_copy = 1;
	return status == AIODAL_OK ? aiodal_bulk_load_memory(&stats[1], tx, &book, books, strlen(books), err)
							   : status;
}

static void
authors_and_their_books(void **state)
{
	aiodal_error *err = NULL;
	aiodal_load_stats stats[2] = {AIODAL_LOAD_STATS_INIT, AIODAL_LOAD_STATS_INIT};
	aiodal_tx *tx;

	(void) state;
	OK(aiodal_db_transact(db, NULL, load_both, stats, &err));
	assert_int_equal(stats[0].staged, 3);
	assert_int_equal(stats[0].inserted, 3);
	assert_int_equal(stats[1].staged, 3);
	assert_int_equal(stats[1].affected, 3);
	assert_string_equal(stats[1].path, "");
	tx = begin();
	assert_string_equal(
		query(tx, "SELECT string_agg(b.name || ' by ' || a.name, '; ' ORDER BY catalog)"
				  " FROM book b JOIN author a ON a.id = b.author_id"),
		"Ficciones by Jorge Luis Borges; The Dispossessed by Ursula K. Le Guin; Solaris by Stanis\xc5\x82"
		"aw Lem");
	aiodal_tx_free(tx);
}

static void
lines_arrive_as_they_are(void **state)
{
	static const aiodal_statement keep = {"CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM {stage}", 0,
										  NULL};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = jsonl_into(&keep);

	(void) state;
	OK(aiodal_bulk_load_memory(NULL, tx, &options, authors, strlen(authors), &err));
	assert_string_equal(query(tx, "SELECT record->>'note' FROM kept WHERE record ? 'note'"),
						"back\\slash \t tab \n line \"quoted\"");
	aiodal_tx_free(tx);
}

static void
a_parent_that_is_missing(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = jsonl_into(&book_target);

	(void) state;
	/* no author, so no id: NOT NULL refuses, and the load is undone */
	EXPECT(AIODAL_ECONSTRAINT, aiodal_bulk_load_memory(NULL, tx, &options, books, strlen(books), &err));
	assert_string_equal(aiodal_error_field(err, PG_DIAG_COLUMN_NAME), "author_id");
	assert_non_null(strstr(aiodal_error_field(err, PG_DIAG_CONTEXT), "target statement 1"));
	aiodal_error_free(err);
	assert_string_equal(query(tx, "SELECT count(*) FROM book"), "0");
	assert_string_equal(query(tx, "SELECT to_regclass('pg_temp.aiodal_stage')"), "(null)");
	aiodal_tx_free(tx);
}

static void
columns_csv_parameters(void **state)
{
	static const char *const columns[] = {"thing varchar", "n numeric CHECK (n >= 0)",
										  "\"odd {stage}\" text DEFAULT 'd'"};
	static const char *const params[] = {"1.5", NULL};
	static const aiodal_statement pre[] = {{"ALTER TABLE {stage} ADD COLUMN row serial", 0, NULL}};
	static const aiodal_statement post[] = {{"DELETE FROM {stage} WHERE n = $1::numeric", 1, params},
											{"ANALYZE {stage}", 0, NULL}};
	static const aiodal_statement target[] = {
		{"INSERT INTO archive.widgy SELECT thing || \"odd {stage}\" || row, n FROM {stage}", 0, NULL},
		{"UPDATE archive.widgy SET n = coalesce($2::numeric, n) + $1::numeric", 2, params},
		{"DELETE FROM archive.widgy WHERE thing LIKE 'c%'", 0, NULL}};
	static const char *const copied[] = {"n", "thing"};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;

	(void) state;
	options.stage_columns = columns;
	options.n_stage_columns = 3;
	options.columns = copied;
	options.n_columns = 2;
	options.pre_copy = pre;
	options.n_pre_copy = 1;
	options.post_copy = post;
	options.n_post_copy = 2;
	options.target = target;
	options.n_target = 3;
	OK(aiodal_bulk_load_memory(&stats, tx, &options, "n,thing\n1,a\n1.5,b\n2,c\n", 22, &err));
	assert_int_equal(stats.staged, 3);
	assert_int_equal(stats.inserted, 2);
	assert_int_equal(stats.updated, 2);
	assert_int_equal(stats.deleted, 1);
	assert_int_equal(stats.affected, 5);
	assert_string_equal(query(tx, "SELECT thing || ' ' || n FROM archive.widgy"), "ad1 2.5");
	options.layout.header = AIODAL_HEADER_MATCH;
	FAILS(AIODAL_ESERVER, aiodal_bulk_load_memory(NULL, tx, &options, "thing,n\n1,a\n", 12, &err), "thing");
	aiodal_tx_free(tx);
}

static void
a_named_stage_stays(void **state)
{
	static const char *const columns[] = {"a int"};
	static const aiodal_statement target = {
		"INSERT INTO archive.widgy SELECT a::text, a FROM {stage} UNION ALL"
		" SELECT 'first', sum(a) FROM pg_temp.\"Fir\"\"st\"",
		0, NULL};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;

	(void) state;
	options.stage_columns = columns;
	options.n_stage_columns = 1;
	options.stage = "Fir\"st";
	OK(aiodal_bulk_load_memory(NULL, tx, &options, "a\n1\n2\n", 6, &err));
	assert_string_equal(query(tx, "SELECT sum(a) FROM pg_temp.\"Fir\"\"st\""), "3");
	FAILS(AIODAL_ESERVER, aiodal_bulk_load_memory(NULL, tx, &options, "a\n1\n2\n", 6, &err),
		  "already exists");
	/* another one can look into it */
	options.stage = NULL;
	options.target = &target;
	options.n_target = 1;
	OK(aiodal_bulk_load_memory(NULL, tx, &options, "a\n7\n", 4, &err));
	assert_string_equal(query(tx, "SELECT sum(n) FROM archive.widgy"), "10");
	OK(aiodal_tx_rollback(tx, &err));
	aiodal_tx_free(tx);
}

static void
mistakes_are_undone(void **state)
{
	static const aiodal_statement wrong = {"INSERT INTO nowhere SELECT * FROM {stage}", 0, NULL};
	static const aiodal_statement no_sql = {NULL, 0, NULL};
	static const char *const two[] = {"a int", "b int"};
	static const char *const broken[] = {"a int,,"};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_load_options options = jsonl_into(&wrong);

	(void) state;
	FAILS(AIODAL_ESERVER, aiodal_bulk_load_memory(NULL, tx, &options, authors, strlen(authors), &err),
		  "nowhere");
	options = jsonl_into(&author_target);
	options.pre_copy = &wrong;
	options.n_pre_copy = 1;
	FAILS(AIODAL_ESERVER, aiodal_bulk_load_memory(NULL, tx, &options, authors, strlen(authors), &err),
		  "pre_copy statement 1");
	options.n_pre_copy = 0;
	options.post_copy = &no_sql;
	options.n_post_copy = 1;
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_memory(NULL, tx, &options, authors, strlen(authors), &err),
		  "post_copy must have");
	options.n_post_copy = 0;
	FAILS(AIODAL_ESERVER, aiodal_bulk_load_memory(NULL, tx, &options, "{\"a\": 1}\n{\"a\": \n", 16, &err),
		  "line 2");
	options.stage_columns = two;
	options.n_stage_columns = 2;
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_memory(NULL, tx, &options, "{}", 2, &err), "the stage has 2");
	options.stage_columns = broken;
	options.n_stage_columns = 1;
	FAILS(AIODAL_ESERVER, aiodal_bulk_load_memory(NULL, tx, &options, "{}", 2, &err), "syntax error");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	assert_string_equal(query(tx, "SELECT count(*) FROM author"), "0");
	aiodal_tx_free(tx);
}

/* The raw connection, inside a transaction that is open, does the COPY itself. */
static void
a_csv_through_the_raw_connection(void **state)
{
	static const char data[] = "thing,n\nwhirr,1.25\nclick,2\n";
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	PGconn *pg = aiodal_tx_pgconn(tx);
	PGresult *res;

	(void) state;
	OK(aiodal_tx_exec(NULL, tx, "CREATE TEMP TABLE widgytemp (thing varchar, n numeric) ON COMMIT DROP", 0,
					  NULL, &err));
	/* any aiodal call in between may have set it to what suits itself */
	pg = aiodal_tx_pgconn(tx);
	res = PQexec(pg, "COPY widgytemp FROM STDIN WITH (FORMAT csv, DELIMITER ',', HEADER true)");
	assert_int_equal(PQresultStatus(res), PGRES_COPY_IN);
	PQclear(res);
	assert_int_equal(PQputCopyData(pg, data, (int) strlen(data)), 1);
	assert_int_equal(PQputCopyEnd(pg, NULL), 1);
	res = PQgetResult(pg);
	assert_int_equal(PQresultStatus(res), PGRES_COMMAND_OK);
	PQclear(res);
	assert_null(PQgetResult(pg));
	OK(aiodal_tx_exec(NULL, tx, "INSERT INTO archive.widgy (thing, n) SELECT * FROM widgytemp", 0, NULL,
					  &err));
	assert_string_equal(query(tx, "SELECT sum(n) FROM archive.widgy"), "3.25");
	aiodal_tx_free(tx);
}

static void
two_schemas_one_name(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;
	aiodal_schema *schema;
	const aiodal_table *table;
	const aiodal_table *other;

	(void) state;
	tx = begin();
	OK(aiodal_tx_exec_script(
		tx,
		"CREATE SCHEMA library; CREATE TABLE library.table1 (id serial PRIMARY KEY, column1 varchar UNIQUE);"
		"CREATE TABLE library.table2 (id serial PRIMARY KEY, table1_id int REFERENCES library.table1, "
		"column2 varchar);"
		"CREATE TABLE archive.table1 (id int);",
		&err));
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
	OK(aiodal_db_reflect(db, &err));
	schema = aiodal_db_schema(db);
	OK(aiodal_schema_find_table(&table, schema, "library", "table1", &err));
	OK(aiodal_schema_find_table(&other, schema, "archive", "table1", &err));
	assert_int_equal(aiodal_table_unique_count(table), 2);
	assert_string_equal(aiodal_constraint_column_at(aiodal_table_unique_at(table, 1), 0), "column1");
	assert_int_equal(aiodal_table_unique_count(other), 0);
	assert_string_equal(
		aiodal_constraint_column_at(aiodal_table_unique_at(aiodal_schema_table(schema, NULL, "book"), 1), 0),
		"catalog");
	/* neither is on the search_path */
	FAILS(AIODAL_ENOTFOUND, aiodal_schema_find_table(&table, schema, NULL, "table1", &err),
		  "\"library.table1\"");
	FAILS(AIODAL_ENOTFOUND, aiodal_schema_find_table(&table, schema, "library2", "table1", &err), "HINT");
	tx = begin();
	OK(aiodal_tx_exec(NULL, tx, "INSERT INTO library.table1 (column1) VALUES ('tinbot')", 0, NULL, &err));
	OK(aiodal_tx_exec(NULL, tx,
					  "INSERT INTO library.table2 (table1_id, column2) SELECT id, 'x' FROM library.table1", 0,
					  NULL, &err));
	assert_string_equal(query(tx, "SELECT column2 FROM library.table2"), "x");
	aiodal_tx_free(tx);
	aiodal_schema_unref(schema);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		aiodal_unit_test_setup_teardown(authors_and_their_books, AIODAL_TEST_ROLLBACK, use_db, NULL),
		aiodal_unit_test_setup_teardown(lines_arrive_as_they_are, AIODAL_TEST_ROLLBACK, use_db, NULL),
		aiodal_unit_test_setup_teardown(a_parent_that_is_missing, AIODAL_TEST_ROLLBACK, use_db, NULL),
		aiodal_unit_test_setup_teardown(columns_csv_parameters, AIODAL_TEST_ROLLBACK, use_db, NULL),
		aiodal_unit_test_setup_teardown(a_named_stage_stays, AIODAL_TEST_ROLLBACK, use_db, NULL),
		aiodal_unit_test_setup_teardown(mistakes_are_undone, AIODAL_TEST_ROLLBACK, use_db, NULL),
		aiodal_unit_test_setup_teardown(a_csv_through_the_raw_connection, AIODAL_TEST_ROLLBACK, use_db, NULL),
		aiodal_unit_test_setup_teardown(two_schemas_one_name, AIODAL_TEST_CLONE, use_db, NULL),
	};
	aiodal_test_group_options options =
		group_options(BOOKS "CREATE SCHEMA archive; CREATE TABLE archive.widgy (thing varchar, n numeric);");

	return aiodal_run_group_tests(tests, &options);
}
