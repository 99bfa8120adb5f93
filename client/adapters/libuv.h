/*
 * aiodal/adapters/libuv.h
 *		Operations and listeners in an event loop of libuv.
 *
 *		st = aiodal_tx_exec_start(&op, tx, sql, 0, NULL, &err);
 *		if (st == AIODAL_OK)
 *			st = aiodal_uv_start(uv_default_loop(), op, done, payload, &err);
 *
 * Header-only, not included by aiodal.h: compile with $(pkg-config --cflags --libs aiodal libuv). All of it
 * is for the loop's thread; aiodal_op_cancel() may come from any.
 */
#ifndef AIODAL_ADAPTERS_LIBUV_H
#define AIODAL_ADAPTERS_LIBUV_H

#include <stdlib.h>

#include <uv.h>

#include <aiodal/aiodal.h>

AIODAL_BEGIN_DECLS

/*
 * An operation is over, with the status of aiodal_op_poll(). err is NULL or borrowed for the call. The loop
 * has forgotten the operation: take its result, free it, start the next.
 */
typedef void (*aiodal_uv_fn)(aiodal_op *op, aiodal_status status, const aiodal_error *err, void *payload);

/* A notification; or NULL and the error when the connection was lost or could not be made. */
typedef void (*aiodal_uv_listen_fn)(aiodal_listener *listener, const aiodal_notification *notification,
									const aiodal_error *err, void *payload);

typedef struct aiodal_uv_watch
{
	aiodal_op *op; /* NULL: a listener */
	aiodal_uv_fn done;
	aiodal_listener *listener;
	aiodal_uv_listen_fn heard;
	void *payload;
	uv_timer_t timer;
	uv_poll_t *poll; /* NULL: no descriptor */
	int fd;          /* that it is for */
	bool over;
} aiodal_uv_watch;

static inline void
aiodal_uv_free_(uv_handle_t *handle)
{
	free(handle->data);
}

static inline void
aiodal_uv_free_poll_(uv_handle_t *handle)
{
	free(handle);
}

static inline void
aiodal_uv_drop_poll_(aiodal_uv_watch *watch)
{
	if (watch->poll)
		uv_close((uv_handle_t *) watch->poll, aiodal_uv_free_poll_);
	watch->poll = NULL;
}

/* The watch is freed when libuv has let go of it. */
static inline void
aiodal_uv_end_(aiodal_uv_watch *watch)
{
	watch->over = true;
	aiodal_uv_drop_poll_(watch);
	uv_close((uv_handle_t *) &watch->timer, aiodal_uv_free_);
}

static inline void aiodal_uv_step_(aiodal_uv_watch *watch);

static inline void
aiodal_uv_on_ready_(uv_poll_t *poll, int status, int events)
{
	(void) status;
	(void) events;
	aiodal_uv_step_((aiodal_uv_watch *) poll->data);
}

static inline void
aiodal_uv_on_time_(uv_timer_t *timer)
{
	aiodal_uv_step_((aiodal_uv_watch *) timer->data);
}

/* Waits for what it wants. False when there is no memory for that. */
static inline bool
aiodal_uv_wait_(aiodal_uv_watch *watch, aiodal_status want)
{
	int fd = watch->op ? aiodal_op_fd(watch->op) : aiodal_listener_fd(watch->listener);
	int timeout = watch->op ? aiodal_op_timeout(watch->op) : aiodal_listener_timeout(watch->listener);

	if (watch->poll && watch->fd != fd)
		aiodal_uv_drop_poll_(watch);
	if (!watch->poll && fd >= 0)
	{
		watch->poll = (uv_poll_t *) calloc(1, sizeof(*watch->poll));
		if (!watch->poll || uv_poll_init(watch->timer.loop, watch->poll, fd) != 0)
		{
			free(watch->poll);
			watch->poll = NULL;
			return false;
		}
		watch->poll->data = watch;
		watch->fd = fd;
	}
	if (watch->poll)
		(void) uv_poll_start(watch->poll, UV_READABLE | (want == AIODAL_WANT_WRITE ? UV_WRITABLE : 0),
							 aiodal_uv_on_ready_);
	if (timeout >= 0)
		(void) uv_timer_start(&watch->timer, aiodal_uv_on_time_, (uint64_t) timeout, 0);
	return true;
}

