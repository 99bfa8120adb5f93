/*
 * loop_test.c
 *		What every adapter for an event loop has to stand; prints TAP. Compiled for one with -DLOOP_POLL,
 *		-DLOOP_LIBUV or -DLOOP_LIBEVENT.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <aiodal/or_exit.h>

#if defined(LOOP_POLL)
#include <aiodal/adapters/poll.h>
static aiodal_poll_loop loop = AIODAL_POLL_LOOP_INIT;
#define START(op, done, payload)         aiodal_poll_start(&loop, op, done, payload, &err)
#define LISTEN(listener, heard, payload) aiodal_poll_listen(&loop, listener, heard, payload, &err)
#define FORGET(listener)                 aiodal_poll_forget(&loop, listener)
#define RUN()                            aiodal_poll_run(&loop)
#define END()                            aiodal_poll_free(&loop)
#elif defined(LOOP_LIBUV)
#include <aiodal/adapters/libuv.h>
static aiodal_uv_watch *watch;
#define START(op, done, payload) aiodal_uv_start(uv_default_loop(), op, done, payload, &err)
#define LISTEN(listener, heard, payload) \
	aiodal_uv_listen(&watch, uv_default_loop(), listener, heard, payload, &err)
#define FORGET(listener) aiodal_uv_forget(watch)
#define RUN()            (void) uv_run(uv_default_loop(), UV_RUN_DEFAULT)
#define END()            check(uv_loop_close(uv_default_loop()) == 0, "nothing is left in the loop")
#else
#include <aiodal/adapters/libevent.h>
static struct event_base *base;
static aiodal_event_watch *watch;
#define START(op, done, payload)         aiodal_event_start(base, op, done, payload, &err)
#define LISTEN(listener, heard, payload) aiodal_event_listen(&watch, base, listener, heard, payload, &err)
#define FORGET(listener)                 aiodal_event_forget(watch)
#define RUN()                            (void) event_base_dispatch(base)
#define END()                            event_base_free(base)
#endif

#define DO(call) aiodal_or_exit(call, &err)

static aiodal_error *err;
static aiodal_db *db;
static int n_tests;
static bool failed;

static void
check(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++n_tests, name);
	failed = failed || !good;
}

/* What became of a statement. */
typedef struct outcome
{
	aiodal_tx *tx;
	aiodal_status status;
	char value[100];
	char message[200];
	int left; /* so many statements more, one behind the other */
} outcome;

static void start(outcome *o, const char *sql);

static void
done(aiodal_op *op, aiodal_status status, const aiodal_error *op_err, void *payload)
{
	outcome *o = (outcome *) payload;
	aiodal_result *res = aiodal_op_take_result(op);

	o->status = status;
	(void) snprintf(o->value, sizeof(o->value), "%s", res ? aiodal_result_value(res, 0, 0) : "");
	(void) snprintf(o->message, sizeof(o->message), "%s", aiodal_error_message(op_err));
	aiodal_result_free(res);
	aiodal_op_free(op);
	if (status == AIODAL_OK && o->left-- > 0)
		start(o, "SELECT 'the next'");
	else
		aiodal_tx_free(o->tx);
}

static void
start(outcome *o, const char *sql)
{
	aiodal_op *op;

	DO(aiodal_tx_exec_start(&op, o->tx, sql, 0, NULL, &err));
	DO(START(op, done, o));
}

static void
begin(outcome *o, int timeout_ms, const char *sql)
{
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;

	memset(o, 0, sizeof(*o));
	options.timeout_ms = timeout_ms;
	DO(aiodal_tx_begin(&o->tx, db, &options, &err));
	start(o, sql);
}

static void
run(const char *sql)
{
	PGconn *pg = PQconnectdb("");
	PGresult *res = PQexec(pg, sql);

	if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK)
		check(false, PQerrorMessage(pg));
	PQclear(res);
	PQfinish(pg);
}

/* Each ends only when all of them run. */
static void
side_by_side(void)
{
	enum
	{
		N = 8
	};
	outcome o[N];
	bool good = true;

	run("CREATE SEQUENCE met; CREATE FUNCTION meet(n int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN "
		"PERFORM nextval('met'); WHILE (SELECT last_value FROM met) < n LOOP PERFORM pg_sleep(0.01); END "
		"LOOP; "
		"RETURN 'met'; END $$");
	for (int i = 0; i < N; i++)
		begin(&o[i], 60000, "SELECT meet(8)");
	RUN();
	for (int i = 0; i < N; i++)
		good = good && o[i].status == AIODAL_OK && strcmp(o[i].value, "met") == 0;
	check(good, "statements run side by side");
}

static void
one_behind_the_other(void)
{
	outcome o;

	begin(&o, 0, "SELECT 'first'");
	o.left = 50;
	RUN();
	check(o.status == AIODAL_OK && o.left == -1 && strcmp(o.value, "the next") == 0,
		  "a statement is started out of the callback of another");
}

static void
failures(void)
{
	outcome o[3];

	begin(&o[0], 0, "SELECT 1/0");
	begin(&o[1], 0, "SELECT pg_terminate_backend(pg_backend_pid())");
	begin(&o[2], 0, "SELECT repeat('x', 3000000)");
	RUN();
	check(o[0].status == AIODAL_ESERVER && strstr(o[0].message, "division by zero"),
		  "one that fails says so");
	check(o[1].status == AIODAL_ECONN, "a lost connection is an error");
	check(o[2].status == AIODAL_OK && strlen(o[2].value) == 99, "a large result comes in pieces");
}

