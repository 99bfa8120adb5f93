/*
 * aiodal/db.h
 *		A database: a pool of connections and the schema read from it.
 *
 * Thread-safe. A db must not be used on both sides of a fork(): the child gets AIODAL_ESTATE from everything
 * but aiodal_db_close(), which in a child frees memory and leaves the parent's connections alone.
 *
 * Callers that wait for a connection are served in their order, but for this: for ten milliseconds after one
 * of them was, its connection goes to whoever asks while it is free, most likely the same thread again, which
 * needs not be woken. So the first in line waits for ten milliseconds and a transaction at most.
 *
 * When the server is restarted, connections that are idle are replaced as they are taken, and nobody notices.
 * Transactions that are open are lost (AIODAL_ECONN, AIODAL_TX_LOST; amid a commit AIODAL_TX_IN_DOUBT), and
 * aiodal_db_transact() does not run them again by itself. While no server can be reached, whoever would get a
 * new connection gets AIODAL_ECONN at once; those who wait for one in use go on waiting. Listeners and watch
 * come back by themselves, and say so.
 */
#ifndef AIODAL_DB_H
#define AIODAL_DB_H

#include <aiodal/api.h>
#include <aiodal/objects.h>

AIODAL_BEGIN_DECLS

/* NOTICE, WARNING and the like from the server: fields as those of an error. Called in the thread whose
 * statement caused it, or, for operations (aiodal/async.h), in the one that polls. */
typedef void (*aiodal_notice_cb)(void *payload, const aiodal_error *notice);

/* Who has a connection of the pool. */
typedef struct aiodal_holder
{
	const char *owner; /* aiodal_tx_options.owner; NULL when none was given */
	int64_t held_ms;
	int backend_pid; /* of the server's process, as in pg_stat_activity */
} aiodal_holder;

/* Called once for each connection held longer than leak_after_ms, in the thread that noticed. It must not use
 * the db. */
typedef void (*aiodal_leak_cb)(void *payload, const aiodal_holder *holder);

/* When DISCARD ALL runs on a connection that comes back. What is open is rolled back always. */
typedef enum aiodal_reset
{
	AIODAL_RESET_AS_NEEDED = 0, /* after SET, LISTEN, PREPARE, DECLARE, LOAD, CREATE TABLE, and after the raw
								   connection was asked for; set_config() and advisory locks go unseen */
	AIODAL_RESET_ALWAYS,
	AIODAL_RESET_NEVER /* behind a pooler in transaction mode, where the next may be another session */
} aiodal_reset;

/* A statement that is over. All of it is borrowed for the call. */
typedef struct aiodal_trace
{
	size_t size;
	const char *statement; /* as sent, the library's own ones (BEGIN, COPY ...) too */
	size_t n_params;
	const char *const *params; /* NULL unless trace_params; a NULL among them is SQL NULL */
	double seconds;            /* from sending it to its last result; in a pipeline, from the result before */
	int64_t rows;              /* inserted, updated, deleted, copied or selected; 0 when it failed */
	const aiodal_error *error; /* NULL: it went well. Its DETAIL may hold values */
	const char *owner;         /* aiodal_tx_options.owner */
	int backend_pid;           /* of the server's process, as in pg_stat_activity */
} aiodal_trace;

/* Called in the thread that ran the statement, or, for operations, polls. It must not use the db. */
typedef void (*aiodal_trace_cb)(void *payload, const aiodal_trace *trace);

/*
 * Called in the thread that watches: with the snapshot that has just become the db's current one, borrowed
 * for the call; or with an error and no schema when the connection was lost or the schema could not be read,
 * which is tried again. It may use the db, but must not close it.
 */
typedef void (*aiodal_schema_cb)(void *payload, const aiodal_schema *schema, const aiodal_error *err);

typedef struct aiodal_db_options
{
	size_t size;
	int pool_size;                /* connections open at once, at most; default 10 */
	int acquire_timeout_ms;       /* how long to wait for a free one; default 30000; negative: for ever */
	int connect_timeout_ms;       /* how long a new connection may take, all hosts together; default 10000;
									 negative: for ever */
	const char *application_name; /* default "aiodal"; the conninfo and PGAPPNAME win */
	const char *const *schemas;   /* reflect these alone; default every schema that is not the system's */
	size_t n_schemas;
	const char *const
		*include; /* out of "partitions", "extensions", "temporary", "system": reflect these too */
	size_t n_include;
	bool no_reflect;         /* true: read no schema at open; aiodal_db_reflect() may do so later */
	aiodal_notice_cb notice; /* default: notices are dropped */
	void *notice_payload;
	unsigned int parts;  /* of AIODAL_PART_*, see objects.h: what to reflect; default AIODAL_PARTS_DEFAULT */
	int max_overflow;    /* connections besides pool_size while all are in use; closed when given back */
	int max_waiters;     /* more callers waiting for a connection get AIODAL_EBUSY; default: no limit */
	int ping_after_ms;   /* a connection idle for longer must answer within connect_timeout_ms, or another one
							is taken; default 30000; negative: never */
	int max_lifetime_ms; /* close connections older than that, less a random tenth; default an hour; negative:
							never */
	int idle_timeout_ms; /* close those not used for so long; default ten minutes; negative: never */
	int leak_after_ms;   /* count, and tell leak of, connections held longer; default: never */
	aiodal_leak_cb leak;
	void *leak_payload;
	aiodal_reset reset;
	aiodal_trace_cb trace; /* is told of every statement; default: nobody is */
	void *trace_payload;
	bool trace_params;         /* true: parameters too, which may be secrets */
	bool watch;                /* true: reflect by itself when the schema has changed: a thread, with a
								  connection of its own, listens to what SELECT aiodal.watch() once set up */
	const char *watch_channel; /* that it was set up with; default "aiodal_schema" */
	aiodal_schema_cb schema_changed;
	void *schema_changed_payload;
	int statement_cache; /* statements that each connection keeps prepared, the least recently used ones
							making room; default 100, with AIODAL_RESET_NEVER none; negative: none. See
							aiodal/tx.h */
	int prepare_after;   /* a statement is prepared when a connection runs it for this time; default 5 */
} aiodal_db_options;

