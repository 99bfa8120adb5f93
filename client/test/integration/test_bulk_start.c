/*
 * test_bulk_start.c
 *		Loads and exports that do not block.
 */
#include "running.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static aiodal_db *db;
static pthread_t test_thread;
static char directory[] = "/tmp/aiodal-start-XXXXXX";
static char file[60];

#define ITEMS "id,name\n1,a\n2,b\n"

static int
set_up(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	test_thread = pthread_self();
	reset_database("CREATE TABLE item (id int PRIMARY KEY, name text);"
				   "CREATE FUNCTION is_slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM "
				   "pg_sleep(600); RETURN NULL; END';"
				   "CREATE TABLE slow (id int PRIMARY KEY, name text);"
				   "CREATE TRIGGER t AFTER INSERT ON slow EXECUTE FUNCTION is_slow()");
	if (!mkdtemp(directory))
		return -1;
	(void) snprintf(file, sizeof(file), "%s/items.csv", directory);
	options.application_name = "bulk_start";
	options.pool_size = 10;
	return aiodal_db_open(&db, NULL, &options, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	(void) unlink(file);
	return rmdir(directory);
}

static aiodal_load_options
into(const char *table)
{
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;

	options.table = table;
	return options;
}

static aiodal_export_options
out_of(const char *query)
{
	aiodal_export_options options = AIODAL_EXPORT_OPTIONS_INIT;

	options.query = query;
	return options;
}

static void
write_items(void)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_true(fputs(ITEMS, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* The transaction is as if nothing had been tried. */
static void
expect_untouched(aiodal_tx *tx)
{
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	assert_string_equal(
		query(tx, "SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'"),
		"0");
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "0");
}

/* It can be freed, and cancelled, while it runs, and either leaves no trace. */
static void
expect_undone(aiodal_op *op, aiodal_tx *tx, bool cancel)
{
	aiodal_error *err = NULL;

	expect_running(op);
	if (cancel)
	{
		aiodal_op_cancel(op);
		FAILS(AIODAL_ECANCELED, aiodal_op_wait(op, -1, &err), "the operation was cancelled");
		FAILS(AIODAL_ECANCELED, aiodal_op_poll(op, &err), "the operation was cancelled");
	}
	aiodal_op_free(op);
	expect_untouched(tx);
}

static void
await_sleep(void)
{
	await_count(
		"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bulk_start' AND wait_event = "
		"'PgSleep'");
}

/*
 * What goes well
 */

typedef struct heard
{
	int reads;
	int writes;
	int progress;
	int rejects;
	int notices;
	int traces;
	const char *data; /* that is read, or was written */
	size_t len;
	char written[100];
	int fail; /* what the next callback answers */
} heard;

static void
hear(int *n)
{
	assert_true(pthread_equal(pthread_self(), test_thread));
	(*n)++;
}

static ptrdiff_t
read_slowly(void *payload, char *buf, size_t size, aiodal_error **err)
{
	heard *h = payload;

	hear(&h->reads);
	assert_true(size > 0);
	if (h->fail)
		return aiodal_error_set(err, AIODAL_ENOTFOUND, "no more to read", NULL, NULL);
	if (h->len == 0)
		return 0;
	*buf = *h->data++;
	h->len--;
	return 1;
}

static int
write_down(void *payload, const char *data, size_t size, aiodal_error **err)
{
	heard *h = payload;

	hear(&h->writes);
	if (h->fail)
		return aiodal_error_set(err, AIODAL_ENOTFOUND, "nowhere to write", NULL, NULL);
	assert_true(h->len + size < sizeof(h->written));
	memcpy(h->written + h->len, data, size);
	h->len += size;
	return 0;
}

static int
hear_progress(void *payload, const aiodal_progress *progress)
{
	heard *h = payload;

	(void) progress;
	hear(&h->progress);
	return h->fail;
}

static int
hear_reject(void *payload, const aiodal_reject *reject)
{
	heard *h = payload;

	hear(&h->rejects);
	assert_int_equal(reject->line, 4);
	return h->fail;
}

static void
hear_notice(void *payload, const aiodal_error *notice)
{
	heard *h = payload;

	assert_non_null(notice);
	hear(&h->notices);
}

static void
hear_trace(void *payload, const aiodal_trace *trace)
{
	heard *h = payload;

	assert_non_null(trace);
	hear(&h->traces);
}

static void
each_kind_of_load(void **state)
{
	aiodal_error *err = NULL;
	const char *const paths[] = {file};
	FILE *stream;
	int fd;

	(void) state;
	write_items();
	stream = fopen(file, "r");
	fd = open(file, O_RDONLY | O_CLOEXEC);
	assert_true(stream && fd >= 0);
	for (int i = 0; i < 6; i++)
	{
		aiodal_tx *tx = begin_in(db);
		aiodal_load_options options = into("item");
		aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;
		heard h = {.data = ITEMS, .len = strlen(ITEMS)};
		aiodal_op *op = NULL;
		aiodal_status status = AIODAL_EINVAL;

		switch (i)
		{
			case 0: status = aiodal_bulk_load_start(&op, &stats, tx, &options, read_slowly, &h, &err); break;
			case 1: status = aiodal_bulk_load_file_start(&op, &stats, tx, &options, file, &err); break;
			case 2: status = aiodal_bulk_load_files_start(&op, &stats, tx, &options, paths, 1, &err); break;
			case 3: status = aiodal_bulk_load_stream_start(&op, &stats, tx, &options, stream, &err); break;
			case 4: status = aiodal_bulk_load_fd_start(&op, &stats, tx, &options, fd, &err); break;
			default:
				status = aiodal_bulk_load_memory_start(&op, &stats, tx, &options, ITEMS, strlen(ITEMS), &err);
		}
		OK(status);
		assert_int_equal(stats.inserted, 0);
		OK(polling_run(op, AIODAL_OK, &err));
		assert_int_equal(stats.inserted, 2);
		assert_int_equal(stats.bytes, strlen(ITEMS));
		assert_string_equal(query(tx, "SELECT string_agg(name, '' ORDER BY id) FROM item"), "ab");
		aiodal_tx_free(tx);
	}
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(close(fd), 0);
}

static void
each_kind_of_export(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);
	int ends[2];
	char text[100] = "";

	(void) state;
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < 4; i++)
	{
		aiodal_export_options options = out_of("SELECT 1 AS id, 'a' AS name");
		aiodal_export_stats stats = AIODAL_EXPORT_STATS_INIT;
		heard h = {0};
		FILE *stream = fopen(file, "w+");
		aiodal_op *op = NULL;
		aiodal_status status = AIODAL_EINVAL;

		assert_non_null(stream);
		switch (i)
		{
			case 0: status = aiodal_bulk_export_start(&op, &stats, tx, &options, write_down, &h, &err); break;
			case 1: status = aiodal_bulk_export_file_start(&op, &stats, tx, &options, file, &err); break;
			case 2: status = aiodal_bulk_export_stream_start(&op, &stats, tx, &options, stream, &err); break;
			default: status = aiodal_bulk_export_fd_start(&op, &stats, tx, &options, ends[1], &err);
		}
		OK(status);
		OK(polling_run(op, AIODAL_OK, &err));
		assert_int_equal(stats.rows, 1);
		assert_int_equal(fclose(stream), 0);
		memset(text, 0, sizeof(text));
		if (i == 0)
			memcpy(text, h.written, sizeof(text));
		else
		{
			int fd = i == 3 ? ends[0] : open(file, O_RDONLY | O_CLOEXEC);

			assert_true(read(fd, text, sizeof(text) - 1) > 0);
			if (i < 3)
				assert_int_equal(close(fd), 0);
		}
		assert_string_equal(text, "id,name\n1,a\n");
	}
	aiodal_tx_free(tx);
	(void) close(ends[0]);
	(void) close(ends[1]);
}

