/*
 * result.c
 *		An aiodal_result is a PGresult by another name: reading one costs no copy and no allocation.
 *
 * Every access is checked here, since libpq would report a bad row number by a notice and answer "".
 */
#include "result.h"

#include <stdlib.h>
#include <string.h>

#include <aiodal/pq.h>

static const PGresult *
pg(const aiodal_result *res)
{
	return (const PGresult *) res;
}

static bool
has(const aiodal_result *res, int row, int column)
{
	return row >= 0 && row < PQntuples(pg(res)) && column >= 0 && column < PQnfields(pg(res));
}

int
aiodal_result_rows(const aiodal_result *res)
{
	return PQntuples(pg(res));
}

int
aiodal_result_columns(const aiodal_result *res)
{
	return PQnfields(pg(res));
}

const char *
aiodal_result_name(const aiodal_result *res, int column)
{
	return column >= 0 && column < PQnfields(pg(res)) ? PQfname(pg(res), column) : NULL;
}

/* Not PQfnumber(), which folds case and unquotes. */
int
aiodal_result_column(const aiodal_result *res, const char *name)
{
	for (int i = 0; name && i < PQnfields(pg(res)); i++)
	{
		if (strcmp(PQfname(pg(res), i), name) == 0)
			return i;
	}
	return -1;
}

unsigned int
aiodal_result_type(const aiodal_result *res, int column)
{
	return column >= 0 && column < PQnfields(pg(res)) ? PQftype(pg(res), column) : 0;
}

bool
aiodal_result_is_null(const aiodal_result *res, int row, int column)
{
	return !has(res, row, column) || PQgetisnull(pg(res), row, column);
}

const char *
aiodal_result_value(const aiodal_result *res, int row, int column)
{
	return aiodal_result_is_null(res, row, column) ? NULL : PQgetvalue(pg(res), row, column);
}

size_t
aiodal_result_length(const aiodal_result *res, int row, int column)
{
	return has(res, row, column) ? (size_t) PQgetlength(pg(res), row, column) : 0;
}

int64_t
aiodal_result_affected(const aiodal_result *res)
{
	/* libpq's signature wants a pointer to non-const, and does not write through it */
	return res ? strtoll(PQcmdTuples((PGresult *) res), NULL, 10) : 0;
}

const char *
aiodal_result_tag(const aiodal_result *res)
{
	return res ? PQcmdStatus((PGresult *) res) : "";
}

void
aiodal_result_free(aiodal_result *res)
{
	PQclear((PGresult *) res);
}

const PGresult *
aiodal_result_pgresult(const aiodal_result *res)
{
	return pg(res);
}
