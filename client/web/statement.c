/*
 * statement.c
 *		Putting SQL together.
 */
#include "statement.h"

#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

void
aiodal_web__sql_ident(aiodal_web__buf *sql, const char *name)
{
	aiodal_web__buf_char(sql, '"');
	for (; *name; name++)
	{
		if (*name == '"')
			aiodal_web__buf_char(sql, '"');
		aiodal_web__buf_char(sql, *name);
	}
	aiodal_web__buf_char(sql, '"');
}

size_t
aiodal_web__sql_parameters(const char *sql)
{
	const char *p = sql;
	size_t highest = 0;

	while (p && (p = strchr(p, '$')))
	{
		size_t n = strtoul(++p, NULL, 10);

		if (*p >= '0' && *p <= '9' && n > highest)
			highest = n;
	}
	return highest;
}

void
aiodal_web__statement_value(aiodal_web__statement *s, const char *value, const char *label)
{
	if (!aiodal_web__grow(&s->params, s->n, sizeof(*s->params)) ||
		!aiodal_web__grow(&s->labels, s->n, sizeof(*s->labels)))
	{
		s->sql.oom = true;
		return;
	}
	s->params[s->n] = value;
	s->labels[s->n++] = label;
}

void
aiodal_web__statement_param(aiodal_web__statement *s, const char *value, const char *label)
{
	aiodal_web__statement_value(s, value, label);
	aiodal_web__buf_printf(&s->sql, "$%zu", s->n);
}

aiodal_status
aiodal_web__statement_exec(aiodal_result **rows, aiodal_tx *tx, const aiodal_web__statement *s,
						   aiodal_error **err)
{
	if (s->sql.oom)
		return aiodal_web__oom(err);
	return aiodal_tx_exec(rows, tx, s->sql.data, s->n, s->params, err);
}

/*
 * What input functions of types raise; those of class 42 are of types for text search and of names.
 */
bool
aiodal_web__is_bad_value(const aiodal_error *error)
{
	static const char *const states[] = {"22", "23514", "42601", "42602", "42704", "42P01", "54"};
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (aiodal_web__is_sqlstate(error, states[i]))
			return true;
	return false;
}

/*
 * The context is translated, "$" and the number are not. Its last line is the outermost: that of a parameter
 * when the error is of one, whatever the type's input function says before; that of a function otherwise.
 */
const char *
aiodal_web__statement_blame(const aiodal_web__statement *s, const aiodal_error *error)
{
	const char *context = aiodal_error_field(error, PG_DIAG_CONTEXT);
	const char *line = context ? strrchr(context, '\n') : NULL;
	const char *dollar = context ? strchr(line ? line : context, '$') : NULL;
	long n = dollar ? strtol(dollar + 1, NULL, 10) : 0;

	if (!aiodal_web__is_bad_value(error))
		return NULL;
	return n >= 1 && (size_t) n <= s->n ? s->labels[n - 1] : NULL;
}

void
aiodal_web__statement_free(aiodal_web__statement *s)
{
	aiodal_web__buf_free(&s->sql);
	aiodal_web__free(s->params);
	aiodal_web__free(s->labels);
	memset(s, 0, sizeof(*s));
}

bool
aiodal_web__is_sqlstate(const aiodal_error *error, const char *prefix)
{
	const char *sqlstate = aiodal_error_sqlstate(error);

	return sqlstate && strncmp(sqlstate, prefix, strlen(prefix)) == 0;
}
