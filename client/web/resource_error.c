/*
 * resource_error.c
 *		What a client hears when the server refuses: never the server's own words.
 */
#include <string.h>

#include <libpq-fe.h>

#include "resource.h"

/* An error being answered. */
typedef struct answer
{
	aiodal_web_request *req;
	aiodal_web_response *res;
	const aiodal_web_resource *resource;
	const aiodal_error *error;
	const aiodal_constraint *constraint; /* that was violated; NULL: unknown, or none */
} answer;

static bool
problem(const answer *a, int status, const char *detail, const char *const *columns, size_t n)
{
	return detail && aiodal_web__resource_problem(a->res, status, detail, columns, n, NULL) == AIODAL_OK;
}

/*
 * Constraints
 */

/* Looked up by the names in the error; that of a partition, for one, is not in the snapshot. */
static const aiodal_constraint *
violated(const answer *a)
{
	const char *schema = aiodal_error_field(a->error, PG_DIAG_SCHEMA_NAME);
	const char *table = aiodal_error_field(a->error, PG_DIAG_TABLE_NAME);
	const char *name = aiodal_error_field(a->error, PG_DIAG_CONSTRAINT_NAME);

	if (!schema || !table || !name)
		return NULL;
	return aiodal_table_constraint(aiodal_schema_table(a->resource->schema, schema, table), name);
}

/* What the service wants said of it. */
static const aiodal_web_message *
find_message(const answer *a)
{
	const char *name = aiodal_error_field(a->error, PG_DIAG_CONSTRAINT_NAME);
	size_t i;

	for (i = 0; name && i < a->resource->options.n_messages; i++)
		if (strcmp(a->resource->options.messages[i].constraint, name) == 0)
			return &a->resource->options.messages[i];
	return NULL;
}

/* The constraint's columns, as far as clients know them. */
static size_t
columns_of(const answer *a, const char **columns)
{
	int n = a->constraint ? aiodal_constraint_column_count(a->constraint) : 0;
	size_t known = 0;
	int i;

	if (n == 0 || aiodal_constraint_table(a->constraint) != a->resource->table)
		return 0;
	for (i = 0; i < n; i++)
	{
		const aiodal_web__field *field =
			aiodal_web__resource_field(a->resource, aiodal_constraint_column_at(a->constraint, i));

		if (field && field->shown)
			columns[known++] = field->name;
	}
	return known;
}

/* The names of the constraint's columns, for people. */
static const char *
join(const answer *a, const char *const *columns, size_t n)
{
	const char *text = n ? columns[0] : "";
	size_t i;

	for (i = 1; i < n && text; i++)
		text = aiodal_web_request_printf(a->req, "%s, %s", text, columns[i]);
	return text;
}

static const char *
describe(const answer *a, const char *const *columns, size_t n)
{
	const char *names = join(a, columns, n);

	if (!names)
		return NULL;
	if (aiodal_web__is_sqlstate(a->error, "23505"))
		return n ? aiodal_web_request_printf(a->req, "another one has the same %s", names)
				 : "another one is the same in what has to differ";
	if (aiodal_web__is_sqlstate(a->error, "23503"))
		return n ? aiodal_web_request_printf(a->req, "what %s refers to is not there", names)
				 : "others refer to it, or what it refers to is not there";
	if (aiodal_web__is_sqlstate(a->error, "23P01"))
		return n ? aiodal_web_request_printf(a->req, "another one excludes this %s", names)
				 : "another one excludes it";
	return n ? aiodal_web_request_printf(a->req, "%s: this value is not allowed", names)
			 : "these values are not allowed";
}

static bool
answer_constraint(answer *a, int status)
{
	const aiodal_web_message *message = find_message(a);
	const char **columns;
	size_t n;

	a->constraint = violated(a);
	columns = aiodal_web_request_alloc(a->req, ((size_t) aiodal_constraint_column_count(a->constraint) + 1) *
												   sizeof(*columns));
	if (!columns)
		return false;
	n = columns_of(a, columns);
	if (message)
		return problem(a, message->status ? message->status : status, message->text, columns, n);
	/* a foreign key of another table: that one's rows are in the way */
	if (aiodal_web__is_sqlstate(a->error, "23503") && a->constraint && n == 0 &&
		aiodal_constraint_table(a->constraint) != a->resource->table)
		return problem(a, status, "others refer to it", NULL, 0);
	return problem(a, status, describe(a, columns, n), columns, n);
}

