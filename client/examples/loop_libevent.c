/*
 * loop_libevent.c
 *		Three transactions side by side in a loop of libevent, and a listener that hears what one of them
 * says.
 *
 *		cc loop_libevent.c $(pkg-config --cflags --libs aiodal libevent)
 */
#include <stdio.h>

#include <aiodal/adapters/libevent.h>
#include <aiodal/or_exit.h>

static struct event_base *base;
static aiodal_event_watch *watch; /* of the listener */

typedef struct question
{
	const char *name;
	const char *sql;
	aiodal_tx *tx;
} question;

static question questions[] = {
	{"database", "SELECT current_database()", NULL},
	{"sum", "SELECT sum(i) FROM generate_series(1, 100000) i", NULL},
	{"told", "SELECT pg_notify('news', 'from a statement')", NULL},
};

enum
{
	N_QUESTIONS = sizeof(questions) / sizeof(questions[0])
};

/* Called out of the loop when the transaction has ended. */
static void
committed(aiodal_op *op, aiodal_status status, const aiodal_error *err, void *payload)
{
	question *q = (question *) payload;

	if (status != AIODAL_OK)
		printf("%s was not committed: %s\n", q->name, aiodal_error_message(err));
	aiodal_op_free(op);
	aiodal_tx_free(q->tx);
}

/* When its statement is over. */
static void
answered(aiodal_op *op, aiodal_status status, const aiodal_error *err, void *payload)
{
	question *q = (question *) payload;
	aiodal_result *rows = aiodal_op_take_result(op);
	aiodal_error *own = NULL;

	if (status == AIODAL_OK)
		printf("%s: %s\n", q->name, aiodal_result_value(rows, 0, 0));
	else
		printf("%s failed: %s\n", q->name, aiodal_error_message(err));
	aiodal_result_free(rows);
	aiodal_op_free(op);
	/* of one that has failed it is a rollback, and says so */
	aiodal_or_exit(aiodal_tx_commit_start(&op, q->tx, &own), &own);
	aiodal_or_exit(aiodal_event_start(base, op, committed, q, &own), &own);
}

/* When it has begun. */
static void
begun(aiodal_op *op, aiodal_status status, const aiodal_error *err, void *payload)
{
	question *q = (question *) payload;
	aiodal_error *own = NULL;

	aiodal_op_free(op);
	if (status != AIODAL_OK)
	{
		printf("%s has not begun: %s\n", q->name, aiodal_error_message(err));
		aiodal_tx_free(q->tx);
		return;
	}
	aiodal_or_exit(aiodal_tx_exec_start(&op, q->tx, q->sql, 0, NULL, &own), &own);
	aiodal_or_exit(aiodal_event_start(base, op, answered, q, &own), &own);
}

/* Called out of the loop for each notification; one is enough here. */
static void
heard(aiodal_listener *listener, const aiodal_notification *notification, const aiodal_error *err,
	  void *payload)
{
	(void) listener;
	(void) payload;
	if (notification)
		printf("%s: %s\n", notification->channel, notification->payload);
	else
		printf("the listener failed: %s\n", aiodal_error_message(err));
	aiodal_event_forget(watch);
}

int
main(void)
{
	static const char *const channels[] = {"news"};
	aiodal_error *err = NULL;
	aiodal_listener *listener;
	aiodal_db *db;

	base = event_base_new();
	aiodal_or_exit(aiodal_db_open(&db, "", NULL, &err), &err);
	aiodal_or_exit(aiodal_listen(&listener, db, channels, 1, &err), &err);
	aiodal_or_exit(aiodal_event_listen(&watch, base, listener, heard, NULL, &err), &err);
	for (int i = 0; i < N_QUESTIONS; i++)
	{
		question *q = &questions[i];
		aiodal_op *op;

		aiodal_or_exit(aiodal_tx_begin_start(&op, &q->tx, db, NULL, &err), &err);
		aiodal_or_exit(aiodal_event_start(base, op, begun, q, &err), &err);
	}
	(void) event_base_dispatch(base);
	event_base_free(base);
	aiodal_listener_free(listener);
	aiodal_db_close(db);
	return 0;
}
