/*
 * testdb.c
 *		aiodal testdb: a command with a private, throwaway server.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <aiodal/aiodal.h>
#include <aiodal/testing.h>

#include "commands.h"
#include "memory.h"
#include "report.h"

/* As of env(1) and timeout(1); "git bisect run" takes the first for "cannot be tested". */
enum
{
	EXIT_TROUBLE = 125, /* ours */
	EXIT_NOT_RUN = 126,
	EXIT_NOT_FOUND = 127
};

typedef struct TestdbArgs
{
	cli_common common;
	bool keep;
	cli_names migrations;
	cli_names settings;
} TestdbArgs;

static TestdbArgs args;

static const cli_option options[] = {
	{"migrate", 'm', CLI_STRINGS, offsetof(TestdbArgs, migrations), "DIR|FILE",
	 "run the *.sql in it first, by their names' order; again for\nmore", NULL},
	{"set", 's', CLI_STRINGS, offsetof(TestdbArgs, settings), "NAME=VALUE",
	 "a setting of the server; again for more", NULL},
	{"keep", 'k', CLI_FLAG, offsetof(TestdbArgs, keep), NULL,
	 "leave the server's directory with data and log, and say\nwhere", NULL},
	{NULL, 0, CLI_FLAG, 0, NULL, NULL, NULL},
};

static volatile sig_atomic_t child;

/* What the terminal sends, the command gets itself. */
static void
forward(int signal, siginfo_t *info, void *context)
{
	(void) context;
	if (info->si_code != SI_KERNEL && child > 0)
		(void) kill(child, signal);
}

/* From now on signals go to the command, ours waits for its end. Blocked until the command is there. */
static void
forward_signals(sigset_t *before)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
	struct sigaction action = {.sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART};
	struct sigaction old;
	sigset_t set;

	(void) sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void) sigaddset(&set, signals[i]);
	(void) sigprocmask(SIG_BLOCK, &set, before);
	action.sa_mask = set;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
	{
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			(void) sigaction(signals[i], &action, NULL);
	}
}

/* Nothing of another server's stays in the environment: it would be for ours. */
static void
forget_other_servers(void)
{
	static const char *const others[] = {
		"PGHOSTADDR",       "PGPASSWORD",           "PGPASSFILE",
		"PGSERVICE",        "PGSERVICEFILE",        "PGOPTIONS",
		"PGSSLMODE",        "PGREQUIRESSL",         "PGGSSENCMODE",
		"PGCHANNELBINDING", "PGREQUIREPEER",        "PGREQUIREAUTH",
		"PGCLIENTENCODING", "PGTARGETSESSIONATTRS", "PGLOADBALANCEHOSTS",
		"PGSSLNEGOTIATION",
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		(void) unsetenv(others[i]);
}

static void
name_server(const aiodal_test_server *server)
{
	(void) setenv("PGHOST", aiodal_test_server_socket_dir(server), 1);
	(void) setenv("PGPORT", "5432", 1);
	(void) setenv("PGUSER", "postgres", 1);
	(void) setenv("PGDATABASE", "postgres", 1);
	(void) setenv("DATABASE_URL", aiodal_test_server_url(server), 1);
	(void) setenv("AIODAL_TEST_URL", aiodal_test_server_url(server), 1);
	(void) setenv("AIODAL_TEST_LOG", aiodal_test_server_log(server), 1);
}

static void __attribute__((noreturn)) become(char **command, pid_t parent, const sigset_t *mask)
{
	int problem;

	(void) sigprocmask(SIG_SETMASK, mask, NULL);
	/* without a server there is nothing left to do for it */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() != parent)
		_exit(EXIT_TROUBLE);
	(void) execvp(command[0], command);
	problem = errno;
	cli_complain(NULL, NULL, "could not run %s: %s", command[0], strerror(problem));
	_exit(problem == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN);
}

