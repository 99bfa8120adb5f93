/*
 * acquire.c
 *		A connection out of the pool, step by step.
 *
 * Design notes. Who blocks and who does not run the same steps; they differ in what they wait on. A stage is
 * entered by a function that may go on to the next one at once, so that in the usual case, an idle
 * connection, the first command has been sent when start returns.
 */
#include "acquire.h"

#include "error.h"
#include "op.h"
#include "util/errand.h"

/* Idle for shorter, a connection is taken to be alive when its socket looks like it. */
#define JUST_HEARD_MS 1000

static aiodal_status ask(aiodal__acquisition *a, aiodal_error **err);

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static aiodal_status
wait_for(aiodal__acquisition *a, aiodal__acquire_stage stage, aiodal_status want)
{
	a->stage = stage;
	return want;
}

static aiodal_status
end(aiodal__acquisition *a, aiodal_status status)
{
	a->stage = status == AIODAL_OK ? AIODAL__ACQUIRE_DONE : AIODAL__ACQUIRE_OVER;
	return status;
}

/* The connection is of no use: another one, if it was an old one that turned out to be dead. Takes own. */
static aiodal_status
command_failed(aiodal__acquisition *a, aiodal_status status, aiodal_error *own, aiodal_error **err)
{
	aiodal__pool_release(a->pool, a->conn);
	a->conn = NULL;
	if (status == AIODAL_ECONN && a->idle_ms >= 0)
	{
		aiodal_error_free(own);
		return ask(a, err);
	}
	aiodal__error_move(err, &own);
	return end(a, status);
}

static aiodal_status
start_command(aiodal__acquisition *a, aiodal_error **err)
{
	bool ping = a->idle_ms >= a->ping_after;
	aiodal_error *own = NULL;
	aiodal_status status;

	a->conn->deadline = a->deadline;
	a->skipped = a->may_skip && !ping && a->idle_ms < JUST_HEARD_MS;
	if (a->skipped || (!a->sql && !ping))
		return end(a, AIODAL_OK);
	a->limit = ping ? aiodal__deadline(a->pool->limits.connect_timeout_ms) : AIODAL__NEVER;
	status = aiodal__op_start_command(a->conn, a->sql ? a->sql : "", false, &own);
	if (status != AIODAL_OK)
		return command_failed(a, status, own, err);
	return wait_for(a, AIODAL__ACQUIRE_COMMAND, AIODAL_WANT_READ);
}

static aiodal_status
command_on(aiodal__acquisition *a, aiodal_error **err)
{
	aiodal_error *own = NULL;
	aiodal_status status = aiodal_op_poll(&a->conn->op, &own);

	if (status > 0 && aiodal__until(a->limit) != 0)
		return wait_for(a, AIODAL__ACQUIRE_COMMAND, status);
	if (status > 0)
	{
		aiodal__op_drop(a->conn);
		status = aiodal__fail(&own, AIODAL_ECONN, "the connection to the server does not answer any more");
	}
	else
		aiodal__op_release(a->conn);
	return status == AIODAL_OK ? end(a, status) : command_failed(a, status, own, err);
}

/* The place that was counted for it goes, too. */
static aiodal_status
connect_failed(aiodal__acquisition *a, aiodal_status status)
{
	aiodal__conn_close(a->conn);
	a->conn = NULL;
	aiodal__pool_give_up_place(a->pool);
	return end(a, status);
}

static aiodal_status
connect_on(aiodal__acquisition *a, aiodal_error **err)
{
	aiodal_status status;

	if (a->dial)
		status = aiodal__dial_step(a->dial, &a->conn, err);
	else
		status = aiodal__conn_open(&a->conn, &a->pool->params, a->limit, err);
	if (status > 0)
		return wait_for(a, AIODAL__ACQUIRE_CONNECTING, status);
	a->dial = NULL;
	if (status != AIODAL_OK)
		return connect_failed(a, status);
	aiodal__pool_fill_place(a->pool, a->conn, a->owner);
	return start_command(a, err);
}

static aiodal_status
start_connecting(aiodal__acquisition *a, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;

	a->idle_ms = -1;
	a->limit = sooner(sooner(a->deadline, a->patience), aiodal__deadline(a->pool->limits.connect_timeout_ms));
	if (a->async)
		status = aiodal__dial_start(&a->dial, &a->pool->params, a->limit, err);
	return status == AIODAL_OK ? connect_on(a, err) : connect_failed(a, status);
}

/* What was given is one that was idle, or a place for a new one. */
static aiodal_status
served(aiodal__acquisition *a, aiodal_error **err)
{
	a->conn = aiodal__pool_inspect(a->pool, &a->waiter);
	a->idle_ms = a->waiter.idle_ms;
	return a->conn ? start_command(a, err) : start_connecting(a, err);
}

