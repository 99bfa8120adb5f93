/*
 * test_notify.c
 *		Listeners, and what they do when the connection is lost.
 *
 * Linked with the static library, for its clock.
 */
#include "support.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"

static int64_t skipped;

static int64_t
fake_clock(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000 + skipped;
}

static aiodal_db *db;

static int
set_up(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	reset_database(NULL);
	aiodal__clock = fake_clock;
	options.no_reflect = true;
	options.application_name = "listening";
	options.connect_timeout_ms = 3000;
	OK(aiodal_db_open(&db, NULL, &options, &err));
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

static aiodal_listener *
listen_to(const char *channel)
{
	aiodal_error *err = NULL;
	aiodal_listener *listener;

	OK(aiodal_listen(&listener, db, &channel, 1, &err));
	return listener;
}

/* The next one, which must come. */
static const aiodal_notification *
next(aiodal_listener *listener)
{
	aiodal_error *err = NULL;
	const aiodal_notification *n;

	OK(aiodal_listener_wait(listener, &n, 30000, &err));
	return n;
}

static void
expect_nothing(aiodal_listener *listener)
{
	aiodal_error *err = NULL;
	const aiodal_notification *n;

	EXPECT(AIODAL_WANT_READ, aiodal_listener_wait(listener, &n, 50, &err));
	assert_null(n);
}

/* The server process behind the only listener there is. */
static int
backend_of_listener(void)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;
	int pid;

	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	pid = (int) strtol(query(tx, "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE "
								 "application_name = 'listening' AND query LIKE 'LISTEN%'"),
					   NULL, 10);
	aiodal_tx_free(tx);
	assert_true(pid > 0);
	return pid;
}

static void
what_is_committed_is_told(void **state)
{
	static const char *const channels[] = {"news", "Odd \"channel\""};
	aiodal_error *err = NULL;
	aiodal_listener *listener;
	const aiodal_notification *n;
	aiodal_tx *tx;
	long pid;

	(void) state;
	OK(aiodal_listen(&listener, db, channels, 2, &err));
	expect_nothing(listener);
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	pid = strtol(query(tx, "SELECT pg_backend_pid()"), NULL, 10);
	OK(aiodal_tx_exec_script(tx,
							 "SELECT pg_notify('news', 'one'), pg_notify('other', 'x'); NOTIFY "
							 "\"Odd \"\"channel\"\"\"; NOTIFY news, 'two'",
							 &err));
	expect_nothing(listener);
	OK(aiodal_tx_commit(tx, &err));
	aiodal_tx_free(tx);
	n = next(listener);
	assert_string_equal(n->channel, "news");
	assert_string_equal(n->payload, "one");
	assert_int_equal(n->backend_pid, pid);
	n = next(listener);
	assert_string_equal(n->channel, "Odd \"channel\"");
	assert_string_equal(n->payload, "");
	assert_string_equal(next(listener)->payload, "two");
	expect_nothing(listener);
	aiodal_listener_free(listener);
}

static void
many_at_once(void **state)
{
	aiodal_listener *listener = listen_to("news");

	(void) state;
	run_sql("SELECT pg_notify('news', i || repeat(' ', 1000)) FROM generate_series(1, 5000) i");
	for (long i = 1; i <= 5000; i++)
		assert_int_equal(strtol(next(listener)->payload, NULL, 10), i);
	expect_nothing(listener);
	aiodal_listener_free(listener);
}

/* Says that it was lost, and that it listens again. */
static void
expect_renewal(aiodal_listener *listener, const char *words)
{
	aiodal_error *err = NULL;
	const aiodal_notification *n;

	FAILS(AIODAL_ECONN, aiodal_listener_wait(listener, &n, 30000, &err), words);
	assert_int_equal(aiodal_listener_fd(listener), -1);
	n = next(listener);
	assert_null(n->channel);
	assert_string_equal(n->payload, "");
	run_sql("NOTIFY news, 'again'");
	assert_string_equal(next(listener)->payload, "again");
}

static void
a_lost_connection_is_made_again(void **state)
{
	aiodal_listener *listener = listen_to("news");
	char sql[100];

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		(void) snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d, 30000)", backend_of_listener());
		run_sql(sql);
		expect_renewal(listener, "server closed the connection");
	}
	aiodal_listener_free(listener);
}

static void
silence_is_not_trusted(void **state)
{
	aiodal_listener *listener = listen_to("news");
	int backend = backend_of_listener();

	(void) state;
	/* a server that answers */
	assert_true(aiodal_listener_timeout(listener) >= 29000 && aiodal_listener_timeout(listener) <= 30000);
	skipped += 31000;
	expect_nothing(listener);
	assert_true(aiodal_listener_timeout(listener) >= 29000 && aiodal_listener_timeout(listener) <= 30000);
	run_sql("NOTIFY news, 'here'");
	assert_string_equal(next(listener)->payload, "here");
	/* one that does not */
	skipped += 31000;
	if (kill(backend, SIGSTOP) != 0)
	{
		aiodal_listener_free(listener);
		skip();
	}
	expect_renewal(listener, "does not answer");
	assert_int_equal(kill(backend, SIGCONT), 0);
	aiodal_listener_free(listener);
}

