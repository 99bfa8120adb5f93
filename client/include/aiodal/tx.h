/*
 * aiodal/tx.h
 *		Transactions, and statements in them.
 *
 * A transaction borrows a connection of the pool from aiodal_tx_begin() until it ends. It is for one thread
 * at a time. After commit or rollback the handle is still to be freed; everything else on it is
 * AIODAL_ESTATE.
 *
 * A statement that fails leaves the transaction failed, as always in PostgreSQL: everything but rollback and
 * rollback_to is AIODAL_ESTATE from then on. Bulk loads undo themselves and leave the transaction usable.
 *
 * Statements that a connection runs again and again are prepared (SELECT, INSERT, UPDATE, DELETE, MERGE,
 * VALUES; see statement_cache and prepare_after in aiodal/db.h), told apart by their text and the types of
 * their parameters: pass values as parameters, never in the text. What was prepared can be out of date when
 * it is used, since a table has changed ("cached plan must not change result type") or somebody has
 * deallocated it. Then it is prepared anew. When that was the transaction's first statement and the call
 * blocks, nobody notices; otherwise the transaction has failed, and the status is AIODAL_ERETRY, with which
 * aiodal_db_transact() runs it again. Behind a pooler that hands sessions from transaction to transaction
 * switch it off, unless the pooler knows of prepared statements: statement_cache -1, or AIODAL_RESET_NEVER,
 * which implies it. A connection that finds its statements gone for the third time stops preparing.
 */
#ifndef AIODAL_TX_H
#define AIODAL_TX_H

#include <aiodal/api.h>

AIODAL_BEGIN_DECLS

typedef enum aiodal_isolation
{
	AIODAL_ISOLATION_DEFAULT = 0, /* the server's default_transaction_isolation */
	AIODAL_READ_COMMITTED,
	AIODAL_REPEATABLE_READ,
	AIODAL_SERIALIZABLE
} aiodal_isolation;

typedef struct aiodal_tx_options
{
	size_t size;
	aiodal_isolation isolation;
	bool read_only;
	bool deferrable;   /* with serializable and read_only: wait for a snapshot that cannot fail */
	int timeout_ms;    /* deadline for the whole transaction, counted from begin; 0: none. What runs when it
						  passes is cancelled with AIODAL_ETIMEOUT; what is started after it is refused with the
						  same, but for rollback */
	int max_attempts;  /* aiodal_db_transact(): how often to run at most; default 5 */
	const char *owner; /* names who holds the connection, see aiodal_db_holders(); borrowed until the
						  transaction ends. The _INIT macro puts in file and line */
} aiodal_tx_options;

#define AIODAL_TX_OPTIONS_INIT                                                               \
	{                                                                                        \
		sizeof(aiodal_tx_options), AIODAL_ISOLATION_DEFAULT, false, false, 0, 0, AIODAL_HERE \
	}

typedef enum aiodal_tx_state
{
	AIODAL_TX_OPEN,   /* statements can run */
	AIODAL_TX_FAILED, /* a statement failed: roll back, all or to a savepoint */
	AIODAL_TX_COMMITTED,
	AIODAL_TX_ROLLED_BACK,
	AIODAL_TX_IN_DOUBT, /* the connection was lost while committing: it may have happened or not */
	AIODAL_TX_LOST,     /* the connection was lost: the server has rolled back or will */
	AIODAL_TX_ENDED,    /* ended by the caller's own SQL, or on the raw connection */
	AIODAL_TX_NOT_BEGUN /* aiodal_tx_begin_start() is not done yet, or has failed */
} aiodal_tx_state;

/*
 * options may be NULL. Waits for a free connection. *tx is owned by the caller: aiodal_tx_free().
 *
 * On a connection of which something was heard within the last second, BEGIN is left to the transaction's
 * first command and travels with it: a third of a short transaction's round trips less. now() is then that
 * moment, what is wrong with the BEGIN (an isolation level that a standby does not have) fails that command,
 * and a transaction in which nothing runs never gets to the server. aiodal_tx_pgconn() sends it first. After
 * a pause, BEGIN finds out whether the connection is still alive, and another one is taken when it is not.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_begin(aiodal_tx **tx, aiodal_db *db,
														   const aiodal_tx_options *options,
														   aiodal_error **err);

/*
 * Runs one statement with n parameters $1..$n in their text form; a NULL among params is SQL NULL. params is
 * not read when n is 0. res may be NULL when the rows are of no interest; else *res is owned by the caller:
 * aiodal_result_free(). Statements for COPY FROM STDIN or TO STDOUT are AIODAL_EINVAL: aiodal/bulk.h is for
 * them.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_exec(aiodal_result **res, aiodal_tx *tx, const char *sql,
														  size_t n, const char *const *params,
														  aiodal_error **err);

/* Runs any number of statements separated by semicolons, without parameters; what they return is dropped. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_exec_script(aiodal_tx *tx, const char *sql,
																 aiodal_error **err);

/*
 * Commits. When it fails the transaction is rolled back, with two exceptions to know of: after AIODAL_ECONN
 * with SQLSTATE 08007 nobody knows (AIODAL_TX_IN_DOUBT); and a failed transaction cannot be committed: it is
 * rolled back and AIODAL_ESTATE says so, where plain SQL would report success.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_commit(aiodal_tx *tx, aiodal_error **err);

/* Rolls back. When the connection is lost, the server does so by itself: AIODAL_ECONN, and nothing was
 * written. */
