/*
 * report.c
 *		Errors as people read them (stderr) and as programs do (JSON).
 *
 * Messages of libpq may quote the connection string, so all that is shown goes through hidden(), which knows
 * the passwords in it.
 */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aiodal/aiodal.h>

#include "memory.h"
#include "name.h"
#include "terminal.h"

static cli_names secrets;
/* The connection string cannot be read: what a message quotes of it may be any part of a password. */
static bool unreadable;

static void
keep(const char *text, size_t n)
{
	if (n > 0)
		cli_append_name(&secrets, cli_strndup(text, n));
}

/* What stands behind "word=", up to the end of the value, in keyword strings and in URIs. */
static void
keep_values(const char *conninfo, const char *word)
{
	const char *at = conninfo;

	while ((at = strstr(at, word)) != NULL)
	{
		at += strlen(word);
		at += strspn(at, " =");
		keep(at, strcspn(at, "& \t\n"));
	}
}

/* scheme://user:password@host, as written: percent-encoded */
static void
keep_uri_password(const char *conninfo)
{
	const char *user = strstr(conninfo, "://");
	const char *host = user ? strrchr(user, '@') : NULL;
	const char *colon = host ? memchr(user + 3, ':', (size_t) (host - user - 3)) : NULL;

	if (colon)
		keep(colon + 1, (size_t) (host - colon - 1));
}

void
cli_keep_secret(const char *conninfo)
{
	PQconninfoOption *options;

	if (!conninfo)
		return;
	options = PQconninfoParse(conninfo, NULL);
	for (PQconninfoOption *o = options; o && o->keyword; o++)
	{
		if (o->val && strstr(o->keyword, "password") && strcmp(o->keyword, "passfile") != 0)
			keep(o->val, strlen(o->val));
	}
	keep_values(conninfo, "password");
	keep_uri_password(conninfo);
	unreadable = !options && secrets.n > 0;
	PQconninfoFree(options);
}

/* Puts mask in place of n bytes at at; *text is replaced. Returns what is behind the mask. */
static char *
mask_out(char **text, char *at, size_t n)
{
	size_t before = (size_t) (at - *text);
	char *masked = cli_printf("%.*s********%s", (int) before, *text, at + n);

	free(*text);
	*text = masked;
	return masked + before + strlen("********");
}

/* The text without secrets; to be freed. NULL for NULL. */
static char *
hidden(const char *original)
{
	char *text = original ? cli_strdup(original) : NULL;
	char *at;

	for (size_t i = 0; text && i < secrets.n; i++)
	{
		for (at = text; (at = strstr(at, secrets.at[i])) != NULL;)
			at = mask_out(&text, at, strlen(secrets.at[i]));
	}
	return text;
}

/* The same for texts that may come from libpq. */
static char *
hidden_quotes(const char *original)
{
	char *text = hidden(original);
	char *first = text && unreadable ? strchr(text, '"') : NULL;
	char *last = first ? strrchr(text, '"') : NULL;

	if (last > first)
		(void) mask_out(&text, first, (size_t) (last - first) + 1);
	return text;
}

static void
print_labelled(const char *label, char *shown)
{
	if (shown)
	{
		(void) fputs(label, stderr);
		cli_print_text(stderr, shown);
		(void) fputc('\n', stderr);
	}
	free(shown);
}

static void
print_heading(cli_style_name style, const char *word)
{
	(void) fprintf(stderr, "aiodal: %s%s:%s ", cli_style(stderr, style), word,
				   cli_style(stderr, CLI_STYLE_NONE));
}

/*
 * The library and the server speak of their own options; who uses the program should read of its. To be
 * freed.
 */
static char *
own_words(const char *hint)
{
	static const char *const words[][2] = {
		{"set allow_empty", "give --allow-empty"},
		{"Merge with on_duplicate => 'first' or 'last'", "Use --on-duplicate first or --on-duplicate last"},
		{"Merge with on_duplicate 'first' or 'last'", "Use --on-duplicate first or --on-duplicate last"},
		{"All are shown by: SELECT * FROM aiodal.rejects().",
		 "--rejects FILE keeps them, --max-rejects allows more."},
		{"Try DELIMITER ", "Try --delimiter "},
		{"Leave out HEADER if the file has no header line, or give COPY a column list",
		 "Give --no-header if the file has no header line, and --columns if its names are others"},
		{"Name columns in \"key\" that", "Name columns with --key that"},
		{" FILE, and read what it writes.", " FILE | aiodal load - TABLE"},
	};

	for (size_t i = 0; hint && i < sizeof(words) / sizeof(words[0]); i++)
	{
		const char *at = strstr(hint, words[i][0]);

		if (at)
			return cli_printf("%.*s%s%s", (int) (at - hint), hint, words[i][1], at + strlen(words[i][0]));
	}
	return hidden(hint);
}

