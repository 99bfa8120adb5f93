/*
 * bulk_load.c
 *		Files into tables.
 *
 * Design notes. A load is a sequence of steps inside a savepoint: make the stage, pre_copy, COPY, post_copy,
 * then merge or the target statements. The first step that fails ends it; the savepoint undoes all. The two
 * ways of loading differ in how the stage is made and in the last step.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <aiodal/bulk.h>

#include "copy.h"
#include "error.h"
#include "layout.h"
#include "op.h"
#include "progress.h"
#include "source.h"
#include "tx.h"
#include "util/jsonl.h"
#include "util/mem.h"
#include "util/options.h"
#include "util/stage_sql.h"

#define CHUNK         ((size_t) 65536)
#define UNDO_MS       5000
#define WAIT_MS       100
#define DEFAULT_STAGE "aiodal_stage"

typedef struct load
{
	aiodal_load_options options;
	aiodal_load_stats stats;
	aiodal_tx *tx;
	aiodal__conn *conn;
	aiodal__source *source;
	aiodal__progress progress;
	bool copying;      /* COPY is running */
	bool server_spoke; /* while we waited for the source */
	bool by_hand;      /* stage_columns and target statements */
	char *stage;       /* its name, as SQL */
	char *chunk;
	char *rows; /* of jsonl, by hand: the chunk as rows of COPY's text format */
	aiodal__jsonl jsonl;
} load;

/*
 * Options
 */

static aiodal_status
check_statements(const aiodal_statement *statements, size_t n, const char *what, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;

	for (size_t i = 0; i < n && status == AIODAL_OK; i++)
	{
		if (!statements || !statements[i].sql || (statements[i].n_params > 0 && !statements[i].params))
			status =
				aiodal__fail(err, AIODAL_EINVAL, "%s must have as many statements as its count says", what);
	}
	return status;
}

static aiodal_status
check_lists(const aiodal_load_options *o, aiodal_error **err)
{
	aiodal_status status = aiodal__check_strings(o->columns, o->n_columns, "columns", err);

	if (status == AIODAL_OK)
		status = aiodal__check_strings(o->key, o->n_key, "key", err);
	if (status == AIODAL_OK)
		status = aiodal__check_strings(o->update_columns, o->n_update_columns, "update_columns", err);
	if (status == AIODAL_OK)
		status = aiodal__check_strings(o->stage_columns, o->n_stage_columns, "stage_columns", err);
	if (status == AIODAL_OK)
		status = check_statements(o->pre_copy, o->n_pre_copy, "pre_copy", err);
	if (status == AIODAL_OK)
		status = check_statements(o->post_copy, o->n_post_copy, "post_copy", err);
	if (status == AIODAL_OK)
		status = check_statements(o->target, o->n_target, "target", err);
	return status;
}

/* Which of the two ways it is, and that nothing of the other is set. */
static aiodal_status
check_way(const aiodal_load_options *o, aiodal_error **err)
{
	if (!o->table == (o->n_stage_columns == 0))
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL,
								 "table: the server merges. stage_columns: target statements do.",
								 "a load needs either a table or stage_columns");
	if (o->table && o->n_target > 0)
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Give stage_columns instead of a table.",
								 "target statements need stage_columns");
	if (o->table)
		return AIODAL_OK;
	if (o->schema || o->mode || o->n_key > 0 || o->on_duplicate || o->n_update_columns > 0 ||
		o->delete_where || o->on_error || o->max_rejects || o->reject)
		return aiodal__fail(
			err, AIODAL_EINVAL,
			"schema, mode, key, on_duplicate, update_columns, delete_where, on_error, max_rejects and "
			"reject are for loads into a table, not for stage_columns");
	if (o->n_target == 0 && !o->stage)
		return aiodal__fail_hint(
			err, AIODAL_EINVAL, NULL,
			"Give target statements, or name the stage, which then stays until the end of the "
			"transaction.",
			"a load into stage_columns without target statements would leave nothing");
	if (o->layout.format == AIODAL_FORMAT_JSONL && (o->n_columns ? o->n_columns : o->n_stage_columns) != 1)
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Say which by columns.",
								 "each line of jsonl goes into one column, but the stage has %zu",
								 o->n_stage_columns);
	return AIODAL_OK;
}

