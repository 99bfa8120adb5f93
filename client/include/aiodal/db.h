/*
 * aiodal/db.h
 *		A database: a pool of connections and the schema read from it.
 *
 * Thread-safe. A db must not be used on both sides of a fork(): the child gets AIODAL_ESTATE from everything
 * but aiodal_db_close(), which in a child frees memory and leaves the parent's connections alone.
 */
#ifndef AIODAL_DB_H
#define AIODAL_DB_H

#include <aiodal/api.h>
#include <aiodal/objects.h>

AIODAL_BEGIN_DECLS

/* NOTICE, WARNING and the like from the server: fields as those of an error. Called in the thread whose
 * statement caused it. */
typedef void (*aiodal_notice_cb)(void *payload, const aiodal_error *notice);

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
	unsigned int parts; /* of AIODAL_PART_*, see objects.h: what to reflect; default AIODAL_PARTS_DEFAULT */
} aiodal_db_options;

#define AIODAL_DB_OPTIONS_INIT                                                           \
	{                                                                                    \
		sizeof(aiodal_db_options), 0, 0, 0, NULL, NULL, 0, NULL, 0, false, NULL, NULL, 0 \
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
 * not installed, or a schema of options->schemas does not exist), ESTATE (the extension is too old or too
 * new), EINVAL, ESERVER, ENOMEM. *db is owned by the caller: aiodal_db_close().
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_open(aiodal_db **db, const char *conninfo,
														  const aiodal_db_options *options,
														  aiodal_error **err);

/*
 * Reads the schema again and puts the new snapshot in the old one's place for everyone who asks from now on.
 * Snapshots taken before stay as they are.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_reflect(aiodal_db *db, aiodal_error **err);

/* The current snapshot with a reference of the caller's own: aiodal_schema_unref(). NULL before the first
 * reflection. */
AIODAL_API aiodal_schema *aiodal_db_schema(aiodal_db *db);

/* One trip to the server and back on a pooled connection, opened anew when necessary. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_db_ping(aiodal_db *db, aiodal_error **err);

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
