/*
 * watch.c
 *		Keeping a db's snapshot up to date.
 *
 * Design notes. A thread listens to what aiodal.watch() sends and reflects on that same connection, so it
 * needs nothing of the pool. It reflects whenever it listens anew, too, as changes may have gone untold
 * meanwhile. Notifications that came together are one reflection. What fails is told and done again later.
 *
 * The thread holds no reference to the db: its owner ends it first.
 */
#include "watch.h"

#include <string.h>

#include "error.h"
#include "notify.h"
#include "op.h"
#include "snapshot.h"
#include "util/mem.h"
#include "util/thread.h"

#define RETRY_MS        5000
#define DEFAULT_CHANNEL "aiodal_schema"

struct aiodal__watch
{
	aiodal_db *db;
	aiodal_listener *listener;
	aiodal_schema_cb told;
	void *payload;
	pthread_t thread;
	bool stop; /* atomic */
};

static bool
stopped(const aiodal__watch *watch)
{
	return __atomic_load_n(&watch->stop, __ATOMIC_ACQUIRE);
}

/* Cancels a reflection when it is to end. An aiodal__tick_fn. */
static int
check_stop(void *payload)
{
	return stopped(payload);
}

/* Takes err. */
static void
tell(const aiodal__watch *watch, const aiodal_schema *schema, aiodal_error *err)
{
	if (watch->told && !stopped(watch))
		watch->told(watch->payload, schema, err);
	aiodal_error_free(err);
}

/* False when it is to be done again later. */
static bool
renew(aiodal__watch *watch)
{
	aiodal__conn *conn = aiodal__listener_conn(watch->listener);
	aiodal_error *err = NULL;
	bool changed = false;
	aiodal_status status;

	/* lost meanwhile: being back is told */
	if (!conn)
		return true;
	conn->tick = check_stop;
	conn->tick_payload = watch;
	status = aiodal__snapshot_renew_on(watch->db, conn, &changed, &err);
	conn->tick = NULL;
	if (status != AIODAL_OK)
		tell(watch, NULL, err);
	else if (changed)
	{
		aiodal_schema *schema = aiodal_db_schema(watch->db);

		tell(watch, schema, NULL);
		aiodal_schema_unref(schema);
	}
	return status == AIODAL_OK;
}

/* Waits until something was heard, and takes all there is; false when there was nothing. */
static bool
hear(aiodal__watch *watch, int timeout_ms)
{
	const aiodal_notification *ignored;
	aiodal_error *err = NULL;
	aiodal_status status = aiodal_listener_wait(watch->listener, &ignored, timeout_ms, &err);
	bool heard = status == AIODAL_OK;

	while (status == AIODAL_OK)
		status = aiodal_listener_poll(watch->listener, &ignored, &err);
	if (status < 0)
		tell(watch, NULL, err);
	return heard;
}

static void *
run(void *arg)
{
	aiodal__watch *watch = arg;
	bool done = true;

	while (!stopped(watch))
	{
		bool heard = hear(watch, done ? -1 : RETRY_MS);

		if (!stopped(watch) && (heard || !done))
			done = renew(watch);
	}
	return NULL;
}

/* Whether the event triggers of aiodal.watch() are there. */
static aiodal_status
check_triggers(aiodal_db *db, aiodal_error **err)
{
	PGresult *res = NULL;
	aiodal__conn *conn;
	bool there;
	aiodal_status status = aiodal__db_acquire(db, "", AIODAL__NEVER, "aiodal_db_open()", &conn, err);

	if (status != AIODAL_OK)
		return status;
	status =
		aiodal__op_command(conn,
						   "SELECT FROM pg_catalog.pg_event_trigger WHERE evtname OPERATOR(pg_catalog.=) "
						   "'aiodal_watch_ddl' AND evtenabled OPERATOR(pg_catalog.<>) 'D'",
						   false, &res, err);
	aiodal__pool_release(&db->pool, conn);
	if (status != AIODAL_OK)
		return status;
	there = PQntuples(res) > 0;
	PQclear(res);
	return there ? AIODAL_OK
				 : aiodal__fail_hint(err, AIODAL_ENOTFOUND, NULL,
									 "Run SELECT aiodal.watch(); as a superuser, once.",
									 "nobody is told of schema changes in this database");
}

aiodal_status
aiodal__watch_start(aiodal__watch **out, aiodal_db *db, const aiodal_db_options *options, aiodal_error **err)
{
	const char *channel = options->watch_channel ? options->watch_channel : DEFAULT_CHANNEL;
	aiodal__watch *watch;
	aiodal_status status = check_triggers(db, err);

	if (status != AIODAL_OK)
		return status;
	watch = aiodal__calloc(1, sizeof(*watch));
	if (!watch)
		return aiodal__fail_memory(err);
	watch->db = db;
	watch->told = options->schema_changed;
	watch->payload = options->schema_changed_payload;
	status = aiodal_listen_start(&watch->listener, db, &channel, 1, err);
	if (status == AIODAL_OK && !aiodal__thread_start(&watch->thread, run, watch))
		status = aiodal__fail_thread(err);
	if (status == AIODAL_OK)
		*out = watch;
	else
	{
		aiodal_listener_free(watch->listener);
		aiodal__free(watch);
	}
	return status;
}

void
aiodal__watch_stop(aiodal__watch *watch)
{
	if (!watch)
		return;
	__atomic_store_n(&watch->stop, true, __ATOMIC_RELEASE);
	aiodal_listener_wake(watch->listener);
	(void) pthread_join(watch->thread, NULL);
	aiodal__watch_abandon(watch);
}

void
aiodal__watch_abandon(aiodal__watch *watch)
{
	if (!watch)
		return;
	aiodal_listener_free(watch->listener);
	aiodal__free(watch);
}
