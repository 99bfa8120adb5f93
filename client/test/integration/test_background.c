/*
 * test_background.c
 *		Operations that run in a thread of the library's: opening, reflecting, asking for a sign of life.
 */
#include "running.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy.h"

static aiodal_db *db; /* with one connection */
static pthread_t test_thread;

/*
 * What fails when it is told to
 */

static sem_t name_server;
static bool name_hangs; /* atomic */
static bool no_threads;

#define SEEN_BY_LIBRARIES __attribute__((visibility("default")))

/* The lookup of "hangs.test" takes until somebody posts; or is this machine. */
SEEN_BY_LIBRARIES int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (name && strcmp(name, "hangs.test") == 0 && __atomic_load_n(&name_hangs, __ATOMIC_ACQUIRE))
	{
		while (sem_wait(&name_server) != 0)
			;
		return EAI_AGAIN;
	}
	*(void **) &real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(name && strcmp(name, "hangs.test") == 0 ? "127.0.0.1" : name, service, hints, res);
}

SEEN_BY_LIBRARIES int
pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*) (void *), void *);

	if (no_threads)
		return EAGAIN;
	*(void **) &real = dlsym(RTLD_NEXT, "pthread_create");
	return real(thread, attr, run, arg);
}

static int
entries_of(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	(void) closedir(dir);
	return n;
}

static int
threads(void)
{
	return entries_of("/proc/self/task");
}

static int
descriptors(void)
{
	return entries_of("/proc/self/fd");
}