static aiodal_status
take_options(load *l, const aiodal_load_options *given, aiodal_error **err)
{
	aiodal_load_options *o = &l->options;
	aiodal_status status = aiodal__options_copy(o, sizeof(*o), given, "aiodal_load_options", err);

	if (status == AIODAL_OK)
		status = check_lists(o, err);
	if (status == AIODAL_OK)
		status = aiodal__layout_settle(&o->layout, l->source->path, err);
	if (status == AIODAL_OK)
		status = check_way(o, err);
	if (status == AIODAL_OK && o->max_rejects < 0)
		status = aiodal__fail(err, AIODAL_EINVAL, "max_rejects must not be negative");
	l->by_hand = o->n_stage_columns > 0;
	return status;
}

/*
 * Calls of the extension's functions: arguments by name, so that those not given have the server's defaults
 */

#define MAX_ARGUMENTS 10

typedef struct call
{
	aiodal__buf sql;
	const char *params[MAX_ARGUMENTS];
	aiodal__buf arrays[MAX_ARGUMENTS];
	int n;
} call;

static void
call_start(call *c, const char *text, const char *first)
{
	memset(c, 0, sizeof(*c));
	aiodal__buf_printf(&c->sql, "%s($1::pg_catalog.regclass", text);
	c->params[c->n++] = first;
}

static void
add_argument(call *c, const char *name, const char *type, const char *value)
{
	if (!value)
		return;
	c->params[c->n++] = value;
	aiodal__buf_printf(&c->sql, ", %s => $%d::pg_catalog.%s", name, c->n, type);
}

static void
add_array(call *c, const char *name, const char *const *items, size_t n)
{
	aiodal__buf *array = &c->arrays[c->n];

	if (n == 0)
		return;
	aiodal__buf_array(array, items, n);
	c->sql.oom |= array->oom;
	add_argument(c, name, "name[]", array->oom ? "{}" : array->data);
}

static aiodal_status
call_run(call *c, aiodal__conn *conn, PGresult **res, aiodal_error **err)
{
	aiodal_status status;

	aiodal__buf_str(&c->sql, ")");
	status = c->sql.oom ? aiodal__fail_memory(err)
						: aiodal__op_exec(conn, c->sql.data, (size_t) c->n, c->params, res, err);
	aiodal__buf_free(&c->sql);
	for (int i = 0; i < c->n; i++)
		aiodal__buf_free(&c->arrays[i]);
	return status;
}

/*
 * The stage
 */

/* No such table or schema: not found, with the names that are. */
static aiodal_status
explain_target(const load *l, aiodal_status status, aiodal_error **err)
{
	const char *sqlstate = err && *err ? aiodal_error_sqlstate(*err) : NULL;
	char *hint;

	if (!sqlstate || (strcmp(sqlstate, "42P01") != 0 && strcmp(sqlstate, "3F000") != 0))
		return status;
	hint = aiodal__schema_suggest_table(l->tx->schema, l->options.schema, l->options.table);
	aiodal__error_annotate(err, NULL, hint);
	aiodal__free(hint);
	return aiodal__error_restatus(err, AIODAL_ENOTFOUND);
}

/* "pg_temp." in front, unless the server put it there. */
static char *
in_pg_temp(const char *name)
{
	aiodal__buf buf = AIODAL__BUF_INIT;

	if (strncmp(name, "pg_temp.", 8) != 0)
		aiodal__buf_str(&buf, "pg_temp.");
	aiodal__buf_str(&buf, name);
	return aiodal__buf_take(&buf);
}

/*
 * How to merge. Said to aiodal.stage(), which refuses what makes no sense before any data is sent; but
 * statements that change the rows in between want them kept until then.
 */
