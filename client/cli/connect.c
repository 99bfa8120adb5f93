/*
 * connect.c
 *		From -d to an open database.
 */
#include "connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>

#include <aiodal/aiodal.h>

#include "memory.h"
#include "report.h"

static bool
is_conninfo(const char *text)
{
	return strchr(text, '=') || strncmp(text, "postgresql://", 13) == 0 ||
		   strncmp(text, "postgres://", 11) == 0;
}

/* A bare word is the name of a database, as for psql. To be freed; NULL for NULL. */
static char *
conninfo_of(const char *text)
{
	char *conninfo;
	char *to;

	if (!text || is_conninfo(text))
		return text ? cli_strdup(text) : NULL;
	conninfo = cli_realloc(NULL, 2 * strlen(text) + sizeof("dbname=''"), 1);
	to = stpcpy(conninfo, "dbname='");
	for (; *text; text++)
	{
		if (*text == '\'' || *text == '\\')
			*to++ = '\\';
		*to++ = *text;
	}
	(void) stpcpy(to, "'");
	return conninfo;
}

static bool
wants_password(const aiodal_error *err)
{
	const char *detail = aiodal_error_detail(err);

	return strstr(aiodal_error_message(err), "no password supplied") ||
		   (detail && strstr(detail, "no password supplied"));
}

/* Reads a line from the terminal without showing it; NULL when there is no terminal. To be freed. */
static char *
ask_password(void)
{
	FILE *terminal = fopen("/dev/tty", "r+");
	struct termios before;
	struct termios silent;
	char *line = NULL;
	size_t size = 0;

	if (!terminal)
		return NULL;
	if (tcgetattr(fileno(terminal), &before) == 0)
	{
		silent = before;
		silent.c_lflag &= ~(tcflag_t) ECHO;
		(void) tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
		(void) fputs("Password: ", terminal);
		(void) fflush(terminal);
		if (getline(&line, &size, terminal) > 0)
			line[strcspn(line, "\n")] = '\0';
		(void) tcsetattr(fileno(terminal), TCSAFLUSH, &before);
		(void) fputc('\n', terminal);
	}
	(void) fclose(terminal);
	return line;
}

/* One line: parameters are not there to be printed. */
static void
print_statement(void *payload, const aiodal_trace *trace)
{
	(void) payload;
	(void) fprintf(stderr, "aiodal: %.3f ms, %lld row%s: ", trace->seconds * 1e3, (long long) trace->rows,
				   trace->rows == 1 ? "" : "s");
	for (const char *s = trace->statement; *s; s++)
		(void) fputc(*s == '\n' || *s == '\t' || *s == '\r' ? ' ' : *s, stderr);
	if (trace->error)
		(void) fprintf(stderr, " -- failed: %s", aiodal_error_message(trace->error));
	(void) fputc('\n', stderr);
}

aiodal_status
cli_connect(aiodal_db **db, const cli_common *args, aiodal_error **err)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	char *conninfo = conninfo_of(args->conninfo);
	char *password = NULL;
	aiodal_status status;

	options.no_reflect = true;
	options.pool_size = 2; /* a second one only to look up names while the first is in a transaction */
	options.notice = cli_print_notice;
	if (args->verbose)
		options.trace = print_statement;
	cli_keep_secret(conninfo);
	status = aiodal_db_open(db, conninfo, &options, err);
	if (status < 0 && !args->no_password && wants_password(*err))
		password = ask_password();
	if (password)
	{
		/* the environment of this process alone: nothing that others can see on the command line */
		(void) setenv("PGPASSWORD", password, 1);
		explicit_bzero(password, strlen(password));
		aiodal_error_free(*err);
		*err = NULL;
		status = aiodal_db_open(db, conninfo, &options, err);
	}
	free(password);
	free(conninfo);
	return status;
}

aiodal_status
cli_no_such_relation(aiodal_db *db, const char *schema, const char *name, aiodal_error **err)
{
	const aiodal_table *table;
	aiodal_schema *snapshot;
	aiodal_status status = aiodal_db_reflect(db, err);
	char *message;

	if (status < 0)
		return status;
	snapshot = aiodal_db_schema(db);
	status = aiodal_schema_find_table(&table, snapshot, schema, name, err);
	aiodal_schema_unref(snapshot);
	if (status < 0)
		return status;
	/* it has come into being meanwhile, or it is of a kind that is left out */
	message = cli_printf("\"%s\" is not a table or view", name);
	status = aiodal_error_set(err, AIODAL_ENOTFOUND, message, NULL, NULL);
	free(message);
	return status;
}

void
cli_name_near_relations(aiodal_db *db, const char *schema, const char *name, aiodal_error **err)
{
	const char *sqlstate = aiodal_error_sqlstate(*err);
	aiodal_error *better = NULL;
	bool unknown = sqlstate && (strcmp(sqlstate, "42P01") == 0 || strcmp(sqlstate, "3F000") == 0);

	if (!db || !name || !unknown || aiodal_error_hint(*err))
		return;
	if (cli_no_such_relation(db, schema, name, &better) == AIODAL_ENOTFOUND)
	{
		aiodal_error_free(*err);
		*err = better;
	}
	else
		aiodal_error_free(better);
}