static int
set_up(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	test_thread = pthread_self();
	assert_int_equal(sem_init(&name_server, 0, 0), 0);
	reset_database(BOOKS);
	options.pool_size = 1;
	options.acquire_timeout_ms = PATIENCE;
	options.application_name = "background";
	return aiodal_db_open(&db, NULL, &options, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

static void
expect_free_connection(void)
{
	aiodal_error *err = NULL;

	OK(aiodal_db_ping(db, &err));
	assert_int_equal(db_stats_of(db).used, 0);
	assert_int_equal(db_stats_of(db).waiting, 0);
}

static void
await_threads(int n)
{
	for (int i = 0; i < PATIENCE && threads() > n; i++)
		(void) poll(NULL, 0, 1);
	assert_int_equal(threads(), n);
}

static void
await_table(aiodal_db *in, const char *table)
{
	bool there = false;

	for (int i = 0; i < PATIENCE && !there; i++)
	{
		aiodal_schema *schema = aiodal_db_schema(in);

		there = aiodal_schema_table(schema, "public", table) != NULL;
		aiodal_schema_unref(schema);
		if (!there)
			(void) poll(NULL, 0, 1);
	}
	assert_true(there);
}

/*
 * What goes well
 */

static void
all_three(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *other = db;
	aiodal_schema *schema;
	aiodal_op *op;

	(void) state;
	OK(aiodal_db_open_start(&op, &other, NULL, NULL, &err));
	assert_null(other);
	OK(aiodal_op_wait(op, -1, &err));
	assert_non_null(other);
	OK(aiodal_op_poll(op, &err));
	assert_int_equal(aiodal_op_timeout(op), 0);
	assert_null(aiodal_op_take_result(op));
	aiodal_op_cancel(op);
	OK(aiodal_op_poll(op, &err));
	aiodal_op_free(op);
	run_sql("CREATE TABLE late (id int)");
	OK(aiodal_db_reflect_start(&op, other, &err));
	OK(polling_run(op, AIODAL_OK, &err));
	schema = aiodal_db_schema(other);
	assert_non_null(aiodal_schema_table(schema, NULL, "late"));
	aiodal_schema_unref(schema);
	OK(aiodal_db_ping_start(&op, other, &err));
	OK(polling_run(op, AIODAL_OK, &err));
	aiodal_db_close(other);
	run_sql("DROP TABLE late");
}

/* Strings may go when the start returns. */
static void
nothing_is_borrowed(void **state)
{
	char conninfo[] = "application_name=copied";
	char public[] = "public";
	const char *schemas[] = {public};
	char channel[] = "heard";
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_db *other;
	aiodal_op *op;

	(void) state;
	options.schemas = schemas;
	options.n_schemas = 1;
	options.watch = true;
	options.watch_channel = channel;
	run_sql("SELECT aiodal.watch('heard')");
	OK(aiodal_db_open_start(&op, &other, conninfo, &options, &err));
	memset(conninfo, 'x', sizeof(conninfo) - 1);
	memset(public, 'x', sizeof(public) - 1);
	memset(channel, 'x', sizeof(channel) - 1);
	memset(&options, 0xff, sizeof(options));
	schemas[0] = NULL;
	OK(polling_run(op, AIODAL_OK, &err));
	run_sql("CREATE TABLE heard_of (id int)");
	await_table(other, "heard_of");
	aiodal_db_close(other);
	run_sql("DROP TABLE heard_of");
	run_sql("SELECT aiodal.unwatch()");
}

typedef struct heard
{
	int notices;
	int traces;
} heard;

static void
hear_notice(void *payload, const aiodal_error *notice)
{
	heard *h = payload;

	assert_true(pthread_equal(pthread_self(), test_thread));
	assert_non_null(aiodal_error_message(notice));
	h->notices++;
}

static void
hear_trace(void *payload, const aiodal_trace *trace)
{
	heard *h = payload;

	assert_true(pthread_equal(pthread_self(), test_thread));
	assert_non_null(trace->statement);
	h->traces++;
}

static void
callbacks_run_where_it_is_polled(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	heard h = {0};
	aiodal_db *other;
	aiodal_op *op;

	(void) state;
	options.notice = hear_notice;
	options.notice_payload = &h;
	options.trace = hear_trace;
	options.trace_payload = &h;
	OK(aiodal_db_open_start(&op, &other, "options='-c client_min_messages=debug5'", &options, &err));
	/* nobody polls: nothing is heard, and it waits */
	while (!is_readable(op))
		(void) poll(NULL, 0, 1);
	assert_int_equal(h.notices + h.traces, 0);
	OK(polling_run(op, AIODAL_OK, &err));
	assert_true(h.notices > 0);
	assert_true(h.traces > 0);
	h = (heard){0};
	OK(aiodal_db_reflect_start(&op, other, &err));
	OK(aiodal_op_wait(op, -1, &err));
	aiodal_op_free(op);
	assert_true(h.notices > 0);
	assert_true(h.traces > 0);
	aiodal_db_close(other);
}

/* One that is freed while a callback waits for its turn. */
static void
callbacks_end_with_the_operation(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	heard h = {0};
	aiodal_db *other;
	aiodal_op *op;

	(void) state;
	options.notice = hear_notice;
	options.notice_payload = &h;
	for (int i = 0; i < 5; i++)
	{
		OK(aiodal_db_open_start(&op, &other, "options='-c client_min_messages=debug5'", &options, &err));
		while (!is_readable(op))
			(void) poll(NULL, 0, 1);
		aiodal_op_free(op);
		assert_null(other);
		assert_int_equal(h.notices, 0);
	}
}

/*
 * What does not
 */

static void
what_is_wrong_is_told_at_once(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_db *other;
	aiodal_op *op;

	(void) state;
	options.pool_size = -1;
	FAILS(AIODAL_EINVAL, aiodal_db_open_start(NULL, &other, NULL, NULL, &err), "op must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_db_open_start(&op, NULL, NULL, NULL, &err), "db must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_db_open_start(&op, &other, NULL, &options, &err), "negative");
	assert_null(op);
	FAILS(AIODAL_EINVAL, aiodal_db_open_start(&op, &other, "a=b", NULL, &err), "cannot be parsed");
	FAILS(AIODAL_EINVAL, aiodal_db_ping_start(&op, NULL, &err), "db must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_db_ping_start(NULL, db, &err), "op must not be NULL");
	FAILS(AIODAL_EINVAL, aiodal_db_reflect_start(&op, NULL, &err), "db must not be NULL");
	assert_null(op);
	assert_null(other);
}

static void
errors_are_those_of_the_blocking_call(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *other;
	aiodal_op *op;

	(void) state;
	OK(aiodal_db_open_start(&op, &other, "dbname=nowhere", NULL, &err));
	FAILS(AIODAL_ECONN, aiodal_op_wait(op, -1, &err), "nowhere");
	FAILS(AIODAL_ECONN, aiodal_op_poll(op, &err), "nowhere");
	assert_null(other);
	aiodal_op_free(op);
}

/* A port that nobody answers at. */
static int
silent_port(int *fd)
{
	struct sockaddr_in here = {.sin_family = AF_INET};
	socklen_t len = sizeof(here);

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(*fd, (struct sockaddr *) &here, sizeof(here)), 0);
	assert_int_equal(listen(*fd, 10), 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *) &here, &len), 0);
	return ntohs(here.sin_port);
}

