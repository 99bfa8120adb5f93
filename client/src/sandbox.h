/*
 * sandbox.h
 *		Savepoints that stand for transactions.
 */
#ifndef AIODAL_SRC_SANDBOX_H
#define AIODAL_SRC_SANDBOX_H

#include <aiodal/sandbox.h>

#include "tx.h"

/* Whether transactions that begin now are to be its. */
extern bool aiodal__sandbox_is_on(const aiodal_db *db);

/* Begins tx, whose db is set. */
extern aiodal_status
aiodal__sandbox_enter(aiodal_tx *tx, const aiodal_tx_options *options, int64_t deadline, aiodal_error **err);

/* AIODAL_EBUSY when a transaction begun later is open. */
extern aiodal_status aiodal__sandbox_check(const aiodal_tx *tx, aiodal_error **err);

/* What stands for COMMIT and ROLLBACK. A commit that fails leaves the transaction failed. */
extern aiodal_status aiodal__sandbox_commit(const aiodal_tx *tx, aiodal_error **err);
extern aiodal_status aiodal__sandbox_rollback(const aiodal_tx *tx, aiodal_error **err);

/* Ends those begun later. */
extern void aiodal__sandbox_uncover(aiodal_tx *tx);

/* It has ended: the next may begin. */
extern void aiodal__sandbox_leave(aiodal_tx *tx);

/* Ends it, if it is on, before the db is closed; abandon: in the child of a fork. */
extern void aiodal__sandbox_close(aiodal_db *db, bool abandon);
extern void aiodal__sandbox_free(aiodal__sandbox *sandbox);

#endif /* AIODAL_SRC_SANDBOX_H */
