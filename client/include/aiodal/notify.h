/*
 * aiodal/notify.h
 *		LISTEN and NOTIFY.
 *
 *		aiodal_listener *listener;
 *		const aiodal_notification *n;
 *
 *		st = aiodal_listen(&listener, db, channels, 2, &err);
 *		while (st >= 0 && (st = aiodal_listener_wait(listener, &n, -1, &err)) >= 0)
 *			if (st == AIODAL_OK)
 *				printf("%s: %s\n", n->channel ? n->channel : "(connected again)", n->payload);
 *		aiodal_listener_free(listener);
 *
 * A listener has a connection of its own, besides those of the pool. When that is lost, or the server does
 * not answer any more when nothing was heard for ping_after_ms, it says so with AIODAL_ECONN, and connects
 * again when it is asked again, after a pause that grows with each failure. What was sent meanwhile is lost:
 * a program that keeps something up to date looks at it anew at each notification without a channel.
 *
 * A listener is for one thread at a time; only aiodal_listener_wake() may come from another. Notifications
 * are sent by SELECT pg_notify(channel, payload) or NOTIFY, and delivered when the sender has committed.
 * Poolers in transaction mode cannot LISTEN.
 */
#ifndef AIODAL_NOTIFY_H
#define AIODAL_NOTIFY_H

#include <aiodal/api.h>

AIODAL_BEGIN_DECLS

/* All of it is borrowed from the listener, until it is asked for the next one. */
typedef struct aiodal_notification
{
	const char *channel; /* NULL: it listens again after the connection was lost */
	const char *payload; /* never NULL */
	int backend_pid;     /* of the server's process that sent it */
} aiodal_notification;

/*
 * Connects and listens to n channels, whose names are taken as they are. *listener is owned by the caller:
 * aiodal_listener_free(). Blocks for connect_timeout_ms at most.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_listen(aiodal_listener **listener, aiodal_db *db,
														 const char *const *channels, size_t n,
														 aiodal_error **err);

/* The same without blocking: the connection is made by polling, and is told of by the first notification,
 * which has no channel. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_listen_start(aiodal_listener **listener, aiodal_db *db,
															   const char *const *channels, size_t n,
															   aiodal_error **err);

/*
 * Goes on as far as it can without blocking. AIODAL_OK: *notification is the next one; ask again, there may
 * be more. AIODAL_WANT_READ, AIODAL_WANT_WRITE: none now; wait for the descriptor, but not longer than
 * aiodal_listener_timeout() says, then poll again. AIODAL_ECONN, AIODAL_ETIMEOUT: the connection was lost or
 * could not be made; polling goes on to make it.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_listener_poll(aiodal_listener *listener,
																const aiodal_notification **notification,
																aiodal_error **err);

/* The socket to watch; -1 when there is none now. It may change with each poll: ask each time. */
AIODAL_API int aiodal_listener_fd(const aiodal_listener *listener);

/* Milliseconds after which to poll in any case; -1: no need to. */
AIODAL_API int aiodal_listener_timeout(const aiodal_listener *listener);

/*
 * Blocks until there is a notification, at most timeout_ms milliseconds (negative: no limit). As poll, but
 * AIODAL_WANT_READ says that the time has passed or that it was woken.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_listener_wait(aiodal_listener *listener,
																const aiodal_notification **notification,
																int timeout_ms, aiodal_error **err);

/* Ends the wait that runs, or else the next one; from any thread. */
AIODAL_API void aiodal_listener_wake(aiodal_listener *listener);

AIODAL_API void aiodal_listener_free(aiodal_listener *listener);

AIODAL_END_DECLS

#endif /* AIODAL_NOTIFY_H */