static void
a_server_that_is_silent(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	char conninfo[100];
	aiodal_db *other;
	aiodal_op *op;
	int fd;
	int before = threads();

	(void) state;
	options.connect_timeout_ms = PATIENCE;
	(void) snprintf(conninfo, sizeof(conninfo), "host=127.0.0.1 port=%d", silent_port(&fd));
	OK(aiodal_db_open_start(&op, &other, conninfo, &options, &err));
	expect_running(op);
	aiodal_op_cancel(op);
	FAILS(AIODAL_ECANCELED, aiodal_op_wait(op, -1, &err), "the operation was cancelled");
	FAILS(AIODAL_ECANCELED, aiodal_op_poll(op, &err), "the operation was cancelled");
	aiodal_op_free(op);
	OK(aiodal_db_open_start(&op, &other, conninfo, &options, &err));
	expect_running(op);
	aiodal_op_free(op);
	assert_null(other);
	options.connect_timeout_ms = 50;
	OK(aiodal_db_open_start(&op, &other, conninfo, &options, &err));
	FAILS(AIODAL_ETIMEOUT, polling_run(op, AIODAL_OK, &err), "did not answer in time");
	assert_null(other);
	(void) close(fd);
	assert_int_equal(threads(), before);
}

static void
a_name_that_is_not_found_out(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db *other;
	aiodal_op *op;
	int before = threads();

	(void) state;
	__atomic_store_n(&name_hangs, true, __ATOMIC_RELEASE);
	OK(aiodal_db_open_start(&op, &other, "host=hangs.test", NULL, &err));
	expect_running(op);
	aiodal_op_cancel(op);
	aiodal_op_free(op);
	assert_int_equal(threads(), before + 1);
	assert_null(other);
	assert_int_equal(sem_post(&name_server), 0);
	await_threads(before);
	/* and one that is in time */
	OK(aiodal_db_open_start(&op, &other, "host=hangs.test", NULL, &err));
	expect_running(op);
	assert_int_equal(sem_post(&name_server), 0);
	FAILS(AIODAL_ECONN, polling_run(op, AIODAL_OK, &err), "hangs.test");
	assert_int_equal(threads(), before);
}

/* A db whose server is found once. */
static aiodal_db *
open_by_name(proxy *p, int timeout_ms)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	char conninfo[100];
	aiodal_db *found;

	proxy_start(p);
	(void) snprintf(conninfo, sizeof(conninfo), "host=hangs.test port=%d", p->port);
	options.no_reflect = true;
	options.connect_timeout_ms = timeout_ms;
	__atomic_store_n(&name_hangs, false, __ATOMIC_RELEASE);
	OK(aiodal_db_open(&found, conninfo, &options, &err));
	__atomic_store_n(&name_hangs, true, __ATOMIC_RELEASE);
	return found;
}

/* Who begins a transaction that needs another connection, or listens, is not kept waiting either. */
static void
a_name_that_is_forgotten(void **state)
{
	static const char *const channels[] = {"news"};
	const aiodal_notification *notification;
	aiodal_error *err = NULL;
	proxy p;
	aiodal_db *found = open_by_name(&p, PATIENCE);
	aiodal_tx *holder = begin_in(found);
	aiodal_listener *listener;
	aiodal_op *op;
	aiodal_tx *tx;
	int before = threads();

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		OK(aiodal_tx_begin_start(&op, &tx, found, NULL, &err));
		for (int j = 0; j < 100; j++)
			EXPECT(AIODAL_WANT_READ, aiodal_op_poll(op, &err));
		if (i == 0)
		{
			aiodal_op_cancel(op);
			FAILS(AIODAL_ECANCELED, aiodal_op_wait(op, -1, &err), "cancelled before the transaction");
		}
		aiodal_op_free(op);
		aiodal_tx_free(tx);
	}
	OK(aiodal_listen_start(&listener, found, channels, 1, &err));
	for (int j = 0; j < 100; j++)
		EXPECT(AIODAL_WANT_READ, aiodal_listener_poll(listener, &notification, &err));
	aiodal_listener_free(listener);
	assert_int_equal(threads(), before + 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(sem_post(&name_server), 0);
	await_threads(before);
	assert_int_equal(db_stats_of(found).open, 1);
	aiodal_tx_free(holder);
	aiodal_db_close(found);
	proxy_stop(&p);
}

