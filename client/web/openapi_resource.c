/*
 * openapi_resource.c
 *		What a resource's routes take and answer.
 */
#include <stdio.h>
#include <string.h>

#include "openapi.h"

static void
ref(aiodal_web__json_out *out, const char *kind, const char *name, const char *suffix)
{
	aiodal_web__buf text = AIODAL_WEB__BUF_INIT;

	aiodal_web__buf_printf(&text, "#/components/%s/%s%s", kind, name, suffix);
	if (text.oom)
		out->buf.oom = true;
	else
		aiodal_web__json_text_member(out, "$ref", text.data);
	aiodal_web__buf_free(&text);
}

/*
 * Schemas
 */

static bool
is_input(const aiodal_web_resource *resource, const char *name)
{
	size_t i;

	for (i = 0; i < resource->n_inputs; i++)
		if (strcmp(resource->inputs[i].name, name) == 0)
			return true;
	return false;
}

static void
comment_members(aiodal_web__json_out *out, const aiodal_column *column)
{
	const char *comment = aiodal_column_comment(column);

	if (comment)
		aiodal_web__json_text_member(out, "description", comment);
}

/* A column of the query may be NULL although that of the table is not: there are outer joins. */
static bool
may_be_null(const aiodal_web_resource *resource, const aiodal_web__field *field)
{
	return resource->options.query || !aiodal_column_not_null(field->column);
}

static void
row_schema(aiodal_web__json_out *out, const aiodal_web_resource *resource)
{
	size_t i;

	aiodal_web__json_text_member(out, "type", "object");
	aiodal_web__json_text_member(out, "description", aiodal_table_comment(resource->table));
	aiodal_web__json_member(out, "required", '[');
	for (i = 0; i < resource->n_fields; i++)
		if (resource->fields[i].shown)
			aiodal_web__json_text(out, resource->fields[i].name);
	aiodal_web__json_end(out, ']');
	aiodal_web__json_member(out, "properties", '{');
	for (i = 0; i < resource->n_fields; i++)
	{
		const aiodal_web__field *f = &resource->fields[i];

		if (!f->shown)
			continue;
		aiodal_web__json_member(out, f->name, '{');
		aiodal_web__openapi_column(out, resource->schema, f->type, f->column, may_be_null(resource, f));
		comment_members(out, f->column);
		if (!is_input(resource, f->name))
			aiodal_web__json_raw_member(out, "readOnly", "true");
		aiodal_web__json_end(out, '}');
	}
	aiodal_web__json_end(out, '}');
}

static void
list_schema(aiodal_web__json_out *out, const char *name)
{
	aiodal_web__json_raw(out, "{\"type\":\"object\",\"required\":[\"total_count\",\"next_url\",\"results\"],"
							  "\"properties\":{\"total_count\":{\"type\":\"integer\",\"format\":\"int64\"},"
							  "\"next_url\":{\"type\":[\"string\",\"null\"],\"format\":\"uri-reference\"},"
							  "\"results\":{\"type\":\"array\",\"items\":{");
	out->comma = false;
	ref(out, "schemas", name, "");
	aiodal_web__buf_str(&out->buf, "}}}}");
	out->comma = true;
}

/* Whether a body that writes a whole row has to have it. */
static bool
is_needed(const aiodal_web__input *input)
{
	return aiodal_column_not_null(input->column) && !aiodal_column_default(input->column) &&
		   !aiodal_column_identity(input->column);
}

typedef bool (*takes_fn)(const aiodal_web__input *);

static bool
takes_any(const aiodal_web__input *input)
{
	(void) input;
	return true;
}

static bool
takes_no_key(const aiodal_web__input *input)
{
	return !input->is_key;
}

static void
needed_members(aiodal_web__json_out *out, const aiodal_web_resource *resource, takes_fn takes)
{
	size_t i;

	aiodal_web__json_member(out, "required", '[');
	for (i = 0; i < resource->n_inputs; i++)
		if (takes(&resource->inputs[i]) && is_needed(&resource->inputs[i]))
			aiodal_web__json_text(out, resource->inputs[i].name);
	aiodal_web__json_end(out, ']');
}

