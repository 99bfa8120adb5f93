/*
 * on_commit.c
 *		What COMMIT does to temporary tables, before it.
 */
#include "compat.h"

#include "commands/tablecmds.h"
#include "fmgr.h"

PG_FUNCTION_INFO_V1(run_on_commit);

/*
 * run_on_commit()
 *
 * For a savepoint that stands for a transaction: what is done here is undone by a rollback to a savepoint set
 * before, but for the emptying of tables, as always.
 */
Datum
run_on_commit(PG_FUNCTION_ARGS)
{
	PreCommit_on_commit_actions();
	PG_RETURN_VOID();
}
