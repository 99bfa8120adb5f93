/*
 * catalog_index.c
 *		Indexes and their keys, read from pg_index's arrays; no DDL text is made
 *		or parsed.
 */
#include "catalog_impl.h"

#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "commands/defrem.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "deparse.h"

/*
 * Is this the operator class one gets for the type without naming any? The
 * search for a type that has none of its own (varchar) reads a catalog, so its
 * outcome is kept.
 */
static bool
IsDefaultOpclass(Catalog *cat, const OpclassInfo *opclass, Oid type)
{
	const OpclassInfo *known;
	bool found;

	if (!opclass->is_default || opclass->input_type == type)
		return opclass->is_default;
	known = ObjectMapGet(cat->default_opclasses, type, opclass->method, 0, &found);
	if (!found)
	{
		Oid oid = GetDefaultOpClass(type, opclass->method);

		known = OidIsValid(oid) ? FindOpclass(cat, oid) : NULL;
		ObjectMapPut(cat->default_opclasses, type, opclass->method, 0, known);
	}
	return known == opclass;
}

static void
SetOpclass(Catalog *cat, CatalogIndexKey *key, const StoredKey *stored, int position, Oid type)
{
	const OpclassInfo *opclass = FindOpclass(cat, stored->classes[position]);

	if (opclass == NULL)
		return;
	key->opclass = opclass->name.name;
	key->opclass_schema = opclass->name.schema;
	key->default_opclass = IsDefaultOpclass(cat, opclass, type);
	key->opclass_options =
		ListOrEmpty(stored->index ? FindOpclassOptions(cat, stored->index, position + 1) : NULL);
}

static void
SetCollation(Catalog *cat, CatalogIndexKey *key, Oid collation, Oid own)
{
	const QualifiedName *name;

	if (!OidIsValid(collation) || collation == own)
		return;
	name = FindCollation(cat, collation);
	if (name != NULL)
	{
		key->collation = name->name;
		key->collation_schema = name->schema;
	}
}

static CatalogIndexKey *
MakeKey(Catalog *cat, const StoredKey *stored, int position, Node *expression)
{
	CatalogIndexKey *key = palloc0(sizeof(CatalogIndexKey));
	AttrNumber attnum = stored->attnums[position];
	Oid type;
	Oid collation;

	if (expression != NULL)
	{
		key->expression = ExpressionText(cat, stored->rel, expression, &stored->subject);
		key->looks_like_function = LooksLikeFunction(expression);
		type = exprType(expression);
		collation = exprCollation(expression);
	}
	else
	{
		CatalogColumn *column =
			attnum > 0 && attnum <= stored->rel->natts ? stored->rel->atts[attnum - 1] : NULL;

		key->column = ColumnName(stored->rel, attnum);
		type = column ? column->type_oid : InvalidOid;
		collation = column ? column->collation_oid : InvalidOid;
	}
	SetCollation(cat, key, stored->collations[position], collation);
	SetOpclass(cat, key, stored, position, type);
	if (stored->options)
	{
		key->descending = (stored->options[position] & INDOPTION_DESC) != 0;
		key->nulls_first = (stored->options[position] & INDOPTION_NULLS_FIRST) != 0;
	}
	return key;
}

List *
MakeKeys(Catalog *cat, const StoredKey *stored)
{
	List *expressions = stored->expressions ? stringToNode(stored->expressions) : NIL;
	ListCell *next = list_head(expressions);
	List *keys = NIL;

	for (int i = 0; i < stored->count; i++)
	{
		Node *expression = NULL;

		if (stored->attnums[i] == 0 && next != NULL)
		{
			expression = lfirst(next);
			next = lnext(expressions, next);
		}
		keys = lappend(keys, MakeKey(cat, stored, i, expression));
	}
	return keys;
}

/* "name=value" as WITH takes it: the value bare where it is a word, else quoted */
void
AppendOption(StringInfo text, const char *option)
{
	const char *equals = strchr(option, '=');
	char *name = pnstrdup(option, equals ? equals - option : strlen(option));
	const char *value = equals ? equals + 1 : "";

	appendStringInfo(text, "%s=", quote_identifier(name));
	if (strcmp(quote_identifier(value), value) == 0)
		appendStringInfoString(text, value);
	else
		appendStringInfoString(text, QuoteText(value));
}

