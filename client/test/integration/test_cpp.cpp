/*
 * test_cpp.cpp
 *		The C++ header: handles, values, exceptions across C.
 */
#include <aiodal/aiodal.hpp>

#include "support.h"

#include <cmath>
#include <functional>
#include <stdexcept>

/* In no transaction; connections that are not given back are missed. */
static aiodal::db
open_db()
{
	aiodal_db_options options = AIODAL_DB_OPTIONS_INIT;

	options.pool_size = 1;
	options.acquire_timeout_ms = 1000;
	return aiodal::db("", &options);
}

static int
set_up(void **state)
{
	(void) state;
	reset_database(BOOKS);
	return 0;
}

static int
empty(void **state)
{
	(void) state;
	run_sql("TRUNCATE author CASCADE");
	return 0;
}

static void
insert(aiodal::tx tx, const char *name)
{
	tx.exec("INSERT INTO author (name) VALUES ($1)", {name});
}

static std::string
authors(aiodal::tx tx)
{
	return tx.exec("SELECT coalesce(string_agg(name, ' ' ORDER BY id), '') FROM author")[0][0]
		.as<std::string>();
}

/* f throws an error of that status, whose text has these words. */
static void
expect_error(aiodal_status status, const char *words, const std::function<void()> &f)
{
	try
	{
		f();
	}
	catch (const aiodal::error &e)
	{
		if (e.status() != status || !strstr(e.what(), words))
			fail_msg("%s: %s", aiodal_status_name(e.status()), e.what());
		return;
	}
	fail_msg("no error with \"%s\"", words);
}

static void
parameters_and_values(void **state)
{
	aiodal::db db = open_db();
	aiodal::transaction tx = db.begin();

	(void) state;
	aiodal::result res = tx.exec(
		"SELECT $1::text, $2::int8, $3::float8, $4::bool, $5::text, $6::text, $7::text AS c, $8::float4",
		{"it's", INT64_MIN, 0.1, true, nullptr, std::string("ü"), 'c', 1.5f});
	aiodal::row row = res[0];
	assert_int_equal(res.rows(), 1);
	assert_int_equal(res.columns(), 8);
	assert_string_equal(row[0].as<std::string>().c_str(), "it's");
	assert_true(row[1].as<int64_t>() == INT64_MIN);
	assert_true(row[2].as<double>() == 0.1);
	assert_true(row[3].as<bool>());
	assert_true(row[4].is_null());
	assert_null(row[4].c_str());
	assert_int_equal(row[4].as_or<int>(7), 7);
	assert_int_equal(row[5].size(), 2);
	assert_string_equal(row["c"].c_str(), "c");
	assert_true(row[std::string("c")].as<std::string>() == "c");
	assert_true(row[7].as<float>() == 1.5f);
	res = tx.exec("SELECT 'NaN'::float8, '-Infinity'::float4, 1e300, false, $1::text",
				  {(const char *) nullptr});
	assert_true(std::isnan(res[0][0].as<double>()));
	assert_true(std::isinf(res[0][1].as<float>()) && res[0][1].as<float>() < 0);
	assert_true(res[0][2].as<double>() == 1e300);
	assert_false(res[0][3].as<bool>());
	assert_true(res[0][4].is_null());
}

