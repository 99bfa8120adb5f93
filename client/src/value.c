/*
 * value.c
 *		Typed values out of results.
 */
#include "datum.h"

#include "error.h"

/* The value at a place that is there. */
static aiodal_status
look_up(aiodal__datum *datum, const void *value, const aiodal_result *result, int row, int column,
		aiodal_error **err)
{
	/* libpq's signatures want pointers to non-const, and keep what is allocated beside the rows */
	PGresult *res = (PGresult *) result;

	if (!value)
		return aiodal__fail(err, AIODAL_EINVAL, "value must not be NULL");
	if (row < 0 || row >= PQntuples(res))
		return aiodal__fail(err, AIODAL_EINVAL, "there is no row %d in a result of %d", row, PQntuples(res));
	if (column < 0 || column >= PQnfields(res))
		return aiodal__fail(err, AIODAL_EINVAL, "there is no column %d in a result of %d", column,
							PQnfields(res));
	datum->data = PQgetisnull(res, row, column) ? NULL : PQgetvalue(res, row, column);
	datum->len = (size_t) PQgetlength(res, row, column);
	datum->type = PQftype(res, column);
	datum->binary = PQfformat(res, column) == 1;
	datum->res = res;
	datum->column = PQfname(res, column);
	datum->row = row;
	datum->element = -1;
	return AIODAL_OK;
}

aiodal_status
aiodal_result_get_bool(bool *value, const aiodal_result *res, int row, int column, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, res, row, column, err);

	return status == AIODAL_OK ? aiodal__datum_bool(value, &datum, err) : status;
}

aiodal_status
aiodal_result_get_int16(int16_t *value, const aiodal_result *res, int row, int column, aiodal_error **err)
{
	aiodal__datum datum;
	int64_t wide;
	aiodal_status status = look_up(&datum, value, res, row, column, err);

	if (status == AIODAL_OK)
		status = aiodal__datum_integer(&wide, &datum, INT16_MIN, INT16_MAX, "int16_t", err);
	if (status == AIODAL_OK)
		*value = (int16_t) wide;
	return status;
}

aiodal_status
aiodal_result_get_int32(int32_t *value, const aiodal_result *res, int row, int column, aiodal_error **err)
{
	aiodal__datum datum;
	int64_t wide;
	aiodal_status status = look_up(&datum, value, res, row, column, err);

	if (status == AIODAL_OK)
		status = aiodal__datum_integer(&wide, &datum, INT32_MIN, INT32_MAX, "int32_t", err);
	if (status == AIODAL_OK)
		*value = (int32_t) wide;
	return status;
}

aiodal_status
aiodal_result_get_int64(int64_t *value, const aiodal_result *res, int row, int column, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, res, row, column, err);

	return status == AIODAL_OK ? aiodal__datum_integer(value, &datum, INT64_MIN, INT64_MAX, "int64_t", err)
							   : status;
}

aiodal_status
aiodal_result_get_float(float *value, const aiodal_result *res, int row, int column, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, res, row, column, err);

	return status == AIODAL_OK ? aiodal__datum_float(value, &datum, err) : status;
}

aiodal_status
aiodal_result_get_double(double *value, const aiodal_result *res, int row, int column, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, res, row, column, err);

	return status == AIODAL_OK ? aiodal__datum_double(value, &datum, err) : status;
}

aiodal_status
aiodal_result_get_numeric(const char **value, const aiodal_result *res, int row, int column,
						  aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, res, row, column, err);

	return status == AIODAL_OK ? aiodal__datum_numeric(value, &datum, err) : status;
}

aiodal_status
aiodal_result_get_text(const char **value, const aiodal_result *res, int row, int column, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, res, row, column, err);

	return status == AIODAL_OK ? aiodal__datum_text(value, &datum, err) : status;
}

aiodal_status
aiodal_result_get_bytea(aiodal_bytes *value, const aiodal_result *res, int row, int column,
						aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, res, row, column, err);

	return status == AIODAL_OK ? aiodal__datum_bytea(value, &datum, err) : status;
}

aiodal_status
aiodal_result_get_uuid(aiodal_uuid *value, const aiodal_result *res, int row, int column, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, res, row, column, err);

	return status == AIODAL_OK ? aiodal__datum_uuid(value, &datum, err) : status;
}

aiodal_status
aiodal_result_get_date(int32_t *value, const aiodal_result *res, int row, int column, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, res, row, column, err);

	return status == AIODAL_OK ? aiodal__datum_date(value, &datum, err) : status;
}

aiodal_status
aiodal_result_get_time(int64_t *value, const aiodal_result *res, int row, int column, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, res, row, column, err);

	return status == AIODAL_OK ? aiodal__datum_time(value, &datum, err) : status;
}

aiodal_status
aiodal_result_get_timestamp(int64_t *value, const aiodal_result *res, int row, int column, aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, res, row, column, err);

	return status == AIODAL_OK ? aiodal__datum_timestamp(value, &datum, err) : status;
}

aiodal_status
aiodal_result_get_array(const aiodal_array **value, const aiodal_result *res, int row, int column,
						aiodal_error **err)
{
	aiodal__datum datum;
	aiodal_status status = look_up(&datum, value, res, row, column, err);

	return status == AIODAL_OK ? aiodal__datum_array(value, &datum, err) : status;
}
