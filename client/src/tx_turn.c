/*
 * tx_turn.c
 *		How transactions begin and end, for callers that block and those that do not.
 *
 * Design notes. Both are operations of more than one step: waiting for a connection, making it, BEGIN; COMMIT
 * or ROLLBACK, making the session ready for the next. Such an operation is a turn. It lives in its
 * transaction and not in the connection as a statement's does, since it is there before the connection is and
 * after it has gone back to the pool. A commit that blocks is the same turn, started and waited for.
 *
 * What a turn goes through, each stage left by one function:
 *
 *		BEGINNING		begin_on(): the acquisition's stages (acquire.c)
 *		COMMITTING, ROLLING_BACK	end_on(): then the transaction has ended, and its state is final
 *		RESETTING		reset_on(): where a statement has changed the session
 *
 * In a sandbox transactions are savepoints on a connection that they share, and wait for each other: there
 * all of it is done when the turn is started.
 */
#include "tx.h"

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "op.h"
#include "sandbox.h"
#include "util/mem.h"
#include "util/options.h"
#include "util/process.h"

#define ROLLBACK_MS 5000 /* how long the server may take to undo */
#define CANCEL_MS   1000 /* how long one that is freed amid a turn waits for its end */
#define REPEAT_MS   100  /* between requests to cancel; and how long one may go unseen while connecting */
#define MAX_SPARE   256

static const struct aiodal__op_kind turn_kind;

/*
 * The handle
 */

/* All zero, or NULL. */
static aiodal_tx *
new_tx(aiodal_db *db)
{
	aiodal_tx *tx;

	(void) pthread_mutex_lock(&db->lock);
	tx = db->spare;
	if (tx)
	{
		db->spare = tx->next_spare;
		db->n_spare--;
	}
	(void) pthread_mutex_unlock(&db->lock);
	if (!tx)
		return aiodal__calloc(1, sizeof(*tx));
	*tx = (aiodal_tx){0};
	return tx;
}

/* Its reference to the db goes, too. */
static void
free_tx(aiodal_tx *tx)
{
	aiodal_db *db = tx->db;
	bool kept = false;

	tx->db = NULL;
	/* in the child of a fork nobody may ever unlock it */
	if (db->pid == aiodal__process())
	{
		(void) pthread_mutex_lock(&db->lock);
		kept = db->n_spare < MAX_SPARE;
		if (kept)
		{
			tx->next_spare = db->spare;
			db->spare = tx;
			db->n_spare++;
		}
		(void) pthread_mutex_unlock(&db->lock);
	}
	if (!kept)
		aiodal__free(tx);
	aiodal__db_unref(db);
}

static aiodal_status
make_begin(char *sql, const aiodal_tx_options *options, aiodal_error **err)
{
	static const char *const levels[] = {"", " ISOLATION LEVEL READ COMMITTED",
										 " ISOLATION LEVEL REPEATABLE READ", " ISOLATION LEVEL SERIALIZABLE"};

	if ((int) options->isolation < 0 || options->isolation > AIODAL_SERIALIZABLE)
		return aiodal__fail(err, AIODAL_EINVAL, "unknown isolation level %d", (int) options->isolation);
	if (options->timeout_ms < 0 || options->max_attempts < 0)
		return aiodal__fail(err, AIODAL_EINVAL, "timeout_ms and max_attempts must not be negative");
	sql = stpcpy(stpcpy(sql, "BEGIN"), levels[options->isolation]);
	sql = stpcpy(sql, options->read_only ? " READ ONLY" : "");
	(void) stpcpy(sql, options->deferrable ? " DEFERRABLE" : "");
	return AIODAL_OK;
}

/* One that has not begun. */
static aiodal_status
make_tx(aiodal_tx **out, aiodal_db *db, const aiodal_tx_options *options, aiodal_error **err)
{
	char begin[sizeof((*out)->begin)];
	aiodal_tx *tx;
	aiodal_status status = make_begin(begin, options, err);

	if (status != AIODAL_OK)
		return status;
	tx = new_tx(db);
	if (!tx)
		return aiodal__fail_memory(err);
	/* first, since another thread may close the db while this one waits for a connection */
	(void) __atomic_add_fetch(&db->refs, 1, __ATOMIC_RELAXED);
	tx->db = db;
	tx->state = AIODAL_TX_NOT_BEGUN;
	tx->turn.tx = tx;
	(void) stpcpy(tx->begin, begin);
	*out = tx;
	return AIODAL_OK;
}

