/*
 * test_oom_around.c
 *		As test_oom.c, for what is around statements: files, listeners, structs, aliases, sandboxes, watching.
 */
#include "oom.h"

#include <unistd.h>

static aiodal_db *db;
static char directory[] = "/tmp/aiodal-oom.XXXXXX";

static int
set_up(void **state)
{
	(void) state;
	reset_database("CREATE TABLE item (id int PRIMARY KEY, name text);"
				   "CREATE FUNCTION f(a text) RETURNS TABLE (x int) LANGUAGE sql AS 'SELECT 1'");
	if (!mkdtemp(directory))
		return -1;
	return aiodal_db_open(&db, NULL, NULL, NULL);
}

static void
path_of(char *path, size_t size, const char *name)
{
	(void) snprintf(path, size, "%s/%s", directory, name);
}

static int
tear_down(void **state)
{
	char path[100];

	(void) state;
	aiodal_db_close(db);
	for (int i = 0; i < 2; i++)
	{
		path_of(path, sizeof(path), i ? "second" : "first.csv.gz");
		(void) unlink(path);
	}
	/* fails when anything else was left */
	return rmdir(directory);
}

/* Writes a file, and loads it and another one. */
static aiodal_status
move_files(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	aiodal_export_options export = AIODAL_EXPORT_OPTIONS_INIT;
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
	char first[100];
	char second[100];
	const char *const paths[] = {first, second};
	aiodal_status status;

	(void) payload;
	path_of(first, sizeof(first), "first.csv.gz");
	path_of(second, sizeof(second), "second");
	export.query = "SELECT 1 AS id, 'a' AS name";
	export.layout.format = AIODAL_FORMAT_CSV;
	export.layout.compression = AIODAL_COMPRESSION_GZIP;
	status = aiodal_bulk_export_file(NULL, tx, &export, first, err);
	options.table = "item";
	if (status == AIODAL_OK)
		status = aiodal_bulk_load_file(NULL, tx, &options, first, err);
	if (status == AIODAL_OK)
		status = aiodal_bulk_load_files(NULL, tx, &options, paths, 2, err);
	return status;
}

static aiodal_status
transact_files(aiodal_error **err)
{
	return aiodal_db_transact(db, NULL, move_files, NULL, err);
}

static void
files(void **state)
{
	char path[100];
	FILE *second;

	(void) state;
	path_of(path, sizeof(path), "second");
	second = fopen(path, "w");
	assert_non_null(second);
	(void) fputs("name,id\nb,2\n", second);
	assert_int_equal(fclose(second), 0);
	sweep(db, transact_files, 20);
}

/* Told of what was said, it says so itself; until then by waiting or by polling. */
static aiodal_status
hear(aiodal_listener *listener, aiodal_error **err)
{
	const aiodal_notification *heard = NULL;
	aiodal_status status;

	run_sql("NOTIFY news, 'some'");
	do
		status = aiodal_listener_wait(listener, &heard, 60000, err);
	while (status == AIODAL_OK && heard && !heard->channel);
	if (status == AIODAL_OK)
		assert_string_equal(heard->payload, "some");
	return status;
}

static aiodal_status
listen_and_hear(aiodal_error **err)
{
	static const char *const channels[] = {"news", "Other News"};
	aiodal_listener *listener = NULL;
	aiodal_status status = aiodal_listen(&listener, db, channels, 2, err);

	if (status == AIODAL_OK)
		status = hear(listener, err);
	aiodal_listener_free(listener);
	return status;
}

static void
listeners(void **state)
{
	(void) state;
	sweep(db, listen_and_hear, 4);
}

typedef struct item
{
	int32_t id;
	const char *name;
	bool name_null;
} item;

static const aiodal_field item_fields[] = {
	{"id", AIODAL_KIND_INT32, offsetof(item, id), 4, AIODAL_NO_MEMBER, NULL, 0, AIODAL_FIELD_KEY,
	 AIODAL_NO_MEMBER},
	AIODAL_FIELD_OR_NULL(item, name, name_null, "name", AIODAL_KIND_TEXT),
};
static const aiodal_shape item_shape = AIODAL_SHAPE(item, item_fields);
static const aiodal_mapping items = {sizeof(aiodal_mapping), "public", "item", &item_shape,
									 AIODAL_WIRE_BINARY};

