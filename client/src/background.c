/*
 * background.c
 *		Operations that are a blocking function in a thread of its own.
 *
 * Design notes. What has many steps and no state between them but the stack, a load or reflecting, is not
 * written twice: its blocking form is called, and its non-blocking form has the same function called by a
 * thread. What it hands out is put in the caller's place by the caller's own thread.
 */
#include "background.h"

#include "error.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/process.h"

#define LEAVE_MS 1000 /* how long one that is freed is waited for, where it can be left behind */

static aiodal__background *
background_of(const struct aiodal_op *op)
{
	return (aiodal__background *) op;
}

static void
run(void *arg)
{
	aiodal__background *b = arg;

	b->status = b->does->run(b, &b->error);
}

static void
drop(void *arg)
{
	aiodal__background *b = arg;

	if (b->does->drop)
		b->does->drop(b);
	aiodal_error_free(b->error);
	aiodal__free(b);
}

void
aiodal__background_drop(aiodal__background *b)
{
	drop(b);
}

/* The descriptor is for reading alone: nothing but the thread has to wait for the server. */
static aiodal_status
step(struct aiodal_op *op)
{
	aiodal__background *b = background_of(op);

	if (b->errand.pid != aiodal__process())
		return AIODAL_ESTATE;
	if (!aiodal__errand_step(&b->errand))
		return AIODAL_WANT_READ;
	op->state = AIODAL__OP_DONE;
	op->status = b->status;
	if (op->status == AIODAL_OK && b->does->deliver)
		b->does->deliver(b);
	return op->status;
}

static void
wait_for_background(struct aiodal_op *op, int64_t limit)
{
	aiodal__errand_wait(&background_of(op)->errand, limit);
}

static int
background_fd(const struct aiodal_op *op)
{
	return background_of(op)->errand.fd;
}

/* Deadlines are kept by the thread. */
static int64_t
next_check(const struct aiodal_op *op)
{
	(void) op;
	return AIODAL__NEVER;
}

static aiodal_status
report(const struct aiodal_op *op, aiodal_error **err)
{
	if (op->state != AIODAL__OP_DONE)
		return aiodal__fail_hint(err, AIODAL_ESTATE, "It was started by another process, before a fork.",
								 NULL, "this operation cannot be used here");
	return aiodal__error_copy(err, op->status, background_of(op)->error);
}

static void
cancel(struct aiodal_op *op)
{
	aiodal__errand_cancel(&background_of(op)->errand);
}

/* Its place is the thread's until that has ended; and for ever in the child of a fork, where nobody knows
 * what the thread was amid. */
static void
free_background(struct aiodal_op *op)
{
	aiodal__background *b = background_of(op);
	bool forked = b->errand.pid != aiodal__process();
	aiodal__background **place = b->place;
	aiodal__background *below = b->below;

	aiodal__errand_end(&b->errand, b->does->may_be_left ? aiodal__deadline(LEAVE_MS) : AIODAL__NEVER);
	if (place && !forked)
		*place = below;
}

static const struct aiodal__op_kind background_kind = {
	.step = step,
	.wait = wait_for_background,
	.fd = background_fd,
	.next_check = next_check,
	.report = report,
	.cancel = cancel,
	.free = free_background,
};

aiodal_status
aiodal__background_check(aiodal_op **op, aiodal_error **err)
{
	if (!op)
		return aiodal__fail(err, AIODAL_EINVAL, "op must not be NULL");
	*op = NULL;
	return AIODAL_OK;
}

void *
aiodal__background_new(size_t size, const struct aiodal__background_kind *does, aiodal_error **err)
{
	aiodal__background *b = aiodal__calloc(1, size);

	if (!b)
	{
		(void) aiodal__fail_memory(err);
		return NULL;
	}
	b->does = does;
	return b;
}

aiodal_status
aiodal__background_start(aiodal_op **op, aiodal__background *b, aiodal_error **err)
{
	b->op = (struct aiodal_op){.kind = &background_kind, .state = AIODAL__OP_RUNNING};
	b->errand = (aiodal__errand){.run = run, .drop = drop, .arg = b, .direct = b->does->direct};
	if (b->place)
	{
		b->below = *b->place;
		*b->place = b;
	}
	if (aiodal__errand_start(&b->errand))
	{
		*op = &b->op;
		return AIODAL_OK;
	}
	if (b->place)
		*b->place = b->below;
	drop(b);
	return aiodal__fail_thread(err);
}

bool
aiodal__background_has(const aiodal__background *b)
{
	return b && !aiodal__errand_is_mine(&b->errand);
}

bool
aiodal__background_has_now(const aiodal__background *b)
{
	return aiodal__background_has(b) && b->op.state != AIODAL__OP_DONE;
}

static int
tick(void *ignored)
{
	(void) ignored;
	return aiodal__errand_cancelled();
}

aiodal__tick_fn
aiodal__background_enter(aiodal__conn *conn)
{
	aiodal__tick_fn before = conn->tick;

	if (aiodal__in_errand())
		conn->tick = tick;
	return before;
}
