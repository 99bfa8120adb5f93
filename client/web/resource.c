/*
 * resource.c
 *		Building a resource: options, the columns they name, routes.
 */
#include "resource.h"

#include <stdio.h>
#include <string.h>

#include <aiodal/db.h>

#include "app.h"

#define DEFAULT_LIMIT 100
#define MAX_LIMIT     1000

/*
 * Texts
 */

const char *
aiodal_web__resource_keep(aiodal_web_resource *resource, aiodal_web__buf *text)
{
	const char *copy = NULL;

	if (!text->oom)
		copy = aiodal_web__arena_copy(&resource->arena, text->data ? text->data : "", text->len);
	aiodal_web__buf_free(text);
	return copy;
}

static bool
copy_text(aiodal_web_resource *resource, const char **text)
{
	if (*text)
		*text = aiodal_web__arena_copy(&resource->arena, *text, strlen(*text));
	return *text != NULL;
}

static bool
copy_names(aiodal_web_resource *resource, const char *const **names, size_t n)
{
	const char **copy = aiodal_web__arena_alloc(&resource->arena, (n + 1) * sizeof(*copy));
	size_t i;

	for (i = 0; copy && i < n; i++)
	{
		copy[i] = (*names)[i];
		if (!copy_text(resource, &copy[i]))
			return false;
	}
	*names = copy;
	return copy != NULL;
}

static bool
copy_messages(aiodal_web_resource *resource)
{
	aiodal_web_resource_options *o = &resource->options;
	aiodal_web_message *copy = aiodal_web__arena_alloc(&resource->arena, (o->n_messages + 1) * sizeof(*copy));
	size_t i;

	for (i = 0; copy && i < o->n_messages; i++)
	{
		copy[i] = o->messages[i];
		if (!copy_text(resource, &copy[i].constraint) || !copy_text(resource, &copy[i].text))
			return false;
	}
	o->messages = copy;
	return copy != NULL;
}

static bool
copy_options(aiodal_web_resource *resource)
{
	aiodal_web_resource_options *o = &resource->options;
	const char **texts[] = {&o->schema, &o->table,   &o->query,   &o->path,    &o->item_path,
							&o->name,   &o->order,   &o->version, &o->deleted, &o->visible,
							&o->create, &o->replace, &o->update,  &o->remove};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (*texts[i] && !copy_text(resource, texts[i]))
			return false;
	return copy_names(resource, &o->columns, o->n_columns) && copy_names(resource, &o->key, o->n_key) &&
		   copy_names(resource, &o->filters, o->n_filters) &&
		   copy_names(resource, &o->writable, o->n_writable) && copy_messages(resource);
}

/*
 * Options
 */

static aiodal_status
check_messages(const aiodal_web_resource_options *o, aiodal_error **err)
{
	size_t i;

	for (i = 0; i < o->n_messages; i++)
	{
		const aiodal_web_message *m = &o->messages[i];

		if (!m->constraint || !m->text || (m->status && (m->status < 400 || m->status > 499)))
			return aiodal_web__fail(
				err, AIODAL_EINVAL,
				"a message needs a constraint, a text, and a status from 400 to 499 if any");
	}
	return AIODAL_OK;
}

static aiodal_status
check_options(const aiodal_web_resource_options *o, aiodal_error **err)
{
	if (!o->table && !o->query)
		return aiodal_web__fail(err, AIODAL_EINVAL, "a resource needs a table or a query");
	if (!o->table && !o->path)
		return aiodal_web__fail(err, AIODAL_EINVAL, "a resource without a table needs a path");
	if (o->path && (o->path[0] != '/' || !o->path[1] || o->path[strlen(o->path) - 1] == '/'))
		return aiodal_web__fail(err, AIODAL_EINVAL, "path \"%s\" does not begin with \"/\", or ends with one",
								o->path);
	if ((o->n_values > 0) != (o->values != NULL) || (o->n_values > 0 && !o->visible && !o->query))
		return aiodal_web__fail(
			err, AIODAL_EINVAL,
			"n_values and values come together, with a condition or query that uses them");
	if (aiodal_web__sql_parameters(o->query) > o->n_values ||
		aiodal_web__sql_parameters(o->visible) > o->n_values)
		return aiodal_web__fail(err, AIODAL_EINVAL, "the query and condition have only $1 to $%zu",
								o->n_values);
	if (o->default_limit < 0 || o->max_limit < 0)
		return aiodal_web__fail(err, AIODAL_EINVAL, "limits must not be negative");
	return check_messages(o, err);
}