/*
 * Turns
 */

/* It is not to be started while another one's handle is somebody's. */
static aiodal_status
check_free(const aiodal__turn *turn, aiodal_error **err)
{
	if (turn->op.state == AIODAL__OP_FREE)
		return AIODAL_OK;
	return aiodal__fail_hint(err, AIODAL_EBUSY, NULL, "Finish and free it first.",
							 "another operation is running on this transaction");
}

/* shared: its handle will be the caller's */
static void
start_turn(aiodal__turn *turn, aiodal__turn_stage stage, bool shared)
{
	turn->op = (struct aiodal_op){.kind = &turn_kind, .state = AIODAL__OP_RUNNING};
	turn->stage = stage;
	turn->had_failed = false;
	turn->error = NULL;
	turn->shared = shared;
	turn->cancelled = false;
	turn->target = NULL;
	if (shared)
		(void) pthread_mutex_init(&turn->lock, NULL);
}

static void
free_turn(aiodal__turn *turn)
{
	aiodal_error_free(turn->error);
	turn->error = NULL;
	turn->op.state = AIODAL__OP_FREE;
	if (turn->shared)
		(void) pthread_mutex_destroy(&turn->lock);
	turn->shared = false;
}

static aiodal_status
turn_over(aiodal__turn *turn)
{
	turn->stage = AIODAL__TURN_OVER;
	turn->op.state = AIODAL__OP_DONE;
	return turn->op.status;
}

/* What a request to cancel goes to from now on; NULL: to nothing. */
static void
set_target(aiodal__turn *turn, aiodal__conn *conn)
{
	if (!turn->shared)
		return;
	(void) pthread_mutex_lock(&turn->lock);
	turn->target = conn;
	if (turn->cancelled && conn)
		aiodal__conn_cancel(conn);
	(void) pthread_mutex_unlock(&turn->lock);
}

static bool
is_cancelled(aiodal__turn *turn)
{
	bool cancelled;

	if (!turn->shared)
		return false;
	(void) pthread_mutex_lock(&turn->lock);
	cancelled = turn->cancelled;
	(void) pthread_mutex_unlock(&turn->lock);
	return cancelled;
}

/*
 * Beginning
 */

/* It has what was acquired for it, on which BEGIN has run, or is late. */
static void
begun(aiodal_tx *tx, const aiodal__acquisition *a)
{
	aiodal__conn *conn = a->conn;
	char *sql;

	tx->conn = conn;
	conn->fresh = true;
	conn->begin = a->skipped ? AIODAL__BEGIN_LATE : AIODAL__BEGIN_DONE;
	sql = stpcpy(conn->restart, "ROLLBACK; ");
	(void) stpcpy(sql, tx->begin);
	conn->begin_sql = sql;
}

static aiodal__acquisition
acquisition_of(const aiodal_tx *tx, const aiodal_tx_options *options, int64_t deadline)
{
	aiodal__acquisition a = aiodal__db_acquisition(tx->db, tx->begin, deadline, options->owner);

	a.may_skip = true;
	return a;
}

static aiodal_status
begin_over(aiodal__turn *turn, aiodal_status status)
{
	turn->op.status = status;
	if (status == AIODAL_OK)
	{
		begun(turn->tx, &turn->acquisition);
		turn->tx->schema = aiodal_db_schema(turn->tx->db);
	}
	return turn_over(turn);
}

static aiodal_status
begin_on(aiodal__turn *turn)
{
	aiodal__acquisition *a = &turn->acquisition;
	aiodal_status status;

	/* a command hears of it from the server */
	if (a->stage != AIODAL__ACQUIRE_COMMAND && is_cancelled(turn))
	{
		aiodal__acquire_give_up(a);
		return begin_over(
			turn, aiodal__fail(&turn->error, AIODAL_ECANCELED, "cancelled before the transaction had begun"));
	}
	set_target(turn, NULL);
	status = aiodal__acquire_step(a, &turn->error);
	if (status <= 0)
		return begin_over(turn, status);
	if (a->stage == AIODAL__ACQUIRE_COMMAND)
		set_target(turn, a->conn);
	return status;
}

