/*
 * open.c
 *		How long libaiodal takes to open a database and to reflect again, and
 *		what memory the snapshot takes.
 *
 *	open TIMES
 *
 * Opens the database of the PG* environment once, and then TIMES times reflects
 * again with nothing changed, and sends SELECT 1 by bare libpq. Prints lines
 * "way metric value", divided by tabs, the ways being open, again and ping.
 * Memory is the most this process held at once.
 */
#include <stdio.h>
#include <stdlib.h>

#include <libpq-fe.h>

#include <aiodal/aiodal.h>

#include "seconds.h"

static void
Check(aiodal_status status, aiodal_error *error)
{
	if (status == AIODAL_OK)
		return;
	fprintf(stderr, "open: %s\n", aiodal_error_message(error));
	exit(1);
}

static long
PeakBytes(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	long kilobytes = 0;

	while (file && fgets(line, sizeof(line), file))
	{
		if (sscanf(line, "VmHWM: %ld", &kilobytes) == 1)
			break;
	}
	if (file)
		fclose(file);
	return kilobytes * 1024;
}

static void
Ping(PGconn *conn)
{
	PGresult *result = PQexec(conn, "SELECT 1");

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		exit(1);
	PQclear(result);
}

int
main(int argc, char **argv)
{
	long times = argc > 1 ? strtol(argv[1], NULL, 10) : 10;
	aiodal_db *db;
	aiodal_error *error = NULL;
	PGconn *conn;
	double start = Now();

	Check(aiodal_db_open(&db, "", NULL, &error), error);
	printf("open\twall_seconds\t%.6f\n", Now() - start);
	printf("open\tclient_memory_bytes\t%ld\n", PeakBytes());
	conn = PQconnectdb("");
	Ping(conn);
	/* in turn, so that both see the same machine */
	for (long i = 0; i < times; i++)
	{
		start = Now();
		Check(aiodal_db_reflect(db, &error), error);
		printf("again\twall_seconds\t%.6f\n", Now() - start);
		start = Now();
		Ping(conn);
		printf("ping\twall_seconds\t%.6f\n", Now() - start);
	}
	aiodal_db_close(db);
	PQfinish(conn);
	return 0;
}
