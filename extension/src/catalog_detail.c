/*
 * catalog_detail.c
 *		What other catalogs than pg_class know of a relation: inheritance,
 *		partitioning, foreign tables.
 */
#include "catalog_impl.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_partitioned_table.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"

#include "deparse.h"

static void
VisitInherits(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_inherits form = (Form_pg_inherits) GETSTRUCT(tuple);
	CatalogRelation *rel = OidMapGet(cat->classes, form->inhrelid);

	if (rel == NULL)
		return;
	/* by a sequential scan, parents come in any order */
	while (list_length(rel->parents) < form->inhseqno)
		rel->parents = lappend_oid(rel->parents, InvalidOid);
	lfirst_oid(list_nth_cell(rel->parents, form->inhseqno - 1)) = form->inhparent;
}

Oid
FindParent(Catalog *cat, CatalogRelation *rel)
{
	if (!rel->is_partition)
		return InvalidOid;
	if (rel->parents == NIL)
		ScanCatalogFor(cat, InheritsRelationId, InheritsRelidSeqnoIndexId, Anum_pg_inherits_inhrelid,
					   rel->oid, VisitInherits);
	return rel->parents ? linitial_oid(rel->parents) : InvalidOid;
}

static void
SetParents(Catalog *cat, CatalogRelation *rel)
{
	NameList *names;
	ListCell *lc;

	if (rel->parents == NIL)
		return;
	if (rel->is_partition)
	{
		rel->parent_oid = linitial_oid(rel->parents);
		rel->parent = QualifiedClassName(cat, rel->parent_oid);
		return;
	}
	names = MakeNameList(list_length(rel->parents));
	names->count = 0;
	foreach (lc, rel->parents)
	{
		const char *name = QualifiedClassName(cat, lfirst_oid(lc));

		if (name != NULL)
			names->names[names->count++] = name;
	}
	rel->inherits = names;
}

static const char *
PartitionStrategyWord(char partstrat)
{
	switch (partstrat)
	{
		case 'h': return "HASH";
		case 'l': return "LIST";
		default: return "RANGE";
	}
}

/* As pg_get_partkeydef() writes it, with names qualified. */
static void
VisitPartitionedTable(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_partitioned_table form = (Form_pg_partitioned_table) GETSTRUCT(tuple);
	CatalogRelation *rel = FindWanted(cat, form->partrelid);
	StoredKey key = {0};
	StringInfoData text;
	ListCell *lc;
	const char *separator = "";

	if (rel == NULL)
		return;
	key.rel = rel;
	key.count = form->partnatts;
	key.attnums = form->partattrs.values;
	key.classes = RowOidVector(tuple, desc, Anum_pg_partitioned_table_partclass);
	key.collations = RowOidVector(tuple, desc, Anum_pg_partitioned_table_partcollation);
	key.expressions = RowText(tuple, desc, Anum_pg_partitioned_table_partexprs);
	key.subject = (Subject){"partition key", rel, NULL};
	initStringInfo(&text);
	appendStringInfo(&text, "%s (", PartitionStrategyWord(form->partstrat));
	foreach (lc, MakeKeys(cat, &key))
	{
		appendStringInfoString(&text, separator);
		AppendKey(&text, lfirst(lc));
		separator = ", ";
	}
	appendStringInfoChar(&text, ')');
	rel->partition_key = text.data;
}

static void
VisitForeignTable(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_foreign_table form = (Form_pg_foreign_table) GETSTRUCT(tuple);
	CatalogRelation *rel = FindWanted(cat, form->ftrelid);

	if (rel == NULL)
		return;
	rel->server_oid = form->ftserver;
	rel->server = FindName(cat, NAMED_SERVER, form->ftserver);
	rel->foreign_options = ListOrEmpty(RowNameArray(tuple, desc, Anum_pg_foreign_table_ftoptions));
}

static void
VisitReplicaIdentity(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	CatalogRelation *rel = FindWanted(cat, form->indrelid);
	CatalogRelation *index;

	if (!form->indisreplident || rel == NULL || rel->relreplident != REPLICA_IDENTITY_INDEX)
		return;
	index = FindClass(cat, form->indexrelid);
	if (index != NULL)
		rel->replica_identity_index = index->name;
}

static bool
AnyReplicaIdentityIndex(Catalog *cat)
{
	ListCell *lc;

	foreach (lc, cat->contents.relations)
	{
		if (((CatalogRelation *) lfirst(lc))->relreplident == REPLICA_IDENTITY_INDEX)
			return true;
	}
	return false;
}

/* In whole scans, TOAST tables without options were not kept. */
static void
AddToastOptions(Catalog *cat, CatalogRelation *rel)
{
	CatalogRelation *toast =
		cat->by_index ? FindClass(cat, rel->toast_oid) : OidMapGet(cat->classes, rel->toast_oid);
	NameList *all;

	if (toast == NULL || toast->options->count == 0)
		return;
	all = MakeNameList(rel->options->count + toast->options->count);
	for (int i = 0; i < all->count; i++)
		all->names[i] = i < rel->options->count
							? rel->options->names[i]
							: psprintf("toast.%s", toast->options->names[i - rel->options->count]);
	rel->options = all;
}

void
LoadDetails(Catalog *cat)
{
	ListCell *lc;

	ScanRelationRows(cat, InheritsRelationId, InheritsRelidSeqnoIndexId, Anum_pg_inherits_inhrelid,
					 VisitInherits);
	ScanRelationRows(cat, PartitionedRelationId, PartitionedRelidIndexId, Anum_pg_partitioned_table_partrelid,
					 VisitPartitionedTable);
	ScanRelationRows(cat, ForeignTableRelationId, ForeignTableRelidIndexId, Anum_pg_foreign_table_ftrelid,
					 VisitForeignTable);
	if (AnyReplicaIdentityIndex(cat))
		ScanRelationRows(cat, IndexRelationId, IndexIndrelidIndexId, Anum_pg_index_indrelid,
						 VisitReplicaIdentity);
	foreach (lc, cat->contents.relations)
	{
		CatalogRelation *rel = lfirst(lc);

		rel->comment = FindComment(cat, RelationRelationId, rel->oid, 0);
		SetParents(cat, rel);
		AddToastOptions(cat, rel);
	}
}
