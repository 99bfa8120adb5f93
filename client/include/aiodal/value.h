/*
 * aiodal/value.h
 *		Values with types, out of results.
 *
 * Getters read one value of a result. They give the same whether the result came in the text or the binary
 * format, and never round, cut or wrap: what does not fit is AIODAL_EINVAL, and the error names the row, the
 * column, its type and the value. So is an SQL NULL, for those whose C type has no room for it; ask
 * aiodal_result_is_null() first. Pointers they give are borrowed from the result, which keeps what had to be
 * made for them until it is freed. What a domain is made of counts as its type.
 */
#ifndef AIODAL_VALUE_H
#define AIODAL_VALUE_H

#include <aiodal/api.h>

AIODAL_BEGIN_DECLS

#define AIODAL_DATE_INFINITY       INT32_MAX
#define AIODAL_DATE_MINUS_INFINITY INT32_MIN
#define AIODAL_TIME_INFINITY       INT64_MAX
#define AIODAL_TIME_MINUS_INFINITY INT64_MIN

/* data NULL: SQL NULL. Without bytes data points somewhere all the same. */
typedef struct aiodal_bytes
{
	const void *data;
	size_t length;
} aiodal_bytes;

typedef struct aiodal_uuid
{
	unsigned char bytes[16]; /* in the order they are written */
} aiodal_uuid;

/*
 * Getters, and the types that each reads. Errors: EINVAL (no such row or column; NULL; another type; out of
 * range; a text that cannot be read, such as a date when the session's DateStyle is not ISO), ENOMEM.
 *
 * Text, numeric and bytea give NULL for an SQL NULL (bytea: data NULL).
 */
/* boolean */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_bool(bool *value, const aiodal_result *res,
																  int row, int column, aiodal_error **err);
/* smallint, integer, bigint, oid, as long as the number fits */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_int16(int16_t *value, const aiodal_result *res,
																   int row, int column, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_int32(int32_t *value, const aiodal_result *res,
																   int row, int column, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_int64(int64_t *value, const aiodal_result *res,
																   int row, int column, aiodal_error **err);
/* real */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_float(float *value, const aiodal_result *res,
																   int row, int column, aiodal_error **err);
/* double precision, real, integer, smallint */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_double(double *value, const aiodal_result *res,
																	int row, int column, aiodal_error **err);
/* numeric and integers, with all digits; "NaN", "Infinity" and "-Infinity" too */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_numeric(const char **value,
																	 const aiodal_result *res, int row,
																	 int column, aiodal_error **err);
/*
 * Of results in the text format, any type. Of binary ones text, varchar, char(n), "char", name, xml, json,
 * jsonb, numeric, integers, oid, boolean and uuid.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_text(const char **value,
																  const aiodal_result *res, int row,
																  int column, aiodal_error **err);
/* without a copy from binary results; from text ones it is decoded each time it is asked for */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_bytea(aiodal_bytes *value,
																   const aiodal_result *res, int row,
																   int column, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_uuid(aiodal_uuid *value,
																  const aiodal_result *res, int row,
																  int column, aiodal_error **err);
/* days since 1970-01-01, or AIODAL_DATE_(MINUS_)INFINITY */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_date(int32_t *value, const aiodal_result *res,
																  int row, int column, aiodal_error **err);
/* microseconds since midnight; 24:00 is a time too */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_time(int64_t *value, const aiodal_result *res,
																  int row, int column, aiodal_error **err);
/* timestamp: microseconds since 1970-01-01 00:00; timestamptz: since 1970-01-01 00:00 UTC; or
 * AIODAL_TIME_(MINUS_)INFINITY. Those of the last decades before the year 294277 do not fit. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_timestamp(int64_t *value,
																	   const aiodal_result *res, int row,
																	   int column, aiodal_error **err);

AIODAL_END_DECLS

#endif /* AIODAL_VALUE_H */
