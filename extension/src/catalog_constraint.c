/*
 * catalog_constraint.c
 *		Constraints, read from pg_constraint's arrays: columns pair by position,
 *		whatever their names are.
 */
#include "catalog_impl.h"

#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "deparse.h"

static const char *
ConstraintKind(char contype)
{
	switch (contype)
	{
		case CONSTRAINT_PRIMARY: return "primary key";
		case CONSTRAINT_UNIQUE: return "unique";
		case CONSTRAINT_FOREIGN: return "foreign key";
		case CONSTRAINT_CHECK: return "check";
		case CONSTRAINT_EXCLUSION: return "exclusion";
		case 'n': return "not null"; /* from 18 on */
		default: return NULL;        /* constraint triggers are triggers */
	}
}

static const char *
Action(char action)
{
	switch (action)
	{
		case FKCONSTR_ACTION_RESTRICT: return "restrict";
		case FKCONSTR_ACTION_CASCADE: return "cascade";
		case FKCONSTR_ACTION_SETNULL: return "set null";
		case FKCONSTR_ACTION_SETDEFAULT: return "set default";
		default: return "no action";
	}
}

static const char *
Match(char match)
{
	switch (match)
	{
		case FKCONSTR_MATCH_FULL: return "full";
		case FKCONSTR_MATCH_PARTIAL: return "partial";
		default: return "simple";
	}
}

/* ----------------------------------------------------------- definitions */

static void
AppendColumns(StringInfo text, const NameList *columns, const char *last)
{
	for (int i = 0; i < columns->count; i++)
	{
		if (i > 0)
			appendStringInfoString(text, ", ");
		if (last && i == columns->count - 1)
			appendStringInfo(text, "%s ", last);
		appendStringInfoString(text, columns->names[i] ? quote_identifier(columns->names[i]) : "NULL");
	}
}

static void
AppendInclude(StringInfo text, const NameList *include)
{
	if (include->count == 0)
		return;
	appendStringInfoString(text, " INCLUDE (");
	AppendColumns(text, include, NULL);
	appendStringInfoChar(text, ')');
}

static void
AppendKeyDefinition(StringInfo text, const CatalogConstraint *con)
{
	appendStringInfoString(text, con->contype == CONSTRAINT_PRIMARY ? "PRIMARY KEY " : "UNIQUE ");
	if (con->nulls_not_distinct)
		appendStringInfoString(text, "NULLS NOT DISTINCT ");
	appendStringInfoChar(text, '(');
	AppendColumns(text, con->columns, NULL);
	appendStringInfoString(text, con->temporal ? " WITHOUT OVERLAPS)" : ")");
	AppendInclude(text, con->include);
}

static void
AppendAction(StringInfo text, const char *event, const char *action)
{
	if (strcmp(action, "no action") != 0)
		appendStringInfo(text, " %s %s", event, UpperCase(action));
}

static void
AppendForeignKeyDefinition(StringInfo text, const CatalogConstraint *con)
{
	const char *period = con->temporal ? "PERIOD" : NULL;

	appendStringInfoString(text, "FOREIGN KEY (");
	AppendColumns(text, con->columns, period);
	appendStringInfo(text, ") REFERENCES %s(",
					 quote_qualified_identifier(con->referenced_schema, con->referenced_relation));
	AppendColumns(text, con->referenced_columns, period);
	appendStringInfoChar(text, ')');
	if (strcmp(con->match, "simple") != 0)
		appendStringInfo(text, " MATCH %s", UpperCase(con->match));
	AppendAction(text, "ON UPDATE", con->on_update);
	AppendAction(text, "ON DELETE", con->on_delete);
	if (con->on_delete_columns)
	{
		appendStringInfoString(text, " (");
		AppendColumns(text, con->on_delete_columns, NULL);
		appendStringInfoChar(text, ')');
	}
}

static void
AppendExclusionDefinition(StringInfo text, const CatalogConstraint *con, const CatalogIndex *index)
{
	ListCell *lc;
	int position = 0;

	appendStringInfo(text, "EXCLUDE USING %s (", quote_identifier(index->method));
	foreach (lc, index->keys)
	{
		const CatalogIndexKey *key = lfirst(lc);

		if (position > 0)
			appendStringInfoString(text, ", ");
		AppendKey(text, key);
		AppendKeyOrder(text, key);
		appendStringInfo(text, " WITH %s", con->operators->names[position++]);
	}
	appendStringInfoChar(text, ')');
	AppendInclude(text, con->include);
	for (int i = 0; i < index->options->count; i++)
	{
		appendStringInfoString(text, i == 0 ? " WITH (" : ", ");
		AppendOption(text, index->options->names[i]);
	}
	if (index->options->count > 0)
		appendStringInfoChar(text, ')');
	if (con->predicate)
		appendStringInfo(text, " WHERE (%s)", con->predicate);
}

