/*
 * resource_sql.c
 *		The statements of a resource.
 */
#include <string.h>

#include "resource.h"

void
aiodal_web__resource_where_visible(aiodal_web__buf *sql, const aiodal_web_resource *resource)
{
	if (resource->options.visible)
		aiodal_web__buf_printf(sql, " WHERE (%s\n)", resource->options.visible);
	else
		aiodal_web__buf_str(sql, " WHERE true");
}

static void
deleted_condition(aiodal_web__buf *sql, const aiodal_web_resource *resource)
{
	if (!resource->deleted)
		aiodal_web__buf_str(sql, "false");
	else if (resource->deleted_is_boolean)
		aiodal_web__buf_printf(sql, "(%s IS TRUE)", resource->deleted->sql);
	else
		aiodal_web__buf_printf(sql, "(%s IS NOT NULL)", resource->deleted->sql);
}

static void
key_condition(aiodal_web__buf *sql, const aiodal_web_resource *resource)
{
	size_t i;

	for (i = 0; i < resource->n_key; i++)
		aiodal_web__buf_printf(sql, " AND %s = $%zu", resource->key[i]->sql,
							   resource->options.n_values + i + 1);
}

/*
 * What is sent is made of a row whose only name is s, so that no column's name can be taken for it. The
 * condition stands in a subquery where r is all there is; that one reads what is needed alone, since there
 * may be privileges on no other columns.
 */
void
aiodal_web__resource_select_one(aiodal_web__buf *sql, const aiodal_web_resource *resource)
{
	aiodal_web__buf_printf(sql, "SELECT pg_catalog.row_to_json(s.*), %s::pg_catalog.text, ",
						   resource->version ? resource->version->sql : "NULL");
	deleted_condition(sql, resource);
	aiodal_web__buf_printf(sql, " FROM (SELECT %s FROM %s", resource->needed, resource->source);
	aiodal_web__resource_where_visible(sql, resource);
	key_condition(sql, resource);
	aiodal_web__buf_printf(sql, ") AS r CROSS JOIN LATERAL (SELECT %s) AS s", resource->columns);
}

void
aiodal_web__resource_select_list(aiodal_web__buf *sql, const aiodal_web_resource *resource, const char *where,
								 const char *order_by, size_t limit, size_t offset, size_t url)
{
	aiodal_web__buf from = AIODAL_WEB__BUF_INIT;

	aiodal_web__buf_printf(&from, "FROM %s", resource->source);
	aiodal_web__resource_where_visible(&from, resource);
	aiodal_web__buf_str(&from, " AND NOT ");
	deleted_condition(&from, resource);
	aiodal_web__buf_str(&from, where);
	if (from.oom)
		sql->oom = true;
	else
		aiodal_web__buf_printf(
			sql,
			"SELECT pg_catalog.concat('{\"total_count\": ', n.n, ', \"next_url\": ', CASE WHEN "
			"$%zu::pg_catalog.int8 > 0 AND $%zu::pg_catalog.int8 + $%zu < n.n THEN "
			"pg_catalog.to_json(pg_catalog.concat($%zu::pg_catalog.text, $%zu + $%zu)) ELSE 'null' END, "
			"', \"results\": ', (SELECT coalesce(pg_catalog.json_agg(s.*), '[]') FROM (SELECT %s %s%s LIMIT "
			"$%zu OFFSET $%zu) AS s), '}') FROM (SELECT count(*) AS n %s) AS n",
			limit, offset, limit, url, offset, limit, resource->columns, from.data, order_by, limit, offset,
			from.data);
	aiodal_web__buf_free(&from);
}

/*
 * Writing
 */

static bool
is_given(const bool *given, size_t i)
{
	return !given || given[i];
}

static void
key_from(aiodal_web__buf *sql, const aiodal_web_resource *resource, size_t first)
{
	size_t i;

	for (i = 0; i < resource->n_key; i++)
		aiodal_web__buf_printf(sql, "%s%s = $%zu", i ? " AND " : " WHERE ", resource->key[i]->sql, first + i);
}

/*
 * The body as a row, v, so that each value is read as its column's, with the type's modifier. Only what is
 * given is read: a column that is left out may be of a domain that takes no NULL.
 */
void
aiodal_web__resource_body_row(aiodal_web__buf *sql, const aiodal_web_resource *resource, const bool *given)
{
	const char *comma = " FROM pg_catalog.jsonb_to_record($1) AS v(";
	bool any = false;
	size_t i;

	for (i = 0; i < resource->n_inputs; i++)
	{
		const aiodal_web__input *input = &resource->inputs[i];

		if (!is_given(given, i))
			continue;
		aiodal_web__buf_printf(sql, "%s%s %s", comma, input->sql, aiodal_column_type(input->column));
		comma = ", ";
		any = true;
	}
	aiodal_web__buf_str(sql, any ? ")" : " FROM (SELECT $1::pg_catalog.jsonb) AS v");
}