/* The context; without the library's own line, which file into what, where that is said. To be freed. */
static char *
own_context(const aiodal_error *err, bool file_is_said)
{
	char *context = hidden(aiodal_error_field(err, PG_DIAG_CONTEXT));
	char *last = context && file_is_said ? strrchr(context, '\n') : NULL;

	if (last && strncmp(last, "\nloading ", 9) == 0)
		*last = '\0';
	return context;
}

static void
print_more(const aiodal_error *err, bool file_is_said)
{
	print_labelled("DETAIL:  ", hidden_quotes(aiodal_error_detail(err)));
	print_labelled("HINT:  ", own_words(aiodal_error_hint(err)));
	print_labelled("CONTEXT:  ", own_context(err, file_is_said));
}

void
cli_print_error(const char *file, const aiodal_error *err)
{
	long long line = cli_error_line(err);

	print_heading(CLI_STYLE_ERROR, "error");
	if (file && line > 0)
		(void) fprintf(stderr, "%s:%lld: ", file, line);
	print_labelled("", hidden_quotes(aiodal_error_message(err)));
	print_more(err, file && line > 0);
}

char *
cli_error_text(const aiodal_error *err)
{
	return hidden_quotes(aiodal_error_message(err));
}

/* A character that does not begin one is part of the one before. */
static bool
begins_character(char c)
{
	return ((unsigned char) c & 0xc0) != 0x80;
}

/* LINE 2: what is there, and ^ below the character; position counts characters from 1. */
static void
print_place(const char *statement, long position)
{
	const char *line = statement;
	const char *at = statement;
	int number = 1;
	int indent;

	for (long n = 1; *at && (n < position || !begins_character(*at)); at++)
	{
		if (*at == '\n')
		{
			line = at + 1;
			number++;
		}
		n += begins_character(at[1]);
	}
	indent = fprintf(stderr, "LINE %d: ", number);
	(void) fprintf(stderr, "%.*s\n", (int) strcspn(line, "\n"), line);
	for (const char *c = line; c < at; c++)
		indent += begins_character(*c);
	(void) fprintf(stderr, "%*s^\n", indent, "");
}

void
cli_print_statement_error(const char *statement, const aiodal_error *err)
{
	const char *position = aiodal_error_field(err, PG_DIAG_STATEMENT_POSITION);

	print_heading(CLI_STYLE_ERROR, "error");
	print_labelled("", hidden_quotes(aiodal_error_message(err)));
	if (statement && position)
		print_place(statement, strtol(position, NULL, 10));
	print_more(err, false);
}

void
cli_complain(const char *detail, const char *hint, const char *fmt, ...)
{
	va_list args;

	print_heading(CLI_STYLE_ERROR, "error");
	va_start(args, fmt);
	(void) vfprintf(stderr, fmt, args);
	va_end(args);
	(void) fputc('\n', stderr);
	print_labelled("DETAIL:  ", hidden(detail));
	print_labelled("HINT:  ", hidden(hint));
}

void
cli_print_notice(void *payload, const aiodal_error *notice)
{
	const char *severity = aiodal_error_field(notice, PG_DIAG_SEVERITY);

	(void) payload;
	print_heading(CLI_STYLE_WARNING, severity ? severity : "NOTICE");
	print_labelled("", hidden_quotes(aiodal_error_message(notice)));
	print_more(notice, false);
}

/*
 * The line of CONTEXT that says where in the input the error is, of the server's COPY or of aiodal.merge():
 *		COPY book_stage, line 3, column price: "x"
 *		merge of "book_stage" into "book", line 3
 * NULL when there is none; *merge tells them apart.
 */