static void
add_merge_arguments(call *c, const aiodal_load_options *o)
{
	add_argument(c, "mode", "text", o->mode ? o->mode : "upsert");
	add_array(c, "key", o->key, o->n_key);
	add_argument(c, "on_duplicate", "text", o->on_duplicate);
	add_array(c, "update_columns", o->update_columns, o->n_update_columns);
}

static bool
stage_knows_mode(const aiodal_load_options *o)
{
	return o->n_post_copy == 0;
}

static aiodal_status
make_stage_like_table(load *l, aiodal_error **err)
{
	const aiodal_load_options *o = &l->options;
	aiodal__buf target = AIODAL__BUF_INIT;
	char max_rejects[24];
	PGresult *res = NULL;
	aiodal_status status;
	call c;

	(void) snprintf(max_rejects, sizeof(max_rejects), "%lld", (long long) o->max_rejects);
	aiodal__qualified(&target, o->schema, o->table);
	if (target.oom)
	{
		aiodal__buf_free(&target);
		return aiodal__fail_memory(err);
	}
	call_start(&c, "SELECT aiodal.stage", target.data);
	add_array(&c, "columns", o->columns, o->n_columns);
	add_argument(&c, "name", "name", o->stage);
	if (stage_knows_mode(o))
		add_merge_arguments(&c, o);
	add_argument(&c, "on_error", "text", o->on_error);
	add_argument(&c, "max_rejects", "int8", o->max_rejects > 0 ? max_rejects : NULL);
	status = call_run(&c, l->conn, &res, err);
	aiodal__buf_free(&target);
	if (status != AIODAL_OK)
		return explain_target(l, status, err);
	l->stage = in_pg_temp(PQgetvalue(res, 0, 0));
	PQclear(res);
	return l->stage ? AIODAL_OK : aiodal__fail_memory(err);
}

static aiodal_status
make_stage_by_hand(load *l, aiodal_error **err)
{
	const aiodal_load_options *o = &l->options;
	aiodal__buf name = AIODAL__BUF_INIT;
	aiodal__buf sql = AIODAL__BUF_INIT;
	aiodal_status status;

	aiodal__qualified(&name, "pg_temp", o->stage ? o->stage : DEFAULT_STAGE);
	l->stage = aiodal__buf_take(&name);
	if (!l->stage)
		return aiodal__fail_memory(err);
	aiodal__buf_printf(&sql, "CREATE TEMPORARY TABLE %s (", l->stage);
	for (size_t i = 0; i < o->n_stage_columns; i++)
		aiodal__buf_printf(&sql, "%s%s", i > 0 ? ", " : "", o->stage_columns[i]);
	aiodal__buf_str(&sql, ") ON COMMIT DROP");
	status = sql.oom ? aiodal__fail_memory(err) : aiodal__op_exec(l->conn, sql.data, 0, NULL, NULL, err);
	aiodal__buf_free(&sql);
	return status;
}

/*
 * Statements written by hand
 */

static void
count_affected(load *l, PGresult *res)
{
	const char *tag = PQcmdStatus(res);
	int64_t n = strtoll(PQcmdTuples(res), NULL, 10);

	if (strncmp(tag, "INSERT", 6) == 0)
		l->stats.inserted += n;
	else if (strncmp(tag, "UPDATE", 6) == 0)
		l->stats.updated += n;
	else if (strncmp(tag, "DELETE", 6) == 0)
		l->stats.deleted += n;
	else if (strncmp(tag, "MERGE", 5) != 0)
		return;
	l->stats.affected += n;
}

static aiodal_status
run_statement(load *l, const aiodal_statement *statement, PGresult **res, aiodal_error **err)
{
	char *sql = aiodal__stage_sql(statement->sql, l->stage);
	aiodal_status status;

	if (!sql)
		return aiodal__fail_memory(err);
	status = aiodal__op_exec(l->conn, sql, statement->n_params, statement->params, res, err);
	aiodal__free(sql);
	return status;
}