static size_t
list_given(aiodal_web__buf *sql, const aiodal_web_resource *resource, const bool *given, const char *prefix)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < resource->n_inputs; i++)
		if (is_given(given, i))
			aiodal_web__buf_printf(sql, "%s%s%s", n++ ? ", " : "", prefix, resource->inputs[i].sql);
	return n;
}

void
aiodal_web__resource_insert(aiodal_web__buf *sql, const aiodal_web_resource *resource, const bool *given)
{
	size_t i;
	bool any = false;

	for (i = 0; i < resource->n_inputs && !any; i++)
		any = is_given(given, i);
	aiodal_web__buf_printf(sql, "INSERT INTO %s AS r ", aiodal_table_qualified(resource->table));
	if (any)
	{
		aiodal_web__buf_char(sql, '(');
		(void) list_given(sql, resource, given, "");
		aiodal_web__buf_str(sql, ") SELECT ");
		(void) list_given(sql, resource, given, "v.");
		aiodal_web__resource_body_row(sql, resource, given);
	}
	else
		aiodal_web__buf_str(sql, "DEFAULT VALUES");
	for (i = 0; i < resource->n_key; i++)
		aiodal_web__buf_printf(sql, "%s%s::pg_catalog.text", i ? ", " : " RETURNING ", resource->key[i]->sql);
}

/* ", version = ..." of a version that the table does not count by itself */
static void
count_version(aiodal_web__buf *sql, const aiodal_web_resource *resource)
{
	aiodal_web__buf name = AIODAL_WEB__BUF_INIT;
	unsigned int type = resource->version ? resource->version->type : 0;

	if (!resource->version)
		return;
	aiodal_web__sql_ident(&name, resource->version->name);
	if (resource->version->kind == AIODAL_WEB__INTEGER)
		aiodal_web__buf_printf(sql, ", %s = %s + 1", name.data, resource->version->sql);
	else if (type == 1184 || type == 1114)
		aiodal_web__buf_printf(sql, ", %s = pg_catalog.clock_timestamp()", name.data);
	else if (type == 2950)
		aiodal_web__buf_printf(sql, ", %s = pg_catalog.gen_random_uuid()", name.data);
	sql->oom = sql->oom || name.oom;
	aiodal_web__buf_free(&name);
}

void
aiodal_web__resource_set(aiodal_web__buf *sql, const aiodal_web_resource *resource, const bool *given,
						 bool whole)
{
	const char *comma = "";
	size_t i;

	aiodal_web__buf_printf(sql, "UPDATE %s AS r SET ", aiodal_table_qualified(resource->table));
	for (i = 0; i < resource->n_inputs; i++)
	{
		const aiodal_web__input *input = &resource->inputs[i];

		if (input->is_key || (!whole && !is_given(given, i)))
			continue;
		if (is_given(given, i))
			aiodal_web__buf_printf(sql, "%s%s = v.%s", comma, input->sql, input->sql);
		else
			aiodal_web__buf_printf(sql, "%s%s = DEFAULT", comma, input->sql);
		comma = ", ";
	}
	count_version(sql, resource);
	aiodal_web__resource_body_row(sql, resource, given);
	key_from(sql, resource, 2);
}

void
aiodal_web__resource_remove(aiodal_web__buf *sql, const aiodal_web_resource *resource)
{
	aiodal_web__buf name = AIODAL_WEB__BUF_INIT;

	if (!resource->deleted)
		aiodal_web__buf_printf(sql, "DELETE FROM %s AS r", aiodal_table_qualified(resource->table));
	else
	{
		aiodal_web__sql_ident(&name, resource->deleted->name);
		aiodal_web__buf_printf(sql, "UPDATE %s AS r SET %s = %s", aiodal_table_qualified(resource->table),
							   name.oom ? "" : name.data,
							   resource->deleted_is_boolean ? "true" : "pg_catalog.now()");
		count_version(sql, resource);
	}
	key_from(sql, resource, 1);
	sql->oom = sql->oom || name.oom;
	aiodal_web__buf_free(&name);
}

void
aiodal_web__resource_lock(aiodal_web__buf *sql, const aiodal_web_resource *resource)
{
	aiodal_web__buf_printf(sql, "SELECT FROM %s AS r", aiodal_table_qualified(resource->table));
	key_from(sql, resource, 1);
	aiodal_web__buf_str(sql, " FOR NO KEY UPDATE");
}