/* No server there: each attempt says so, with longer and longer pauses. */
static void
attempts_become_rare(void **state)
{
	static const char *const channels[] = {"news"};
	aiodal_error *err = NULL;
	aiodal_listener *listener;
	const aiodal_notification *n;
	int last = 0;

	(void) state;
	OK(aiodal_listen_start(&listener, db, channels, 1, &err));
	assert_int_equal(setenv("PGPORT", "1", 1), 0);
	for (int i = 0; i < 10; i++)
	{
		int pause;

		FAILS(AIODAL_ECONN, aiodal_listener_wait(listener, &n, -1, &err), "");
		pause = aiodal_listener_timeout(listener);
		assert_true(pause <= 45000);
		if (i > 1 && i < 6)
			assert_true(pause > last / 3);
		last = pause;
		skipped += pause;
	}
	assert_true(last >= 14000);
	aiodal_listener_free(listener);
}

static void *
wake_soon(void *listener)
{
	(void) usleep(20000);
	aiodal_listener_wake(listener);
	return NULL;
}

static void
waits_are_ended_from_elsewhere(void **state)
{
	aiodal_error *err = NULL;
	aiodal_listener *listener = listen_to("news");
	const aiodal_notification *n;
	pthread_t thread;

	(void) state;
	assert_int_equal(pthread_create(&thread, NULL, wake_soon, listener), 0);
	EXPECT(AIODAL_WANT_READ, aiodal_listener_wait(listener, &n, -1, &err));
	assert_int_equal(pthread_join(thread, NULL), 0);
	/* before it waits */
	aiodal_listener_wake(listener);
	EXPECT(AIODAL_WANT_READ, aiodal_listener_wait(listener, &n, -1, &err));
	expect_nothing(listener);
	aiodal_listener_free(listener);
}

static void
polled_from_the_start(void **state)
{
	static const char *const channels[] = {"news"};
	aiodal_error *err = NULL;
	aiodal_listener *listener;
	const aiodal_notification *n;
	aiodal_status status;

	(void) state;
	OK(aiodal_listen_start(&listener, db, channels, 1, &err));
	while ((status = aiodal_listener_poll(listener, &n, &err)) > 0)
	{
		struct pollfd fd = {.fd = aiodal_listener_fd(listener), .events = POLLIN};

		if (status == AIODAL_WANT_WRITE)
			fd.events = POLLOUT;
		assert_int_equal(poll(&fd, 1, aiodal_listener_timeout(listener)), 1);
	}
	OK(status);
	assert_null(n->channel);
	aiodal_listener_free(listener);
}

static void
bad_calls(void **state)
{
	const char *channels[] = {"a", NULL};
	aiodal_error *err = NULL;
	aiodal_listener *listener;
	const aiodal_notification *n;

	(void) state;
	FAILS(AIODAL_EINVAL, aiodal_listen(&listener, NULL, channels, 1, &err), "db");
	FAILS(AIODAL_EINVAL, aiodal_listen(NULL, db, channels, 1, &err), "listener");
	FAILS(AIODAL_EINVAL, aiodal_listen(&listener, db, channels, 0, &err), "a channel");
	FAILS(AIODAL_EINVAL, aiodal_listen(&listener, db, channels, 2, &err), "n names");
	assert_null(listener);
	FAILS(AIODAL_EINVAL, aiodal_listener_poll(NULL, &n, &err), "listener");
	channels[1] = "";
	FAILS(AIODAL_ESERVER, aiodal_listen(&listener, db, channels, 2, &err), "zero-length");
	listener = listen_to("a");
	FAILS(AIODAL_EINVAL, aiodal_listener_poll(listener, NULL, &err), "notification");
	aiodal_listener_free(listener);
	aiodal_listener_free(NULL);
	aiodal_listener_wake(NULL);
	assert_int_equal(aiodal_listener_fd(NULL), -1);
}

/* Outlives the handle of its db; the child of a fork takes nothing from it. */
static void
forks_and_closed_dbs(void **state)
{
	aiodal_error *err = NULL;
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	const char *channel = "news";
	const aiodal_notification *n;
	aiodal_listener *listener;
	aiodal_db *other;
	int status;
	pid_t child;

	(void) state;
	options.no_reflect = true;
	OK(aiodal_db_open(&other, NULL, &options, &err));
	OK(aiodal_listen(&listener, other, &channel, 1, &err));
	aiodal_db_close(other);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
	{
		bool good = aiodal_listener_poll(listener, &n, NULL) == AIODAL_ESTATE;

		aiodal_listener_free(listener);
		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	run_sql("NOTIFY news, 'still here'");
	assert_string_equal(next(listener)->payload, "still here");
	aiodal_listener_free(listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_committed_is_told),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(a_lost_connection_is_made_again),
		cmocka_unit_test(silence_is_not_trusted),
		cmocka_unit_test(waits_are_ended_from_elsewhere),
		cmocka_unit_test(polled_from_the_start),
		cmocka_unit_test(bad_calls),
		cmocka_unit_test(forks_and_closed_dbs),
		cmocka_unit_test(attempts_become_rare),
	};

	return cmocka_run_group_tests_name("notify", tests, set_up, tear_down);
}
