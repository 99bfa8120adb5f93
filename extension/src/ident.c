/*
 * ident.c
 *		Names as SQL text.
 *
 * Everything is schema-qualified and quoted, so that generated statements mean
 * the same under any search_path.
 */
#include "compat.h"

#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "ident.h"

char *
QualifiedRelationName(Relation rel)
{
	return quote_qualified_identifier(get_namespace_name_or_temp(RelationGetNamespace(rel)),
									  RelationGetRelationName(rel));
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
