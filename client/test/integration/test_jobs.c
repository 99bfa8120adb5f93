/*
 * test_jobs.c
 *		Loads by several connections: what they refuse, and what becomes of the transaction they are in.
 */
#include "support.h"

#include <stddef.h>
#include <unistd.h>

static aiodal_db *db;

static int
set_up(void **state)
{
	(void) state;
	reset_database(BOOKS "CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, made date);");
	return aiodal_db_open(&db, NULL, NULL, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

static aiodal_tx *
begin(const char *sql)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	OK(aiodal_tx_exec_script(tx, sql, &err));
	return tx;
}

static aiodal_load_options
jobs(int n)
{
	aiodal_load_options o = AIODAL_LOAD_OPTIONS_INIT;

	o.table = "item";
	o.jobs = n;
	return o;
}

/* Rows of a callback; with fails, an error behind them. */
typedef struct rows
{
	int next;
	int n;
	int bad; /* this one is; 0: none */
	bool fails;
} rows;

static ptrdiff_t
read_rows(void *payload, char *buf, size_t size, aiodal_error **err)
{
	rows *r = payload;
	size_t len = 0;

	if (r->next == 0 && size > 20)
	{
		r->next++;
		return snprintf(buf, size, "id,name\n");
	}
	while (r->next <= r->n && size - len > 100)
	{
		len += (size_t) snprintf(buf + len, size - len, "%d%s,\"a name\nof two lines\"\n", r->next,
								 r->next == r->bad ? "x" : "");
		r->next++;
	}
	if (len == 0 && r->fails)
		return aiodal_error_set(err, AIODAL_ECALLBACK, "the well is dry", NULL, NULL);
	return (ptrdiff_t) len;
}

#define STAGES "SELECT count(*) FROM pg_class WHERE relnamespace = 'aiodal_stage'::regnamespace"

static void
nothing_is_left(void)
{
	aiodal_tx *tx = begin("SELECT");

	assert_string_equal(query(tx, STAGES), "0");
	aiodal_tx_free(tx);
}

static void
the_whole_is_loaded(void **state)
{
	aiodal_load_options o = jobs(3);
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;
	rows r = {0, 50000, 0, false};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin("INSERT INTO item SELECT i, 'old' FROM generate_series(1, 100) i");

	(void) state;
	OK(aiodal_bulk_load(&stats, tx, &o, read_rows, &r, &err));
	assert_int_equal(stats.staged, 50000);
	assert_int_equal(stats.inserted, 49900);
	assert_int_equal(stats.updated, 100);
	assert_true(stats.bytes > 1000000);
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "50000");
	assert_string_equal(query(tx, STAGES), "0");
	OK(aiodal_tx_rollback(tx, &err));
	aiodal_tx_free(tx);
	nothing_is_left();
}

static void
a_load_that_fails_leaves_the_transaction(void **state)
{
	aiodal_load_options o = jobs(2);
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin("INSERT INTO item VALUES (7, 'kept')");
	rows bad = {0, 60000, 48211, false};
	rows dry = {0, 60000, 0, true};

	(void) state;
	FAILS(AIODAL_ESERVER, aiodal_bulk_load(NULL, tx, &o, read_rows, &bad, &err),
		  "invalid input syntax for type integer: \"48211x\"");
	aiodal_error_free(err);
	err = NULL;
	assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	assert_string_equal(query(tx, "SELECT string_agg(name, ' ') FROM item"), "kept");
	assert_string_equal(query(tx, STAGES), "0");
	FAILS(AIODAL_ECALLBACK, aiodal_bulk_load(NULL, tx, &o, read_rows, &dry, &err), "the well is dry");
	aiodal_error_free(err);
	err = NULL;
	assert_string_equal(query(tx, STAGES), "0");
	assert_string_equal(query(tx, "SELECT string_agg(name, ' ') FROM item"), "kept");
	aiodal_tx_free(tx);
}

static int
cancel_at_once(void *payload, const aiodal_progress *progress)
{
	(void) payload;
	return progress->rows > 30000;
}

static int
cancel_in_merge(void *payload, const aiodal_progress *progress)
{
	(void) payload;
	return progress->phase == AIODAL_PHASE_MERGE;
}

static void
progress_may_cancel(void **state)
{
	const aiodal_progress_cb callbacks[] = {cancel_at_once, cancel_in_merge};

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		aiodal_load_options o = jobs(2);
		aiodal_error *err = NULL;
		aiodal_tx *tx = begin("SELECT");
		rows r = {0, i == 0 ? 100000000 : 50000, 0, false};

		o.progress = callbacks[i];
		FAILS(AIODAL_ECANCELED, aiodal_bulk_load(NULL, tx, &o, read_rows, &r, &err), "cancelled");
		aiodal_error_free(err);
		assert_string_equal(query(tx, "SELECT count(*) FROM item"), "0");
		assert_string_equal(query(tx, STAGES), "0");
		aiodal_tx_free(tx);
	}
}

static int
count_rejects(void *payload, const aiodal_reject *reject)
{
	int64_t *lines = payload;

	*lines = *lines * 1000000 + reject->line;
	return 0;
}

