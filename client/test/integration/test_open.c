/*
 * test_open.c
 *		Opening a db and reading its schema.
 */
#include "support.h"

#include <sys/wait.h>
#include <unistd.h>

static int
set_up(void **state)
{
	(void) state;
	reset_database(
		"CREATE SCHEMA library; CREATE SCHEMA \"Odd \"\"Schema\";" BOOKS
		"CREATE TABLE library.book (a int, b text, UNIQUE (b, a), CONSTRAINT positive CHECK (a > 0));"
		"COMMENT ON TABLE library.book IS 'one with the same name'; COMMENT ON COLUMN library.book.b IS "
		"'column b';"
		"CREATE TABLE \"Odd \"\"Schema\".\"Ta.ble\" (\"a,b\" int, \"c{}\\\" text, \"d\"\"e\" numeric(12,2) "
		"NOT NULL DEFAULT 1.5,"
		" \"NULL\" text[], PRIMARY KEY (\"d\"\"e\", \"a,b\"), UNIQUE (\"NULL\", \"c{}\\\"));"
		"CREATE VIEW book_names AS SELECT name FROM book;"
		"CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM book;"
		"CREATE TABLE logged (at timestamptz, n int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS "
		"AS (2) STORED)"
		" PARTITION BY RANGE (at);"
		"CREATE INDEX book_lower ON book (lower(name)) INCLUDE (catalog) WHERE author_id > 0;"
		"CREATE TABLE cycle_a (id int PRIMARY KEY); CREATE TABLE cycle_b (id int PRIMARY KEY REFERENCES "
		"cycle_a);"
		"ALTER TABLE cycle_a ADD FOREIGN KEY (id) REFERENCES cycle_b ON DELETE CASCADE DEFERRABLE INITIALLY "
		"DEFERRED;");
	return 0;
}

static void
about_the_server(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;

	(void) state;
	OK(aiodal_db_open(&db, NULL, NULL, &err));
	assert_string_equal(aiodal_db_name(db), getenv("PGDATABASE"));
	assert_true(aiodal_db_server_version(db) >= 150000 && aiodal_db_server_version(db) < 200000);
	assert_int_equal(strtol(aiodal_db_server_version_text(db), NULL, 10),
					 aiodal_db_server_version(db) / 10000);
	assert_string_equal(aiodal_db_extension_version(db), AIODAL_VERSION);
	OK(aiodal_db_ping(db, &err));
	aiodal_db_close(db);
}

static void
not_to_be_opened(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db = (aiodal_db *) &err;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	const char *const nowhere[] = {"public", "nowhere"};
	const char *const nothing[] = {"public", NULL};

	(void) state;
	FAILS(AIODAL_ECONN, aiodal_db_open(&db, "dbname=no_such_database", NULL, &err),
		  "\"no_such_database\" does not exist");
	assert_null(db);
	FAILS(AIODAL_ECONN, aiodal_db_open(&db, "no_such_database", NULL, &err),
		  "\"no_such_database\" does not exist");
	FAILS(AIODAL_ECONN, aiodal_db_open(&db, "host=/nowhere/at/all", NULL, &err), "HINT");
	FAILS(AIODAL_ECONN, aiodal_db_open(&db, "user=nobody_by_this_name", NULL, &err), "nobody_by_this_name");
	FAILS(AIODAL_EINVAL, aiodal_db_open(&db, "passwrd=secret", NULL, &err), "cannot be parsed");
	FAILS(AIODAL_EINVAL, aiodal_db_open(NULL, NULL, NULL, &err), "NULL");
	options.pool_size = -1;
	FAILS(AIODAL_EINVAL, aiodal_db_open(&db, NULL, &options, &err), "pool_size");
	options.pool_size = 1;
	options.schemas = nowhere;
	options.n_schemas = 2;
	FAILS(AIODAL_ENOTFOUND, aiodal_db_open(&db, NULL, &options, &err), "nowhere");
	options.schemas = nothing;
	FAILS(AIODAL_EINVAL, aiodal_db_open(&db, NULL, &options, &err), "n_schemas");
	/* nobody asks why */
	assert_int_equal(aiodal_db_open(&db, "host=/nowhere/at/all", NULL, NULL), AIODAL_ECONN);
}

