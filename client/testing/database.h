/*
 * database.h
 *		Databases that are made and dropped on a server.
 *
 * Their names are made here and need no quotes in SQL. Whoever makes one holds an advisory lock on its name,
 * in the session that made it: what nobody holds is left over.
 */
#ifndef AIODAL_TESTING_DATABASE_H
#define AIODAL_TESTING_DATABASE_H

#include <libpq-fe.h>

#include <aiodal/api.h>

#define AIODAL_TEST__NAME_MAX 64

/* conninfo with another database in it, a new string. EINVAL: it is none. */
extern aiodal_status
aiodal_test__conninfo_for(char **out, const char *conninfo, const char *database, aiodal_error **err);

/* A connection without notices. On failure too, PQfinish() is the caller's. */
extern aiodal_status aiodal_test__connect(PGconn **pg, const char *conninfo, aiodal_error **err);

/* A statement that returns nothing of interest, or one value: a new string in *value, which may be NULL (so
 * may be what it is set to). */
extern aiodal_status aiodal_test__sql(char **value, PGconn *pg, const char *sql, aiodal_error **err);

/* The same, of formatted text: of names made here and text that PQescapeLiteral() made. */
extern aiodal_status
aiodal_test__sqlf(char **value, PGconn *pg, aiodal_error **err, const char *fmt, ...) AIODAL_PRINTF(4, 5);

/* The advisory lock on a name. */
extern aiodal_status aiodal_test__lock(PGconn *pg, const char *name, bool shared, aiodal_error **err);
extern aiodal_status aiodal_test__unlock(PGconn *pg, const char *name, bool shared, aiodal_error **err);

/* Makes a database of a new name out of that one. */
extern aiodal_status aiodal_test__create_database(char name[AIODAL_TEST__NAME_MAX], PGconn *pg,
												  const char *like, aiodal_error **err);

/* With everybody in it. */
extern aiodal_status aiodal_test__drop_database(PGconn *pg, const char *name, aiodal_error **err);

/* Drops those that nobody holds any more, and templates that have long been unused. */
extern aiodal_status aiodal_test__drop_left_over(PGconn *pg, aiodal_error **err);

#endif /* AIODAL_TESTING_DATABASE_H */