/* Options and strings may go when the start returns. */
static void
nothing_is_borrowed(void **state)
{
	char table[] = "item";
	char path[60];
	char sql[] = "UPDATE {stage} SET name = $1";
	char value[] = "changed";
	char column[] = "id";
	const char *params[] = {value};
	const char *key[] = {column};
	const char *paths[] = {path};
	aiodal_statement after = {sql, 1, params};
	aiodal_load_options options = into(table);
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);
	aiodal_op *op;

	(void) state;
	write_items();
	memcpy(path, file, sizeof(path));
	options.key = key;
	options.n_key = 1;
	options.post_copy = &after;
	options.n_post_copy = 1;
	OK(aiodal_bulk_load_files_start(&op, NULL, tx, &options, paths, 1, &err));
	memset(table, 'x', sizeof(table) - 1);
	memset(path, 'x', sizeof(path) - 1);
	memset(sql, 'x', sizeof(sql) - 1);
	memset(value, 'x', sizeof(value) - 1);
	memset(column, 'x', sizeof(column) - 1);
	memset(&after, 0xff, sizeof(after));
	memset(&options, 0xff, sizeof(options));
	paths[0] = key[0] = params[0] = NULL;
	OK(polling_run(op, AIODAL_OK, &err));
	assert_string_equal(query(tx, "SELECT string_agg(name, ' ') FROM item"), "changed changed");
	aiodal_tx_free(tx);
}