static void
secrets_stay_secret(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	char text[2000];

	(void) state;
	EXPECT(AIODAL_EINVAL, aiodal_db_open(&db, "password='hush hush", NULL, &err));
	(void) aiodal_error_describe(err, text, sizeof(text));
	assert_null(strstr(text, "hush"));
	aiodal_error_free(err);
	err = NULL;
	EXPECT(AIODAL_ECONN, aiodal_db_open(&db, "host=/nowhere password=hush", NULL, &err));
	(void) aiodal_error_describe(err, text, sizeof(text));
	assert_null(strstr(text, "hush"));
	aiodal_error_free(err);
}

static void
without_the_extension(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;

	(void) state;
	run_sql("DROP DATABASE IF EXISTS aiodal_bare");
	run_sql("CREATE DATABASE aiodal_bare TEMPLATE template0");
	EXPECT(AIODAL_ENOTFOUND, aiodal_db_open(&db, "dbname=aiodal_bare", NULL, &err));
	assert_string_equal(aiodal_error_message(err),
						"extension aiodal is not installed in database \"aiodal_bare\"");
	assert_non_null(strstr(aiodal_error_hint(err), "CREATE EXTENSION aiodal"));
	aiodal_error_free(err);
	run_sql("DROP DATABASE aiodal_bare");
}

/* The contract's version is that of the extension's SQL. */
static void
with_another_version(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;

	(void) state;
	run_sql("UPDATE pg_extension SET extversion = '0.0.9' WHERE extname = 'aiodal'");
	FAILS(AIODAL_ESTATE, aiodal_db_open(&db, NULL, NULL, &err), "aiodal 0.0.9 in database");
	run_sql("UPDATE pg_extension SET extversion = '0.99.0' WHERE extname = 'aiodal'");
	FAILS(AIODAL_ESTATE, aiodal_db_open(&db, NULL, NULL, &err), "is too new");
	run_sql("UPDATE pg_extension SET extversion = '7.0' WHERE extname = 'aiodal'");
	FAILS(AIODAL_ESTATE, aiodal_db_open(&db, NULL, NULL, &err), "is too new");
	run_sql("UPDATE pg_extension SET extversion = '" AIODAL_VERSION "' WHERE extname = 'aiodal'");
}

static void
tables_are_found(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_schema *schema;
	const aiodal_table *book;
	const aiodal_table *other;

	(void) state;
	OK(aiodal_db_open(&db, NULL, NULL, &err));
	schema = aiodal_db_schema(db);
	book = aiodal_schema_table(schema, NULL, "book");
	other = aiodal_schema_table(schema, "library", "book");
	assert_non_null(book);
	assert_non_null(other);
	assert_ptr_not_equal(book, other);
	assert_ptr_equal(book, aiodal_schema_table(schema, "public", "book"));
	assert_ptr_equal(other, aiodal_schema_table_by_oid(schema, aiodal_table_oid(other)));
	assert_string_equal(aiodal_table_schema(book), "public");
	assert_string_equal(aiodal_table_name(book), "book");
	assert_string_equal(aiodal_table_qualified(other), "\"library\".\"book\"");
	assert_string_equal(aiodal_table_kind(book), "table");
	assert_string_equal(aiodal_table_comment(other), "one with the same name");
	assert_null(aiodal_table_comment(book));
	assert_true(aiodal_table_visible(book));
	assert_false(aiodal_table_visible(other));
	assert_true(aiodal_table_insertable(book));
	assert_string_equal(aiodal_table_kind(aiodal_schema_table(schema, NULL, "book_names")), "view");
	assert_string_equal(aiodal_table_kind(aiodal_schema_table(schema, NULL, "counted")), "materialized view");
	assert_string_equal(aiodal_table_kind(aiodal_schema_table(schema, NULL, "logged")), "partitioned table");
	assert_non_null(aiodal_table_definition(aiodal_schema_table(schema, NULL, "book_names")));
	assert_non_null(strstr(aiodal_table_partition_key(aiodal_schema_table(schema, NULL, "logged")), "at"));
	assert_null(aiodal_schema_table(schema, NULL, "Book"));
	assert_null(aiodal_schema_table(schema, "librar", "ybook"));
	assert_null(aiodal_schema_table(schema, NULL, NULL));
	assert_null(aiodal_schema_table_by_oid(schema, 1));
	/* the snapshot outlives the db */
	aiodal_db_close(db);
	assert_string_equal(aiodal_table_name(book), "book");
	aiodal_schema_unref(schema);
}

