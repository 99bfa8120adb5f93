/*
 * pooled.c
 *		What a transaction of one statement costs through libaiodal's pool and on a bare connection of libpq.
 *
 *	pooled tx TIMES
 *		TIMES blocks of transactions each way, in turn, in one thread, on one processor with the server's
 *		processes. Prints "way metric value": seconds and CPU seconds of this process for one transaction
 *		of the median block, and the allocations of libaiodal for one.
 *	pooled threads THREADS CONNECTIONS TRANSACTIONS
 *		So many transactions, spread over threads that share a pool of so many connections. Prints the
 *		seconds that all of them took.
 *
 * Linked with the static library: the counter of allocations is none of its exported symbols.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <libpq-fe.h>

#include <aiodal/aiodal.h>

#include "util/mem.h"

#include "seconds.h"

#define BLOCK  200 /* transactions */
#define WARMUP 2   /* blocks not counted */
#define ROWS   100000

static const char statement[] = "SELECT balance FROM account WHERE id = $1";

static void
Check(aiodal_status status, aiodal_error *error)
{
	if (status == AIODAL_OK)
		return;
	fprintf(stderr, "pooled: %s\n", aiodal_error_message(error));
	exit(1);
}

static unsigned int
Random(unsigned int *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void
Account(unsigned int *state, char *id, size_t size)
{
	snprintf(id, size, "%u", Random(state) % ROWS + 1);
}

/*
 * The ways
 */

typedef void (*Way)(void *with, const char *id);

static void
Pooled(void *with, const char *id)
{
	aiodal_error *error = NULL;
	aiodal_result *result;
	aiodal_tx *tx;

	Check(aiodal_tx_begin(&tx, with, NULL, &error), error);
	Check(aiodal_tx_exec(&result, tx, statement, 1, &id, &error), error);
	if (aiodal_result_rows(result) != 1)
		exit(1);
	aiodal_result_free(result);
	Check(aiodal_tx_commit(tx, &error), error);
	aiodal_tx_free(tx);
}

static void
Expect(PGresult *result, ExecStatusType status)
{
	if (PQresultStatus(result) != status)
	{
		fprintf(stderr, "pooled: %s\n", PQresultErrorMessage(result));
		exit(1);
	}
	PQclear(result);
}

/* Prepared, as libaiodal does by itself. */
static void
Bare(void *with, const char *id)
{
	Expect(PQexec(with, "BEGIN"), PGRES_COMMAND_OK);
	Expect(PQexecPrepared(with, "s", 1, &id, NULL, NULL, 0), PGRES_TUPLES_OK);
	Expect(PQexec(with, "COMMIT"), PGRES_COMMAND_OK);
}

static void
BareParams(void *with, const char *id)
{
	Expect(PQexec(with, "BEGIN"), PGRES_COMMAND_OK);
	Expect(PQexecParams(with, statement, 1, NULL, &id, NULL, NULL, 0), PGRES_TUPLES_OK);
	Expect(PQexec(with, "COMMIT"), PGRES_COMMAND_OK);
}

static PGconn *
Connect(void)
{
	PGconn *conn = PQconnectdb("");

	if (PQstatus(conn) != CONNECTION_OK)
		exit(1);
	return conn;
}

/*
 * One thread
 */

/* Where a process runs matters more than what it does, when it waits as often as here: all of them on the
 * processor that this one happens to be on now. */
static void
ShareProcessor(const pid_t *pids, int n)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	for (int i = 0; i < n; i++)
	{
		if (sched_setaffinity(pids[i], sizeof(one), &one) != 0)
		{
			perror("pooled: sched_setaffinity");
			exit(1);
		}
	}
}

/* The server process of the pool's only connection. */
static pid_t
BackendOf(aiodal_db *db)
{
	aiodal_error *error = NULL;
	aiodal_tx *tx;
	pid_t pid;

	Check(aiodal_tx_begin(&tx, db, NULL, &error), error);
	pid = PQbackendPID(aiodal_tx_pgconn(tx));
	Check(aiodal_tx_commit(tx, &error), error);
	aiodal_tx_free(tx);
	return pid;
}

static long allocations;

static int
CountAllocation(void)
{
	allocations++;
	return 0;
}