static void
set_defaults(aiodal_web_resource_options *o)
{
	if (!o->max_limit)
		o->max_limit = MAX_LIMIT;
	if (!o->default_limit)
		o->default_limit = o->max_limit < DEFAULT_LIMIT ? o->max_limit : DEFAULT_LIMIT;
	if (!o->name)
		o->name = o->table ? o->table : o->path + 1;
	if (o->tx.size == 0)
		o->tx.size = sizeof(o->tx);
}

/* "/books/{id}" */
static void
add_parameters(aiodal_web__buf *path, const aiodal_web_resource *resource)
{
	size_t i;

	for (i = 0; i < resource->n_key; i++)
	{
		const char *name = resource->key[i]->name;
		size_t len = strlen(name);
		bool is_word = strspn(name, "abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;

		if (len > 0 && is_word && (name[0] < '0' || name[0] > '9'))
			aiodal_web__buf_printf(path, "/{%s}", name);
		else
			aiodal_web__buf_printf(path, "/{key%zu}", i + 1);
	}
}

static size_t
count_parameters(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '{';
	return n;
}

static aiodal_status
set_paths(aiodal_web_resource *resource, aiodal_error **err)
{
	aiodal_web_resource_options *o = &resource->options;
	aiodal_web__buf text = AIODAL_WEB__BUF_INIT;

	if (!o->path)
	{
		aiodal_web__buf_printf(&text, "/%s", o->table);
		if (!(o->path = aiodal_web__resource_keep(resource, &text)))
			return aiodal_web__oom(err);
	}
	if (!o->item_path)
	{
		aiodal_web__buf_str(&text, o->path);
		add_parameters(&text, resource);
		if (!(o->item_path = aiodal_web__resource_keep(resource, &text)))
			return aiodal_web__oom(err);
	}
	aiodal_web__buf_printf(&text, "%s%s", resource->scope_prefix, o->item_path);
	if (!(resource->item_pattern = aiodal_web__resource_keep(resource, &text)))
		return aiodal_web__oom(err);
	if (count_parameters(o->item_path) < resource->n_key)
		return aiodal_web__fail(err, AIODAL_EINVAL, "\"%s\" has fewer parameters than the key has columns",
								o->item_path);
	return AIODAL_OK;
}

/*
 * Columns
 */

const aiodal_web__field *
aiodal_web__resource_field(const aiodal_web_resource *resource, const char *name)
{
	size_t i;

	for (i = 0; i < resource->n_fields; i++)
		if (strcmp(resource->fields[i].name, name) == 0)
			return &resource->fields[i];
	return NULL;
}

static aiodal_status
need_field(const aiodal_web__field **field, const aiodal_web_resource *resource, const char *name,
		   aiodal_error **err)
{
	*field = aiodal_web__resource_field(resource, name);
	if (*field)
		return AIODAL_OK;
	return aiodal_web__fail(err, AIODAL_ENOTFOUND, "resource \"%s\" has no column \"%s\"",
							resource->options.name, name);
}

/* Marks those named; mark: where in a field. */
static aiodal_status
mark_fields(aiodal_web_resource *resource, const char *const *names, size_t n, size_t mark,
			aiodal_error **err)
{
	const aiodal_web__field *field;
	size_t i;

	for (i = 0; i < resource->n_fields; i++)
		*(bool *) ((char *) &resource->fields[i] + mark) = false;
	for (i = 0; i < n; i++)
	{
		aiodal_status status = need_field(&field, resource, names[i], err);

		if (status)
			return status;
		*(bool *) ((char *) &resource->fields[field - resource->fields] + mark) = true;
	}
	return AIODAL_OK;
}

/* What a client sends is read as the column's type; of composite types the server does not know which. */
static aiodal_status
check_comparable(const aiodal_web__field *field, aiodal_error **err)
{
	if (field->kind != AIODAL_WEB__OBJECT)
		return AIODAL_OK;
	return aiodal_web__fail(err, AIODAL_EINVAL,
							"column \"%s\" is of a composite type: it is no key or filter", field->name);
}

static aiodal_status
check_filters(const aiodal_web_resource *resource, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;
	size_t i;

	for (i = 0; i < resource->n_fields && !status; i++)
		if (resource->fields[i].filter)
			status = check_comparable(&resource->fields[i], err);
	return status;
}

static aiodal_status
choose_columns(aiodal_web_resource *resource, aiodal_error **err)
{
	const aiodal_web_resource_options *o = &resource->options;
	aiodal_status status = AIODAL_OK;
	size_t i;

	for (i = 0; i < resource->n_fields; i++)
		resource->fields[i].shown = true;
	if (o->n_columns > 0)
		status = mark_fields(resource, o->columns, o->n_columns, offsetof(aiodal_web__field, shown), err);
	if (!status && o->n_filters > 0)
	{
		status = mark_fields(resource, o->filters, o->n_filters, offsetof(aiodal_web__field, filter), err);
		return status ? status : check_filters(resource, err);
	}
	for (i = 0; i < resource->n_fields; i++)
		resource->fields[i].filter = resource->fields[i].filter && resource->fields[i].shown;
	return status;
}

static aiodal_status
choose_key(aiodal_web_resource *resource, aiodal_error **err)
{
	const aiodal_constraint *pk = aiodal_table_primary_key(resource->table);
	size_t given = resource->options.n_key;
	size_t n = given ? given : (size_t) aiodal_constraint_column_count(pk);
	aiodal_status status = AIODAL_OK;
	size_t i;

	resource->key = aiodal_web__arena_alloc(&resource->arena, (n + 1) * sizeof(*resource->key));
	if (!resource->key)
		return aiodal_web__oom(err);
	for (i = 0; i < n && !status; i++)
	{
		status = need_field(&resource->key[i], resource,
							given ? resource->options.key[i] : aiodal_constraint_column_at(pk, (int) i), err);
		if (!status)
			status = check_comparable(resource->key[i], err);
	}
	resource->n_key = status ? 0 : n;
	return status;
}

static aiodal_status
choose_marks(aiodal_web_resource *resource, aiodal_error **err)
{
	const aiodal_web_resource_options *o = &resource->options;
	aiodal_status status = AIODAL_OK;

	if (o->version)
		status = need_field(&resource->version, resource, o->version, err);
	if (!status && o->deleted)
		status = need_field(&resource->deleted, resource, o->deleted, err);
	resource->deleted_is_boolean = resource->deleted && resource->deleted->type == 16;
	return status;
}

static const char *
list_columns(aiodal_web_resource *resource, bool all_needed)
{
	aiodal_web__buf text = AIODAL_WEB__BUF_INIT;
	const char *comma = "";
	size_t i;

	for (i = 0; i < resource->n_fields; i++)
	{
		const aiodal_web__field *f = &resource->fields[i];

		if (!f->shown && !(all_needed && (f == resource->version || f == resource->deleted)))
			continue;
		aiodal_web__buf_printf(&text, "%s%s", comma, f->sql);
		comma = ", ";
	}
	return aiodal_web__resource_keep(resource, &text);
}

static aiodal_status
write_columns(aiodal_web_resource *resource, aiodal_error **err)
{
	resource->columns = list_columns(resource, false);
	resource->needed = list_columns(resource, true);
	if (!resource->columns || !resource->needed)
		return aiodal_web__oom(err);
	return AIODAL_OK;
}

/*
 * Actions
 */

/* What a client cannot say is not written. */
static aiodal_status
check_writing(const aiodal_web_resource *resource, aiodal_error **err)
{
	const aiodal_web_resource_options *o = &resource->options;
	size_t i;

	if (!o->table)
		return aiodal_web__fail(err, AIODAL_EINVAL, "resource \"%s\" needs a table to be written to",
								o->name);
	for (i = 0; i < resource->n_key; i++)
		if (!aiodal_table_column(resource->table, resource->key[i]->name))
			return aiodal_web__fail(err, AIODAL_EINVAL, "the table of resource \"%s\" has no column \"%s\"",
									o->name, resource->key[i]->name);
	if ((o->actions & AIODAL_WEB_CREATE) &&
		count_parameters(o->item_path) != count_parameters(o->path) + resource->n_key)
		return aiodal_web__fail(err, AIODAL_EINVAL,
								"\"%s\" has other parameters than the path and the key, so that no Location "
								"can be told",
								o->item_path);
	return AIODAL_OK;
}

static aiodal_status
choose_actions(aiodal_web_resource *resource, aiodal_error **err)
{
	aiodal_web_resource_options *o = &resource->options;

	if (!o->actions)
		o->actions = resource->n_key ? AIODAL_WEB_READ : AIODAL_WEB_LIST;
	if (o->actions & ~AIODAL_WEB_ALL)
		return aiodal_web__fail(err, AIODAL_EINVAL, "resource \"%s\" has unknown actions", o->name);
	if (resource->n_key == 0 && o->actions != AIODAL_WEB_LIST)
		return aiodal_web__fail(err, AIODAL_EINVAL, "resource \"%s\" needs a key", o->name);
	return AIODAL_OK;
}

static aiodal_status
choose_inputs(aiodal_web_resource *resource, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;

	if (resource->options.actions & ~AIODAL_WEB_READ)
		status = check_writing(resource, err);
	if (!status && (resource->options.actions & ~AIODAL_WEB_READ))
		status = aiodal_web__resource_read_inputs(resource, err);
	return status;
}

/*
 * All of it
 */

static aiodal_status
build(aiodal_web_resource *resource, aiodal_tx *tx, aiodal_error **err)
{
	const aiodal_web_resource_options *o = &resource->options;
	aiodal_status status = AIODAL_OK;

	if (o->table)
		status = aiodal_schema_find_table(&resource->table, resource->schema, o->schema, o->table, err);
	if (!status)
		status = aiodal_web__resource_read_source(resource, tx, err);
	if (!status)
		status = choose_columns(resource, err);
	if (!status)
		status = choose_key(resource, err);
	if (!status)
		status = choose_marks(resource, err);
	if (!status)
		status = choose_actions(resource, err);
	if (!status)
		status = write_columns(resource, err);
	if (!status)
		status = set_paths(resource, err);
	if (!status)
		status = choose_inputs(resource, err);
	return status ? status : aiodal_web__resource_try(resource, tx, err);
}

/* The snapshot may be newer than the transaction's: both are of one db, and only the newest counts. */
static aiodal_status
build_in_tx(aiodal_web_resource *resource, aiodal_error **err)
{
	aiodal_db *db = resource->app->db;
	aiodal_tx_options options = AIODAL_TX_OPTIONS_INIT;
	aiodal_tx *tx = NULL;
	aiodal_status status;

	if (!db)
		return aiodal_web__fail(err, AIODAL_ESTATE, "the app has no db");
	resource->schema = aiodal_db_schema(db);
	if (!resource->schema)
		return aiodal_web__fail(err, AIODAL_ESTATE, "the db has not been reflected");
	options.read_only = true;
	status = aiodal_tx_begin(&tx, db, &options, err);
	if (!status)
		status = build(resource, tx, err);
	aiodal_tx_free(tx);
	return status;
}

/*
 * Routes
 */

static const struct
{
	aiodal_web_action action;
	const char *method;
	bool one; /* at the item's path */
	aiodal_web_tx_handler handler;
	const char *name;
	const char *summary;
} routes[] = {
	{AIODAL_WEB_LIST, "GET", false, aiodal_web__resource_list, "list", "A page of the list"},
	{AIODAL_WEB_CREATE, "POST", false, aiodal_web__resource_create, "create", "Adds one"},
	{AIODAL_WEB_DETAIL, "GET", true, aiodal_web__resource_detail, "detail", "One by its key"},
	{AIODAL_WEB_REPLACE, "PUT", true, aiodal_web__resource_replace, "replace", "Writes one anew"},
	{AIODAL_WEB_UPDATE, "PATCH", true, aiodal_web__resource_update, "update", "Changes columns of one"},
	{AIODAL_WEB_DELETE, "DELETE", true, aiodal_web__resource_delete, "delete", "Deletes one"},
};

static aiodal_status
add_routes(aiodal_web_resource *resource, aiodal_web_scope *scope, aiodal_error **err)
{
	const aiodal_web_resource_options *o = &resource->options;
	aiodal_status status = AIODAL_OK;
	size_t i;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]) && !status; i++)
	{
		aiodal_web_route_options options = AIODAL_WEB_ROUTE_OPTIONS_INIT;
		char name[200];

		if (!(o->actions & routes[i].action))
			continue;
		(void) snprintf(name, sizeof(name), "%s_%s", o->name, routes[i].name);
		options.name = name;
		options.summary = routes[i].summary;
		options.tx = o->tx;
		options.tx.read_only = (routes[i].action & AIODAL_WEB_READ) != 0;
		options.max_body = o->max_body;
		options.on_error = aiodal_web__resource_on_error;
		options.on_error_payload = resource;
		status = aiodal_web_scope_add_tx(scope, routes[i].method, routes[i].one ? o->item_path : o->path,
										 routes[i].handler, resource, &options, err);
	}
	return status;
}

