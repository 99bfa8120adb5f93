/*
 * dial.h
 *		Connecting without blocking: not even the lookup of a host's name does.
 */
#ifndef AIODAL_SRC_DIAL_H
#define AIODAL_SRC_DIAL_H

#include "conn.h"

typedef struct aiodal__dial aiodal__dial;

/* In a thread of its own, which copies what it needs; until limit at most. */
extern aiodal_status
aiodal__dial_start(aiodal__dial **dial, const aiodal__conn_params *params, int64_t limit, aiodal_error **err);

/* AIODAL_WANT_READ: not yet. AIODAL_OK: *conn is the caller's. With anything but the first, dial is freed. */
extern aiodal_status aiodal__dial_step(aiodal__dial *dial, aiodal__conn **conn, aiodal_error **err);

/* Readable when there is something to do for step. */
extern int aiodal__dial_fd(const aiodal__dial *dial);
extern void aiodal__dial_wait(const aiodal__dial *dial, int64_t limit);

/* Does not wait for its end. In the child of a fork, too. */
extern void aiodal__dial_give_up(aiodal__dial *dial);

#endif /* AIODAL_SRC_DIAL_H */
