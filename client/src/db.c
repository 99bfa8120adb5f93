/*
 * db.c
 *		A database: opening, reflecting, closing.
 */
#include <aiodal/db.h>

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "error.h"
#include "sandbox.h"
#include "snapshot.h"
#include "util/buf.h"
#include "util/mem.h"
#include "util/process.h"
#include "util/options.h"
#include "watch.h"

#define DEFAULT_POOL_SIZE          10
#define DEFAULT_ACQUIRE_TIMEOUT_MS 30000
#define DEFAULT_CONNECT_TIMEOUT_MS 10000
#define DEFAULT_PING_AFTER_MS      30000
#define DEFAULT_MAX_LIFETIME_MS    3600000
#define DEFAULT_IDLE_TIMEOUT_MS    600000
#define DEFAULT_STATEMENT_CACHE    100
#define DEFAULT_PREPARE_AFTER      5
#define MAX_STATEMENT_CACHE        100000

/* Words in conninfo may be secrets: what libpq says of it is not repeated. */
static aiodal_status
check_conninfo(const char *conninfo, aiodal_error **err)
{
	char *message = NULL;
	PQconninfoOption *parsed;

	/* as for PQconnectdbParams: without "=" it is the name of a database */
	if (!strchr(conninfo, '=') && !strstr(conninfo, "://"))
		return AIODAL_OK;
	parsed = PQconninfoParse(conninfo, &message);
	PQconninfoFree(parsed);
	PQfreemem(message);
	return parsed ? AIODAL_OK
				  : aiodal__fail_hint(err, AIODAL_EINVAL, NULL,
									  "It is keyword=value pairs such as \"host=localhost dbname=books\", or "
									  "postgresql://user@host/database.",
									  "the conninfo cannot be parsed");
}

/* Words as an array in text form, *out NULL for none. */
static bool
copy_words(char **out, const char *const *words, size_t n)
{
	aiodal__buf buf = AIODAL__BUF_INIT;

	if (n == 0)
		return true;
	aiodal__buf_array(&buf, words, n);
	*out = aiodal__buf_take(&buf);
	return *out != NULL;
}

static aiodal_status
check_options(const aiodal_db_options *options, aiodal_error **err)
{
	if (options->pool_size < 0 || options->max_overflow < 0 || options->max_waiters < 0)
		return aiodal__fail(err, AIODAL_EINVAL,
							"pool_size, max_overflow and max_waiters must not be negative");
	if (options->max_overflow > INT_MAX / 2 || options->pool_size > INT_MAX / 2)
		return aiodal__fail(err, AIODAL_EINVAL, "pool_size or max_overflow is too large");
	if ((int) options->reset < 0 || options->reset > AIODAL_RESET_NEVER)
		return aiodal__fail(err, AIODAL_EINVAL, "unknown reset %d", (int) options->reset);
	if (options->statement_cache > MAX_STATEMENT_CACHE || options->prepare_after < 0)
		return aiodal__fail(err, AIODAL_EINVAL,
							"statement_cache must not be over %d, and prepare_after not negative",
							MAX_STATEMENT_CACHE);
	for (size_t i = 0; i < options->n_schemas; i++)
	{
		if (!options->schemas || !options->schemas[i])
			return aiodal__fail(err, AIODAL_EINVAL, "schemas must have n_schemas names");
	}
	for (size_t i = 0; i < options->n_include; i++)
	{
		if (!options->include || !options->include[i])
			return aiodal__fail(err, AIODAL_EINVAL, "include must have n_include words");
	}
	if (options->parts & ~AIODAL_PARTS_ALL)
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL,
								 "It is made of AIODAL_PART_*, or AIODAL_PARTS_ALL.",
								 "parts has bits that this version of libaiodal does not know");
	return AIODAL_OK;
}

/* 0: the default; negative: never */
static int64_t
limit_of(int given_ms, int64_t default_ms)
{
	if (given_ms == 0)
		return default_ms;
	return given_ms < 0 ? AIODAL__NEVER : given_ms;
}

