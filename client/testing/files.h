/*
 * files.h
 *		Files of SQL: one, or those in a directory.
 */
#ifndef AIODAL_TESTING_FILES_H
#define AIODAL_TESTING_FILES_H

#include <libpq-fe.h>

#include <aiodal/api.h>

typedef aiodal_status (*aiodal_test__file_fn)(void *payload, const char *path, const char *sql,
											  aiodal_error **err);

/* Hands each to fn, as aiodal_test_run_sql() says which and in what order, until it fails. */
extern aiodal_status
aiodal_test__each_file(const char *path, aiodal_test__file_fn fn, void *payload, aiodal_error **err);

/* run_sql.c: runs a file's text; path is for errors. */
extern aiodal_status aiodal_test__run_text(PGconn *pg, const char *path, const char *sql, aiodal_error **err);

#endif /* AIODAL_TESTING_FILES_H */
