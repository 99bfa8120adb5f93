/*
 * engine.h
 *		The inside of a db.
 */
#ifndef AIODAL_SRC_ENGINE_H
#define AIODAL_SRC_ENGINE_H

#include <sys/types.h>

#include <aiodal/tx.h>

#include "acquire.h"
#include "alias.h"
#include "schema.h"

struct aiodal_db
{
	int refs; /* atomic: the owner's and one of each transaction */
	pid_t pid;
	int acquire_timeout_ms;
	int64_t ping_after;
	char *schemas; /* arguments for reflection, as arrays in text form; or NULL */
	char *include;
	unsigned int parts; /* AIODAL_PART_* */
	aiodal__server_info server;
	aiodal__pool pool;
	struct aiodal__watch *watch;     /* or NULL */
	struct aiodal__sandbox *sandbox; /* atomic; NULL until there is one */

	pthread_mutex_t lock;    /* over what follows */
	struct aiodal_tx *spare; /* freed ones, for the next: a transaction is to cost no allocation */
	int n_spare;
	aiodal_schema *schema;
	uint64_t last_ticket;   /* of the reflections begun */
	uint64_t schema_ticket; /* of the one that schema is from */
	aiodal__alias_list aliases;
};

/* Not in the child of a fork. */
extern aiodal_status aiodal__db_check(const aiodal_db *db, aiodal_error **err);
extern void aiodal__db_unref(aiodal_db *db);

/*
 * Lends a connection on which sql, which must be harmless to repeat, has been run: when a connection that was
 * idle turns out to be dead, with another one. deadline is for that and for whatever runs on it later,
 * besides acquire_timeout_ms. owner is as for the pool. The caller has a reference to db.
 */
extern aiodal_status aiodal__db_acquire(aiodal_db *db, const char *sql, int64_t deadline, const char *owner,
										aiodal__conn **conn, aiodal_error **err);

/* The same, to be started. */
extern aiodal__acquisition
aiodal__db_acquisition(aiodal_db *db, const char *sql, int64_t deadline, const char *owner);

#endif /* AIODAL_SRC_ENGINE_H */
