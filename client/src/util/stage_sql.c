/*
 * stage_sql.c
 *		Just as much of PostgreSQL's lexer as it takes to know what is quoted.
 *
 * A brace is no part of SQL outside of quotes, so that no statement means anything else by {stage}; inside of
 * them it is left alone: '{stage}' may be a path into a JSON document.
 */
#include "util/stage_sql.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "util/buf.h"

#define PLACEHOLDER "{stage}"

static bool
is_word(char c)
{
	return isalnum((unsigned char) c) || c == '_' || c == '$' || (unsigned char) c >= 0x80;
}

/* Behind the quote that ends what begins at s; a doubled one does not. */
static const char *
skip_quoted(const char *s, bool backslashes)
{
	char quote = *s++;

	while (*s)
	{
		if (*s == '\\' && backslashes && s[1])
			s++;
		else if (*s == quote && s[1] == quote)
			s++;
		else if (*s == quote)
			return s + 1;
		s++;
	}
	return s;
}

/* Behind the comment, which may have others in it. */
static const char *
skip_comment(const char *s)
{
	int depth = 0;

	while (*s)
	{
		bool opens = s[0] == '/' && s[1] == '*';
		bool closes = s[0] == '*' && s[1] == '/';

		depth += opens - closes;
		s += opens || closes ? 2 : 1;
		if (depth == 0)
			break;
	}
	return s;
}

/* Behind the $tag$ text $tag$ at s, or s itself when there is none. */
static const char *
skip_dollar_quoted(const char *s)
{
	const char *end = s + 1;
	size_t tag;

	while (is_word(*end) && *end != '$')
		end++;
	if (*end != '$' || isdigit((unsigned char) s[1]))
		return s;
	tag = (size_t) (end - s) + 1;
	for (end++; *end; end++)
	{
		if (strncmp(end, s, tag) == 0)
			return end + tag;
	}
	return end;
}

/* Behind whatever begins at s and is to be copied as it is; one character at least. */
static const char *
skip_token(const char *s)
{
	const char *end;

	if (*s == '"')
		return skip_quoted(s, false);
	if (*s == '\'')
		return skip_quoted(s, false);
	if ((*s == 'E' || *s == 'e') && s[1] == '\'')
		return skip_quoted(s + 1, true);
	if (s[0] == '-' && s[1] == '-')
		return s + strcspn(s, "\n");
	if (s[0] == '/' && s[1] == '*')
		return skip_comment(s);
	if (*s == '$' && (end = skip_dollar_quoted(s)) != s)
		return end;
	if (is_word(*s))
	{
		while (is_word(*s))
			s++;
		return s;
	}
	return s + 1;
}

char *
aiodal__stage_sql(const char *sql, const char *stage)
{
	aiodal__buf out = AIODAL__BUF_INIT;
	const size_t len = strlen(PLACEHOLDER);

	while (*sql)
	{
		const char *end;

		if (strncmp(sql, PLACEHOLDER, len) == 0)
		{
			aiodal__buf_str(&out, stage);
			sql += len;
			continue;
		}
		end = skip_token(sql);
		aiodal__buf_add(&out, sql, (size_t) (end - sql));
		sql = end;
	}
	return aiodal__buf_take(&out);
}
