/*
 * background.h
 *		Operations that are a blocking function in a thread of its own; see util/errand.h.
 */
#ifndef AIODAL_SRC_BACKGROUND_H
#define AIODAL_SRC_BACKGROUND_H

#include "conn.h"
#include "util/errand.h"

typedef struct aiodal__background aiodal__background;

struct aiodal__background_kind
{
	aiodal_status (*run)(aiodal__background *b, aiodal_error **err); /* in the thread */
	void (*deliver)(aiodal__background *b); /* what came of it to the caller, whose thread it is; or NULL */
	void (*drop)(aiodal__background *b);    /* frees what it holds, but for b itself; or NULL */
	bool may_be_left; /* it needs nothing of the caller's: one that hangs need not be waited for */
	bool direct;      /* callbacks are run where they come up */
};

/* The beginning of what such an operation needs. */
struct aiodal__background
{
	struct aiodal_op op; /* the handle */
	const struct aiodal__background_kind *does;
	aiodal__errand errand;
	aiodal__background **place; /* what it keeps for itself until it is freed; or NULL */
	aiodal__background *below;  /* who had that before, and has it again then: the one that started it */
	aiodal_status status;       /* the thread's, until it has ended */
	aiodal_error *error;
};

/* Whether there is a place for the operation's handle; *op is NULL then. */
extern aiodal_status aiodal__background_check(aiodal_op **op, aiodal_error **err);

/* Of size bytes, all zero but for the first part; to be started. NULL, with the error, when out of memory. */
extern void *
aiodal__background_new(size_t size, const struct aiodal__background_kind *does, aiodal_error **err);

/* Takes b: when that fails it is dropped, and *op NULL. */
extern aiodal_status aiodal__background_start(aiodal_op **op, aiodal__background *b, aiodal_error **err);

/* Whether a place is one's that this thread has nothing to do with; and, has_now, one that still runs. */
extern bool aiodal__background_has(const aiodal__background *b);
extern bool aiodal__background_has_now(const aiodal__background *b);

/* Drops one that was not started. */
extern void aiodal__background_drop(aiodal__background *b);

/* Has what conn runs interrupted when this thread's errand, if it is in one, is cancelled: until its tick is
 * again what this returns. */
extern aiodal__tick_fn aiodal__background_enter(aiodal__conn *conn);

#endif /* AIODAL_SRC_BACKGROUND_H */
