/*
 * test_oom.c
 *		Every allocation of the library fails in turn: each call says so, leaks nothing and leaves all usable.
 *
 * Linked with the static library, since the switch is none of its exported symbols. libpq's own allocations
 * are not reached.
 */
#include "oom.h"
#include "polling.h"

#include <unistd.h>
#include <zlib.h>

static aiodal_db *db;

static int
set_up(void **state)
{
	(void) state;
	reset_database(BOOKS
				   "CREATE TABLE item (id int PRIMARY KEY, name text);"
				   "CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE DOMAIN word AS text CHECK (VALUE <> '');"
				   "CREATE TYPE pair AS (a int, b mood); CREATE POLICY p ON item TO public USING (true);"
				   "CREATE FUNCTION f(a text) RETURNS TABLE (x int) LANGUAGE sql AS 'SELECT 1'");
	return aiodal_db_open(&db, NULL, NULL, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

static aiodal_status
open_and_close(aiodal_error **err)
{
	static const char *const schemas[] = {"public"};
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_db *other;
	aiodal_status status;

	options.schemas = schemas;
	options.n_schemas = 1;
	options.parts = AIODAL_PARTS_ALL;
	status = aiodal_db_open(&other, NULL, &options, err);
	aiodal_db_close(other);
	return status;
}

static void
opening(void **state)
{
	(void) state;
	sweep(db, open_and_close, 10);
}

static aiodal_status
reflect_again(aiodal_error **err)
{
	static bool odd;
	aiodal_status status;
	aiodal_schema *schema;

	/* unchanged, it would not be read */
	odd = !odd;
	run_sql(odd ? "COMMENT ON TABLE item IS 'odd'" : "COMMENT ON TABLE item IS NULL");
	status = aiodal_db_reflect(db, err);
	schema = aiodal_db_schema(db);

	/* the old snapshot stays until the new one is whole */
	assert_non_null(aiodal_schema_table(schema, NULL, "book"));
	aiodal_schema_unref(schema);
	return status;
}

static void
reflecting(void **state)
{
	(void) state;
	sweep(db, reflect_again, 3);
}

static aiodal_status
poll_db(aiodal_error **err)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_op *op = NULL;
	aiodal_db *other;
	aiodal_status status;

	options.watch_channel = "copied";
	status = aiodal_db_open_start(&op, &other, NULL, &options, err);
	if (status == AIODAL_OK)
		status = polling_run(op, status, err);
	if (status == AIODAL_OK)
		status = aiodal_db_ping_start(&op, other, err);
	if (status == AIODAL_OK)
		status = polling_run(op, status, err);
	aiodal_db_close(other);
	return status;
}

static aiodal_status
in_transaction(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	static const char *const args[] = {"a"};
	const char *const params[] = {"1"};
	aiodal_call call = AIODAL_CALL_INIT;
	const aiodal_alias *alias;
	aiodal_status status = aiodal_tx_exec(NULL, tx, "SELECT $1", 1, params, err);

	(void) payload;
	call.function = "f";
	call.n_args = 1;
	call.args = args;
	if (status == AIODAL_OK)
		status = aiodal_tx_savepoint(tx, "s", err);
	if (status == AIODAL_OK)
		status = aiodal_tx_set_alias(tx, "alias", &call, err);
	if (status == AIODAL_OK)
		status = aiodal_tx_get_alias(&alias, tx, "alias", err);
	return status;
}

static aiodal_status
poll_alias(aiodal_tx *tx, aiodal_error **err)
{
	static const char *const args[] = {"a"};
	aiodal_call call = AIODAL_CALL_INIT;
	const aiodal_alias *alias;
	aiodal_op *op = NULL;
	aiodal_status status;

	call.function = "f";
	call.n_args = 1;
	call.args = args;
	status = aiodal_tx_set_alias(tx, "alias", &call, err);
	if (status == AIODAL_OK)
		status = aiodal_tx_get_alias_start(&op, &alias, tx, "alias", err);
	return polling_run(op, status, err);
}

/* Functions in threads, in a transaction of their own and in another's. */
static aiodal_status
poll_functions(aiodal_error **err)
{
	aiodal_op *op = NULL;
	aiodal_tx *tx = NULL;
	aiodal_status status = aiodal_db_transact_start(&op, db, NULL, in_transaction, NULL, err);

	if (status == AIODAL_OK)
		status = polling_run(op, status, err);
	if (status == AIODAL_OK)
		status = aiodal_tx_begin(&tx, db, NULL, err);
	if (status == AIODAL_OK)
		status = poll_alias(tx, err);
	if (status == AIODAL_OK)
		status = aiodal_tx_nested_start(&op, tx, in_transaction, NULL, err);
	if (status == AIODAL_OK)
		status = polling_run(op, status, err);
	aiodal_tx_free(tx);
	return status;
}

static void
backgrounds(void **state)
{
	(void) state;
	sweep(db, poll_db, 12);
	sweep(db, poll_functions, 12);
}

static aiodal_status
transact(aiodal_error **err)
{
	return aiodal_db_transact(db, NULL, in_transaction, NULL, err);
}

static void
transactions(void **state)
{
	(void) state;
	sweep(db, transact, 7);
}

/* A load in a transaction that is rolled back; it must stand whatever became of the load. */
static aiodal_status
load(const aiodal_load_options *options, const void *data, size_t size, aiodal_error **err)
{
	aiodal_tx *tx;
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;
	aiodal_status status = aiodal_tx_begin(&tx, db, NULL, err);

	if (status == AIODAL_OK)
	{
		status = aiodal_bulk_load_memory(&stats, tx, options, data, size, err);
		assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	}
	aiodal_tx_free(tx);
	return status;
}

static aiodal_status
load_table(aiodal_error **err)
{
	static const char *const key[] = {"id"};
	static const aiodal_statement analyze = {"ANALYZE {stage}", 0, NULL};
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;

	options.table = "item";
	options.key = key;
	options.n_key = 1;
	options.post_copy = &analyze;
	options.n_post_copy = 1;
	return load(&options, "id,name\n1,a\n", 12, err);
}

static aiodal_status
load_by_jobs(aiodal_error **err)
{
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;

	options.table = "item";
	options.on_error = "reject";
	options.max_rejects = 5;
	options.jobs = 2;
	return load(&options, "id,name\n1,a\n2,b\n", 16, err);
}

static aiodal_status
load_by_hand(aiodal_error **err)
{
	static const char *const columns[] = {"record jsonb"};
	static const aiodal_statement target = {"INSERT INTO item SELECT (record->>'id')::int FROM {stage}", 0,
											NULL};
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
	char zipped[200];
	z_stream z = {0};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *) "{\"id\": 1}\n";
	z.avail_in = 10;
	z.next_out = (Bytef *) zipped;
	z.avail_out = sizeof(zipped);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	(void) deflateEnd(&z);
	options.stage_columns = columns;
	options.n_stage_columns = 1;
	options.target = &target;
	options.n_target = 1;
	options.layout.format = AIODAL_FORMAT_JSONL;
	return load(&options, zipped, sizeof(zipped) - z.avail_out, err);
}

