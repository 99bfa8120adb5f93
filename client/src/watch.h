/*
 * watch.h
 *		The thread that keeps a db's snapshot up to date.
 */
#ifndef AIODAL_SRC_WATCH_H
#define AIODAL_SRC_WATCH_H

#include "engine.h"

typedef struct aiodal__watch aiodal__watch;

/* Fails when the server tells nobody of changes. */
extern aiodal_status aiodal__watch_start(aiodal__watch **watch, aiodal_db *db,
										 const aiodal_db_options *options, aiodal_error **err);

/* Ends it and waits for its end. NULL will do. */
extern void aiodal__watch_stop(aiodal__watch *watch);

/* In the child of a fork, where there is no thread. */
extern void aiodal__watch_abandon(aiodal__watch *watch);

#endif /* AIODAL_SRC_WATCH_H */
