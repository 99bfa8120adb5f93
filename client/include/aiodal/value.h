/*
 * aiodal/value.h
 *		Values with types: out of results, into statements.
 *
 * Getters read one value of a result. They give the same whether the result came in the text or the binary
 * format, and never round, cut or wrap: what does not fit is AIODAL_EINVAL, and the error names the row, the
 * column, its type and the value. So is an SQL NULL, for those whose C type has no room for it; ask
 * aiodal_result_is_null() first. Pointers they give are borrowed from the result, which keeps what had to be
 * made for them until it is freed. What a domain is made of counts as its type.
 *
 * Values go the other way as parameters of aiodal_tx_query().
 */
#ifndef AIODAL_VALUE_H
#define AIODAL_VALUE_H

#include <string.h>

#include <aiodal/api.h>

AIODAL_BEGIN_DECLS

/* What a value is in C. */
typedef enum aiodal_kind
{
	AIODAL_KIND_OTHER = 0, /* const char *: any type, in its text form */
	AIODAL_KIND_BOOL,      /* bool */
	AIODAL_KIND_INT16,     /* int16_t */
	AIODAL_KIND_INT32,     /* int32_t */
	AIODAL_KIND_INT64,     /* int64_t */
	AIODAL_KIND_FLOAT,     /* float */
	AIODAL_KIND_DOUBLE,    /* double */
	AIODAL_KIND_NUMERIC,   /* const char *: all digits, "NaN", "Infinity" */
	AIODAL_KIND_TEXT,      /* const char * */
	AIODAL_KIND_JSON,      /* const char * */
	AIODAL_KIND_JSONB,     /* const char * */
	AIODAL_KIND_BYTEA,     /* aiodal_bytes */
	AIODAL_KIND_UUID,      /* aiodal_uuid */
	AIODAL_KIND_DATE,      /* int32_t: days since 1970-01-01, or AIODAL_DATE_(MINUS_)INFINITY */
	AIODAL_KIND_TIME,      /* int64_t: microseconds since midnight; 24:00 is a time too */
	AIODAL_KIND_TIMESTAMP, /* int64_t: microseconds since 1970-01-01 00:00, or AIODAL_TIME_(MINUS_)INFINITY */
	AIODAL_KIND_TIMESTAMPTZ, /* int64_t: the same, since 1970-01-01 00:00 UTC */
	AIODAL_KIND_ARRAY        /* const aiodal_array * */
} aiodal_kind;

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

/*
 * A value for a parameter; made by the functions below. type is the OID of the type it is declared with: 0
 * lets the server decide, as it does for aiodal_text(), aiodal_other() and aiodal_null(). What it points to
 * is the caller's, and must stay until the call that it is given to returns.
 */
typedef struct aiodal_value
{
	aiodal_kind kind;
	bool is_null;
	unsigned int type;
	union
	{
		bool boolean;
		int64_t integer; /* of all widths; dates and times */
		double number;
		const char *text;
		aiodal_bytes bytes;
		aiodal_uuid uuid;
		const aiodal_array *array;
	} as;
} aiodal_value;

static inline aiodal_value
aiodal_value_of(aiodal_kind kind, unsigned int type)
{
	aiodal_value value;

	memset(&value, 0, sizeof(value));
	value.kind = kind;
	value.type = type;
	return value;
}

static inline aiodal_value
aiodal_null(void)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_OTHER, 0);

	value.is_null = true;
	return value;
}

static inline aiodal_value
aiodal_bool(bool v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_BOOL, 16);

	value.as.boolean = v;
	return value;
}

static inline aiodal_value
aiodal_int16(int16_t v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_INT16, 21);

	value.as.integer = v;
	return value;
}

static inline aiodal_value
aiodal_int32(int32_t v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_INT32, 23);

	value.as.integer = v;
	return value;
}

static inline aiodal_value
aiodal_int64(int64_t v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_INT64, 20);

	value.as.integer = v;
	return value;
}

static inline aiodal_value
aiodal_float(float v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_FLOAT, 700);

	value.as.number = v;
	return value;
}

static inline aiodal_value
aiodal_double(double v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_DOUBLE, 701);

	value.as.number = v;
	return value;
}