/* whole: what may not be left out is required. */
static void
body_schema(aiodal_web__json_out *out, const aiodal_web_resource *resource, takes_fn takes, bool whole)
{
	size_t i;

	aiodal_web__json_text_member(out, "type", "object");
	if (whole)
		needed_members(out, resource, takes);
	aiodal_web__json_member(out, "properties", '{');
	for (i = 0; i < resource->n_inputs; i++)
	{
		const aiodal_web__input *input = &resource->inputs[i];

		if (!takes(input))
			continue;
		aiodal_web__json_member(out, input->name, '{');
		aiodal_web__openapi_column(out, resource->schema, aiodal_column_type_oid(input->column),
								   input->column, !aiodal_column_not_null(input->column));
		comment_members(out, input->column);
		aiodal_web__json_end(out, '}');
	}
	aiodal_web__json_end(out, '}');
}

static void
begin_schema(aiodal_web__json_out *out, const char *name, const char *suffix)
{
	aiodal_web__buf text = AIODAL_WEB__BUF_INIT;

	aiodal_web__buf_printf(&text, "%s%s", name, suffix);
	if (text.oom)
		out->buf.oom = true;
	else
		aiodal_web__json_key(out, text.data);
	aiodal_web__buf_free(&text);
}

static void
write_body_schema(aiodal_web__json_out *out, const aiodal_web_resource *resource, const char *name,
				  const char *suffix, takes_fn takes, bool whole)
{
	begin_schema(out, name, suffix);
	aiodal_web__json_begin(out, '{');
	body_schema(out, resource, takes, whole);
	aiodal_web__json_end(out, '}');
}

static void
write_schemas(aiodal_web__json_out *out, const aiodal_web_resource *resource, const char *name)
{
	unsigned int actions = resource->options.actions;

	begin_schema(out, name, "");
	aiodal_web__json_begin(out, '{');
	row_schema(out, resource);
	aiodal_web__json_end(out, '}');
	if (actions & AIODAL_WEB_LIST)
	{
		begin_schema(out, name, ".list");
		list_schema(out, name);
	}
	if (actions & AIODAL_WEB_CREATE)
		write_body_schema(out, resource, name, ".create", takes_any, true);
	if (actions & AIODAL_WEB_REPLACE)
		write_body_schema(out, resource, name, ".replace", takes_no_key, true);
	if (actions & AIODAL_WEB_UPDATE)
		write_body_schema(out, resource, name, ".update", takes_no_key, false);
}

void
aiodal_web__openapi_schemas(aiodal_web__openapi *doc, const aiodal_web_resource *resource)
{
	aiodal_web__buf name = AIODAL_WEB__BUF_INIT;

	aiodal_web__openapi_name(doc, &name, resource);
	if (name.oom)
		doc->out.buf.oom = true;
	else
		write_schemas(&doc->out, resource, name.data);
	aiodal_web__buf_free(&name);
}

/*
 * Parameters
 */

static void
begin_parameter(aiodal_web__json_out *out, const char *name, const char *in, bool required)
{
	aiodal_web__json_begin(out, '{');
	aiodal_web__json_text_member(out, "name", name);
	aiodal_web__json_text_member(out, "in", in);
	if (required)
		aiodal_web__json_raw_member(out, "required", "true");
}

static void
filter_parameter(aiodal_web__json_out *out, const aiodal_web_resource *resource,
				 const aiodal_web__field *field, const char *test, const char *schema)
{
	aiodal_web__buf name = AIODAL_WEB__BUF_INIT;

	aiodal_web__buf_printf(&name, "%s%s", field->name, test);
	begin_parameter(out, name.oom ? "" : name.data, "query", false);
	aiodal_web__json_member(out, "schema", '{');
	if (schema)
		aiodal_web__buf_str(&out->buf, schema);
	else
		aiodal_web__openapi_column(out, resource->schema, field->type, field->column, false);
	aiodal_web__json_end(out, '}');
	aiodal_web__json_end(out, '}');
	out->buf.oom = out->buf.oom || name.oom;
	aiodal_web__buf_free(&name);
}

/* Equal to one of some values. */
static void
equal_parameter(aiodal_web__json_out *out, const aiodal_web_resource *resource,
				const aiodal_web__field *field)
{
	begin_parameter(out, field->name, "query", false);
	aiodal_web__json_text_member(out, "description", aiodal_column_comment(field->column));
	aiodal_web__json_member(out, "schema", '{');
	aiodal_web__json_text_member(out, "type", "array");
	aiodal_web__json_member(out, "items", '{');
	aiodal_web__openapi_column(out, resource->schema, field->type, field->column, false);
	aiodal_web__json_end(out, '}');
	aiodal_web__json_end(out, '}');
	aiodal_web__json_end(out, '}');
}

