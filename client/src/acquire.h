/*
 * acquire.h
 *		A connection out of the pool, step by step: waiting for it, making it, and its first command.
 */
#ifndef AIODAL_SRC_ACQUIRE_H
#define AIODAL_SRC_ACQUIRE_H

#include "dial.h"
#include "pool.h"

typedef enum aiodal__acquire_stage
{
	AIODAL__ACQUIRE_OVER, /* nothing is held for it */
	AIODAL__ACQUIRE_QUEUED,
	AIODAL__ACQUIRE_CONNECTING,
	AIODAL__ACQUIRE_COMMAND, /* the first command runs */
	AIODAL__ACQUIRE_DONE     /* the connection is the caller's */
} aiodal__acquire_stage;

/* All zero but for the first part. It must stay where it is until it is over or done. */
typedef struct aiodal__acquisition
{
	aiodal__pool *pool;
	const char *sql; /* the first command, harmless to repeat; NULL: none, but for a ping where one is due */
	const char *owner;  /* as for the pool */
	int64_t deadline;   /* for it, and for what the connection runs later */
	int64_t patience;   /* until when to wait for a connection, and to make one */
	int64_t ping_after; /* one that was idle for so long is given the time of a new one to answer */
	bool async;         /* there is to be a descriptor to wait for always, and nothing may block */
	bool may_skip;      /* the first command, where the connection has lately shown that it is alive */

	aiodal__conn *conn;
	aiodal__dial *dial; /* by which it connects, when async */
	int64_t idle_ms;    /* it had been idle before; -1: it is new */
	bool skipped;       /* the first command was */
	aiodal__acquire_stage stage;
	aiodal__waiter waiter;
	int64_t limit; /* of the stage */
} aiodal__acquisition;

/*
 * Goes on as far as it can without blocking: AIODAL_OK: conn is lent, and the first command has been run or
 * skipped; when an idle one turned out to be dead, on another one. Positive: what to wait for. Negative: it
 * is over.
 */
extern aiodal_status aiodal__acquire_start(aiodal__acquisition *a, aiodal_error **err);
extern aiodal_status aiodal__acquire_step(aiodal__acquisition *a, aiodal_error **err);

/* Blocks until a step may get further, until limit at most. */
extern void aiodal__acquire_wait(aiodal__acquisition *a, int64_t limit);

extern int aiodal__acquire_fd(const aiodal__acquisition *a);
extern int64_t aiodal__acquire_next_check(const aiodal__acquisition *a);

/* Ends one that is neither over nor done. */
extern void aiodal__acquire_give_up(aiodal__acquisition *a);

/* The same in the child of a fork. */
extern void aiodal__acquire_abandon(aiodal__acquisition *a);

/* Start and wait; in an errand that is cancelled, AIODAL_ECANCELED. */
extern aiodal_status aiodal__acquire(aiodal__acquisition *a, aiodal_error **err);

#endif /* AIODAL_SRC_ACQUIRE_H */