/* days and microseconds, as the getters give them */
static inline aiodal_value
aiodal_date(int32_t v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_DATE, 1082);

	value.as.integer = v;
	return value;
}

static inline aiodal_value
aiodal_time(int64_t v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_TIME, 1083);

	value.as.integer = v;
	return value;
}

static inline aiodal_value
aiodal_timestamp(int64_t v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_TIMESTAMP, 1114);

	value.as.integer = v;
	return value;
}

static inline aiodal_value
aiodal_timestamptz(int64_t v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_TIMESTAMPTZ, 1184);

	value.as.integer = v;
	return value;
}

/* NULL makes an SQL NULL of all that follow */
static inline aiodal_value
aiodal_text(const char *v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_TEXT, 0);

	value.as.text = v;
	value.is_null = v == NULL;
	return value;
}

/* any type in its text form, such as an interval or a range */
static inline aiodal_value
aiodal_other(const char *v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_OTHER, 0);

	value.as.text = v;
	value.is_null = v == NULL;
	return value;
}

static inline aiodal_value
aiodal_numeric(const char *v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_NUMERIC, 1700);

	value.as.text = v;
	value.is_null = v == NULL;
	return value;
}

static inline aiodal_value
aiodal_json(const char *v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_JSON, 114);

	value.as.text = v;
	value.is_null = v == NULL;
	return value;
}

static inline aiodal_value
aiodal_jsonb(const char *v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_JSONB, 3802);

	value.as.text = v;
	value.is_null = v == NULL;
	return value;
}

static inline aiodal_value
aiodal_uuid_value(aiodal_uuid v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_UUID, 2950);

	value.as.uuid = v;
	return value;
}

static inline aiodal_value
aiodal_bytea(const void *data, size_t length)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_BYTEA, 17);

	value.as.bytes.data = data;
	value.as.bytes.length = length;
	value.is_null = data == NULL;
	return value;
}

/* Of type the array's own, or what the server takes it for when that is not known. */
static inline aiodal_value
aiodal_array_value(const aiodal_array *v)
{
	aiodal_value value = aiodal_value_of(AIODAL_KIND_ARRAY, 0);

	value.as.array = v;
	value.is_null = v == NULL;
	return value;
}

/*
 * Makes an array of values of one kind, n_dimensions lengths whose product is the number of values; each may
 * be aiodal_null(). Without values: n_dimensions 0. All is copied. Elements of kind TEXT and OTHER make an
 * array whose type the server decides. Arrays have no arrays as elements, but dimensions. *array is owned by
 * the caller: aiodal_array_free(); those out of results go with their result.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_array_make(aiodal_array **array, aiodal_kind element,
															 int n_dimensions, const int *lengths,
															 const aiodal_value *values, aiodal_error **err);
AIODAL_API void aiodal_array_free(aiodal_array *array);

/* How results travel: binary ones are shorter where they hold numbers, dates or bytea. */
typedef enum aiodal_wire
{
	AIODAL_WIRE_TEXT = 0,
	AIODAL_WIRE_BINARY
} aiodal_wire;

typedef struct aiodal_query_options
{
	size_t size;
	aiodal_wire results; /* of all columns: the server refuses binary for types that have none */
	int chunk_rows;      /* more than 0, with aiodal_tx_query_start(): rows come in results of so many, or of
							fewer when they take a megabyte, so that never all of them are in memory. See
							aiodal/async.h */
} aiodal_query_options;

#define AIODAL_QUERY_OPTIONS_INIT                         \
	{                                                     \
		sizeof(aiodal_query_options), AIODAL_WIRE_TEXT, 0 \
	}

/*
 * As aiodal_tx_exec() and aiodal_tx_exec_start(), with typed parameters. options may be NULL. A number for a
 * column of another type of number is converted, or refused, by the server as it would a value of SQL's.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_query(aiodal_result **res, aiodal_tx *tx,
														   const char *sql, size_t n,
														   const aiodal_value *params,
														   const aiodal_query_options *options,
														   aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_tx_query_start(aiodal_op **op, aiodal_tx *tx,
																 const char *sql, size_t n,
																 const aiodal_value *params,
																 const aiodal_query_options *options,
																 aiodal_error **err);

AIODAL_END_DECLS

#endif /* AIODAL_VALUE_H */
