/*
 * sandbox.c
 *		Savepoints that stand for transactions.
 *
 * Design notes. The open ones are a stack, on the one connection there is. A transaction is in the sandbox as
 * long as it is on the stack. The lock is over stack and connection, not over what runs on it: that is the
 * business of the thread that has the topmost one. A sandbox, once made, stays until its db is freed, so that
 * whoever looks at it in another thread finds at worst that it is off.
 *
 * Below all of them is a savepoint of the sandbox's own. When it is not there in the end, somebody else has
 * ended the transaction, even if it was begun again. That of the first transaction is set along with it,
 * which saves a round trip: nothing can run in between.
 */
#include "sandbox.h"

#include <stdio.h>

#include <aiodal/async.h>

#include "error.h"
#include "op.h"
#include "trace.h"
#include "util/errand.h"
#include "util/mem.h"
#include "util/thread.h"

#define ROLLBACK_MS 5000 /* how long the server may take to undo */
#define BASE        "aiodal_sandbox"

/*
 * The names of the constraints that are to be checked at the next commit. Those that SET CONSTRAINTS would
 * refuse are left out.
 */
static const char deferred_by_nature[] =
	"SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.conname), ', ') FROM "
	"pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) "
	"c.connamespace WHERE c.condeferred AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND NOT EXISTS "
	"(SELECT FROM pg_catalog.pg_constraint o WHERE o.conname OPERATOR(pg_catalog.=) c.conname AND "
	"o.connamespace OPERATOR(pg_catalog.=) c.connamespace AND NOT o.condeferrable)";

/* The commit of a real one leaves those WITH HOLD alone. */
static const char close_cursors[] =
	"DO $$DECLARE c text; BEGIN FOR c IN SELECT name FROM pg_catalog.pg_cursors WHERE NOT is_holdable AND "
	"statement OPERATOR(pg_catalog.~*) '^\\s*declare\\s' LOOP EXECUTE pg_catalog.format('CLOSE %I', c); END "
	"LOOP; END$$";

#define READ_ONLY "SET TRANSACTION READ ONLY"

/* Room for a verb and the name of a savepoint, twice. */
typedef char short_sql[128];

struct aiodal__sandbox
{
	pthread_mutex_t lock;
	pthread_cond_t left; /* one has ended */
	aiodal__conn *conn;  /* NULL: off */
	uint64_t thread;     /* that began it */
	aiodal_tx *top;
	uint64_t last;   /* number of the one begun last */
	bool first_made; /* the next one's savepoint is there */
};

static aiodal__sandbox *
sandbox_of(const aiodal_db *db)
{
	return __atomic_load_n(&db->sandbox, __ATOMIC_ACQUIRE);
}

static void
lock(aiodal__sandbox *sandbox)
{
	(void) pthread_mutex_lock(&sandbox->lock);
}

static void
unlock(aiodal__sandbox *sandbox)
{
	(void) pthread_mutex_unlock(&sandbox->lock);
}

bool
aiodal__sandbox_is_on(const aiodal_db *db)
{
	aiodal__sandbox *sandbox = sandbox_of(db);
	bool on;

	if (!sandbox)
		return false;
	lock(sandbox);
	on = sandbox->conn != NULL;
	unlock(sandbox);
	return on;
}

/* The db's, made when there is none. NULL when out of memory. */
static aiodal__sandbox *
make_sandbox(aiodal_db *db)
{
	aiodal__sandbox *sandbox = aiodal__calloc(1, sizeof(*sandbox));
	aiodal__sandbox *before = NULL;
	pthread_condattr_t monotonic;

	if (!sandbox)
		return NULL;
	(void) pthread_mutex_init(&sandbox->lock, NULL);
	(void) pthread_condattr_init(&monotonic);
	(void) pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void) pthread_cond_init(&sandbox->left, &monotonic);
	(void) pthread_condattr_destroy(&monotonic);
	if (__atomic_compare_exchange_n(&db->sandbox, &before, sandbox, false, __ATOMIC_ACQ_REL,
									__ATOMIC_ACQUIRE))
		return sandbox;
	aiodal__sandbox_free(sandbox);
	return before;
}

void
aiodal__sandbox_free(aiodal__sandbox *sandbox)
{
	if (!sandbox)
		return;
	(void) pthread_mutex_destroy(&sandbox->lock);
	(void) pthread_cond_destroy(&sandbox->left);
	aiodal__free(sandbox);
}

/*
 * Those in it
 */

/* Under the lock. */
static bool
may_nest(const aiodal__sandbox *sandbox)
{
	return !sandbox->top || sandbox->top->thread == aiodal__thread_number() ||
		   sandbox->top->thread == sandbox->thread;
}

