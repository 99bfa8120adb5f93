/*
 * aiodal/testing_server.h
 *		Private servers that start in a moment and leave nothing behind, and files of SQL. Part of
 *		aiodal/testing.h.
 *
 * The rules of aiodal/api.h about ownership, errors and options hold here too. Of the environment these are
 * read, and ignored by programs that run with more rights than their user:
 *
 *		PG_CONFIG            the pg_config of the server to run; default: pg_config, by PATH
 *		AIODAL_TEST_MIRROR   where the extension is installed, when not in the server's own directories: what
 *							 "make install DESTDIR=" wrote to
 *		AIODAL_TEST_CACHE    where initialised data directories are kept; default: aiodal in XDG_CACHE_HOME or
 *							 ~/.cache. Empty: nowhere
 *		AIODAL_TEST_SERVER_ENV
 *							 NAME=VALUE words, without blanks in them, for the environment of servers; names
 *							 that are not in it yet (LD_PRELOAD, to look at the extension with a sanitizer)
 *		AIODAL_TEST_KEEP     when set and not empty, directories of servers stay
 *		TMPDIR               where directories of servers are made; default: /dev/shm, which is memory, while
 *							 a gigabyte is left there, else /tmp
 */
#ifndef AIODAL_TESTING_SERVER_H
#define AIODAL_TESTING_SERVER_H

#include <sys/types.h>

#include <aiodal/api.h>

AIODAL_BEGIN_DECLS

/*
 * A server of one's own, in a directory of its own, listening on a unix socket there and nowhere else. It
 * runs as the user who started it; for root as "postgres" or, where there is no such user, "nobody". Its
 * database superuser is "postgres", without a password; the file system keeps other users away.
 *
 * Server and directory are gone after aiodal_test_server_stop(), and when the process that started it has
 * ended, however it has. They do not survive an exec() in it. In the child of a fork() stop only frees.
 */
typedef struct aiodal_test_server aiodal_test_server;

typedef struct aiodal_test_server_options
{
	size_t size;
	const char *pg_config; /* these four: instead of what the environment says */
	const char *mirror;
	const char *cache;
	const char *tmpdir;
	const char
		*settings; /* lines for postgresql.conf; they win over those of the kit, which are made for speed
					  (fsync = off and the like) and for the same results everywhere (timezone = 'UTC') */
	int start_timeout_ms; /* default 60000 */
	bool keep;            /* leave the directory */
} aiodal_test_server_options;

#define AIODAL_TEST_SERVER_OPTIONS_INIT                                            \
	{                                                                              \
		sizeof(aiodal_test_server_options), NULL, NULL, NULL, NULL, NULL, 0, false \
	}

/*
 * Starts a server and returns when it answers: some 60 ms, half a second when a server of that version is
 * started for the first time. options may be NULL. The encoding is UTF8, the locale C.UTF-8.
 *
 * Errors: ENOTFOUND (no pg_config, no server), ECONN (it did not start; the detail is the end of its log),
 * ETIMEOUT, ESTATE (files could not be written), EINVAL, ENOMEM. *server is owned by the caller:
 * aiodal_test_server_stop().
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_test_server_start(aiodal_test_server **server,
																	const aiodal_test_server_options *options,
																	aiodal_error **err);

/* Ends the server as a crash would, and starts it again in the same place. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_test_server_restart(aiodal_test_server *server,
																	  aiodal_error **err);

/* Where it is, for aiodal_db_open() and everything on libpq; of its database "postgres". Borrowed. */
AIODAL_API const char *aiodal_test_server_url(const aiodal_test_server *server);

/* Borrowed: its directory; that of its socket, which is its PGHOST; the file of its log. Its port is 5432. */
AIODAL_API const char *aiodal_test_server_dir(const aiodal_test_server *server);
AIODAL_API const char *aiodal_test_server_socket_dir(const aiodal_test_server *server);
AIODAL_API const char *aiodal_test_server_log(const aiodal_test_server *server);

/* Of the process whose end is the server's, for kill(). */
AIODAL_API pid_t aiodal_test_server_pid(const aiodal_test_server *server);

/* From now on the directory is to stay when the server has ended. */
AIODAL_API void aiodal_test_server_keep(aiodal_test_server *server);

/* Ends the server, closing its connections, removes its directory and frees. */
AIODAL_API void aiodal_test_server_stop(aiodal_test_server *server);

/*
 * Runs files of SQL against the database that conninfo names. path is a file, or a directory whose *.sql run
 * in the order of their names, numbers in them compared as such (2_x.sql before 10_x.sql); *.down.sql are
 * left out. A file is sent as one: it is one transaction, unless it says otherwise. It is plain SQL, without
 * psql's commands and COPY FROM STDIN.
 *
 * Errors: ENOTFOUND (path), EINVAL (a directory without *.sql, COPY FROM STDIN), ECONN, ENOMEM, ESTATE, and
 * of the server's ESERVER; the message begins with the file's name and, where the server says it, the line.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_test_run_sql(const char *conninfo, const char *path,
															   aiodal_error **err);

/* CREATE EXTENSION IF NOT EXISTS aiodal. ENOTFOUND: the server has no such extension; the hint says how to
 * change that. Else as above. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_test_create_extension(const char *conninfo,
																		aiodal_error **err);

AIODAL_END_DECLS

#endif /* AIODAL_TESTING_SERVER_H */
