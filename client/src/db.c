/*
 * db.c
 *		A database: opening, reflecting, closing.
 */
#include <aiodal/db.h>

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <aiodal/async.h>

#include "background.h"
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

/* Makes a db, once all that can be said without a server has been checked. */
static aiodal_status
prepare(aiodal_db **db, aiodal_db_options *options, const char *conninfo, const aiodal_db_options *given,
		aiodal_error **err)
{
	aiodal_status status = aiodal__options_copy(options, sizeof(*options), given, "aiodal_db_options", err);

	conninfo = conninfo ? conninfo : "";
	if (status == AIODAL_OK)
		status = check_options(options, err);
	if (status == AIODAL_OK)
		status = check_conninfo(conninfo, err);
	return status == AIODAL_OK ? db_new(db, conninfo, options, err) : status;
}

/* Speaks with the server for the first time. */
static aiodal_status
begin(aiodal_db *db, const aiodal_db_options *options, aiodal_error **err)
{
	aiodal_status status = options->no_reflect ? aiodal__snapshot_check(db, &db->server, err)
											   : aiodal__snapshot_renew(db, &db->server, err);

	return status == AIODAL_OK && options->watch ? aiodal__watch_start(&db->watch, db, options, err) : status;
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
	status = prepare(&db, &options, conninfo, given, err);
	if (status == AIODAL_OK)
		status = begin(db, &options, err);
	if (status == AIODAL_OK)
		*out = db;
	else
		aiodal_db_close(db);
	return status;
}

/* What is done with a db that others may close meanwhile. */
static aiodal_status
run_on_db(aiodal_db *db, aiodal_status (*run)(aiodal_db *db, aiodal_error **err), aiodal_error **err)
{
	aiodal_status status = aiodal__db_check(db, err);

	if (status != AIODAL_OK)
		return status;
	(void) __atomic_add_fetch(&db->refs, 1, __ATOMIC_RELAXED);
	status = run(db, err);
	aiodal__db_unref(db);
	return status;
}

static aiodal_status
reflect(aiodal_db *db, aiodal_error **err)
{
	return aiodal__snapshot_renew(db, NULL, err);
}

static aiodal_status
ping(aiodal_db *db, aiodal_error **err)
{
	aiodal__conn *conn;
	aiodal_status status = aiodal__db_acquire(db, "", AIODAL__NEVER, "aiodal_db_ping()", &conn, err);

	if (status == AIODAL_OK)
		aiodal__pool_release(&db->pool, conn);
	return status;
}

aiodal_status
aiodal_db_reflect(aiodal_db *db, aiodal_error **err)
{
	return run_on_db(db, reflect, err);
}

aiodal_status
aiodal_db_ping(aiodal_db *db, aiodal_error **err)
{
	return run_on_db(db, ping, err);
}

/*
 * The same as operations
 */

typedef struct opening
{
	aiodal__background background;
	aiodal_db **out;
	aiodal_db *db;
	aiodal_db_options options; /* of its pointers, those into the copy of watch_channel, and callbacks */
	char *watch_channel;
} opening;

static aiodal_status
run_opening(aiodal__background *b, aiodal_error **err)
{
	opening *o = (opening *) b;

	return begin(o->db, &o->options, err);
}

static void
deliver_db(aiodal__background *b)
{
	opening *o = (opening *) b;

	*o->out = o->db;
	o->db = NULL;
}

static void
drop_opening(aiodal__background *b)
{
	opening *o = (opening *) b;

	aiodal_db_close(o->db);
	aiodal__free(o->watch_channel);
}

static const struct aiodal__background_kind opening_kind = {
	.run = run_opening, .deliver = deliver_db, .drop = drop_opening, .may_be_left = true};

/* What begin() needs of the caller's strings. */
static aiodal_status
keep_channel(opening *o, aiodal_error **err)
{
	if (!o->options.watch_channel)
		return AIODAL_OK;
	o->watch_channel = aiodal__strdup(o->options.watch_channel);
	o->options.watch_channel = o->watch_channel;
	return o->watch_channel ? AIODAL_OK : aiodal__fail_memory(err);
}

aiodal_status
aiodal_db_open_start(aiodal_op **op, aiodal_db **db, const char *conninfo, const aiodal_db_options *given,
					 aiodal_error **err)
{
	opening *o;
	aiodal_status status;

	if (op)
		*op = NULL;
	if (db)
		*db = NULL;
	if (!op || !db)
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", op ? "db" : "op");
	o = aiodal__background_new(sizeof(*o), &opening_kind, err);
	if (!o)
		return AIODAL_ENOMEM;
	o->out = db;
	status = prepare(&o->db, &o->options, conninfo, given, err);
	if (status == AIODAL_OK)
		status = keep_channel(o, err);
	if (status == AIODAL_OK)
		return aiodal__background_start(op, &o->background, err);
	aiodal__background_drop(&o->background);
	return status;
}

typedef struct visit
{
	aiodal__background background;
	aiodal_db *db; /* with a reference */
	aiodal_status (*run)(aiodal_db *db, aiodal_error **err);
} visit;

static aiodal_status
run_visit(aiodal__background *b, aiodal_error **err)
{
	const visit *v = (visit *) b;

	return v->run(v->db, err);
}

static void
drop_visit(aiodal__background *b)
{
	aiodal__db_unref(((visit *) b)->db);
}

static const struct aiodal__background_kind visit_kind = {
	.run = run_visit, .drop = drop_visit, .may_be_left = true};

static aiodal_status
start_on_db(aiodal_op **op, aiodal_db *db, aiodal_status (*run)(aiodal_db *db, aiodal_error **err),
			aiodal_error **err)
{
	aiodal_status status = aiodal__background_check(op, err);
	visit *v;

	if (status == AIODAL_OK)
		status = aiodal__db_check(db, err);
	if (status != AIODAL_OK)
		return status;
	v = aiodal__background_new(sizeof(*v), &visit_kind, err);
	if (!v)
		return AIODAL_ENOMEM;
	(void) __atomic_add_fetch(&db->refs, 1, __ATOMIC_RELAXED);
	v->db = db;
	v->run = run;
	return aiodal__background_start(op, &v->background, err);
}

aiodal_status
aiodal_db_reflect_start(aiodal_op **op, aiodal_db *db, aiodal_error **err)
{
	return start_on_db(op, db, reflect, err);
}

aiodal_status
aiodal_db_ping_start(aiodal_op **op, aiodal_db *db, aiodal_error **err)
{
	return start_on_db(op, db, ping, err);
}

aiodal_status
aiodal_db_sandbox_begin_start(aiodal_op **op, aiodal_db *db, aiodal_error **err)
{
	return start_on_db(op, db, aiodal_db_sandbox_begin, err);
}

aiodal_status
aiodal_db_sandbox_end_start(aiodal_op **op, aiodal_db *db, aiodal_error **err)
{
	return start_on_db(op, db, aiodal_db_sandbox_end, err);
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
	aiodal__options_give(stats, &now, sizeof(now));
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
