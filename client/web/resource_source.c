/*
 * resource_source.c
 *		Where a resource's rows come from: the columns of a table as reflected, or of a query as described.
 */
#include <string.h>

#include "resource.h"

/* Types that cannot be compared, or not ordered, or mean something else by "equal". */
static const unsigned int unfit[] = {
	114,  /* json */
	142,  /* xml */
	194,  /* pg_node_tree */
	28,   /* xid */
	29,   /* cid */
	1790, /* refcursor */
	1033, /* aclitem */
	4072, /* jsonpath */
	600,  /* point */
	601,  /* lseg */
	602,  /* path */
	603,  /* box */
	604,  /* polygon */
	628,  /* line */
	718,  /* circle */
	199,  /* json[] */
	143,  /* xml[] */
	1034, /* aclitem[] */
	1017, /* point[] */
	1020, /* box[] */
};

static bool
can_be_compared(unsigned int type)
{
	size_t i;

	for (i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++)
		if (unfit[i] == type)
			return false;
	return true;
}

static bool
set_field(aiodal_web_resource *resource, aiodal_web__field *field, const char *name, unsigned int type,
		  const aiodal_column *column)
{
	aiodal_web__buf sql = AIODAL_WEB__BUF_INIT;

	aiodal_web__buf_str(&sql, "r.");
	aiodal_web__sql_ident(&sql, name);
	field->sql = aiodal_web__resource_keep(resource, &sql);
	field->name = field->sql ? aiodal_web__arena_copy(&resource->arena, name, strlen(name)) : NULL;
	field->type = aiodal_web__base_type(resource->schema, type);
	field->kind = aiodal_web__kind_of(resource->schema, field->type, column);
	field->column = column;
	return field->name != NULL;
}

static aiodal_status
make_fields(aiodal_web_resource *resource, int n, aiodal_error **err)
{
	resource->fields =
		aiodal_web__arena_alloc(&resource->arena, ((size_t) n + 1) * sizeof(*resource->fields));
	return resource->fields ? AIODAL_OK : aiodal_web__oom(err);
}

static aiodal_status
read_table(aiodal_web_resource *resource, aiodal_error **err)
{
	int n = aiodal_table_column_count(resource->table);
	aiodal_status status = make_fields(resource, n, err);
	int i;

	for (i = 0; i < n && !status; i++)
	{
		const aiodal_column *column = aiodal_table_column_at(resource->table, i);

		if (!set_field(resource, &resource->fields[i], aiodal_column_name(column),
					   aiodal_column_type_oid(column), column))
			status = aiodal_web__oom(err);
		resource->n_fields++;
	}
	return status;
}

/* The table's column that a column of the query stands for, by name and type. */
static const aiodal_column *
same_column(const aiodal_web_resource *resource, const char *name, unsigned int type)
{
	const aiodal_column *column = aiodal_table_column(resource->table, name);

	return column && aiodal_column_type_oid(column) == type ? column : NULL;
}

static aiodal_status
take_columns(aiodal_web_resource *resource, const aiodal_result *described, aiodal_error **err)
{
	int n = aiodal_result_columns(described);
	aiodal_status status = make_fields(resource, n, err);
	int i;

	for (i = 0; i < n && !status; i++)
	{
		const char *name = aiodal_result_name(described, i);
		unsigned int type = aiodal_result_type(described, i);

		if (aiodal_result_column(described, name) != i)
			return aiodal_web__fail(err, AIODAL_EINVAL, "the query has two columns \"%s\"", name);
		if (!set_field(resource, &resource->fields[i], name, type, same_column(resource, name, type)))
			status = aiodal_web__oom(err);
		resource->n_fields++;
	}
	return status;
}

/* The condition stands there too, so that all parameters have their types. */
static aiodal_status
read_query(aiodal_web_resource *resource, aiodal_tx *tx, aiodal_error **err)
{
	aiodal_web__statement s = AIODAL_WEB__STATEMENT_INIT;
	aiodal_result *described = NULL;
	aiodal_status status;
	size_t i;

	aiodal_web__buf_printf(&s.sql, "SELECT r.* FROM %s", resource->source);
	aiodal_web__resource_where_visible(&s.sql, resource);
	aiodal_web__buf_str(&s.sql, " LIMIT 0");
	for (i = 0; i < resource->options.n_values; i++)
		aiodal_web__statement_value(&s, NULL, NULL);
	status = aiodal_web__statement_exec(&described, tx, &s, err);
	if (!status)
		status = take_columns(resource, described, err);
	aiodal_result_free(described);
	aiodal_web__statement_free(&s);
	return status;
}

static void
mark_comparable(aiodal_web_resource *resource)
{
	size_t i;

	for (i = 0; i < resource->n_fields; i++)
		resource->fields[i].filter =
			resource->fields[i].kind != AIODAL_WEB__OBJECT && can_be_compared(resource->fields[i].type);
}

aiodal_status
aiodal_web__resource_read_source(aiodal_web_resource *resource, aiodal_tx *tx, aiodal_error **err)
{
	aiodal_web__buf source = AIODAL_WEB__BUF_INIT;
	aiodal_status status;

	/* the newline ends a comment that the query may end with */
	if (resource->options.query)
		aiodal_web__buf_printf(&source, "(%s\n) AS r", resource->options.query);
	else
		aiodal_web__buf_printf(&source, "%s AS r", aiodal_table_qualified(resource->table));
	resource->source = aiodal_web__resource_keep(resource, &source);
	if (!resource->source)
		return aiodal_web__oom(err);
	status = resource->options.query ? read_query(resource, tx, err) : read_table(resource, err);
	if (!status)
		mark_comparable(resource);
	return status;
}