static void
callbacks_run_where_it_is_polled(void **state)
{
	static const char data[] = "id,name\n1,a\n2,b\nx,y\n";
	static const aiodal_statement raise = {"DO $$BEGIN RAISE NOTICE 'hello'; END$$", 0, NULL};
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_load_options load = into("item");
	aiodal_export_options export = out_of("TABLE item");
	aiodal_error *err = NULL;
	heard h = {.data = data, .len = strlen(data)};
	aiodal_db *own;
	aiodal_tx *tx;
	aiodal_op *op;

	(void) state;
	options.notice = hear_notice;
	options.notice_payload = &h;
	options.trace = hear_trace;
	options.trace_payload = &h;
	OK(aiodal_db_open(&own, NULL, &options, &err));
	tx = begin_in(own);
	load.progress = hear_progress;
	load.progress_payload = &h;
	load.reject = hear_reject;
	load.reject_payload = &h;
	load.on_error = "reject";
	load.pre_copy = &raise;
	load.n_pre_copy = 1;
	h.traces = h.notices = 0;
	OK(aiodal_bulk_load_start(&op, NULL, tx, &load, read_slowly, &h, &err));
	while (!is_readable(op))
		(void) poll(NULL, 0, 1);
	assert_int_equal(h.reads + h.progress + h.rejects + h.notices + h.traces, 0);
	OK(polling_run(op, AIODAL_OK, &err));
	assert_int_equal(h.reads, sizeof(data));
	assert_int_equal(h.rejects, 1);
	assert_int_equal(h.notices, 1);
	assert_true(h.progress >= 3 && h.traces >= 4);
	h.len = 0;
	h.progress = h.traces = 0;
	export.progress = hear_progress;
	export.progress_payload = &h;
	OK(aiodal_bulk_export_start(&op, NULL, tx, &export, write_down, &h, &err));
	OK(aiodal_op_wait(op, -1, &err));
	aiodal_op_free(op);
	assert_string_equal(h.written, "id,name\n1,a\n2,b\n");
	assert_true(h.progress >= 2 && h.writes > 0 && h.traces >= 2);
	aiodal_tx_free(tx);
	aiodal_db_close(own);
}

/*
 * What does not
 */