AIODAL_API aiodal_status aiodal_tx_rollback(aiodal_tx *tx, aiodal_error **err);

/* Savepoints nest; the name is any string and may be used again, as in SQL. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_savepoint(aiodal_tx *tx, const char *name,
															   aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_release(aiodal_tx *tx, const char *name,
															 aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_rollback_to(aiodal_tx *tx, const char *name,
																 aiodal_error **err);

/* Rolls back if still open, gives the connection back, frees. Waits for the server's answer, a few seconds at
 * most. */
AIODAL_API void aiodal_tx_free(aiodal_tx *tx);

AIODAL_API aiodal_tx_state aiodal_tx_get_state(const aiodal_tx *tx);

/* The schema snapshot that was current when the transaction began; borrowed. NULL when nothing was reflected.
 */
AIODAL_API const aiodal_schema *aiodal_tx_schema(const aiodal_tx *tx);

/* The db it runs on; borrowed. */
AIODAL_API aiodal_db *aiodal_tx_db(const aiodal_tx *tx);

/*
 * What aiodal_db_transact() runs. 0: commit. Negative: roll back, and that is what transact returns, with the
 * error stored in *err. It may run more than once: what it does outside the database should stand that. It
 * may also end the transaction itself.
 */
typedef aiodal_status (*aiodal_tx_fn)(aiodal_tx *tx, void *payload, aiodal_error **err);

/*
 * Runs fn in a transaction of its own and commits. When fn returns AIODAL_ERETRY, or the commit fails with it
 * (serialization failure 40001, deadlock 40P01), all is rolled back and run again after a short random pause,
 * up to options->max_attempts times. timeout_ms is for all attempts together.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_transact(aiodal_db *db, const aiodal_tx_options *options,
															  aiodal_tx_fn fn, void *payload,
															  aiodal_error **err);

/*
 * Runs fn as a part of the transaction that can fail by itself: 0 keeps what it did; when it returns a
 * negative status, or when a statement of it has failed, that alone is undone, and the transaction goes on as
 * it was before. Nests. Returns what fn did; AIODAL_ESTATE when fn returned 0 and a statement had failed or
 * the transaction had ended; or why the part could not begin or be kept.
 *
 * A part cannot be run again by itself: pass AIODAL_ERETRY on to aiodal_db_transact().
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_nested(aiodal_tx *tx, aiodal_tx_fn fn, void *payload,
															aiodal_error **err);

/*
 * Aliases: names for calls of table-valued functions, so that code which builds a query need not know whether
 * it reads a table or a function with arguments. A transaction looks among its own first, then among the
 * db's.
 */
typedef struct aiodal_call
{
	size_t size;
	const char *schema;   /* of the function; NULL: found by search_path */
	const char *function; /* its name, unquoted */
	size_t n_args;
	const char *const *args;  /* text forms; NULL among them is SQL NULL */
	const char *const *types; /* NULL, or a type for each argument (NULL among them: the server decides),
								 which chooses between functions of one name, e.g. "integer", "text[]" */
} aiodal_call;

#define AIODAL_CALL_INIT                               \
	{                                                  \
		sizeof(aiodal_call), NULL, NULL, 0, NULL, NULL \
	}

/* Sets, replaces, or with call NULL removes an alias. All is copied. The function is looked up when the alias
 * is used. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_set_alias(aiodal_db *db, const char *name,
															   const aiodal_call *call, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_set_alias(aiodal_tx *tx, const char *name,
															   const aiodal_call *call, aiodal_error **err);

/*
 * Looks an alias up and asks the server for the columns its function returns (once; one round trip). *alias
 * is borrowed from the transaction. AIODAL_ENOTFOUND when there is no such alias (the hint lists those there
 * are), or no such function; the transaction stays usable.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_get_alias(const aiodal_alias **alias, aiodal_tx *tx,
															   const char *name, aiodal_error **err);

/* The call as SQL, quoted and safe to put behind FROM: "public"."books_by"('Borges'). Borrowed from the
 * alias. */
AIODAL_API const char *aiodal_alias_sql(const aiodal_alias *alias);
AIODAL_API int aiodal_alias_column_count(const aiodal_alias *alias);
AIODAL_API const char *aiodal_alias_column_name(const aiodal_alias *alias, int column);
AIODAL_API unsigned int aiodal_alias_column_type(const aiodal_alias *alias, int column); /* OID of the type */

AIODAL_END_DECLS

#endif /* AIODAL_TX_H */
