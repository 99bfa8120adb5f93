/*
 * main.c
 *		The program aiodal: options before the command, then the command.
 */
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <aiodal/version.h>

#include "commands.h"
#include "memory.h"
#include "options.h"
#include "standard.h"

static const cli_command *const commands[] = {
	&cli_ping_command, &cli_reflect_command, &cli_load_command,   &cli_export_command,
	&cli_diff_command, &cli_codegen_command, &cli_testdb_command, NULL,
};

static void
print_help(void)
{
	(void) printf("aiodal: schema reflection, bulk load and export for PostgreSQL\n\n"
				  "Usage: aiodal [-d CONNINFO] COMMAND [ARGUMENT]...\n\nCommands:\n");
	for (const cli_command *const *c = commands; *c; c++)
		(void) printf("  %-10s %s\n", (*c)->name, (*c)->summary);
	(void) printf("\nOptions, before or after the command:\n");
	cli_print_options(cli_common_options);
	(void) printf(
		"  -V, --version               show the version\n\n"
		"\"aiodal COMMAND --help\" tells more and has examples. A password is never an argument:\n"
		"~/.pgpass, PGPASSWORD or the terminal provide it.\n\n"
		"Exit status: 0 done, 1 error and nothing was changed, 2 wrong usage, 3 loaded but for rejected\n"
		"rows; of diff: 0 the same, 1 different, 2 trouble; of testdb: its COMMAND's.\n");
}

static const cli_command *
find_command(const char *name)
{
	const char *names[sizeof(commands) / sizeof(commands[0])] = {NULL};
	const char *nearest;

	for (int i = 0; commands[i]; i++)
	{
		names[i] = commands[i]->name;
		if (strcmp(names[i], name) == 0)
			return commands[i];
	}
	nearest = cli_nearest(name, names);
	cli_usage_error(NULL,
					nearest ? cli_printf("Did you mean \"%s\"?", nearest)
							: "Commands are ping, reflect, load, export, diff, codegen and testdb.",
					"unknown command \"%s\"", name);
}

static void __attribute__((noreturn)) unknown_option(const char *word)
{
	static const char hint[] = "Options of a command stand behind it: aiodal load --mode upsert ...";

	if (optopt)
		cli_usage_error(NULL, hint, "unknown option -%c", optopt);
	cli_usage_error(NULL, hint, "unknown option %s", word);
}

/* Options in front of the command; those that belong to it are kept in common. */
static int
parse_global(int argc, char **argv, cli_common *common)
{
	static const struct option options[] = {
		{"dbname", required_argument, NULL, 'd'}, {"no-password", no_argument, NULL, 'w'},
		{"verbose", no_argument, NULL, 'v'},      {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},      {NULL, 0, NULL, 0},
	};
	int id;

	opterr = 0;
	while ((id = getopt_long(argc, argv, "+:d:wvhV", options, NULL)) != -1)
	{
		switch (id)
		{
			case 'd': common->conninfo = optarg; break;
			case 'w': common->no_password = true; break;
			case 'v': common->verbose = true; break;
			case 'h': print_help(); exit(CLI_EXIT_OK);
			case 'V': (void) printf("aiodal %s\n", aiodal_version()); exit(CLI_EXIT_OK);
			case ':': cli_usage_error(NULL, NULL, "option %s needs a value", argv[optind - 1]);
			default: unknown_option(argv[optind - 1]);
		}
	}
	return optind;
}

/* At exit: what could not be written, be it only the help, is no success. */
static void
close_stdout(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return;
	perror("aiodal: error: could not write to standard output");
	_exit(CLI_EXIT_ERROR);
}

int
main(int argc, char **argv)
{
	cli_common common = {0};
	const cli_command *command;
	char **operands;
	int first;

	cli_hold_standard();
	(void) setlocale(LC_CTYPE, "");
	(void) atexit(close_stdout);
	first = parse_global(argc, argv, &common);
	if (first >= argc)
		cli_usage_error(NULL, "Commands are ping, reflect, load, export, diff, codegen and testdb.",
						"no command was given");
	if (strcmp(argv[first], "help") == 0)
	{
		print_help();
		return CLI_EXIT_OK;
	}
	command = find_command(argv[first]);
	*(cli_common *) command->args = common;
	operands = cli_parse(command, argc - first, argv + first);
	return command->run(command, operands);
}
