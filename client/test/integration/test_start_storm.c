/*
 * test_start_storm.c
 *		Operations in threads, many at once: polled, cancelled and freed at any moment.
 */
#include "running.h"

#include <pthread.h>

enum
{
	LOOPS = 4,
	ROUNDS = 60
};

static aiodal_db *db;

static int
set_up(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	reset_database("CREATE TABLE item (id int PRIMARY KEY, name text)");
	options.pool_size = 3;
	options.application_name = "storm";
	return aiodal_db_open(&db, NULL, &options, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

typedef enum kind
{
	LOAD,
	LOAD_JOBS,
	EXPORT,
	NESTED,
	TRANSACT,
	REFLECT,
	PING,
	OPEN,
	N_KINDS
} kind;

/* A loop's. */
typedef struct sailor
{
	pthread_t thread;
	unsigned int seed;
	aiodal_tx *tx;
	aiodal_db *opened;
	aiodal_op *op;
	int rows; /* to be read */
	char place[40];
	int ended[N_KINDS];
	int cancelled;
} sailor;

static ptrdiff_t
read_rows(void *payload, char *buf, size_t size, aiodal_error **err)
{
	sailor *s = payload;

	(void) err;
	if (!pthread_equal(s->thread, pthread_self()))
		return -1;
	return s->rows-- > 0 ? snprintf(buf, size, "%d,x\n", s->rows) : 0;
}

static int
write_rows(void *payload, const char *data, size_t size, aiodal_error **err)
{
	sailor *s = payload;

	(void) data;
	(void) err;
	return pthread_equal(s->thread, pthread_self()) && size > 0 ? 0 : -1;
}

static aiodal_status
work(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	(void) payload;
	return aiodal_tx_exec(NULL, tx, "SELECT pg_sleep(0.01)", 0, NULL, err);
}

static aiodal_status
start(sailor *s, kind what, aiodal_error **err)
{
	aiodal_load_options load = AIODAL_LOAD_OPTIONS_INIT;
	aiodal_export_options export = AIODAL_EXPORT_OPTIONS_INIT;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	load.table = "item";
	load.mode = "insert";
	load.layout.header = AIODAL_HEADER_NO;
	load.jobs = what == LOAD_JOBS ? 2 : 0;
	export.query = "SELECT repeat('x', 100) FROM generate_series(1, 5000)";
	options.no_reflect = true;
	s->rows = 20;
	switch (what)
	{
		case LOAD:
		case LOAD_JOBS: return aiodal_bulk_load_start(&s->op, NULL, s->tx, &load, read_rows, s, err);
		case EXPORT: return aiodal_bulk_export_start(&s->op, NULL, s->tx, &export, write_rows, s, err);
		case NESTED: return aiodal_tx_nested_start(&s->op, s->tx, work, NULL, err);
		case TRANSACT: return aiodal_db_transact_start(&s->op, db, NULL, work, NULL, err);
		case REFLECT: return aiodal_db_reflect_start(&s->op, db, err);
		case PING: return aiodal_db_ping_start(&s->op, db, err);
		default: return aiodal_db_open_start(&s->op, &s->opened, NULL, &options, err);
	}
}

static void *
cancel_it(void *op)
{
	aiodal_op_cancel(op);
	return NULL;
}

/* Polls for a while, and then to the end, with or without a cancel in between, or not. What came of it. */
static aiodal_status
sail(sailor *s, aiodal_error **err)
{
	int polls = rand_r(&s->seed) % 40;
	int how = rand_r(&s->seed) % 4;
	aiodal_status status = AIODAL_WANT_READ;
	pthread_t other;

	for (int i = 0; i < polls && status > 0; i++)
	{
		struct pollfd fd = {.fd = aiodal_op_fd(s->op), .events = POLLIN};

		(void) poll(&fd, 1, rand_r(&s->seed) % 3);
		status = aiodal_op_poll(s->op, err);
	}
	if (status <= 0 || how == 0)
		return status;
	if (how == 1)
		aiodal_op_cancel(s->op);
	if (how == 2 && pthread_create(&other, NULL, cancel_it, s->op) == 0)
	{
		status = aiodal_op_wait(s->op, -1, err);
		(void) pthread_join(other, NULL);
		return status;
	}
	return aiodal_op_wait(s->op, -1, err);
}

/* False, with the place noted, when something is not as it has to be. */
static bool
expect(sailor *s, bool good, const char *what)
{
	if (!good && !s->place[0])
		(void) snprintf(s->place, sizeof(s->place), "%s", what);
	return good;
}

static bool
one_round(sailor *s, kind what)
{
	bool in_tx = what <= NESTED;
	aiodal_error *err = NULL;
	aiodal_status status = in_tx ? aiodal_tx_begin(&s->tx, db, NULL, &err) : AIODAL_OK;
	bool good = expect(s, status == AIODAL_OK, "begin");

	if (!good)
		return false;
	status = start(s, what, &err);
	good = expect(s, status == AIODAL_OK, "start");
	if (good)
		status = sail(s, &err);
	good = good && expect(s, status >= 0 || status == AIODAL_ECANCELED, aiodal_error_message(err));
	s->ended[what] += status == AIODAL_OK;
	s->cancelled += status == AIODAL_ECANCELED;
	/* a transaction may go without its operation, too */
	if (!in_tx || rand_r(&s->seed) % 2)
	{
		aiodal_op_free(s->op);
		if (in_tx)
			good = expect(s, aiodal_tx_get_state(s->tx) == AIODAL_TX_OPEN, "state") && good;
	}
	aiodal_error_free(err);
	aiodal_db_close(s->opened);
	s->opened = NULL;
	if (in_tx)
		aiodal_tx_free(s->tx);
	return good;
}

static void *
run(void *arg)
{
	sailor *s = arg;

	s->thread = pthread_self();
	for (int i = 0; i < ROUNDS; i++)
	{
		if (!one_round(s, (kind) (rand_r(&s->seed) % N_KINDS)))
			break;
	}
	return NULL;
}

static void
a_storm(void **state)
{
	static sailor sailors[LOOPS];
	pthread_t threads[LOOPS];
	aiodal_error *err = NULL;
	aiodal_tx *tx;
	int ended = 0;
	int cancelled = 0;

	(void) state;
	for (int i = 0; i < LOOPS; i++)
	{
		sailors[i].seed = (unsigned int) i + 1;
		assert_int_equal(pthread_create(&threads[i], NULL, run, &sailors[i]), 0);
	}
	for (int i = 0; i < LOOPS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < LOOPS; i++)
	{
		assert_string_equal(sailors[i].place, "");
		cancelled += sailors[i].cancelled;
		for (int k = 0; k < N_KINDS; k++)
			ended += sailors[i].ended[k];
	}
	/* it was worth the trouble */
	assert_true(ended > LOOPS * ROUNDS / 10);
	assert_true(cancelled > 0);
	OK(aiodal_db_ping(db, &err));
	assert_int_equal(db_stats_of(db).used, 0);
	assert_int_equal(db_stats_of(db).waiting, 0);
	tx = begin_in(db);
	assert_string_equal(query(tx, "SELECT count(*) FROM item"), "0");
	assert_string_equal(
		query(tx, "SELECT count(*) FROM pg_class WHERE relnamespace = 'aiodal_stage'::regnamespace"), "0");
	aiodal_tx_free(tx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_storm)};

	return cmocka_run_group_tests_name("start_storm", tests, set_up, tear_down);
}
