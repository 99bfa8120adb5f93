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