static int
Compare(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

static double
Median(double *v, int n)
{
	qsort(v, (size_t) n, sizeof(*v), Compare);
	return v[n / 2];
}

static void
RunBlock(Way way, void *with, double *wall, double *cpu)
{
	static unsigned int seed = 1;
	double start = Now();
	double used = Seconds(CLOCK_PROCESS_CPUTIME_ID);

	for (int i = 0; i < BLOCK; i++)
	{
		char id[16];

		Account(&seed, id, sizeof(id));
		way(with, id);
	}
	*wall = (Now() - start) / BLOCK;
	*cpu = (Seconds(CLOCK_PROCESS_CPUTIME_ID) - used) / BLOCK;
}

static void
OneThread(int blocks)
{
	static const char *const names[] = {"libpq", "params", "pooled"};
	static const Way ways[] = {Bare, BareParams, Pooled};
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *error = NULL;
	PGconn *bare = Connect();
	double *wall[3];
	double *cpu[3];
	aiodal_db *db;

	options.no_reflect = true;
	options.pool_size = 1;
	Check(aiodal_db_open(&db, "", &options, &error), error);
	Expect(PQprepare(bare, "s", statement, 0, NULL), PGRES_COMMAND_OK);
	ShareProcessor((pid_t[]){0, PQbackendPID(bare), BackendOf(db)}, 3);
	for (int w = 0; w < 3; w++)
	{
		wall[w] = calloc((size_t) blocks, sizeof(double));
		cpu[w] = calloc((size_t) blocks, sizeof(double));
	}
	for (int block = -WARMUP; block < blocks; block++)
	{
		/* who follows whom changes, too */
		for (int i = 0; i < 3; i++)
		{
			int w = (i + block + WARMUP) % 3;
			int at = block < 0 ? 0 : block;

			if (block == 0 && w == 2)
				aiodal__alloc_fails = CountAllocation;
			RunBlock(ways[w], w == 2 ? (void *) db : bare, &wall[w][at], &cpu[w][at]);
			aiodal__alloc_fails = NULL;
		}
	}
	for (int w = 0; w < 3; w++)
	{
		printf("%s\twall_seconds\t%.9f\n", names[w], Median(wall[w], blocks));
		printf("%s\tclient_cpu_seconds\t%.9f\n", names[w], Median(cpu[w], blocks));
		free(wall[w]);
		free(cpu[w]);
	}
	printf("pooled\tallocations\t%g\n", (double) allocations / BLOCK);
	PQfinish(bare);
	aiodal_db_close(db);
}

/*
 * Many threads
 */

typedef struct Share
{
	aiodal_db *db;
	long times;
	unsigned int seed;
	pthread_t thread;
} Share;

static void *
RunShare(void *arg)
{
	Share *share = arg;

	for (long i = 0; i < share->times; i++)
	{
		char id[16];

		Account(&share->seed, id, sizeof(id));
		Pooled(share->db, id);
	}
	return NULL;
}

static double
RunThreads(aiodal_db *db, int threads, long transactions)
{
	Share *shares = calloc((size_t) threads, sizeof(*shares));
	double start = Now();

	for (int i = 0; i < threads; i++)
	{
		shares[i] = (Share){.db = db, .times = transactions / threads, .seed = (unsigned int) i + 1};
		if (pthread_create(&shares[i].thread, NULL, RunShare, &shares[i]) != 0)
			exit(1);
	}
	for (int i = 0; i < threads; i++)
		pthread_join(shares[i].thread, NULL);
	free(shares);
	return Now() - start;
}

static void
ManyThreads(int threads, int connections, long transactions)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_error *error = NULL;
	aiodal_db *db;

	options.no_reflect = true;
	options.pool_size = connections;
	options.acquire_timeout_ms = -1;
	Check(aiodal_db_open(&db, "", &options, &error), error);
	/* connected and prepared, as pgbench is when its clock starts */
	(void) RunThreads(db, threads, threads * 10L);
	printf("%.9f\n", RunThreads(db, threads, transactions));
	aiodal_db_close(db);
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "tx") == 0)
		OneThread((int) strtol(argv[2], NULL, 10));
	else if (argc == 5 && strcmp(argv[1], "threads") == 0)
		ManyThreads((int) strtol(argv[2], NULL, 10), atoi(argv[3]), strtol(argv[4], NULL, 10));
	else
	{
		fprintf(stderr, "usage: pooled tx TIMES | pooled threads THREADS CONNECTIONS TRANSACTIONS\n");
		return 2;
	}
	return 0;
}
