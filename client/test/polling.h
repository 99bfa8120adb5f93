/*
 * polling.h
 *		An operation as the loop of somebody's own would run it.
 */
#ifndef AIODAL_TEST_POLLING_H
#define AIODAL_TEST_POLLING_H

#include <poll.h>

#include "support.h"

/* Until it is ready for what was wanted, or it is time. */
static inline void
polling_wait(const aiodal_op *op, aiodal_status want)
{
	struct pollfd fd = {.fd = aiodal_op_fd(op), .events = POLLIN};

	assert_true(want == AIODAL_WANT_READ || want == AIODAL_WANT_WRITE);
	assert_true(fd.fd >= 0 || aiodal_op_timeout(op) >= 0);
	if (want == AIODAL_WANT_WRITE)
		fd.events |= POLLOUT;
	(void) poll(&fd, 1, aiodal_op_timeout(op));
}

/* From its start, whose status is given, to its end; frees it. */
static inline aiodal_status
polling_run(aiodal_op *op, aiodal_status started, aiodal_error **err)
{
	aiodal_status status = started;

	if (started != AIODAL_OK)
		return status;
	while ((status = aiodal_op_poll(op, err)) > 0)
		polling_wait(op, status);
	aiodal_op_free(op);
	return status;
}

static inline aiodal_status
polling_begin(aiodal_tx **tx, aiodal_db *db, const aiodal_tx_options *options, aiodal_error **err)
{
	aiodal_op *op;
	aiodal_status status = aiodal_tx_begin_start(&op, tx, db, options, err);

	return polling_run(op, status, err);
}

static inline aiodal_status
polling_commit(aiodal_tx *tx, aiodal_error **err)
{
	aiodal_op *op;
	aiodal_status status = aiodal_tx_commit_start(&op, tx, err);

	return polling_run(op, status, err);
}

static inline aiodal_status
polling_rollback(aiodal_tx *tx, aiodal_error **err)
{
	aiodal_op *op;
	aiodal_status status = aiodal_tx_rollback_start(&op, tx, err);

	return polling_run(op, status, err);
}

#endif /* AIODAL_TEST_POLLING_H */
