/*
 * tx.c
 *		Transactions.
 *
 * Design notes. While it is open, the state of a transaction is what libpq says of its connection: nothing is
 * kept twice, and a COMMIT in the caller's own SQL or on the raw connection is noticed. One whose BEGIN goes
 * with its first command is open before. When it has ended the connection is given back and the outcome kept.
 */
#include "tx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <aiodal/async.h>
#include <aiodal/pq.h>

#include "error.h"
#include "op.h"
#include "result.h"
#include "sandbox.h"
#include "util/mem.h"
#include "util/process.h"
#include "util/options.h"

#define DEFAULT_MAX_ATTEMPTS 5
#define FIRST_PAUSE_MS       5
#define MAX_PAUSE_MS         500

aiodal_tx_state
aiodal_tx_get_state(const aiodal_tx *tx)
{
	if (!tx)
		return AIODAL_TX_ENDED;
	if (aiodal__background_has_now(tx->background))
		return AIODAL_TX_OPEN;
	if (!tx->conn)
		return tx->state;
	if (tx->conn->broken || PQstatus(tx->conn->pg) != CONNECTION_OK)
		return AIODAL_TX_LOST;
	if (tx->conn->begin != AIODAL__BEGIN_DONE)
		return tx->conn->begin == AIODAL__BEGIN_LATE ? AIODAL_TX_OPEN : AIODAL_TX_FAILED;
	switch (PQtransactionStatus(tx->conn->pg))
	{
		case PQTRANS_ACTIVE:
		case PQTRANS_INTRANS: return AIODAL_TX_OPEN;
		case PQTRANS_INERROR: return AIODAL_TX_FAILED;
		case PQTRANS_IDLE: return AIODAL_TX_ENDED;
		case PQTRANS_UNKNOWN: break;
	}
	return AIODAL_TX_LOST;
}

static aiodal_status
check_background(const aiodal_tx *tx, aiodal_error **err)
{
	if (!aiodal__background_has(tx->background))
		return AIODAL_OK;
	return aiodal__fail_hint(err, AIODAL_EBUSY, NULL, "Finish and free it first.",
							 "another operation is running on this transaction");
}

aiodal_status
aiodal__tx_check_alive(const aiodal_tx *tx, aiodal_error **err)
{
	aiodal_status status;

	if (!tx)
		return aiodal__fail(err, AIODAL_EINVAL, "tx must not be NULL");
	status = aiodal__db_check(tx->db, err);
	if (status == AIODAL_OK)
		status = check_background(tx, err);
	if (status != AIODAL_OK)
		return status;
	switch (aiodal_tx_get_state(tx))
	{
		case AIODAL_TX_OPEN:
		case AIODAL_TX_FAILED: return tx->sandbox ? aiodal__sandbox_check(tx, err) : AIODAL_OK;
		case AIODAL_TX_COMMITTED:
			return aiodal__fail(err, AIODAL_ESTATE, "the transaction was committed already");
		case AIODAL_TX_ROLLED_BACK:
			return aiodal__fail(err, AIODAL_ESTATE, "the transaction was rolled back already");
		case AIODAL_TX_ENDED:
			return aiodal__fail_hint(err, AIODAL_ESTATE, NULL,
									 "Use aiodal_tx_commit() and aiodal_tx_rollback().",
									 "the transaction was ended by a statement that ran in it");
		case AIODAL_TX_NOT_BEGUN: return aiodal__fail(err, AIODAL_ESTATE, "the transaction has not begun");
		case AIODAL_TX_IN_DOUBT:
		case AIODAL_TX_LOST: break;
	}
	return aiodal__fail_state(err, AIODAL_ECONN, "08003", NULL, NULL,
							  "the connection to the server was lost, and the transaction with it");
}

aiodal_status
aiodal__tx_check(const aiodal_tx *tx, aiodal_error **err)
{
	aiodal_status status = aiodal__tx_check_alive(tx, err);

	if (status == AIODAL_OK && aiodal_tx_get_state(tx) == AIODAL_TX_FAILED)
		return aiodal__fail_state(err, AIODAL_ESTATE, "25P02", "A statement in it failed.",
								  "Roll back, all or to a savepoint set before.",
								  "the transaction has failed");
	return status;
}

static aiodal_status
make_request(aiodal__request *request, const aiodal_tx *tx, const char *sql, size_t n,
			 const char *const *params, aiodal_error **err)
{
	aiodal_status status = aiodal__tx_check(tx, err);

	if (status == AIODAL_OK && (!sql || (n > 0 && !params)))
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", sql ? "params" : "sql");
	*request = (aiodal__request){.sql = sql, .n = n, .params = params, .shown = params, .keep = true};
	return status;
}