static void
callbacks_fail(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);
	aiodal_load_options options = into("item");
	aiodal_export_options export = out_of("SELECT 1");
	heard h = {.data = "id,name\n1,a\n2,b\nx,y\n", .len = 20, .fail = 1};
	aiodal_op *op;

	(void) state;
	OK(aiodal_bulk_load_start(&op, NULL, tx, &options, read_slowly, &h, &err));
	FAILS(AIODAL_ENOTFOUND, polling_run(op, AIODAL_OK, &err), "no more to read");
	OK(aiodal_bulk_export_start(&op, NULL, tx, &export, write_down, &h, &err));
	FAILS(AIODAL_ENOTFOUND, polling_run(op, AIODAL_OK, &err), "nowhere to write");
	expect_untouched(tx);
	options.progress = hear_progress;
	options.progress_payload = &h;
	OK(aiodal_bulk_load_memory_start(&op, NULL, tx, &options, ITEMS, strlen(ITEMS), &err));
	FAILS(AIODAL_ECANCELED, polling_run(op, AIODAL_OK, &err), "cancelled by the progress callback");
	options.progress = NULL;
	options.on_error = "reject";
	options.reject = hear_reject;
	options.reject_payload = &h;
	OK(aiodal_bulk_load_memory_start(&op, NULL, tx, &options, h.data, h.len, &err));
	FAILS(AIODAL_ECALLBACK, polling_run(op, AIODAL_OK, &err), "callback for rejected rows");
	expect_untouched(tx);
	aiodal_tx_free(tx);
}

static void
errors_are_those_of_the_blocking_call(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);
	aiodal_load_options options = into("itme");
	aiodal_load_options bad = into("item");
	aiodal_export_options export = out_of("SELECT 1 / 0");
	aiodal_op *op;

	(void) state;
	OK(aiodal_bulk_load_memory_start(&op, NULL, tx, &options, "id\n1\n", 5, &err));
	FAILS(AIODAL_ENOTFOUND, polling_run(op, AIODAL_OK, &err), "item");
	OK(aiodal_bulk_load_file_start(&op, NULL, tx, &options, "/nowhere/at/all", &err));
	FAILS(AIODAL_ENOTFOUND, polling_run(op, AIODAL_OK, &err), "/nowhere/at/all");
	OK(aiodal_bulk_load_memory_start(&op, NULL, tx, &bad, "id\nx\n", 5, &err));
	EXPECT(AIODAL_ESERVER, aiodal_op_wait(op, -1, &err));
	assert_non_null(strstr(aiodal_error_field(err, PG_DIAG_CONTEXT), "column id"));
	aiodal_error_free(err);
	err = NULL;
	aiodal_op_free(op);
	bad.key = NULL;
	bad.n_key = 1;
	OK(aiodal_bulk_load_memory_start(&op, NULL, tx, &bad, "id\nx\n", 5, &err));
	FAILS(AIODAL_EINVAL, polling_run(op, AIODAL_OK, &err), "as many strings");
	OK(aiodal_bulk_export_file_start(&op, NULL, tx, &export, file, &err));
	FAILS(AIODAL_ESERVER, polling_run(op, AIODAL_OK, &err), "division by zero");
	OK(aiodal_bulk_export_file_start(&op, NULL, tx, &export, "/nowhere/at/all", &err));
	FAILS(AIODAL_ENOTFOUND, polling_run(op, AIODAL_OK, &err), "/nowhere/at/all");
	expect_untouched(tx);
	aiodal_tx_free(tx);
}

static void
what_is_wrong_is_told_at_once(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);
	aiodal_load_options options = {0};
	aiodal_export_options export = {0};
	const char *const paths[] = {NULL};
	aiodal_op *op;

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_memory_start(NULL, NULL, tx, NULL, "", 0, &err), "op must");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_memory_start(&op, NULL, NULL, NULL, "", 0, &err), "tx must");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_memory_start(&op, NULL, tx, &options, "", 0, &err), "initialised");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_start(&op, NULL, tx, NULL, NULL, NULL, &err), "read must");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_stream_start(&op, NULL, tx, NULL, NULL, &err), "stream must");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_file_start(&op, NULL, tx, NULL, NULL, &err), "path must");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_files_start(&op, NULL, tx, NULL, paths, 0, &err), "a file to load");
	FAILS(AIODAL_EINVAL, aiodal_bulk_load_files_start(&op, NULL, tx, NULL, paths, 1, &err), "paths must");
	FAILS(AIODAL_EINVAL, aiodal_bulk_export_start(&op, NULL, tx, NULL, NULL, NULL, &err), "write must");
	FAILS(AIODAL_EINVAL, aiodal_bulk_export_stream_start(&op, NULL, tx, NULL, NULL, &err), "stream must");
	FAILS(AIODAL_EINVAL, aiodal_bulk_export_file_start(&op, NULL, tx, NULL, NULL, &err), "path must");
	FAILS(AIODAL_EINVAL, aiodal_bulk_export_fd_start(&op, NULL, tx, &export, 1, &err), "initialised");
	FAILS(AIODAL_EINVAL, aiodal_bulk_export_fd_start(NULL, NULL, tx, NULL, 1, &err), "op must");
	assert_null(op);
	OK(aiodal_tx_commit(tx, &err));
	FAILS(AIODAL_ESTATE, aiodal_bulk_load_memory_start(&op, NULL, tx, NULL, "", 0, &err),
		  "committed already");
	aiodal_tx_free(tx);
}

