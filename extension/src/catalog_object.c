/*
 * catalog_object.c
 *		Sequences, extensions, publications and extended statistics.
 */
#include "catalog_impl.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_publication_rel.h"
#include "catalog/pg_sequence.h"
#include "catalog/pg_statistic_ext.h"
#include "utils/builtins.h"

#include "deparse.h"

/* ------------------------------------------------------------ sequences */

/* Of a sequence known from pg_class; its owner and owning column are already there. */
static void
VisitSequence(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_sequence form = (Form_pg_sequence) GETSTRUCT(tuple);
	CatalogSequence *sequence = OidMapGet(cat->sequences, form->seqrelid);

	if (sequence == NULL)
		return;
	sequence->data_type = FindType(cat, form->seqtypid, -1)->text;
	sequence->start_value = form->seqstart;
	sequence->min_value = form->seqmin;
	sequence->max_value = form->seqmax;
	sequence->increment_by = form->seqincrement;
	sequence->cycle = form->seqcycle;
	sequence->cache_size = form->seqcache;
	sequence->comment = FindComment(cat, RelationRelationId, sequence->oid, 0);
	sequence->extension = FindExtension(cat, RelationRelationId, sequence->oid);
}

static int
CompareSequences(const ListCell *a, const ListCell *b)
{
	const CatalogSequence *left = lfirst(a);
	const CatalogSequence *right = lfirst(b);
	int order = strcmp(left->schema, right->schema);

	return order ? order : strcmp(left->name, right->name);
}

void
LoadSequences(Catalog *cat)
{
	ListCell *lc;

	LoadSequenceOwners(cat);
	if (!cat->by_index)
		ScanCatalog(cat, SequenceRelationId, VisitSequence);
	else
		foreach (lc, cat->contents.sequences)
			ScanCatalogFor(cat, SequenceRelationId, SequenceRelidIndexId, Anum_pg_sequence_seqrelid,
						   ((CatalogSequence *) lfirst(lc))->oid, VisitSequence);
	list_sort(cat->contents.sequences, CompareSequences);
}

/* ----------------------------------------------------------- extensions */

static void
VisitExtension(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_extension form = (Form_pg_extension) GETSTRUCT(tuple);
	CatalogExtension *extension = palloc0(sizeof(CatalogExtension));

	extension->oid = form->oid;
	extension->name = CopyName(&form->extname);
	extension->schema = SchemaName(cat, form->extnamespace);
	extension->owner = FindName(cat, NAMED_ROLE, form->extowner);
	extension->version = RowText(tuple, desc, Anum_pg_extension_extversion);
	extension->relocatable = form->extrelocatable;
	extension->comment = FindComment(cat, ExtensionRelationId, extension->oid, 0);
	cat->contents.extensions = lappend(cat->contents.extensions, extension);
}

static int
CompareExtensions(const ListCell *a, const ListCell *b)
{
	return strcmp(((CatalogExtension *) lfirst(a))->name, ((CatalogExtension *) lfirst(b))->name);
}

void
LoadExtensions(Catalog *cat)
{
	ScanCatalog(cat, ExtensionRelationId, VisitExtension);
	list_sort(cat->contents.extensions, CompareExtensions);
}

/* --------------------------------------------------------- publications */

static void
VisitPublishedSchema(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_publication_namespace form = (Form_pg_publication_namespace) GETSTRUCT(tuple);
	CatalogPublication *publication = OidMapGet(cat->publications, form->pnpubid);
	const char *name = SchemaName(cat, form->pnnspid);

	if (publication != NULL && name != NULL)
		AddName(publication->schemas, name);
}

static void
VisitPublishedRelation(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_publication_rel form = (Form_pg_publication_rel) GETSTRUCT(tuple);
	CatalogPublication *publication = OidMapGet(cat->publications, form->prpubid);
	const char *name = QualifiedClassName(cat, form->prrelid);

	if (publication != NULL && name != NULL)
		AddName(publication->relations, name);
}

static NameList *
Operations(Form_pg_publication form)
{
	NameList *operations = MakeNameList(4);

	operations->count = 0;
	if (form->pubinsert)
		operations->names[operations->count++] = "insert";
	if (form->pubupdate)
		operations->names[operations->count++] = "update";
	if (form->pubdelete)
		operations->names[operations->count++] = "delete";
	if (form->pubtruncate)
		operations->names[operations->count++] = "truncate";
	return operations;
}

