/*
 * share.c
 *		Shared stages: made, joined, and dropped when nobody needs them any more.
 *
 * Design notes
 *
 * The session that will merge reserves a name first, by a lock on it that ends with its transaction. While
 * the lock is held the stage is in use; a stage whose name is free was left behind, by a client or server
 * that died, and goes with the next clean-up. The lock is an advisory one in a space of its own, so that it
 * meets none of the user's.
 *
 * Stages belong to who loads: all rights of others, such as default privileges give, are revoked. Who
 * makes them needs CREATE on their schema, which is granted to nobody by default.
 */
#include "compat.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "ident.h"
#include "options.h"
#include "reject.h"
#include "share.h"

PG_FUNCTION_INFO_V1(reserve_stage);
PG_FUNCTION_INFO_V1(shared_stage);
PG_FUNCTION_INFO_V1(join_stage);
PG_FUNCTION_INFO_V1(drop_shared_stages);

/* PostgreSQL's own advisory locks have 1 and 2 here. */
#define LOCK_SPACE 3

/*
 * Names and their locks
 */

static LOCKTAG
NameTag(const char *name)
{
	uint64 hash = DatumGetUInt64(hash_any_extended((const unsigned char *) name, strlen(name), 0));
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) (hash >> 32), (uint32) hash, LOCK_SPACE);
	return tag;
}

static void
GiveName(const char *name)
{
	LOCKTAG tag = NameTag(name);

	LockRelease(&tag, ExclusiveLock, false);
}

/* Takes the lock on a name until the transaction ends; false when another session has it, or ours. */
static bool
TakeName(const char *name)
{
	LOCKTAG tag = NameTag(name);

	switch (LockAcquire(&tag, ExclusiveLock, false, true))
	{
		case LOCKACQUIRE_NOT_AVAIL: return false;
		case LOCKACQUIRE_OK: return true;
		default: GiveName(name); return false;
	}
}

/* The target's name, so far as there is room, and eight hexadecimal digits. */
static char *
RandomName(const char *target)
{
	uint32 number;
	char *name;

	if (!pg_strong_random(&number, sizeof(number)))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random name")));
	name = makeObjectName(target, psprintf("%08x", number), &SHARE_REJECTS[1]);
	name[strlen(name) - strlen(SHARE_REJECTS)] = '\0';
	return name;
}

/*
 * aiodal.reserve_stage(target regclass) returns name
 *
 * For the session that merges. The name is its own until its transaction ends.
 */
Datum
reserve_stage(PG_FUNCTION_ARGS)
{
	const char *target = get_rel_name(PG_GETARG_OID(0));
	char *name;

	if (target == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation with OID %u does not exist", PG_GETARG_OID(0))));
	do
		name = RandomName(target);
	while (!TakeName(name));
	return DirectFunctionCall1(namein, CStringGetDatum(name));
}

static void
CheckReserved(const char *name)
{
	if (!TakeName(name))
		return;
	GiveName(name);
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("no session has reserved the name \"%s\"", name),
					errhint("The session that will merge calls aiodal.reserve_stage() first, and keeps its "
							"transaction open.")));
}

/*
 * Making one
 */

static void
CheckMayMakeShared(void)
{
	Oid schema = get_namespace_oid(SHARE_SCHEMA, true);

	if (!OidIsValid(schema) || !MayInSchema(schema, ACL_USAGE) || !MayInSchema(schema, ACL_CREATE))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied to make a stage for several sessions"),
						errdetail("It is a table in schema \"%s\".", SHARE_SCHEMA),
						errhint("Allow it by: GRANT USAGE, CREATE ON SCHEMA %s TO %s", SHARE_SCHEMA,
								quote_identifier(GetUserNameFromId(GetUserId(), false)))));
}