static void
one_at_a_time(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);
	aiodal_load_options options = into("item");
	aiodal_export_options export = out_of("SELECT 1");
	heard h = {.data = ITEMS, .len = strlen(ITEMS)};
	aiodal_call call = AIODAL_CALL_INIT;
	aiodal_pipeline *pipeline;
	aiodal_op *op;
	aiodal_op *other;

	(void) state;
	OK(aiodal_bulk_load_start(&op, NULL, tx, &options, read_slowly, &h, &err));
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	for (int i = 0; i < 2; i++)
	{
		FAILS(AIODAL_EBUSY, aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, &err), "another operation");
		FAILS(AIODAL_EBUSY, aiodal_tx_exec_start(&other, tx, "SELECT 1", 0, NULL, &err), "another operation");
		FAILS(AIODAL_EBUSY, aiodal_tx_query(NULL, tx, "SELECT 1", 0, NULL, NULL, &err), "another operation");
		FAILS(AIODAL_EBUSY, aiodal_tx_savepoint(tx, "s", &err), "another operation");
		FAILS(AIODAL_EBUSY, aiodal_tx_rollback_to(tx, "s", &err), "another operation");
		FAILS(AIODAL_EBUSY, aiodal_pipeline_begin(&pipeline, tx, &err), "another operation");
		FAILS(AIODAL_EBUSY, aiodal_bulk_export_fd_start(&other, NULL, tx, &export, 1, &err),
			  "another operation");
		FAILS(AIODAL_EBUSY, aiodal_bulk_load_memory(NULL, tx, &options, "", 0, &err), "another operation");
		FAILS(AIODAL_EBUSY, aiodal_tx_set_alias(tx, "a", &call, &err), "another operation");
		FAILS(AIODAL_EBUSY, aiodal_tx_commit(tx, &err), "another operation");
		FAILS(AIODAL_EBUSY, aiodal_tx_commit_start(&other, tx, &err), "another operation");
		FAILS(AIODAL_EBUSY, aiodal_tx_rollback(tx, &err), "another operation");
		FAILS(AIODAL_EBUSY, aiodal_tx_rollback_start(&other, tx, &err), "another operation");
		assert_null(aiodal_tx_pgconn(tx));
		OK(aiodal_op_wait(op, -1, &err));
	}
	aiodal_op_free(op);
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
	run_sql("TRUNCATE item");
}

/* The thread is the parent's alone, and so is what it uses. */
static void
forked_meanwhile(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);
	aiodal_load_options options = into("item");
	heard h = {.data = ITEMS, .len = strlen(ITEMS)};
	aiodal_op *op;
	pid_t child;
	int status;

	(void) state;
	OK(aiodal_bulk_load_start(&op, NULL, tx, &options, read_slowly, &h, &err));
	while (!is_readable(op))
		(void) poll(NULL, 0, 1);
	child = fork();
	if (child == 0)
	{
		bool good = aiodal_op_poll(op, NULL) == AIODAL_ESTATE && h.reads == 0;

		aiodal_op_free(op);
		aiodal_tx_free(tx);
		aiodal_db_close(db);
		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	OK(polling_run(op, AIODAL_OK, &err));
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "2");
	aiodal_tx_free(tx);
}