static void
values_that_are_none(void **state)
{
	aiodal::db db = open_db();
	aiodal::transaction tx = db.begin();

	(void) state;
	aiodal::result res = tx.exec("SELECT 70000, '12x', '', NULL, -1, '1.5', ' 1', 'yes', 1e300");
	aiodal::row row = res[0];
	expect_error(AIODAL_EINVAL, "is no integer in range: \"70000\"", [&] { row[0].as<short>(); });
	expect_error(AIODAL_EINVAL, "12x", [&] { row[1].as<int>(); });
	expect_error(AIODAL_EINVAL, "is no integer", [&] { row[2].as<int>(); });
	expect_error(AIODAL_EINVAL, "is NULL", [&] { row[3].as<std::string>(); });
	expect_error(AIODAL_EINVAL, "-1", [&] { row[4].as<unsigned>(); });
	expect_error(AIODAL_EINVAL, "1.5", [&] { row[5].as<int>(); });
	expect_error(AIODAL_EINVAL, " 1", [&] { row[6].as<int>(); });
	expect_error(AIODAL_EINVAL, "is no bool: \"yes\"", [&] { row[7].as<bool>(); });
	expect_error(AIODAL_EINVAL, "is no number", [&] { row[8].as<float>(); });
	expect_error(AIODAL_EINVAL, "no column 9", [&] { row[9]; });
	expect_error(AIODAL_EINVAL, "no column \"nothing\"", [&] { row["nothing"]; });
	expect_error(AIODAL_EINVAL, "no row 1", [&] { res[1]; });
	expect_error(AIODAL_EINVAL, "NUL character", [&] { tx.exec("SELECT $1", {std::string("a\0b", 3)}); });
	expect_error(AIODAL_EINVAL, "NUL character", [&] { tx.exec(std::string("SELECT 1\0", 9)); });
}

static void
rows_are_walked(void **state)
{
	aiodal::db db = open_db();
	int sum = 0;

	(void) state;
	aiodal::result res = db.begin().exec("SELECT i FROM generate_series(1, $1::int) i", {100});
	/* the transaction is over, the rows are still there */
	for (aiodal::row row : res)
		sum += row["i"].as<int>();
	assert_int_equal(sum, 5050);
	assert_int_equal(res.affected(), 100);
}

static void
a_scope_rolls_back(void **state)
{
	aiodal::db db = open_db();

	(void) state;
	{
		aiodal::transaction tx = db.begin();
		insert(tx, "lost");
	}
	{
		aiodal::transaction tx = db.begin();
		insert(tx, "kept");
		aiodal::transaction moved = std::move(tx);
		assert_null(tx.get());
		moved.commit();
		assert_int_equal(moved.state(), AIODAL_TX_COMMITTED);
		moved = db.begin();
		insert(moved, "lost, too");
	}
	aiodal::transaction tx = db.begin();
	assert_string_equal(authors(tx).c_str(), "kept");
	/* the connection of the one that is overwritten comes back */
	tx.rollback();
	tx = db.begin();
	tx.script("SELECT 1; SELECT 2");
}

static void
errors_have_every_field(void **state)
{
	aiodal::db db = open_db();
	aiodal::transaction tx = db.begin();

	(void) state;
	try
	{
		tx.exec("INSERT INTO book (author_id, name) VALUES (7, 'x')");
		tx.exec("SET CONSTRAINTS ALL IMMEDIATE");
		fail_msg("no error");
	}
	catch (const aiodal::error &e)
	{
		aiodal::error copy = e;

		assert_int_equal(copy.status(), AIODAL_ECONSTRAINT);
		assert_string_equal(copy.sqlstate().c_str(), "23503");
		assert_string_equal(copy.field(PG_DIAG_CONSTRAINT_NAME).c_str(), "book_author_id_fkey");
		assert_string_equal(copy.field(PG_DIAG_STATEMENT_POSITION).c_str(), "");
		assert_non_null(strstr(copy.what(), "DETAIL:  Key (author_id)=(7)"));
		assert_non_null(strstr(copy.message().c_str(), "violates foreign key"));
		assert_ptr_equal(copy.get(), e.get());
	}
	expect_error(AIODAL_EBUSY, "AIODAL_EBUSY",
				 [] { aiodal::call([](aiodal_error **) { return AIODAL_EBUSY; }); });
	expect_error(AIODAL_ECONN, "", [] { aiodal::db nowhere("host=/nowhere"); });
}

