/*
 * aiodal/error.h
 *		What went wrong, in every field the server gave.
 *
 * An error belongs to whoever it was handed to and is freed with aiodal_error_free(). It is immutable: any
 * thread may read it. Strings are borrowed from it. Out of memory is a static error, so that reporting it
 * cannot fail; freeing that one does nothing.
 */
#ifndef AIODAL_ERROR_H
#define AIODAL_ERROR_H

#include <aiodal/api.h>

AIODAL_BEGIN_DECLS

/* The status the failed function returned; AIODAL_OK for NULL. */
AIODAL_API aiodal_status aiodal_error_status(const aiodal_error *err);

/* The primary message, one line as a rule, without "ERROR:". Never NULL; "" for NULL. */
AIODAL_API const char *aiodal_error_message(const aiodal_error *err);

/* Five characters, or NULL when the error did not come from the server and has no SQLSTATE of its own. */
AIODAL_API const char *aiodal_error_sqlstate(const aiodal_error *err);

/* More about it, and what to do about it; NULL when there is nothing. */
AIODAL_API const char *aiodal_error_detail(const aiodal_error *err);
AIODAL_API const char *aiodal_error_hint(const aiodal_error *err);

/*
 * A field by libpq's code: PG_DIAG_MESSAGE_PRIMARY, PG_DIAG_CONSTRAINT_NAME, PG_DIAG_CONTEXT and so on (see
 * libpq-fe.h, PQresultErrorField). Errors found by the library itself have message, detail, hint and context
 * too. NULL when the error has no such field.
 */
AIODAL_API const char *aiodal_error_field(const aiodal_error *err, int fieldcode);

/*
 * Writes the error as people read it, as psql does: "ERROR:  message", then DETAIL, HINT and CONTEXT on lines
 * of their own, without a newline at the end. Like snprintf: at most size bytes with the NUL, and returns the
 * length the whole text has. buf may be NULL when size is 0.
 */
AIODAL_API size_t aiodal_error_describe(const aiodal_error *err, char *buf, size_t size);

/*
 * For callbacks that fail: stores a new error in *err (when err is not NULL) and returns status.
 * detail and hint may be NULL; all strings are copied. status must be negative.
 */
AIODAL_API aiodal_status aiodal_error_set(aiodal_error **err, aiodal_status status, const char *message,
										  const char *detail, const char *hint);

AIODAL_API void aiodal_error_free(aiodal_error *err);

/* "AIODAL_ENOTFOUND" and the like; "unknown status" for other numbers. Static storage. */
AIODAL_API const char *aiodal_status_name(aiodal_status status);

AIODAL_END_DECLS

#endif /* AIODAL_ERROR_H */