static void
filter_parameters(aiodal_web__json_out *out, const aiodal_web_resource *resource,
				  const aiodal_web__field *field)
{
	static const char *const tests[] = {".ne", ".lt", ".le", ".gt", ".ge"};
	size_t i;

	equal_parameter(out, resource, field);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		filter_parameter(out, resource, field, tests[i], NULL);
	filter_parameter(out, resource, field, ".contains", "\"type\":\"string\"");
	filter_parameter(out, resource, field, ".null", "\"type\":\"boolean\"");
}

static void
page_parameters(aiodal_web__json_out *out, const aiodal_web_resource *resource)
{
	aiodal_web__buf text = AIODAL_WEB__BUF_INIT;

	aiodal_web__buf_printf(&text,
						   "{\"name\":\"limit\",\"in\":\"query\",\"description\":\"How many rows\","
						   "\"schema\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":%d,\"default\":%d}}",
						   resource->options.max_limit, resource->options.default_limit);
	aiodal_web__json_raw(out, text.oom ? "{}" : text.data);
	out->buf.oom = out->buf.oom || text.oom;
	aiodal_web__buf_free(&text);
	aiodal_web__json_raw(
		out, "{\"name\":\"offset\",\"in\":\"query\",\"description\":\"Behind how many rows\","
			 "\"schema\":{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":0,\"default\":0}}");
	aiodal_web__json_raw(out, "{\"name\":\"order\",\"in\":\"query\",\"description\":\"Columns with commas "
							  "between them, \\\"-\\\" before one for descending\","
							  "\"schema\":{\"type\":\"string\"}}");
}

static void
list_parameters(aiodal_web__json_out *out, const aiodal_web_resource *resource)
{
	size_t i;

	page_parameters(out, resource);
	for (i = 0; i < resource->n_fields; i++)
		if (resource->fields[i].filter)
			filter_parameters(out, resource, &resource->fields[i]);
}

/* Those of the pattern are told once for each path. */
static void
write_parameters(aiodal_web__json_out *out, const aiodal_web_resource *resource, aiodal_web_action action)
{
	aiodal_web__json_member(out, "parameters", '[');
	if (action == AIODAL_WEB_LIST)
		list_parameters(out, resource);
	if (action == AIODAL_WEB_DETAIL)
		aiodal_web__json_raw(out, "{\"$ref\":\"#/components/parameters/if-none-match\"}");
	if (action & (AIODAL_WEB_REPLACE | AIODAL_WEB_UPDATE | AIODAL_WEB_DELETE))
		aiodal_web__json_raw(out, resource->options.unconditional
									  ? "{\"$ref\":\"#/components/parameters/if-match-optional\"}"
									  : "{\"$ref\":\"#/components/parameters/if-match\"}");
	aiodal_web__json_end(out, ']');
}

/*
 * Bodies and answers
 */

static void
json_content(aiodal_web__json_out *out, const char *name, const char *suffix)
{
	aiodal_web__json_member(out, "content", '{');
	aiodal_web__json_member(out, "application/json", '{');
	aiodal_web__json_member(out, "schema", '{');
	ref(out, "schemas", name, suffix);
	aiodal_web__json_end(out, '}');
	aiodal_web__json_end(out, '}');
	aiodal_web__json_end(out, '}');
}

static void
write_body(aiodal_web__json_out *out, const char *name, aiodal_web_action action)
{
	const char *suffix = action == AIODAL_WEB_CREATE    ? ".create"
						 : action == AIODAL_WEB_REPLACE ? ".replace"
														: ".update";

	aiodal_web__json_member(out, "requestBody", '{');
	aiodal_web__json_raw_member(out, "required", "true");
	json_content(out, name, suffix);
	aiodal_web__json_end(out, '}');
}

