/*
 * run_sql.c
 *		Files of SQL: migrations and seeds.
 */
#include <aiodal/testing.h>

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "database.h"
#include "files.h"

/* The line of text on which the character with that number, from 1 on, is; text is UTF-8. */
static int
line_of(const char *text, const char *position)
{
	long left = position ? strtol(position, NULL, 10) - 1 : -1;
	int line = 1;

	if (left < 0)
		return 0;
	for (; *text && left > 0; text++)
	{
		line += *text == '\n';
		/* the first byte of the next character */
		left -= ((unsigned char) text[1] & 0xC0) != 0x80;
	}
	return line;
}

static aiodal_status
refused(const PGresult *res, const char *path, const char *sql, aiodal_error **err)
{
	int line = line_of(sql, PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION));
	const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(res, PG_DIAG_MESSAGE_HINT);

	message = message ? message : PQresultErrorMessage(res);
	if (line > 0)
		return aiodal_test__fail_hint(err, AIODAL_ESERVER, detail, hint, "%s:%d: %s", path, line, message);
	return aiodal_test__fail_hint(err, AIODAL_ESERVER, detail, hint, "%s: %s", path, message);
}

aiodal_status
aiodal_test__run_text(PGconn *pg, const char *path, const char *sql, aiodal_error **err)
{
	PGresult *res = PQexec(pg, sql);
	aiodal_status status = AIODAL_OK;

	switch (PQresultStatus(res))
	{
		case PGRES_COMMAND_OK:
		case PGRES_TUPLES_OK:
		case PGRES_EMPTY_QUERY: break;
		case PGRES_COPY_IN:
		case PGRES_COPY_OUT:
		case PGRES_COPY_BOTH:
			status = aiodal_test__fail_hint(err, AIODAL_EINVAL, NULL,
											"Write the rows as INSERT statements (pg_dump --inserts).",
											"%s: COPY from or to the client is for psql", path);
			break;
		case PGRES_FATAL_ERROR:
			status = PQstatus(pg) == CONNECTION_OK
						 ? refused(res, path, sql, err)
						 : aiodal_test__fail(err, AIODAL_ECONN, "%s: %s", path, PQerrorMessage(pg));
			break;
		default: status = aiodal_test__fail(err, AIODAL_ESERVER, "%s: %s", path, PQerrorMessage(pg)); break;
	}
	PQclear(res);
	return status;
}

static aiodal_status
run_one(void *pg, const char *path, const char *sql, aiodal_error **err)
{
	return aiodal_test__run_text(pg, path, sql, err);
}

aiodal_status
aiodal_test_run_sql(const char *conninfo, const char *path, aiodal_error **err)
{
	aiodal_status status;
	PGconn *pg;

	if (!conninfo || !path)
		return aiodal_test__fail(err, AIODAL_EINVAL, "%s must not be NULL", conninfo ? "path" : "conninfo");
	status = aiodal_test__connect(&pg, conninfo, err);
	if (status == AIODAL_OK)
		status = aiodal_test__each_file(path, run_one, pg, err);
	PQfinish(pg);
	return status;
}

/* 0A000, 58P01: no control file, in the words of different releases */
static bool
is_not_installed(const PGresult *res)
{
	const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	return sqlstate && (strcmp(sqlstate, "0A000") == 0 || strcmp(sqlstate, "58P01") == 0);
}

aiodal_status
aiodal_test_create_extension(const char *conninfo, aiodal_error **err)
{
	aiodal_status status;
	PGresult *res;
	PGconn *pg;

	if (!conninfo)
		return aiodal_test__fail(err, AIODAL_EINVAL, "conninfo must not be NULL");
	status = aiodal_test__connect(&pg, conninfo, err);
	if (status == AIODAL_OK)
	{
		res = PQexec(pg, "CREATE EXTENSION IF NOT EXISTS aiodal");
		if (PQresultStatus(res) != PGRES_COMMAND_OK && is_not_installed(res))
			status =
				aiodal_test__fail_hint(err, AIODAL_ENOTFOUND, PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL),
									   "Install it (make install), or set AIODAL_TEST_MIRROR to where \"make "
									   "install DESTDIR=\" put it.",
									   "the extension aiodal is not installed for this server");
		else if (PQresultStatus(res) != PGRES_COMMAND_OK)
			status = refused(res, "CREATE EXTENSION aiodal", "", err);
		PQclear(res);
	}
	PQfinish(pg);
	return status;
}