/* With whatever was running, even when its handle was not freed. */
static void
the_transaction_is_freed(void **state)
{
	aiodal_error *err = NULL;

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		aiodal_tx *tx = begin_in(db);
		aiodal_load_options options = into(i == 1 ? "slow" : "item");
		heard h = {.data = ITEMS, .len = strlen(ITEMS)};
		aiodal_op *op;

		if (i == 0)
			OK(aiodal_bulk_load_start(&op, NULL, tx, &options, read_slowly, &h, &err));
		else
			OK(aiodal_bulk_load_memory_start(&op, NULL, tx, &options, ITEMS, strlen(ITEMS), &err));
		if (i == 1)
			await_sleep();
		if (i == 2)
			OK(aiodal_op_wait(op, -1, &err));
		aiodal_tx_free(tx);
	}
	assert_int_equal(db_stats_of(db).used, 0);
	assert_int_equal(db_stats_of(db).open, db_stats_of(db).idle);
	assert_int_equal(db_stats_of(db).closed_broken, 0);
}

static void
broken_off_while_it_reads(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);
	aiodal_load_options options = into("item");
	int ends[2];

	(void) state;
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < 6; i++)
	{
		heard h = {.data = ITEMS, .len = 5};
		aiodal_op *op;

		/* before the first byte, and amid COPY; with jobs, too */
		options.jobs = i < 4 ? 0 : 2;
		if (i >= 2)
			assert_int_equal(write(ends[1], ITEMS, strlen(ITEMS)), strlen(ITEMS));
		OK(aiodal_bulk_load_fd_start(&op, NULL, tx, &options, ends[0], &err));
		if (i == 2 || i == 3)
			await_count("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bulk_start' AND "
						"query LIKE 'COPY%' AND state = 'active'");
		expect_undone(op, tx, i % 2 == 0);
		/* a callback that nobody runs */
		OK(aiodal_bulk_load_start(&op, NULL, tx, &options, read_slowly, &h, &err));
		while (!is_readable(op))
			(void) poll(NULL, 0, 1);
		if (i % 2 == 0)
		{
			aiodal_op_cancel(op);
			FAILS(AIODAL_ECANCELED, aiodal_op_wait(op, -1, &err), "the operation was cancelled");
		}
		aiodal_op_free(op);
		assert_int_equal(h.reads, 0);
		expect_untouched(tx);
	}
	(void) close(ends[0]);
	(void) close(ends[1]);
	aiodal_tx_free(tx);
}

static void
broken_off_while_the_server_works(void **state)
{
	static const aiodal_statement nap = {"SELECT pg_sleep(600)", 0, NULL};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);

	(void) state;
	for (int i = 0; i < 8; i++)
	{
		aiodal_load_options options = into(i / 2 == 2 ? "slow" : "item");
		aiodal_export_options export = out_of("SELECT pg_sleep(600)");
		heard h = {0};
		aiodal_op *op;

		options.pre_copy = &nap;
		options.n_pre_copy = i / 2 == 0;
		options.post_copy = &nap;
		options.n_post_copy = i / 2 == 1;
		if (i / 2 == 3)
			OK(aiodal_bulk_export_start(&op, NULL, tx, &export, write_down, &h, &err));
		else
			OK(aiodal_bulk_load_memory_start(&op, NULL, tx, &options, ITEMS, strlen(ITEMS), &err));
		await_sleep();
		expect_undone(op, tx, i % 2 == 0);
	}
	aiodal_tx_free(tx);
}

/* An export that nobody takes the data of. */
static void
broken_off_while_it_writes(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);
	aiodal_export_options options = out_of("SELECT repeat('x', 1000) FROM generate_series(1, 100000)");

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		heard h = {0};
		aiodal_op *op;

		OK(aiodal_bulk_export_start(&op, NULL, tx, &options, write_down, &h, &err));
		while (!is_readable(op))
			(void) poll(NULL, 0, 1);
		if (i == 0)
		{
			aiodal_op_cancel(op);
			FAILS(AIODAL_ECANCELED, aiodal_op_wait(op, -1, &err), "the operation was cancelled");
		}
		aiodal_op_free(op);
		assert_int_equal(h.writes, 0);
		expect_untouched(tx);
	}
	aiodal_tx_free(tx);
}

