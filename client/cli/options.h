/*
 * options.h
 *		Commands and their options, described once: parsing, --help, suggestions and errors all read the same
 *		table.
 */
#ifndef AIODAL_CLI_OPTIONS_H
#define AIODAL_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses, the same for every command. */
enum
{
	CLI_EXIT_OK = 0,
	CLI_EXIT_ERROR = 1, /* nothing was changed */
	CLI_EXIT_USAGE = 2,
	CLI_EXIT_REJECTS = 3, /* loaded, but for rows that were set aside */
	CLI_EXIT_SIGNAL = 128 /* and the number of the signal */
};

/* What an option stores where cli_option.offset says. */
typedef enum cli_kind
{
	CLI_FLAG,   /* bool */
	CLI_TEXT,   /* const char * */
	CLI_WORD,   /* const char *, one of cli_option.words */
	CLI_COUNT,  /* int64_t, not negative */
	CLI_BYTE,   /* char; \t and the like are understood */
	CLI_NAMES,  /* cli_names: SQL identifiers separated by commas */
	CLI_STRINGS /* cli_names: whatever is said, once for each use of the option */
} cli_kind;

typedef struct cli_names
{
	char **at;
	size_t n;
} cli_names;

typedef struct cli_option
{
	const char *name; /* without dashes; NULL ends a table */
	char letter;      /* 0: none */
	cli_kind kind;
	size_t offset;           /* into the command's arguments */
	const char *placeholder; /* of the value, for --help */
	const char *help;        /* lines separated by \n */
	const char *const *words;
} cli_option;

/* What every command takes; the first member of its arguments. */
typedef struct cli_common
{
	const char *conninfo; /* -d */
	bool no_password;     /* -w */
	bool verbose;         /* -v */
	bool help;
} cli_common;

typedef struct cli_command
{
	const char *name; /* NULL ends a table */
	const char *summary;
	const char *operands; /* for the usage line */
	const char *about;    /* paragraphs of --help between usage and options; may be NULL */
	const cli_option *options;
	const char *examples;
	void *args; /* starts with a cli_common */
	int min_operands;
	int max_operands;
	bool own_server;             /* that it makes itself: there is none to connect to */
	bool operands_are_a_command; /* from the first one on, all is that command's */
	int (*run)(const struct cli_command *command, char **operands); /* NULL-terminated; returns exit status */
} cli_command;

/*
 * Fills command->args and returns the operands, of which there are neither too few nor too many. Exits with
 * CLI_EXIT_USAGE when the words make no sense, and with CLI_EXIT_OK after --help.
 */
extern char **cli_parse(const cli_command *command, int argc, char **argv);

/* Complains about how command (NULL: the program itself) was called and exits with CLI_EXIT_USAGE. hint may
 * be NULL. */
extern void cli_usage_error(const cli_command *command, const char *hint, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* The options of all commands: connection and --help. */
extern const cli_option cli_common_options[];

/* Prints "  -d, --dbname CONNINFO  ..." for each. */
extern void cli_print_options(const cli_option *options);

/* The word most like the one said; NULL when none is near. words ends with NULL. */
extern const char *cli_nearest(const char *said, const char *const *words);

#endif /* AIODAL_CLI_OPTIONS_H */
