/*
 * tx.h
 *		The inside of a transaction.
 */
#ifndef AIODAL_SRC_TX_H
#define AIODAL_SRC_TX_H

#include "engine.h"

struct aiodal_tx
{
	aiodal_db *db;
	aiodal__conn *conn;    /* NULL when it has ended */
	aiodal_tx_state state; /* when it has ended */
	aiodal_schema *schema;
	aiodal__alias_list aliases; /* its own */
	aiodal_alias *resolved;     /* those looked up, its own and the db's */
};

/* A statement can run: open, not failed, not ended. */
extern aiodal_status aiodal__tx_check(const aiodal_tx *tx, aiodal_error **err);

#endif /* AIODAL_SRC_TX_H */