/*
 * Values
 */

/*
 * The error does not tell the column: each is tried. Beyond class 22 it is only maybe about a value: then one
 * has to be found.
 */
static bool
answer_value(const answer *a)
{
	const aiodal_web__input *input = aiodal_web__resource_blame(a->req, a->resource);
	const char *column = input ? input->name : NULL;

	if (!column && !aiodal_web__is_sqlstate(a->error, "2"))
		return false;
	if (!column)
		return problem(a, 422, "a value is not one that can be stored", NULL, 0);
	return problem(a, 422, aiodal_web_request_printf(a->req, "%s is not a value of its type", column),
				   &column, 1);
}

/* Not one of another table, and not one that the client has never heard of. */
static bool
is_known(const answer *a, const char *table, const char *column)
{
	const aiodal_table *ours = a->resource->table;
	size_t i;

	/* what is said of a partition is true of the whole */
	if (strcmp(table, aiodal_table_name(ours)) != 0 &&
		strcmp(aiodal_table_kind(ours), "partitioned table") != 0)
		return false;
	for (i = 0; i < a->resource->n_inputs; i++)
		if (strcmp(a->resource->inputs[i].name, column) == 0)
			return true;
	return false;
}

static bool
answer_null(const answer *a)
{
	const char *column = aiodal_error_field(a->error, PG_DIAG_COLUMN_NAME);
	const char *table = aiodal_error_field(a->error, PG_DIAG_TABLE_NAME);

	if (!column || !table)
		return answer_value(a);
	if (!is_known(a, table, column))
		return problem(a, 422, "a value is missing", NULL, 0);
	return problem(a, 422, aiodal_web_request_printf(a->req, "%s must not be null", column), &column, 1);
}

/* Class 23, and what views with a check option say. */
static bool
answer_integrity(answer *a)
{
	if (aiodal_web__is_sqlstate(a->error, "23502"))
		return answer_null(a);
	if (aiodal_web__is_sqlstate(a->error, "23514") && !aiodal_error_field(a->error, PG_DIAG_TABLE_NAME))
		return answer_value(a);
	if (aiodal_web__is_sqlstate(a->error, "23514") || aiodal_web__is_sqlstate(a->error, "44"))
		return answer_constraint(a, 422);
	return answer_constraint(a, 409);
}

/*
 * The rest
 */

/* What may be gone in a moment: no resources, shutting down, locks and timeouts, a standby. */
static bool
is_passing(const aiodal_error *error)
{
	static const char *const states[] = {"08", "53", "57", "55P03", "40", "25006", "25P03"};
	aiodal_status status = aiodal_error_status(error);
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (aiodal_web__is_sqlstate(error, states[i]))
			return true;
	return status == AIODAL_ECONN || status == AIODAL_ETIMEOUT || status == AIODAL_ERETRY ||
		   status == AIODAL_EBUSY;
}

static bool
answer_unavailable(aiodal_web_response *res)
{
	return aiodal_web_response_problem(res, 503, NULL, NULL) == AIODAL_OK &&
		   aiodal_web_response_set_header(res, "Retry-After", "1", NULL) == AIODAL_OK;
}

static bool
is_write(const aiodal_web_request *req)
{
	const char *method = aiodal_web_request_method(req);

	return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

bool
aiodal_web__resource_on_error(aiodal_web_request *req, aiodal_web_response *res, const aiodal_error *error,
							  void *payload)
{
	const aiodal_web_resource *resource = payload;
	answer a = {req, res, resource, error, NULL};

	if (resource->options.on_error && resource->options.on_error(req, res, error, resource->options.payload))
		return true;
	if (aiodal_web__is_sqlstate(error, "42501"))
		return aiodal_web_response_problem(res, 403, NULL, NULL) == AIODAL_OK;
	if (is_passing(error))
		return answer_unavailable(res);
	if (!is_write(req))
		return false;
	if (aiodal_web__is_sqlstate(error, "23") || aiodal_web__is_sqlstate(error, "44000"))
		return answer_integrity(&a);
	return aiodal_web__is_bad_value(error) && answer_value(&a);
}