static aiodal_status
acquire(aiodal_tx *tx, const aiodal_tx_options *options, int64_t deadline, aiodal_error **err)
{
	aiodal__acquisition a = acquisition_of(tx, options, deadline);
	aiodal_status status = aiodal__acquire(&a, err);

	if (status == AIODAL_OK)
		begun(tx, &a);
	return status;
}

aiodal_status
aiodal__tx_begin(aiodal_tx **out, aiodal_db *db, const aiodal_tx_options *options, int64_t deadline,
				 aiodal_error **err)
{
	aiodal_tx *tx;
	aiodal_status status = make_tx(&tx, db, options, err);

	if (status != AIODAL_OK)
		return status;
	if (aiodal__sandbox_is_on(db))
		status = aiodal__sandbox_enter(tx, options, deadline, err);
	else
		status = acquire(tx, options, deadline, err);
	if (status != AIODAL_OK)
	{
		free_tx(tx);
		return status;
	}
	tx->schema = aiodal_db_schema(db);
	*out = tx;
	return AIODAL_OK;
}

aiodal_status
aiodal__tx_check_options(aiodal_tx_options *options, const aiodal_db *db, const aiodal_tx_options *given,
						 aiodal_error **err)
{
	aiodal_status status = aiodal__db_check(db, err);

	return status == AIODAL_OK
			   ? aiodal__options_copy(options, sizeof(*options), given, "aiodal_tx_options", err)
			   : status;
}

static int64_t
deadline_of(const aiodal_tx_options *options)
{
	return options->timeout_ms ? aiodal__deadline(options->timeout_ms) : AIODAL__NEVER;
}

aiodal_status
aiodal_tx_begin(aiodal_tx **tx, aiodal_db *db, const aiodal_tx_options *given, aiodal_error **err)
{
	aiodal_tx_options options;
	aiodal_status status;

	if (!tx)
		return aiodal__fail(err, AIODAL_EINVAL, "tx must not be NULL");
	*tx = NULL;
	status = aiodal__tx_check_options(&options, db, given, err);
	return status == AIODAL_OK ? aiodal__tx_begin(tx, db, &options, deadline_of(&options), err) : status;
}

/* It has begun already in a sandbox, and where BEGIN goes with the first command; or failed. */
static aiodal_status
start_beginning(aiodal_tx *tx, const aiodal_tx_options *options, aiodal_error **err)
{
	int64_t deadline = deadline_of(options);
	aiodal__turn *turn = &tx->turn;
	aiodal_status status;

	start_turn(turn, AIODAL__TURN_BEGINNING, true);
	if (aiodal__sandbox_is_on(tx->db))
	{
		status = aiodal__sandbox_enter(tx, options, deadline, err);
		if (status == AIODAL_OK)
		{
			tx->schema = aiodal_db_schema(tx->db);
			return turn_over(turn);
		}
	}
	else
	{
		turn->acquisition = acquisition_of(tx, options, deadline);
		turn->acquisition.async = true;
		status = aiodal__acquire_start(&turn->acquisition, err);
		if (status == AIODAL_OK)
			return begin_over(turn, status);
	}
	if (status < 0)
		free_turn(turn);
	else if (turn->acquisition.stage == AIODAL__ACQUIRE_COMMAND)
		set_target(turn, turn->acquisition.conn);
	return status < 0 ? status : AIODAL_OK;
}

aiodal_status
aiodal_tx_begin_start(aiodal_op **op, aiodal_tx **tx, aiodal_db *db, const aiodal_tx_options *given,
					  aiodal_error **err)
{
	aiodal_tx_options options;
	aiodal_status status;

	if (op)
		*op = NULL;
	if (tx)
		*tx = NULL;
	if (!op || !tx)
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", op ? "tx" : "op");
	status = aiodal__tx_check_options(&options, db, given, err);
	if (status == AIODAL_OK)
		status = make_tx(tx, db, &options, err);
	if (status != AIODAL_OK)
		return status;
	status = start_beginning(*tx, &options, err);
	if (status == AIODAL_OK)
		*op = &(*tx)->turn.op;
	else
	{
		free_tx(*tx);
		*tx = NULL;
	}
	return status;
}

