/*
 * rollback.c
 *		rollback [-n TESTS] [-r ROUNDS]
 *
 * What a test costs besides what it does: a statement between BEGIN and ROLLBACK on a bare connection of
 * libpq, in a test in rollback mode, with a transaction of its own that commits, and in one that has a clone
 * of the template. On the server of the PG* environment. Ways take turns; prints a line "way seconds" for
 * each and every round, of one test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include <aiodal/aiodal.h>
#include <aiodal/testing.h>

#include "seconds.h"

#define INSERT "INSERT INTO item (name) VALUES ('x')"

static const char schema[] = "CREATE TABLE item (id serial PRIMARY KEY, name text NOT NULL);"
							 "CREATE TABLE part (id serial PRIMARY KEY, item_id int NOT NULL REFERENCES item "
							 "DEFERRABLE INITIALLY DEFERRED, name text NOT NULL);";

static void
check(aiodal_status status, aiodal_error *err)
{
	if (status == AIODAL_OK)
		return;
	(void) fprintf(stderr, "rollback: %s\n", aiodal_error_message(err));
	exit(1);
}

static void
run(PGconn *pg, const char *sql)
{
	PGresult *res = PQexec(pg, sql);

	if (PQresultStatus(res) != PGRES_COMMAND_OK)
	{
		(void) fprintf(stderr, "rollback: %s", PQerrorMessage(pg));
		exit(1);
	}
	PQclear(res);
}

static void
bare(PGconn *pg)
{
	run(pg, "BEGIN");
	run(pg, INSERT);
	run(pg, "ROLLBACK");
}

static void
kit(aiodal_test_group *group, aiodal_test_mode mode)
{
	aiodal_error *err = NULL;
	aiodal_test *test;
	aiodal_tx *tx;

	check(aiodal_test_begin(&test, group, mode, &err), err);
	check(aiodal_tx_begin(&tx, aiodal_test_db(test), NULL, &err), err);
	check(aiodal_tx_exec(NULL, tx, INSERT, 0, NULL, &err), err);
	check(aiodal_tx_commit(tx, &err), err);
	aiodal_tx_free(tx);
	check(aiodal_test_end(test, &err), err);
}

static void
report(const char *way, double began, int n)
{
	(void) printf("%s %.9f\n", way, (Now() - began) / n);
}

int
main(int argc, char **argv)
{
	aiodal_test_group_options options = AIODAL_TEST_GROUP_OPTIONS_INIT;
	aiodal_error *err = NULL;
	aiodal_test_group *group;
	aiodal_test *clone;
	int n_tests = 1000;
	int rounds = 5;
	PGconn *pg;
	int opt;

	while ((opt = getopt(argc, argv, "n:r:")) != -1)
	{
		if (opt == 'n')
			n_tests = (int) strtol(optarg, NULL, 10);
		else if (opt == 'r')
			rounds = (int) strtol(optarg, NULL, 10);
		else
			return 2;
	}
	options.url = "application_name=bench";
	options.sql = schema;
	options.fresh = true;
	check(aiodal_test_group_open(&group, &options, &err), err);
	check(aiodal_test_begin(&clone, group, AIODAL_TEST_CLONE, &err), err);
	pg = PQconnectdb(aiodal_test_conninfo(clone));
	for (int round = -1; round < rounds; round++)
	{
		double began = Now();

		for (int i = 0; i < n_tests; i++)
			bare(pg);
		if (round >= 0)
			report("bare", began, n_tests);
		began = Now();
		for (int i = 0; i < n_tests; i++)
			kit(group, AIODAL_TEST_ROLLBACK);
		if (round >= 0)
			report("rollback", began, n_tests);
		began = Now();
		for (int i = 0; i < n_tests / 50; i++)
			kit(group, AIODAL_TEST_CLONE);
		if (round >= 0)
			report("clone", began, n_tests / 50);
	}
	PQfinish(pg);
	aiodal_test_group_close(group);
	return 0;
}