static void
odd_names_are_whole(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_schema *schema;
	const aiodal_table *table;
	const aiodal_constraint *key;
	const aiodal_column *column;

	(void) state;
	OK(aiodal_db_open(&db, NULL, NULL, &err));
	schema = aiodal_db_schema(db);
	table = aiodal_schema_table(schema, "Odd \"Schema", "Ta.ble");
	assert_non_null(table);
	assert_string_equal(aiodal_table_qualified(table), "\"Odd \"\"Schema\".\"Ta.ble\"");
	assert_int_equal(aiodal_table_column_count(table), 4);
	key = aiodal_table_primary_key(table);
	assert_int_equal(aiodal_constraint_column_count(key), 2);
	assert_string_equal(aiodal_constraint_column_at(key, 0), "d\"e");
	assert_string_equal(aiodal_constraint_column_at(key, 1), "a,b");
	assert_null(aiodal_constraint_column_at(key, 2));
	assert_int_equal(aiodal_table_unique_count(table), 2);
	assert_ptr_equal(aiodal_table_unique_at(table, 0), key);
	assert_string_equal(aiodal_constraint_column_at(aiodal_table_unique_at(table, 1), 0), "NULL");
	assert_string_equal(aiodal_constraint_column_at(aiodal_table_unique_at(table, 1), 1), "c{}\\");
	column = aiodal_table_column(table, "d\"e");
	assert_string_equal(aiodal_column_type(column), "numeric(12,2)");
	assert_string_equal(aiodal_column_type_name(column), "numeric");
	assert_string_equal(aiodal_column_default(column), "1.5");
	assert_true(aiodal_column_not_null(column));
	assert_int_equal(aiodal_column_position(column), 3);
	assert_ptr_equal(aiodal_column_table(column), table);
	assert_ptr_equal(aiodal_table_column_at(table, 2), column);
	assert_string_equal(aiodal_column_type(aiodal_table_column(table, "NULL")), "text[]");
	assert_null(aiodal_column_default(aiodal_table_column(table, "a,b")));
	aiodal_schema_unref(schema);
	aiodal_db_close(db);
}