/*
 * Ending
 */

/* The transaction is over for who used it; the connection, unless it is a sandbox's, is still to be given
 * back. */
static void
let_go(aiodal_tx *tx, aiodal_tx_state state)
{
	tx->conn->tick = NULL;
	tx->conn->begin = AIODAL__BEGIN_DONE;
	if (tx->sandbox)
		aiodal__sandbox_leave(tx);
	tx->conn = NULL;
	tx->state = state;
}

/* Gives the connection back, once it is ready for the next. */
static void
end(aiodal__turn *turn, aiodal_tx_state state)
{
	aiodal_tx *tx = turn->tx;
	aiodal__conn *conn = tx->conn;

	turn->stage = AIODAL__TURN_OVER;
	let_go(tx, state);
	if (tx->sandbox)
		return;
	if (!aiodal__pool_reset_start(&tx->db->pool, conn))
	{
		aiodal__pool_take_back(&tx->db->pool, conn);
		return;
	}
	turn->conn = conn;
	turn->stage = AIODAL__TURN_RESETTING;
}

/* The same where there is no turn. */
static void
end_at_once(aiodal_tx *tx, aiodal_tx_state state)
{
	aiodal__conn *conn = tx->conn;

	let_go(tx, state);
	if (!tx->sandbox)
		aiodal__pool_release(&tx->db->pool, conn);
}

static void
end_reset(aiodal__turn *turn)
{
	aiodal__pool_reset_end(turn->conn);
	aiodal__pool_take_back(&turn->tx->db->pool, turn->conn);
	turn->conn = NULL;
	turn->stage = AIODAL__TURN_OVER;
}

/* COMMIT was sent and did not succeed; why is its error's, and taken. */
static aiodal_status
commit_failed(aiodal__turn *turn, aiodal_status status, aiodal_error *why)
{
	if (aiodal_tx_get_state(turn->tx) != AIODAL_TX_LOST)
	{
		turn->error = why;
		/* the server has rolled back already; in a sandbox it is up to us */
		if (turn->tx->sandbox)
		{
			turn->tx->conn->deadline = aiodal__deadline(ROLLBACK_MS);
			(void) aiodal__sandbox_rollback(turn->tx, NULL);
		}
		end(turn, AIODAL_TX_ROLLED_BACK);
		return status;
	}
	end(turn, AIODAL_TX_IN_DOUBT);
	(void) aiodal__fail_state(&turn->error, status, "08007", aiodal_error_message(why),
							  "Look whether what it wrote is there before doing it again.",
							  "the connection was lost during the commit: it may have happened or not");
	aiodal_error_free(why);
	return status;
}

static aiodal_status
undone(aiodal_error **err)
{
	return aiodal__fail_state(err, AIODAL_ESTATE, "25P02", "A statement in it had failed.", NULL,
							  "the transaction was rolled back instead of committed");
}

static aiodal_status
rollback_done(aiodal__turn *turn, aiodal_status status, aiodal_error *why)
{
	end(turn, status == AIODAL_OK ? AIODAL_TX_ROLLED_BACK : AIODAL_TX_LOST);
	if (!turn->had_failed)
	{
		turn->error = why;
		return status;
	}
	aiodal_error_free(why);
	return undone(&turn->error);
}

/* The command, if there was one, is over; why is taken. */
static aiodal_status
end_done(aiodal__turn *turn, aiodal_status status, aiodal_error *why)
{
	if (turn->stage == AIODAL__TURN_ROLLING_BACK)
		status = rollback_done(turn, status, why);
	else if (status == AIODAL_OK)
		end(turn, AIODAL_TX_COMMITTED);
	else
		status = commit_failed(turn, status, why);
	turn->op.status = status;
	return turn->stage == AIODAL__TURN_OVER ? turn_over(turn) : AIODAL_WANT_READ;
}

