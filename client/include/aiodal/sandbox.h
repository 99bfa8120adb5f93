/*
 * aiodal/sandbox.h
 *		A db whose transactions are never committed: what they do is seen by those that follow, by nobody
 *		else, and is gone in the end. For tests, and for trying out what a program would do.
 *
 * From aiodal_db_sandbox_begin() to aiodal_db_sandbox_end() all transactions of the db run on one connection,
 * in one transaction of the server's. aiodal_tx_begin() sets a savepoint; commit fires deferred triggers and
 * constraints, drops temporary tables made ON COMMIT DROP, stages among them, and releases the savepoint;
 * rollback goes back to it. Code that uses the db does not notice, but for this:
 *
 * - Transactions nest: one begun while another is open is a part of that one, which is AIODAL_EBUSY until it
 *	 has ended. So that what goes on at the same time does not get mixed up, only the thread which began the
 *	 other may do so, and every thread may in those of the thread that began the sandbox; others wait, as they
 *	 do for a connection. That thread must not run statements while others may begin transactions.
 * - now() stands still, sequences do not go back, NOTIFY is not sent, SET LOCAL and advisory locks of a
 *	 transaction last until the end, and other sessions see nothing of it all. Isolation levels are those of
 *	 the whole. Procedures cannot commit, and what cannot run in a transaction (VACUUM, CREATE DATABASE,
 *	 CREATE INDEX CONCURRENTLY) cannot run.
 * - A statement of the caller's own that ends the transaction (COMMIT as SQL) ends it all, which is an error
 *	 of aiodal_db_sandbox_end().
 */
#ifndef AIODAL_SANDBOX_H
#define AIODAL_SANDBOX_H

#include <aiodal/api.h>

AIODAL_BEGIN_DECLS

/* Transactions that are open already go on as they are. AIODAL_ESTATE when it is in a sandbox already; else
 * as for aiodal_tx_begin(). */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_sandbox_begin(aiodal_db *db, aiodal_error **err);

/*
 * Rolls back all that was done, whatever it returns; transactions are real again. Those still open are over,
 * and their handles still to be freed; no other thread may be using one of them. AIODAL_ESTATE tells of
 * transactions that were still open, with the owner of the first, or of a statement that ended the sandbox,
 * in which case what came before may be committed.
 */
AIODAL_API aiodal_status aiodal_db_sandbox_end(aiodal_db *db, aiodal_error **err);

AIODAL_END_DECLS

#endif /* AIODAL_SANDBOX_H */