static void
a_name_that_takes_too_long(void **state)
{
	static const char *const channels[] = {"news"};
	aiodal_error *err = NULL;
	proxy p;
	aiodal_db *found = open_by_name(&p, 300);
	aiodal_tx *holder = begin_in(found);
	aiodal_listener *listener;
	aiodal_op *op;
	aiodal_tx *tx;
	int before = threads();

	(void) state;
	OK(aiodal_tx_begin_start(&op, &tx, found, NULL, &err));
	FAILS(AIODAL_ETIMEOUT, polling_run(op, AIODAL_OK, &err), "did not answer in time");
	aiodal_tx_free(tx);
	FAILS(AIODAL_ETIMEOUT, aiodal_listen(&listener, found, channels, 1, &err), "did not answer in time");
	for (int i = 0; i < 2; i++)
		assert_int_equal(sem_post(&name_server), 0);
	await_threads(before);
	aiodal_tx_free(holder);
	aiodal_db_close(found);
	proxy_stop(&p);
}

static void
waiting_for_a_connection(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *holder = begin_in(db);
	aiodal_op *ping;
	aiodal_op *reflect;

	(void) state;
	OK(aiodal_db_ping_start(&ping, db, &err));
	OK(aiodal_db_reflect_start(&reflect, db, &err));
	expect_running(ping);
	expect_running(reflect);
	aiodal_op_cancel(ping);
	FAILS(AIODAL_ECANCELED, aiodal_op_wait(ping, -1, &err), "the operation was cancelled");
	aiodal_op_free(ping);
	expect_running(reflect);
	OK(aiodal_db_ping_start(&ping, db, &err));
	expect_running(ping);
	aiodal_op_free(ping);
	aiodal_tx_free(holder);
	OK(polling_run(reflect, AIODAL_OK, &err));
	expect_free_connection();
}

/* Has a reflection wait for a lock, until the connection is closed. */
static PGconn *
stop_reflections(void)
{
	PGconn *pg = PQconnectdb("");
	PGresult *res = PQexec(pg, "BEGIN; LOCK TABLE pg_catalog.pg_description IN ACCESS EXCLUSIVE MODE");

	assert_int_equal(PQresultStatus(res), PGRES_COMMAND_OK);
	PQclear(res);
	return pg;
}

static void
cancelled_while_the_server_works(void **state)
{
	static const char waits[] = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'background' "
								"AND wait_event_type = 'Lock'";
	aiodal_error *err = NULL;
	aiodal_op *op;
	PGconn *pg;

	(void) state;
	run_sql("CREATE TABLE another (id int)");
	pg = stop_reflections();
	OK(aiodal_db_reflect_start(&op, db, &err));
	await_count(waits);
	expect_running(op);
	aiodal_op_cancel(op);
	FAILS(AIODAL_ECANCELED, aiodal_op_wait(op, -1, &err), "the operation was cancelled");
	aiodal_op_free(op);
	expect_free_connection();
	OK(aiodal_db_reflect_start(&op, db, &err));
	await_count(waits);
	aiodal_op_free(op);
	expect_free_connection();
	PQfinish(pg);
	run_sql("DROP TABLE another");
	OK(aiodal_db_reflect_start(&op, db, &err));
	OK(polling_run(op, AIODAL_OK, &err));
	assert_int_equal(db_stats_of(db).opened, 1);
}

