/*
 * test_faults.c
 *		Answers that are cut, garbled, or come with what nobody asked for, at each message of a conversation.
 */
#include "replay.h"

#include "polling.h"

#include <time.h>

/* The conversation is recorded once. */
static replay tape;

/* All of it but statements by polling: the same conversation. */
static bool polled;

/* How far a client came, and what became of it. */
typedef struct outcome
{
	aiodal_status status;
	aiodal_tx_state state; /* of its transaction */
	bool began;
	char sqlstate[6];
	char message[200];
	int notices;
} outcome;

static void
count_notice(void *payload, const aiodal_error *notice)
{
	int *notices = payload;

	(void) notice;
	(*notices)++;
}

static aiodal_status
open_db(aiodal_db **db, const char *conninfo, const aiodal_db_options *options, aiodal_error **err)
{
	aiodal_status status;
	aiodal_op *op;

	if (!polled)
		return aiodal_db_open(db, conninfo, options, err);
	status = aiodal_db_open_start(&op, db, conninfo, options, err);
	return polling_run(op, status, err);
}

static aiodal_status
load_memory(aiodal_tx *tx, const aiodal_load_options *options, const char *text, aiodal_error **err)
{
	aiodal_status status;
	aiodal_op *op;

	if (!polled)
		return aiodal_bulk_load_memory(NULL, tx, options, text, strlen(text), err);
	status = aiodal_bulk_load_memory_start(&op, NULL, tx, options, text, strlen(text), err);
	return polling_run(op, status, err);
}

static aiodal_status
use(aiodal_tx *tx, aiodal_error **err)
{
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
	aiodal_value value = aiodal_int32(7);
	aiodal_result *res = NULL;
	aiodal_pipeline *p = NULL;
	aiodal_status status = aiodal_tx_query(&res, tx, "SELECT $1 + 1, 'x'::text, NULL", 1, &value, NULL, err);

	if (status == AIODAL_OK && strcmp(aiodal_result_value(res, 0, 0), "8") != 0)
		status = AIODAL_EINVAL;
	aiodal_result_free(res);
	if (status == AIODAL_OK)
		status = aiodal_pipeline_begin(&p, tx, err);
	for (int i = 0; i < 2 && status == AIODAL_OK; i++)
		status = aiodal_pipeline_query(p, "SELECT $1", 1, &value, NULL, err);
	if (status == AIODAL_OK)
		status = aiodal_pipeline_run(p, err);
	aiodal_pipeline_free(p);
	options.table = "item";
	if (status == AIODAL_OK)
		status = load_memory(tx, &options, "id,name\n1,a\n2,b\n", err);
	return status;
}

/* What is recorded and replayed; each step ends in time. */
static outcome
converse(const char *directory)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_tx_options tx_options = AIODAL_TX_OPTIONS_INIT;
	outcome o = {.status = AIODAL_OK};
	aiodal_error *err = NULL;
	aiodal_db *db = NULL;
	aiodal_tx *tx = NULL;
	char conninfo[200];

	(void) snprintf(conninfo, sizeof(conninfo), "host=%s port=1 gssencmode=disable sslmode=disable",
					directory);
	options.no_reflect = true;
	options.connect_timeout_ms = 10000;
	options.acquire_timeout_ms = 10000;
	options.notice = count_notice;
	options.notice_payload = &o.notices;
	tx_options.timeout_ms = 300000;
	o.status = open_db(&db, conninfo, &options, &err);
	if (o.status == AIODAL_OK)
		o.status =
			polled ? polling_begin(&tx, db, &tx_options, &err) : aiodal_tx_begin(&tx, db, &tx_options, &err);
	o.began = o.status == AIODAL_OK;
	if (o.status == AIODAL_OK)
		o.status = use(tx, &err);
	if (o.status == AIODAL_OK)
		o.status = polled ? polling_commit(tx, &err) : aiodal_tx_commit(tx, &err);
	o.state = aiodal_tx_get_state(tx);
	(void) snprintf(o.sqlstate, sizeof(o.sqlstate), "%s",
					err && aiodal_error_sqlstate(err) ? aiodal_error_sqlstate(err) : "");
	(void) snprintf(o.message, sizeof(o.message), "%s", err ? aiodal_error_message(err) : "");
	aiodal_error_free(err);
	aiodal_tx_free(tx);
	aiodal_db_close(db);
	return o;
}

static outcome
replayed(bool (*change)(void *, int, const bytes *, bytes *), void *payload)
{
	outcome o;

	tape.change = change;
	tape.payload = payload;
	replay_start(&tape);
	o = converse(tape.directory);
	replay_stop(&tape);
	return o;
}