static void
free_resource(void *thing)
{
	aiodal_web_resource *resource = thing;

	aiodal_schema_unref(resource->schema);
	aiodal_web__arena_free(&resource->arena);
	aiodal_web__free(resource);
}

aiodal_status
aiodal_web_scope_add_resource(aiodal_web_scope *scope, const aiodal_web_resource_options *options,
							  aiodal_error **err)
{
	aiodal_web_resource *resource = aiodal_web__calloc(1, sizeof(*resource));
	aiodal_status status;

	if (!resource)
		return aiodal_web__oom(err);
	resource->app = scope->app;
	status = aiodal_web_app_own(scope->app, resource, free_resource, err);
	if (!status)
		status = aiodal_web__options_copy(&resource->options, sizeof(resource->options), options,
										  "the resource's options", err);
	if (!status)
		status = check_options(&resource->options, err);
	if (status)
		return status;
	if (!copy_options(resource))
		return aiodal_web__oom(err);
	set_defaults(&resource->options);
	resource->scope_prefix = scope->prefix;
	status = build_in_tx(resource, err);
	return status ? status : add_routes(resource, scope, err);
}

/*
 * What the handlers share
 */

aiodal_status
aiodal_web__resource_allow(aiodal_web_request *req, aiodal_web_response *res,
						   const aiodal_web_resource *resource, aiodal_web_action action, aiodal_error **err)
{
	const aiodal_web_resource_options *o = &resource->options;

	return o->allow ? o->allow(req, res, action, o->payload, err) : AIODAL_OK;
}

aiodal_status
aiodal_web__resource_values(aiodal_web__statement *s, aiodal_web_request *req,
							const aiodal_web_resource *resource, aiodal_error **err)
{
	size_t i;

	for (i = 0; i < resource->options.n_values; i++)
		aiodal_web__statement_value(s, NULL, NULL);
	if (s->sql.oom)
		return aiodal_web__oom(err);
	if (resource->options.n_values == 0)
		return AIODAL_OK;
	return resource->options.values(req, s->params, resource->options.payload, err);
}