static void
VisitPublication(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_publication form = (Form_pg_publication) GETSTRUCT(tuple);
	CatalogPublication *publication = palloc0(sizeof(CatalogPublication));

	publication->oid = form->oid;
	publication->name = CopyName(&form->pubname);
	publication->owner = FindName(cat, NAMED_ROLE, form->pubowner);
	publication->all_tables = form->puballtables;
	publication->operations = Operations(form);
	publication->via_root = form->pubviaroot;
	publication->schemas = palloc0(sizeof(NameList));
	publication->relations = palloc0(sizeof(NameList));
	publication->comment = FindComment(cat, PublicationRelationId, publication->oid, 0);
	OidMapPut(cat->publications, publication->oid, publication);
	cat->contents.publications = lappend(cat->contents.publications, publication);
}

static int
ComparePublications(const ListCell *a, const ListCell *b)
{
	return strcmp(((CatalogPublication *) lfirst(a))->name, ((CatalogPublication *) lfirst(b))->name);
}

void
LoadPublications(Catalog *cat)
{
	ListCell *lc;

	ScanCatalog(cat, PublicationRelationId, VisitPublication);
	if (cat->contents.publications == NIL)
		return;
	ScanCatalog(cat, PublicationNamespaceRelationId, VisitPublishedSchema);
	ScanCatalog(cat, PublicationRelRelationId, VisitPublishedRelation);
	list_sort(cat->contents.publications, ComparePublications);
	foreach (lc, cat->contents.publications)
	{
		SortNames(((CatalogPublication *) lfirst(lc))->schemas);
		SortNames(((CatalogPublication *) lfirst(lc))->relations);
	}
}

/* -------------------------------------------------- extended statistics */

static const char *
StatisticsKind(char kind)
{
	switch (kind)
	{
		case STATS_EXT_NDISTINCT: return "ndistinct";
		case STATS_EXT_DEPENDENCIES: return "dependencies";
		case STATS_EXT_MCV: return "mcv";
		default: return "expressions";
	}
}

static NameList *
StatisticsKinds(HeapTuple tuple, TupleDesc desc)
{
	ArrayType *array = RowArray(tuple, desc, Anum_pg_statistic_ext_stxkind);
	NameList *kinds = MakeNameList(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)));

	for (int i = 0; i < kinds->count; i++)
		kinds->names[i] = StatisticsKind(ARR_DATA_PTR(array)[i]);
	return kinds;
}

static NameList *
StatisticsExpressions(Catalog *cat, CatalogStatistics *statistics, HeapTuple tuple, TupleDesc desc)
{
	char *stored = RowText(tuple, desc, Anum_pg_statistic_ext_stxexprs);
	List *expressions = stored ? stringToNode(stored) : NIL;
	NameList *texts = MakeNameList(list_length(expressions));
	Subject subject = {"statistics", statistics->relation, statistics->name};

	for (int i = 0; i < texts->count; i++)
		texts->names[i] = ExpressionText(cat, statistics->relation, list_nth(expressions, i), &subject);
	return texts;
}

static void
VisitStatistics(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_statistic_ext form = (Form_pg_statistic_ext) GETSTRUCT(tuple);
	CatalogRelation *rel = FindWanted(cat, form->stxrelid);
	CatalogStatistics *statistics;

	if (rel == NULL)
		return;
	statistics = palloc0(sizeof(CatalogStatistics));
	statistics->relation = rel;
	statistics->oid = form->oid;
	statistics->schema = SchemaName(cat, form->stxnamespace);
	statistics->name = CopyName(&form->stxname);
	statistics->owner = FindName(cat, NAMED_ROLE, form->stxowner);
	statistics->kinds = StatisticsKinds(tuple, desc);
	statistics->columns = ColumnNames(rel, form->stxkeys.values, form->stxkeys.dim1);
	statistics->expressions = StatisticsExpressions(cat, statistics, tuple, desc);
	statistics->target = StatisticsTarget(tuple, desc, NULL_INT);
	statistics->comment = FindComment(cat, StatisticExtRelationId, statistics->oid, 0);
	rel->statistics = lappend(rel->statistics, statistics);
}

static int
CompareStatistics(const ListCell *a, const ListCell *b)
{
	return strcmp(((CatalogStatistics *) lfirst(a))->name, ((CatalogStatistics *) lfirst(b))->name);
}

void
LoadStatistics(Catalog *cat)
{
	ListCell *lc;

	ScanRelationRows(cat, StatisticExtRelationId, StatisticExtRelidIndexId, Anum_pg_statistic_ext_stxrelid,
					 VisitStatistics);
	foreach (lc, cat->contents.relations)
		list_sort(((CatalogRelation *) lfirst(lc))->statistics, CompareStatistics);
}
