/*
 * engine.c
 *		What transactions need of their db.
 *
 * Design notes. The db is freed when its owner has closed it and its last transaction is freed, whichever
 * comes last. The current snapshot is behind the lock for as long as it takes to count a reference.
 */
#include "engine.h"

#include <unistd.h>

#include "error.h"
#include "sandbox.h"
#include "tx.h"
#include "util/mem.h"
#include "util/process.h"

aiodal_status
aiodal__db_check(const aiodal_db *db, aiodal_error **err)
{
	if (!db)
		return aiodal__fail(err, AIODAL_EINVAL, "db must not be NULL");
	if (db->pid != aiodal__process())
		return aiodal__fail_hint(err, AIODAL_ESTATE, "It was opened by another process, before a fork.",
								 "Open one after the fork.", "this db cannot be used here");
	return AIODAL_OK;
}

aiodal__acquisition
aiodal__db_acquisition(aiodal_db *db, const char *sql, int64_t deadline, const char *owner)
{
	return (aiodal__acquisition){
		.pool = &db->pool,
		.sql = sql,
		.owner = owner,
		.deadline = deadline,
		.patience = aiodal__deadline(db->acquire_timeout_ms),
		.ping_after = db->ping_after,
	};
}

aiodal_status
aiodal__db_acquire(aiodal_db *db, const char *sql, int64_t deadline, const char *owner, aiodal__conn **conn,
				   aiodal_error **err)
{
	aiodal__acquisition a = aiodal__db_acquisition(db, sql, deadline, owner);
	aiodal_status status = aiodal__acquire(&a, err);

	*conn = a.conn;
	return status;
}

void
aiodal__db_unref(aiodal_db *db)
{
	if (__atomic_sub_fetch(&db->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	while (db->spare)
	{
		aiodal_tx *tx = db->spare;

		db->spare = tx->next_spare;
		aiodal__free(tx);
	}
	aiodal__sandbox_free(db->sandbox);
	aiodal__pool_destroy(&db->pool);
	aiodal_schema_unref(db->schema);
	aiodal__alias_clear(&db->aliases);
	aiodal__server_info_free(&db->server);
	(void) pthread_mutex_destroy(&db->lock);
	aiodal__free(db->schemas);
	aiodal__free(db->include);
	aiodal__free(db);
}
