/*
 * sequences.c
 *		Sequences as they were: a rollback leaves them alone.
 *
 * Design notes. A statement is made that reads them all and sets those back that have moved. It is prepared
 * on a connection of its own, since the one of a sandbox may be in any state, and runs while the caller goes
 * on: the next test waits for it.
 */
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "group.h"

#define RESTORE "restore_sequences"

/* Of permanent ones. Makes the statement that makes the statement: where they are is not in the catalogs. */
static const char list_sequences[] =
	"SELECT 'SELECT ''SELECT pg_catalog.setval(s, v, c) FROM ('' || pg_catalog.string_agg(part, '' UNION ALL "
	"'') || '') x WHERE (l, k) IS DISTINCT FROM (v, c)'' FROM (' || pg_catalog.string_agg(pg_catalog.format("
	"'SELECT pg_catalog.format(''SELECT %s::oid::regclass AS s, %%L::bigint AS v, %%L::bool AS c, "
	"last_value AS l, is_called AS k FROM %%s'', last_value, is_called, %L) AS part FROM %s', c.oid, "
	"pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.format('%I.%I', n.nspname, c.relname)), "
	"' UNION ALL ') || ') p' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
	"c.relnamespace WHERE c.relkind = 'S' AND c.relpersistence <> 't'";

/* *sql is NULL when there are none. */
static aiodal_status
make_statement(char **sql, PGconn *pg, aiodal_error **err)
{
	char *list;
	aiodal_status status = aiodal_test__sql(&list, pg, list_sequences, err);

	*sql = NULL;
	if (status == AIODAL_OK && list)
		status = aiodal_test__sql(sql, pg, list, err);
	free(list);
	return status;
}

static aiodal_status
prepare(PGconn *pg, const char *sql, aiodal_error **err)
{
	PGresult *res = PQprepare(pg, RESTORE, sql, 0, NULL);
	aiodal_status status = AIODAL_OK;

	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		status = aiodal_test__fail(err, AIODAL_ESERVER, "%s", PQerrorMessage(pg));
	PQclear(res);
	return status;
}

aiodal_status
aiodal_test__note_sequences(PGconn **pg, const char *conninfo, aiodal_error **err)
{
	char *sql = NULL;
	aiodal_status status = aiodal_test__connect(pg, conninfo, err);

	/* nobody is to wait for a disk because of it */
	if (status == AIODAL_OK)
		status = aiodal_test__sql(NULL, *pg, "SET synchronous_commit = off", err);
	if (status == AIODAL_OK)
		status = make_statement(&sql, *pg, err);
	if (status == AIODAL_OK && sql)
		status = prepare(*pg, sql, err);
	if (!sql)
	{
		PQfinish(*pg);
		*pg = NULL;
	}
	free(sql);
	return status;
}

bool
aiodal_test__restore_sequences(PGconn *pg)
{
	return PQsendQueryPrepared(pg, RESTORE, 0, NULL, NULL, NULL, 0) != 0;
}

bool
aiodal_test__sequences_restored(PGconn *pg)
{
	bool restored = true;
	PGresult *res;

	while ((res = PQgetResult(pg)))
	{
		restored = restored && PQresultStatus(res) == PGRES_TUPLES_OK;
		PQclear(res);
	}
	return restored && PQstatus(pg) == CONNECTION_OK;
}
