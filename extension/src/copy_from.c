/*
 * copy_from.c
 *		COPY FROM in our own hands: rights, options, source and feed.
 *
 * A statement taken over is treated as core's DoCopy() does: the same rights,
 * the same checks in the same order, before the client is asked for data.
 */
#include "compat.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "commands/copy.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "copy_from.h"

static void
CheckMayRead(const CopyStmt *stmt)
{
	if (stmt->filename == NULL)
		return;
	if (stmt->is_program && !has_privs_of_role(GetUserId(), ROLE_PG_EXECUTE_SERVER_PROGRAM))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to COPY to or from an external program"),
				 errdetail("Only roles with privileges of the \"%s\" role may COPY to or from an external "
						   "program.",
						   "pg_execute_server_program"),
				 errhint("Anyone can COPY to stdout or from stdin. "
						 "psql's \\copy command also works for anyone.")));
	if (!stmt->is_program && !has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied to COPY from a file"),
				 errdetail("Only roles with privileges of the \"%s\" role may COPY from a file.",
						   "pg_read_server_files"),
				 errhint("Anyone can COPY to stdout or from stdin. "
						 "psql's \\copy command also works for anyone.")));
}

/* The format's name, in lower case as written by the user; NULL: core's default. */
static char *
FormatName(List *options)
{
	ListCell *lc;

	foreach (lc, options)
	{
		DefElem *option = lfirst(lc);

		if (strcmp(option->defname, "format") == 0)
			return defGetString(option);
	}
	return NULL;
}

static void
CheckJsonlOption(ParseState *pstate, DefElem *option)
{
	if (strcmp(option->defname, "encoding") != 0 && strcmp(option->defname, "freeze") != 0)
		ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR),
						errmsg("COPY option \"%s\" cannot be used with FORMAT jsonl", option->defname),
						errhint("Options that can be used are ENCODING and FREEZE."),
						parser_errposition(pstate, option->location)));
}

/*
 * Options into the request, checked. Core reads all it knows; FORMAT jsonl,
 * which it does not, is shown to it as csv, so that unknown options get core's
 * error.
 */
static void
ReadOptions(FeedRequest *request, List *options)
{
	char *format = FormatName(options);
	bool jsonl = format != NULL && strcmp(format, "jsonl") == 0;
	List *known = NIL;
	ListCell *lc;

	foreach (lc, options)
	{
		DefElem *option = lfirst(lc);

		if (jsonl && strcmp(option->defname, "format") == 0)
			option = makeDefElem(pstrdup("format"), (Node *) makeString(pstrdup("csv")), option->location);
		known = lappend(known, option);
		if (strcmp(option->defname, "header") != 0)
			request->options = lappend(request->options, option);
	}
	ProcessCopyOptions(request->pstate, &request->opts, true, known);
	request->format = jsonl ? FEED_JSONL : request->opts.binary ? FEED_BINARY : FEED_TEXT;
	foreach (lc, jsonl ? known : NIL)
	{
		if (strcmp(((DefElem *) lfirst(lc))->defname, "format") != 0)
			CheckJsonlOption(request->pstate, lfirst(lc));
	}
}

/* The columns that an expression over the relation looks at must not be generated ones. */
static void
CheckWhereColumns(Relation rel, Node *where)
{
	Bitmapset *attrs = NULL;
	int i = -1;

	pull_varattnos(where, 1, &attrs);
	if (bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, attrs))
		attrs = bms_add_range(attrs, 1 - FirstLowInvalidHeapAttributeNumber,
							  RelationGetNumberOfAttributes(rel) - FirstLowInvalidHeapAttributeNumber);
	while ((i = bms_next_member(attrs, i)) >= 0)
	{
		AttrNumber attnum = i + FirstLowInvalidHeapAttributeNumber;

		if (attnum > 0 && TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated)
			ereport(ERROR, (errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
							errmsg("generated columns are not supported in COPY FROM WHERE conditions"),
							errdetail("Column \"%s\" is a generated column.",
									  get_attname(RelationGetRelid(rel), attnum, false))));
	}
}

static List *
PlanWhere(ParseState *pstate, Relation rel, ParseNamespaceItem *nsitem, Node *where)
{
	if (where == NULL)
		return NIL;
	addNSItemToQuery(pstate, nsitem, false, true, true);
	where = transformExpr(pstate, where, EXPR_KIND_COPY_WHERE);
	where = coerce_to_boolean(pstate, where, "WHERE");
	assign_expr_collations(pstate, where);
	CheckWhereColumns(rel, where);
	where = eval_const_expressions(NULL, where);
	where = (Node *) canonicalize_qual((Expr *) where, false);
	return make_ands_implicit((Expr *) where);
}

static void
CheckMayInsert(ParseState *pstate, ParseNamespaceItem *nsitem, List *attnums)
{
	ListCell *lc;

	NSITEM_PERMISSIONS(nsitem)->requiredPerms = ACL_INSERT;
	foreach (lc, attnums)
		NSITEM_PERMISSIONS(nsitem)->insertedCols = bms_add_member(
			NSITEM_PERMISSIONS(nsitem)->insertedCols, lfirst_int(lc) - FirstLowInvalidHeapAttributeNumber);
	CHECK_PERMISSIONS(pstate);
	if (check_enable_rls(nsitem->p_rte->relid, InvalidOid, false) == RLS_ENABLED)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("COPY FROM not supported with row-level security"),
						errhint("Use INSERT statements instead.")));
}

static int64
Consume(FeedRequest *request, List *where, CopyConsumer consume, void *arg)
{
	Feed *feed = request->parts                  ? BeginShareFeed(request)
				 : request->format == FEED_JSONL ? BeginJsonlFeed(request)
												 : BeginTextFeed(request);
	int64 rows = consume(request, feed, where, arg);

	if (request->source)
		CloseSource(request->source);
	feed->end(feed);
	return rows;
}

static int64
ConsumeGuarded(FeedRequest *request, List *where, CopyConsumer consume, void *arg)
{
	Feed *outer = SaveCallbackFeed();
	volatile int64 rows = 0;

	PG_TRY();
	{
		rows = Consume(request, where, consume, arg);
	}
	PG_FINALLY();
	{
		RestoreCallbackFeed(outer);
	}
	PG_END_TRY();
	return rows;
}

int64
RunCopyFrom(FeedRequest *request, const CopyStmt *stmt, CopyConsumer consume, void *arg)
{
	ParseState *pstate = request->pstate;
	ParseNamespaceItem *nsitem;
	List *where;
	List *attnums;

	request->attlist = stmt->attlist;
	CheckMayRead(stmt);
	nsitem = addRangeTableEntryForRelation(pstate, request->rel, RowExclusiveLock, NULL, false, false);
	where = PlanWhere(pstate, request->rel, nsitem, stmt->whereClause);
	attnums = CopyGetAttnums(RelationGetDescr(request->rel), request->rel, stmt->attlist);
	CheckMayInsert(pstate, nsitem, attnums);
	if (XactReadOnly && !request->rel->rd_islocaltemp)
		PreventCommandIfReadOnly("COPY FROM");
	PreventCommandIfParallelMode("COPY FROM");

	ReadOptions(request, stmt->options);
	if (!request->parts)
		request->source = OpenSource(stmt, list_length(attnums), request->format == FEED_BINARY);
	return ConsumeGuarded(request, where, consume, arg);
}
