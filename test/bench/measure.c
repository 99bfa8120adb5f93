/*
 * measure.c
 *		Runs statements in one session and says what they cost.
 *
 *	measure [-b SQL]... [-f FILE] [-n TIMES] SQL...
 *
 * The session is that of the PG* environment. The statements behind -b come
 * first, unmeasured; then the others, one after another, TIMES times over (default
 * once). A COPY FROM STDIN is fed with FILE.
 *
 * For each time one line, its fields divided by tabs: wall seconds, the
 * backend's CPU seconds, bytes of WAL the server inserted, the most private memory
 * the backend had (bytes; without shared buffers; seen every 20 ms, which
 * short statements escape), and the last statement's first row.
 *
 * CPU time is the backend's utime + stime of /proc/PID/stat, or where the kernel
 * keeps it the same in nanoseconds, /proc/PID/schedstat. So the server must be on
 * this machine, and Linux.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "seconds.h"

#define CHUNK_BYTES   (256 * 1024)
#define LOOK_EVERY_MS 20

typedef struct Cost
{
	double wall;
	double cpu;
	double wal;
	long peak;
	double seen; /* when memory was last looked at */
} Cost;

static PGconn *conn;
static int pid; /* of the backend */

static void __attribute__((noreturn, format(printf, 1, 2))) Fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "measure: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

/* A file of the backend under /proc, as text; false when there is none. */
static bool
ReadProc(const char *name, char *buf, size_t size)
{
	char path[64];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	n = fread(buf, 1, size - 1, file);
	buf[n] = '\0';
	fclose(file);
	return n > 0;
}

static double
CpuSeconds(void)
{
	char buf[1024];
	unsigned long long nanoseconds;
	unsigned long user;
	unsigned long system;

	if (ReadProc("schedstat", buf, sizeof(buf)) && sscanf(buf, "%llu", &nanoseconds) == 1 && nanoseconds > 0)
		return (double) nanoseconds / 1e9;
	/* the command's name, in parentheses, may hold anything */
	if (!ReadProc("stat", buf, sizeof(buf)) || strrchr(buf, ')') == NULL ||
		sscanf(strrchr(buf, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
			   &system) != 2)
		Fail("cannot read /proc/%d/stat: is the server on this machine?", pid);
	return (double) (user + system) / (double) sysconf(_SC_CLK_TCK);
}

static void
LookAtMemory(Cost *cost)
{
	char buf[4096];
	const char *line;
	long kilobytes;

	cost->seen = Now();
	if (!ReadProc("status", buf, sizeof(buf)))
		return;
	line = strstr(buf, "RssAnon:");
	if (line != NULL && sscanf(line, "RssAnon: %ld", &kilobytes) == 1 && kilobytes * 1024 > cost->peak)
		cost->peak = kilobytes * 1024;
}

/* Waits until libpq can go on, with an eye on the backend's memory. */
static void
Wait(Cost *cost, short events)
{
	struct pollfd fd = {.fd = PQsocket(conn), .events = events};
	int ready = 0;

	while (ready == 0)
	{
		ready = poll(&fd, 1, LOOK_EVERY_MS);
		if (ready < 0 && errno != EINTR)
			Fail("poll: %s", strerror(errno));
		if (Now() - cost->seen > LOOK_EVERY_MS / 1e3)
			LookAtMemory(cost);
	}
}

static void
PutCopyData(Cost *cost, const char *data, int n)
{
	int done;

	while ((done = data ? PQputCopyData(conn, data, n) : PQputCopyEnd(conn, NULL)) == 0)
		Wait(cost, POLLOUT);
	if (done < 0)
		Fail("%s", PQerrorMessage(conn));
	while ((done = PQflush(conn)) > 0)
		Wait(cost, POLLOUT | POLLIN);
	/* an error of the server's comes to light with the result */
}

static void
Feed(Cost *cost, const char *path)
{
	static char buf[CHUNK_BYTES];
	FILE *file;
	size_t n;

	if (path == NULL)
		Fail("COPY FROM STDIN without -f FILE");
	file = fopen(path, "r");
	if (file == NULL)
		Fail("%s: %s", path, strerror(errno));
	while ((n = fread(buf, 1, sizeof(buf), file)) > 0)
		PutCopyData(cost, buf, (int) n);
	if (ferror(file))
		Fail("%s: %s", path, strerror(errno));
	fclose(file);
	PutCopyData(cost, NULL, 0);
}

static PGresult *
NextResult(Cost *cost)
{
	while (PQisBusy(conn))
	{
		Wait(cost, POLLIN);
		if (!PQconsumeInput(conn))
			Fail("%s", PQerrorMessage(conn));
	}
	return PQgetResult(conn);
}

/* Runs one statement; its last result. */
static PGresult *
Run(Cost *cost, const char *sql, const char *file)
{
	PGresult *result;
	PGresult *last = NULL;

	if (!PQsendQuery(conn, sql))
		Fail("%s", PQerrorMessage(conn));
	while ((result = NextResult(cost)) != NULL)
	{
		ExecStatusType status = PQresultStatus(result);

		PQclear(last);
		last = result;
		if (status == PGRES_COPY_IN)
			Feed(cost, file);
		else if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
			Fail("%sin: %s", PQerrorMessage(conn), sql);
	}
	return last;
}

static void
Do(const char *sql)
{
	Cost cost = {0};

	PQclear(Run(&cost, sql, NULL));
}

static double
WalPosition(void)
{
	Cost cost = {0};
	PGresult *result = Run(&cost, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn", NULL);
	double position = strtod(PQgetvalue(result, 0, 0), NULL);

	PQclear(result);
	return position;
}

static void
Measure(char **statements, int n, const char *file)
{
	Cost cost = {0};
	PGresult *result = NULL;
	double wal = WalPosition();
	double cpu;
	double start;

	LookAtMemory(&cost);
	cpu = CpuSeconds();
	start = Now();
	for (int i = 0; i < n; i++)
	{
		PQclear(result);
		result = Run(&cost, statements[i], file);
	}
	cost.wall = Now() - start;
	cost.cpu = CpuSeconds() - cpu;
	LookAtMemory(&cost);
	cost.wal = WalPosition() - wal;
	printf("%.6f\t%.6f\t%.0f\t%ld", cost.wall, cost.cpu, cost.wal, cost.peak);
	for (int i = 0; PQntuples(result) > 0 && i < PQnfields(result); i++)
		printf("\t%.200s", PQgetvalue(result, 0, i));
	printf("\n");
	PQclear(result);
}

int
main(int argc, char **argv)
{
	const char *file = NULL;
	long times = 1;
	int option;

	conn = PQconnectdb("");
	if (PQstatus(conn) != CONNECTION_OK || PQsetnonblocking(conn, 1) != 0)
		Fail("%s", PQerrorMessage(conn));
	pid = PQbackendPID(conn);
	Do("SET client_min_messages = error");
	while ((option = getopt(argc, argv, "b:f:n:")) != -1)
	{
		switch (option)
		{
			case 'b': Do(optarg); break;
			case 'f': file = optarg; break;
			case 'n': times = strtol(optarg, NULL, 10); break;
			default: Fail("usage: measure [-b SQL]... [-f FILE] [-n TIMES] SQL...");
		}
	}
	while (times-- > 0)
		Measure(argv + optind, argc - optind, file);
	PQfinish(conn);
	return 0;
}