/* The result of a query of one text, or NULL; palloc'd in the caller's context. */
static char *
QueryText(const char *sql)
{
	MemoryContext context = CurrentMemoryContext;
	char *text;

	SPI_connect();
	if (SPI_execute(sql, false, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "unexpected result of: %s", sql);
	text = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	text = text ? MemoryContextStrdup(context, text) : NULL;
	SPI_finish();
	return text;
}

/* Default privileges may have let others in. */
static void
LetNobodyIn(Oid relid, const char *qualified)
{
	char *others = QueryText(psprintf(
		"SELECT pg_catalog.string_agg(DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE "
		"pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END, ', ') FROM pg_catalog.pg_class "
		"AS c, pg_catalog.aclexplode(c.relacl) AS a WHERE c.oid OPERATOR(pg_catalog.=) %u AND a.grantee "
		"OPERATOR(pg_catalog.<>) c.relowner",
		relid));

	if (others != NULL)
		RunUtility(psprintf("REVOKE ALL ON TABLE %s FROM %s", qualified, others));
}

/* Makes an unlogged table of these columns, which nobody but the owner can see into. */
static Oid
MakeUnlogged(const char *name, const char *columns)
{
	char *qualified = psprintf("%s.%s", SHARE_SCHEMA, quote_identifier(name));
	Oid relid;

	RunUtility(psprintf("CREATE UNLOGGED TABLE %s (%s) USING heap WITH (autovacuum_enabled = false)",
						qualified, columns));
	relid = get_relname_relid(name, get_namespace_oid(SHARE_SCHEMA, false));
	LetNobodyIn(relid, qualified);
	return relid;
}

/* A table that goes when the stage is dropped. */
static void
MakeCompanion(Oid stage, const char *name, const char *ending, const char *columns)
{
	ObjectAddress on;
	ObjectAddress companion;

	ObjectAddressSet(on, RelationRelationId, stage);
	ObjectAddressSet(companion, RelationRelationId, MakeUnlogged(psprintf("%s%s", name, ending), columns));
	recordDependencyOn(&companion, &on, DEPENDENCY_AUTO);
}

/*
 * aiodal.shared_stage(name name, target regclass, columns name[]) returns regclass
 *
 * Is to be committed before others join.
 */
Datum
shared_stage(PG_FUNCTION_ARGS)
{
	const char *name;
	List *names = NamesArgument(fcinfo, 2, "columns", false);
	StringInfoData columns;
	Relation target;
	Oid stage;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("%s must not be null", PG_ARGISNULL(0) ? "name" : "target")));
	name = NameStr(*PG_GETARG_NAME(0));
	CheckReserved(name);
	CheckMayMakeShared();
	target = OpenTable(PG_GETARG_OID(1), AccessShareLock, "target");
	initStringInfo(&columns);
	AppendStageColumns(&columns, target, StageColumns(target, names));
	table_close(target, NoLock);

	stage = MakeUnlogged(name, columns.data);
	MakeCompanion(stage, name, SHARE_PARTS,
				  "part integer PRIMARY KEY, input integer, given smallint[], runs bytea, stored bigint, "
				  "rejected bigint");
	/* to compress them would cost more than it saves */
	RunUtility(psprintf("ALTER TABLE %s.%s ALTER runs SET STORAGE EXTERNAL", SHARE_SCHEMA,
						quote_identifier(psprintf("%s%s", name, SHARE_PARTS))));
	MakeCompanion(stage, name, SHARE_REJECTS,
				  "part integer, line bigint, record bigint, column_name text, value text, sqlstate text, "
				  "message text, raw text");
	PG_RETURN_OID(stage);
}

/*
 * Joining it
 */

static pg_noreturn void
ReportNotShared(Relation rel)
{
	ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
					errmsg("\"%s\" is not a shared stage of yours", RelationGetRelationName(rel)),
					errhint("Stages for several sessions are made by aiodal.shared_stage().")));
}

Relation
OpenShared(Oid relid, LOCKMODE lockmode)
{
	Relation rel = OpenTable(relid, lockmode, "stage");

	if (rel->rd_rel->relkind != RELKIND_RELATION || rel->rd_rel->relpersistence != RELPERSISTENCE_UNLOGGED ||
		RelationGetNamespace(rel) != get_namespace_oid(SHARE_SCHEMA, true) ||
		rel->rd_rel->relowner != GetUserId())
		ReportNotShared(rel);
	return rel;
}

char *
SharedTableName(Relation stage, const char *ending)
{
	char *name = psprintf("%s%s", RelationGetRelationName(stage), ending);
	Oid relid = get_relname_relid(name, RelationGetNamespace(stage));
	Relation rel = OidIsValid(relid) ? try_table_open(relid, AccessShareLock) : NULL;

	/* somebody else's might do anything when it is read */
	if (rel == NULL || rel->rd_rel->relkind != RELKIND_RELATION || rel->rd_rel->relowner != GetUserId())
		ReportNotShared(stage);
	table_close(rel, NoLock);
	return psprintf("%s.%s", SHARE_SCHEMA, quote_identifier(name));
}