static int
swallow(void *payload, const char *data, size_t size, aiodal_error **err)
{
	(void) payload;
	(void) data;
	(void) size;
	(void) err;
	return 0;
}

/* Both, in threads. */
static aiodal_status
load_and_export(aiodal_error **err)
{
	static const char *const key[] = {"id"};
	static const aiodal_statement analyze = {"ANALYZE {stage}", 0, NULL};
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
	aiodal_export_options export = AIODAL_EXPORT_OPTIONS_INIT;
	aiodal_op *op = NULL;
	aiodal_tx *tx;
	aiodal_status status = aiodal_tx_begin(&tx, db, NULL, err);

	options.table = export.table = "item";
	options.key = key;
	options.n_key = 1;
	options.post_copy = &analyze;
	options.n_post_copy = 1;
	if (status == AIODAL_OK)
		status = aiodal_bulk_load_memory_start(&op, NULL, tx, &options, "id,name\n1,a\n", 12, err);
	if (status == AIODAL_OK)
		status = polling_run(op, status, err);
	if (status == AIODAL_OK)
		status = aiodal_bulk_export_start(&op, NULL, tx, &export, swallow, NULL, err);
	if (status == AIODAL_OK)
		status = polling_run(op, status, err);
	if (tx)
		assert_int_equal(aiodal_tx_get_state(tx), AIODAL_TX_OPEN);
	aiodal_tx_free(tx);
	return status;
}

