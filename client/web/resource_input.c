/*
 * resource_input.c
 *		Which columns of the table a client may set.
 */
#include <string.h>

#include "resource.h"

static bool
is_key(const aiodal_web_resource *resource, const char *name)
{
	size_t i;

	for (i = 0; i < resource->n_key; i++)
		if (strcmp(resource->key[i]->name, name) == 0)
			return true;
	return false;
}

static bool
is_named(const aiodal_web_resource *resource, const char *name)
{
	size_t i;

	for (i = 0; i < resource->options.n_writable; i++)
		if (strcmp(resource->options.writable[i], name) == 0)
			return true;
	return false;
}

static bool
is_field(const aiodal_web__field *field, const char *name)
{
	return field && strcmp(field->name, name) == 0;
}

/* Whether the server sets it by itself as a rule. */
static bool
has_value(const aiodal_column *column)
{
	return aiodal_column_identity(column) || aiodal_column_default(column);
}

static bool
is_writable(const aiodal_web_resource *resource, const aiodal_column *column)
{
	const char *name = aiodal_column_name(column);
	const char *identity = aiodal_column_identity(column);
	const aiodal_web__field *field = aiodal_web__resource_field(resource, name);

	if (aiodal_column_generated(column) || (identity && strcmp(identity, "always") == 0))
		return false;
	if (resource->options.n_writable > 0)
		return is_named(resource, name);
	return field && field->shown && !is_field(resource->version, name) &&
		   !is_field(resource->deleted, name) && !(is_key(resource, name) && has_value(column));
}

static bool
add_input(aiodal_web_resource *resource, const aiodal_column *column)
{
	aiodal_web__input *input = &resource->inputs[resource->n_inputs];
	aiodal_web__buf sql = AIODAL_WEB__BUF_INIT;
	const char *name = aiodal_column_name(column);

	aiodal_web__sql_ident(&sql, name);
	input->name = name;
	input->sql = aiodal_web__resource_keep(resource, &sql);
	input->column = column;
	input->kind = aiodal_web__kind_of(
		resource->schema, aiodal_web__base_type(resource->schema, aiodal_column_type_oid(column)), column);
	input->is_key = is_key(resource, name);
	resource->n_inputs++;
	return input->sql != NULL;
}

/* Each of those named is there, and can be set. */
static aiodal_status
check_named(const aiodal_web_resource *resource, aiodal_error **err)
{
	size_t i;

	for (i = 0; i < resource->options.n_writable; i++)
	{
		const char *name = resource->options.writable[i];
		const aiodal_column *column = aiodal_table_column(resource->table, name);

		if (!column)
			return aiodal_web__fail(err, AIODAL_ENOTFOUND,
									"the table of resource \"%s\" has no column \"%s\"",
									resource->options.name, name);
		if (!is_writable(resource, column))
			return aiodal_web__fail(err, AIODAL_EINVAL, "column \"%s\" is generated always", name);
	}
	return AIODAL_OK;
}

/* One that a change can set. */
static bool
has_changeable(const aiodal_web_resource *resource)
{
	size_t i;

	for (i = 0; i < resource->n_inputs; i++)
		if (!resource->inputs[i].is_key)
			return true;
	return false;
}

aiodal_status
aiodal_web__resource_read_inputs(aiodal_web_resource *resource, aiodal_error **err)
{
	int n = aiodal_table_column_count(resource->table);
	aiodal_status status = check_named(resource, err);
	int i;

	if (status)
		return status;
	resource->inputs =
		aiodal_web__arena_alloc(&resource->arena, ((size_t) n + 1) * sizeof(*resource->inputs));
	if (!resource->inputs)
		return aiodal_web__oom(err);
	for (i = 0; i < n; i++)
	{
		const aiodal_column *column = aiodal_table_column_at(resource->table, i);

		if (is_writable(resource, column) && !add_input(resource, column))
			return aiodal_web__oom(err);
	}
	if ((resource->options.actions & (AIODAL_WEB_REPLACE | AIODAL_WEB_UPDATE)) && !has_changeable(resource))
		return aiodal_web__fail(err, AIODAL_EINVAL, "resource \"%s\" has no column that can be changed",
								resource->options.name);
	return AIODAL_OK;
}