/* What each action can answer besides success; statuses are ascending. */
static const struct
{
	const char *status;
	unsigned int actions;
} failures[] = {
	{"304", AIODAL_WEB_DETAIL},
	{"400", AIODAL_WEB_ALL & ~(unsigned int) AIODAL_WEB_DETAIL},
	{"401", AIODAL_WEB_ALL},
	{"403", AIODAL_WEB_ALL},
	{"404", AIODAL_WEB_DETAIL | AIODAL_WEB_REPLACE | AIODAL_WEB_UPDATE | AIODAL_WEB_DELETE},
	{"409", AIODAL_WEB_CREATE | AIODAL_WEB_REPLACE | AIODAL_WEB_UPDATE | AIODAL_WEB_DELETE},
	{"410", AIODAL_WEB_DETAIL | AIODAL_WEB_REPLACE | AIODAL_WEB_UPDATE | AIODAL_WEB_DELETE},
	{"412", AIODAL_WEB_REPLACE | AIODAL_WEB_UPDATE | AIODAL_WEB_DELETE},
	{"415", AIODAL_WEB_CREATE | AIODAL_WEB_REPLACE | AIODAL_WEB_UPDATE},
	{"422", AIODAL_WEB_CREATE | AIODAL_WEB_REPLACE | AIODAL_WEB_UPDATE},
	{"428", AIODAL_WEB_REPLACE | AIODAL_WEB_UPDATE | AIODAL_WEB_DELETE},
	{"503", AIODAL_WEB_ALL},
};

static bool
can_answer(const aiodal_web_resource *resource, aiodal_web_action action, bool token, size_t i)
{
	if (strcmp(failures[i].status, "401") == 0 && !token)
		return false;
	if (strcmp(failures[i].status, "410") == 0 && !resource->deleted)
		return false;
	if (strcmp(failures[i].status, "428") == 0 && resource->options.unconditional)
		return false;
	return (failures[i].actions & action) != 0;
}

static void
write_success(aiodal_web__json_out *out, const char *name, aiodal_web_action action)
{
	const char *status = action == AIODAL_WEB_CREATE ? "201" : action == AIODAL_WEB_DELETE ? "204" : "200";

	aiodal_web__json_member(out, status, '{');
	aiodal_web__json_text_member(out, "description",
								 action == AIODAL_WEB_LIST     ? "A page of the list"
								 : action == AIODAL_WEB_DELETE ? "It was deleted"
								 : action == AIODAL_WEB_CREATE ? "It was added"
															   : "The row");
	if (action != AIODAL_WEB_LIST && action != AIODAL_WEB_DELETE)
	{
		aiodal_web__json_member(out, "headers", '{');
		aiodal_web__json_raw_member(out, "ETag", "{\"$ref\":\"#/components/headers/etag\"}");
		if (action == AIODAL_WEB_CREATE)
			aiodal_web__json_raw_member(out, "Location", "{\"$ref\":\"#/components/headers/location\"}");
		aiodal_web__json_end(out, '}');
	}
	if (action != AIODAL_WEB_DELETE)
		json_content(out, name, action == AIODAL_WEB_LIST ? ".list" : "");
	aiodal_web__json_end(out, '}');
}

static void
write_answers(aiodal_web__json_out *out, const aiodal_web_resource *resource, const char *name,
			  aiodal_web_action action, bool token)
{
	size_t i;

	aiodal_web__json_member(out, "responses", '{');
	write_success(out, name, action);
	for (i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
	{
		if (!can_answer(resource, action, token, i))
			continue;
		aiodal_web__json_member(out, failures[i].status, '{');
		ref(out, "responses", failures[i].status, "");
		aiodal_web__json_end(out, '}');
	}
	aiodal_web__json_end(out, '}');
}

void
aiodal_web__openapi_operation(aiodal_web__openapi *doc, const aiodal_web_resource *resource,
							  aiodal_web_action action, bool token)
{
	aiodal_web__buf name = AIODAL_WEB__BUF_INIT;
	bool has_body = (action & (AIODAL_WEB_CREATE | AIODAL_WEB_REPLACE | AIODAL_WEB_UPDATE)) != 0;

	aiodal_web__openapi_name(doc, &name, resource);
	write_parameters(&doc->out, resource, action);
	if (name.oom)
		doc->out.buf.oom = true;
	else
	{
		if (has_body)
			write_body(&doc->out, name.data, action);
		write_answers(&doc->out, resource, name.data, action, token);
	}
	aiodal_web__buf_free(&name);
}
