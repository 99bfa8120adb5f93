/*
 * deadline.h
 *		Connections that take too long.
 *
 * Design notes. libmicrohttpd knows connections that are silent for too long, but not those that send a byte
 * now and then for ever. So each connection has a deadline of its own here, and a thread that looks at all of
 * them shuts those down that are past it; libmicrohttpd then sees the end of the connection and closes it.
 * A deadline is one atomic number; the list has a lock, which also keeps a socket from being closed while it
 * is shut down.
 */
#ifndef AIODAL_WEB_DEADLINE_H
#define AIODAL_WEB_DEADLINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define AIODAL_WEB__NEVER INT64_MAX

typedef struct aiodal_web__link
{
	int fd;
	int64_t deadline;
	struct aiodal_web__link *next, **place;
} aiodal_web__link;

typedef struct aiodal_web__deadlines
{
	pthread_mutex_t lock;
	pthread_cond_t changed;
	aiodal_web__link *links;
	pthread_t thread;
	bool stop;
} aiodal_web__deadlines;

extern bool aiodal_web__deadlines_start(aiodal_web__deadlines *d); /* false: no thread */
extern void aiodal_web__deadlines_stop(aiodal_web__deadlines *d);

extern aiodal_web__link *aiodal_web__link_new(aiodal_web__deadlines *d, int fd, int64_t deadline);
extern void aiodal_web__link_set(aiodal_web__link *link, int64_t deadline); /* NULL is fine */

/* Before the socket is closed. NULL is fine. */
extern void aiodal_web__link_free(aiodal_web__deadlines *d, aiodal_web__link *link);

#endif /* AIODAL_WEB_DEADLINE_H */
