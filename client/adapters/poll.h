/*
 * aiodal/adapters/poll.h
 *		An event loop of one's own: operations and listeners side by side over poll(2).
 *
 *		aiodal_poll_loop loop = AIODAL_POLL_LOOP_INIT;
 *
 *		st = aiodal_tx_exec_start(&op, tx, sql, 0, NULL, &err);
 *		if (st == AIODAL_OK)
 *			st = aiodal_poll_start(&loop, op, done, payload, &err);
 *		...
 *		aiodal_poll_run(&loop);
 *		aiodal_poll_free(&loop);
 *
 * Header-only, not included by aiodal.h. A loop is for one thread. Whoever has a loop already, over epoll or
 * anything else, does what aiodal_poll_once() does: ask for descriptor, what to wait for and for how long;
 * wait; poll the operation; ask again, as all three may have changed.
 */
#ifndef AIODAL_ADAPTERS_POLL_H
#define AIODAL_ADAPTERS_POLL_H

#include <poll.h>
#include <stdlib.h>

#include <aiodal/aiodal.h>

AIODAL_BEGIN_DECLS

/*
 * An operation is over, with the status of aiodal_op_poll(). err is NULL or borrowed for the call. The loop
 * has forgotten the operation: take its result, free it, start the next.
 */
typedef void (*aiodal_poll_fn)(aiodal_op *op, aiodal_status status, const aiodal_error *err, void *payload);

/* A notification; or NULL and the error when the connection was lost or could not be made. */
typedef void (*aiodal_poll_listen_fn)(aiodal_listener *listener, const aiodal_notification *notification,
									  const aiodal_error *err, void *payload);

typedef struct aiodal_poll_watch
{
	aiodal_op *op; /* NULL: a listener */
	aiodal_poll_fn done;
	aiodal_listener *listener; /* NULL beside op NULL: nothing any more */
	aiodal_poll_listen_fn heard;
	void *payload;
	aiodal_status want;
} aiodal_poll_watch;

typedef struct aiodal_poll_loop
{
	aiodal_poll_watch *watches;
	struct pollfd *fds;
	size_t n;
	size_t size;
} aiodal_poll_loop;

#define AIODAL_POLL_LOOP_INIT \
	{                         \
		NULL, NULL, 0, 0      \
	}

/* Frees the loop, and none of what it watches. */
static inline void
aiodal_poll_free(aiodal_poll_loop *loop)
{
	free(loop->watches);
	free(loop->fds);
	loop->watches = NULL;
	loop->fds = NULL;
	loop->n = loop->size = 0;
}

static inline aiodal_status
aiodal_poll_add_(aiodal_poll_loop *loop, const aiodal_poll_watch *watch, aiodal_error **err)
{
	if (loop->n == loop->size)
	{
		size_t size = loop->size ? loop->size * 2 : 8;
		aiodal_poll_watch *watches =
			(aiodal_poll_watch *) realloc(loop->watches, size * sizeof(*loop->watches));
		struct pollfd *fds;

		if (watches)
			loop->watches = watches;
		fds = (struct pollfd *) realloc(loop->fds, size * sizeof(*loop->fds));
		if (fds)
			loop->fds = fds;
		if (!watches || !fds)
			return aiodal_error_set(err, AIODAL_ENOMEM, "out of memory", NULL, NULL);
		loop->size = size;
	}
	loop->watches[loop->n++] = *watch;
	return AIODAL_OK;
}

/* Watches an operation until it is over; then calls done, out of run or once. */
AIODAL_MUST_CHECK static inline aiodal_status
aiodal_poll_start(aiodal_poll_loop *loop, aiodal_op *op, aiodal_poll_fn done, void *payload,
				  aiodal_error **err)
{
	aiodal_poll_watch watch = {op, done, NULL, NULL, payload, AIODAL_OK};

	return aiodal_poll_add_(loop, &watch, err);
}

/* Calls heard for each notification, until aiodal_poll_forget(). */
AIODAL_MUST_CHECK static inline aiodal_status
aiodal_poll_listen(aiodal_poll_loop *loop, aiodal_listener *listener, aiodal_poll_listen_fn heard,
				   void *payload, aiodal_error **err)
{
	aiodal_poll_watch watch = {NULL, NULL, listener, heard, payload, AIODAL_OK};

	return aiodal_poll_add_(loop, &watch, err);
}