static inline void
aiodal_uv_finish_(aiodal_uv_watch *watch, aiodal_status status, aiodal_error *err)
{
	aiodal_op *op = watch->op;
	aiodal_uv_fn done = watch->done;
	void *payload = watch->payload;

	aiodal_uv_end_(watch);
	done(op, status, err, payload);
	aiodal_error_free(err);
}

static inline void
aiodal_uv_listen_on_(aiodal_uv_watch *watch)
{
	const aiodal_notification *notification;
	aiodal_error *err = NULL;
	aiodal_status status = AIODAL_OK;

	while (!watch->over && (status = aiodal_listener_poll(watch->listener, &notification, &err)) <= 0)
	{
		watch->heard(watch->listener, notification, err, watch->payload);
		aiodal_error_free(err);
		err = NULL;
	}
	if (watch->over || aiodal_uv_wait_(watch, status))
		return;
	/* later, when there may be memory */
	(void) uv_timer_start(&watch->timer, aiodal_uv_on_time_, 100, 0);
}

static inline void
aiodal_uv_step_(aiodal_uv_watch *watch)
{
	aiodal_error *err = NULL;
	aiodal_status status;

	/* the descriptor may be closed by what follows: libuv must have let go of it */
	if (watch->poll)
		(void) uv_poll_stop(watch->poll);
	(void) uv_timer_stop(&watch->timer);
	if (!watch->op)
	{
		aiodal_uv_listen_on_(watch);
		return;
	}
	status = aiodal_op_poll(watch->op, &err);
	if (status <= 0)
		aiodal_uv_finish_(watch, status, err);
	else if (!aiodal_uv_wait_(watch, status))
		aiodal_uv_finish_(watch, aiodal_error_set(&err, AIODAL_ENOMEM, "out of memory", NULL, NULL), err);
}

static inline aiodal_uv_watch *
aiodal_uv_new_(uv_loop_t *loop, void *payload, aiodal_error **err)
{
	aiodal_uv_watch *watch = (aiodal_uv_watch *) calloc(1, sizeof(*watch));

	if (!watch)
	{
		(void) aiodal_error_set(err, AIODAL_ENOMEM, "out of memory", NULL, NULL);
		return NULL;
	}
	watch->payload = payload;
	watch->fd = -1;
	(void) uv_timer_init(loop, &watch->timer);
	watch->timer.data = watch;
	/* the first step is the loop's, too: no callback comes out of a function of the caller's */
	(void) uv_timer_start(&watch->timer, aiodal_uv_on_time_, 0, 0);
	return watch;
}

/*
 * Watches an operation until it is over; then calls done out of the loop. (When the loop has no memory to go
 * on, done comes with AIODAL_ENOMEM and an operation that still runs.)
 */
AIODAL_MUST_CHECK static inline aiodal_status
aiodal_uv_start(uv_loop_t *loop, aiodal_op *op, aiodal_uv_fn done, void *payload, aiodal_error **err)
{
	aiodal_uv_watch *watch = aiodal_uv_new_(loop, payload, err);

	if (!watch)
		return AIODAL_ENOMEM;
	watch->op = op;
	watch->done = done;
	return AIODAL_OK;
}

/* Calls heard for each notification, until aiodal_uv_forget(*watch). */
AIODAL_MUST_CHECK static inline aiodal_status
aiodal_uv_listen(aiodal_uv_watch **watch, uv_loop_t *loop, aiodal_listener *listener,
				 aiodal_uv_listen_fn heard, void *payload, aiodal_error **err)
{
	*watch = aiodal_uv_new_(loop, payload, err);
	if (!*watch)
		return AIODAL_ENOMEM;
	(*watch)->listener = listener;
	(*watch)->heard = heard;
	return AIODAL_OK;
}

/* Ends watching a listener, which is then free to be freed. Out of its own callback, too. */
static inline void
aiodal_uv_forget(aiodal_uv_watch *watch)
{
	aiodal_uv_end_(watch);
}

AIODAL_END_DECLS

#endif /* AIODAL_ADAPTERS_LIBUV_H */