static void
columns_constraints_indexes(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_schema *schema;
	const aiodal_table *book;
	const aiodal_table *cycle;
	const aiodal_constraint *fk;
	const aiodal_index *index;

	(void) state;
	OK(aiodal_db_open(&db, NULL, NULL, &err));
	schema = aiodal_db_schema(db);
	book = aiodal_schema_table(schema, NULL, "book");
	assert_int_equal(aiodal_table_foreign_key_count(book), 1);
	fk = aiodal_table_foreign_key_at(book, 0);
	assert_string_equal(aiodal_constraint_kind(fk), "foreign key");
	assert_string_equal(aiodal_constraint_referenced_schema(fk), "public");
	assert_string_equal(aiodal_constraint_referenced_name(fk), "author");
	assert_ptr_equal(aiodal_constraint_referenced_table(fk), aiodal_schema_table(schema, NULL, "author"));
	assert_string_equal(aiodal_constraint_referenced_column_at(fk, 0), "id");
	assert_false(aiodal_constraint_deferrable(fk));
	assert_true(aiodal_constraint_validated(fk));
	cycle = aiodal_schema_table(schema, NULL, "cycle_a");
	fk = aiodal_table_foreign_key_at(cycle, 0);
	assert_true(aiodal_constraint_deferrable(fk));
	assert_true(aiodal_constraint_initially_deferred(fk));
	assert_string_equal(aiodal_constraint_on_delete(fk), "cascade");
	index = aiodal_table_index(book, "book_lower");
	assert_non_null(index);
	assert_string_equal(aiodal_index_method(index), "btree");
	assert_false(aiodal_index_is_unique(index));
	assert_non_null(strstr(aiodal_index_key_expression(index, 0), "lower"));
	assert_int_equal(aiodal_index_include_count(index), 1);
	assert_string_equal(aiodal_index_include_at(index, 0), "catalog");
	assert_non_null(strstr(aiodal_index_predicate(index), "author_id > 0"));
	assert_string_equal(aiodal_index_constraint(aiodal_table_index(book, "book_catalog_key")),
						"book_catalog_key");
	assert_string_equal(aiodal_constraint_expression(aiodal_table_constraint(
							aiodal_schema_table(schema, "library", "book"), "positive")),
						"(a > 0)");
	assert_string_equal(
		aiodal_column_generated(aiodal_table_column(aiodal_schema_table(schema, NULL, "logged"), "twice")),
		"stored");
	assert_string_equal(
		aiodal_column_identity(aiodal_table_column(aiodal_schema_table(schema, NULL, "logged"), "n")),
		"always");
	aiodal_schema_unref(schema);
	aiodal_db_close(db);
}

static int
sorted_position(const aiodal_schema *schema, const aiodal_table *table)
{
	for (int i = 0; i < aiodal_schema_sorted_count(schema); i++)
	{
		if (aiodal_schema_sorted_at(schema, i) == table)
			return i;
	}
	return -1;
}

static void
tables_in_order(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_schema *schema;

	(void) state;
	OK(aiodal_db_open(&db, NULL, NULL, &err));
	schema = aiodal_db_schema(db);
	assert_true(sorted_position(schema, aiodal_schema_table(schema, NULL, "author")) >= 0);
	assert_true(sorted_position(schema, aiodal_schema_table(schema, NULL, "author")) <
				sorted_position(schema, aiodal_schema_table(schema, NULL, "book")));
	for (int i = 1; i < aiodal_schema_table_count(schema); i++)
	{
		const aiodal_table *a = aiodal_schema_table_at(schema, i - 1);
		const aiodal_table *b = aiodal_schema_table_at(schema, i);
		int order = strcmp(aiodal_table_schema(a), aiodal_table_schema(b));

		assert_true(order < 0 || (order == 0 && strcmp(aiodal_table_name(a), aiodal_table_name(b)) < 0));
	}
	aiodal_schema_unref(schema);
	aiodal_db_close(db);
}

static void
what_is_not_there_is_explained(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_schema *schema;
	const aiodal_table *table;
	const aiodal_column *column;
	const aiodal_constraint *constraint;

	(void) state;
	OK(aiodal_db_open(&db, NULL, NULL, &err));
	schema = aiodal_db_schema(db);
	FAILS(AIODAL_ENOTFOUND, aiodal_schema_find_table(&table, schema, NULL, "bok", &err),
		  "Did you mean \"book\"");
	assert_null(table);
	FAILS(AIODAL_ENOTFOUND, aiodal_schema_find_table(&table, schema, "librar", "book", &err),
		  "\"library.book\"");
	FAILS(AIODAL_ENOTFOUND, aiodal_schema_find_table(&table, schema, "library", "author", &err),
		  "There are \"library.book\"");
	FAILS(AIODAL_EINVAL, aiodal_schema_find_table(&table, NULL, NULL, "book", &err), "NULL");
	OK(aiodal_schema_find_table(&table, schema, NULL, "book", &err));
	FAILS(AIODAL_ENOTFOUND, aiodal_table_find_column(&column, table, "nmae", &err), "Did you mean \"name\"");
	OK(aiodal_table_find_column(&column, table, "name", &err));
	FAILS(AIODAL_ENOTFOUND, aiodal_table_find_constraint(&constraint, table, "zzz", &err), "\"book_pkey\"");
	OK(aiodal_table_find_constraint(&constraint, table, "book_pkey", &err));
	OK(aiodal_schema_find_unique(&constraint, schema, NULL, "book_catalog_key", &err));
	assert_string_equal(aiodal_constraint_column_at(constraint, 0), "catalog");
	assert_ptr_equal(aiodal_constraint_table(constraint), table);
	FAILS(AIODAL_ENOTFOUND, aiodal_schema_find_unique(&constraint, schema, NULL, "book_catalogue_key", &err),
		  "Did you mean \"book_catalog_key\"");
	FAILS(AIODAL_ENOTFOUND,
		  aiodal_schema_find_unique(&constraint, schema, "archive", "book_catalog_key", &err),
		  "does not exist");
	aiodal_schema_unref(schema);
	aiodal_db_close(db);
}

