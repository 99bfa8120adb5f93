/*
 * loop_load.c
 *		Opening a db and loading rows in a loop over poll(2), with statements running beside it: nothing
 *		blocks.
 *
 *		cc loop_load.c $(pkg-config --cflags --libs aiodal)
 */
#include <stdio.h>

#include <aiodal/adapters/poll.h>
#include <aiodal/or_exit.h>

static aiodal_poll_loop loop = AIODAL_POLL_LOOP_INIT;
static aiodal_db *db;
static aiodal_error *failure;

/* What is loaded, and what goes on beside it. */
static aiodal_tx *load_tx;
static aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;
static int rows_left = 100000;
static bool loaded;

static aiodal_tx *beside_tx;
static int beats;

/* The rows, as the loop gets round to it: it runs in aiodal_op_poll(), like all that a program does. */
static ptrdiff_t
read_rows(void *payload, char *buf, size_t size, aiodal_error **err)
{
	size_t len = 0;

	(void) payload;
	(void) err;
	while (rows_left > 0 && size - len > 40)
	{
		len += (size_t) snprintf(buf + len, size - len, "%d,number %d\n", rows_left, rows_left);
		rows_left--;
	}
	return (ptrdiff_t) len;
}

/* The operation is over; ends the program when it failed. */
static void
finish(aiodal_op *op, aiodal_status status, const aiodal_error *err)
{
	if (status != AIODAL_OK)
		fprintf(stderr, "%s\n", aiodal_error_message(err));
	aiodal_op_free(op);
	if (status != AIODAL_OK)
		exit(1);
}

static void
go_on(aiodal_op *op, aiodal_poll_fn then)
{
	aiodal_or_exit(aiodal_poll_start(&loop, op, then, NULL, &failure), &failure);
}

static void
load_committed(aiodal_op *op, aiodal_status status, const aiodal_error *err, void *payload)
{
	(void) payload;
	finish(op, status, err);
	aiodal_tx_free(load_tx);
	loaded = true;
	printf("loaded %lld rows\n", (long long) stats.inserted);
}

static void
load_done(aiodal_op *op, aiodal_status status, const aiodal_error *err, void *payload)
{
	(void) payload;
	finish(op, status, err);
	aiodal_or_exit(aiodal_tx_commit_start(&op, load_tx, &failure), &failure);
	go_on(op, load_committed);
}

static void
load_begun(aiodal_op *op, aiodal_status status, const aiodal_error *err, void *payload)
{
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;

	(void) payload;
	finish(op, status, err);
	options.table = "number";
	options.layout.header = AIODAL_HEADER_NO;
	aiodal_or_exit(aiodal_bulk_load_start(&op, &stats, load_tx, &options, read_rows, NULL, &failure),
				   &failure);
	go_on(op, load_done);
}

static void
beside(aiodal_op *op, aiodal_status status, const aiodal_error *err, void *payload)
{
	(void) payload;
	finish(op, status, err);
	if (loaded)
	{
		aiodal_tx_free(beside_tx);
		return;
	}
	beats++;
	aiodal_or_exit(aiodal_tx_exec_start(&op, beside_tx, "SELECT pg_sleep(0.001)", 0, NULL, &failure),
				   &failure);
	go_on(op, beside);
}

static void
opened(aiodal_op *op, aiodal_status status, const aiodal_error *err, void *payload)
{
	(void) payload;
	finish(op, status, err);
	aiodal_or_exit(aiodal_tx_begin_start(&op, &load_tx, db, NULL, &failure), &failure);
	go_on(op, load_begun);
	aiodal_or_exit(aiodal_tx_begin_start(&op, &beside_tx, db, NULL, &failure), &failure);
	go_on(op, beside);
}

int
main(void)
{
	aiodal_op *op;

	aiodal_or_exit(aiodal_db_open_start(&op, &db, "", NULL, &failure), &failure);
	go_on(op, opened);
	aiodal_poll_run(&loop);
	aiodal_poll_free(&loop);
	aiodal_db_close(db);
	printf("%s\n", beats > 0 ? "and something else beside it" : "and nothing else");
	return 0;
}