static void
loads(void **state)
{
	aiodal_error *err = NULL;
	aiodal_tx *tx;

	(void) state;
	sweep(db, load_table, 8);
	sweep(db, load_by_hand, 8);
	sweep(db, load_by_jobs, 8);
	sweep(db, load_and_export, 16);
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	assert_string_equal(
		query(tx, "SELECT count(*) FROM pg_class WHERE relnamespace = 'aiodal_stage'::regnamespace"), "0");
	aiodal_tx_free(tx);
}

static aiodal_status
export_zipped(aiodal_error **err)
{
	aiodal_export_options options = AIODAL_EXPORT_OPTIONS_INIT;
	aiodal_tx *tx;
	aiodal_status status = aiodal_tx_begin(&tx, db, NULL, err);

	options.table = "book";
	options.layout.compression = AIODAL_COMPRESSION_GZIP;
	if (status == AIODAL_OK)
		status = aiodal_bulk_export(NULL, tx, &options, swallow, NULL, err);
	aiodal_tx_free(tx);
	return status;
}

static void
exports(void **state)
{
	(void) state;
	sweep(db, export_zipped, 5);
}

/* Values that something has to be made for, and an error about one. */
static aiodal_status
read_values(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	aiodal_query_options options = AIODAL_QUERY_OPTIONS_INIT;
	aiodal_result *res = NULL;
	aiodal_result *texts = NULL;
	const aiodal_array *array;
	aiodal_bytes bytes;
	const char *text;
	bool truth;
	aiodal_status status;

	(void) payload;
	options.results = AIODAL_WIRE_BINARY;
	status = aiodal_tx_query(&res, tx, "SELECT 1.5, 7, uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", 0, NULL,
							 &options, err);
	if (status == AIODAL_OK)
		status = aiodal_result_get_numeric(&text, res, 0, 0, err);
	if (status == AIODAL_OK)
		status = aiodal_result_get_text(&text, res, 0, 1, err);
	if (status == AIODAL_OK)
		status = aiodal_result_get_text(&text, res, 0, 2, err);
	if (status == AIODAL_OK)
		status =
			aiodal_tx_query(&texts, tx, "SELECT '\\xff00'::bytea, '{1,NULL}'::int[]", 0, NULL, NULL, err);
	if (status == AIODAL_OK)
		status = aiodal_result_get_bytea(&bytes, texts, 0, 0, err);
	if (status == AIODAL_OK)
		status = aiodal_result_get_array(&array, texts, 0, 1, err);
	if (status == AIODAL_OK)
	{
		status = aiodal_result_get_bool(&truth, res, 0, 0, err);
		if (status == AIODAL_EINVAL)
		{
			aiodal_error_free(*err);
			*err = NULL;
			status = AIODAL_OK;
		}
	}
	aiodal_result_free(res);
	aiodal_result_free(texts);
	return status;
}

/* More parameters than cost nothing, and an array. */
static aiodal_status
send_values(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	static const int length = 2;
	aiodal_value values[20];
	aiodal_array *array;
	aiodal_status status;

	(void) payload;
	for (int i = 0; i < 20; i++)
		values[i] = aiodal_int32(i);
	status = aiodal_array_make(&array, AIODAL_KIND_INT32, 1, &length, values, err);
	values[19] = aiodal_array_value(array);
	if (status == AIODAL_OK)
		status =
			aiodal_tx_query(NULL, tx,
							"SELECT $1 + $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 + $10 + $11 + $12 + $13 + $14 "
							"+ $15 + $16 + $17 + $18 + $19, $20",
							20, values, NULL, err);
	aiodal_array_free(array);
	return status;
}