static aiodal_status
use_mapping(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	item row = {.id = 100, .name = "new"};
	aiodal_value least = aiodal_int32(100);
	aiodal_result *res = NULL;
	void *rows;
	aiodal_status status = aiodal_mapping_insert(NULL, NULL, tx, &items, &row, err);

	(void) payload;
	if (status == AIODAL_OK)
		status = aiodal_mapping_find(NULL, NULL, tx, &items, &row, err);
	row.name = "newer";
	if (status == AIODAL_OK)
		status = aiodal_mapping_update(NULL, NULL, tx, &items, &row, err);
	if (status == AIODAL_OK)
		status = aiodal_mapping_select(&res, &rows, tx, &items, "WHERE id >= $1", 1, &least, err);
	if (status == AIODAL_OK)
		assert_string_equal(((item *) rows)->name, "newer");
	aiodal_result_free(res);
	if (status == AIODAL_OK)
		status = aiodal_mapping_delete(tx, &items, &row, err);
	return status;
}

static aiodal_status
transact_mapping(aiodal_error **err)
{
	return aiodal_db_transact(db, NULL, use_mapping, NULL, err);
}

static void
mappings(void **state)
{
	(void) state;
	sweep(db, transact_mapping, 5);
}

static aiodal_status
nest(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	(void) payload;
	return aiodal_tx_exec_script(tx, "SELECT 1; SELECT 2", err);
}

static aiodal_status
use_alias(aiodal_tx *tx, void *payload, aiodal_error **err)
{
	const aiodal_alias *alias;
	aiodal_status status = aiodal_tx_get_alias(&alias, tx, "known", err);

	(void) payload;
	return status == AIODAL_OK ? aiodal_tx_nested(tx, nest, NULL, err) : status;
}

/* Either there or not. */
static aiodal_status
set_and_use_alias(aiodal_error **err)
{
	static const char *const args[] = {"a"};
	aiodal_call call = AIODAL_CALL_INIT;
	aiodal_status status;

	call.function = "f";
	call.n_args = 1;
	call.args = args;
	status = aiodal_db_set_alias(db, "known", &call, err);
	if (status == AIODAL_OK)
		status = aiodal_db_transact(db, NULL, use_alias, NULL, err);
	if (status == AIODAL_OK)
		status = aiodal_db_set_alias(db, "known", NULL, err);
	return status;
}

static void
aliases(void **state)
{
	(void) state;
	sweep(db, set_and_use_alias, 5);
}

/* It ends whatever became of what was done in it. */
static aiodal_status
use_sandbox(aiodal_error **err)
{
	aiodal_error *own = NULL;
	aiodal_status status = aiodal_db_sandbox_begin(db, err);
	aiodal_status ended;

	if (status != AIODAL_OK)
		return status;
	status = aiodal_db_transact(db, NULL, use_mapping, NULL, err);
	ended = aiodal_db_sandbox_end(db, &own);
	if (ended != AIODAL_OK && status == AIODAL_OK)
	{
		*err = own;
		return ended;
	}
	aiodal_error_free(own);
	return status;
}

static void
sandboxes(void **state)
{
	(void) state;
	sweep(db, use_sandbox, 6);
}

/* The thread that watches may run out of memory as well as this one. */
static aiodal_status
watch(aiodal_error **err)
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;
	aiodal_db *own = NULL;
	aiodal_status status;

	options.watch = true;
	status = aiodal_db_open(&own, NULL, &options, err);
	aiodal_db_close(own);
	return status;
}

static void
watching(void **state)
{
	(void) state;
	run_sql("SELECT aiodal.watch()");
	sweep(db, watch, 10);
	run_sql("SELECT aiodal.unwatch()");
}

static int allocations;

static int
count_them(void)
{
	allocations++;
	return 0;
}

/* Of a pool at work, a whole transaction takes no memory but libpq's. */
static void
nothing_is_allocated_for_a_transaction(void **state)
{
	const char *const params[] = {"1"};

	(void) state;
	for (int i = 0; i < 20; i++)
	{
		aiodal_error *err = NULL;
		aiodal_result *res;
		aiodal_tx *tx;

		allocations = 0;
		aiodal__alloc_fails = count_them;
		OK(aiodal_tx_begin(&tx, db, NULL, &err));
		OK(aiodal_tx_exec(&res, tx, "SELECT name FROM item WHERE id = $1", 1, params, &err));
		aiodal_result_free(res);
		OK(aiodal_tx_commit(tx, &err));
		aiodal_tx_free(tx);
		aiodal__alloc_fails = NULL;
		if (i >= 10)
			assert_int_equal(allocations, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* before threads may be left behind */
		cmocka_unit_test(nothing_is_allocated_for_a_transaction),
		cmocka_unit_test(files),
		cmocka_unit_test(listeners),
		cmocka_unit_test(mappings),
		cmocka_unit_test(aliases),
		cmocka_unit_test(sandboxes),
		cmocka_unit_test(watching),
	};

	return cmocka_run_group_tests_name("oom around", tests, set_up, tear_down);
}
