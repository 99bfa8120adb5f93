/*
 * test_export.c
 *		Tables and queries into files, and back.
 */
#include "support.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static aiodal_db *db;
static char directory[] = "/tmp/aiodal-export-XXXXXX";

static int
set_up(void **state)
{
	(void) state;
	reset_database("CREATE TABLE item (id int PRIMARY KEY, name text, price numeric, doc json, twice int "
				   "GENERATED ALWAYS AS (id * 2) STORED);"
				   "INSERT INTO item (id, name, price, doc) VALUES (1, E'a,\"q\"\\n\\\\x\\t', 1.5, "
				   "E'{\"k\":\\n [1,\\t2]}'), (2, NULL, NULL, NULL);"
				   "CREATE VIEW names AS SELECT name FROM item; CREATE SCHEMA library;"
				   "CREATE TABLE library.\"Odd\"\"\" (\"aiodal row\" text, __t int); INSERT INTO "
				   "library.\"Odd\"\"\" VALUES ('v', 1);");
	return mkdtemp(directory) ? (int) aiodal_db_open(&db, NULL, NULL, NULL) : -1;
}

static int
files(void)
{
	DIR *dir = opendir(directory);
	int n = 0;

	while (readdir(dir))
		n++;
	(void) closedir(dir);
	return n - 2;
}

static const char *
path_of(const char *name)
{
	static char path[200];

	(void) snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {"items.csv", "items.jsonl", "items.txt", "items.bin", "items.csv.gz"};

	(void) state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void) unlink(path_of(names[i]));
	aiodal_db_close(db);
	return rmdir(directory);
}

static aiodal_tx *
begin(void)
{
	return begin_in(db);
}

typedef struct text
{
	char data[5000];
	size_t len;
	int calls;
	int fail_at;
} text;

static int
collect(void *payload, const char *data, size_t size, aiodal_error **err)
{
	text *t = payload;

	if (++t->calls == t->fail_at)
		return -1;
	if (t->len + size >= sizeof(t->data))
		return aiodal_error_set(err, AIODAL_ECALLBACK, "too much for the test", NULL, NULL) != AIODAL_OK;
	memcpy(t->data + t->len, data, size);
	t->len += size;
	t->data[t->len] = '\0';
	return 0;
}

static aiodal_export_options
of_item(aiodal_format format)
{
	aiodal_export_options options = AIODAL_EXPORT_OPTIONS_INIT;

	options.table = "item";
	options.layout.format = format;
	return options;
}

static void
expect_export(aiodal_tx *tx, const aiodal_export_options *options, const char *expected)
{
	aiodal_error *err = NULL;
	aiodal_export_stats stats = AIODAL_EXPORT_STATS_INIT;
	text t = {.len = 0};

	OK(aiodal_bulk_export(&stats, tx, options, collect, &t, &err));
	assert_string_equal(t.data, expected);
	assert_int_equal(stats.bytes, strlen(expected));
}

static void
every_format(void **state)
{
	aiodal_tx *tx = begin();
	aiodal_export_options options = of_item(AIODAL_FORMAT_AUTO);

	(void) state;
	expect_export(tx, &options,
				  "id,name,price,doc\n1,\"a,\"\"q\"\"\n\\x\t\",1.5,\"{\"\"k\"\":\n [1,\t2]}\"\n2,,,\n");
	options.layout.header = AIODAL_HEADER_NO;
	options.layout.delimiter = ';';
	options.layout.null = "none";
	expect_export(tx, &options,
				  "1;\"a,\"\"q\"\"\n\\x\t\";1.5;\"{\"\"k\"\":\n [1,\t2]}\"\n2;none;none;none\n");
	options = of_item(AIODAL_FORMAT_TEXT);
	expect_export(tx, &options, "1\ta,\"q\"\\n\\\\x\\t\t1.5\t{\"k\":\\n [1,\\t2]}\n2\t\\N\t\\N\t\\N\n");
	options = of_item(AIODAL_FORMAT_JSONL);
	/* white space of a json value is still white space, but no line end */
	expect_export(tx, &options,
				  "{\"id\":1,\"name\":\"a,\\\"q\\\"\\n\\\\x\\t\",\"price\":1.5,\"doc\":{\"k\":  [1, 2]}}\n"
				  "{\"id\":2,\"name\":null,\"price\":null,\"doc\":null}\n");
	aiodal_tx_free(tx);
}