static void
a_deadline_holds(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_load_options load = into("slow");
	aiodal_tx *tx;
	aiodal_op *op;

	(void) state;
	options.timeout_ms = 200;
	OK(aiodal_tx_begin(&tx, db, &options, &err));
	OK(aiodal_bulk_load_memory_start(&op, NULL, tx, &load, ITEMS, strlen(ITEMS), &err));
	FAILS(AIODAL_ETIMEOUT, polling_run(op, AIODAL_OK, &err), "deadline");
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	aiodal_tx_free(tx);
}

static void
the_server_goes_away(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin_in(db);
	aiodal_load_options options = into("slow");
	aiodal_op *op;

	(void) state;
	OK(aiodal_bulk_load_memory_start(&op, NULL, tx, &options, ITEMS, strlen(ITEMS), &err));
	await_sleep();
	run_sql("SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE application_name = "
			"'bulk_start'");
	EXPECT(AIODAL_ECONN, aiodal_op_wait(op, -1, &err));
	aiodal_error_free(err);
	err = NULL;
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_LOST);
	aiodal_op_free(op);
	aiodal_tx_free(tx);
	OK(aiodal_db_ping(db, &err));
}

/* Stops, or lets go on, each of the server's processes that works for us; false where they are not on this
 * machine, or another user's. */
static bool
signal_backends(int signal)
{
	PGconn *pg = PQconnectdb("");
	PGresult *res = PQexec(pg, "SELECT pid FROM pg_stat_activity WHERE application_name = 'bulk_start'");
	bool done = true;

	assert_int_equal(PQresultStatus(res), PGRES_TUPLES_OK);
	for (int i = 0; i < PQntuples(res); i++)
		done = kill((pid_t) strtol(PQgetvalue(res, i, 0), NULL, 10), signal) == 0 && done;
	PQclear(res);
	PQfinish(pg);
	return done;
}

/* One that does not answer any more, not even to a cancel request: who frees the operation is let go. */
static void
a_server_that_freezes(void **state)
{
	static const aiodal_statement nap = {"SELECT pg_sleep(600)", 0, NULL};
	aiodal_error *err = NULL;
	aiodal_db_options own_options = AIODAL_DB_OPTIONS_INIT;
	aiodal_db *own;
	aiodal_op *op;

	(void) state;
	own_options.application_name = "bulk_start";
	for (int i = 0; i < 8; i++)
	{
		aiodal_load_options options = into("item");
		aiodal_export_options export = out_of("SELECT repeat('x', 1000) FROM generate_series(1, 1000000)");
		heard h = {.data = ITEMS, .len = strlen(ITEMS)};
		aiodal_tx *tx;
		aiodal_tx_state after;

		OK(aiodal_db_open(&own, NULL, &own_options, &err));
		tx = begin_in(own);
		options.post_copy = &nap;
		options.n_post_copy = i / 2 == 0;
		options.jobs = i / 2 == 3 ? 2 : 0;
		if (i / 2 == 0)
			OK(aiodal_bulk_load_memory_start(&op, NULL, tx, &options, ITEMS, strlen(ITEMS), &err));
		else if (i / 2 != 2)
			OK(aiodal_bulk_load_start(&op, NULL, tx, &options, read_slowly, &h, &err));
		else
			OK(aiodal_bulk_export_start(&op, NULL, tx, &export, write_down, &h, &err));
		if (i / 2 == 0)
			await_sleep();
		/* COPY has begun */
		while (i / 2 % 2 == 1 && h.reads < 3)
			EXPECT(AIODAL_WANT_READ, aiodal_op_poll(op, &err));
		while (i / 2 > 0 && !is_readable(op))
			(void) poll(NULL, 0, 1);
		if (!signal_backends(SIGSTOP))
		{
			(void) signal_backends(SIGCONT);
			aiodal_tx_free(tx);
			aiodal_db_close(own);
			skip();
		}
		if (i / 2 == 0)
			expect_running(op);
		if (i % 2 == 0)
		{
			aiodal_op_cancel(op);
			EXPECT(AIODAL_ECANCELED, aiodal_op_wait(op, -1, &err));
			aiodal_error_free(err);
			err = NULL;
		}
		aiodal_op_free(op);
		after = aiodal_tx_get_state(tx);
		aiodal_tx_free(tx);
		assert_true(signal_backends(SIGCONT));
		aiodal_db_close(own);
		assert_int_equal(after, AIODAL_TX_LOST);
	}
}