static aiodal_status
run_statements(load *l, const aiodal_statement *statements, size_t n, const char *what, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;

	for (size_t i = 0; i < n && status == AIODAL_OK; i++)
	{
		PGresult *res = NULL;
		char context[64];

		status = run_statement(l, &statements[i], &res, err);
		if (status == AIODAL_OK && statements == l->options.target)
			count_affected(l, res);
		PQclear(res);
		(void) snprintf(context, sizeof(context), "%s statement %zu", what, i + 1);
		if (status != AIODAL_OK)
			aiodal__error_annotate(err, context, NULL);
	}
	return status;
}

/*
 * COPY
 */

static int64_t
count_lines(const char *data, size_t len)
{
	const char *end = data + len;
	int64_t n = 0;

	while ((data = memchr(data, '\n', (size_t) (end - data))) != NULL)
	{
		n++;
		data++;
	}
	return n;
}

/*
 * A source may be silent for long (a pipe whose writer works): meanwhile the progress callback goes on and
 * may cancel, and a server that is gone is noticed. An aiodal__wait_fn.
 */
static aiodal_status
wait_for_source(void *payload, int fd, aiodal_error **err)
{
	load *l = payload;
	struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}};

	for (;;)
	{
		fds[1] = (struct pollfd){.fd = l->copying ? PQsocket(l->conn->pg) : -1, .events = POLLIN};
		if (poll(fds, 2, WAIT_MS) < 0 && errno != EINTR)
			return aiodal__fail(err, AIODAL_EINVAL, "could not wait for the data: %m");
		if (aiodal__progress_tick(&l->progress))
			return aiodal__progress_canceled(err);
		if (aiodal__until(l->conn->deadline) == 0)
			return aiodal__fail_state(err, AIODAL_ETIMEOUT, "57014", "The data did not come in time.", NULL,
									  "the transaction's deadline has passed");
		l->server_spoke = fds[1].revents && aiodal__copy_server_has_spoken(l->conn);
		if (l->server_spoke)
			return aiodal__fail(err, AIODAL_ESERVER, "the server has given up");
		if (fds[0].revents)
			return AIODAL_OK;
		/* a notice: libpq reads it */
		if (fds[1].revents && !PQconsumeInput(l->conn->pg))
			return aiodal__fail_conn(err, AIODAL_ECONN, l->conn->pg);
	}
}

/* The next bytes; AIODAL_WANT_READ when the server has something to say first. */
static aiodal_status
read_source(load *l, size_t *len, aiodal_error **err)
{
	aiodal_error *own = NULL;
	aiodal_status status = aiodal__source_read(l->source, l->chunk, CHUNK, len, &own);

	if (status == AIODAL_OK)
		return status;
	if (err && !l->server_spoke)
		*err = own;
	else
		aiodal_error_free(own);
	return l->server_spoke ? AIODAL_WANT_READ : status;
}

static aiodal_status
feed(void *payload, const char **data, size_t *len, aiodal_error **err)
{
	load *l = payload;
	aiodal_status status;

	do
	{
		status = read_source(l, len, err);
		if (status != AIODAL_OK || *len == 0)
			return status;
		l->progress.now.rows += count_lines(l->chunk, *len);
		l->progress.now.bytes = l->source->given;
		l->progress.now.source_bytes = l->source->taken;
		if (aiodal__progress_tick(&l->progress))
			return aiodal__progress_canceled(err);
		*data = l->chunk;
		if (l->rows)
		{
			*data = l->rows;
			*len = aiodal__jsonl_to_rows(&l->jsonl, l->chunk, *len, l->rows);
		}
	} while (*len == 0);
	return AIODAL_OK;
}

static void
copy_statement(const load *l, aiodal__buf *sql)
{
	const aiodal_load_options *o = &l->options;

	aiodal__buf_printf(sql, "COPY %s ", l->stage);
	if (o->n_columns > 0)
	{
		aiodal__buf_str(sql, "(");
		aiodal__buf_idents(sql, o->columns, o->n_columns);
		aiodal__buf_str(sql, ") ");
	}
	aiodal__buf_str(sql, "FROM STDIN WITH (");
	aiodal__layout_options(sql, l->conn->pg, &o->layout, l->by_hand ? "text" : "jsonl");
	aiodal__buf_str(sql, ")");
}