static aiodal_status
end_on(aiodal__turn *turn)
{
	aiodal__conn *conn = turn->tx->conn;
	aiodal_error *why = NULL;
	aiodal_status status;

	set_target(turn, NULL);
	status = aiodal_op_poll(&conn->op, &why);
	if (status > 0)
	{
		if (turn->stage == AIODAL__TURN_COMMITTING)
			set_target(turn, conn);
		return status;
	}
	/* which a server answers who knows of a failure that went unseen here */
	if (status == AIODAL_OK && turn->stage == AIODAL__TURN_COMMITTING &&
		strcmp(PQcmdStatus(conn->op.result), "ROLLBACK") == 0)
		status = undone(&why);
	aiodal__op_release(conn);
	return end_done(turn, status, why);
}

static aiodal_status
reset_on(aiodal__turn *turn)
{
	aiodal_status status = aiodal_op_poll(&turn->conn->op, NULL);

	if (status > 0)
		return status;
	end_reset(turn);
	return turn_over(turn);
}

/* What undoes it, and what it left that others made for it. */
static const char *
rollback_words(const aiodal_tx *tx)
{
	return tx->shares_stage ? "ROLLBACK; SELECT aiodal.drop_shared_stages()" : "ROLLBACK";
}

/* It was never begun, so that the server knows nothing of it. */
static bool
is_unknown(const aiodal_tx *tx)
{
	return tx->conn->begin != AIODAL__BEGIN_DONE && tx->conn->op.state == AIODAL__OP_FREE &&
		   !tx->shares_stage;
}

/* AIODAL_EBUSY alone leaves it as it was; after anything else the turn is under way, or over. */
static aiodal_status
send_end(aiodal__turn *turn, aiodal_error **err)
{
	bool commit = turn->stage == AIODAL__TURN_COMMITTING;
	aiodal_tx *tx = turn->tx;
	bool at_once = tx->sandbox || is_unknown(tx);
	aiodal_error *why = NULL;
	aiodal_status status = AIODAL_OK;

	if (tx->sandbox)
		status = commit ? aiodal__sandbox_commit(tx, &why) : aiodal__sandbox_rollback(tx, &why);
	else if (!at_once)
		status = aiodal__op_start_command(tx->conn, commit ? "COMMIT" : rollback_words(tx), false, &why);
	if (status == AIODAL_EBUSY)
	{
		free_turn(turn);
		aiodal__error_move(err, &why);
		return status;
	}
	if (at_once || status != AIODAL_OK)
		(void) end_done(turn, status, why);
	else if (commit)
		set_target(turn, tx->conn);
	return AIODAL_OK;
}

static aiodal_status
start_rollback(aiodal_tx *tx, bool had_failed, bool shared, aiodal_error **err)
{
	start_turn(&tx->turn, AIODAL__TURN_ROLLING_BACK, shared);
	tx->turn.had_failed = had_failed;
	tx->conn->deadline = aiodal__deadline(ROLLBACK_MS);
	tx->conn->tick = NULL;
	return send_end(&tx->turn, err);
}

/* Ending one of which the server has not heard will not tell whether the connection is still good: this
 * looks. */
static aiodal_status
check_end(aiodal_tx *tx, aiodal_error **err)
{
	aiodal_status status = aiodal__tx_check_alive(tx, err);

	if (status != AIODAL_OK || tx->conn->begin != AIODAL__BEGIN_LATE || !is_unknown(tx) ||
		aiodal__conn_alive(tx->conn, true))
		return status;
	tx->conn->broken = true;
	return aiodal__tx_check_alive(tx, err);
}

static aiodal_status
start_commit(aiodal_tx *tx, bool shared, aiodal_error **err)
{
	aiodal_status status = check_end(tx, err);

	if (status == AIODAL_OK)
		status = check_free(&tx->turn, err);
	if (status != AIODAL_OK)
		return status;
	if (aiodal_tx_get_state(tx) == AIODAL_TX_FAILED)
		return start_rollback(tx, true, shared, err);
	/* what fails before it is sent is no failed commit */
	status = aiodal__conn_start(tx->conn, err);
	if (status != AIODAL_OK)
		return status;
	aiodal__conn_done(tx->conn);
	start_turn(&tx->turn, AIODAL__TURN_COMMITTING, shared);
	return send_end(&tx->turn, err);
}

static aiodal_status
check_rollback(aiodal_tx *tx, aiodal_error **err)
{
	aiodal_status status = check_end(tx, err);

	if (status == AIODAL_OK)
		status = check_free(&tx->turn, err);
	else if (status == AIODAL_ECONN && tx->conn && tx->turn.op.state == AIODAL__OP_FREE)
		end_at_once(tx, AIODAL_TX_LOST);
	return status;
}