/* The words of pg_get_constraintdef(), names always qualified. */
static const char *
Definition(Catalog *cat, const CatalogConstraint *con, const CatalogIndex *index)
{
	StringInfo text = &cat->text;

	resetStringInfo(text);
	switch (con->contype)
	{
		case CONSTRAINT_PRIMARY:
		case CONSTRAINT_UNIQUE: AppendKeyDefinition(text, con); break;
		case CONSTRAINT_FOREIGN: AppendForeignKeyDefinition(text, con); break;
		case CONSTRAINT_EXCLUSION: AppendExclusionDefinition(text, con, index); break;
		case CONSTRAINT_CHECK: appendStringInfo(text, "CHECK (%s)", con->expression); break;
		default: /* not null */
			appendStringInfoString(text, "NOT NULL ");
			AppendColumns(text, con->columns, NULL);
	}
	if (con->no_inherit)
		appendStringInfoString(text, " NO INHERIT");
	if (con->deferrable)
		appendStringInfoString(text, " DEFERRABLE");
	if (con->initially_deferred)
		appendStringInfoString(text, " INITIALLY DEFERRED");
	if (!con->enforced)
		appendStringInfoString(text, " NOT ENFORCED");
	else if (!con->validated)
		appendStringInfoString(text, " NOT VALID");
	return pnstrdup(text->data, text->len);
}

/* ----------------------------------------------------------------- rows */

static NameList *
RowColumns(HeapTuple tuple, TupleDesc desc, AttrNumber attnum, CatalogRelation *rel)
{
	ArrayType *array = RowArray(tuple, desc, attnum);

	return array ? ColumnNames(rel, (int16 *) ARR_DATA_PTR(array),
							   ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)))
				 : NULL;
}

static NameList *
RowOperators(HeapTuple tuple, TupleDesc desc)
{
	ArrayType *array = RowArray(tuple, desc, Anum_pg_constraint_conexclop);
	NameList *list;

	if (array == NULL)
		return NULL;
	list = MakeNameList(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)));
	for (int i = 0; i < list->count; i++)
		list->names[i] = OperatorText(((Oid *) ARR_DATA_PTR(array))[i]);
	return list;
}

/*
 * A foreign key to a partitioned table has a row more for each partition of it.
 * These are its inner workings; only the one to what was named counts. (The
 * foreign key of a partition, which it has from its parent, points there too.)
 */
bool
IsHiddenForeignKey(Form_pg_constraint form)
{
	Oid parent = form->conparentid;
	Oid referenced = form->confrelid;

	while (form->contype == CONSTRAINT_FOREIGN && OidIsValid(parent))
	{
		HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(parent));

		if (!HeapTupleIsValid(tuple))
			break;
		referenced = ((Form_pg_constraint) GETSTRUCT(tuple))->confrelid;
		parent = ((Form_pg_constraint) GETSTRUCT(tuple))->conparentid;
		ReleaseSysCache(tuple);
	}
	return referenced != form->confrelid;
}

static bool
SetReference(Catalog *cat, CatalogConstraint *con, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
	CatalogRelation *referenced = FindClass(cat, form->confrelid);

	if (referenced == NULL)
		return false;
	con->referenced_oid = form->confrelid;
	con->referenced_schema = referenced->schema;
	con->referenced_relation = referenced->name;
	con->referenced_columns = RowColumns(tuple, desc, Anum_pg_constraint_confkey, referenced);
	con->on_update = Action(form->confupdtype);
	con->on_delete = Action(form->confdeltype);
	con->on_delete_columns = RowColumns(tuple, desc, Anum_pg_constraint_confdelsetcols, con->relation);
	con->match = Match(form->confmatchtype);
	return true;
}

/* What the constraint's own index knows. */
static void
SetIndex(CatalogConstraint *con, const CatalogIndex *index, HeapTuple tuple, TupleDesc desc)
{
	con->include = index->include;
	con->nulls_not_distinct = index->nulls_not_distinct;
	if (con->contype == CONSTRAINT_EXCLUSION)
	{
		con->operators = RowOperators(tuple, desc);
		con->predicate = index->predicate;
	}
}

static const char *
CheckExpression(Catalog *cat, CatalogConstraint *con, HeapTuple tuple, TupleDesc desc)
{
	Subject subject = {"check constraint", con->relation, con->name};

	return RowExpressionText(cat, con->relation, tuple, desc, Anum_pg_constraint_conbin, &subject);
}