/* Under the lock: waits until it is our turn. */
static aiodal_status
await_turn(aiodal__sandbox *sandbox, int64_t deadline, aiodal_error **err)
{
	while (sandbox->conn && !may_nest(sandbox))
	{
		int left_ms = aiodal__until(deadline);
		int tick_ms = aiodal__until(aiodal__errand_tick(deadline));
		struct timespec until = aiodal__timespec_in(tick_ms < 0 ? 1000 : tick_ms);

		if (aiodal__errand_cancelled())
			return aiodal__fail_canceled(err, NULL);

		if (left_ms == 0)
			return aiodal__fail_hint(err, AIODAL_ETIMEOUT, NULL,
									 "All transactions of a sandbox share one connection.",
									 "the transaction of another thread did not end in time");
		(void) pthread_cond_timedwait(&sandbox->left, &sandbox->lock, &until);
	}
	if (!sandbox->conn)
		return aiodal__fail(err, AIODAL_ESTATE, "the sandbox has ended");
	return AIODAL_OK;
}

/* Under the lock. */
static void
push(aiodal__sandbox *sandbox, aiodal_tx *tx, int64_t deadline)
{
	tx->savepoint_made = sandbox->first_made;
	sandbox->first_made = false;
	tx->sandbox = sandbox;
	tx->below = sandbox->top;
	tx->savepoint = ++sandbox->last;
	tx->thread = aiodal__thread_number();
	tx->conn = sandbox->conn;
	tx->deadline_before = sandbox->conn->deadline;
	sandbox->conn->deadline = deadline < tx->deadline_before ? deadline : tx->deadline_before;
	sandbox->top = tx;
}

/* Under the lock: the topmost one. */
static void
pop(aiodal__sandbox *sandbox)
{
	aiodal_tx *tx = sandbox->top;

	sandbox->conn->deadline = tx->deadline_before;
	sandbox->top = tx->below;
	tx->below = NULL;
	tx->conn = NULL;
	(void) pthread_cond_broadcast(&sandbox->left);
}

/* Who traces is told that a transaction begins as if the statement had been sent now. */
static void
trace_made(aiodal__conn *conn, const char *savepoint)
{
	aiodal__trace_begin(conn, savepoint, 0, NULL);
	aiodal__trace_end(conn, AIODAL_OK, NULL);
}

static aiodal_status
set_savepoint(aiodal_tx *tx, const aiodal_tx_options *options, aiodal_error **err)
{
	aiodal_status status;
	char savepoint[64];
	short_sql sql;

	switch (aiodal_tx_get_state(tx))
	{
		case AIODAL_TX_OPEN: break;
		case AIODAL_TX_FAILED:
			return aiodal__fail_state(err, AIODAL_ESTATE, "25P02", "A statement in it failed.", NULL,
									  "the transaction that this one would be a part of has failed");
		case AIODAL_TX_ENDED:
			return aiodal__fail(err, AIODAL_ESTATE, "the sandbox was ended by a statement that ran in it");
		default:
			return aiodal__fail_state(err, AIODAL_ECONN, "08003", NULL, NULL,
									  "the connection to the server was lost, and the sandbox with it");
	}
	(void) snprintf(savepoint, sizeof(savepoint), "SAVEPOINT " BASE "_%llu",
					(unsigned long long) tx->savepoint);
	(void) snprintf(sql, sizeof(sql), "%s%s", savepoint, options->read_only ? "; " READ_ONLY : "");
	if (!tx->savepoint_made)
		status = aiodal__op_command(tx->conn, sql, false, NULL, err);
	else
	{
		trace_made(tx->conn, savepoint);
		status = options->read_only ? aiodal__op_command(tx->conn, READ_ONLY, false, NULL, err) : AIODAL_OK;
	}
	tx->conn->fresh = status == AIODAL_OK;
	(void) snprintf(tx->conn->restart, sizeof(tx->conn->restart), "ROLLBACK TO %s", sql);
	return status;
}

aiodal_status
aiodal__sandbox_enter(aiodal_tx *tx, const aiodal_tx_options *options, int64_t deadline, aiodal_error **err)
{
	int64_t patience = aiodal__deadline(tx->db->acquire_timeout_ms);
	aiodal__sandbox *sandbox = sandbox_of(tx->db);
	aiodal_status status;

	lock(sandbox);
	status = await_turn(sandbox, deadline < patience ? deadline : patience, err);
	if (status == AIODAL_OK)
		push(sandbox, tx, deadline);
	unlock(sandbox);
	if (status != AIODAL_OK)
		return status;
	tx->owner = options->owner;
	status = set_savepoint(tx, options, err);
	if (status != AIODAL_OK)
		aiodal__sandbox_leave(tx);
	return status;
}

