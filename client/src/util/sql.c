/*
 * sql.c
 *		The little that is to be known of a statement's text.
 */
#include "util/sql.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Behind the comment that begins here; they nest. */
static const char *
skip_comment(const char *sql)
{
	int depth = 0;

	do
	{
		if (strncmp(sql, "/*", 2) == 0 || strncmp(sql, "*/", 2) == 0)
			depth += *sql++ == '/' ? 1 : -1;
		sql++;
	} while (depth > 0 && *sql);
	return sql;
}

const char *
aiodal__sql_skip(const char *sql)
{
	for (;;)
	{
		sql += strspn(sql, " \t\n\r\f\v");
		if (strncmp(sql, "--", 2) == 0)
			sql += strcspn(sql, "\r\n");
		else if (strncmp(sql, "/*", 2) == 0)
			sql = skip_comment(sql);
		else
			return sql;
	}
}

bool
aiodal__sql_is_copy(const char *sql)
{
	const char *word = aiodal__sql_skip(sql);

	return strncasecmp(word, "copy", 4) == 0 && !isalnum((unsigned char) word[4]) && word[4] != '_';
}