static aiodal_status
transact_parameters(aiodal_error **err)
{
	return aiodal_db_transact(db, NULL, send_values, NULL, err);
}

static int allocations;

static int
count_them(void)
{
	allocations++;
	return 0;
}

/* A statement with few parameters takes no memory but libpq's, as soon as it is prepared. */
static void
nothing_is_allocated_for_a_statement(void **state)
{
	aiodal_error *err = NULL;
	const aiodal_value values[] = {aiodal_int64(1), aiodal_text("two"), aiodal_double(3),
								   aiodal_bytea("4", 1)};
	aiodal_tx *tx;

	(void) state;
	OK(aiodal_tx_begin(&tx, db, NULL, &err));
	for (int i = 0; i < 20; i++)
	{
		aiodal_result *res;
		int64_t value;

		allocations = 0;
		aiodal__alloc_fails = count_them;
		OK(aiodal_tx_query(&res, tx, "SELECT $1, $2::text, $3, $4", 4, values, NULL, &err));
		OK(aiodal_result_get_int64(&value, res, 0, 0, &err));
		aiodal_result_free(res);
		aiodal__alloc_fails = NULL;
		if (i >= 5)
			assert_int_equal(allocations, 0);
	}
	aiodal_tx_free(tx);
}

/* A statement that cannot be kept prepared runs all the same. */
static aiodal_status
prepare_statement(aiodal_error **err)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_db *own = NULL;
	aiodal_tx *tx = NULL;
	aiodal_status status;

	options.no_reflect = true;
	options.prepare_after = 1;
	status = aiodal_db_open(&own, NULL, &options, err);
	if (status == AIODAL_OK)
		status = aiodal_tx_begin(&tx, own, NULL, err);
	for (int i = 0; i < 3 && status == AIODAL_OK; i++)
		status = aiodal_tx_exec(NULL, tx, "SELECT 1", 0, NULL, err);
	aiodal_tx_free(tx);
	aiodal_db_close(own);
	return status;
}

typedef struct pair
{
	int32_t a;
	const char *b;
} pair;

/* Reads a row into a struct, and fails to. */
static aiodal_status
bind_rows(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	static const aiodal_field fields[] = {AIODAL_FIELD(pair, a, "a", AIODAL_KIND_INT32),
										  AIODAL_FIELD(pair, b, "b", AIODAL_KIND_NUMERIC)};
	static const aiodal_shape shape = AIODAL_SHAPE(pair, fields);
	const aiodal_query_options binary = {sizeof(binary), AIODAL_WIRE_BINARY, 0};
	aiodal_error *why = NULL;
	aiodal_result *res;
	pair out;
	aiodal_status status = aiodal_tx_query(&res, tx, "SELECT 1 AS a, 2.5 AS b", 0, NULL, &binary, err);

	(void) payload;
	if (status != AIODAL_OK)
		return status;
	status = aiodal_result_get_row(&out, res, 0, &shape, err);
	aiodal_result_free(res);
	if (status != AIODAL_OK)
		return status;
	status = aiodal_tx_query(&res, tx, "SELECT 1::bigint AS a", 0, NULL, NULL, err);
	if (status != AIODAL_OK)
		return status;
	status = aiodal_result_get_row(&out, res, 0, &shape, &why);
	aiodal_result_free(res);
	if (status == AIODAL_EINVAL)
	{
		aiodal_error_free(why);
		return AIODAL_OK;
	}
	*err = why;
	return status;
}

static aiodal_status
transact_rows(aiodal_error **err)
{
	return aiodal_db_transact(db, NULL, bind_rows, NULL, err);
}

static void
rows(void **state)
{
	(void) state;
	sweep(db, transact_rows, 4);
}

