/*
 * datum.h
 *		One value as the server sent it, and its readings.
 */
#ifndef AIODAL_SRC_DATUM_H
#define AIODAL_SRC_DATUM_H

#include <libpq-fe.h>

#include <aiodal/value.h>

/* Types by OID that never change. */
enum
{
	AIODAL__BOOLOID = 16,
	AIODAL__BYTEAOID = 17,
	AIODAL__CHAROID = 18,
	AIODAL__NAMEOID = 19,
	AIODAL__INT8OID = 20,
	AIODAL__INT2OID = 21,
	AIODAL__INT4OID = 23,
	AIODAL__TEXTOID = 25,
	AIODAL__OIDOID = 26,
	AIODAL__JSONOID = 114,
	AIODAL__XMLOID = 142,
	AIODAL__FLOAT4OID = 700,
	AIODAL__FLOAT8OID = 701,
	AIODAL__UNKNOWNOID = 705,
	AIODAL__BPCHAROID = 1042,
	AIODAL__VARCHAROID = 1043,
	AIODAL__DATEOID = 1082,
	AIODAL__TIMEOID = 1083,
	AIODAL__TIMESTAMPOID = 1114,
	AIODAL__TIMESTAMPTZOID = 1184,
	AIODAL__NUMERICOID = 1700,
	AIODAL__UUIDOID = 2950,
	AIODAL__JSONBOID = 3802
};

typedef struct aiodal__datum
{
	const char *data; /* NUL-terminated in both formats; NULL: SQL NULL */
	size_t len;
	Oid type; /* 0: not known */
	bool binary;

	PGresult *res; /* keeps what is made for it */
	/* for errors */
	const char *column; /* NULL: it is of an array made by hand */
	int row;
	long element; /* of the array there; -1: none */
} aiodal__datum;

/* Memory that lives as long as what the datum is from; NULL when there is none. */
extern void *aiodal__datum_alloc(const aiodal__datum *datum, size_t size);

typedef struct aiodal__type
{
	Oid oid;
	Oid array; /* of the array of it */
	const char *name;
	const char *getter; /* what is good for it */
} aiodal__type;

/* NULL when the library does not know it, and hence cannot read it in binary. */
extern const aiodal__type *aiodal__type_of(Oid oid);
/* What an array of this type is of, likewise. */
extern const aiodal__type *aiodal__type_of_array(Oid array);

/* Of kind text: its binary form is its text. jsonb nearly is. */
extern bool aiodal__type_is_text(Oid type);

/* Whether it is as long as its type wants. */
extern bool aiodal__datum_is_whole(const aiodal__datum *datum);

/* Errors that say which value it is. what: the C type wanted. */
extern aiodal_status aiodal__datum_mismatch(const aiodal__datum *datum, const char *what, aiodal_error **err);
extern aiodal_status aiodal__datum_is_null(const aiodal__datum *datum, aiodal_error **err);
extern aiodal_status aiodal__datum_garbled(const aiodal__datum *datum, aiodal_error **err);
extern aiodal_status
aiodal__datum_too_large(const aiodal__datum *datum, const char *what, aiodal_error **err);

/* Readings; see value.h for which types each takes. */
extern aiodal_status aiodal__datum_bool(bool *value, const aiodal__datum *datum, aiodal_error **err);
/* min and max: those of the C type called what */
extern aiodal_status aiodal__datum_integer(int64_t *value, const aiodal__datum *datum, int64_t min,
										   int64_t max, const char *what, aiodal_error **err);
extern aiodal_status aiodal__datum_float(float *value, const aiodal__datum *datum, aiodal_error **err);
extern aiodal_status aiodal__datum_double(double *value, const aiodal__datum *datum, aiodal_error **err);
extern aiodal_status
aiodal__datum_numeric(const char **value, const aiodal__datum *datum, aiodal_error **err);
extern aiodal_status aiodal__datum_text(const char **value, const aiodal__datum *datum, aiodal_error **err);
extern aiodal_status aiodal__datum_bytea(aiodal_bytes *value, const aiodal__datum *datum, aiodal_error **err);
extern aiodal_status aiodal__datum_uuid(aiodal_uuid *value, const aiodal__datum *datum, aiodal_error **err);
extern aiodal_status aiodal__datum_date(int32_t *value, const aiodal__datum *datum, aiodal_error **err);
extern aiodal_status aiodal__datum_time(int64_t *value, const aiodal__datum *datum, aiodal_error **err);
extern aiodal_status aiodal__datum_timestamp(int64_t *value, const aiodal__datum *datum, aiodal_error **err);
extern aiodal_status
aiodal__datum_array(const aiodal_array **value, const aiodal__datum *datum, aiodal_error **err);

#endif /* AIODAL_SRC_DATUM_H */
