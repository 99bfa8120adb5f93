/*
 * name.c
 *		Names as SQL writes them. The server has the last word on what a name is; this reads the same grammar
 *		(identifiers, quoted or not) so that the program can tell a table from a query.
 */
#include "name.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

static const char no_end[] = "a quote is not closed";
static const char empty[] = "a name is empty";
static const char wrong[] =
	"a name with other characters than letters, digits, _ and $ must be in double quotes";

static bool
is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool
is_name_part(unsigned char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '$';
}

static const char *
skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* "a ""quoted"" name", of which *at is the first quote */
static char *
read_quoted(const char **at, const char **problem)
{
	char *name = cli_strdup(*at + 1);
	char *to = name;
	const char *from = *at + 1;

	for (;; from++)
	{
		if (*from == '\0')
		{
			*problem = no_end;
			break;
		}
		if (*from == '"' && *++from != '"')
			break;
		*to++ = *from;
	}
	*to = '\0';
	*at = from;
	if (!*problem && to == name)
		*problem = empty;
	return name;
}

/* Only ASCII is folded: so does the server with UTF-8. */
static char *
read_bare(const char **at, const char **problem)
{
	const char *end = *at;
	char *name;

	while (is_name_part((unsigned char) *end))
		end++;
	name = cli_strndup(*at, (size_t) (end - *at));
	for (char *c = name; *c; c++)
	{
		if (*c >= 'A' && *c <= 'Z')
			*c = (char) (*c - 'A' + 'a');
	}
	if (end == *at)
		*problem = *end == '\0' || *end == ',' || *end == '.' ? empty : wrong;
	else if (!is_letter((unsigned char) *name))
		*problem = "a name that starts with a digit or $ must be in double quotes";
	*at = end;
	return name;
}

/* Reads one name and the blanks around it; NULL when there is none. */
static char *
read_name(const char **at, const char **problem)
{
	char *name;

	*problem = NULL;
	*at = skip_blanks(*at);
	name = **at == '"' ? read_quoted(at, problem) : read_bare(at, problem);
	*at = skip_blanks(*at);
	if (*problem)
	{
		free(name);
		return NULL;
	}
	return name;
}

bool
cli_parse_table_name(cli_table_name *table, const char *text, const char **problem)
{
	table->schema = NULL;
	table->name = read_name(&text, problem);
	if (table->name && *text == '.')
	{
		text++;
		table->schema = table->name;
		table->name = read_name(&text, problem);
	}
	if (!*problem && *text == '.')
		*problem = "it has more parts than schema and table: the database is chosen with -d";
	else if (!*problem && *text != '\0')
		*problem = wrong;
	if (*problem)
		cli_free_table_name(table);
	return !*problem;
}

void
cli_free_table_name(cli_table_name *table)
{
	free(table->schema);
	free(table->name);
	table->schema = table->name = NULL;
}

void
cli_append_name(cli_names *names, char *name)
{
	names->at = cli_realloc(names->at, names->n + 1, sizeof(*names->at));
	names->at[names->n++] = name;
}

void
cli_free_names(cli_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->at[i]);
	free(names->at);
	*names = (cli_names){NULL, 0};
}

bool
cli_parse_names(cli_names *names, const char *text, const char **problem)
{
	for (;; text++)
	{
		char *name = read_name(&text, problem);

		if (!name)
			return false;
		cli_append_name(names, name);
		if (*text == '\0')
			return true;
		if (*text != ',')
		{
			*problem = wrong;
			return false;
		}
	}
}

/* Words that SQL keeps for itself are quoted by the server's messages; here a plain look is enough. */
char *
cli_quote_name(const char *name)
{
	bool plain = is_letter((unsigned char) *name);
	char *quoted;
	char *to;

	for (const char *c = name; *c; c++)
		plain = plain && is_name_part((unsigned char) *c) && !(*c >= 'A' && *c <= 'Z');
	if (plain)
		return cli_strdup(name);
	to = quoted = cli_realloc(NULL, 2 * strlen(name) + 3, 1);
	*to++ = '"';
	for (; *name; name++)
	{
		if (*name == '"')
			*to++ = '"';
		*to++ = *name;
	}
	*to++ = '"';
	*to = '\0';
	return quoted;
}

char *
cli_quote_table_name(const char *schema, const char *name)
{
	char *first = schema ? cli_quote_name(schema) : NULL;
	char *second = cli_quote_name(name);
	char *both = first ? cli_printf("%s.%s", first, second) : cli_strdup(second);

	free(first);
	free(second);
	return both;
}

char *
cli_array_text(const cli_names *names)
{
	size_t size = sizeof("{}");
	char *array;
	char *to;

	if (names->n == 0)
		return NULL;
	for (size_t i = 0; i < names->n; i++)
		size += 2 * strlen(names->at[i]) + 3;
	array = to = cli_realloc(NULL, size, 1);
	for (size_t i = 0; i < names->n; i++)
	{
		*to++ = i == 0 ? '{' : ',';
		*to++ = '"';
		for (const char *c = names->at[i]; *c; c++)
		{
			if (*c == '"' || *c == '\\')
				*to++ = '\\';
			*to++ = *c;
		}
		*to++ = '"';
	}
	(void) stpcpy(to, "}");
	return array;
}