aiodal_status
aiodal_tx_exec_start(aiodal_op **op, aiodal_tx *tx, const char *sql, size_t n, const char *const *params,
					 aiodal_error **err)
{
	aiodal__request request;
	aiodal_status status;

	if (!op)
		return aiodal__fail(err, AIODAL_EINVAL, "op must not be NULL");
	*op = NULL;
	status = make_request(&request, tx, sql, n, params, err);
	if (status == AIODAL_OK)
		status = aiodal__op_send(tx->conn, &request, err);
	if (status == AIODAL_OK)
		*op = &tx->conn->op;
	return status;
}

aiodal_status
aiodal_tx_exec(aiodal_result **res, aiodal_tx *tx, const char *sql, size_t n, const char *const *params,
			   aiodal_error **err)
{
	aiodal__request request;
	PGresult *result = NULL;
	aiodal_status status;

	if (res)
		*res = NULL;
	status = make_request(&request, tx, sql, n, params, err);
	if (status == AIODAL_OK)
		status = aiodal__op_request(tx->conn, &request, res ? &result : NULL, err);
	if (status == AIODAL_OK && res)
		*res = aiodal__result_wrap(result);
	return status;
}

aiodal_status
aiodal_tx_exec_script_start(aiodal_op **op, aiodal_tx *tx, const char *sql, aiodal_error **err)
{
	aiodal_status status = aiodal__tx_check(tx, err);

	if (op)
		*op = NULL;
	if (status != AIODAL_OK)
		return status;
	if (!op || !sql)
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", op ? "sql" : "op");
	status = aiodal__op_start_command(tx->conn, sql, false, err);
	if (status == AIODAL_OK)
		*op = &tx->conn->op;
	return status;
}

aiodal_status
aiodal_tx_exec_script(aiodal_tx *tx, const char *sql, aiodal_error **err)
{
	aiodal_op *op;
	aiodal_status status = aiodal_tx_exec_script_start(&op, tx, sql, err);

	return status == AIODAL_OK ? aiodal__op_take(op->conn, NULL, err) : status;
}

/* verb "name"; checked: what the transaction's check said */
static aiodal_status
start_savepoint(aiodal_op **op, aiodal_tx *tx, aiodal_status checked, const char *verb, const char *name,
				aiodal_error **err)
{
	aiodal__buf sql = AIODAL__BUF_INIT;
	aiodal_status status = checked;

	if (op)
		*op = NULL;
	if (status != AIODAL_OK)
		return status;
	if (!op || !name)
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", op ? "the name of a savepoint" : "op");
	aiodal__buf_str(&sql, verb);
	aiodal__buf_ident(&sql, name);
	status = sql.oom ? aiodal__fail_memory(err) : aiodal__op_start_command(tx->conn, sql.data, false, err);
	aiodal__buf_free(&sql);
	if (status == AIODAL_OK)
		*op = &tx->conn->op;
	return status;
}

aiodal_status
aiodal_tx_savepoint_start(aiodal_op **op, aiodal_tx *tx, const char *name, aiodal_error **err)
{
	return start_savepoint(op, tx, aiodal__tx_check(tx, err), "SAVEPOINT ", name, err);
}

aiodal_status
aiodal_tx_savepoint(aiodal_tx *tx, const char *name, aiodal_error **err)
{
	aiodal_op *op;
	aiodal_status status = aiodal_tx_savepoint_start(&op, tx, name, err);

	return status == AIODAL_OK ? aiodal__op_take(op->conn, NULL, err) : status;
}

aiodal_status
aiodal_tx_release_start(aiodal_op **op, aiodal_tx *tx, const char *name, aiodal_error **err)
{
	return start_savepoint(op, tx, aiodal__tx_check(tx, err), "RELEASE SAVEPOINT ", name, err);
}

aiodal_status
aiodal_tx_release(aiodal_tx *tx, const char *name, aiodal_error **err)
{
	aiodal_op *op;
	aiodal_status status = aiodal_tx_release_start(&op, tx, name, err);

	return status == AIODAL_OK ? aiodal__op_take(op->conn, NULL, err) : status;
}

aiodal_status
aiodal_tx_rollback_to_start(aiodal_op **op, aiodal_tx *tx, const char *name, aiodal_error **err)
{
	return start_savepoint(op, tx, aiodal__tx_check_alive(tx, err), "ROLLBACK TO SAVEPOINT ", name, err);
}

aiodal_status
aiodal_tx_rollback_to(aiodal_tx *tx, const char *name, aiodal_error **err)
{
	aiodal_op *op;
	aiodal_status status = aiodal_tx_rollback_to_start(&op, tx, name, err);

	return status == AIODAL_OK ? aiodal__op_take(op->conn, NULL, err) : status;
}