static aiodal_status
run_pipeline(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	static const char *const params[] = {"1"};
	aiodal_value value = aiodal_int32(7);
	aiodal_pipeline *p = NULL;
	aiodal_status status = aiodal_pipeline_begin(&p, tx, err);

	(void) payload;
	for (int i = 0; i < 20 && status == AIODAL_OK; i++)
	{
		status = aiodal_pipeline_exec(p, "SELECT $1", 1, params, err);
		if (status == AIODAL_OK)
			status = aiodal_pipeline_query(p, "SELECT $1", 1, &value, NULL, err);
	}
	if (status == AIODAL_OK)
		status = aiodal_pipeline_run(p, err);
	aiodal_pipeline_free(p);
	return status;
}

static aiodal_status
transact_pipeline(aiodal_error **err)
{
	return aiodal_db_transact(db, NULL, run_pipeline, NULL, err);
}

static void
pipelines(void **state)
{
	(void) state;
	sweep(db, transact_pipeline, 40);
}

/* With a pool of its own, so that it waits in the queue and connects. */
static aiodal_status
begin_and_end(aiodal_db *own, aiodal_error **err)
{
	aiodal_tx *holder = NULL;
	aiodal_tx *tx = NULL;
	aiodal_op *op = NULL;
	aiodal_status status = polling_begin(&holder, own, NULL, err);

	if (status == AIODAL_OK)
		status = aiodal_tx_begin_start(&op, &tx, own, NULL, err);
	if (status == AIODAL_OK)
	{
		status = polling_rollback(holder, err);
		if (status == AIODAL_OK)
			status = polling_run(op, AIODAL_OK, err);
		else
			aiodal_op_free(op);
	}
	if (status == AIODAL_OK)
		status = aiodal_tx_savepoint_start(&op, tx, "s", err);
	if (status == AIODAL_OK)
		status = polling_run(op, status, err);
	if (status == AIODAL_OK)
		status = polling_commit(tx, err);
	aiodal_tx_free(tx);
	aiodal_tx_free(holder);
	return status;
}

static aiodal_status
poll_transactions(aiodal_error **err)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_db *own;
	aiodal_status status;

	options.pool_size = 1;
	options.no_reflect = true;
	status = aiodal_db_open(&own, NULL, &options, err);
	if (status == AIODAL_OK)
		status = begin_and_end(own, err);
	aiodal_db_close(own);
	return status;
}

static void
turns(void **state)
{
	(void) state;
	sweep(db, poll_transactions, 8);
}

static void
preparing(void **state)
{
	(void) state;
	sweep(db, prepare_statement, 8);
}

static aiodal_status
transact_values(aiodal_error **err)
{
	return aiodal_db_transact(db, NULL, read_values, NULL, err);
}

static void
values(void **state)
{
	(void) state;
	sweep(db, transact_values, 8);
	sweep(db, transact_parameters, 4);
}

/* Errors of the server's that cannot be copied are out of memory, with the status they had. */
static void
errors(void **state)
{
	(void) state;
	for (int n = 0; n < 6; n++)
	{
		aiodal_error *err = NULL;
		aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
		aiodal_tx *tx;

		OK(aiodal_tx_begin(&tx, db, NULL, &err));
		options.table = "itme";
		left = n;
		aiodal__alloc_fails = fail_when_none_is_left;
		assert_true(aiodal_bulk_load_memory(NULL, tx, &options, "id\n1\n", 5, &err) < 0);
		aiodal__alloc_fails = NULL;
		assert_non_null(err);
		assert_true(strlen(aiodal_error_message(err)) > 0);
		aiodal_error_free(err);
		aiodal_tx_free(tx);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),      cmocka_unit_test(reflecting),
		cmocka_unit_test(transactions), cmocka_unit_test(loads),
		cmocka_unit_test(exports),      cmocka_unit_test(errors),
		cmocka_unit_test(values),       cmocka_unit_test(nothing_is_allocated_for_a_statement),
		cmocka_unit_test(preparing),    cmocka_unit_test(pipelines),
		cmocka_unit_test(rows),         cmocka_unit_test(turns),
		cmocka_unit_test(backgrounds),
	};

	return cmocka_run_group_tests_name("oom", tests, set_up, tear_down);
}