void
AppendKeyOrder(StringInfo text, const CatalogIndexKey *key)
{
	if (key->descending)
		appendStringInfoString(text, key->nulls_first ? " DESC" : " DESC NULLS LAST");
	else if (key->nulls_first)
		appendStringInfoString(text, " NULLS FIRST");
}

void
AppendKey(StringInfo text, const CatalogIndexKey *key)
{
	if (key->column)
		appendStringInfoString(text, quote_identifier(key->column));
	else if (key->expression)
		appendStringInfo(text, key->looks_like_function ? "%s" : "(%s)", key->expression);
	if (key->collation)
	{
		appendStringInfoString(text, " COLLATE ");
		appendStringInfoString(text, QualifiedUnlessSystem(key->collation_schema, key->collation));
	}
	if (key->opclass && (!key->default_opclass || key->opclass_options->count > 0))
	{
		appendStringInfoChar(text, ' ');
		appendStringInfoString(text, QualifiedUnlessSystem(key->opclass_schema, key->opclass));
	}
	for (int i = 0; key->opclass_options && i < key->opclass_options->count; i++)
	{
		appendStringInfoString(text, i == 0 ? " (" : ", ");
		AppendOption(text, key->opclass_options->names[i]);
	}
	if (key->opclass_options && key->opclass_options->count > 0)
		appendStringInfoChar(text, ')');
}

static void
SetKeys(Catalog *cat, CatalogIndex *index, CatalogRelation *class, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	StoredKey stored = {.rel = index->relation,
						.index = class,
						.count = form->indnkeyatts,
						.subject = {"index", index->relation, index->name}};

	stored.attnums = form->indkey.values;
	stored.classes = RowOidVector(tuple, desc, Anum_pg_index_indclass);
	stored.collations = RowOidVector(tuple, desc, Anum_pg_index_indcollation);
	stored.options = RowInt2Vector(tuple, desc, Anum_pg_index_indoption);
	stored.expressions = RowText(tuple, desc, Anum_pg_index_indexprs);
	index->keys = MakeKeys(cat, &stored);
	index->include = ColumnNames(index->relation, form->indkey.values + form->indnkeyatts,
								 form->indnatts - form->indnkeyatts);
	index->predicate =
		RowExpressionText(cat, index->relation, tuple, desc, Anum_pg_index_indpred, &stored.subject);
}

static void
VisitIndex(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	CatalogRelation *rel = FindWanted(cat, form->indrelid);
	CatalogRelation *class;
	CatalogIndex *index;

	/* an index that is not live is being dropped */
	if (rel == NULL || !form->indislive)
		return;
	class = FindClass(cat, form->indexrelid);
	if (class == NULL)
		return;
	index = palloc0(sizeof(CatalogIndex));
	index->relation = rel;
	index->oid = form->indexrelid;
	index->name = class->name;
	index->method = class->access_method;
	index->options = class->options;
	index->tablespace = class->tablespace;
	index->is_unique = form->indisunique;
	index->is_primary = form->indisprimary;
	index->is_valid = form->indisvalid;
	index->is_ready = form->indisready;
	index->is_clustered = form->indisclustered;
	index->is_exclusion = form->indisexclusion;
	index->is_replica_identity = form->indisreplident;
	index->nulls_not_distinct = form->indnullsnotdistinct;
	index->comment = FindComment(cat, RelationRelationId, index->oid, 0);
	if (class->is_partition)
		index->parent = QualifiedClassName(cat, FindParent(cat, class));
	SetKeys(cat, index, class, tuple, desc);
	OidMapPut(cat->indexes, index->oid, index);
	rel->indexes = lappend(rel->indexes, index);
}

static int
CompareIndexes(const ListCell *a, const ListCell *b)
{
	return strcmp(((CatalogIndex *) lfirst(a))->name, ((CatalogIndex *) lfirst(b))->name);
}

void
LoadIndexes(Catalog *cat)
{
	ListCell *lc;

	ScanRelationRows(cat, IndexRelationId, IndexIndrelidIndexId, Anum_pg_index_indrelid, VisitIndex);
	foreach (lc, cat->contents.relations)
		list_sort(((CatalogRelation *) lfirst(lc))->indexes, CompareIndexes);
}
