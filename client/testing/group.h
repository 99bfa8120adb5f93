/*
 * group.h
 *		What the tests of a program have in common.
 */
#ifndef AIODAL_TESTING_GROUP_INSIDE_H
#define AIODAL_TESTING_GROUP_INSIDE_H

#include <aiodal/testing_group.h>

#include "database.h"
#include "recorder.h"

/* A database with a db on it. */
typedef struct aiodal_test__place
{
	char name[AIODAL_TEST__NAME_MAX];
	char *conninfo;
	aiodal_db *db; /* NULL: there is none */
	aiodal_test__recorder *recorder;
} aiodal_test__place;

struct aiodal_test_group
{
	pid_t owner;
	aiodal_test_server *server; /* NULL: not ours */
	char *url;
	char *log;     /* NULL: unknown */
	PGconn *admin; /* makes and drops databases; its session holds the locks on their names */
	char template[AIODAL_TEST__NAME_MAX];
	bool template_stays;
	bool keep_failed;
	bool leave_sequences;
	int statements;
	aiodal_db_options db_options;
	aiodal_test__place rollback;      /* of all tests in rollback mode; made when the first of them begins */
	aiodal_test__recorder *recorders; /* of dbs that were closed with transactions open */
	PGconn *sequences;                /* sets them back; NULL: there are none */
	aiodal_test *tests;               /* that have not ended */
};

/*
 * sequences.c: notes where the sequences of the database are, which is where
 * aiodal_test__restore_sequences() sets them; *pg is to be finished; NULL when there are none. That only
 * begins, and the other one waits for its end; false: it was not done.
 */
extern aiodal_status aiodal_test__note_sequences(PGconn **pg, const char *conninfo, aiodal_error **err);
extern bool aiodal_test__restore_sequences(PGconn *pg);
extern bool aiodal_test__sequences_restored(PGconn *pg);

#endif /* AIODAL_TESTING_GROUP_INSIDE_H */
