/*
 * escape.c
 *		Text from the database inside HTML, Graphviz and Markdown.
 */
#include "escape.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* XML has no name for control characters, not even escaped ones. */
static bool
is_control(char c)
{
	return ((unsigned char) c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

static void
put_html_char(FILE *to, char c)
{
	switch (c)
	{
		case '&': (void) fputs("&amp;", to); break;
		case '<': (void) fputs("&lt;", to); break;
		case '>': (void) fputs("&gt;", to); break;
		case '"': (void) fputs("&quot;", to); break;
		case '\'': (void) fputs("&#39;", to); break;
		default:
			if (is_control(c))
				(void) fprintf(to, "\\x%02x", (unsigned char) c);
			else
				(void) putc(c, to);
	}
}

void
cli_put_html(FILE *to, const char *text)
{
	for (; text && *text; text++)
		put_html_char(to, *text);
}

/* \N and its like are replaced by Graphviz here too. */
void
cli_put_label(FILE *to, const char *text)
{
	for (; text && *text; text++)
	{
		if (*text == '\n')
			(void) fputs("\\\\n", to);
		else if (*text == '\t')
			(void) fputs("\\\\t", to);
		else if (*text == '\\')
			(void) fputs("\\\\", to);
		else
			put_html_char(to, *text);
	}
}

/* Graphviz reads entities and backslashes in quoted strings too. */
void
cli_put_dot_string(FILE *to, const char *text)
{
	for (; text && *text; text++)
	{
		if (*text == '\\')
			(void) fputs("\\\\", to);
		else if (*text == '\n' || *text == '\t')
			(void) putc(' ', to);
		else if (is_control(*text))
			(void) fprintf(to, "\\\\x%02x", (unsigned char) *text);
		else
			put_html_char(to, *text);
	}
}

/* "@" would notify people of that name, "&" stands for entities: both have no escape by backslash everywhere
 */
static void
put_markdown_char(FILE *to, char c)
{
	if (c == '\n')
		(void) fputs("<br>", to);
	else if (c == '@')
		(void) fputs("&#64;", to);
	else if (c == '&' || c == '<' || c == '>' || is_control(c))
		put_html_char(to, c);
	else if (c != 0 && strchr("\\`*_[]#|~$", c))
		(void) fprintf(to, "\\%c", c);
	else
		(void) putc(c == '\t' ? ' ' : c, to);
}

void
cli_put_markdown(FILE *to, const char *text)
{
	for (; text && *text; text++)
		put_markdown_char(to, *text);
}

static void
put_anchor_part(FILE *to, const char *text)
{
	for (; text && *text; text++)
	{
		unsigned char c = (unsigned char) *text;

		if (c < 0x80 && (isalnum(c) || c == '-' || c == '_'))
			(void) putc(c, to);
		else
			(void) fprintf(to, ".%02X", c);
	}
}

void
cli_put_anchor(FILE *to, const char *prefix, const char *schema, const char *name)
{
	(void) fprintf(to, "%s/", prefix);
	put_anchor_part(to, schema);
	(void) putc('/', to);
	put_anchor_part(to, name);
}
