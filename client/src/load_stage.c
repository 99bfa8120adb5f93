/*
 * load_stage.c
 *		What a load says to the server besides its data: stage, merge, statements written by hand.
 *
 * The two ways of loading differ in how the stage is made and in the last step.
 */
#include "load.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "layout.h"
#include "load_jobs.h"
#include "op.h"
#include "util/mem.h"
#include "util/stage_sql.h"

#define DEFAULT_STAGE "aiodal_stage"

/*
 * Calls of the extension's functions: arguments by name, so that those not given have the server's defaults
 */

#define MAX_ARGUMENTS 12

typedef struct call
{
	aiodal__buf sql;
	const char *params[MAX_ARGUMENTS];
	aiodal__buf arrays[MAX_ARGUMENTS];
	int n;
} call;

static void
call_start(call *c, const char *text, const char *name, const char *first)
{
	memset(c, 0, sizeof(*c));
	aiodal__buf_printf(&c->sql, "%s(%s$1::pg_catalog.regclass", text, name);
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
explain_target(const aiodal__load *l, aiodal_status status, aiodal_error **err)
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

/* The table's name as SQL in target. */
static aiodal_status
qualify_target(const aiodal__load *l, aiodal__buf *target, aiodal_error **err)
{
	aiodal__qualified(target, l->options.schema, l->options.table);
	return target->oom ? aiodal__fail_memory(err) : AIODAL_OK;
}

static aiodal_status
make_stage_like_table(aiodal__load *l, aiodal_error **err)
{
	const aiodal_load_options *o = &l->options;
	aiodal__buf target = AIODAL__BUF_INIT;
	char max_rejects[24];
	PGresult *res = NULL;
	aiodal_status status;
	call c;

	(void) snprintf(max_rejects, sizeof(max_rejects), "%lld", (long long) o->max_rejects);
	status = qualify_target(l, &target, err);
	if (status != AIODAL_OK)
	{
		aiodal__buf_free(&target);
		return status;
	}
	call_start(&c, "SELECT aiodal.stage", "", target.data);
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

/*
 * A stage for several connections
 */

/* What values mean, and who asks for them: a query that sets it all. */
#define SETTINGS                                                                                            \
	"(SELECT 'SELECT ' || pg_catalog.string_agg(pg_catalog.format('pg_catalog.set_config(%L, %L, false)', " \
	"s.name, pg_catalog.current_setting(s.name, true)), ', ') FROM pg_catalog.unnest('{role, "              \
	"client_encoding, "                                                                                     \
	"search_path, DateStyle, IntervalStyle, TimeZone, timezone_abbreviations, lc_monetary, lc_numeric, "    \
	"xmloption, statement_timeout, aiodal.feed}'::pg_catalog.text[]) AS s (name) WHERE "                    \
	"pg_catalog.current_setting(s.name, true) IS NOT NULL)"

/* A lock that others would wait for, while we wait for them. */
#define LOCKED                                                                                               \
	"EXISTS (SELECT FROM pg_catalog.pg_locks AS k WHERE k.pid = pg_catalog.pg_backend_pid() AND k.relation " \
	"= $1::pg_catalog.regclass AND k.mode = 'AccessExclusiveLock')"

static aiodal_status
check_transaction(const PGresult *res, aiodal_error **err)
{
	if (strcmp(PQgetvalue(res, 0, 1), "read committed") != 0)
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Use READ COMMITTED, or leave jobs out.",
								 "a load with jobs cannot be in a transaction of isolation level %s",
								 PQgetvalue(res, 0, 1));
	if (strcmp(PQgetvalue(res, 0, 2), "on") == 0)
		return aiodal__fail(err, AIODAL_EINVAL, "the transaction is read only");
	if (strcmp(PQgetvalue(res, 0, 4), "t") == 0)
		return aiodal__fail_hint(
			err, AIODAL_EINVAL, NULL, "Commit before the load, or leave jobs out.",
			"the transaction has made or locked the table, so that no other connection can read it");
	return AIODAL_OK;
}

/* Reserves a name and opens the connections; *res has the name. */
static aiodal_status
prepare_jobs(aiodal__load *l, const char *target, PGresult **res, aiodal_error **err)
{
	const char *params[] = {target};
	aiodal_status status =
		aiodal__op_exec(l->conn,
						"SELECT aiodal.reserve_stage($1::pg_catalog.regclass), "
						"pg_catalog.current_setting('transaction_isolation'), "
						"pg_catalog.current_setting('transaction_read_only'), " SETTINGS ", " LOCKED,
						1, params, res, err);

	if (status != AIODAL_OK)
		return explain_target(l, status, err);
	status = check_transaction(*res, err);
	l->tx->shares_stage = true;
	return status == AIODAL_OK ? aiodal__jobs_open(l, PQgetvalue(*res, 0, 3), err) : status;
}

/* What makes no sense is refused before any data is sent; what others left behind goes. */
static aiodal_status
try_options(aiodal__load *l, const char *target, aiodal__conn *conn, aiodal_error **err)
{
	aiodal_status status = aiodal__op_command(conn, "SELECT aiodal.drop_shared_stages()", false, NULL, err);
	call c;

	if (status == AIODAL_OK)
		status = aiodal__op_command(conn, "BEGIN", false, NULL, err);
	if (status != AIODAL_OK)
		return status;
	call_start(&c, "SELECT aiodal.stage", "", target);
	add_array(&c, "columns", l->options.columns, l->options.n_columns);
	add_merge_arguments(&c, &l->options);
	add_argument(&c, "on_error", "text", l->options.on_error);
	status = call_run(&c, conn, NULL, err);
	if (status == AIODAL_OK)
		return aiodal__op_command(conn, "ROLLBACK", false, NULL, err);
	return explain_target(l, status, err);
}

static aiodal_status
make_shared(aiodal__load *l, const char *target, const char *name, aiodal_error **err)
{
	aiodal__conn *conn = aiodal__jobs_conn(l->jobs);
	aiodal__buf qualified = AIODAL__BUF_INIT;
	aiodal_status status;
	call c;

	aiodal__qualified(&qualified, "aiodal_stage", name);
	if (qualified.oom)
	{
		aiodal__buf_free(&qualified);
		return aiodal__fail_memory(err);
	}
	call_start(&c, "SELECT aiodal.shared_stage", "target => ", target);
	add_argument(&c, "name", "name", name);
	add_array(&c, "columns", l->options.columns, l->options.n_columns);
	status = call_run(&c, conn, NULL, err);
	if (status == AIODAL_OK)
		l->stage = aiodal__buf_take(&qualified);
	aiodal__buf_free(&qualified);
	return status;
}

/* , name => 'value' */
static void
append_argument(aiodal__buf *sql, PGconn *pg, const char *name, const char *value)
{
	char *literal = value ? PQescapeLiteral(pg, value, strlen(value)) : NULL;

	if (literal)
		aiodal__buf_printf(sql, "%s => %s", name, literal);
	sql->oom |= value && !literal;
	PQfreemem(literal);
}

/* The call that begins a part, but for what the part says. */
static aiodal_status
begin_jobs(aiodal__load *l, const char *target, aiodal_error **err)
{
	const aiodal_load_options *o = &l->options;
	PGconn *pg = aiodal__jobs_conn(l->jobs)->pg;
	aiodal__buf join = AIODAL__BUF_INIT;
	aiodal_status status;

	aiodal__buf_str(&join, "SELECT aiodal.join_stage(");
	append_argument(&join, pg, "stage", l->stage);
	append_argument(&join, pg, ", target", target);
	append_argument(&join, pg, ", mode", o->mode ? o->mode : "upsert");
	append_argument(&join, pg, ", on_error", o->on_error);
	if (o->max_rejects > 0)
		aiodal__buf_printf(&join, ", max_rejects => %lld", (long long) o->max_rejects);
	status = join.oom ? aiodal__fail_memory(err) : aiodal__jobs_begin(l, join.data, err);
	aiodal__buf_free(&join);
	return status;
}

static aiodal_status
make_stage_for_jobs(aiodal__load *l, aiodal_error **err)
{
	aiodal__buf target = AIODAL__BUF_INIT;
	PGresult *res = NULL;
	aiodal_status status = qualify_target(l, &target, err);

	if (status == AIODAL_OK)
		status = prepare_jobs(l, target.data, &res, err);
	if (status == AIODAL_OK)
		status = try_options(l, target.data, aiodal__jobs_conn(l->jobs), err);
	if (status == AIODAL_OK)
		status = make_shared(l, target.data, PQgetvalue(res, 0, 0), err);
	if (status == AIODAL_OK)
		status = begin_jobs(l, target.data, err);
	PQclear(res);
	aiodal__buf_free(&target);
	return status;
}

static aiodal_status
make_stage_by_hand(aiodal__load *l, aiodal_error **err)
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

aiodal_status
aiodal__load_make_stage(aiodal__load *l, aiodal_error **err)
{
	if (l->by_hand)
		return make_stage_by_hand(l, err);
	return l->options.jobs > 1 ? make_stage_for_jobs(l, err) : make_stage_like_table(l, err);
}

/*
 * Statements written by hand
 */

static void
count_affected(aiodal__load *l, PGresult *res)
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
run_statement(aiodal__load *l, const aiodal_statement *statement, PGresult **res, aiodal_error **err)
{
	char *sql = aiodal__stage_sql(statement->sql, l->stage);
	aiodal_status status;

	if (!sql)
		return aiodal__fail_memory(err);
	status = aiodal__op_exec(l->conn, sql, statement->n_params, statement->params, res, err);
	aiodal__free(sql);
	return status;
}

aiodal_status
aiodal__load_run_statements(aiodal__load *l, const aiodal_statement *statements, size_t n, const char *what,
							aiodal_error **err)
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
 * Merge
 */

static void
take_merge_result(aiodal__load *l, const PGresult *res)
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

#define MERGE_COUNTS                                                                                     \
	"SELECT staged, inserted, updated, unchanged, ignored, deleted, duplicates, rejected, path, reason " \
	"FROM aiodal."

/* What aiodal.merge_shared() is to be told besides. target and numbers outlive the call. */
static void
add_shared_arguments(call *c, const aiodal__load *l, aiodal__buf *target, char numbers[2][24])
{
	aiodal__qualified(target, l->options.schema, l->options.table);
	c->sql.oom |= target->oom;
	(void) snprintf(numbers[0], sizeof(numbers[0]), "%d", aiodal__jobs_parts(l->jobs));
	(void) snprintf(numbers[1], sizeof(numbers[1]), "%lld", (long long) l->options.max_rejects);
	add_argument(c, "target", "regclass", target->oom ? "" : target->data);
	add_argument(c, "parts", "int8", numbers[0]);
	add_argument(c, "on_error", "text", l->options.on_error);
	add_argument(c, "max_rejects", "int8", l->options.max_rejects > 0 ? numbers[1] : NULL);
}

/* The merge should have failed: by our count too many rows were set aside, and so not all was read. */
static aiodal_status
check_gave_up(const aiodal__load *l, aiodal_error **err)
{
	if (!aiodal__jobs_gave_up(l->jobs))
		return AIODAL_OK;
	return aiodal__fail(err, AIODAL_ESERVER, "more than %lld rows were rejected",
						(long long) l->options.max_rejects);
}

aiodal_status
aiodal__load_merge(aiodal__load *l, aiodal_error **err)
{
	const aiodal_load_options *o = &l->options;
	aiodal__buf target = AIODAL__BUF_INIT;
	char numbers[2][24];
	PGresult *res = NULL;
	aiodal_status status;
	call c;

	call_start(&c, l->jobs ? MERGE_COUNTS "merge_shared" : MERGE_COUNTS "merge", "", l->stage);
	if (l->jobs)
		add_shared_arguments(&c, l, &target, numbers);
	if (l->jobs || !stage_knows_mode(o))
		add_merge_arguments(&c, o);
	add_argument(&c, "delete_where", "text", o->delete_where);
	status = call_run(&c, l->conn, &res, err);
	if (status == AIODAL_OK)
		take_merge_result(l, res);
	PQclear(res);
	aiodal__buf_free(&target);
	return status == AIODAL_OK && l->jobs ? check_gave_up(l, err) : status;
}

static const char *
text_or_null(const PGresult *res, int row, int column)
{
	return PQgetisnull(res, row, column) ? NULL : PQgetvalue(res, row, column);
}

/* The server counts what is copied into a stage from 1 on. */
static const char *
path_of_input(const aiodal__load *l, const char *input)
{
	size_t n = strtoul(input, NULL, 10);

	return l->paths && n > 0 && n <= l->n_paths ? l->paths[n - 1] : NULL;
}

typedef struct told
{
	const aiodal_load_options *options;
	const aiodal_reject *reject;
	int answer;
} told;

static void
tell_reject(void *arg)
{
	told *t = arg;

	t->answer = t->options->reject(t->options->reject_payload, t->reject);
}

static aiodal_status
report_reject(const aiodal__load *l, const aiodal_reject *reject, aiodal_error **err)
{
	told t = {.options = &l->options, .reject = reject};

	if (!aiodal__errand_call(tell_reject, &t, false))
		return aiodal__fail_canceled(err, NULL);
	return t.answer == 0 ? AIODAL_OK
						 : aiodal__fail(err, AIODAL_ECALLBACK, "the callback for rejected rows failed");
}

aiodal_status
aiodal__load_report_rejects(aiodal__load *l, aiodal_error **err)
{
	PGresult *res = NULL;
	aiodal_status status;
	call c;

	if (!l->options.reject || l->stats.rejected == 0)
		return AIODAL_OK;
	/* of a stage that is gone, the session's last */
	call_start(&c,
			   "SELECT line, record, column_name, value, sqlstate, message, raw, input FROM aiodal.rejects",
			   "", l->jobs ? NULL : l->stage);
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
			.path = path_of_input(l, PQgetvalue(res, row, 7)),
		};

		status = report_reject(l, &reject, err);
	}
	PQclear(res);
	return status;
}
