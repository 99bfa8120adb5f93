/*
 * alias.c
 *		Aliases as they are set (definitions), and as a transaction uses them (resolved: SQL text and
 * columns).
 */
#include "alias.h"

#include <string.h>

#include "error.h"
#include "op.h"
#include "util/arena.h"
#include "util/mem.h"
#include "util/options.h"

struct aiodal__alias_def
{
	aiodal__alias_def *next;
	aiodal__arena arena; /* all strings */
	const char *name;
	aiodal_call call;
};

struct aiodal_alias
{
	aiodal_alias *next;
	char *name; /* NULL: replaced since, kept for those who borrowed it */
	char *sql;
	PGresult *columns;
};

static const char *
arena_string(aiodal__arena *arena, const char *s, bool *oom)
{
	size_t size;
	char *copy;

	if (!s)
		return NULL;
	size = strlen(s) + 1;
	copy = aiodal__arena_alloc(arena, size, 1);
	*oom |= copy == NULL;
	return copy ? memcpy(copy, s, size) : NULL;
}

static const char *const *
arena_strings(aiodal__arena *arena, const char *const *strings, size_t n, bool *oom)
{
	const char **copies;

	if (!strings)
		return NULL;
	copies = aiodal__arena_alloc(arena, n, sizeof(*copies));
	*oom |= copies == NULL;
	for (size_t i = 0; copies && i < n; i++)
		copies[i] = arena_string(arena, strings[i], oom);
	return copies;
}

static void
def_free(aiodal__alias_def *def)
{
	aiodal__arena_free(&def->arena);
	aiodal__free(def);
}

static aiodal__alias_def *
def_new(const char *name, const aiodal_call *call)
{
	aiodal__alias_def *def = aiodal__calloc(1, sizeof(*def));
	bool oom = false;

	if (!def)
		return NULL;
	def->name = arena_string(&def->arena, name, &oom);
	def->call.schema = arena_string(&def->arena, call->schema, &oom);
	def->call.function = arena_string(&def->arena, call->function, &oom);
	def->call.n_args = call->n_args;
	def->call.args = arena_strings(&def->arena, call->args, call->n_args, &oom);
	def->call.types = arena_strings(&def->arena, call->types, call->n_args, &oom);
	if (!oom)
		return def;
	def_free(def);
	return NULL;
}

static void
remove_def(aiodal__alias_list *list, const char *name)
{
	for (aiodal__alias_def **at = &list->first; *at; at = &(*at)->next)
	{
		aiodal__alias_def *def = *at;

		if (strcmp(def->name, name) == 0)
		{
			*at = def->next;
			def_free(def);
			return;
		}
	}
}

aiodal_status
aiodal__alias_set(aiodal__alias_list *list, const char *name, const aiodal_call *call, aiodal_error **err)
{
	aiodal_call copy;
	aiodal__alias_def *def = NULL;
	aiodal_status status = aiodal__options_copy(&copy, sizeof(copy), call, "aiodal_call", err);

	if (status != AIODAL_OK)
		return status;
	if (!name || (call && !copy.function) || (call && copy.n_args > 0 && !copy.args))
		return aiodal__fail(err, AIODAL_EINVAL,
							"an alias needs a name, a function, and as many args as n_args says");
	if (call)
	{
		def = def_new(name, &copy);
		if (!def)
			return aiodal__fail_memory(err);
	}
	remove_def(list, name);
	if (def)
	{
		def->next = list->first;
		list->first = def;
	}
	return AIODAL_OK;
}

const aiodal__alias_def *
aiodal__alias_find(const aiodal__alias_list *list, const char *name)
{
	const aiodal__alias_def *def = list->first;

	while (def && strcmp(def->name, name) != 0)
		def = def->next;
	return def;
}

void
aiodal__alias_offer(const aiodal__alias_list *list, aiodal__suggest *suggest)
{
	for (const aiodal__alias_def *def = list->first; def; def = def->next)
		aiodal__suggest_offer(suggest, NULL, def->name);
}

void
aiodal__alias_clear(aiodal__alias_list *list)
{
	while (list->first)
		remove_def(list, list->first->name);
}

/* PQescapeIdentifier's and PQescapeLiteral's answer, appended. */
static void
add_quoted(aiodal__buf *buf, char *quoted)
{
	if (quoted)
		aiodal__buf_str(buf, quoted);
	else
		buf->oom = true;
	PQfreemem(quoted);
}

static void
add_argument(aiodal__buf *buf, PGconn *pg, const char *arg, const char *type)
{
	if (arg)
		add_quoted(buf, PQescapeLiteral(pg, arg, strlen(arg)));
	else
		aiodal__buf_str(buf, "NULL");
	if (type)
		aiodal__buf_printf(buf, "::%s", type);
}