#define AIODAL_DB_OPTIONS_INIT                                                                              \
	{                                                                                                       \
		sizeof(aiodal_db_options), 0, 0, 0, NULL, NULL, 0, NULL, 0, false, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, \
			NULL, NULL, AIODAL_RESET_AS_NEEDED, NULL, NULL, false, false, NULL, NULL, NULL, 0, 0            \
	}

/*
 * Connects, checks that the extension aiodal is in the database and speaks this library's version of the
 * contract, and reads the schema, in one round trip after connecting.
 *
 * conninfo: keywords and values or a URI, as for PQconnectdb(); NULL or "" for the PG* environment alone.
 * options may be NULL. Client encoding is UTF8 unless conninfo sets it. Password-less by itself: give it by
 * ~/.pgpass, PGPASSWORD or a service file rather than in conninfo.
 *
 * Errors: ECONN (no server, refused, wrong password, no such database), ETIMEOUT, ENOTFOUND (the extension is
 * not installed, a schema of options->schemas does not exist, or watch without aiodal.watch()), ESTATE (the
 * extension is too old or too new), EINVAL, ESERVER, ENOMEM. *db is owned by the caller: aiodal_db_close().
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_open(aiodal_db **db, const char *conninfo,
														  const aiodal_db_options *options,
														  aiodal_error **err);

/*
 * Reads the schema again and puts the new snapshot in the old one's place for everyone who asks from now on.
 * Snapshots taken before stay as they are. When nothing has changed the old one stays, and it costs one small
 * round trip; the server answers out of its memory where the connection has asked before and heard of no
 * change since.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_reflect(aiodal_db *db, aiodal_error **err);

/* The current snapshot with a reference of the caller's own: aiodal_schema_unref(). NULL before the first
 * reflection. */
AIODAL_API aiodal_schema *aiodal_db_schema(aiodal_db *db);

/* One trip to the server and back on a pooled connection, opened anew when necessary. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_ping(aiodal_db *db, aiodal_error **err);

typedef struct aiodal_db_stats
{
	size_t size;
	/* now */
	int open;    /* connections, and those being opened */
	int idle;    /* free */
	int used;    /* in transactions */
	int ending;  /* given back while the server still runs a cancelled statement */
	int waiting; /* callers in the queue */
	/* since the db was opened */
	int64_t opened;
	int64_t closed_old;     /* max_lifetime_ms */
	int64_t closed_idle;    /* idle_timeout_ms, and overflow */
	int64_t closed_broken;  /* lost, or in an unknown state */
	int64_t waited;         /* how often a connection had to be waited for */
	int64_t wait_ms;        /* and how long in all */
	int64_t timeouts;       /* acquire_timeout_ms */
	int64_t refused;        /* max_waiters */
	int64_t leaks;          /* leak_after_ms */
	int64_t statement_hits; /* executions of what was prepared before */
	int64_t statements_prepared;
	int64_t statements_evicted; /* to make room for others */
	int64_t statements_stale;   /* found to be gone or out of date when they were to be executed */
} aiodal_db_stats;

#define AIODAL_DB_STATS_INIT                                                          \
	{                                                                                 \
		sizeof(aiodal_db_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
	}

/* Fills stats, as far as its size reaches. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_get_stats(aiodal_db *db, aiodal_db_stats *stats,
															   aiodal_error **err);

/*
 * Who has connections now, those with the longest first: fills up to n holders and returns how many there
 * are.
 */
AIODAL_API int aiodal_db_holders(aiodal_db *db, aiodal_holder *holders, int n);

/*
 * Closes connections that are too old or idle for too long, and reports leaks. A db has no thread of its own:
 * this is done, once a second at most, whenever a connection is taken. A program that may be idle for long
 * and wants its connections closed meanwhile calls this from a timer.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_maintain(aiodal_db *db, aiodal_error **err);

/* About the server, as found at open. Borrowed from db. */
AIODAL_API const char *aiodal_db_name(const aiodal_db *db);                /* of the database */
AIODAL_API int aiodal_db_server_version(const aiodal_db *db);              /* e.g. 150004 */
AIODAL_API const char *aiodal_db_server_version_text(const aiodal_db *db); /* e.g. "15.4 (Debian 15.4-1)" */
AIODAL_API const char *aiodal_db_extension_version(const aiodal_db *db);   /* of the extension aiodal */

/*
 * Closes the connections that are idle; those of transactions still open close when their transaction is
 * freed. The pointer must not be used any more.
 */
AIODAL_API void aiodal_db_close(aiodal_db *db);

AIODAL_END_DECLS

#endif /* AIODAL_DB_H */