const aiodal_schema *
aiodal_tx_schema(const aiodal_tx *tx)
{
	return tx ? tx->schema : NULL;
}

aiodal_db *
aiodal_tx_db(const aiodal_tx *tx)
{
	return tx ? tx->db : NULL;
}

PGconn *
aiodal_tx_pgconn(aiodal_tx *tx)
{
	if (!tx || aiodal__background_has(tx->background) || !tx->conn)
		return NULL;
	if (tx->conn->op.state == AIODAL__OP_FREE && aiodal__op_settle(tx->conn, NULL) != AIODAL_OK)
		return NULL;
	(void) PQsetnonblocking(tx->conn->pg, 0);
	tx->conn->changed = true;
	/* what happens on it is not seen */
	tx->conn->fresh = false;
	aiodal__prepared_forget(&tx->conn->prepared);
	return tx->conn->pg;
}

/*
 * Aliases
 */

aiodal_status
aiodal_tx_set_alias(aiodal_tx *tx, const char *name, const aiodal_call *call, aiodal_error **err)
{
	aiodal_status status;

	if (!tx)
		return aiodal__fail(err, AIODAL_EINVAL, "tx must not be NULL");
	status = check_background(tx, err);
	if (status == AIODAL_OK)
		status = aiodal__alias_set(&tx->aliases, name, call, err);
	if (status == AIODAL_OK)
		aiodal__alias_forget(tx->resolved, name);
	return status;
}

/* The alias' call as SQL: the transaction's own, else the db's. *sql is the caller's. */
static aiodal_status
alias_text(char **sql, aiodal_tx *tx, const char *name, aiodal_error **err)
{
	const aiodal__alias_def *def = aiodal__alias_find(&tx->aliases, name);
	aiodal__buf hint = AIODAL__BUF_INIT;
	aiodal__suggest suggest;
	aiodal_status status = AIODAL_OK;

	(void) pthread_mutex_lock(&tx->db->lock);
	if (!def)
		def = aiodal__alias_find(&tx->db->aliases, name);
	if (def)
	{
		*sql = aiodal__alias_text(def, tx->conn->pg);
		if (!*sql)
			status = aiodal__fail_memory(err);
	}
	else
	{
		aiodal__suggest_start(&suggest, name);
		aiodal__alias_offer(&tx->aliases, &suggest);
		aiodal__alias_offer(&tx->db->aliases, &suggest);
		aiodal__suggest_text(&suggest, "There are", &hint);
		status = aiodal__fail_hint(err, AIODAL_ENOTFOUND, NULL,
								   hint.len > 0 && !hint.oom ? hint.data : "No alias was set.",
								   "alias \"%s\" does not exist", name);
	}
	(void) pthread_mutex_unlock(&tx->db->lock);
	aiodal__buf_free(&hint);
	return status;
}

aiodal_status
aiodal_tx_get_alias(const aiodal_alias **out, aiodal_tx *tx, const char *name, aiodal_error **err)
{
	aiodal_status status = aiodal__tx_check(tx, err);
	aiodal_alias *alias = NULL;
	char *sql = NULL;

	if (status != AIODAL_OK)
		return status;
	if (!out || !name)
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", out ? "name" : "alias");
	*out = aiodal__alias_resolved(tx->resolved, name);
	if (*out)
		return AIODAL_OK;
	status = alias_text(&sql, tx, name, err);
	if (status == AIODAL_OK)
		status = aiodal__alias_resolve(&alias, tx->conn, name, sql, err);
	if (status != AIODAL_OK)
		return status;
	aiodal__alias_push(&tx->resolved, alias);
	*out = alias;
	return AIODAL_OK;
}

/*
 * Functions that run in a transaction
 */

/* On failure *err is set. */
static aiodal_status
call(aiodal_tx_fn fn, aiodal_tx *tx, void *payload, aiodal_error **err)
{
	aiodal__conn *conn = tx->conn;
	aiodal__tick_fn before = aiodal__background_enter(conn);
	aiodal_status status = fn(tx, payload, err);

	/* it may have ended the transaction, and then the connection is somebody else's */
	if (tx->conn == conn)
		conn->tick = before;
	if (status > 0)
		return aiodal__fail(err, AIODAL_EINVAL,
							"the transaction function returned %d, which is no status it may return",
							(int) status);
	if (status < 0 && !*err)
		(void) aiodal__fail(err, status, "the transaction function failed with %s",
							aiodal_status_name(status));
	return status;
}

