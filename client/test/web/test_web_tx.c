/*
 * test_web_tx.c
 *		Handlers in transactions: what is committed, rolled back, run again, and what the client hears of it.
 */
#include "web.h"

#include "clock.h"

static aiodal_db *db;

static int
set_up(void **state)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	(void) state;
	reset_database("CREATE TABLE note (id int PRIMARY KEY, text text);"
				   "CREATE TABLE late (id int CONSTRAINT late_id UNIQUE DEFERRABLE INITIALLY DEFERRED);");
	options.pool_size = 2;
	options.acquire_timeout_ms = 50;
	return aiodal_db_open(&db, NULL, &options, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

/* Inserts the id in the path and answers with the status in the query. */
static aiodal_status
insert_note(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
			aiodal_error **err)
{
	const char *id = aiodal_web_request_param(req, "id");
	const char *wanted = aiodal_web_request_query(req, "status");
	aiodal_status status;

	(void) payload;
	assert_ptr_equal(aiodal_web_request_tx(req), tx);
	status = aiodal_tx_exec(NULL, tx, "INSERT INTO note VALUES ($1, 'x')", 1, &id, err);
	if (status)
		return status;
	aiodal_web_response_set_status(res, wanted ? (int) strtol(wanted, NULL, 10) : 201);
	return AIODAL_OK;
}

static aiodal_status
list_notes(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
		   aiodal_error **err)
{
	aiodal_result *rows;
	aiodal_status status;

	(void) req;
	(void) payload;
	status =
		aiodal_tx_exec(&rows, tx, "SELECT coalesce(json_agg(id ORDER BY id), '[]') FROM note", 0, NULL, err);
	return status ? status : aiodal_web_response_result_body(res, "application/json", rows, 0, 0, err);
}

static aiodal_status
null_body(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload, aiodal_error **err)
{
	aiodal_result *rows;
	aiodal_status status = aiodal_tx_exec(&rows, tx, "SELECT NULL", 0, NULL, err);

	(void) req;
	(void) payload;
	return status ? status : aiodal_web_response_result_body(res, "application/json", rows, 0, 0, err);
}

/* A statement fails, and the handler says nothing of it. */
static aiodal_status
swallow(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload, aiodal_error **err)
{
	(void) req;
	(void) payload;
	if (aiodal_tx_exec(NULL, tx, "INSERT INTO note VALUES (900, 'x'); SELECT 1/0", 0, NULL, NULL) ==
		AIODAL_OK)
		return AIODAL_EINVAL;
	return aiodal_web_response_json(res, 200, "{}", err);
}

static aiodal_status
insert_late(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
			aiodal_error **err)
{
	(void) req;
	(void) payload;
	aiodal_web_response_set_status(res, 201);
	return aiodal_tx_exec(NULL, tx, "INSERT INTO late VALUES (1), (1)", 0, NULL, err);
}

static bool
map_constraint(aiodal_web_request *req, aiodal_web_response *res, const aiodal_error *error, void *payload)
{
	const char *constraint = aiodal_error_field(error, PG_DIAG_CONSTRAINT_NAME);

	(void) payload;
	assert_null(aiodal_web_request_tx(req));
	if (aiodal_error_status(error) != AIODAL_ECONSTRAINT)
		return false;
	return aiodal_web_response_problem(res, 409, constraint, NULL) == AIODAL_OK;
}

static int attempts;

static aiodal_status
conflict_twice(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
			   aiodal_error **out)
{
	aiodal_error *err = NULL;
	(void) req;
	(void) payload;
	assert_null(aiodal_web_response_header(res, "X-Attempt"));
	OK(aiodal_web_response_set_header(res, "X-Attempt", "yes", &err));
	if (++attempts <= 2)
		return aiodal_tx_exec(NULL, tx, "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", 0, NULL, out);
	aiodal_web_response_set_status(res, 204);
	return AIODAL_OK;
}

static aiodal_status
commit_by_hand(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
			   aiodal_error **err)
{
	aiodal_status status = aiodal_tx_exec(NULL, tx, "INSERT INTO note VALUES (70, 'x')", 0, NULL, err);

	(void) req;
	(void) payload;
	if (!status)
		status = aiodal_tx_commit(tx, err);
	aiodal_web_response_set_status(res, 418);
	return status;
}

static char last_error[200];

static void
keep_error(void *payload, const aiodal_web_access *a)
{
	(void) payload;
	(void) snprintf(last_error, sizeof(last_error), "%s", a->error ? aiodal_error_message(a->error) : "");
}

static aiodal_web_app *
make_app(void)
{
	aiodal_web_app_options options = AIODAL_WEB_APP_OPTIONS_INIT;
	aiodal_web_route_options mapped = AIODAL_WEB_ROUTE_OPTIONS_INIT;
	aiodal_web_route_options once = AIODAL_WEB_ROUTE_OPTIONS_INIT;
	aiodal_web_app *app;
	aiodal_web_scope *root;
	aiodal_error *err = NULL;

	options.access = keep_error;
	OK(aiodal_web_app_new(&app, db, &options, &err));
	root = aiodal_web_app_root(app);
	mapped.on_error = map_constraint;
	once.tx.max_attempts = 1;
	OK(aiodal_web_scope_add_tx(root, "GET", "/notes", list_notes, NULL, NULL, &err));
	OK(aiodal_web_scope_add_tx(root, "PUT", "/notes/{id}", insert_note, NULL, NULL, &err));
	OK(aiodal_web_scope_add_tx(root, "PUT", "/mapped/{id}", insert_note, NULL, &mapped, &err));
	OK(aiodal_web_scope_add_tx(root, "GET", "/null", null_body, NULL, NULL, &err));
	OK(aiodal_web_scope_add_tx(root, "GET", "/swallow", swallow, NULL, NULL, &err));
	OK(aiodal_web_scope_add_tx(root, "POST", "/late", insert_late, NULL, NULL, &err));
	OK(aiodal_web_scope_add_tx(root, "POST", "/mapped-late", insert_late, NULL, &mapped, &err));
	OK(aiodal_web_scope_add_tx(root, "POST", "/again", conflict_twice, NULL, NULL, &err));
	OK(aiodal_web_scope_add_tx(root, "POST", "/once", conflict_twice, NULL, &once, &err));
	OK(aiodal_web_scope_add_tx(root, "POST", "/by-hand", commit_by_hand, NULL, NULL, &err));
	return app;
}

static void
commits_by_status(void **state)
{
	aiodal_web_app *app = make_app();

	(void) state;
	ANSWERS(201, app, "PUT", "/notes/1", NULL, NULL);
	ANSWERS(303, app, "PUT", "/notes/2?status=303", NULL, NULL);
	ANSWERS(400, app, "PUT", "/notes/3?status=400", NULL, NULL);
	ANSWERS(503, app, "PUT", "/notes/4?status=503", NULL, NULL);
	ANSWERS(200, app, "GET", "/notes", NULL, NULL);
	assert_string_equal(last_body, "[1, 2]");
	HAS_HEADER("Content-Type: application/json");
	ANSWERS(418, app, "POST", "/by-hand", NULL, NULL);
	ANSWERS(200, app, "GET", "/notes", NULL, NULL);
	assert_string_equal(last_body, "[1, 2, 70]");
	ANSWERS(200, app, "GET", "/null", NULL, NULL);
	assert_string_equal(last_body, "");
	aiodal_web_app_free(app);
}

static void
hides_errors(void **state)
{
	aiodal_web_app *app = make_app();

	(void) state;
	ANSWERS(201, app, "PUT", "/notes/10", NULL, NULL);
	ANSWERS(500, app, "PUT", "/notes/10", NULL, NULL);
	assert_string_equal(last_body,
						"{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500}");
	assert_non_null(strstr(last_error, "duplicate key"));
	ANSWERS(409, app, "PUT", "/mapped/10", NULL, NULL);
	SAYS("note_pkey");
	assert_string_equal(last_error, "");
	ANSWERS(500, app, "PUT", "/mapped/x", NULL, NULL);
	assert_non_null(strstr(last_error, "invalid input syntax"));
	/* what fails at commit fails the request */
	ANSWERS(500, app, "POST", "/late", NULL, NULL);
	ANSWERS(409, app, "POST", "/mapped-late", NULL, NULL);
	SAYS("late_id");
	ANSWERS(500, app, "GET", "/swallow", NULL, NULL);
	aiodal_web_app_free(app);
}

static void
runs_again_after_conflicts(void **state)
{
	aiodal_web_app *app = make_app();

	(void) state;
	attempts = 0;
	ANSWERS(204, app, "POST", "/again", NULL, NULL);
	assert_int_equal(attempts, 3);
	HAS_HEADER("X-Attempt: yes");
	attempts = 0;
	ANSWERS(500, app, "POST", "/once", NULL, NULL);
	assert_int_equal(attempts, 1);
	aiodal_web_app_free(app);
}

static void
says_when_the_pool_is_empty(void **state)
{
	aiodal_web_app *app = make_app();
	aiodal_error *err = NULL;
	aiodal_tx *a, *b;

	(void) state;
	OK(aiodal_tx_begin(&a, db, NULL, &err));
	OK(aiodal_tx_begin(&b, db, NULL, &err));
	ANSWERS(503, app, "GET", "/notes", NULL, NULL);
	HAS_HEADER("Retry-After: 1");
	SAYS_NOT("connection");
	ANSWERS(503, app, "PUT", "/mapped/1", NULL, NULL);
	aiodal_tx_free(a);
	ANSWERS(200, app, "GET", "/notes", NULL, NULL);
	aiodal_tx_free(b);
	aiodal_web_app_free(app);
}

static void
tells_readiness(void **state)
{
	aiodal_web_app *app;
	aiodal_tx *a, *b;
	aiodal_error *err = NULL;

	(void) state;
	OK(aiodal_web_app_new(&app, db, NULL, &err));
	OK(aiodal_web_scope_add_ready(aiodal_web_app_root(app), "/ready", &err));
	ANSWERS(200, app, "GET", "/ready", NULL, NULL);
	/* no connection is to be had; the old answer holds for a second */
	OK(aiodal_tx_begin(&a, db, NULL, &err));
	OK(aiodal_tx_begin(&b, db, NULL, &err));
	ANSWERS(200, app, "GET", "/ready", NULL, NULL);
	aiodal_web__clock_ahead = 1000;
	ANSWERS(503, app, "GET", "/ready", NULL, NULL);
	aiodal_tx_free(a);
	aiodal_tx_free(b);
	ANSWERS(503, app, "GET", "/ready", NULL, NULL);
	aiodal_web__clock_ahead = 2000;
	ANSWERS(200, app, "GET", "/ready", NULL, NULL);
	aiodal_web__clock_ahead = 0;
	aiodal_web_app_free(app);
}

/* Writes a trace, and allows what is a note already. */
static aiodal_status
owns_note(bool *allowed, aiodal_web_request *req, aiodal_tx *tx, void *payload, aiodal_error **err)
{
	const char *id = aiodal_web_request_param(req, "id");
	aiodal_result *rows;
	aiodal_status status;

	(void) payload;
	assert_ptr_equal(aiodal_web_request_tx(req), tx);
	status = aiodal_tx_exec(NULL, tx, "INSERT INTO note VALUES (-99, 'trace')", 0, NULL, err);
	if (!status)
		status = aiodal_tx_exec(&rows, tx, "SELECT 1 FROM note WHERE id = $1", 1, &id, err);
	if (status)
		return status;
	*allowed = aiodal_result_rows(rows) == 1;
	aiodal_result_free(rows);
	return AIODAL_OK;
}

static aiodal_status
touch_note(aiodal_web_request *req, aiodal_web_response *res, aiodal_tx *tx, void *payload,
		   aiodal_error **err)
{
	const char *id = aiodal_web_request_param(req, "id");

	(void) payload;
	aiodal_web_response_set_status(res, 204);
	return aiodal_tx_exec(NULL, tx, "UPDATE note SET text = 'touched' WHERE id = $1", 1, &id, err);
}

/* Permission is asked for in the handler's transaction, which is rolled back when it is refused. */
static void
asks_for_permission_in_the_transaction(void **state)
{
	aiodal_web_app *app;
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	(void) state;
	run_sql("TRUNCATE note; INSERT INTO note VALUES (1, 'mine')");
	OK(aiodal_web_app_new(&app, db, NULL, &err));
	OK(aiodal_web_scope_permit(aiodal_web_app_root(app), owns_note, NULL, &err));
	OK(aiodal_web_scope_add_tx(aiodal_web_app_root(app), "PUT", "/notes/{id}", touch_note, NULL, NULL, &err));
	ANSWERS(403, app, "PUT", "/notes/2", NULL, NULL);
	ANSWERS(500, app, "PUT", "/notes/x", NULL, NULL);
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	assert_string_equal(query(tx, "SELECT string_agg(text, ' ') FROM note"), "mine");
	aiodal_tx_free(tx);
	ANSWERS(204, app, "PUT", "/notes/1", NULL, NULL);
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	assert_string_equal(query(tx, "SELECT string_agg(text, ' ' ORDER BY id) FROM note"), "trace touched");
	aiodal_tx_free(tx);
	aiodal_web_app_free(app);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commits_by_status),
		cmocka_unit_test(hides_errors),
		cmocka_unit_test(runs_again_after_conflicts),
		cmocka_unit_test(says_when_the_pool_is_empty),
		cmocka_unit_test(tells_readiness),
		cmocka_unit_test(asks_for_permission_in_the_transaction),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
