/*
 * database.c
 *		Databases that are made and dropped on a server.
 */
#include "database.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base.h"

/* value in single quotes, as conninfo has it */
static void
print_quoted(FILE *out, const char *value)
{
	(void) fputc('\'', out);
	for (; *value; value++)
	{
		if (*value == '\'' || *value == '\\')
			(void) fputc('\\', out);
		(void) fputc(*value, out);
	}
	(void) fputc('\'', out);
}

static aiodal_status
no_conninfo(char *why, aiodal_error **err)
{
	aiodal_status status = why ? aiodal_test__fail(err, AIODAL_EINVAL, "%.*s", (int) strcspn(why, "\n"), why)
							   : aiodal_test__oom(err);

	PQfreemem(why);
	return status;
}

aiodal_status
aiodal_test__conninfo_for(char **out, const char *conninfo, const char *database, aiodal_error **err)
{
	char *why = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &why);
	size_t size;
	FILE *text;

	*out = NULL;
	if (!options)
		return no_conninfo(why, err);
	text = open_memstream(out, &size);
	for (PQconninfoOption *o = options; text && o->keyword; o++)
	{
		if (!o->val || strcmp(o->keyword, "dbname") == 0)
			continue;
		(void) fprintf(text, "%s=", o->keyword);
		print_quoted(text, o->val);
		(void) fputc(' ', text);
	}
	PQconninfoFree(options);
	if (text)
	{
		(void) fputs("dbname=", text);
		print_quoted(text, database);
	}
	if (text && fclose(text) == 0)
		return AIODAL_OK;
	free(*out);
	*out = NULL;
	return aiodal_test__oom(err);
}

static void
ignore_notice(void *arg, const PGresult *res)
{
	(void) arg;
	(void) res;
}

aiodal_status
aiodal_test__connect(PGconn **pg, const char *conninfo, aiodal_error **err)
{
	const char *const keywords[] = {"dbname", "client_encoding", "fallback_application_name", NULL};
	const char *const values[] = {conninfo, "UTF8", "aiodal test", NULL};

	*pg = PQconnectdbParams(keywords, values, 1);
	if (PQstatus(*pg) != CONNECTION_OK)
		return aiodal_test__fail(err, AIODAL_ECONN, "%s", *pg ? PQerrorMessage(*pg) : "out of memory");
	(void) PQsetNoticeReceiver(*pg, ignore_notice, NULL);
	return AIODAL_OK;
}

static aiodal_status
refused(PGconn *pg, const PGresult *res, aiodal_error **err)
{
	const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

	return aiodal_test__fail_hint(err, PQstatus(pg) == CONNECTION_OK ? AIODAL_ESERVER : AIODAL_ECONN,
								  PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL),
								  PQresultErrorField(res, PG_DIAG_MESSAGE_HINT), "%s",
								  message ? message : PQerrorMessage(pg));
}

aiodal_status
aiodal_test__sql(char **value, PGconn *pg, const char *sql, aiodal_error **err)
{
	PGresult *res = PQexec(pg, sql);
	ExecStatusType got = PQresultStatus(res);
	aiodal_status status = AIODAL_OK;

	if (value)
		*value = NULL;
	if (got != PGRES_COMMAND_OK && got != PGRES_TUPLES_OK)
		status = refused(pg, res, err);
	else if (value && PQntuples(res) > 0 && !PQgetisnull(res, 0, 0))
	{
		*value = strdup(PQgetvalue(res, 0, 0));
		status = *value ? AIODAL_OK : aiodal_test__oom(err);
	}
	PQclear(res);
	return status;
}

aiodal_status
aiodal_test__sqlf(char **value, PGconn *pg, aiodal_error **err, const char *fmt, ...)
{
	aiodal_status status;
	va_list args;
	char *sql;
	int len;

	va_start(args, fmt);
	len = vasprintf(&sql, fmt, args);
	va_end(args);
	if (len < 0)
		return aiodal_test__oom(err);
	status = aiodal_test__sql(value, pg, sql, err);
	free(sql);
	return status;
}

static aiodal_status
choose_name(char name[AIODAL_TEST__NAME_MAX], aiodal_error **err)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t) sizeof(number))
		return aiodal_test__fail(err, AIODAL_ESTATE, "could not get random numbers: %m");
	(void) snprintf(name, AIODAL_TEST__NAME_MAX, "aiodal_test_%016llx", (unsigned long long) number);
	return AIODAL_OK;
}

aiodal_status
aiodal_test__lock(PGconn *pg, const char *name, bool shared, aiodal_error **err)
{
	return aiodal_test__sqlf(NULL, pg, err,
							 "SELECT pg_catalog.pg_advisory_lock%s(pg_catalog.hashtextextended('%s', 0))",
							 shared ? "_shared" : "", name);
}

aiodal_status
aiodal_test__unlock(PGconn *pg, const char *name, bool shared, aiodal_error **err)
{
	return aiodal_test__sqlf(NULL, pg, err,
							 "SELECT pg_catalog.pg_advisory_unlock%s(pg_catalog.hashtextextended('%s', 0))",
							 shared ? "_shared" : "", name);
}

aiodal_status
aiodal_test__create_database(char name[AIODAL_TEST__NAME_MAX], PGconn *pg, const char *like,
							 aiodal_error **err)
{
	char *quoted = PQescapeIdentifier(pg, like, strlen(like));
	aiodal_status status = quoted ? choose_name(name, err) : aiodal_test__oom(err);

	if (status == AIODAL_OK)
		status = aiodal_test__lock(pg, name, false, err);
	if (status == AIODAL_OK)
		status = aiodal_test__sqlf(NULL, pg, err, "CREATE DATABASE %s TEMPLATE %s STRATEGY FILE_COPY", name,
								   quoted);
	if (status != AIODAL_OK)
		name[0] = '\0';
	PQfreemem(quoted);
	return status;
}

aiodal_status
aiodal_test__drop_database(PGconn *pg, const char *name, aiodal_error **err)
{
	aiodal_status status = aiodal_test__sqlf(NULL, pg, err, "DROP DATABASE IF EXISTS %s WITH (FORCE)", name);

	if (status == AIODAL_OK)
		status = aiodal_test__unlock(pg, name, false, err);
	return status;
}

/* Those left over, as one list, and locked. Who wants to use a template waits for its lock. */
static const char find_left_over[] =
	"WITH ours AS MATERIALIZED (SELECT d.datname FROM pg_catalog.pg_database d WHERE d.datname::text ~ "
	"'^aiodal_test_[0-9a-f]{16}$' AND pg_catalog.pg_has_role(d.datdba, 'USAGE') OR d.datname::text ~ "
	"'^aiodal_template_[0-9a-f]{16}$' AND pg_catalog.pg_has_role(d.datdba, 'USAGE') AND "
	"pg_catalog.shobj_description(d.oid, 'pg_database') < pg_catalog.to_char(pg_catalog.now() - interval '7 "
	"days', '\"last used \"YYYY-MM-DD')) "
	"SELECT pg_catalog.string_agg(datname::text, ' ') FROM ours WHERE "
	"pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended(datname::text, 0))";

aiodal_status
aiodal_test__drop_left_over(PGconn *pg, aiodal_error **err)
{
	char *names;
	char *rest = NULL;
	aiodal_status status = aiodal_test__sql(&names, pg, find_left_over, err);

	for (char *name = names ? strtok_r(names, " ", &rest) : NULL; name && status == AIODAL_OK;
		 name = strtok_r(NULL, " ", &rest))
		status = aiodal_test__drop_database(pg, name, err);
	free(names);
	return status;
}
