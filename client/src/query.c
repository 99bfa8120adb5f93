/*
 * query.c
 *		Statements with typed parameters.
 */
#include "tx.h"

#include "error.h"
#include "op.h"
#include "param.h"
#include "result.h"
#include "util/mem.h"
#include "util/options.h"

aiodal_status
aiodal__query_options(aiodal_query_options *options, const aiodal_query_options *given, aiodal_error **err)
{
	aiodal_status status =
		aiodal__options_copy(options, sizeof(*options), given, "aiodal_query_options", err);

	if (status == AIODAL_OK && options->chunk_rows < 0)
		return aiodal__fail(err, AIODAL_EINVAL, "chunk_rows must not be negative");
	if (status == AIODAL_OK && (int) options->results != AIODAL_WIRE_TEXT &&
		options->results != AIODAL_WIRE_BINARY)
		return aiodal__fail(err, AIODAL_EINVAL, "unknown results %d", (int) options->results);
	return status;
}

static aiodal_status
check(aiodal_query_options *options, const aiodal_tx *tx, const aiodal_query_options *given, const char *sql,
	  size_t n, const aiodal_value *params, aiodal_error **err)
{
	aiodal_status status = aiodal__tx_check(tx, err);

	if (status != AIODAL_OK)
		return status;
	if (!sql || (n > 0 && !params))
		return aiodal__fail(err, AIODAL_EINVAL, "%s must not be NULL", sql ? "params" : "sql");
	return aiodal__query_options(options, given, err);
}

/* Sends it; and waits for its result, if that is asked for. */
static aiodal_status
run(aiodal_tx *tx, const char *sql, size_t n, const aiodal_value *values, const aiodal_query_options *given,
	bool wait, PGresult **res, aiodal_error **err)
{
	aiodal__conn *conn;
	aiodal_query_options options;
	aiodal__params params;
	aiodal_status status = check(&options, tx, given, sql, n, values, err);

	if (status != AIODAL_OK)
		return status;
	if (wait && options.chunk_rows > 0)
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Use aiodal_tx_query_start().",
								 "one result cannot be of several chunks");
	conn = tx->conn;
	status = aiodal__params_make(&params, n, values, err);
	if (status == AIODAL_OK)
	{
		aiodal__request request = aiodal__params_request(&params, conn, sql, values, &options);

		request.keep = true;
		request.chunk_rows = options.chunk_rows;
		status = wait ? aiodal__op_request(conn, &request, res, err) : aiodal__op_send(conn, &request, err);
	}
	aiodal__params_free(&params);
	return status;
}

aiodal_status
aiodal_tx_query_start(aiodal_op **op, aiodal_tx *tx, const char *sql, size_t n, const aiodal_value *params,
					  const aiodal_query_options *options, aiodal_error **err)
{
	aiodal_status status;

	if (!op)
		return aiodal__fail(err, AIODAL_EINVAL, "op must not be NULL");
	*op = NULL;
	status = run(tx, sql, n, params, options, false, NULL, err);
	if (status == AIODAL_OK)
		*op = &tx->conn->op;
	return status;
}

aiodal_status
aiodal_tx_query(aiodal_result **res, aiodal_tx *tx, const char *sql, size_t n, const aiodal_value *params,
				const aiodal_query_options *options, aiodal_error **err)
{
	PGresult *result = NULL;
	aiodal_status status;

	if (res)
		*res = NULL;
	status = run(tx, sql, n, params, options, true, res ? &result : NULL, err);
	if (status == AIODAL_OK && res)
		*res = aiodal__result_wrap(result);
	return status;
}
