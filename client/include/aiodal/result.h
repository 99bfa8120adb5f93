/*
 * aiodal/result.h
 *		Rows a statement returned.
 *
 * A result is complete and independent of its transaction: it may be read after the commit, and is freed with
 * aiodal_result_free(). Rows and columns count from 0. Asking for a row or column that is not there is not an
 * error: the value is NULL, the name NULL, the number 0. Strings are borrowed from the result.
 */
#ifndef AIODAL_RESULT_H
#define AIODAL_RESULT_H

#include <aiodal/api.h>

AIODAL_BEGIN_DECLS

AIODAL_API int aiodal_result_rows(const aiodal_result *res);
AIODAL_API int aiodal_result_columns(const aiodal_result *res);

/* Name of a column. */
AIODAL_API const char *aiodal_result_name(const aiodal_result *res, int column);

/* Number of the first column of exactly that name, -1 when there is none. */
AIODAL_API int aiodal_result_column(const aiodal_result *res, const char *name);

/* OID of the column's type, 0 when there is no such column. */
AIODAL_API unsigned int aiodal_result_type(const aiodal_result *res, int column);

AIODAL_API bool aiodal_result_is_null(const aiodal_result *res, int row, int column);

/*
 * The value as it came, in its text form unless the results were asked for in binary, with a NUL behind it;
 * NULL for an SQL NULL (unlike PQgetvalue, which has "").
 * aiodal_result_length() is its length in bytes.
 */
AIODAL_API const char *aiodal_result_value(const aiodal_result *res, int row, int column);
AIODAL_API size_t aiodal_result_length(const aiodal_result *res, int row, int column);

/* Rows the statement inserted, updated, deleted, merged, copied or selected. */
AIODAL_API int64_t aiodal_result_affected(const aiodal_result *res);

/* The command tag, e.g. "INSERT 0 3". */
AIODAL_API const char *aiodal_result_tag(const aiodal_result *res);

AIODAL_API void aiodal_result_free(aiodal_result *res);

AIODAL_END_DECLS

#endif /* AIODAL_RESULT_H */
