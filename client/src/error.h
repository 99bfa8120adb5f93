/*
 * error.h
 *		Making errors. Every function returns the status it was given or found, so that failing is one line:
 *		return aiodal__fail(err, AIODAL_EINVAL, "...").
 */
#ifndef AIODAL_SRC_ERROR_H
#define AIODAL_SRC_ERROR_H

#include <libpq-fe.h>

#include <aiodal/error.h>

extern aiodal_status
aiodal__fail(aiodal_error **err, aiodal_status status, const char *fmt, ...) AIODAL_PRINTF(3, 4);

/* detail and hint may be NULL */
extern aiodal_status aiodal__fail_hint(aiodal_error **err, aiodal_status status, const char *detail,
									   const char *hint, const char *fmt, ...) AIODAL_PRINTF(5, 6);

/* the same with an SQLSTATE of our own choice */
extern aiodal_status
aiodal__fail_state(aiodal_error **err, aiodal_status status, const char *sqlstate, const char *detail,
				   const char *hint, const char *fmt, ...) AIODAL_PRINTF(6, 7);

extern aiodal_status aiodal__fail_memory(aiodal_error **err);

/* There can be no more threads, or descriptors to hear of them. */
extern aiodal_status aiodal__fail_thread(aiodal_error **err);

/* By whoever may: the caller of the operation that runs in this thread, else a callback. detail may be NULL.
 */
extern aiodal_status aiodal__fail_canceled(aiodal_error **err, const char *detail);

/* The server's error in res with all its fields; pg tells whether the connection has survived it. */
extern aiodal_status aiodal__fail_result(aiodal_error **err, const PGresult *res, const PGconn *pg);

/* What aiodal__fail_result() would return. */
extern aiodal_status aiodal__result_status(const PGresult *res, const PGconn *pg);

/* PQerrorMessage(pg): first line as message, the rest as detail. */
extern aiodal_status aiodal__fail_conn(aiodal_error **err, aiodal_status status, const PGconn *pg);

/* A copy of an error, with that status. */
extern aiodal_status aiodal__error_copy(aiodal_error **err, aiodal_status status, const aiodal_error *error);

/* What from points to, an error or NULL, goes to *err, or is freed where err is NULL; *from is NULL then. */
extern void aiodal__error_move(aiodal_error **err, aiodal_error **from);

/* Appends a line to the context of *err, if there is one, and puts hint in if it has none; both may be NULL.
 */
extern void aiodal__error_annotate(aiodal_error **err, const char *context, const char *hint);

/* Puts another position into *err, if there is one; 0: none. */
extern void aiodal__error_set_position(aiodal_error **err, long position);

/* Sets status of *err, if there is one, and returns it. */
extern aiodal_status aiodal__error_restatus(aiodal_error **err, aiodal_status status);

/* A notice as an error object that lives as long as res; NULL when out of memory. */
extern aiodal_error *aiodal__error_from_notice(const PGresult *res);

#endif /* AIODAL_SRC_ERROR_H */