static void
queries_views_columns(void **state)
{
	aiodal_tx *tx = begin();
	aiodal_export_options options = AIODAL_EXPORT_OPTIONS_INIT;
	const char *const columns[] = {"price", "id"};

	(void) state;
	options.query = "SELECT id AS \"I d\" FROM item ORDER BY id DESC -- a comment at the end";
	expect_export(tx, &options, "I d\n2\n1\n");
	options.layout.format = AIODAL_FORMAT_JSONL;
	expect_export(tx, &options, "{\"I d\":2}\n{\"I d\":1}\n");
	options.query = "INSERT INTO item (id) VALUES (9) RETURNING id";
	options.layout.format = AIODAL_FORMAT_CSV;
	expect_export(tx, &options, "id\n9\n");
	options = of_item(AIODAL_FORMAT_CSV);
	options.columns = columns;
	options.n_columns = 2;
	expect_export(tx, &options, "price,id\n1.5,1\n,2\n,9\n");
	options = of_item(AIODAL_FORMAT_JSONL);
	options.table = "names";
	expect_export(tx, &options, "{\"name\":\"a,\\\"q\\\"\\n\\\\x\\t\"}\n{\"name\":null}\n{\"name\":null}\n");
	/* a column may even be called as the alias that is used for the row */
	options.schema = "library";
	options.table = "Odd\"";
	options.layout.format = AIODAL_FORMAT_CSV;
	expect_export(tx, &options, "aiodal row,__t\nv,1\n");
	aiodal_tx_free(tx);
}

static void
files_and_back(void **state)
{
	static const char *const names[] = {"items.csv", "items.jsonl", "items.txt", "items.bin", "items.csv.gz"};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();

	(void) state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		const char *const columns[] = {"id", "name", "price", "doc"};
		aiodal_export_options options = of_item(AIODAL_FORMAT_AUTO);
		aiodal_export_stats stats = AIODAL_EXPORT_STATS_INIT;
		aiodal_load_options load = AIODAL_LOAD_OPTIONS_INIT;
		aiodal_load_stats loaded = AIODAL_LOAD_STATS_INIT;

		OK(aiodal_bulk_export_file(&stats, tx, &options, path_of(names[i]), &err));
		assert_int_equal(stats.rows, 2);
		OK(aiodal_tx_exec_script(tx, "DELETE FROM item WHERE id = 1", &err));
		load.table = "item";
		if (i == 2 || i == 3) /* no header, hence the columns by hand */
		{
			load.columns = columns;
			load.n_columns = 4;
		}
		OK(aiodal_bulk_load_file(&loaded, tx, &load, path_of(names[i]), &err));
		assert_int_equal(loaded.staged, 2);
		assert_int_equal(loaded.inserted, 1);
		assert_string_equal(query(tx, "SELECT name FROM item WHERE id = 1"), "a,\"q\"\n\\x\t");
	}
	aiodal_tx_free(tx);
}

static void
to_a_stream(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_export_options options = AIODAL_EXPORT_OPTIONS_INIT;
	char buf[20] = "";
	FILE *f = tmpfile();

	(void) state;
	options.query = "SELECT 1 AS a";
	OK(aiodal_bulk_export_stream(NULL, tx, &options, f, &err));
	OK(aiodal_bulk_export_fd(NULL, tx, &options, fileno(f), &err));
	rewind(f);
	assert_int_equal(fread(buf, 1, sizeof(buf), f), 8);
	assert_memory_equal(buf, "a\n1\na\n1\n", 8);
	assert_int_equal(fclose(f), 0);
	aiodal_tx_free(tx);
}

static void
what_is_refused(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_export_options options = AIODAL_EXPORT_OPTIONS_INIT;
	int before = files();

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_bulk_export_file(NULL, tx, &options, path_of("x.csv"), &err),
		  "either a table or a query");
	options.table = "itme";
	FAILS(AIODAL_ENOTFOUND, aiodal_bulk_export_file(NULL, tx, &options, path_of("x.csv"), &err),
		  "Did you mean \"item\"");
	options.table = NULL;
	options.query = "SELECT 1/(2 - n) FROM generate_series(1, 2) n";
	FAILS(AIODAL_ESERVER, aiodal_bulk_export_file(NULL, tx, &options, path_of("x.csv"), &err),
		  "division by zero");
	options.query = "SELECT 1; DROP TABLE item";
	FAILS(AIODAL_ESERVER, aiodal_bulk_export_file(NULL, tx, &options, path_of("x.csv"), &err),
		  "syntax error");
	options.schema = "public";
	FAILS(AIODAL_EINVAL, aiodal_bulk_export_file(NULL, tx, &options, path_of("x.csv"), &err), "of a table");
	options = of_item(AIODAL_FORMAT_CSV);
	options.layout.header = AIODAL_HEADER_MATCH;
	FAILS(AIODAL_EINVAL, aiodal_bulk_export_file(NULL, tx, &options, path_of("x.csv"), &err), "for loads");
	options.layout.header = AIODAL_HEADER_AUTO;
	FAILS(AIODAL_EINVAL, aiodal_bulk_export_file(NULL, tx, &options, directory, &err), "is a directory");
	FAILS(AIODAL_EINVAL, aiodal_bulk_export_file(NULL, tx, &options, NULL, &err), "path must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_bulk_export(NULL, tx, &options, NULL, NULL, &err), "write must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_bulk_export_file(NULL, tx, &options, "/dev/full", &err), "No space left");
	assert_int_equal(files(), before);
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "2");
	aiodal_tx_free(tx);
}