/* What fn did stays, as part of the transaction. */
static aiodal_status
keep_nested(aiodal_tx *tx, aiodal_error **err)
{
	aiodal_status status = aiodal__tx_check_alive(tx, err);

	if (status != AIODAL_OK)
		return status;
	if (aiodal_tx_get_state(tx) == AIODAL_TX_FAILED)
		return aiodal__fail_state(err, AIODAL_ESTATE, "25P02", "A statement in it had failed.", NULL,
								  "a part of the transaction was undone instead of kept");
	return aiodal__op_command(tx->conn, "RELEASE SAVEPOINT aiodal_nested", false, NULL, err);
}

/* Nothing to do where the transaction has ended or is lost. */
static void
undo_nested(aiodal_tx *tx)
{
	aiodal__tick_fn tick;

	if (aiodal__tx_check_alive(tx, NULL) != AIODAL_OK)
		return;
	aiodal_op_free(&tx->conn->op);
	tick = tx->conn->tick;
	tx->conn->tick = NULL;
	(void) aiodal__op_command(
		tx->conn, "ROLLBACK TO SAVEPOINT aiodal_nested; RELEASE SAVEPOINT aiodal_nested", false, NULL, NULL);
	tx->conn->tick = tick;
}

aiodal_status
aiodal_tx_nested(aiodal_tx *tx, aiodal_tx_fn fn, void *payload, aiodal_error **err)
{
	aiodal_error *own = NULL;
	aiodal_status status = aiodal__tx_check(tx, err);

	if (status != AIODAL_OK)
		return status;
	if (!fn)
		return aiodal__fail(err, AIODAL_EINVAL, "fn must not be NULL");
	status = aiodal__op_command(tx->conn, "SAVEPOINT aiodal_nested", false, NULL, err);
	if (status != AIODAL_OK)
		return status;
	status = call(fn, tx, payload, &own);
	if (status == AIODAL_OK)
		status = keep_nested(tx, &own);
	if (status != AIODAL_OK)
		undo_nested(tx);
	aiodal__error_move(err, &own);
	return status;
}

/* One attempt. On failure *err is set. */
static aiodal_status
attempt(aiodal_db *db, const aiodal_tx_options *options, int64_t deadline, aiodal_tx_fn fn, void *payload,
		aiodal_error **err)
{
	aiodal_tx *tx = NULL;
	aiodal_status status = aiodal__tx_begin(&tx, db, options, deadline, err);

	if (status != AIODAL_OK)
		return status;
	status = call(fn, tx, payload, err);
	if (status == AIODAL_OK && aiodal_tx_get_state(tx) <= AIODAL_TX_FAILED)
		status = aiodal_tx_commit(tx, err);
	aiodal_tx_free(tx);
	return status;
}

/* A random time up to a limit that doubles with each attempt. */
static void
pause_before(int attempt, unsigned int *seed, int64_t deadline)
{
	int limit = attempt < 7 ? FIRST_PAUSE_MS << attempt : MAX_PAUSE_MS;
	int ms = rand_r(seed) % (limit < MAX_PAUSE_MS ? limit : MAX_PAUSE_MS) + 1;
	int left = aiodal__until(deadline);
	struct timespec pause = {0};

	if (left >= 0 && left < ms)
		ms = left;
	pause.tv_sec = ms / 1000;
	pause.tv_nsec = (long) (ms % 1000) * 1000000;
	(void) nanosleep(&pause, NULL);
}

aiodal_status
aiodal_db_transact(aiodal_db *db, const aiodal_tx_options *given, aiodal_tx_fn fn, void *payload,
				   aiodal_error **err)
{
	aiodal_tx_options options;
	aiodal_error *own = NULL;
	unsigned int seed = (unsigned int) (aiodal__now_seconds() * 1e6) ^ (unsigned int) (uintptr_t) &own;
	int64_t deadline;
	aiodal_status status = aiodal__tx_check_options(&options, db, given, err);

	if (status != AIODAL_OK)
		return status;
	if (!fn)
		return aiodal__fail(err, AIODAL_EINVAL, "fn must not be NULL");
	if (options.max_attempts == 0)
		options.max_attempts = DEFAULT_MAX_ATTEMPTS;
	deadline = options.timeout_ms > 0 ? aiodal__deadline(options.timeout_ms) : AIODAL__NEVER;
	for (int i = 1;; i++)
	{
		status = attempt(db, &options, deadline, fn, payload, &own);
		if (status != AIODAL_ERETRY || i >= options.max_attempts || aiodal__until(deadline) == 0)
			break;
		aiodal_error_free(own);
		own = NULL;
		pause_before(i, &seed, deadline);
	}
	aiodal__error_move(err, &own);
	return status;
}