/*
 * Many in one loop
 */

enum
{
	CROWD = 100
};

typedef struct guest
{
	aiodal_tx *tx;
	aiodal_op *op;
	heard h;
	char data[40];
	int step;
	aiodal_load_stats stats;
} guest;

/* The next operation of one's; false when it was the last. */
static bool
next_step(guest *g)
{
	aiodal_load_options options = into("item");
	aiodal_error *err = NULL;

	aiodal_op_free(g->op);
	g->op = NULL;
	switch (g->step++)
	{
		case 0: OK(aiodal_tx_begin_start(&g->op, &g->tx, db, NULL, &err)); return true;
		case 1:
			OK(aiodal_bulk_load_start(&g->op, &g->stats, g->tx, &options, read_slowly, &g->h, &err));
			return true;
		case 2:
			assert_int_equal(g->stats.inserted, 1);
			OK(aiodal_tx_commit_start(&g->op, g->tx, &err));
			return true;
		default: aiodal_tx_free(g->tx); return false;
	}
}

/* Polls those that are ready; how many have come to their end. */
static int
serve(guest *guests)
{
	struct pollfd fds[CROWD];
	aiodal_error *err = NULL;
	int ended = 0;

	for (int i = 0; i < CROWD; i++)
		fds[i] = (struct pollfd){.fd = guests[i].op ? aiodal_op_fd(guests[i].op) : -1, .events = POLLIN};
	(void) poll(fds, CROWD, 100);
	for (int i = 0; i < CROWD; i++)
	{
		aiodal_status status = guests[i].op ? aiodal_op_poll(guests[i].op, &err) : AIODAL_WANT_READ;

		if (status <= 0)
		{
			OK(status);
			ended += !next_step(&guests[i]);
		}
	}
	return ended;
}

static void
a_crowd(void **state)
{
	static guest guests[CROWD];
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	(void) state;
	for (int i = 0; i < CROWD; i++)
	{
		guest *g = &guests[i];

		(void) snprintf(g->data, sizeof(g->data), "id,name\n%d,guest\n", i);
		g->h.data = g->data;
		g->h.len = strlen(g->data);
		g->stats = (aiodal_load_stats) AIODAL_LOAD_STATS_INIT;
		assert_true(next_step(g));
	}
	for (int left = CROWD; left > 0;)
		left -= serve(guests);
	tx = begin_in(db);
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "100");
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
	run_sql("TRUNCATE item");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_load),
		cmocka_unit_test(each_kind_of_export),
		cmocka_unit_test(nothing_is_borrowed),
		cmocka_unit_test(callbacks_run_where_it_is_polled),
		cmocka_unit_test(callbacks_fail),
		cmocka_unit_test(errors_are_those_of_the_blocking_call),
		cmocka_unit_test(what_is_wrong_is_told_at_once),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(forked_meanwhile),
		cmocka_unit_test(the_transaction_is_freed),
		cmocka_unit_test(broken_off_while_it_reads),
		cmocka_unit_test(broken_off_while_the_server_works),
		cmocka_unit_test(broken_off_while_it_writes),
		cmocka_unit_test(a_deadline_holds),
		cmocka_unit_test(the_server_goes_away),
		cmocka_unit_test(a_server_that_freezes),
		cmocka_unit_test(a_crowd),
	};

	return cmocka_run_group_tests_name("bulk_start", tests, set_up, tear_down);
}
