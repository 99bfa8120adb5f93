/*
 * ident.c
 *		Names as SQL text.
 *
 * Everything is schema-qualified and quoted, so that generated statements mean
 * the same under any search_path.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "ident.h"

char *
QualifiedRelationName(Relation rel)
{
	return quote_qualified_identifier(get_namespace_name_or_temp(RelationGetNamespace(rel)),
									  RelationGetRelationName(rel));
}

char *
QualifiedCollationName(Oid collation)
{
	HeapTuple tup = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	Form_pg_collation form;
	char *name;

	if (!HeapTupleIsValid(tup))
		elog(ERROR, "cache lookup failed for collation %u", collation);
	form = (Form_pg_collation) GETSTRUCT(tup);
	name = quote_qualified_identifier(get_namespace_name(form->collnamespace), NameStr(form->collname));
	ReleaseSysCache(tup);
	return name;
}

const char *
QuotedColumnName(Relation rel, AttrNumber attnum)
{
	return quote_identifier(NameStr(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attname));
}

void
AppendColumnList(StringInfo buf, Relation rel, List *attnums, const char *prefix)
{
	ListCell *lc;

	foreach (lc, attnums)
	{
		if (foreach_current_index (lc) > 0)
			appendStringInfoString(buf, ", ");
		appendStringInfoString(buf, prefix);
		appendStringInfoString(buf, QuotedColumnName(rel, lfirst_int(lc)));
	}
}

char *
ColumnListText(Relation rel, List *attnums)
{
	StringInfoData buf;

	initStringInfo(&buf);
	AppendColumnList(&buf, rel, attnums, "");
	return buf.data;
}