static int
stop_after_rows(void *payload, const aiodal_progress *progress)
{
	*(int64_t *) payload = progress->rows;
	return progress->rows > 0;
}

static void
ended_by_the_caller(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_export_options options = AIODAL_EXPORT_OPTIONS_INIT;
	text t = {.fail_at = 2};
	text full = {.len = 0};
	int64_t rows = 0;

	(void) state;
	options.query = "SELECT repeat('x', 1000) FROM generate_series(1, 100000000)";
	FAILS(AIODAL_ECALLBACK, aiodal_bulk_export(NULL, tx, &options, collect, &full, &err),
		  "too much for the test");
	t.len = 0;
	options.layout.compression = AIODAL_COMPRESSION_GZIP;
	FAILS(AIODAL_ECALLBACK, aiodal_bulk_export(NULL, tx, &options, collect, &t, &err),
		  "callback that writes");
	options.layout.compression = AIODAL_COMPRESSION_NONE;
	options.progress = stop_after_rows;
	options.progress_payload = &rows;
	FAILS(AIODAL_ECANCELED, aiodal_bulk_export_file(NULL, tx, &options, "/dev/null", &err),
		  "progress callback");
	assert_true(rows > 0);
	assert_string_equal(query(tx, "SELECT 1"), "1");
	aiodal_tx_free(tx);
}

typedef struct killer
{
	int pid;
	int calls;
} killer;

static int
kill_while_writing(void *payload, const char *data, size_t size, aiodal_error **err)
{
	killer *k = payload;
	char sql[100];

	(void) data;
	(void) size;
	(void) err;
	if (++k->calls == 3)
	{
		(void) snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d, 1000)", k->pid);
		run_sql(sql);
	}
	return 0;
}

static void
the_server_goes_in_the_middle(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin();
	aiodal_export_options options = AIODAL_EXPORT_OPTIONS_INIT;
	killer k = {(int) strtol(query(tx, "SELECT pg_backend_pid()"), NULL, 10), 0};

	(void) state;
	options.query = "SELECT repeat('x', 1000) FROM generate_series(1, 100000000)";
	EXPECT(AIODAL_ECONN, aiodal_bulk_export(NULL, tx, &options, kill_while_writing, &k, &err));
	aiodal_error_free(err);
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	aiodal_tx_free(tx);
}

static void
deadlines_hold(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;
	aiodal_tx_options tx_options = AIODAL_TX_OPTIONS_INIT;
	aiodal_export_options options = AIODAL_EXPORT_OPTIONS_INIT;

	(void) state;
	tx_options.timeout_ms = 300;
	OK(aiodal_tx_begin(&tx, db, &tx_options, &err));
	options.query = "SELECT pg_sleep(0.05) FROM generate_series(1, 1000)";
	FAILS(AIODAL_ETIMEOUT, aiodal_bulk_export_file(NULL, tx, &options, "/dev/null", &err), "deadline");
	OK(aiodal_tx_rollback(tx, &err));
	aiodal_tx_free(tx);
	/* rows that come without a pause do not hide the time */
	OK(aiodal_tx_begin(&tx, db, &tx_options, &err));
	options.query = "SELECT repeat('x', 1000) FROM generate_series(1, 100000000)";
	FAILS(AIODAL_ETIMEOUT, aiodal_bulk_export_file(NULL, tx, &options, "/dev/null", &err), "deadline");
	aiodal_tx_free(tx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format),
		cmocka_unit_test(queries_views_columns),
		cmocka_unit_test(files_and_back),
		cmocka_unit_test(to_a_stream),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(ended_by_the_caller),
		cmocka_unit_test(the_server_goes_in_the_middle),
		cmocka_unit_test(deadlines_hold),
	};

	return cmocka_run_group_tests_name("export", tests, set_up, tear_down);
}
