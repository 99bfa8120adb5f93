/*
 * test_readers.c
 *		Threads that read snapshots while others reflect and the schema is being changed.
 */
#include "support.h"

#include <pthread.h>
#include <stdio.h>

#define READERS    4
#define REFLECTORS 2
#define CHANGES    60

static aiodal_db *db;
static bool done;    /* no more changes */
static long read_in; /* snapshots that the readers have gone through */

/* What a thread has found wrong; cmocka's assertions are for the main thread alone. */
typedef struct finding
{
	char text[500];
	long seen; /* snapshots that are not the one before */
} finding;

static bool
is_done(void)
{
	return __atomic_load_n(&done, __ATOMIC_ACQUIRE);
}

static int
set_up(void **state)
{
	(void) state;
	reset_database(
		"CREATE TABLE twin_a (id int PRIMARY KEY, x0 int); CREATE TABLE twin_b (id int PRIMARY KEY "
		"REFERENCES twin_a, x0 int)");
	return aiodal_db_open(&db, NULL, NULL, NULL);
}

static int
tear_down(void **state)
{
	(void) state;
	aiodal_db_close(db);
	return 0;
}

/* Both tables are always changed in one transaction. */
static void
compare_twins(const aiodal_schema *schema, finding *found)
{
	const aiodal_table *a = aiodal_schema_table(schema, NULL, "twin_a");
	const aiodal_table *b = aiodal_schema_table(schema, NULL, "twin_b");

	if (!a || !b || aiodal_table_column_count(a) != aiodal_table_column_count(b))
	{
		(void) snprintf(found->text, sizeof(found->text), "%d columns and %d", aiodal_table_column_count(a),
						aiodal_table_column_count(b));
		return;
	}
	for (int i = 0; i < aiodal_table_column_count(a); i++)
	{
		const char *left = aiodal_column_name(aiodal_table_column_at(a, i));
		const char *right = aiodal_column_name(aiodal_table_column_at(b, i));

		if (strcmp(left, right) != 0 || !aiodal_table_column(a, left))
			(void) snprintf(found->text, sizeof(found->text), "columns %s and %s", left, right);
	}
}

static void *
read_on(void *payload)
{
	finding *found = payload;
	aiodal_schema *last = NULL;

	while (!is_done() && !*found->text)
	{
		aiodal_schema *schema = aiodal_db_schema(db);

		compare_twins(schema, found);
		found->seen += schema != last;
		/* one that was replaced is as good as ever */
		if (last)
			compare_twins(last, found);
		aiodal_schema_unref(last);
		last = schema;
		(void) __atomic_add_fetch(&read_in, 1, __ATOMIC_RELAXED);
	}
	aiodal_schema_unref(last);
	return NULL;
}

static void *
reflect_on(void *payload)
{
	finding *found = payload;
	aiodal_error *err = NULL;

	while (!is_done() && !*found->text)
	{
		if (aiodal_db_reflect(db, &err) != AIODAL_OK)
			(void) aiodal_error_describe(err, found->text, sizeof(found->text));
		aiodal_error_free(err);
		err = NULL;
		found->seen++;
	}
	return NULL;
}

static void
change(int i)
{
	char sql[200];

	(void) snprintf(sql, sizeof(sql),
					i % 3 == 2
						? "BEGIN; ALTER TABLE twin_a DROP x%d; ALTER TABLE twin_b DROP x%d; COMMIT"
						: "BEGIN; ALTER TABLE twin_a ADD x%d int; ALTER TABLE twin_b ADD x%d int; COMMIT",
					i % 3 == 2 ? i - 1 : i, i % 3 == 2 ? i - 1 : i);
	run_sql(sql);
}

static void
snapshots_are_whole(void **state)
{
	pthread_t threads[READERS + REFLECTORS];
	finding found[READERS + REFLECTORS];
	aiodal_error *err = NULL;
	aiodal_schema *schema;
	long seen = 0;

	(void) state;
	memset(found, 0, sizeof(found));
	for (int i = 0; i < READERS + REFLECTORS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, i < READERS ? read_on : reflect_on, &found[i]), 0);
	for (int i = 1; i <= CHANGES; i++)
		change(i);
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	for (int i = 0; i < READERS + REFLECTORS; i++)
	{
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_string_equal(found[i].text, "");
		seen += i < READERS ? found[i].seen : 0;
	}
	assert_true(seen > READERS);
	assert_true(read_in > CHANGES);

	/* of reflections that overlapped, the one that saw more has won, or is made up for now */
	OK(aiodal_db_reflect(db, &err));
	schema = aiodal_db_schema(db);
	assert_int_equal(aiodal_table_column_count(aiodal_schema_table(schema, NULL, "twin_a")), 2 + CHANGES / 3);
	aiodal_schema_unref(schema);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snapshots_are_whole),
	};

	return cmocka_run_group_tests_name("readers", tests, set_up, tear_down);
}