static void
transact_commits_rolls_back_and_retries(void **state)
{
	aiodal::db db = open_db();
	int runs = 0;

	(void) state;
	db.transact([](aiodal::tx tx) { insert(tx, "one"); });
	expect_error(AIODAL_ECONSTRAINT, "null value",
				 [&]
				 {
					 db.transact(
						 [](aiodal::tx tx)
						 {
							 insert(tx, "undone");
							 insert(tx, nullptr);
						 });
				 });
	/* an exception that is none of the library's */
	try
	{
		db.transact(
			[](aiodal::tx tx)
			{
				insert(tx, "undone");
				throw std::domain_error("mine");
			});
		fail_msg("nothing was thrown");
	}
	catch (const std::domain_error &e)
	{
		assert_string_equal(e.what(), "mine");
	}
	db.transact(
		[&](aiodal::tx tx)
		{
			insert(tx, "again");
			if (++runs < 3)
				tx.exec("DO $$ BEGIN RAISE 'once more' USING ERRCODE = '40001'; END $$");
		});
	assert_int_equal(runs, 3);
	assert_string_equal(authors(db.begin()).c_str(), "one again");
	/* a commit that fails, after an attempt that threw */
	runs = 0;
	expect_error(AIODAL_ESTATE, "rolled back instead",
				 [&]
				 {
					 db.transact(
						 [&](aiodal::tx tx)
						 {
							 runs++;
							 try
							 {
								 tx.exec(runs == 1 ? "DO $$ BEGIN RAISE 'x' USING ERRCODE = '40001'; END $$"
												   : "SELECT 1/0");
							 }
							 catch (const aiodal::error &e)
							 {
								 if (e.status() == AIODAL_ERETRY)
									 throw;
							 }
						 });
				 });
	assert_int_equal(runs, 2);
}

static void
parts_fail_by_themselves(void **state)
{
	aiodal::db db = open_db();

	(void) state;
	db.transact(
		[](aiodal::tx tx)
		{
			insert(tx, "a");
			try
			{
				tx.nested(
					[](aiodal::tx inner)
					{
						insert(inner, "b");
						throw 7;
					});
				fail_msg("nothing was thrown");
			}
			catch (int e)
			{
				assert_int_equal(e, 7);
			}
			tx.nested(
				[](aiodal::tx inner)
				{
					insert(inner, "c");
					expect_error(
						AIODAL_ESERVER, "division",
						[&] { inner.nested([](aiodal::tx innermost) { innermost.exec("SELECT 1/0"); }); });
				});
		});
	assert_string_equal(authors(db.begin()).c_str(), "a c");
}

static void
schemas_and_the_c_functions(void **state)
{
	aiodal::db first = open_db();
	aiodal::db db = std::move(first);
	std::shared_ptr<const aiodal_schema> schema = db.schema();
	aiodal_load_options options = AIODAL_LOAD_OPTIONS_INIT;
	aiodal_load_stats stats = AIODAL_LOAD_STATS_INIT;

	(void) state;
	db.ping();
	db.reflect();
	assert_ptr_equal(schema.get(), db.schema().get());
	assert_non_null(aiodal_schema_table(schema.get(), nullptr, "book"));
	options.table = "author";
	db.transact(
		[&](aiodal::tx tx)
		{
			aiodal::call(
				[&](aiodal_error **err) {
					return aiodal_bulk_load_memory(&stats, tx.get(), &options, "id,name\n1,a\n2,b\n", 16,
												   err);
				});
		});
	assert_int_equal(stats.inserted, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(parameters_and_values, empty),
		cmocka_unit_test_setup(values_that_are_none, empty),
		cmocka_unit_test_setup(rows_are_walked, empty),
		cmocka_unit_test_setup(a_scope_rolls_back, empty),
		cmocka_unit_test_setup(errors_have_every_field, empty),
		cmocka_unit_test_setup(transact_commits_rolls_back_and_retries, empty),
		cmocka_unit_test_setup(parts_fail_by_themselves, empty),
		cmocka_unit_test_setup(schemas_and_the_c_functions, empty),
	};

	return cmocka_run_group_tests_name("cpp", tests, set_up, NULL);
}
