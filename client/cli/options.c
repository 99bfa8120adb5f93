/*
 * options.c
 *		Reads the command line by getopt_long, from a command's table of options.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "name.h"
#include "terminal.h"

/* Values getopt_long returns for options: above all letters, their place in the table. */
enum
{
	FIRST_ID = 256,
	MAX_OPTIONS = 40,
	HELP_COLUMN = 30,
	CONNECTION_OPTIONS = 2 /* the first of the common ones */
};

#define COMMON(field) offsetof(cli_common, field)

const cli_option cli_common_options[] = {
	{"dbname", 'd', CLI_TEXT, COMMON(conninfo), "CONNINFO",
	 "database name, conninfo string or URI; what it leaves out\nis taken from PGHOST, PGDATABASE ... as by "
	 "psql",
	 NULL},
	{"no-password", 'w', CLI_FLAG, COMMON(no_password), NULL, "never ask for a password", NULL},
	{"verbose", 'v', CLI_FLAG, COMMON(verbose), NULL,
	 "print each statement that is sent, with its time and rows,\nto standard error", NULL},
	{"help", 'h', CLI_FLAG, COMMON(help), NULL, "show this help", NULL},
	{NULL, 0, CLI_FLAG, 0, NULL, NULL, NULL},
};

/* Levenshtein's distance; words longer than the table are far from everything. */
static int
distance(const char *a, const char *b)
{
	int row[32];
	int nb = (int) strlen(b);

	if (nb >= 32)
		return nb;
	for (int j = 0; j <= nb; j++)
		row[j] = j;
	for (int i = 1; a[i - 1]; i++)
	{
		int diagonal = row[0];

		row[0] = i;
		for (int j = 1; j <= nb; j++)
		{
			int change = diagonal + (a[i - 1] != b[j - 1]);
			int insert = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			diagonal = row[j];
			row[j] = change < insert ? change : insert;
		}
	}
	return row[nb];
}

const char *
cli_nearest(const char *said, const char *const *words)
{
	const char *nearest = NULL;
	int least = 1 + (int) strlen(said) / 3;

	for (; *words; words++)
	{
		int d = distance(said, *words);

		/* a beginning is near, however much is missing */
		if (strlen(said) > 1 && strncmp(said, *words, strlen(said)) == 0)
			d = 1;
		if (d <= least)
		{
			nearest = *words;
			least = d - 1;
		}
	}
	return nearest;
}

static void
print_usage_line(FILE *to, const cli_command *command)
{
	if (command)
		(void) fprintf(to, "Usage: aiodal %s [OPTION]...%s%s\n", command->name, *command->operands ? " " : "",
					   command->operands);
	else
		(void) fprintf(to, "Usage: aiodal [-d CONNINFO] COMMAND [ARGUMENT]...\n");
}

void
cli_usage_error(const cli_command *command, const char *hint, const char *fmt, ...)
{
	va_list args;

	(void) fprintf(stderr, "aiodal%s%s: %serror:%s ", command ? " " : "", command ? command->name : "",
				   cli_style(stderr, CLI_STYLE_ERROR), cli_style(stderr, CLI_STYLE_NONE));
	va_start(args, fmt);
	(void) vfprintf(stderr, fmt, args);
	va_end(args);
	(void) fputc('\n', stderr);
	if (hint)
		(void) fprintf(stderr, "HINT:  %s\n", hint);
	print_usage_line(stderr, command);
	(void) fprintf(stderr, "Try \"aiodal %s%s--help\" for more.\n", command ? command->name : "",
				   command ? " " : "");
	exit(CLI_EXIT_USAGE);
}

/* The common options and a command's own as one list. */
typedef struct OptionList
{
	const cli_command *command;
	const cli_option *option[MAX_OPTIONS];
	struct option getopt[MAX_OPTIONS + 1];
	const char *names[MAX_OPTIONS + 1];
	char letters[2 * MAX_OPTIONS + 3];
	int n;
} OptionList;

static void
add_options(OptionList *list, const cli_option *options)
{
	char *letter = list->letters + strlen(list->letters);

	for (; options && options->name && list->n < MAX_OPTIONS; options++)
	{
		int has_value = options->kind == CLI_FLAG ? no_argument : required_argument;

		list->option[list->n] = options;
		list->names[list->n] = options->name;
		list->getopt[list->n] = (struct option){options->name, has_value, NULL, FIRST_ID + list->n};
		list->n++;
		if (!options->letter)
			continue;
		*letter++ = options->letter;
		if (has_value)
			*letter++ = ':';
	}
	*letter = '\0';
}

static const cli_option *
option_by_id(const OptionList *list, int id)
{
	if (id >= FIRST_ID)
		return id - FIRST_ID < list->n ? list->option[id - FIRST_ID] : NULL;
	for (int i = 0; i < list->n; i++)
	{
		if (id && list->option[i]->letter == id)
			return list->option[i];
	}
	return NULL;
}

static void __attribute__((noreturn)) unknown_long_option(const OptionList *list, const char *word)
{
	char *name = cli_strndup(word + 2, strcspn(word + 2, "="));
	const char *nearest = cli_nearest(name, list->names);

	cli_usage_error(list->command, nearest ? cli_printf("Did you mean --%s?", nearest) : NULL,
					"unknown option --%s", name);
}