aiodal_status
aiodal__sandbox_check(const aiodal_tx *tx, aiodal_error **err)
{
	const char *owner;
	bool is_top;

	lock(tx->sandbox);
	is_top = tx->sandbox->top == tx;
	owner = is_top || !tx->sandbox->top ? NULL : tx->sandbox->top->owner;
	unlock(tx->sandbox);
	if (is_top)
		return AIODAL_OK;
	return aiodal__fail_hint(err, AIODAL_EBUSY, owner,
							 "In a sandbox a transaction waits for those begun in it.",
							 "a transaction begun later is still open");
}

void
aiodal__sandbox_leave(aiodal_tx *tx)
{
	aiodal__sandbox_uncover(tx);
	lock(tx->sandbox);
	if (tx->sandbox->top == tx)
		pop(tx->sandbox);
	unlock(tx->sandbox);
}

void
aiodal__sandbox_uncover(aiodal_tx *tx)
{
	lock(tx->sandbox);
	while (tx->conn && tx->sandbox->top != tx)
	{
		tx->sandbox->top->state = AIODAL_TX_ROLLED_BACK;
		pop(tx->sandbox);
	}
	unlock(tx->sandbox);
}

/* After SET CONSTRAINTS, which lasts until the end of the transaction: those deferred by nature are so again,
 * the others immediate. */
static aiodal_status
reset_constraints(const aiodal_tx *tx, aiodal_error **err)
{
	enum
	{
		IMMEDIATE,
		NAMES,
		N_STEPS
	};
	static const aiodal__step steps[N_STEPS] = {{AIODAL__STEP_EXEC, "SET CONSTRAINTS ALL IMMEDIATE", 0, NULL},
												{AIODAL__STEP_EXEC, deferred_by_nature, 0, NULL}};
	PGresult *results[N_STEPS];
	aiodal__buf sql = AIODAL__BUF_INIT;
	aiodal_status status = aiodal__op_pipeline(tx->conn, steps, N_STEPS, results, err);

	if (status == AIODAL_OK && !PQgetisnull(results[NAMES], 0, 0))
	{
		aiodal__buf_str(&sql, "SET CONSTRAINTS ");
		aiodal__buf_str(&sql, PQgetvalue(results[NAMES], 0, 0));
		aiodal__buf_str(&sql, " DEFERRED");
		status =
			sql.oom ? aiodal__fail_memory(err) : aiodal__op_command(tx->conn, sql.data, false, NULL, err);
	}
	for (int i = 0; i < N_STEPS; i++)
		PQclear(results[i]);
	aiodal__buf_free(&sql);
	tx->conn->constraints_set = false;
	return status;
}

aiodal_status
aiodal__sandbox_commit(const aiodal_tx *tx, aiodal_error **err)
{
	enum
	{
		BEFORE,
		RELEASE,
		N_STEPS
	};
	short_sql release;
	aiodal__step steps[N_STEPS] = {{AIODAL__STEP_EXEC, "CALL aiodal.run_on_commit()", 0, NULL},
								   {AIODAL__STEP_EXEC, release, 0, NULL}};
	PGresult *results[N_STEPS];
	aiodal_status status = AIODAL_OK;

	(void) snprintf(release, sizeof(release), "RELEASE SAVEPOINT " BASE "_%llu",
					(unsigned long long) tx->savepoint);
	if (tx->conn->constraints_set)
		status = reset_constraints(tx, err);
	/* one that waits for this one may have declared them */
	if (status == AIODAL_OK && tx->conn->cursor_declared && !tx->below)
	{
		status = aiodal__op_command(tx->conn, close_cursors, false, NULL, err);
		tx->conn->cursor_declared = false;
	}
	if (status != AIODAL_OK)
		return status;
	status = aiodal__op_pipeline(tx->conn, steps, N_STEPS, results, err);
	for (int i = 0; i < N_STEPS; i++)
		PQclear(results[i]);
	return status;
}

aiodal_status
aiodal__sandbox_rollback(const aiodal_tx *tx, aiodal_error **err)
{
	unsigned long long number = tx->savepoint;
	short_sql sql;

	(void) snprintf(sql, sizeof(sql), "ROLLBACK TO SAVEPOINT " BASE "_%llu; RELEASE SAVEPOINT " BASE "_%llu",
					number, number);
	return aiodal__op_command(tx->conn, sql, false, NULL, err);
}

/*
 * The whole
 */