static aiodal__pool_limits
limits_of(const aiodal_db_options *options)
{
	return (aiodal__pool_limits){
		.size = options->pool_size ? options->pool_size : DEFAULT_POOL_SIZE,
		.overflow = options->max_overflow,
		.max_waiters = options->max_waiters,
		.connect_timeout_ms =
			options->connect_timeout_ms ? options->connect_timeout_ms : DEFAULT_CONNECT_TIMEOUT_MS,
		.max_lifetime = limit_of(options->max_lifetime_ms, DEFAULT_MAX_LIFETIME_MS),
		.idle_timeout = limit_of(options->idle_timeout_ms, DEFAULT_IDLE_TIMEOUT_MS),
		.leak_after = limit_of(options->leak_after_ms, AIODAL__NEVER),
		.reset = options->reset,
		.leak = options->leak,
		.leak_payload = options->leak_payload,
	};
}

static aiodal__prepared_limits
prepared_limits_of(const aiodal_db_options *options)
{
	aiodal__prepared_limits limits = {
		.size = options->statement_cache,
		.after = options->prepare_after ? options->prepare_after : DEFAULT_PREPARE_AFTER,
	};

	if (limits.size == 0 && options->reset != AIODAL_RESET_NEVER)
		limits.size = DEFAULT_STATEMENT_CACHE;
	return limits;
}

/* A db that has not talked to the server yet. */
static aiodal_status
db_new(aiodal_db **out, const char *conninfo, const aiodal_db_options *options, aiodal_error **err)
{
	aiodal__conn_params params = {
		.conninfo = conninfo,
		.application_name = options->application_name ? options->application_name : "aiodal",
		.notice = options->notice,
		.notice_payload = options->notice_payload,
		.trace = options->trace,
		.trace_payload = options->trace_payload,
		.trace_params = options->trace_params,
		.prepared = prepared_limits_of(options),
	};
	aiodal__pool_limits limits = limits_of(options);
	aiodal_db *db = aiodal__calloc(1, sizeof(*db));
	aiodal_status status;

	if (!db)
		return aiodal__fail_memory(err);
	status = aiodal__pool_init(&db->pool, &params, &limits, err);
	if (status != AIODAL_OK)
	{
		aiodal__free(db);
		return status;
	}
	(void) pthread_mutex_init(&db->lock, NULL);
	db->refs = 1;
	db->pid = aiodal__process();
	db->parts = options->parts ? options->parts : AIODAL_PARTS_DEFAULT;
	db->ping_after = limit_of(options->ping_after_ms, DEFAULT_PING_AFTER_MS);
	db->acquire_timeout_ms =
		options->acquire_timeout_ms ? options->acquire_timeout_ms : DEFAULT_ACQUIRE_TIMEOUT_MS;
	if (!copy_words(&db->schemas, options->schemas, options->n_schemas) ||
		!copy_words(&db->include, options->include, options->n_include))
	{
		aiodal_db_close(db);
		return aiodal__fail_memory(err);
	}
	*out = db;
	return AIODAL_OK;
}

aiodal_status
aiodal_db_open(aiodal_db **out, const char *conninfo, const aiodal_db_options *given, aiodal_error **err)
{
	aiodal_db_options options;
	aiodal_db *db = NULL;
	aiodal_status status;

	if (!out)
		return aiodal__fail(err, AIODAL_EINVAL, "db must not be NULL");
	*out = NULL;
	conninfo = conninfo ? conninfo : "";
	status = aiodal__options_copy(&options, sizeof(options), given, "aiodal_db_options", err);
	if (status == AIODAL_OK)
		status = check_options(&options, err);
	if (status == AIODAL_OK)
		status = check_conninfo(conninfo, err);
	if (status == AIODAL_OK)
		status = db_new(&db, conninfo, &options, err);
	if (status == AIODAL_OK)
		status = options.no_reflect ? aiodal__snapshot_check(db, &db->server, err)
									: aiodal__snapshot_renew(db, &db->server, err);
	if (status == AIODAL_OK && options.watch)
		status = aiodal__watch_start(&db->watch, db, &options, err);
	if (status != AIODAL_OK)
	{
		aiodal_db_close(db);
		return status;
	}
	*out = db;
	return AIODAL_OK;
}

