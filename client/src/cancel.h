/*
 * cancel.h
 *		Asking the server to cancel what a connection runs.
 */
#ifndef AIODAL_SRC_CANCEL_H
#define AIODAL_SRC_CANCEL_H

#include <stdbool.h>

#include <libpq-fe.h>

/* For one connection. One caller at a time. */
typedef struct aiodal__cancel aiodal__cancel;

/* For pg, which must be connected. NULL when out of memory. */
extern aiodal__cancel *aiodal__cancel_new(PGconn *pg);

/* Sends a request without waiting, unless one is under way already. When it does not get through, nobody is
 * told: the command goes on and says what came of it. */
extern void aiodal__cancel_start(aiodal__cancel *cancel);

/* Waits until no request is under way any more; false when one still is after timeout_ms. */
extern bool aiodal__cancel_settle(aiodal__cancel *cancel, int timeout_ms);

/* A request under way goes on. NULL will do. */
extern void aiodal__cancel_free(aiodal__cancel *cancel);

/* In the child of a fork, where nobody sends anything. */
extern void aiodal__cancel_abandon(aiodal__cancel *cancel);

#endif /* AIODAL_SRC_CANCEL_H */