/* Waits for a turn that was started. */
static aiodal_status
finish_turn(aiodal__turn *turn, aiodal_error **err)
{
	aiodal_status status;

	while (turn->op.state != AIODAL__OP_DONE)
	{
		turn_kind.wait(&turn->op, AIODAL__NEVER);
		(void) turn_kind.step(&turn->op);
	}
	status = turn->op.status;
	aiodal__error_move(err, &turn->error);
	free_turn(turn);
	return status;
}

aiodal_status
aiodal_tx_commit(aiodal_tx *tx, aiodal_error **err)
{
	aiodal_status status = start_commit(tx, false, err);

	return status == AIODAL_OK ? finish_turn(&tx->turn, err) : status;
}

aiodal_status
aiodal_tx_rollback(aiodal_tx *tx, aiodal_error **err)
{
	aiodal_status status = check_rollback(tx, err);

	if (status == AIODAL_OK)
		status = start_rollback(tx, false, false, err);
	return status == AIODAL_OK ? finish_turn(&tx->turn, err) : status;
}

aiodal_status
aiodal_tx_commit_start(aiodal_op **op, aiodal_tx *tx, aiodal_error **err)
{
	aiodal_status status;

	if (!op)
		return aiodal__fail(err, AIODAL_EINVAL, "op must not be NULL");
	*op = NULL;
	status = start_commit(tx, true, err);
	if (status == AIODAL_OK)
		*op = &tx->turn.op;
	return status;
}

aiodal_status
aiodal_tx_rollback_start(aiodal_op **op, aiodal_tx *tx, aiodal_error **err)
{
	aiodal_status status;

	if (!op)
		return aiodal__fail(err, AIODAL_EINVAL, "op must not be NULL");
	*op = NULL;
	status = check_rollback(tx, err);
	if (status == AIODAL_OK)
		status = start_rollback(tx, false, true, err);
	if (status == AIODAL_OK)
		*op = &tx->turn.op;
	return status;
}

/*
 * As an operation
 */

static aiodal__turn *
turn_of(const struct aiodal_op *op)
{
	return (aiodal__turn *) op;
}

static aiodal_status
step(struct aiodal_op *op)
{
	aiodal__turn *turn = turn_of(op);

	switch (turn->stage)
	{
		case AIODAL__TURN_BEGINNING: return begin_on(turn);
		case AIODAL__TURN_COMMITTING:
		case AIODAL__TURN_ROLLING_BACK: return end_on(turn);
		case AIODAL__TURN_RESETTING: return reset_on(turn);
		case AIODAL__TURN_OVER: break;
	}
	return op->status;
}

/* Whose command runs; NULL while there is none. */
static aiodal__conn *
conn_of(const aiodal__turn *turn)
{
	if (turn->stage == AIODAL__TURN_RESETTING)
		return turn->conn;
	return turn->stage == AIODAL__TURN_BEGINNING || turn->stage == AIODAL__TURN_OVER ? NULL : turn->tx->conn;
}

static void
wait_for_turn(struct aiodal_op *op, int64_t limit)
{
	aiodal__turn *turn = turn_of(op);
	aiodal__conn *conn = conn_of(turn);
	int64_t tick = turn->shared ? aiodal__now() + REPEAT_MS : AIODAL__NEVER;

	if (conn)
		(void) aiodal__op_wait(conn, limit);
	else if (turn->stage == AIODAL__TURN_BEGINNING)
		aiodal__acquire_wait(&turn->acquisition, tick < limit ? tick : limit);
}

static int
turn_fd(const struct aiodal_op *op)
{
	const aiodal__turn *turn = turn_of(op);
	const aiodal__conn *conn = conn_of(turn);

	if (conn)
		return PQsocket(conn->pg);
	return turn->stage == AIODAL__TURN_BEGINNING ? aiodal__acquire_fd(&turn->acquisition) : -1;
}