static void
nothing_to_run_it_with(void **state)
{
	aiodal_error *err = NULL;
	struct rlimit before;
	struct rlimit limit;
	aiodal_db *other;
	aiodal_tx *holder;
	aiodal_tx *tx;
	aiodal_op *op;
	int open = descriptors();

	(void) state;
	no_threads = true;
	FAILS(AIODAL_ENOMEM, aiodal_db_ping_start(&op, db, &err), "could not start a thread");
	assert_null(op);
	FAILS(AIODAL_ENOMEM, aiodal_db_open_start(&op, &other, NULL, NULL, &err), "could not start a thread");
	assert_null(op);
	no_threads = false;
	OK(aiodal_db_open(&other, NULL, NULL, &err));
	holder = begin_in(other);
	no_threads = true;
	FAILS(AIODAL_ENOMEM, aiodal_tx_begin_start(&op, &tx, other, NULL, &err), "could not start a thread");
	no_threads = false;
	assert_null(op);
	assert_null(tx);
	assert_int_equal(db_stats_of(other).open, 1);
	aiodal_tx_free(holder);
	aiodal_db_close(other);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	EXPECT(AIODAL_ENOMEM, aiodal_db_reflect_start(&op, db, &err));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	aiodal_error_free(err);
	assert_null(op);
	assert_int_equal(descriptors(), open);
	expect_free_connection();
}

/* The thread is the parent's alone. */
static void
forked_meanwhile(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *holder = begin_in(db);
	aiodal_op *op;
	pid_t child;
	int status;

	(void) state;
	OK(aiodal_db_ping_start(&op, db, &err));
	expect_running(op);
	child = fork();
	if (child == 0)
	{
		bool good =
			aiodal_op_poll(op, NULL) == AIODAL_ESTATE && aiodal_op_wait(op, -1, NULL) == AIODAL_ESTATE;

		aiodal_op_free(op);
		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	expect_running(op);
	aiodal_tx_free(holder);
	OK(polling_run(op, AIODAL_OK, &err));
}

/* The db may go first. */
static void
closed_meanwhile(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_db *other;
	aiodal_tx *holder;
	aiodal_op *op;

	(void) state;
	options.pool_size = 1;
	OK(aiodal_db_open(&other, NULL, &options, &err));
	holder = begin_in(other);
	OK(aiodal_db_ping_start(&op, other, &err));
	expect_running(op);
	aiodal_db_close(other);
	FAILS(AIODAL_ESTATE, polling_run(op, AIODAL_OK, &err), "closed");
	aiodal_tx_free(holder);
}

static void *
cancel_it(void *op)
{
	aiodal_op_cancel(op);
	return NULL;
}

/* From another thread, at any moment. */
static void
cancelled_from_elsewhere(void **state)
{
	aiodal_error *err = NULL;

	(void) state;
	for (int i = 0; i < 50; i++)
	{
		aiodal_status status;
		pthread_t thread;
		aiodal_op *op;

		OK(aiodal_db_reflect_start(&op, db, &err));
		assert_int_equal(pthread_create(&thread, NULL, cancel_it, op), 0);
		status = aiodal_op_wait(op, -1, &err);
		assert_true(status == AIODAL_OK || status == AIODAL_ECANCELED);
		aiodal_error_free(err);
		err = NULL;
		(void) pthread_join(thread, NULL);
		aiodal_op_free(op);
	}
	expect_free_connection();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_three),
		cmocka_unit_test(nothing_is_borrowed),
		cmocka_unit_test(callbacks_run_where_it_is_polled),
		cmocka_unit_test(callbacks_end_with_the_operation),
		cmocka_unit_test(what_is_wrong_is_told_at_once),
		cmocka_unit_test(errors_are_those_of_the_blocking_call),
		cmocka_unit_test(a_server_that_is_silent),
		cmocka_unit_test(a_name_that_is_not_found_out),
		cmocka_unit_test(a_name_that_is_forgotten),
		cmocka_unit_test(a_name_that_takes_too_long),
		cmocka_unit_test(waiting_for_a_connection),
		cmocka_unit_test(cancelled_while_the_server_works),
		cmocka_unit_test(nothing_to_run_it_with),
		cmocka_unit_test(forked_meanwhile),
		cmocka_unit_test(closed_meanwhile),
		cmocka_unit_test(cancelled_from_elsewhere),
	};

	return cmocka_run_group_tests_name("background", tests, set_up, tear_down);
}