static aiodal_status
ask(aiodal__acquisition *a, aiodal_error **err)
{
	aiodal_status status;

	a->limit = sooner(a->deadline, a->patience);
	status = aiodal__pool_ask(a->pool, &a->waiter, a->owner, a->async, err);
	if (status > 0)
		return wait_for(a, AIODAL__ACQUIRE_QUEUED, status);
	return status == AIODAL_OK ? served(a, err) : end(a, status);
}

static aiodal_status
queue_on(aiodal__acquisition *a, aiodal_error **err)
{
	aiodal_status status = aiodal__pool_look(a->pool, &a->waiter, a->limit, err);

	if (status > 0)
		return status;
	aiodal__waiter_free(&a->waiter);
	return status == AIODAL_OK ? served(a, err) : end(a, status);
}

aiodal_status
aiodal__acquire_start(aiodal__acquisition *a, aiodal_error **err)
{
	return ask(a, err);
}

aiodal_status
aiodal__acquire_step(aiodal__acquisition *a, aiodal_error **err)
{
	switch (a->stage)
	{
		case AIODAL__ACQUIRE_QUEUED: return queue_on(a, err);
		case AIODAL__ACQUIRE_CONNECTING: return connect_on(a, err);
		case AIODAL__ACQUIRE_COMMAND: return command_on(a, err);
		case AIODAL__ACQUIRE_OVER:
		case AIODAL__ACQUIRE_DONE: break;
	}
	return AIODAL_OK;
}

int64_t
aiodal__acquire_next_check(const aiodal__acquisition *a)
{
	if (a->stage == AIODAL__ACQUIRE_QUEUED)
		return aiodal__pool_next_check(a->pool, a->limit);
	if (a->stage == AIODAL__ACQUIRE_COMMAND)
		return sooner(a->limit, aiodal__conn_next_check(a->conn));
	return a->limit;
}

int
aiodal__acquire_fd(const aiodal__acquisition *a)
{
	switch (a->stage)
	{
		case AIODAL__ACQUIRE_QUEUED: return a->waiter.fd;
		case AIODAL__ACQUIRE_CONNECTING: return aiodal__dial_fd(a->dial);
		case AIODAL__ACQUIRE_COMMAND: return PQsocket(a->conn->pg);
		case AIODAL__ACQUIRE_OVER:
		case AIODAL__ACQUIRE_DONE: break;
	}
	return -1;
}

void
aiodal__acquire_wait(aiodal__acquisition *a, int64_t limit)
{
	switch (a->stage)
	{
		case AIODAL__ACQUIRE_QUEUED: aiodal__pool_wait(a->pool, &a->waiter, sooner(a->limit, limit)); break;
		case AIODAL__ACQUIRE_CONNECTING: aiodal__dial_wait(a->dial, sooner(a->limit, limit)); break;
		case AIODAL__ACQUIRE_COMMAND: (void) aiodal__op_wait(a->conn, sooner(a->limit, limit)); break;
		case AIODAL__ACQUIRE_OVER:
		case AIODAL__ACQUIRE_DONE: break;
	}
}

void
aiodal__acquire_give_up(aiodal__acquisition *a)
{
	switch (a->stage)
	{
		case AIODAL__ACQUIRE_QUEUED:
			aiodal__pool_withdraw(a->pool, &a->waiter);
			aiodal__waiter_free(&a->waiter);
			break;
		case AIODAL__ACQUIRE_CONNECTING:
			aiodal__dial_give_up(a->dial);
			a->dial = NULL;
			(void) connect_failed(a, AIODAL_ECANCELED);
			break;
		case AIODAL__ACQUIRE_COMMAND:
			aiodal_op_free(&a->conn->op);
			/* it may have begun a transaction */
			a->conn->broken = true;
			aiodal__pool_release(a->pool, a->conn);
			break;
		case AIODAL__ACQUIRE_OVER:
		case AIODAL__ACQUIRE_DONE: return;
	}
	a->conn = NULL;
	a->stage = AIODAL__ACQUIRE_OVER;
}

void
aiodal__acquire_abandon(aiodal__acquisition *a)
{
	if (a->stage == AIODAL__ACQUIRE_CONNECTING)
		aiodal__dial_give_up(a->dial);
	if (a->stage == AIODAL__ACQUIRE_COMMAND)
		aiodal__conn_abandon(a->conn);
	if (a->stage == AIODAL__ACQUIRE_QUEUED)
		aiodal__waiter_free(&a->waiter);
	a->stage = AIODAL__ACQUIRE_OVER;
}

aiodal_status
aiodal__acquire(aiodal__acquisition *a, aiodal_error **err)
{
	aiodal_status status = aiodal__acquire_start(a, err);

	while (status > 0 && !aiodal__errand_cancelled())
	{
		aiodal__acquire_wait(a, aiodal__errand_tick(AIODAL__NEVER));
		status = aiodal__acquire_step(a, err);
	}
	if (status <= 0)
		return status;
	aiodal__acquire_give_up(a);
	return aiodal__fail_canceled(err, NULL);
}