/* Takes conn, unless there is one; the savepoint of the transaction with the number next is there. */
static bool
turn_on(aiodal__sandbox *sandbox, aiodal__conn *conn, uint64_t next)
{
	bool was_off;

	lock(sandbox);
	was_off = !sandbox->conn;
	if (was_off)
	{
		conn->constraints_set = false;
		conn->cursor_declared = false;
		sandbox->conn = conn;
		sandbox->last = next - 1;
		sandbox->first_made = true;
		sandbox->thread = aiodal__errand_starter();
	}
	unlock(sandbox);
	return was_off;
}

static uint64_t
next_number(aiodal__sandbox *sandbox)
{
	uint64_t next;

	lock(sandbox);
	next = sandbox->last + 1;
	unlock(sandbox);
	return next;
}

aiodal_status
aiodal_db_sandbox_begin(aiodal_db *db, aiodal_error **err)
{
	aiodal_status status = aiodal__db_check(db, err);
	aiodal__sandbox *sandbox;
	aiodal__conn *conn;
	short_sql sql;
	uint64_t next;

	if (status != AIODAL_OK)
		return status;
	sandbox = sandbox_of(db);
	if (!sandbox)
		sandbox = make_sandbox(db);
	if (!sandbox)
		return aiodal__fail_memory(err);
	next = next_number(sandbox);
	(void) snprintf(sql, sizeof(sql), "BEGIN; SAVEPOINT " BASE "; SAVEPOINT " BASE "_%llu",
					(unsigned long long) next);
	if (!aiodal__sandbox_is_on(db))
		status = aiodal__db_acquire(db, sql, AIODAL__NEVER, "aiodal_db_sandbox_begin()", &conn, err);
	if (status != AIODAL_OK)
		return status;
	if (!aiodal__sandbox_is_on(db) && turn_on(sandbox, conn, next))
		return AIODAL_OK;
	return aiodal__fail(err, AIODAL_ESTATE, "the db is in a sandbox already");
}

/* Ends all that is open, and takes the connection out; NULL when it was off. *open: how many there were. */
static aiodal__conn *
turn_off(aiodal__sandbox *sandbox, int *open, const char **owner)
{
	aiodal__conn *conn;

	*open = 0;
	lock(sandbox);
	while (sandbox->top)
	{
		*owner = sandbox->top->owner;
		sandbox->top->state = AIODAL_TX_ROLLED_BACK;
		pop(sandbox);
		(*open)++;
	}
	conn = sandbox->conn;
	sandbox->conn = NULL;
	(void) pthread_cond_broadcast(&sandbox->left);
	unlock(sandbox);
	return conn;
}

/* Whether nothing can have been committed. */
static bool
roll_back(aiodal__conn *conn)
{
	bool was_there;

	aiodal_op_free(&conn->op);
	if (conn->broken || PQstatus(conn->pg) != CONNECTION_OK)
		return true;
	conn->deadline = aiodal__deadline(ROLLBACK_MS);
	if (PQtransactionStatus(conn->pg) == PQTRANS_IDLE)
		return false;
	was_there =
		aiodal__op_command(conn, "ROLLBACK TO SAVEPOINT " BASE "; ROLLBACK", false, NULL, NULL) == AIODAL_OK;
	if (!was_there)
		(void) aiodal__op_command(conn, "ROLLBACK", false, NULL, NULL);
	return was_there || conn->broken || PQstatus(conn->pg) != CONNECTION_OK;
}

aiodal_status
aiodal_db_sandbox_end(aiodal_db *db, aiodal_error **err)
{
	aiodal_status status = aiodal__db_check(db, err);
	const char *owner = NULL;
	aiodal__conn *conn = NULL;
	bool whole;
	int open;

	if (status != AIODAL_OK)
		return status;
	if (sandbox_of(db))
		conn = turn_off(sandbox_of(db), &open, &owner);
	if (!conn)
		return aiodal__fail(err, AIODAL_ESTATE, "the db is in no sandbox");
	whole = roll_back(conn);
	aiodal__pool_release(&db->pool, conn);
	if (!whole)
		return aiodal__fail_hint(err, AIODAL_ESTATE, "What it did before may have been committed.",
								 "Use aiodal_tx_commit() and aiodal_tx_rollback().",
								 "the sandbox was ended by a statement that ran in it");
	if (open > 0)
		return aiodal__fail_hint(err, AIODAL_ESTATE, owner, "Free it where it is no longer used.",
								 "%d transaction%s still open at the end of the sandbox", open,
								 open == 1 ? " was" : "s were");
	return AIODAL_OK;
}

void
aiodal__sandbox_close(aiodal_db *db, bool abandon)
{
	aiodal__sandbox *sandbox = sandbox_of(db);

	if (!sandbox || !aiodal__sandbox_is_on(db))
		return;
	if (abandon)
		aiodal__conn_abandon(sandbox->conn);
	else
		(void) aiodal_db_sandbox_end(db, NULL);
}