aiodal_status
aiodal_db_reflect(aiodal_db *db, aiodal_error **err)
{
	aiodal_status status = aiodal__db_check(db, err);

	if (status != AIODAL_OK)
		return status;
	/* another thread may close the db while this one waits for a connection */
	(void) __atomic_add_fetch(&db->refs, 1, __ATOMIC_RELAXED);
	status = aiodal__snapshot_renew(db, NULL, err);
	aiodal__db_unref(db);
	return status;
}

aiodal_status
aiodal_db_ping(aiodal_db *db, aiodal_error **err)
{
	aiodal__conn *conn;
	aiodal_status status = aiodal__db_check(db, err);

	if (status != AIODAL_OK)
		return status;
	(void) __atomic_add_fetch(&db->refs, 1, __ATOMIC_RELAXED);
	status = aiodal__db_acquire(db, "", AIODAL__NEVER, "aiodal_db_ping()", &conn, err);
	if (status == AIODAL_OK)
		aiodal__pool_release(&db->pool, conn);
	aiodal__db_unref(db);
	return status;
}

aiodal_status
aiodal_db_get_stats(aiodal_db *db, aiodal_db_stats *stats, aiodal_error **err)
{
	aiodal_db_stats now;
	aiodal_status status = aiodal__db_check(db, err);

	if (status != AIODAL_OK)
		return status;
	if (!stats || stats->size < sizeof(stats->size))
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Initialise it with AIODAL_DB_STATS_INIT.",
								 "stats is NULL or was not initialised");
	aiodal__pool_stats(&db->pool, &now);
	now.size = stats->size;
	memcpy(stats, &now, now.size < sizeof(now) ? now.size : sizeof(now));
	return AIODAL_OK;
}

int
aiodal_db_holders(aiodal_db *db, aiodal_holder *holders, int n)
{
	if (aiodal__db_check(db, NULL) != AIODAL_OK)
		return 0;
	return aiodal__pool_holders(&db->pool, holders, holders ? n : 0);
}

aiodal_status
aiodal_db_maintain(aiodal_db *db, aiodal_error **err)
{
	aiodal_status status = aiodal__db_check(db, err);

	if (status == AIODAL_OK)
		aiodal__pool_upkeep(&db->pool);
	return status;
}

aiodal_schema *
aiodal_db_schema(aiodal_db *db)
{
	aiodal_schema *schema;

	if (aiodal__db_check(db, NULL) != AIODAL_OK)
		return NULL;
	(void) pthread_mutex_lock(&db->lock);
	schema = aiodal_schema_ref(db->schema);
	(void) pthread_mutex_unlock(&db->lock);
	return schema;
}

aiodal_status
aiodal_db_set_alias(aiodal_db *db, const char *name, const aiodal_call *call, aiodal_error **err)
{
	aiodal_status status = aiodal__db_check(db, err);

	if (status != AIODAL_OK)
		return status;
	(void) pthread_mutex_lock(&db->lock);
	status = aiodal__alias_set(&db->aliases, name, call, err);
	(void) pthread_mutex_unlock(&db->lock);
	return status;
}

const char *
aiodal_db_name(const aiodal_db *db)
{
	return db ? db->server.database : NULL;
}

int
aiodal_db_server_version(const aiodal_db *db)
{
	return db ? db->server.server_version : 0;
}

const char *
aiodal_db_server_version_text(const aiodal_db *db)
{
	return db ? db->server.server_version_text : NULL;
}

const char *
aiodal_db_extension_version(const aiodal_db *db)
{
	return db ? db->server.extension_version : NULL;
}

void
aiodal_db_close(aiodal_db *db)
{
	if (!db)
		return;
	if (db->pid != aiodal__process())
		aiodal__watch_abandon(db->watch);
	else
		aiodal__watch_stop(db->watch);
	aiodal__sandbox_close(db, db->pid != aiodal__process());
	aiodal__pool_close(&db->pool, db->pid != aiodal__process());
	aiodal__db_unref(db);
}