static aiodal_status
copy_into_stage(load *l, aiodal_error **err)
{
	aiodal__buf sql = AIODAL__BUF_INIT;
	aiodal_status status;
	double start = aiodal__progress_elapsed(&l->progress);

	copy_statement(l, &sql);
	l->copying = true;
	status = sql.oom ? aiodal__fail_memory(err)
					 : aiodal__copy_in(l->conn, sql.data, feed, l, &l->stats.staged, err);
	l->copying = false;
	aiodal__buf_free(&sql);
	l->stats.bytes = l->source->given;
	l->stats.elapsed_copy = aiodal__progress_elapsed(&l->progress) - start;
	return status;
}

/*
 * Merge
 */

static void
take_merge_result(load *l, const PGresult *res)
{
	aiodal_load_stats *s = &l->stats;
	int64_t *const counts[] = {&s->staged,  &s->inserted, &s->updated,    &s->unchanged,
							   &s->ignored, &s->deleted,  &s->duplicates, &s->rejected};
	int n = (int) (sizeof(counts) / sizeof(counts[0]));

	for (int i = 0; i < n; i++)
		*counts[i] = strtoll(PQgetvalue(res, 0, i), NULL, 10);
	s->affected = s->inserted + s->updated + s->deleted;
	(void) snprintf(s->path, sizeof(s->path), "%s", PQgetvalue(res, 0, n));
	(void) snprintf(s->reason, sizeof(s->reason), "%s", PQgetvalue(res, 0, n + 1));
}

static aiodal_status
merge(load *l, aiodal_error **err)
{
	const aiodal_load_options *o = &l->options;
	PGresult *res = NULL;
	aiodal_status status;
	call c;

	call_start(
		&c,
		"SELECT staged, inserted, updated, unchanged, ignored, deleted, duplicates, rejected, path, reason "
		"FROM aiodal.merge",
		l->stage);
	if (!stage_knows_mode(o))
		add_merge_arguments(&c, o);
	add_argument(&c, "delete_where", "text", o->delete_where);
	status = call_run(&c, l->conn, &res, err);
	if (status == AIODAL_OK)
		take_merge_result(l, res);
	PQclear(res);
	return status;
}

static const char *
text_or_null(const PGresult *res, int row, int column)
{
	return PQgetisnull(res, row, column) ? NULL : PQgetvalue(res, row, column);
}

static aiodal_status
report_rejects(load *l, aiodal_error **err)
{
	PGresult *res = NULL;
	aiodal_status status;
	call c;

	if (!l->options.reject || l->stats.rejected == 0)
		return AIODAL_OK;
	call_start(&c, "SELECT line, record, column_name, value, sqlstate, message, raw FROM aiodal.rejects",
			   l->stage);
	status = call_run(&c, l->conn, &res, err);
	for (int row = 0; status == AIODAL_OK && row < PQntuples(res); row++)
	{
		aiodal_reject reject = {
			.size = sizeof(reject),
			.line = strtoll(PQgetvalue(res, row, 0), NULL, 10),
			.record = strtoll(PQgetvalue(res, row, 1), NULL, 10),
			.column_name = text_or_null(res, row, 2),
			.value = text_or_null(res, row, 3),
			.sqlstate = text_or_null(res, row, 4),
			.message = text_or_null(res, row, 5),
			.raw = text_or_null(res, row, 6),
		};

		if (l->options.reject(l->options.reject_payload, &reject) != 0)
			status = aiodal__fail(err, AIODAL_ECALLBACK, "the callback for rejected rows failed");
	}
	PQclear(res);
	return status;
}

/*
 * The whole
 */

static aiodal_status
check_not_empty(const load *l, bool empty, aiodal_error **err)
{
	char name[512];

	if (!empty || l->options.allow_empty)
		return AIODAL_OK;
	return aiodal__fail_hint(err, AIODAL_EINVAL, "Nothing was changed.",
							 "To load no rows on purpose, set allow_empty.",
							 l->source->given == 0 ? "%s is empty" : "%s has no rows",
							 aiodal__source_name(l->source, name, sizeof(name)));
}