static void
rejects_come_in_the_data_s_order(void **state)
{
	aiodal_load_options o = jobs(4);
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;
	rows r = {0, 40000, 39000, false};
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin("SELECT");
	int64_t lines = 0;

	(void) state;
	o.on_error = "reject";
	o.reject = count_rejects;
	o.reject_payload = &lines;
	OK(aiodal_bulk_load(&stats, tx, &o, read_rows, &r, &err));
	assert_int_equal(stats.rejected, 1);
	assert_int_equal(stats.inserted, 39999);
	assert_int_equal(lines, 2 * 39000);
	aiodal_tx_free(tx);
	nothing_is_left();
}

static void
refuses(const char *sql, const aiodal_load_options *o, aiodal_status status, const char *words)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin(sql);

	FAILS(status, aiodal_bulk_load_memory(NULL, tx, o, "id,name\n1,a\n", 12, &err), words);
	aiodal_error_free(err);
	assert_string_equal(query(tx, STAGES), "0");
	aiodal_tx_free(tx);
}

static void
what_does_not_combine_is_refused(void **state)
{
	static const aiodal_statement analyze = {"ANALYZE {stage}", 0, NULL};
	aiodal_load_options o = jobs(-1);

	(void) state;
	refuses("SELECT", &o, AIODAL_EINVAL, "jobs must be from 0 to 64");
	o = jobs(2);
	o.stage = "named";
	refuses("SELECT", &o, AIODAL_EINVAL, "jobs cannot be combined");
	o = jobs(2);
	o.post_copy = &analyze;
	o.n_post_copy = 1;
	refuses("SELECT", &o, AIODAL_EINVAL, "jobs cannot be combined");
	o = jobs(2);
	o.layout.format = AIODAL_FORMAT_BINARY;
	refuses("SELECT", &o, AIODAL_EINVAL, "binary cannot be loaded by several jobs");
	o = jobs(2);
	o.layout.format = AIODAL_FORMAT_TEXT;
	o.layout.encoding = "SJIS";
	refuses("SELECT", &o, AIODAL_EINVAL, "in this encoding");
	o = jobs(2);
	refuses("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", &o, AIODAL_EINVAL,
			"isolation level repeatable read");
	refuses("SET TRANSACTION READ ONLY", &o, AIODAL_EINVAL, "read only");
	refuses("LOCK item", &o, AIODAL_EINVAL, "has made or locked the table");
	o.table = "fresh";
	refuses("CREATE TABLE fresh (id int PRIMARY KEY, name text)", &o, AIODAL_EINVAL,
			"has made or locked the table");
}

/* A caller that was compiled when there were no jobs. */
static void
older_callers_have_one(void **state)
{
	aiodal_load_options o = jobs(64);
	aiodal_error *err = NULL;
	aiodal_tx *tx = begin("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");

	(void) state;
	o.size = offsetof(aiodal_load_options, jobs);
	OK(aiodal_bulk_load_memory(NULL, tx, &o, "id,name\n1,a\n", 12, &err));
	aiodal_tx_free(tx);
}

/* What values mean is the transaction's to say, and so is who loads. */
static void
settings_are_the_transaction_s(void **state)
{
	aiodal_load_options o = jobs(2);
	aiodal_error *err = NULL;
	aiodal_tx *tx =
		begin("SET LOCAL datestyle = 'German, DMY'; CREATE ROLE jobs_loader; GRANT USAGE, CREATE ON SCHEMA "
			  "aiodal_stage TO jobs_loader; GRANT SELECT, INSERT, UPDATE ON item TO jobs_loader");

	(void) state;
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
	tx = begin("SET LOCAL datestyle = 'German, DMY'; SET LOCAL ROLE jobs_loader");
	OK(aiodal_bulk_load_memory(NULL, tx, &o, "id,name,made\n1,a,02.03.2024\n", 28, &err));
	assert_string_equal(query(tx, "SELECT made = make_date(2024, 3, 2) FROM item"), "t");
	aiodal_tx_free(tx);
	tx = begin("DROP OWNED BY jobs_loader; DROP ROLE jobs_loader");
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
	nothing_is_left();
}

/* The pool has no place but the transaction's: the connections of jobs are none of its. */
static void
a_small_pool_is_enough(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_load_options o = jobs(4);
	rows r = {0, 20000, 0, false};
	aiodal_error *err = NULL;
	aiodal_db *small;
	aiodal_tx *tx;

	(void) state;
	options.pool_size = 1;
	options.max_overflow = 0;
	OK(aiodal_db_open(&small, NULL, &options, &err));
	OK(aiodal_tx_begin(&tx, small, NULL, &err));
	OK(aiodal_bulk_load(NULL, tx, &o, read_rows, &r, &err));
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "20000");
	aiodal_tx_free(tx);
	aiodal_db_close(small);
	nothing_is_left();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_is_loaded),
		cmocka_unit_test(a_load_that_fails_leaves_the_transaction),
		cmocka_unit_test(progress_may_cancel),
		cmocka_unit_test(rejects_come_in_the_data_s_order),
		cmocka_unit_test(what_does_not_combine_is_refused),
		cmocka_unit_test(older_callers_have_one),
		cmocka_unit_test(settings_are_the_transaction_s),
		cmocka_unit_test(a_small_pool_is_enough),
	};

	return cmocka_run_group_tests_name("jobs", tests, set_up, tear_down);
}
