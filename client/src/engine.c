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
#include "op.h"
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

/* Runs sql; a connection that was idle for long has to answer within the time a new one may take. */
static aiodal_status
first_command(const aiodal_db *db, aiodal__conn *conn, const char *sql, int64_t deadline, int64_t idle_ms,
			  aiodal_error **err)
{
	conn->deadline = deadline;
	if (idle_ms < db->ping_after)
		return aiodal__op_command(conn, sql, false, NULL, err);
	return aiodal__op_try(conn, sql, aiodal__deadline(db->pool.limits.connect_timeout_ms), err);
}

aiodal_status
aiodal__db_acquire(aiodal_db *db, const char *sql, int64_t deadline, const char *owner, aiodal__conn **conn,
				   aiodal_error **err)
{
	int64_t patience = aiodal__deadline(db->acquire_timeout_ms);
	aiodal_error *lost = NULL;
	int64_t idle_ms = -1;
	aiodal_status status;

	for (;;)
	{
		status = aiodal__pool_acquire(&db->pool, deadline < patience ? deadline : patience, owner, conn,
									  &idle_ms, err);
		if (status != AIODAL_OK)
			return status;
		status = first_command(db, *conn, sql, deadline, idle_ms, &lost);
		if (status == AIODAL_OK)
			return AIODAL_OK;
		aiodal__pool_release(&db->pool, *conn);
		if (status != AIODAL_ECONN || idle_ms < 0)
			break;
		aiodal_error_free(lost);
		lost = NULL;
	}
	if (err)
		*err = lost;
	else
		aiodal_error_free(lost);
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