/* Runs the command and returns its exit status; 128 and the signal when that ended it. */
static int
run_command(char **command)
{
	pid_t parent = getpid();
	sigset_t mask;
	int status;

	forward_signals(&mask);
	(void) fflush(NULL);
	child = fork();
	if (child == 0)
		become(command, parent, &mask);
	if (child < 0)
	{
		cli_complain(NULL, NULL, "could not start a process: %s", strerror(errno));
		return EXIT_TROUBLE;
	}
	(void) sigprocmask(SIG_SETMASK, &mask, NULL);
	while (waitpid(child, &status, 0) < 0)
	{
		if (errno != EINTR)
			return EXIT_TROUBLE;
	}
	child = 0;
	return WIFSIGNALED(status) ? CLI_EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* As postgresql.conf has it; to be freed. */
static char *
quote_setting(const char *value)
{
	char *quoted = cli_realloc(NULL, 2 * strlen(value) + 3, 1);
	char *to = quoted;

	*to++ = '\'';
	for (; *value; value++)
	{
		if (*value == '\'' || *value == '\\')
			*to++ = *value;
		*to++ = *value;
	}
	*to++ = '\'';
	*to = '\0';
	return quoted;
}

/* Lines for postgresql.conf out of NAME=VALUE; what is no name would be more than one setting. */
static char *
settings_text(const cli_command *command)
{
	char *text = cli_strdup("");

	for (size_t i = 0; i < args.settings.n; i++)
	{
		const char *setting = args.settings.at[i];
		size_t name = strspn(setting, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
		char *value;
		char *longer;

		if (name == 0 || setting[name] != '=' || strchr(setting, '\n'))
			cli_usage_error(command, "For example --set log_statement=all", "\"%s\" is no setting", setting);
		value = quote_setting(setting + name + 1);
		longer = cli_printf("%s%.*s = %s\n", text, (int) name, setting, value);
		free(value);
		free(text);
		text = longer;
	}
	return text;
}

/* The migrations may make the extension themselves, so they come first. */
static aiodal_status
prepare(const aiodal_test_server *server, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;

	for (size_t i = 0; i < args.migrations.n && status == AIODAL_OK; i++)
		status = aiodal_test_run_sql(aiodal_test_server_url(server), args.migrations.at[i], err);
	return status == AIODAL_OK ? aiodal_test_create_extension(aiodal_test_server_url(server), err) : status;
}

static void
check_usage(const cli_command *command)
{
	if (args.common.conninfo)
		cli_usage_error(command, NULL, "-d names a server, and this command makes its own");
	if (args.common.no_password)
		cli_usage_error(command, NULL, "-w is of no use here: no password is ever asked for");
}

static int
run(const cli_command *command, char **operands)
{
	aiodal_test_server_options server_options = AIODAL_TEST_SERVER_OPTIONS_INIT;
	aiodal_test_server *server = NULL;
	aiodal_error *err = NULL;
	int exit_status = EXIT_TROUBLE;
	char *settings;

	check_usage(command);
	settings = settings_text(command);
	forget_other_servers();
	server_options.settings = settings;
	server_options.keep = args.keep;
	if (aiodal_test_server_start(&server, &server_options, &err) < 0 || prepare(server, &err) < 0)
	{
		cli_print_error(NULL, err);
		aiodal_error_free(err);
	}
	else
	{
		name_server(server);
		exit_status = run_command(operands);
	}
	if (server && args.keep)
		(void) fprintf(stderr, "aiodal: kept %s\n", aiodal_test_server_dir(server));
	aiodal_test_server_stop(server);
	free(settings);
	return exit_status;
}

const cli_command cli_testdb_command = {
	.name = "testdb",
	.summary = "run a command with a private, throwaway server",
	.operands = "[--] COMMAND [ARGUMENT]...",
	.about =
		"Starts a PostgreSQL server with the extension aiodal, runs COMMAND, and removes the server with "
		"all\n"
		"its data, also when it is killed itself. The server is that of pg_config, or of PG_CONFIG. It "
		"listens\n"
		"on a socket of its own; PGHOST, PGPORT, PGUSER, PGDATABASE and DATABASE_URL tell COMMAND where.\n\n"
		"The exit status is COMMAND's: 128 and the signal's number when a signal ended it, 127 and 126 when "
		"it\n"
		"was not found or could not be run, 125 when the server could not be started.\n",
	.options = options,
	.examples = "  aiodal testdb -- psql\n"
				"  aiodal testdb --migrate db/migrations -- make check\n"
				"  aiodal testdb -m schema.sql -m seed.sql --set log_statement=all --keep -- pytest -x\n"
				"  git bisect run aiodal testdb -m db/migrations -- ./check-the-bug\n",
	.args = &args,
	.min_operands = 1,
	.max_operands = 1 << 30,
	.own_server = true,
	.operands_are_a_command = true,
	.run = run,
};
