/*
 * repeated_key.c
 *		What is said of a key that comes again while rows are merged as they come.
 */
#include "compat.h"

#include "access/genam.h"
#include "utils/rel.h"

#include "ident.h"
#include "repeated_key.h"

ErrorData *
RepeatedKeyFault(const MergeRequest *request)
{
	ErrorData *fault = palloc0(sizeof(ErrorData));
	Relation target = request->target;
	List *key = request->key->attnums;

	fault->sqlerrcode = ERRCODE_UNIQUE_VIOLATION;
	fault->message = psprintf("key (%s) is in the batch more than once", ColumnListText(target, key));
	if (list_length(key) == 1)
		fault->column_name = NameStr(TupleDescAttr(RelationGetDescr(target), linitial_int(key) - 1)->attname);
	return fault;
}

void
RaiseRepeatedKey(const MergeRequest *request, Relation index, Datum *values, int64 first_line, int64 line)
{
	bool nulls[INDEX_MAX_KEYS] = {false};
	char *description = BuildIndexValueDescription(index, values, nulls);

	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 description ? errmsg("key %s is in the batch more than once", description)
						 : errmsg("a key is in the batch more than once"),
			 first_line
				 ? errdetail("It is on line " INT64_FORMAT " and on line " INT64_FORMAT ".", first_line, line)
				 : errdetail("It is on line " INT64_FORMAT ", and was on an earlier line.", line),
			 errhint("Merge with on_duplicate 'first' or 'last' to keep one of them."),
			 errtable(request->target)));
}
