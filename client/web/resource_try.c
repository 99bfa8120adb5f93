/*
 * resource_try.c
 *		Trying a resource's statements out, so that mistakes show when it is added and not when it is used.
 * They are explained, not run.
 */
#include "resource.h"

/* A privilege may be one that requests get by a role of their own. */
static aiodal_status
exec_if_allowed(aiodal_tx *tx, const aiodal_web__statement *s, aiodal_error **err)
{
	aiodal_error *cause = NULL;
	aiodal_status status = aiodal_tx_savepoint(tx, "try", err);

	if (status)
		return status;
	status = aiodal_web__statement_exec(NULL, tx, s, &cause);
	if (status && aiodal_web__is_sqlstate(cause, "42501"))
	{
		aiodal_error_free(cause);
		return aiodal_tx_rollback_to(tx, "try", err);
	}
	if (status && err)
		*err = cause;
	else
		aiodal_error_free(cause);
	return status ? status : aiodal_tx_release(tx, "try", err);
}

static aiodal_status
explain(aiodal_tx *tx, aiodal_web__statement *s, size_t n, aiodal_error **err)
{
	aiodal_web__buf sql = AIODAL_WEB__BUF_INIT;
	aiodal_status status;

	aiodal_web__buf_printf(&sql, "EXPLAIN %s", s->sql.data ? s->sql.data : "");
	sql.oom = sql.oom || s->sql.oom;
	aiodal_web__buf_free(&s->sql);
	s->sql = sql;
	while (s->n < n && !s->sql.oom)
		aiodal_web__statement_value(s, NULL, NULL);
	status = exec_if_allowed(tx, s, err);
	aiodal_web__statement_free(s);
	return status;
}

static aiodal_status
try_list(const aiodal_web_resource *resource, aiodal_tx *tx, aiodal_error **err)
{
	aiodal_web__statement s = AIODAL_WEB__STATEMENT_INIT;
	aiodal_web__buf order = AIODAL_WEB__BUF_INIT;
	const char *wrong = aiodal_web__resource_order(&order, resource, NULL);
	size_t n = resource->options.n_values;

	s.sql.oom = order.oom;
	aiodal_web__resource_select_list(&s.sql, resource, "", order.data ? order.data : "", n + 1, n + 2, n + 3);
	aiodal_web__buf_free(&order);
	if (!wrong)
		return explain(tx, &s, n + 3, err);
	aiodal_web__statement_free(&s);
	return aiodal_web__fail(err, AIODAL_EINVAL, "%s", wrong);
}

static aiodal_status
try_find(const aiodal_web_resource *resource, aiodal_tx *tx, bool lock, aiodal_error **err)
{
	aiodal_web__statement s = AIODAL_WEB__STATEMENT_INIT;

	aiodal_web__resource_select_one(&s.sql, resource);
	if (lock && !resource->options.query)
		aiodal_web__buf_str(&s.sql, " FOR NO KEY UPDATE OF r");
	return explain(tx, &s, resource->options.n_values + resource->n_key, err);
}

static aiodal_status
try_lock(const aiodal_web_resource *resource, aiodal_tx *tx, aiodal_error **err)
{
	aiodal_web__statement s = AIODAL_WEB__STATEMENT_INIT;

	aiodal_web__resource_lock(&s.sql, resource);
	return explain(tx, &s, resource->n_key, err);
}

static void
derive(aiodal_web__buf *sql, const aiodal_web_resource *resource, aiodal_web_action action)
{
	if (action == AIODAL_WEB_CREATE)
		aiodal_web__resource_insert(sql, resource, NULL);
	else if (action == AIODAL_WEB_DELETE)
		aiodal_web__resource_remove(sql, resource);
	else
		aiodal_web__resource_set(sql, resource, NULL, true);
}

static aiodal_status
try_write(const aiodal_web_resource *resource, aiodal_tx *tx, aiodal_web_action action, const char *by_hand,
		  aiodal_error **err)
{
	aiodal_web__statement s = AIODAL_WEB__STATEMENT_INIT;
	size_t n = resource->options.n_values;
	size_t used;

	if (action != AIODAL_WEB_DELETE)
		n++;
	if (action != AIODAL_WEB_CREATE)
		n += resource->n_key;
	if (by_hand)
		aiodal_web__buf_str(&s.sql, by_hand);
	else
		derive(&s.sql, resource, action);
	used = aiodal_web__sql_parameters(s.sql.data);
	if (used <= n)
		return explain(tx, &s, used, err);
	aiodal_web__statement_free(&s);
	return aiodal_web__fail(err, AIODAL_EINVAL, "a statement of resource \"%s\" has only $1 to $%zu",
							resource->options.name, n);
}

static aiodal_status
try_writing(const aiodal_web_resource *resource, aiodal_tx *tx, aiodal_error **err)
{
	const aiodal_web_resource_options *o = &resource->options;
	const struct
	{
		aiodal_web_action action;
		const char *by_hand;
	} writes[] = {
		{AIODAL_WEB_CREATE, o->create},
		{AIODAL_WEB_REPLACE, o->replace},
		{AIODAL_WEB_UPDATE, o->update},
		{AIODAL_WEB_DELETE, o->remove},
	};
	aiodal_status status = AIODAL_OK;
	size_t i;

	for (i = 0; i < sizeof(writes) / sizeof(writes[0]) && !status; i++)
		if (o->actions & writes[i].action)
			status = try_write(resource, tx, writes[i].action, writes[i].by_hand, err);
	return status;
}

aiodal_status
aiodal_web__resource_try(const aiodal_web_resource *resource, aiodal_tx *tx, aiodal_error **err)
{
	unsigned int actions = resource->options.actions;
	bool locks = (actions & (AIODAL_WEB_REPLACE | AIODAL_WEB_UPDATE | AIODAL_WEB_DELETE)) != 0;
	aiodal_status status = AIODAL_OK;

	if (actions & AIODAL_WEB_LIST)
		status = try_list(resource, tx, err);
	if (!status && actions != AIODAL_WEB_LIST)
		status = try_find(resource, tx, locks, err);
	if (!status && locks && resource->options.query)
		status = try_lock(resource, tx, err);
	return status ? status : try_writing(resource, tx, err);
}