/* getopt_long has returned ':' or '?'. */
static void __attribute__((noreturn)) bad_option(const OptionList *list, int why, char **argv)
{
	const cli_option *option = option_by_id(list, optopt);

	if (why == ':' && option)
		cli_usage_error(list->command, NULL, "option --%s needs a value: %s", option->name,
						option->placeholder);
	if (option)
		cli_usage_error(list->command, NULL, "option --%s takes no value", option->name);
	if (optopt)
		cli_usage_error(list->command, NULL, "unknown option -%c", optopt);
	unknown_long_option(list, argv[optind - 1]);
}

static char
byte_value(const cli_command *command, const cli_option *option, const char *text)
{
	if (strcmp(text, "\\t") == 0)
		return '\t';
	if (strlen(text) != 1)
		cli_usage_error(command, "A tab can be written \\t.",
						"--%s must be one single-byte character, not \"%s\"", option->name, text);
	return *text;
}

static int64_t
count_value(const cli_command *command, const cli_option *option, const char *text)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || *end || errno || n < 0)
		cli_usage_error(command, NULL, "--%s must be a number from 0 on, not \"%s\"", option->name, text);
	return n;
}

static const char *
word_value(const cli_command *command, const cli_option *option, const char *text)
{
	const char *nearest = cli_nearest(text, option->words);
	char *list = cli_strdup(option->words[0]);
	char *hint;

	for (int i = 0; option->words[i]; i++)
	{
		char *longer;

		if (strcmp(text, option->words[i]) == 0)
		{
			free(list);
			return option->words[i];
		}
		if (i == 0)
			continue;
		longer = cli_printf("%s, %s", list, option->words[i]);
		free(list);
		list = longer;
	}
	hint = nearest ? cli_printf("Did you mean \"%s\"? Valid values are %s.", nearest, list)
				   : cli_printf("Valid values are %s.", list);
	cli_usage_error(command, hint, "unknown %s \"%s\"", option->name, text);
}

static void
store(const cli_command *command, const cli_option *option, const char *text)
{
	char *to = (char *) command->args + option->offset;
	const char *problem;

	switch (option->kind)
	{
		case CLI_FLAG: *(bool *) (void *) to = true; break;
		case CLI_TEXT: *(const char **) (void *) to = text; break;
		case CLI_WORD: *(const char **) (void *) to = word_value(command, option, text); break;
		case CLI_COUNT: *(int64_t *) (void *) to = count_value(command, option, text); break;
		case CLI_BYTE: *to = byte_value(command, option, text); break;
		case CLI_STRINGS: cli_append_name((cli_names *) (void *) to, cli_strdup(text)); break;
		case CLI_NAMES:
			if (!cli_parse_names((cli_names *) (void *) to, text, &problem))
				cli_usage_error(command, "Names are separated by commas and quoted as in SQL: a,\"B c\"",
								"invalid --%s \"%s\": %s", option->name, text, problem);
			break;
	}
}

void
cli_print_options(const cli_option *options)
{
	for (; options && options->name; options++)
	{
		const char *line = options->help;
		int used = options->letter ? printf("  -%c, ", options->letter) : printf("      ");

		used += printf("--%s%s%s", options->name, options->placeholder ? " " : "",
					   options->placeholder ? options->placeholder : "");
		if (used > HELP_COLUMN - 2)
			used = printf("\n") - 1;
		for (; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		{
			(void) printf("%*s%.*s\n", HELP_COLUMN - used, "", (int) strcspn(line, "\n"), line);
			used = 0;
		}
	}
}

static void
print_help(const cli_command *command)
{
	(void) printf("aiodal %s: %s\n\n", command->name, command->summary);
	print_usage_line(stdout, command);
	if (command->about)
		(void) printf("\n%s", command->about);
	if (command->options)
		(void) printf("\nOptions:\n");
	cli_print_options(command->options);
	(void) printf(command->own_server ? "\nHelp:\n" : "\nConnection and help:\n");
	cli_print_options(cli_common_options + (command->own_server ? CONNECTION_OPTIONS : 0));
	(void) printf("\nExamples:\n%s", command->examples);
}

static void
check_operands(const cli_command *command, int n, char **operands)
{
	if (n < command->min_operands)
		cli_usage_error(command, NULL, "missing argument: it takes %s", command->operands);
	if (n > command->max_operands)
		cli_usage_error(command,
						"An argument with blanks or double quotes must be quoted for the shell: '...'",
						"unexpected argument \"%s\"", operands[command->max_operands]);
}

char **
cli_parse(const cli_command *command, int argc, char **argv)
{
	OptionList list = {.command = command};
	int id;

	(void) stpcpy(list.letters, command->operands_are_a_command ? "+:" : ":");
	add_options(&list, command->options);
	add_options(&list, cli_common_options);
	opterr = 0;
	optind = 0; /* glibc: start anew, and read the first letter of the options again */
	while ((id = getopt_long(argc, argv, list.letters, list.getopt, NULL)) != -1)
	{
		if (id == ':' || id == '?')
			bad_option(&list, id, argv);
		store(command, option_by_id(&list, id), optarg);
	}
	if (((cli_common *) command->args)->help)
	{
		print_help(command);
		exit(CLI_EXIT_OK);
	}
	check_operands(command, argc - optind, argv + optind);
	return argv + optind;
}