static int64
CountArgument(FunctionCallInfo fcinfo, int n, const char *name, int64 least)
{
	int64 value = PG_ARGISNULL(n) ? least : PG_GETARG_INT64(n);

	if (value < least)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be at least " INT64_FORMAT, name, least)));
	return value;
}

/* What this COPY is, as long as the transaction. */
static SharePart *
PartOfArguments(FunctionCallInfo fcinfo, Oid stage, Oid target)
{
	SharePart *part = MemoryContextAllocZero(TopTransactionContext, sizeof(SharePart));
	char *name = makeObjectName(get_rel_name(target), NULL, "stage");

	part->name = MemoryContextStrdup(TopTransactionContext, name);
	part->number = (int32) Min(CountArgument(fcinfo, 2, "part", 1), PG_INT32_MAX);
	part->input = (int) Min(CountArgument(fcinfo, 3, "input", 1), PG_INT32_MAX);
	part->lines = CountArgument(fcinfo, 4, "lines", 0);
	part->records = CountArgument(fcinfo, 5, "records", 0);
	part->rejects = CountCopyRejects(stage);
	part->max_rejects = PG_ARGISNULL(8) ? -1 : PG_GETARG_INT64(8);
	return part;
}

/*
 * aiodal.join_stage(stage regclass, target regclass, part bigint, input bigint, lines bigint,
 *					 records bigint, mode text, on_error text, max_rejects bigint) returns bigint
 *
 * The session's next COPY into the stage, in this transaction, is that part. Returns how many rows the
 * session has set aside so far.
 */
Datum
join_stage(PG_FUNCTION_ARGS)
{
	Stage stage = {0};
	char *mode = TextArgument(fcinfo, 6);
	char *on_error = TextArgument(fcinfo, 7);
	Relation rel;
	Relation target;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("%s must not be null", PG_ARGISNULL(0) ? "stage" : "target")));
	rel = OpenShared(PG_GETARG_OID(0), RowExclusiveLock);
	target = OpenTable(PG_GETARG_OID(1), AccessShareLock, "target");
	stage.relid = RelationGetRelid(rel);
	stage.target = RelationGetRelid(target);
	stage.columns = RelationGetDescr(rel)->natts;
	stage.has_mode = mode != NULL;
	stage.mode = mode ? ParseMergeMode(mode) : MODE_UPSERT;
	stage.reject = on_error && ParseOnError(on_error);
	stage.max_rejects = -1;
	stage.part = PartOfArguments(fcinfo, stage.relid, stage.target);
	stage.several_inputs = stage.part->input > 1;
	StageSetInput(KnowStage(&stage), stage.part->input - 1);
	table_close(target, NoLock);
	table_close(rel, NoLock);
	PG_RETURN_INT64(stage.part->rejects);
}

/*
 * Leaving none behind
 */

/* Stages that the user may drop; those of others' loads among them. */
static const char abandoned[] =
	"SELECT c.oid, c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid "
	"OPERATOR(pg_catalog.=) c.relnamespace WHERE n.nspname OPERATOR(pg_catalog.=) '" SHARE_SCHEMA "' AND "
	"c.relkind OPERATOR(pg_catalog.=) 'r' AND c.relpersistence OPERATOR(pg_catalog.=) 'u' AND c.relname "
	"OPERATOR(pg_catalog.~) '_[0-9a-f]{8}$' AND pg_catalog.pg_has_role(c.relowner, 'USAGE') ORDER BY c.oid";

/* Drops it unless it is in use, be it only by one who reads. */
static bool
DropAbandoned(Oid relid, const char *name)
{
	if (!TakeName(name))
		return false;
	if (!ConditionalLockRelationOid(relid, AccessExclusiveLock))
	{
		GiveName(name);
		return false;
	}
	if (get_relname_relid(name, get_namespace_oid(SHARE_SCHEMA, true)) != relid)
		return false;
	RunUtility(psprintf("DROP TABLE %s.%s", SHARE_SCHEMA, quote_identifier(name)));
	return true;
}

/* aiodal.drop_shared_stages() returns integer: how many that were left behind are gone now. */
Datum
drop_shared_stages(PG_FUNCTION_ARGS)
{
	int dropped = 0;

	SPI_connect();
	if (SPI_execute(abandoned, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of: %s", abandoned);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		bool isnull;
		Oid relid = DatumGetObjectId(SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &isnull));

		dropped += DropAbandoned(relid, SPI_getvalue(row, SPI_tuptable->tupdesc, 2));
	}
	SPI_finish();
	PG_RETURN_INT32(dropped);
}