static aiodal_status
enter_phase(load *l, aiodal_phase phase, aiodal_error **err)
{
	return aiodal__progress_phase(&l->progress, phase) ? aiodal__progress_canceled(err) : AIODAL_OK;
}

/* The steps, inside the savepoint. */
static aiodal_status
run_steps(load *l, aiodal_error **err)
{
	const aiodal_load_options *o = &l->options;
	aiodal_status status = l->by_hand ? make_stage_by_hand(l, err) : make_stage_like_table(l, err);

	if (status == AIODAL_OK)
		status = run_statements(l, o->pre_copy, o->n_pre_copy, "pre_copy", err);
	if (status == AIODAL_OK)
		status = enter_phase(l, AIODAL_PHASE_COPY, err);
	if (status == AIODAL_OK)
		status = copy_into_stage(l, err);
	if (status == AIODAL_OK)
		status = enter_phase(l, AIODAL_PHASE_MERGE, err);
	if (status == AIODAL_OK)
		status = run_statements(l, o->post_copy, o->n_post_copy, "post_copy", err);
	if (status == AIODAL_OK)
		status = l->by_hand ? run_statements(l, o->target, o->n_target, "target", err) : merge(l, err);
	if (status == AIODAL_OK)
		status = check_not_empty(l, l->stats.staged + l->stats.rejected == 0, err);
	if (status == AIODAL_OK)
		status = report_rejects(l, err);
	if (status == AIODAL_OK)
		status = enter_phase(l, AIODAL_PHASE_DONE, err);
	return status;
}

/* Leaves no stage behind, but one that the caller gave a name for later use. */
static aiodal_status
release(load *l, aiodal_error **err)
{
	aiodal__buf sql = AIODAL__BUF_INIT;
	aiodal_status status;

	if (!l->by_hand || !l->options.stage)
		aiodal__buf_printf(&sql, "DROP TABLE %s; ", l->stage);
	aiodal__buf_str(&sql, "RELEASE SAVEPOINT aiodal_load");
	status = sql.oom ? aiodal__fail_memory(err) : aiodal__op_command(l->conn, sql.data, false, NULL, err);
	aiodal__buf_free(&sql);
	return status;
}

/* Even when the transaction's deadline has passed. */
static void
undo(load *l)
{
	int64_t deadline = l->conn->deadline;

	l->conn->tick = NULL;
	l->conn->deadline = aiodal__deadline(UNDO_MS);
	(void) aiodal__op_command(l->conn, "ROLLBACK TO SAVEPOINT aiodal_load; RELEASE SAVEPOINT aiodal_load",
							  false, NULL, NULL);
	l->conn->deadline = deadline;
}

/* Which file into what, for the context of an error. */
static void
add_context(const load *l, aiodal_error **err)
{
	aiodal__buf context = AIODAL__BUF_INIT;
	char name[512];

	aiodal__buf_printf(&context, "loading %s into ", aiodal__source_name(l->source, name, sizeof(name)));
	if (l->by_hand)
		aiodal__buf_printf(&context, "stage %s", l->stage ? l->stage : "");
	else
		aiodal__qualified(&context, l->options.schema, l->options.table);
	if (!context.oom)
		aiodal__error_annotate(err, context.data, NULL);
	aiodal__buf_free(&context);
}

static aiodal_status
run(load *l, aiodal_error **err)
{
	aiodal_status status = aiodal__op_command(l->conn, "SAVEPOINT aiodal_load", false, NULL, err);

	if (status != AIODAL_OK)
		return status;
	if (l->progress.cb)
	{
		l->conn->tick = aiodal__progress_tick;
		l->conn->tick_payload = &l->progress;
	}
	status = run_steps(l, err);
	if (status == AIODAL_OK)
		status = release(l, err);
	l->conn->tick = NULL;
	if (status != AIODAL_OK)
	{
		undo(l);
		add_context(l, err);
	}
	return status;
}

