/*
 * compare_print.c
 *		The difference between two schemas as people read it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "document.h"
#include "name.h"
#include "terminal.h"

static cli_style_name
style_of(char sign)
{
	return sign == '+' ? CLI_STYLE_ADDED : sign == '-' ? CLI_STYLE_REMOVED : CLI_STYLE_CHANGED;
}

static char
sign_of(const json_t *entry)
{
	const char *change = cli_text_at(entry, "change");

	return strcmp(change, "added") == 0 ? '+' : strcmp(change, "removed") == 0 ? '-' : '~';
}

static void
begin_line(char sign, int indent)
{
	(void) printf("%*s%s%c ", indent, "", cli_style(stdout, style_of(sign)), sign);
}

static void
end_line(void)
{
	(void) printf("%s\n", cli_style(stdout, CLI_STYLE_NONE));
}

/* --- values */

static void
print_value(const json_t *value)
{
	size_t i;
	json_t *item;

	if (json_is_string(value))
		cli_print_text(stdout, json_string_value(value));
	else if (json_is_boolean(value))
		(void) fputs(json_is_true(value) ? "yes" : "no", stdout);
	else if (json_is_integer(value))
		(void) printf("%lld", (long long) json_integer_value(value));
	else if (json_is_array(value) && json_array_size(value) > 0)
	{
		json_array_foreach (value, i, item)
		{
			(void) fputs(i > 0 ? ", " : "", stdout);
			print_value(item);
		}
	}
	else
		(void) fputs("none", stdout);
}

/* The property's name with blanks, as people write it. */
static void
print_label(const char *name)
{
	for (; *name; name++)
		(void) putchar(*name == '_' ? ' ' : *name);
}

static bool
has_lines(const json_t *value)
{
	return json_is_string(value) && strchr(json_string_value(value), '\n');
}

static const char *
next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

/* Lines that both begin with are not shown, but the last one. */
static size_t
common_beginning(const char *a, const char *b)
{
	size_t n = 0;

	for (size_t i = 0; a[i] && a[i] == b[i]; i++)
	{
		if (a[i] == '\n')
			n = i + 1;
	}
	return n;
}

/* Bytes of whole lines at the end that are the same, within what is behind start. */
static size_t
common_end(const char *a, const char *b, size_t start)
{
	size_t length_of_a = strlen(a);
	size_t length_of_b = strlen(b);
	size_t n = 0;

	for (size_t i = 1; i + start <= length_of_a && i + start <= length_of_b; i++)
	{
		char c = a[length_of_a - i];

		if (c != b[length_of_b - i])
			break;
		if (c == '\n')
			n = i;
	}
	return n;
}

static void
print_lines(const char *text, size_t from, size_t to, char sign, int indent)
{
	const char *line = text + from;

	while (line < text + to)
	{
		char *copy = strndup(line, strcspn(line, "\n"));

		begin_line(sign, indent);
		cli_print_text(stdout, copy);
		end_line();
		free(copy);
		line = next_line(line);
	}
}

/* A text of several lines: those that differ. */
static void
print_long_change(const json_t *property, int indent)
{
	const char *a = cli_text_at(property, "a");
	const char *b = cli_text_at(property, "b");
	size_t start;
	size_t end;

	a = a ? a : "";
	b = b ? b : "";
	start = common_beginning(a, b);
	end = common_end(a, b, start);
	begin_line('~', indent);
	print_label(cli_text_at(property, "name"));
	(void) fputs(":", stdout);
	end_line();
	print_lines(a, start, strlen(a) - end, '-', indent + 4);
	print_lines(b, start, strlen(b) - end, '+', indent + 4);
}

static void
print_change(const json_t *property)
{
	print_value(json_object_get(property, "a"));
	(void) fputs(" -> ", stdout);
	print_value(json_object_get(property, "b"));
}

static bool
is_long(const json_t *property)
{
	return has_lines(json_object_get(property, "a")) || has_lines(json_object_get(property, "b"));
}

/* --- objects and parts */

static void
print_property(const json_t *property, int indent)
{
	if (is_long(property))
	{
		print_long_change(property, indent);
		return;
	}
	begin_line('~', indent);
	print_label(cli_text_at(property, "name"));
	(void) fputs(": ", stdout);
	print_change(property);
	end_line();
}

static void
print_part_name(const json_t *part)
{
	const char *kind = cli_text_at(part, "kind");
	const char *name = cli_text_at(part, "name");
	char *quoted = strcmp(kind, "privileges") == 0 ? strdup(name) : cli_quote_name(name);

	(void) printf("%s ", kind);
	cli_print_text(stdout, quoted);
	free(quoted);
}

/* What is short stands on the line of the part. */
static void
print_part_changes(const json_t *properties)
{
	const char *separator = ": ";
	size_t i;
	json_t *property;

	json_array_foreach (properties, i, property)
	{
		const char *name = cli_text_at(property, "name");

		if (is_long(property))
			continue;
		(void) fputs(separator, stdout);
		separator = "; ";
		if (strcmp(name, "definition") != 0 && strcmp(name, "granted") != 0)
		{
			print_label(name);
			(void) putchar(' ');
		}
		print_change(property);
	}
}

static void
print_part(const json_t *part)
{
	const json_t *properties = json_object_get(part, "properties");
	char sign = sign_of(part);
	const char *text = cli_text_at(part, sign == '-' ? "a" : "b");
	size_t i;
	json_t *property;

	begin_line(sign, 2);
	print_part_name(part);
	if (sign == '~')
		print_part_changes(properties);
	else if (text && *text)
	{
		(void) fputs(": ", stdout);
		cli_print_text(stdout, text);
	}
	end_line();
	json_array_foreach (properties, i, property)
	{
		if (is_long(property))
			print_long_change(property, 6);
	}
}

static void
print_object(const json_t *object)
{
	char sign = sign_of(object);
	size_t i;
	json_t *item;

	begin_line(sign, 0);
	(void) printf("%s%s ", sign == '~' ? cli_style(stdout, CLI_STYLE_TITLE) : "",
				  cli_text_at(object, "kind"));
	cli_print_text(stdout, cli_text_at(object, "identity"));
	end_line();
	json_array_foreach (json_object_get(object, "properties"), i, item)
		print_property(item, 2);
	json_array_foreach (json_object_get(object, "parts"), i, item)
		print_part(item);
}

void
cli_print_differences(const json_t *differences)
{
	size_t i;
	json_t *object;

	json_array_foreach (differences, i, object)
		print_object(object);
}