static const char *
place_in_input(const aiodal_error *err, bool *merge)
{
	const char *line = aiodal_error_field(err, PG_DIAG_CONTEXT);

	while (line && strncmp(line, "COPY ", 5) != 0 && strncmp(line, "merge of ", 9) != 0)
	{
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	*merge = line && *line == 'm';
	return line;
}

/* The second of two lines with one key: "It is on line 3 and on line 7". */
static const char *
repeated_line(const aiodal_error *err)
{
	static const char word[] = " and on line ";
	const char *detail = aiodal_error_detail(err);
	const char *at = detail && strncmp(detail, "It is on line ", 14) == 0 ? strstr(detail, word) : NULL;

	return at ? at + strlen(word) : NULL;
}

/* "3", or "3 of input 2", and what comes behind; NULL when no line is said. Names and values may themselves
 * contain what is looked for: hence the first in one, the last in the other. */
static const char *
line_text(const aiodal_error *err)
{
	static const char word[] = ", line ";
	bool merge;
	const char *place = place_in_input(err, &merge);
	const char *at = place ? strstr(place, word) : NULL;

	for (const char *next = at; merge && next; next = strstr(next + 1, word))
		at = next;
	return at ? at + strlen(word) : repeated_line(err);
}

long long
cli_error_line(const aiodal_error *err)
{
	const char *line = line_text(err);

	return line ? strtoll(line, NULL, 10) : 0;
}

long long
cli_error_input(const aiodal_error *err)
{
	static const char word[] = " of input ";
	const char *line = line_text(err);

	line = line ? line + strspn(line, "0123456789") : NULL;
	return line && strncmp(line, word, strlen(word)) == 0 ? strtoll(line + strlen(word), NULL, 10) : 0;
}

/* The column the error names, or that COPY was at. */
static json_t *
column_json(const aiodal_error *err)
{
	static const char word[] = ", column ";
	const char *name = aiodal_error_field(err, PG_DIAG_COLUMN_NAME);
	bool merge;
	const char *place = place_in_input(err, &merge);
	const char *at = place && !merge ? strstr(place, word) : NULL;
	json_t *column;
	char *copy;

	if (name || !at)
		return cli_json_text(name);
	at += strlen(word);
	copy = cli_strndup(at, strcspn(at, ":\n"));
	column = cli_json_text(copy);
	free(copy);
	return column;
}

json_t *
cli_json_text(const char *text)
{
	json_t *json;
	char *clean;

	if (!text)
		return json_null();
	json = json_string(text);
	if (json)
		return json;
	clean = cli_strdup(text);
	for (unsigned char *c = (unsigned char *) clean; *c; c++)
	{
		if (*c >= 0x80)
			*c = '?';
	}
	json = json_string(clean);
	free(clean);
	return json;
}

/* The text is freed. */
static json_t *
hidden_json(char *shown)
{
	json_t *json = cli_json_text(shown);

	free(shown);
	return json;
}

json_t *
cli_error_json(const aiodal_error *err)
{
	json_t *json = json_object();
	long long line = cli_error_line(err);

	json_object_set_new(json, "message", hidden_json(hidden_quotes(aiodal_error_message(err))));
	json_object_set_new(json, "status", cli_json_text(aiodal_status_name(aiodal_error_status(err))));
	json_object_set_new(json, "sqlstate", cli_json_text(aiodal_error_sqlstate(err)));
	json_object_set_new(json, "detail", hidden_json(hidden_quotes(aiodal_error_detail(err))));
	json_object_set_new(json, "hint", hidden_json(own_words(aiodal_error_hint(err))));
	json_object_set_new(json, "context", hidden_json(hidden(aiodal_error_field(err, PG_DIAG_CONTEXT))));
	json_object_set_new(json, "line", line > 0 ? json_integer(line) : json_null());
	json_object_set_new(json, "column", column_json(err));
	json_object_set_new(json, "schema", cli_json_text(aiodal_error_field(err, PG_DIAG_SCHEMA_NAME)));
	json_object_set_new(json, "table", cli_json_text(aiodal_error_field(err, PG_DIAG_TABLE_NAME)));
	json_object_set_new(json, "constraint", cli_json_text(aiodal_error_field(err, PG_DIAG_CONSTRAINT_NAME)));
	return json;
}

void
cli_print_json(json_t *object)
{
	(void) json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	(void) putchar('\n');
	json_decref(object);
}