static int
set_up(void **state)
{
	outcome o;

	(void) state;
	reset_database("CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL)");
	replay_start(&tape);
	o = converse(tape.directory);
	replay_stop(&tape);
	if (o.status != AIODAL_OK)
		print_error("%s\n", o.message);
	return o.status;
}

static int
tear_down(void **state)
{
	(void) state;
	for (int i = 0; i < tape.n; i++)
		free(tape.turns[i].data);
	return 0;
}

static bool
as_it_was(void *payload, int turn, const bytes *original, bytes *out)
{
	(void) payload;
	(void) turn;
	bytes_add(out, original->data, original->n);
	return true;
}

static void
nothing_is_changed(void **state)
{
	outcome o = replayed(as_it_was, NULL);

	(void) state;
	assert_string_equal(o.message, "");
	assert_int_equal(o.status, AIODAL_OK);
	assert_int_equal(o.state, AIODAL_TX_COMMITTED);
	assert_true(tape.n > 8);
}

/* A place in the conversation: byte at of a turn. */
typedef struct place
{
	int turn;
	size_t at;
	int how;
} place;

static bool
cut_there(void *payload, int turn, const bytes *original, bytes *out)
{
	const place *p = payload;
	bool here = turn == p->turn;

	bytes_add(out, original->data, here ? p->at : original->n);
	return !here;
}

/* Calls f for the beginning of each message: where it is, and how long. */
static void
each_message(void (*f)(int turn, size_t at, size_t len))
{
	for (int turn = 0; turn < tape.n; turn++)
	{
		const bytes *b = &tape.turns[turn];

		for (size_t at = 0; at < b->n;)
		{
			size_t len = 1 + bytes_length(b->data + at + 1);

			f(turn, at, len);
			at += len;
		}
	}
}

static void
expect_lost(outcome o, int turn)
{
	if (o.status != AIODAL_ECONN)
		print_error("turn %d: %s: %s\n", turn, aiodal_status_name(o.status), o.message);
	assert_int_equal(o.status, AIODAL_ECONN);
	assert_true(strlen(o.message) > 10);
	if (o.began)
		assert_int_equal(o.state, turn == tape.n - 1 ? AIODAL_TX_IN_DOUBT : AIODAL_TX_LOST);
	if (turn == tape.n - 1)
		assert_string_equal(o.sqlstate, "08007");
}

/* In front of a message, in its length, in its body, and just before its end. */
static void
cut_message(int turn, size_t at, size_t len)
{
	const size_t cuts[] = {0, 3, 5, len - 1};

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++)
	{
		place p = {turn, at + cuts[i], 0};

		expect_lost(replayed(cut_there, &p), turn);
	}
}

static void
cut_anywhere(void **state)
{
	(void) state;
	each_message(cut_message);
}

static bool
garble_there(void *payload, int turn, const bytes *original, bytes *out)
{
	const place *p = payload;

	bytes_add(out, original->data, original->n);
	if (turn != p->turn)
		return true;
	switch (p->how)
	{
		case 0: out->data[p->at] = '\001'; break;              /* no such type of message */
		case 1: memset(out->data + p->at + 1, 0, 4); break;    /* a length that cannot be */
		case 2: memset(out->data + p->at + 1, 0xff, 4); break; /* negative */
		case 3: memset(out->data + p->at + 1, 0x7f, 4); break; /* huge */
		case 4: out->data[p->at + 4]--; break;                 /* too short */
		case 5: out->data[p->at + 4]++; break;                 /* too long */
		case 6: memset(out->data + p->at + 5, 0xff, 1); break; /* another body */
		default: memcpy(out->data + p->at, "HTTP/", 5); break; /* another protocol */
	}
	return true;
}

/* Whatever comes of it, it comes soon, and is an error unless the change meant nothing. */
static void
garble_message(int turn, size_t at, size_t len)
{
	for (int how = 0; how < 8; how++)
	{
		place p = {turn, at, how};
		time_t start = time(NULL);
		outcome o;

		if (how == 6 && len < 6)
			continue;
		o = replayed(garble_there, &p);
		assert_true(time(NULL) - start < 20);
		assert_true(o.status == AIODAL_OK || (o.status < 0 && strlen(o.message) > 0));
		if (o.status != AIODAL_OK || how == 6)
			continue;
		/* in a message that libpq passes over */
		if (how != 4 && how != 5)
			print_error("turn %d, byte %zu ('%c'), change %d went unnoticed\n", turn, at,
						tape.turns[turn].data[at], how);
		assert_true(how == 4 || how == 5);
	}
}