static int64_t
next_check(const struct aiodal_op *op)
{
	const aiodal__turn *turn = turn_of(op);
	const aiodal__conn *conn = conn_of(turn);
	int64_t tick = aiodal__now() + REPEAT_MS;
	int64_t next;

	if (conn)
		return aiodal__conn_next_check(conn);
	next = aiodal__acquire_next_check(&turn->acquisition);
	return turn->acquisition.stage == AIODAL__ACQUIRE_CONNECTING && tick < next ? tick : next;
}

static aiodal_status
report_turn(const struct aiodal_op *op, aiodal_error **err)
{
	return aiodal__error_copy(err, op->status, turn_of(op)->error);
}

/* Not the rollback: the server does not stop it either. */
static void
cancel_turn(struct aiodal_op *op)
{
	aiodal__turn *turn = turn_of(op);

	(void) pthread_mutex_lock(&turn->lock);
	turn->cancelled = true;
	if (turn->target)
		aiodal__conn_cancel(turn->target);
	(void) pthread_mutex_unlock(&turn->lock);
	aiodal__pool_rouse(&turn->tx->db->pool, &turn->acquisition.waiter);
}

/* The server is asked to stop a commit, and has a moment for the end of anything. */
static void
break_off(aiodal__turn *turn)
{
	int64_t limit = aiodal__deadline(CANCEL_MS);
	aiodal_tx_state state = turn->stage == AIODAL__TURN_COMMITTING ? AIODAL_TX_IN_DOUBT : AIODAL_TX_LOST;

	while (conn_of(turn) && aiodal__now() < limit)
	{
		if (turn->stage == AIODAL__TURN_COMMITTING)
			aiodal__conn_cancel(conn_of(turn));
		(void) aiodal__op_wait(conn_of(turn), aiodal__deadline(REPEAT_MS));
		(void) step(&turn->op);
	}
	if (!conn_of(turn))
		return;
	conn_of(turn)->unconfirmed = true;
	aiodal__op_drop(conn_of(turn));
	if (turn->stage == AIODAL__TURN_RESETTING)
		aiodal__pool_take_back(&turn->tx->db->pool, turn->conn);
	else
		end(turn, state);
}

static void
free_turn_op(struct aiodal_op *op)
{
	aiodal__turn *turn = turn_of(op);

	set_target(turn, NULL);
	if (turn->stage == AIODAL__TURN_BEGINNING)
		aiodal__acquire_give_up(&turn->acquisition);
	else
		break_off(turn);
	free_turn(turn);
}

static const struct aiodal__op_kind turn_kind = {
	.step = step,
	.wait = wait_for_turn,
	.fd = turn_fd,
	.next_check = next_check,
	.report = report_turn,
	.cancel = cancel_turn,
	.free = free_turn_op,
};

/* In the child of a fork: the connections are the parent's. */
static void
abandon(aiodal_tx *tx)
{
	aiodal__turn *turn = &tx->turn;

	/* a thread of the parent's was amid something on it: nobody knows what */
	if (tx->background)
		return;
	/* that of a sandbox is the db's */
	if (tx->conn && !tx->sandbox)
		aiodal__conn_abandon(tx->conn);
	if (turn->op.state == AIODAL__OP_FREE)
		return;
	if (turn->stage == AIODAL__TURN_RESETTING)
		aiodal__conn_abandon(turn->conn);
	else if (turn->stage == AIODAL__TURN_BEGINNING)
		aiodal__acquire_abandon(&turn->acquisition);
	free_turn(turn);
}

static void
undo(aiodal_tx *tx)
{
	while (tx->background)
		aiodal_op_free(&tx->background->op);
	aiodal_op_free(&tx->turn.op);
	if (!tx->conn)
		return;
	if (tx->sandbox)
		aiodal__sandbox_uncover(tx);
	aiodal_op_free(&tx->conn->op);
	if (aiodal_tx_rollback(tx, NULL) != AIODAL_OK && tx->conn)
		end_at_once(tx, AIODAL_TX_ENDED);
}

void
aiodal_tx_free(aiodal_tx *tx)
{
	if (!tx || !tx->db)
		return;
	if (tx->db->pid != aiodal__process())
		abandon(tx);
	else
		undo(tx);
	aiodal_schema_unref(tx->schema);
	aiodal__alias_clear(&tx->aliases);
	aiodal__alias_free_all(tx->resolved);
	free_tx(tx);
}