/* A check of the whole row names no column. */
static void
DropNullNames(NameList *list)
{
	int kept = 0;

	for (int i = 0; i < list->count; i++)
	{
		if (list->names[i] != NULL)
			list->names[kept++] = list->names[i];
	}
	list->count = kept;
}

static CatalogConstraint *
MakeConstraint(Catalog *cat, CatalogRelation *rel, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
	CatalogConstraint *con = palloc0(sizeof(CatalogConstraint));
	CatalogRelation *index = FindClass(cat, form->conindid);

	con->relation = rel;
	con->oid = form->oid;
	con->contype = form->contype;
	con->is_primary = form->contype == CONSTRAINT_PRIMARY;
	con->kind = ConstraintKind(form->contype);
	con->name = CopyName(&form->conname);
	con->deferrable = form->condeferrable;
	con->initially_deferred = form->condeferred;
	con->validated = form->convalidated;
	con->enforced = ConstraintIsEnforced(form);
	con->temporal = ConstraintIsTemporal(form);
	/* set for keys too, where it says nothing that a user could have chosen */
	con->no_inherit = form->connoinherit && (form->contype == CONSTRAINT_CHECK || form->contype == 'n');
	con->is_local = form->conislocal;
	con->inherited = form->coninhcount;
	con->index_oid = form->conindid;
	con->index = index ? index->name : NULL;
	con->comment = FindComment(cat, ConstraintRelationId, con->oid, 0);
	con->columns = ListOrEmpty(RowColumns(tuple, desc, Anum_pg_constraint_conkey, rel));
	if (con->contype == CONSTRAINT_CHECK)
		DropNullNames(con->columns);
	return con;
}

static bool
FillConstraint(Catalog *cat, CatalogConstraint *con, HeapTuple tuple, TupleDesc desc)
{
	CatalogIndex *index = OidMapGet(cat->indexes, con->index_oid);

	switch (con->contype)
	{
		case CONSTRAINT_FOREIGN:
			if (!SetReference(cat, con, tuple, desc))
				return false;
			break;
		case CONSTRAINT_CHECK:
			con->expression = CheckExpression(cat, con, tuple, desc);
			if (con->expression == NULL)
				return false;
			break;
		case CONSTRAINT_PRIMARY:
		case CONSTRAINT_UNIQUE:
		case CONSTRAINT_EXCLUSION:
			if (index == NULL)
				return false;
			SetIndex(con, index, tuple, desc);
	}
	con->definition = Definition(cat, con, index);
	return true;
}

static void
VisitConstraint(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
	CatalogRelation *rel = FindWanted(cat, form->conrelid);
	CatalogIndex *index;
	CatalogConstraint *con;

	if (rel == NULL || ConstraintKind(form->contype) == NULL || IsHiddenForeignKey(form))
		return;
	/* a foreign key's index is that of another constraint */
	index = form->contype == CONSTRAINT_FOREIGN ? NULL : OidMapGet(cat->indexes, form->conindid);
	if (index != NULL)
		index->constraint_name = CopyName(&form->conname);
	if (!(cat->parts & CATALOG_CONSTRAINTS))
		return;
	con = MakeConstraint(cat, rel, tuple, desc);
	if (FillConstraint(cat, con, tuple, desc))
		rel->constraints = lappend(rel->constraints, con);
}

static int
CompareConstraints(const ListCell *a, const ListCell *b)
{
	return strcmp(((CatalogConstraint *) lfirst(a))->name, ((CatalogConstraint *) lfirst(b))->name);
}

static void
SortByKind(CatalogRelation *rel)
{
	ListCell *lc;

	list_sort(rel->constraints, CompareConstraints);
	foreach (lc, rel->constraints)
	{
		CatalogConstraint *con = lfirst(lc);

		switch (con->contype)
		{
			case CONSTRAINT_PRIMARY: rel->primary_key = con; break;
			case CONSTRAINT_UNIQUE: rel->unique_constraints = lappend(rel->unique_constraints, con); break;
			case CONSTRAINT_FOREIGN: rel->foreign_keys = lappend(rel->foreign_keys, con); break;
			case CONSTRAINT_CHECK: rel->check_constraints = lappend(rel->check_constraints, con); break;
			case CONSTRAINT_EXCLUSION:
				rel->exclusion_constraints = lappend(rel->exclusion_constraints, con);
				break;
			default: rel->not_null_constraints = lappend(rel->not_null_constraints, con); break;
		}
	}
}

void
LoadConstraints(Catalog *cat)
{
	ListCell *lc;

	ScanRelationRows(cat, ConstraintRelationId, ConstraintRelidTypidNameIndexId, Anum_pg_constraint_conrelid,
					 VisitConstraint);
	foreach (lc, cat->contents.relations)
		SortByKind(lfirst(lc));
}