static void
garbled_anywhere(void **state)
{
	(void) state;
	tape.patience_ms = 300;
	each_message(garble_message);
	tape.patience_ms = 0;
}

static void
add_error(bytes *to, const char *sqlstate, const char *message)
{
	bytes fields = {NULL, 0};

	bytes_add(&fields, "SFATAL", 7);
	bytes_add(&fields, "VFATAL", 7);
	bytes_add(&fields, "C", 1);
	bytes_add(&fields, sqlstate, strlen(sqlstate) + 1);
	bytes_add(&fields, "M", 1);
	bytes_add(&fields, message, strlen(message) + 1);
	bytes_add(&fields, "", 1);
	bytes_message(to, 'E', fields.data, fields.n);
	free(fields.data);
}

static bool
fail_at_startup(void *payload, int turn, const bytes *original, bytes *out)
{
	int how = *(int *) payload;

	(void) turn;
	(void) original;
	switch (how)
	{
		case 0: add_error(out, "57P03", "the database system is starting up"); break;
		case 1: add_error(out, "3D000", "database \"x\" does not exist"); break;
		case 2: add_error(out, "53300", "sorry, too many clients already"); break;
		case 3: bytes_message(out, 'R', "\0\0\0\143", 4); break; /* an unknown method of authentication */
		case 4: bytes_add(out, "HTTP/1.1 400 Bad Request\r\n\r\n", 28); break;
		case 5: bytes_add(out, "EFATAL:  too old\n", 18); break; /* protocol 2 */
		case 6: break;
		default: /* between authentication and being ready */
			bytes_message(out, 'R', "\0\0\0\0", 4);
			add_error(out, "57P01", "terminating connection due to administrator command");
			break;
	}
	return false;
}

static void
errors_at_startup(void **state)
{
	static const char *const words[] = {
		"starting up",          "does not exist", "too many clients", "authentication", "", "too old", "",
		"administrator command"};

	(void) state;
	for (int how = 0; how < 8; how++)
	{
		outcome o = replayed(fail_at_startup, &how);

		if (o.status != AIODAL_ECONN || !strstr(o.message, words[how]))
			print_error("%d: %s: %s\n", how, aiodal_status_name(o.status), o.message);
		assert_int_equal(o.status, AIODAL_ECONN);
		assert_non_null(strstr(o.message, words[how]));
		assert_true(strlen(o.message) > 10);
	}
}

/* Messages that may come at any time, in front of each of the others. */
static bool
interrupt_everywhere(void *payload, int turn, const bytes *original, bytes *out)
{
	static char long_text[20000] = ""; /* libpq takes no longer ones */
	int times = *(int *) payload;

	if (!long_text[0])
	{
		(void) snprintf(long_text, 12, "long_option");
		memset(long_text + 12, 'x', sizeof(long_text) - 13);
	}
	for (size_t at = 0; at < original->n;)
	{
		size_t len = 1 + bytes_length(original->data + at + 1);

		/* before authentication nothing of that sort may come */
		if (turn > 0)
		{
			for (int i = 0; i < times; i++)
			{
				bytes_message(out, 'N', "SNOTICE\0C00000\0Mflood\0", 23);
				bytes_message(out, 'S', "application_name\0\0", 18);
				bytes_message(out, 'S', "no such option\0\377\0", 17);
				bytes_message(out, 'A', "\0\0\0\1news\0text\0", 14);
			}
			bytes_message(out, 'S', long_text, sizeof(long_text));
			bytes_message(out, 'S', "server_version\0a strange one\0", 29);
		}
		bytes_add(out, original->data + at, len);
		at += len;
	}
	return true;
}

static void
interruptions_anywhere(void **state)
{
	(void) state;
	for (int times = 1; times <= 100; times *= 100)
	{
		outcome o = replayed(interrupt_everywhere, &times);

		assert_string_equal(o.message, "");
		assert_int_equal(o.status, AIODAL_OK);
		assert_int_equal(o.state, AIODAL_TX_COMMITTED);
		assert_true(o.notices > 20 * times);
	}
}

static int
set_up_polling(void **state)
{
	(void) state;
	polled = true;
	return 0;
}

#define POLLED(test)                                      \
	{                                                     \
#test "_polled", test, set_up_polling, NULL, NULL \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_changed),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(garbled_anywhere),
		cmocka_unit_test(errors_at_startup),
		cmocka_unit_test(interruptions_anywhere),
		POLLED(nothing_is_changed),
		POLLED(cut_anywhere),
		POLLED(garbled_anywhere),
		POLLED(interruptions_anywhere),
	};

	return cmocka_run_group_tests_name("faults", tests, set_up, tear_down);
}