static void
getters_take_null(void **state)
{
	(void) state;
	assert_null(aiodal_table_name(NULL));
	assert_int_equal(aiodal_table_oid(NULL), 0);
	assert_int_equal(aiodal_schema_table_count(NULL), 0);
	assert_null(aiodal_schema_table_at(NULL, 0));
	assert_null(aiodal_schema_table(NULL, NULL, "x"));
	assert_null(aiodal_table_column(NULL, "x"));
	assert_null(aiodal_table_constraint(NULL, "x"));
	assert_null(aiodal_table_primary_key(NULL));
	assert_null(aiodal_column_type(NULL));
	assert_false(aiodal_column_not_null(NULL));
	assert_false(aiodal_index_is_unique(NULL));
	assert_null(aiodal_constraint_column_at(NULL, 0));
	aiodal_schema_unref(NULL);
	assert_null(aiodal_schema_ref(NULL));
	aiodal_db_close(NULL);
	assert_null(aiodal_db_schema(NULL));
}

static void
chosen_schemas_alone(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_schema *schema;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	const char *const schemas[] = {"library", "Odd \"Schema"};

	(void) state;
	options.schemas = schemas;
	options.n_schemas = 2;
	OK(aiodal_db_open(&db, NULL, &options, &err));
	schema = aiodal_db_schema(db);
	assert_int_equal(aiodal_schema_table_count(schema), 2);
	aiodal_schema_unref(schema);
	aiodal_db_close(db);
}

static void
the_system_if_asked_for(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_schema *schema;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	const char *const include[] = {"system"};

	(void) state;
	options.include = include;
	options.n_include = 1;
	OK(aiodal_db_open(&db, NULL, &options, &err));
	schema = aiodal_db_schema(db);
	assert_non_null(aiodal_schema_table(schema, "pg_catalog", "pg_class"));
	/* visible without its schema, as a statement would see it */
	assert_non_null(aiodal_schema_table(schema, NULL, "pg_class"));
	aiodal_schema_unref(schema);
	aiodal_db_close(db);
}

static void
reflection_is_renewed(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_schema *before;
	aiodal_schema *after;
	aiodal_tx *tx;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	options.no_reflect = true;
	OK(aiodal_db_open(&db, NULL, &options, &err));
	assert_null(aiodal_db_schema(db));
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	assert_null(aiodal_tx_schema(tx));
	aiodal_tx_free(tx);
	OK(aiodal_db_reflect(db, &err));
	before = aiodal_db_schema(db);
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	run_sql("CREATE TABLE later (id int)");
	OK(aiodal_db_reflect(db, &err));
	after = aiodal_db_schema(db);
	assert_null(aiodal_schema_table(before, NULL, "later"));
	assert_non_null(aiodal_schema_table(after, NULL, "later"));
	/* a transaction keeps what it began with */
	assert_ptr_equal(aiodal_tx_schema(tx), before);
	aiodal_tx_free(tx);
	aiodal_schema_unref(after);
	aiodal_schema_unref(before);
	aiodal_db_close(db);
	run_sql("DROP TABLE later");
}