/* Ends watching a listener, which is then free to be freed. Out of callbacks, too. */
static inline void
aiodal_poll_forget(aiodal_poll_loop *loop, const aiodal_listener *listener)
{
	for (size_t i = 0; i < loop->n; i++)
	{
		if (loop->watches[i].listener == listener)
			loop->watches[i].listener = NULL;
	}
}

/* Goes on with one of them; it may be gone afterwards, and the loop's arrays elsewhere. */
static inline void
aiodal_poll_step_(aiodal_poll_loop *loop, size_t i)
{
	aiodal_poll_watch watch = loop->watches[i];
	const aiodal_notification *notification;
	aiodal_error *err = NULL;
	aiodal_status status;

	if (watch.op)
	{
		status = aiodal_op_poll(watch.op, &err);
		loop->watches[i].want = status;
		if (status <= 0)
		{
			loop->watches[i].op = NULL;
			watch.done(watch.op, status, err, watch.payload);
		}
		aiodal_error_free(err);
		return;
	}
	while (loop->watches[i].listener &&
		   (status = aiodal_listener_poll(watch.listener, &notification, &err)) <= 0)
	{
		watch.heard(watch.listener, notification, err, watch.payload);
		aiodal_error_free(err);
		err = NULL;
	}
	if (loop->watches[i].listener)
		loop->watches[i].want = status;
}

/* Takes out those that are over. */
static inline void
aiodal_poll_sweep_(aiodal_poll_loop *loop)
{
	size_t n = 0;

	for (size_t i = 0; i < loop->n; i++)
	{
		if (loop->watches[i].op || loop->watches[i].listener)
			loop->watches[n++] = loop->watches[i];
	}
	loop->n = n;
}

/* The earliest of timeout_ms and what they ask for. */
static inline int
aiodal_poll_prepare_(aiodal_poll_loop *loop, int timeout_ms)
{
	for (size_t i = 0; i < loop->n; i++)
	{
		const aiodal_poll_watch *watch = &loop->watches[i];
		int own = watch->op ? aiodal_op_timeout(watch->op) : aiodal_listener_timeout(watch->listener);

		loop->fds[i].fd = watch->op ? aiodal_op_fd(watch->op) : aiodal_listener_fd(watch->listener);
		loop->fds[i].events = watch->want == AIODAL_WANT_WRITE ? POLLIN | POLLOUT : POLLIN;
		loop->fds[i].revents = 0;
		/* the first step is not waited for */
		if (watch->want == AIODAL_OK)
			own = 0;
		if (own >= 0 && (timeout_ms < 0 || own < timeout_ms))
			timeout_ms = own;
	}
	return timeout_ms;
}

/*
 * Waits, at most timeout_ms milliseconds (negative: no limit), and goes on with all that is ready. AIODAL_OK
 * when nothing is watched any more, else AIODAL_WANT_READ.
 */
static inline aiodal_status
aiodal_poll_once(aiodal_poll_loop *loop, int timeout_ms)
{
	size_t n;

	/* those that were forgotten meanwhile */
	aiodal_poll_sweep_(loop);
	n = loop->n;
	if (n == 0)
		return AIODAL_OK;
	(void) poll(loop->fds, (nfds_t) n, aiodal_poll_prepare_(loop, timeout_ms));
	for (size_t i = 0; i < n; i++)
	{
		const aiodal_poll_watch *watch = &loop->watches[i];
		int own;

		if (!watch->op && !watch->listener)
			continue;
		own = watch->op ? aiodal_op_timeout(watch->op) : aiodal_listener_timeout(watch->listener);
		if (loop->fds[i].revents || own == 0 || watch->want == AIODAL_OK)
			aiodal_poll_step_(loop, i);
	}
	aiodal_poll_sweep_(loop);
	return loop->n == 0 ? AIODAL_OK : AIODAL_WANT_READ;
}

/* Until nothing is watched any more. */
static inline void
aiodal_poll_run(aiodal_poll_loop *loop)
{
	while (aiodal_poll_once(loop, -1) != AIODAL_OK)
		;
}

AIODAL_END_DECLS

#endif /* AIODAL_ADAPTERS_POLL_H */
