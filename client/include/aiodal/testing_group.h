/*
 * aiodal/testing_group.h
 *		Databases for tests: made once, and as they were at the beginning of every test. Part of
 *		aiodal/testing.h.
 *
 * A group is what the tests of a program have in common: a server, a template database that migrations and a
 * seed have run in, and the schema, read once. A test of it has one of two kinds of database:
 *
 * AIODAL_TEST_ROLLBACK: one db for all tests, in a sandbox (aiodal/sandbox.h), so that what a test does is
 *	 rolled back in the end though the code under test begins, commits and rolls back as it likes. Takes a
 *	 fraction of a millisecond. For what aiodal/sandbox.h says a sandbox cannot do (NOTIFY, other sessions,
 *	 COMMIT in a procedure, VACUUM, CREATE INDEX CONCURRENTLY, a now() that goes on) there is the other one.
 *	 Sequences are set back too, but for values that a sequence with CACHE has set aside for a session.
 *
 * AIODAL_TEST_CLONE: a database of its own, copied from the template, in which everything is real. Takes some
 *	 20 ms.
 *
 * A group and its tests belong to one thread at a time; a test's db may be used by many. Of the environment
 * is read, besides what aiodal/testing_server.h names:
 *
 *		AIODAL_TEST_URL   a server to make the databases on, as a conninfo or URI of one of its databases;
 *						  "aiodal testdb" sets it. Default: a private server, started for the group
 *		AIODAL_TEST_LOG   the file of that server's log, to be quoted from
 *		AIODAL_TEST_KEEP  databases of failed tests stay, too
 *
 * What a killed program leaves on a server that is not its own, the next group made there removes.
 */
#ifndef AIODAL_TESTING_GROUP_H
#define AIODAL_TESTING_GROUP_H

#include <aiodal/db.h>
#include <aiodal/testing_server.h>
#include <aiodal/tx.h>

AIODAL_BEGIN_DECLS

typedef struct aiodal_test_group aiodal_test_group;
typedef struct aiodal_test aiodal_test;

typedef enum aiodal_test_mode
{
	AIODAL_TEST_ROLLBACK = 0,
	AIODAL_TEST_CLONE
} aiodal_test_mode;

/* All strings are copied; the functions and their payloads, and db->trace_payload and the like, must live as
 * long as the group. */
typedef struct aiodal_test_group_options
{
	size_t size;
	const char *url; /* instead of AIODAL_TEST_URL; "" for a private server whatever that says. Its user must
						be allowed to create databases */
	const aiodal_test_server_options *server; /* of the private one */
	const char *base;                         /* database that the template begins as; default template1 */
	const char *const *migrations;            /* what aiodal_test_run_sql() takes; NULL behind the last */
	const char *sql;                          /* runs after them, as one */
	aiodal_tx_fn seed;                        /* runs last, in a transaction that is committed */
	void *seed_payload;
	const char *seed_version;    /* another one whenever seed would do something else */
	const aiodal_db_options *db; /* how each db is opened */
	int statements;              /* how many of the last ones a report shows; default 10, negative: none */
	bool fresh;                  /* make the template anew, and drop it with the group */
	bool leave_sequences;        /* do not set them back in rollback mode: saves a trip to the server */
} aiodal_test_group_options;

#define AIODAL_TEST_GROUP_OPTIONS_INIT                                                                     \
	{                                                                                                      \
		sizeof(aiodal_test_group_options), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, false, \
			false                                                                                          \
	}

/*
 * Finds or starts the server and makes the template: migrations, sql, CREATE EXTENSION aiodal unless they did
 * so, seed; then nobody can connect to it. On a server that is there for longer it stays for the next group
 * that has the same (the text of all files, sql, seed_version and the extension's version make its name) and
 * is removed once unused for a week; a fresh one, and one with a seed but no seed_version, goes with the
 * group.
 *
 * options may be NULL. Errors: those of aiodal_test_server_start(), aiodal_test_run_sql(),
 * aiodal_test_create_extension() and of seed; ECONN (no server at url), ESERVER (its user may not create
 * databases). *group is owned by the caller: aiodal_test_group_close().
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_test_group_open(aiodal_test_group **group,
																  const aiodal_test_group_options *options,
																  aiodal_error **err);

/* Where the server is, for what is not about one test: a conninfo of a database that is not the template.
 * Borrowed. */
AIODAL_API const char *aiodal_test_group_url(const aiodal_test_group *group);

/* The private server; NULL when it is one given. Borrowed. */
AIODAL_API aiodal_test_server *aiodal_test_group_server(const aiodal_test_group *group);

/* Ends the tests that have not been, drops the group's databases, stops the private server, frees. In the
 * child of a fork() only frees. */
AIODAL_API void aiodal_test_group_close(aiodal_test_group *group);

/*
 * Begins a test. One at a time may be AIODAL_TEST_ROLLBACK: AIODAL_ESTATE. Else as for aiodal_db_open().
 * *test is owned by the caller: aiodal_test_end().
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_test_begin(aiodal_test **test, aiodal_test_group *group,
															 aiodal_test_mode mode, aiodal_error **err);

/* The test's db, for the code under test. Borrowed; the test closes it. */
AIODAL_API aiodal_db *aiodal_test_db(const aiodal_test *test);

/* Of the test's database, for connections of other kinds; in rollback mode they do not see what the test
 * does. Borrowed. */
AIODAL_API const char *aiodal_test_conninfo(const aiodal_test *test);

/*
 * A transaction of the test's own, begun when first asked for and again after it was committed or rolled
 * back; never committed by the test. In rollback mode what the code under test begins in the same thread
 * meanwhile is a part of it, and it is AIODAL_EBUSY until that has ended. *tx is borrowed from the test.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_test_tx(aiodal_tx **tx, aiodal_test *test,
														  aiodal_error **err);

/*
 * What one wants to know of a test that failed, in lines: the last statements with duration, rows, SQLSTATE,
 * message and detail, and what the server logged meanwhile (its last lines). A new string for free(); NULL
 * when out of memory.
 */
AIODAL_API char *aiodal_test_report(aiodal_test *test);

/* The test has failed: with AIODAL_TEST_KEEP its clone stays, and the report says its name. */
AIODAL_API void aiodal_test_set_failed(aiodal_test *test);

/*
 * Ends the test: rolls back, or drops the clone, and frees. All of that is done whatever it returns:
 * AIODAL_ESTATE when the code under test left transactions open, whose handles are still to be freed before
 * the group is closed, or ended the sandbox by SQL (the next test has a new database then).
 */
AIODAL_API aiodal_status aiodal_test_end(aiodal_test *test, aiodal_error **err);

AIODAL_END_DECLS

#endif /* AIODAL_TESTING_GROUP_H */
