/*
 * snapshot.c
 *		The current snapshot of a db: read, and put in place.
 *
 * Design notes. Of reflections that overlap, the one that began last counts: it has seen all that was changed
 * before any of the others began. Hence the tickets.
 */
#include "snapshot.h"

#include "background.h"
#include "error.h"
#include "op.h"

/* The current snapshot with a reference, or NULL; *ticket is for put(). */
static aiodal_schema *
take_ticket(aiodal_db *db, uint64_t *ticket)
{
	aiodal_schema *known;

	(void) pthread_mutex_lock(&db->lock);
	*ticket = ++db->last_ticket;
	known = aiodal_schema_ref(db->schema);
	(void) pthread_mutex_unlock(&db->lock);
	return known;
}

/* Takes the reference. */
static void
put(aiodal_db *db, aiodal_schema *schema, uint64_t ticket)
{
	aiodal_schema *old = schema;

	(void) pthread_mutex_lock(&db->lock);
	if (ticket > db->schema_ticket)
	{
		old = db->schema;
		db->schema = schema;
		db->schema_ticket = ticket;
	}
	(void) pthread_mutex_unlock(&db->lock);
	aiodal_schema_unref(old);
}

/* When a connection that was idle turns out to be dead, on another one. */
static aiodal_status
load(aiodal_db *db, aiodal_schema **schema, aiodal__server_info *info, const aiodal_schema *known,
	 aiodal_error **err)
{
	aiodal_error *lost = NULL;
	aiodal__acquisition a;
	aiodal_status status;

	do
	{
		aiodal_error_free(lost);
		lost = NULL;
		a = aiodal__db_acquisition(db, NULL, AIODAL__NEVER, "aiodal_db_reflect()");
		status = aiodal__acquire(&a, err);
		if (status != AIODAL_OK)
			return status;
		(void) aiodal__background_enter(a.conn);
		status = aiodal__schema_load(schema, info, a.conn, db->schemas, db->include, db->parts, known, &lost);
		a.conn->tick = NULL;
		aiodal__pool_release(&db->pool, a.conn);
	} while (status == AIODAL_ECONN && a.idle_ms >= 0);
	aiodal__error_move(err, &lost);
	return status;
}

aiodal_status
aiodal__snapshot_check(aiodal_db *db, aiodal__server_info *info, aiodal_error **err)
{
	return load(db, NULL, info, NULL, err);
}

aiodal_status
aiodal__snapshot_renew(aiodal_db *db, aiodal__server_info *info, aiodal_error **err)
{
	uint64_t ticket;
	aiodal_schema *schema = NULL;
	aiodal_schema *known = take_ticket(db, &ticket);
	aiodal_status status = load(db, &schema, info, known, err);

	if (status == AIODAL_OK)
		put(db, schema ? schema : aiodal_schema_ref(known), ticket);
	aiodal_schema_unref(known);
	return status;
}

aiodal_status
aiodal__snapshot_renew_on(aiodal_db *db, aiodal__conn *conn, bool *changed, aiodal_error **err)
{
	uint64_t ticket;
	aiodal_schema *schema = NULL;
	aiodal_schema *known = take_ticket(db, &ticket);
	aiodal_status status =
		aiodal__schema_load(&schema, NULL, conn, db->schemas, db->include, db->parts, known, err);

	*changed = schema != NULL;
	if (status == AIODAL_OK)
		put(db, schema ? schema : aiodal_schema_ref(known), ticket);
	aiodal_schema_unref(known);
	return status;
}
