/*
 * running.h
 *		Operations that run in a thread of the library's.
 */
#ifndef AIODAL_TEST_RUNNING_H
#define AIODAL_TEST_RUNNING_H

#include "polling.h"

enum
{
	PATIENCE = 60000 /* ms */
};

static inline bool
is_readable(const aiodal_op *op)
{
	struct pollfd fd = {.fd = aiodal_op_fd(op), .events = POLLIN};

	assert_true(fd.fd >= 0);
	return poll(&fd, 1, 0) == 1;
}

/* It has not ended, and says so without waiting. */
static inline void
expect_running(aiodal_op *op)
{
	aiodal_error *err = NULL;

	for (int i = 0; i < 100; i++)
		EXPECT(AIODAL_WANT_READ, aiodal_op_poll(op, &err));
	assert_int_equal(aiodal_op_timeout(op), -1);
	EXPECT(AIODAL_WANT_READ, aiodal_op_wait(op, 1, &err));
	assert_null(aiodal_op_take_result(op));
}

/* Waits for a condition of the server's that sql counts. */
static inline void
await_count(const char *sql)
{
	PGconn *pg = PQconnectdb("");
	bool there = false;

	for (int i = 0; i < PATIENCE && !there; i++)
	{
		PGresult *res = PQexec(pg, sql);

		assert_int_equal(PQresultStatus(res), PGRES_TUPLES_OK);
		there = strcmp(PQgetvalue(res, 0, 0), "0") != 0;
		PQclear(res);
		if (!there)
			(void) poll(NULL, 0, 1);
	}
	PQfinish(pg);
	assert_true(there);
}

#endif /* AIODAL_TEST_RUNNING_H */
