/*
 * tx.h
 *		The inside of a transaction.
 */
#ifndef AIODAL_SRC_TX_H
#define AIODAL_SRC_TX_H

#include "background.h"
#include "engine.h"

typedef struct aiodal__sandbox aiodal__sandbox;

typedef enum aiodal__turn_stage
{
	AIODAL__TURN_BEGINNING,
	AIODAL__TURN_COMMITTING,
	AIODAL__TURN_ROLLING_BACK,
	AIODAL__TURN_RESETTING, /* it has ended; its connection is made ready for the next */
	AIODAL__TURN_OVER
} aiodal__turn_stage;

/* Beginning or ending a transaction, as an operation; see tx_turn.c. */
typedef struct aiodal__turn
{
	struct aiodal_op op; /* the first; its state and status are the turn's */
	aiodal_tx *tx;
	aiodal__turn_stage stage;
	aiodal__acquisition acquisition;
	aiodal__conn *conn;  /* that is being reset */
	aiodal_error *error; /* of one that failed */
	bool had_failed;     /* what is rolled back was to be committed */

	/* Cancelling comes from any thread; what follows is for that, and not in use where nobody has the handle.
	 */
	bool shared;
	bool cancelled;       /* under the lock, as is target */
	aiodal__conn *target; /* where a command runs that can be cancelled, or NULL */
	pthread_mutex_t lock;
} aiodal__turn;

struct aiodal_tx
{
	aiodal_db *db; /* NULL: it was freed */
	aiodal_tx *next_spare;
	aiodal__conn *conn;    /* NULL when it has ended */
	aiodal_tx_state state; /* when it has ended */
	bool shares_stage;     /* a load with jobs made one, which only a commit is sure to drop */
	aiodal_schema *schema;
	aiodal__alias_list aliases; /* its own */
	aiodal_alias *resolved;     /* those looked up, its own and the db's */
	aiodal__turn turn;
	aiodal__background *background; /* the operation in a thread that has it; or NULL */
	char begin[96];                 /* the statement; room for all options */

	/* when it is a savepoint that stands for one; see sandbox.c */
	aiodal__sandbox *sandbox; /* NULL: it is a real one */
	aiodal_tx *below;         /* begun before, on the same connection */
	uint64_t savepoint;
	bool savepoint_made;     /* before it was begun */
	uint64_t thread;         /* that began it */
	int64_t deadline_before; /* of the connection */
	const char *owner;
};

/* A statement can run: open, not failed, not ended. */
extern aiodal_status aiodal__tx_check(const aiodal_tx *tx, aiodal_error **err);

/* Not ended; a failed one will do. */
extern aiodal_status aiodal__tx_check_alive(const aiodal_tx *tx, aiodal_error **err);

/* A copy of given, checked, or the defaults; and whether the db can be used. */
extern aiodal_status aiodal__tx_check_options(aiodal_tx_options *options, const aiodal_db *db,
											  const aiodal_tx_options *given, aiodal_error **err);

extern aiodal_status aiodal__tx_begin(aiodal_tx **tx, aiodal_db *db, const aiodal_tx_options *options,
									  int64_t deadline, aiodal_error **err);

#endif /* AIODAL_SRC_TX_H */
