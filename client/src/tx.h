/*
 * tx.h
 *		The inside of a transaction.
 */
#ifndef AIODAL_SRC_TX_H
#define AIODAL_SRC_TX_H

#include "engine.h"

typedef struct aiodal__sandbox aiodal__sandbox;

struct aiodal_tx
{
	aiodal_db *db; /* NULL: it was freed */
	aiodal_tx *next_spare;
	aiodal__conn *conn;    /* NULL when it has ended */
	aiodal_tx_state state; /* when it has ended */
	aiodal_schema *schema;
	aiodal__alias_list aliases; /* its own */
	aiodal_alias *resolved;     /* those looked up, its own and the db's */

	/* when it is a savepoint that stands for one; see sandbox.c */
	aiodal__sandbox *sandbox; /* NULL: it is a real one */
	aiodal_tx *below;         /* begun before, on the same connection */
	uint64_t savepoint;
	uint64_t thread;         /* that began it */
	int64_t deadline_before; /* of the connection */
	const char *owner;
};

/* A statement can run: open, not failed, not ended. */
extern aiodal_status aiodal__tx_check(const aiodal_tx *tx, aiodal_error **err);

#endif /* AIODAL_SRC_TX_H */