/* The socket is silent: the loop has to wake by itself. */
static void
deadlines(void)
{
	outcome o;

	begin(&o, 200, "SELECT pg_sleep(600)");
	RUN();
	check(o.status == AIODAL_ETIMEOUT, "a deadline holds in a loop");
}

static void
cancelled(void)
{
	outcome o;
	aiodal_op *op;

	memset(&o, 0, sizeof(o));
	DO(aiodal_tx_begin(&o.tx, db, NULL, &err));
	DO(aiodal_tx_exec_start(&op, o.tx, "SELECT pg_sleep(600)", 0, NULL, &err));
	DO(START(op, done, &o));
	/* a request that overtakes its statement hits nothing */
	run("DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND "
		"wait_event = 'PgSleep') LOOP PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); END LOOP; END $$");
	aiodal_op_cancel(op);
	RUN();
	check(o.status == AIODAL_ECANCELED, "a cancelled statement is over");
}

/*
 * Whole transactions
 */

typedef struct whole
{
	aiodal_tx *tx;
	aiodal_op *op;
	const char *sql;
	aiodal_status status;
	aiodal_tx_state state;
} whole;

static void next(aiodal_op *op, aiodal_status status, const aiodal_error *op_err, void *payload);

static void
go_on(whole *w, aiodal_status started)
{
	DO(started);
	DO(START(w->op, next, w));
}

/* Begun, done, or committed. */
static void
next(aiodal_op *op, aiodal_status status, const aiodal_error *op_err, void *payload)
{
	whole *w = (whole *) payload;
	const char *sql = w->sql;

	(void) op_err;
	aiodal_op_free(op);
	w->status = status;
	w->state = aiodal_tx_get_state(w->tx);
	w->sql = NULL;
	if (status == AIODAL_OK && w->state == AIODAL_TX_OPEN && sql)
		go_on(w, aiodal_tx_exec_start(&w->op, w->tx, sql, 0, NULL, &err));
	else if (status == AIODAL_OK && w->state == AIODAL_TX_OPEN)
		go_on(w, aiodal_tx_commit_start(&w->op, w->tx, &err));
	else
		aiodal_tx_free(w->tx);
}

static void
begin_whole(whole *w, aiodal_db *small, const char *sql)
{
	memset(w, 0, sizeof(*w));
	w->sql = sql;
	go_on(w, aiodal_tx_begin_start(&w->op, &w->tx, small, NULL, &err));
}

/* More than there are connections: they wait for each other, and the loop for all of them. */
static void
through_a_small_pool(void)
{
	enum
	{
		N = 12
	};
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_db *small;
	whole w[N];
	bool good = true;

	options.no_reflect = true;
	options.pool_size = 2;
	DO(aiodal_db_open(&small, "", &options, &err));
	for (int i = 0; i < N; i++)
		begin_whole(&w[i], small, i % 3 == 0 ? "SET statement_timeout = 5000" : "SELECT pg_sleep(0.01)");
	/* one that waits in the queue */
	aiodal_op_cancel(w[N - 1].op);
	RUN();
	for (int i = 0; i < N - 1; i++)
		good = good && w[i].status == AIODAL_OK && w[i].state == AIODAL_TX_COMMITTED;
	check(good, "whole transactions run through a pool that is too small for all");
	check(w[N - 1].status == AIODAL_ECANCELED && w[N - 1].state == AIODAL_TX_NOT_BEGUN,
		  "one that waits for a connection is cancelled");
	aiodal_db_close(small);
}

typedef struct ears
{
	int notifications;
	int errors;
	int renewals;
} ears;

static void
heard(aiodal_listener *listener, const aiodal_notification *notification, const aiodal_error *listen_err,
	  void *payload)
{
	ears *e = (ears *) payload;

	(void) listener;
	if (!notification)
	{
		e->errors += aiodal_error_status(listen_err) == AIODAL_ECONN;
		return;
	}
	if (!notification->channel)
	{
		e->renewals++;
		run(e->renewals == 1 ? "NOTIFY loop, 'a'; NOTIFY loop, 'b'; NOTIFY loop, 'c'"
							 : "NOTIFY loop, 'again'");
		return;
	}
	e->notifications++;
	if (e->notifications == 3)
		run("SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
	if (e->notifications == 4)
		FORGET(listener);
}

static void
listeners(void)
{
	static const char *const channels[] = {"loop"};
	ears e = {0, 0, 0};
	aiodal_listener *listener;

	DO(aiodal_listen_start(&listener, db, channels, 1, &err));
	DO(LISTEN(listener, heard, &e));
	RUN();
	check(e.notifications == 4, "notifications are told");
	check(e.errors == 1 && e.renewals == 2, "a lost connection is told, and made again");
	DO(LISTEN(listener, heard, &e));
	FORGET(listener);
	RUN();
	check(e.renewals == 2, "a listener is forgotten before the loop runs");
	aiodal_listener_free(listener);
}

int
main(void)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

#if defined(LOOP_LIBEVENT)
	base = event_base_new();
#endif
	options.no_reflect = true;
	DO(aiodal_db_open(&db, "", &options, &err));
	side_by_side();
	one_behind_the_other();
	failures();
	deadlines();
	cancelled();
	through_a_small_pool();
	listeners();
	END();
	aiodal_db_close(db);
	printf("1..%d\n", n_tests);
	return failed;
}