char *
aiodal__alias_text(const aiodal__alias_def *def, PGconn *pg)
{
	aiodal__buf buf = AIODAL__BUF_INIT;
	const aiodal_call *call = &def->call;

	if (call->schema)
	{
		add_quoted(&buf, PQescapeIdentifier(pg, call->schema, strlen(call->schema)));
		aiodal__buf_str(&buf, ".");
	}
	add_quoted(&buf, PQescapeIdentifier(pg, call->function, strlen(call->function)));
	aiodal__buf_str(&buf, "(");
	for (size_t i = 0; i < call->n_args; i++)
	{
		if (i > 0)
			aiodal__buf_str(&buf, ", ");
		add_argument(&buf, pg, call->args[i], call->types ? call->types[i] : NULL);
	}
	aiodal__buf_str(&buf, ")");
	return aiodal__buf_take(&buf);
}

/* Asks for the columns of "SELECT * FROM sql", inside a savepoint so that a mistake does not cost the
 * transaction. */
static aiodal_status
describe(PGresult **columns, aiodal__conn *conn, const char *sql, aiodal_error **err)
{
	aiodal__buf query = AIODAL__BUF_INIT;
	aiodal__step steps[] = {
		{AIODAL__STEP_EXEC, "SAVEPOINT aiodal_alias", 0, NULL},
		{AIODAL__STEP_COLUMNS, NULL, 0, NULL},
		{AIODAL__STEP_SYNC, NULL, 0, NULL},
		{AIODAL__STEP_EXEC, "ROLLBACK TO SAVEPOINT aiodal_alias", 0, NULL},
		{AIODAL__STEP_EXEC, "RELEASE SAVEPOINT aiodal_alias", 0, NULL},
	};
	PGresult *results[5] = {NULL};
	aiodal_status status;

	aiodal__buf_printf(&query, "SELECT * FROM %s", sql);
	if (query.oom)
	{
		aiodal__buf_free(&query);
		return aiodal__fail_memory(err);
	}
	steps[1].sql = query.data;
	status = aiodal__op_pipeline(conn, steps, 5, results, err);
	if (status == AIODAL_OK)
	{
		*columns = results[1];
		results[1] = NULL;
	}
	for (int i = 0; i < 5; i++)
		PQclear(results[i]);
	aiodal__buf_free(&query);
	return status;
}

/* The server did not know what the alias names: that is not found, not refused. */
static aiodal_status
explain(const char *name, aiodal_status status, aiodal_error **err)
{
	const char *sqlstate = err && *err ? aiodal_error_sqlstate(*err) : NULL;
	aiodal__buf context = AIODAL__BUF_INIT;

	aiodal__buf_printf(&context, "looking up alias \"%s\"", name);
	aiodal__error_annotate(err, context.oom ? NULL : context.data, NULL);
	aiodal__buf_free(&context);
	/* undefined function, undefined schema */
	if (sqlstate && status == AIODAL_ESERVER)
	{
		sqlstate = aiodal_error_sqlstate(*err);
		if (strcmp(sqlstate, "42883") == 0 || strcmp(sqlstate, "3F000") == 0)
			return aiodal__error_restatus(err, AIODAL_ENOTFOUND);
	}
	return status;
}

aiodal_status
aiodal__alias_resolve(aiodal_alias **out, aiodal__conn *conn, const char *name, char *sql, aiodal_error **err)
{
	aiodal_alias *alias = aiodal__calloc(1, sizeof(*alias));
	aiodal_error *own = NULL;
	aiodal_status status;

	if (!alias)
	{
		aiodal__free(sql);
		return aiodal__fail_memory(err);
	}
	alias->sql = sql;
	alias->name = aiodal__strdup(name);
	status = alias->name ? describe(&alias->columns, conn, sql, &own) : aiodal__fail_memory(&own);
	if (status == AIODAL_OK)
	{
		*out = alias;
		return AIODAL_OK;
	}
	status = explain(name, status, &own);
	aiodal__alias_free_all(alias);
	aiodal__error_move(err, &own);
	return status;
}

const aiodal_alias *
aiodal__alias_resolved(const aiodal_alias *first, const char *name)
{
	while (first && (!first->name || strcmp(first->name, name) != 0))
		first = first->next;
	return first;
}

void
aiodal__alias_forget(aiodal_alias *first, const char *name)
{
	for (; first; first = first->next)
	{
		if (first->name && strcmp(first->name, name) == 0)
		{
			aiodal__free(first->name);
			first->name = NULL;
		}
	}
}

void
aiodal__alias_push(aiodal_alias **first, aiodal_alias *alias)
{
	alias->next = *first;
	*first = alias;
}

void
aiodal__alias_free_all(aiodal_alias *first)
{
	while (first)
	{
		aiodal_alias *next = first->next;

		aiodal__free(first->name);
		aiodal__free(first->sql);
		PQclear(first->columns);
		aiodal__free(first);
		first = next;
	}
}

const char *
aiodal_alias_sql(const aiodal_alias *alias)
{
	return alias ? alias->sql : NULL;
}

int
aiodal_alias_column_count(const aiodal_alias *alias)
{
	return alias ? PQnfields(alias->columns) : 0;
}

const char *
aiodal_alias_column_name(const aiodal_alias *alias, int column)
{
	return column >= 0 && column < aiodal_alias_column_count(alias) ? PQfname(alias->columns, column) : NULL;
}

unsigned int
aiodal_alias_column_type(const aiodal_alias *alias, int column)
{
	return column >= 0 && column < aiodal_alias_column_count(alias) ? PQftype(alias->columns, column) : 0;
}