/* A table of the caller's that is called as one of the catalog's, found first, must not be read instead. */
static void
a_hostile_search_path(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_schema *schema;

	(void) state;
	run_sql(
		"CREATE SCHEMA archive; CREATE TABLE archive.pg_extension (extname text, extversion text);"
		"CREATE TABLE archive.book (x int);"
		"CREATE FUNCTION archive.current_database() RETURNS name LANGUAGE sql AS $$ SELECT 'lies'::name $$;"
		"CREATE FUNCTION archive.eq(name, name) RETURNS bool LANGUAGE sql AS $$ SELECT false $$;"
		"CREATE OPERATOR archive.= (LEFTARG = name, RIGHTARG = name, PROCEDURE = archive.eq)");
	OK(aiodal_db_open(&db, "options='-c search_path=archive,pg_catalog,public'", NULL, &err));
	assert_string_equal(aiodal_db_name(db), getenv("PGDATABASE"));
	schema = aiodal_db_schema(db);
	assert_string_equal(aiodal_table_schema(aiodal_schema_table(schema, NULL, "book")), "archive");
	assert_string_equal(aiodal_table_schema(aiodal_schema_table(schema, NULL, "author")), "public");
	aiodal_schema_unref(schema);
	aiodal_db_close(db);
	run_sql("DROP SCHEMA archive CASCADE");
}

static void
a_forked_child_is_told(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_tx *tx;
	int status;
	pid_t child;

	(void) state;
	OK(aiodal_db_open(&db, NULL, NULL, &err));
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	child = fork();
	if (child == 0)
	{
		int wrong = 0;

		wrong += aiodal_db_ping(db, NULL) != AIODAL_ESTATE;
		wrong += aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, NULL) != AIODAL_ESTATE;
		wrong += aiodal_tx_commit(tx, NULL) != AIODAL_ESTATE;
		aiodal_tx_free(tx);
		aiodal_db_close(db);
		_exit(wrong);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* the parent's connections are as they were */
	assert_string_equal(query(tx, "SELECT 42"), "42");
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
	OK(aiodal_db_ping(db, &err));
	aiodal_db_close(db);
}

static void
count_notice(void *payload, const aiodal_error *notice)
{
	assert_string_equal(aiodal_error_message(notice), "hear, hear");
	assert_string_equal(aiodal_error_sqlstate(notice), "01000");
	++*(int *) payload;
}

static void
notices_are_handed_on(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *db;
	aiodal_tx *tx;
	int n = 0;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	options.notice = count_notice;
	options.notice_payload = &n;
	OK(aiodal_db_open(&db, NULL, &options, &err));
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	OK(aiodal_tx_exec(NULL, tx, "DO $$ BEGIN RAISE WARNING 'hear, hear'; END $$", 0, NULL, &err));
	assert_int_equal(n, 1);
	aiodal_tx_free(tx);
	aiodal_db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(about_the_server),        cmocka_unit_test(not_to_be_opened),
		cmocka_unit_test(secrets_stay_secret),     cmocka_unit_test(without_the_extension),
		cmocka_unit_test(with_another_version),    cmocka_unit_test(tables_are_found),
		cmocka_unit_test(odd_names_are_whole),     cmocka_unit_test(columns_constraints_indexes),
		cmocka_unit_test(tables_in_order),         cmocka_unit_test(what_is_not_there_is_explained),
		cmocka_unit_test(getters_take_null),       cmocka_unit_test(chosen_schemas_alone),
		cmocka_unit_test(the_system_if_asked_for), cmocka_unit_test(reflection_is_renewed),
		cmocka_unit_test(a_hostile_search_path),   cmocka_unit_test(a_forked_child_is_told),
		cmocka_unit_test(notices_are_handed_on),
	};

	return cmocka_run_group_tests_name("open", tests, set_up, NULL);
}