static aiodal_status
prepare(load *l, const aiodal_load_options *given, aiodal_error **err)
{
	bool empty = false;
	aiodal_status status = aiodal__tx_check(l->tx, err);

	if (status == AIODAL_OK)
		status = take_options(l, given, err);
	if (status != AIODAL_OK)
		return status;
	l->conn = l->tx->conn;
	l->chunk = aiodal__malloc(CHUNK);
	if (l->by_hand && l->options.layout.format == AIODAL_FORMAT_JSONL)
		l->rows = aiodal__malloc(AIODAL__JSONL_ROOM(CHUNK));
	if (!l->chunk || (!l->rows && l->by_hand && l->options.layout.format == AIODAL_FORMAT_JSONL))
		return aiodal__fail_memory(err);
	aiodal__progress_start(&l->progress, l->options.progress, l->options.progress_payload);
	l->progress.now.source_total = l->source->total;
	l->source->wait = wait_for_source;
	l->source->wait_payload = l;
	status = aiodal__source_start(l->source, l->options.layout.compression,
								  aiodal__layout_is_utf8(&l->options.layout, l->conn->pg), &empty, err);
	/* the server would miss the header of data that is not there */
	if (empty)
		l->options.layout.header = AIODAL_HEADER_NO;
	return status == AIODAL_OK ? check_not_empty(l, empty, err) : status;
}

/* Runs the load and frees the source. */
static aiodal_status
load_source(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *given, aiodal__source *source,
			aiodal_error **err)
{
	load l = {.tx = tx, .source = source};
	aiodal_error *own = NULL;
	aiodal_status status = prepare(&l, given, &own);

	if (status == AIODAL_OK)
		status = run(&l, &own);
	l.stats.elapsed = aiodal__progress_elapsed(&l.progress);
	l.stats.elapsed_merge = l.stats.elapsed - l.stats.elapsed_copy;
	if (status == AIODAL_OK && stats)
	{
		size_t size = stats->size;

		l.stats.size = size;
		memcpy(stats, &l.stats, size < sizeof(l.stats) ? size : sizeof(l.stats));
	}
	aiodal__source_close(source);
	aiodal__free(l.stage);
	aiodal__free(l.chunk);
	aiodal__free(l.rows);
	if (err)
		*err = own;
	else
		aiodal_error_free(own);
	return status;
}

aiodal_status
aiodal_bulk_load(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options,
				 aiodal_read_cb read, void *payload, aiodal_error **err)
{
	aiodal__source source;

	if (!read)
		return aiodal__fail(err, AIODAL_EINVAL, "read must not be NULL");
	aiodal__source_callback(&source, read, payload);
	return load_source(stats, tx, options, &source, err);
}

aiodal_status
aiodal_bulk_load_file(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options,
					  const char *path, aiodal_error **err)
{
	aiodal__source source;
	aiodal_status status;

	if (!path)
		return aiodal__fail(err, AIODAL_EINVAL, "path must not be NULL");
	status = aiodal__source_file(&source, path, err);
	if (status == AIODAL_OK)
		return load_source(stats, tx, options, &source, err);
	aiodal__source_close(&source);
	return status;
}

aiodal_status
aiodal_bulk_load_stream(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options,
						FILE *stream, aiodal_error **err)
{
	aiodal__source source;

	if (!stream)
		return aiodal__fail(err, AIODAL_EINVAL, "stream must not be NULL");
	aiodal__source_stream(&source, stream);
	return load_source(stats, tx, options, &source, err);
}

aiodal_status
aiodal_bulk_load_fd(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options, int fd,
					aiodal_error **err)
{
	aiodal__source source;

	aiodal__source_fd(&source, fd);
	return load_source(stats, tx, options, &source, err);
}

aiodal_status
aiodal_bulk_load_memory(aiodal_load_stats *stats, aiodal_tx *tx, const aiodal_load_options *options,
						const void *data, size_t size, aiodal_error **err)
{
	aiodal__source source;

	aiodal__source_memory(&source, data, size);
	return load_source(stats, tx, options, &source, err);
}
