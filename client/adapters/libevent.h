/*
 * aiodal/adapters/libevent.h
 *		Operations and listeners in an event loop of libevent.
 *
 *		st = aiodal_tx_exec_start(&op, tx, sql, 0, NULL, &err);
 *		if (st == AIODAL_OK)
 *			st = aiodal_event_start(base, op, done, payload, &err);
 *
 * Header-only, not included by aiodal.h: compile with $(pkg-config --cflags --libs aiodal libevent). All of
 * it is for the loop's thread; aiodal_op_cancel() may come from any.
 */
#ifndef AIODAL_ADAPTERS_LIBEVENT_H
#define AIODAL_ADAPTERS_LIBEVENT_H

#include <stdlib.h>

#include <event2/event.h>

#include <aiodal/aiodal.h>

AIODAL_BEGIN_DECLS

/*
 * An operation is over, with the status of aiodal_op_poll(). err is NULL or borrowed for the call. The loop
 * has forgotten the operation: take its result, free it, start the next.
 */
typedef void (*aiodal_event_fn)(aiodal_op *op, aiodal_status status, const aiodal_error *err, void *payload);

/*
 * A notification; or NULL and the error: AIODAL_ENOMEM when the loop has no memory to go on and it is to be
 * forgotten, else when the connection was lost or could not be made.
 */
typedef void (*aiodal_event_listen_fn)(aiodal_listener *listener, const aiodal_notification *notification,
									   const aiodal_error *err, void *payload);

typedef struct aiodal_event_watch
{
	aiodal_op *op; /* NULL: a listener */
	aiodal_event_fn done;
	aiodal_listener *listener;
	aiodal_event_listen_fn heard;
	void *payload;
	struct event_base *base;
	struct event *event; /* for one wait */
	bool busy;           /* in a callback: who forgets it leaves it to that */
	bool over;
} aiodal_event_watch;

static inline void aiodal_event_step_(evutil_socket_t fd, short events, void *arg);

static inline void
aiodal_event_free_(aiodal_event_watch *watch)
{
	if (watch->event)
		event_free(watch->event);
	free(watch);
}

/* Waits for one of events, or until timeout_ms has passed (negative: for ever). */
static inline bool
aiodal_event_add_(aiodal_event_watch *watch, int fd, short events, int timeout_ms)
{
	struct timeval timeout;

	timeout.tv_sec = timeout_ms / 1000;
	timeout.tv_usec = timeout_ms % 1000 * 1000;
	watch->event = event_new(watch->base, fd, events, aiodal_event_step_, watch);
	return watch->event && event_add(watch->event, timeout_ms >= 0 ? &timeout : NULL) == 0;
}

/* Waits for what it wants. False when there is no memory for that. */
static inline bool
aiodal_event_wait_(aiodal_event_watch *watch, aiodal_status want)
{
	int fd = watch->op ? aiodal_op_fd(watch->op) : aiodal_listener_fd(watch->listener);
	int timeout = watch->op ? aiodal_op_timeout(watch->op) : aiodal_listener_timeout(watch->listener);
	short events = EV_READ;

	if (want == AIODAL_WANT_WRITE)
		events |= EV_WRITE;
	return aiodal_event_add_(watch, fd, fd >= 0 ? events : 0, timeout);
}

/* Nothing will wake it again: whoever listens must know. */
static inline void
aiodal_event_give_up_(aiodal_event_watch *watch)
{
	aiodal_error *err = NULL;

	(void) aiodal_error_set(&err, AIODAL_ENOMEM, "out of memory", NULL, NULL);
	watch->heard(watch->listener, NULL, err, watch->payload);
	aiodal_error_free(err);
}

static inline void
aiodal_event_listen_on_(aiodal_event_watch *watch)
{
	const aiodal_notification *notification;
	aiodal_error *err = NULL;
	aiodal_status status = AIODAL_OK;

	watch->busy = true;
	while (!watch->over && (status = aiodal_listener_poll(watch->listener, &notification, &err)) <= 0)
	{
		watch->heard(watch->listener, notification, err, watch->payload);
		aiodal_error_free(err);
		err = NULL;
	}
	watch->busy = false;
	if (watch->over)
		aiodal_event_free_(watch);
	else if (!aiodal_event_wait_(watch, status))
		aiodal_event_give_up_(watch);
}

static inline void
aiodal_event_step_(evutil_socket_t fd, short events, void *arg)
{
	aiodal_event_watch *watch = (aiodal_event_watch *) arg;
	aiodal_error *err = NULL;
	aiodal_status status;

	(void) fd;
	(void) events;
	/* the descriptor may be closed by what follows: libevent must have let go of it */
	event_free(watch->event);
	watch->event = NULL;
	if (!watch->op)
	{
		aiodal_event_listen_on_(watch);
		return;
	}
	status = aiodal_op_poll(watch->op, &err);
	if (status > 0 && aiodal_event_wait_(watch, status))
		return;
	if (status > 0)
		status = aiodal_error_set(&err, AIODAL_ENOMEM, "out of memory", NULL, NULL);
	watch->done(watch->op, status, err, watch->payload);
	aiodal_error_free(err);
	aiodal_event_free_(watch);
}

static inline aiodal_event_watch *
aiodal_event_new_(struct event_base *base, void *payload, aiodal_error **err)
{
	aiodal_event_watch *watch = (aiodal_event_watch *) calloc(1, sizeof(*watch));

	if (watch)
	{
		watch->payload = payload;
		watch->base = base;
	}
	/* the first step is the loop's, too: no callback comes out of a function of the caller's */
	if (watch && aiodal_event_add_(watch, -1, 0, 0))
		return watch;
	if (watch)
		aiodal_event_free_(watch);
	(void) aiodal_error_set(err, AIODAL_ENOMEM, "out of memory", NULL, NULL);
	return NULL;
}

/*
 * Watches an operation until it is over; then calls done out of the loop. (When the loop has no memory to go
 * on, done comes with AIODAL_ENOMEM and an operation that still runs.)
 */
AIODAL_MUST_CHECK static inline aiodal_status
aiodal_event_start(struct event_base *base, aiodal_op *op, aiodal_event_fn done, void *payload,
				   aiodal_error **err)
{
	aiodal_event_watch *watch = aiodal_event_new_(base, payload, err);

	if (!watch)
		return AIODAL_ENOMEM;
	watch->op = op;
	watch->done = done;
	return AIODAL_OK;
}

/* Calls heard for each notification, until aiodal_event_forget(*watch). */
AIODAL_MUST_CHECK static inline aiodal_status
aiodal_event_listen(aiodal_event_watch **watch, struct event_base *base, aiodal_listener *listener,
					aiodal_event_listen_fn heard, void *payload, aiodal_error **err)
{
	*watch = aiodal_event_new_(base, payload, err);
	if (!*watch)
		return AIODAL_ENOMEM;
	(*watch)->listener = listener;
	(*watch)->heard = heard;
	return AIODAL_OK;
}

/* Ends watching a listener, which is then free to be freed. Out of its own callback, too. */
static inline void
aiodal_event_forget(aiodal_event_watch *watch)
{
	watch->over = true;
	if (!watch->busy)
		aiodal_event_free_(watch);
}

AIODAL_END_DECLS

#endif /* AIODAL_ADAPTERS_LIBEVENT_H */
