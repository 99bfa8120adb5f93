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

typedef struct aiodal_array aiodal_array;

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

/*
 * Arrays of the types above; NULL for an SQL NULL. Arrays of other types, enums for one, are read from the
 * text format, and their elements as text. Taken apart each time it is asked for.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_array(const aiodal_array **value,
																   const aiodal_result *res, int row,
																   int column, aiodal_error **err);

/*
 * Arrays: any number of dimensions up to six, elements in row-major order from 0, NULLs among them. An array
 * without elements has no dimensions. Getters as those of results; what they have to make lives as long as
 * the array.
 */
AIODAL_API size_t aiodal_array_count(const aiodal_array *array); /* of all elements; 0 for NULL */
AIODAL_API int aiodal_array_dimensions(const aiodal_array *array);
AIODAL_API int
aiodal_array_length(const aiodal_array *array, int dimension); /* from 0; 0 when there is none */
AIODAL_API int
aiodal_array_lower(const aiodal_array *array, int dimension); /* the first index; 1 as a rule */
AIODAL_API unsigned int aiodal_array_element_type(const aiodal_array *array); /* OID; 0: not known */
AIODAL_API bool aiodal_array_is_null(const aiodal_array *array, size_t i);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_array_get_bool(bool *value, const aiodal_array *array,
																 size_t i, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_array_get_int16(int16_t *value, const aiodal_array *array,
																  size_t i, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_array_get_int32(int32_t *value, const aiodal_array *array,
																  size_t i, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_array_get_int64(int64_t *value, const aiodal_array *array,
																  size_t i, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_array_get_float(float *value, const aiodal_array *array,
																  size_t i, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_array_get_double(double *value, const aiodal_array *array,
																   size_t i, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_array_get_numeric(const char **value,
																	const aiodal_array *array, size_t i,
																	aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_array_get_text(const char **value,
																 const aiodal_array *array, size_t i,
																 aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_array_get_bytea(aiodal_bytes *value,
																  const aiodal_array *array, size_t i,
																  aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_array_get_uuid(aiodal_uuid *value,
																 const aiodal_array *array, size_t i,
																 aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_array_get_date(int32_t *value, const aiodal_array *array,
																 size_t i, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_array_get_time(int64_t *value, const aiodal_array *array,
																 size_t i, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_array_get_timestamp(int64_t *value,
																	  const aiodal_array *array, size_t i,
																	  aiodal_error **err);

AIODAL_END_DECLS

#endif /* AIODAL_VALUE_H */
