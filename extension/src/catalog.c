/*
 * catalog.c
 *		The frame of reading the catalogs: the snapshot, the scans, names and
 *		comments of objects, and what to do about concurrent changes.
 *
 * Design notes
 *
 * All rows are read under the statement's own snapshot. So several calls in one
 * statement agree, and so do the statements of a REPEATABLE READ transaction.
 * The text of expressions, types and views is made by PostgreSQL's deparse
 * code, which looks objects up in the newest catalogs instead. An object that
 * the snapshot still sees may be gone there, and the lookup raises an error.
 * So the load runs in a subtransaction; when it fails, it is done once more
 * with each such piece in a subtransaction of its own, and the pieces that
 * cannot be had are named in the warnings. (A parallel query allows no
 * subtransactions; there the error stands.)
 *
 * Deparsing a view locks the relations it reads. These locks are given back at
 * once, so that reflecting never holds up later DDL.
 */
#include "catalog_impl.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_description.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "commands/proclang.h"
#include "commands/tablespace.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "deparse.h"

/* ---------------------------------------------------------------- scans */

static void
RunScan(Catalog *cat, Oid catalogId, Oid indexId, int nkeys, ScanKey keys, RowVisitor visit)
{
	Relation catalog = table_open(catalogId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, indexId, OidIsValid(indexId), cat->snapshot, nkeys, keys);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		visit(cat, tuple, RelationGetDescr(catalog));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

void
ScanCatalog(Catalog *cat, Oid catalogId, RowVisitor visit)
{
	RunScan(cat, catalogId, InvalidOid, 0, NULL, visit);
}

void
ScanCatalogFor(Catalog *cat, Oid catalogId, Oid indexId, AttrNumber attnum, Oid oid, RowVisitor visit)
{
	ScanKeyData key;

	ScanKeyInit(&key, attnum, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(oid));
	RunScan(cat, catalogId, indexId, 1, &key, visit);
}

void
ScanRelationRows(Catalog *cat, Oid catalogId, Oid indexId, AttrNumber attnum, RowVisitor visit)
{
	ListCell *lc;

	if (!cat->by_index)
	{
		ScanCatalog(cat, catalogId, visit);
		return;
	}
	foreach (lc, cat->relation_list)
		ScanCatalogFor(cat, catalogId, indexId, attnum, ((CatalogRelation *) lfirst(lc))->oid, visit);
}

void
ScanDependents(Catalog *cat, Oid classId, Oid objectId, RowVisitor visit)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(classId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(objectId));
	RunScan(cat, DependRelationId, DependReferenceIndexId, 2, keys, visit);
}

/* --------------------------------------------------------------- values */

NameList *
ListOrEmpty(NameList *list)
{
	return list ? list : MakeNameList(0);
}

NameList *
MakeNameList(int count)
{
	static NameList empty = {0, NULL};
	NameList *list;

	if (count == 0)
		return &empty;
	list = palloc(sizeof(NameList));
	list->count = count;
	list->names = palloc0(sizeof(char *) * count);
	return list;
}

const char *
CopyName(const NameData *name)
{
	return pstrdup(NameStr(*name));
}

ArrayType *
RowArray(HeapTuple tuple, TupleDesc desc, AttrNumber attnum)
{
	bool isnull;
	Datum value = heap_getattr(tuple, attnum, desc, &isnull);

	return isnull ? NULL : DatumGetArrayTypeP(value);
}

/* The vectors of one row stay valid as long as the tuple (or, once detoasted, the catalog). */
const Oid *
RowOidVector(HeapTuple tuple, TupleDesc desc, AttrNumber attnum)
{
	bool isnull;
	Datum value = heap_getattr(tuple, attnum, desc, &isnull);

	return isnull ? NULL : ((oidvector *) PG_DETOAST_DATUM(value))->values;
}

const int16 *
RowInt2Vector(HeapTuple tuple, TupleDesc desc, AttrNumber attnum)
{
	bool isnull;
	Datum value = heap_getattr(tuple, attnum, desc, &isnull);

	return isnull ? NULL : ((int2vector *) PG_DETOAST_DATUM(value))->values;
}

char *
RowText(HeapTuple tuple, TupleDesc desc, AttrNumber attnum)
{
	bool isnull;
	Datum value = heap_getattr(tuple, attnum, desc, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

NameList *
RowNameArray(HeapTuple tuple, TupleDesc desc, AttrNumber attnum)
{
	ArrayType *array = RowArray(tuple, desc, attnum);
	bool names;
	Datum *elements;
	bool *nulls;
	NameList *list;
	int count;

	if (array == NULL)
		return NULL;
	names = ARR_ELEMTYPE(array) == NAMEOID;
	deconstruct_array(array, ARR_ELEMTYPE(array), names ? NAMEDATALEN : -1, false,
					  names ? TYPALIGN_CHAR : TYPALIGN_INT, &elements, &nulls, &count);
	list = MakeNameList(count);
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i])
			list->names[i] =
				names ? pstrdup(NameStr(*DatumGetName(elements[i]))) : TextDatumGetCString(elements[i]);
	}
	return list;
}

/* -------------------------------------------------------------- schemas */

static bool
IsSystemSchema(const char *name)
{
	return strncmp(name, "pg_", 3) == 0 || strcmp(name, "information_schema") == 0;
}

static bool
NameIsListed(List *names, const char *name)
{
	ListCell *lc;

	foreach (lc, names)
	{
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/* Is what the schema holds wanted, as far as the schema decides? */
static bool
SchemaIsWanted(Catalog *cat, CatalogSchema *schema)
{
	if (schema->oid == cat->temp_namespace)
		return schema->named || cat->scope.temporary ||
			   (!cat->scope.all_schemas && NameIsListed(cat->scope.schemas, "pg_temp"));
	if (!cat->scope.all_schemas)
		return schema->named;
	if (strncmp(schema->name, "pg_temp_", 8) == 0 || strncmp(schema->name, "pg_toast_temp_", 14) == 0)
		return false;
	return cat->scope.system || !IsSystemSchema(schema->name);
}

static void
VisitNamespace(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_namespace form = (Form_pg_namespace) GETSTRUCT(tuple);
	CatalogSchema *schema = palloc0(sizeof(CatalogSchema));

	schema->oid = form->oid;
	schema->name = CopyName(&form->nspname);
	schema->owner = FindName(cat, NAMED_ROLE, form->nspowner);
	schema->named = !cat->scope.all_schemas && NameIsListed(cat->scope.schemas, schema->name);
	schema->wanted = SchemaIsWanted(cat, schema);
	OidMapPut(cat->schemas, schema->oid, schema);
	cat->schema_list = lappend(cat->schema_list, schema);
}

static int
CompareSchemas(const ListCell *a, const ListCell *b)
{
	return strcmp(((CatalogSchema *) lfirst(a))->name, ((CatalogSchema *) lfirst(b))->name);
}

/* Up to 20 names of schemas that could have been meant. */
static char *
SchemaNamesForHint(Catalog *cat)
{
	StringInfoData names;
	int count = 0;
	ListCell *lc;

	initStringInfo(&names);
	foreach (lc, cat->schema_list)
	{
		CatalogSchema *schema = lfirst(lc);

		if (IsSystemSchema(schema->name))
			continue;
		if (++count > 20)
		{
			appendStringInfoString(&names, ", ...");
			break;
		}
		appendStringInfo(&names, "%s\"%s\"", count > 1 ? ", " : "", schema->name);
	}
	return names.data;
}

static void
CheckSchemasExist(Catalog *cat)
{
	ListCell *lc;

	foreach (lc, cat->scope.schemas)
	{
		char *name = lfirst(lc);
		bool found = strcmp(name, "pg_temp") == 0;
		ListCell *s;

		foreach (s, cat->schema_list)
			found = found || strcmp(((CatalogSchema *) lfirst(s))->name, name) == 0;
		if (!found)
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_SCHEMA), errmsg("schema \"%s\" does not exist", name),
							errhint("Schemas of this database: %s.", SchemaNamesForHint(cat))));
	}
}

/* With an index, schemas are read when their name is asked for (FindSchema). */
void
LoadSchemas(Catalog *cat)
{
	if (cat->by_index && cat->scope.all_schemas)
		return;
	ScanCatalog(cat, NamespaceRelationId, VisitNamespace);
	list_sort(cat->schema_list, CompareSchemas);
	CheckSchemasExist(cat);
}

CatalogSchema *
FindSchema(Catalog *cat, Oid oid)
{
	CatalogSchema *schema = OidMapGet(cat->schemas, oid);

	if (schema == NULL)
	{
		ScanCatalogFor(cat, NamespaceRelationId, NamespaceOidIndexId, Anum_pg_namespace_oid, oid,
					   VisitNamespace);
		schema = OidMapGet(cat->schemas, oid);
	}
	return schema;
}

/* Leaves in schema_list what aiodal.schemas() is to show. */
void
KeepSchemasWanted(Catalog *cat)
{
	List *kept = NIL;
	ListCell *lc;

	foreach (lc, cat->schema_list)
	{
		CatalogSchema *schema = lfirst(lc);

		if (cat->scope.by_relation ? !schema->used : !schema->wanted)
			continue;
		schema->comment = FindComment(cat, NamespaceRelationId, schema->oid, 0);
		schema->extension = FindExtension(cat, NamespaceRelationId, schema->oid);
		if (schema->extension == NULL || schema->named || schema->used || cat->scope.extensions)
			kept = lappend(kept, schema);
	}
	list_sort(kept, CompareSchemas);
	cat->schema_list = kept;
}

const char *
SchemaName(Catalog *cat, Oid oid)
{
	CatalogSchema *schema = FindSchema(cat, oid);

	return schema ? schema->name : NULL;
}

/* ---------------------------------------------------------------- names */

static char *
LookUpName(NamedKind kind, Oid oid)
{
	switch (kind)
	{
		case NAMED_ROLE: return GetUserNameFromId(oid, true);
		case NAMED_ACCESS_METHOD: return get_am_name(oid);
		case NAMED_TABLESPACE: return get_tablespace_name(oid);
		case NAMED_EXTENSION: return get_extension_name(oid);
		case NAMED_LANGUAGE: return get_language_name(oid, true);
		case NAMED_SERVER:
		{
			ForeignServer *server = GetForeignServerExtended(oid, FSV_MISSING_OK);

			return server ? server->servername : NULL;
		}
		case NAMED_KINDS: break;
	}
	return NULL;
}

const char *
FindName(Catalog *cat, NamedKind kind, Oid oid)
{
	bool found;
	OidMapEntry *entry;
	char *name;

	if (!OidIsValid(oid))
		return NULL;
	entry = oidmap_lookup(cat->names[kind], oid);
	if (entry)
		return entry->value;
	name = LookUpName(kind, oid);
	oidmap_insert(cat->names[kind], oid, &found)->value = name;
	return name;
}

void
NoteVanished(Catalog *cat, const char *kind, Oid oid)
{
	if (!cat->careful)
		elog(ERROR, "cache lookup failed for %s %u", kind, oid);
	CatalogWarn(cat, "%s %u was dropped while it was read", kind, oid);
}

const QualifiedName *
FindCollation(Catalog *cat, Oid oid)
{
	QualifiedName *name = OidMapGet(cat->collations, oid);
	HeapTuple tuple;

	if (name != NULL || !OidIsValid(oid))
		return name;
	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(oid));
	if (!HeapTupleIsValid(tuple))
	{
		NoteVanished(cat, "collation", oid);
		return NULL;
	}
	name = palloc(sizeof(QualifiedName));
	name->name = CopyName(&((Form_pg_collation) GETSTRUCT(tuple))->collname);
	name->schema = SchemaName(cat, ((Form_pg_collation) GETSTRUCT(tuple))->collnamespace);
	name->in_pg_catalog = ((Form_pg_collation) GETSTRUCT(tuple))->collnamespace == PG_CATALOG_NAMESPACE;
	ReleaseSysCache(tuple);
	OidMapPut(cat->collations, oid, name);
	return name;
}

const OpclassInfo *
FindOpclass(Catalog *cat, Oid oid)
{
	OpclassInfo *info = OidMapGet(cat->opclasses, oid);
	Form_pg_opclass form;
	HeapTuple tuple;

	if (info != NULL)
		return info;
	tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(oid));
	if (!HeapTupleIsValid(tuple))
	{
		NoteVanished(cat, "operator class", oid);
		return NULL;
	}
	form = (Form_pg_opclass) GETSTRUCT(tuple);
	info = palloc(sizeof(OpclassInfo));
	info->name.name = CopyName(&form->opcname);
	info->name.schema = SchemaName(cat, form->opcnamespace);
	info->name.in_pg_catalog = form->opcnamespace == PG_CATALOG_NAMESPACE;
	info->method = form->opcmethod;
	info->input_type = form->opcintype;
	info->is_default = form->opcdefault;
	ReleaseSysCache(tuple);
	OidMapPut(cat->opclasses, oid, info);
	return info;
}

/* ----------------------------------------------- comments and extensions */

static void
VisitDescription(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_description form = (Form_pg_description) GETSTRUCT(tuple);

	/* nearly all comments are those of built-in functions and operators */
	if (form->objoid < FirstUnpinnedObjectId && form->classoid != NamespaceRelationId && !cat->scope.system &&
		!cat->by_index && cat->scope.all_schemas)
		return;
	ObjectMapPut(cat->comments, form->classoid, form->objoid, form->objsubid,
				 RowText(tuple, desc, Anum_pg_description_description));
}

void
LoadComments(Catalog *cat)
{
	if (!cat->by_index)
		ScanCatalog(cat, DescriptionRelationId, VisitDescription);
}

/* All comments of one object, its columns' too. */
static void
LoadCommentsOn(Catalog *cat, Oid classId, Oid objectId)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], Anum_pg_description_objoid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(objectId));
	ScanKeyInit(&keys[1], Anum_pg_description_classoid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(classId));
	ObjectMapPut(cat->comments, classId, objectId, 0, NULL);
	RunScan(cat, DescriptionRelationId, DescriptionObjIndexId, 2, keys, VisitDescription);
}

const char *
FindComment(Catalog *cat, Oid classId, Oid objectId, int subId)
{
	bool found;
	const char *comment = ObjectMapGet(cat->comments, classId, objectId, subId, &found);

	if (found || !cat->by_index)
		return comment;
	ObjectMapGet(cat->comments, classId, objectId, 0, &found);
	if (found)
		return NULL;
	LoadCommentsOn(cat, classId, objectId);
	return ObjectMapGet(cat->comments, classId, objectId, subId, &found);
}

static void
VisitMember(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

	if (form->deptype == DEPENDENCY_EXTENSION && form->refclassid == ExtensionRelationId)
		ObjectMapPut(cat->members, form->classid, form->objid, 0,
					 FindName(cat, NAMED_EXTENSION, form->refobjid));
}

static void
VisitExtension(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	ScanDependents(cat, ExtensionRelationId, ((Form_pg_extension) GETSTRUCT(tuple))->oid, VisitMember);
}

/* With an index, membership is read when it is asked for. */
void
LoadExtensionMembers(Catalog *cat)
{
	if (!cat->by_index)
		ScanCatalog(cat, ExtensionRelationId, VisitExtension);
}

const char *
FindExtension(Catalog *cat, Oid classId, Oid objectId)
{
	bool found;
	const char *extension = ObjectMapGet(cat->members, classId, objectId, 0, &found);

	if (!found && cat->by_index)
	{
		ScanKeyData keys[2];

		ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
					ObjectIdGetDatum(classId));
		ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ,
					ObjectIdGetDatum(objectId));
		ObjectMapPut(cat->members, classId, objectId, 0, NULL);
		RunScan(cat, DependRelationId, DependDependerIndexId, 2, keys, VisitMember);
		extension = ObjectMapGet(cat->members, classId, objectId, 0, &found);
	}
	return extension;
}

/* ------------------------------------------------------- the whole load */

void
CatalogWarn(Catalog *cat, const char *format, ...)
{
	MemoryContext old = MemoryContextSwitchTo(cat->context);
	StringInfoData text;

	initStringInfo(&text);
	for (;;)
	{
		va_list args;
		int needed;

		va_start(args, format);
		needed = appendStringInfoVA(&text, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&text, needed);
	}
	cat->warnings = lappend(cat->warnings, text.data);
	MemoryContextSwitchTo(old);
}

/* Everything empty, so that a load can begin (again). */
static void
ResetCatalog(Catalog *cat)
{
	MemoryContextReset(cat->context);
	cat->by_index = cat->scope.by_relation && list_length(cat->scope.relations) <= 100;
	cat->class_count = 0;
	cat->scratch = AllocSetContextCreate(cat->context, "aiodal scratch", ALLOCSET_DEFAULT_SIZES);
	cat->expression_memory =
		AllocSetContextCreate(cat->context, "aiodal expression context", ALLOCSET_DEFAULT_SIZES);
	cat->expression_rel = NULL;
	cat->schemas = oidmap_create(cat->context, 64, NULL);
	cat->classes = oidmap_create(cat->context, 1024, NULL);
	for (int kind = 0; kind < NAMED_KINDS; kind++)
		cat->names[kind] = oidmap_create(cat->context, 16, NULL);
	cat->collations = oidmap_create(cat->context, 16, NULL);
	cat->opclasses = oidmap_create(cat->context, 64, NULL);
	cat->indexes = oidmap_create(cat->context, 1024, NULL);
	cat->types = objectmap_create(cat->context, 64, NULL);
	cat->default_opclasses = objectmap_create(cat->context, 16, NULL);
	cat->comments = objectmap_create(cat->context, 256, NULL);
	cat->members = objectmap_create(cat->context, 256, NULL);
	initStringInfo(&cat->text);
	cat->first_in_path = NULL;
	cat->schema_list = cat->relation_list = cat->warnings = NIL;
}

static void
SetPathNames(Catalog *cat, List *path)
{
	ListCell *lc;

	cat->path_names = NIL;
	foreach (lc, path)
	{
		char *name = get_namespace_name(lfirst_oid(lc));

		if (name != NULL)
			cat->path_names = lappend(cat->path_names, name);
	}
}

/* fetch_search_path() would make a temporary schema where the path names one and none is there. */
static void
ReadSearchPath(Catalog *cat)
{
	Oid temp_toast;
	Oid path[64];
	int count;

	GetTempNamespaceState(&cat->temp_namespace, &temp_toast);
	cat->search_path = NIL;
	if (OidIsValid(cat->temp_namespace))
	{
		cat->search_path = fetch_search_path(true);
		SetPathNames(cat, fetch_search_path(false));
		return;
	}
	count = Min(fetch_search_path_array(path, lengthof(path)), lengthof(path));
	for (int i = 0; i < count; i++)
		cat->search_path = lappend_oid(cat->search_path, path[i]);
	SetPathNames(cat, cat->search_path);
}

/*
 * A relation whose type, operator class or the like is gone has most likely
 * been dropped along with it.
 */
static void
LeaveOutDropped(Catalog *cat)
{
	ListCell *lc;

	foreach (lc, cat->relation_list)
	{
		CatalogRelation *rel = lfirst(lc);

		if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(rel->oid)))
			continue;
		CatalogWarn(cat, "%s was dropped while it was read",
					quote_qualified_identifier(rel->schema, rel->name));
		cat->relation_list = foreach_delete_current(cat->relation_list, lc);
	}
}

static void
LoadAll(Catalog *cat)
{
	LoadSchemas(cat);
	LoadExtensionMembers(cat);
	if (cat->parts != CATALOG_SCHEMAS || cat->scope.by_relation)
		LoadClasses(cat);
	LoadComments(cat);
	if (cat->parts & (CATALOG_COLUMNS | CATALOG_CONSTRAINTS | CATALOG_INDEXES | CATALOG_DETAILS))
		LoadColumns(cat);
	if (cat->parts & (CATALOG_INDEXES | CATALOG_CONSTRAINTS))
	{
		LoadIndexes(cat);
		LoadConstraints(cat);
	}
	if (cat->parts & CATALOG_DETAILS)
		LoadDetails(cat);
	if (cat->careful)
		LeaveOutDropped(cat);
	KeepSchemasWanted(cat);
}

/*
 * LoadAll() with a search_path under which names come out qualified, and with
 * the locks that deparsing takes given back.
 */
static void
LoadInOwnSurroundings(Catalog *cat)
{
	ResourceOwner outer = CurrentResourceOwner;
	ResourceOwner owner = ResourceOwnerCreate(outer, "aiodal reflection");
	MemoryContext old;
	int guc_level;

	ResetCatalog(cat);
	old = MemoryContextSwitchTo(cat->context);
	ReadSearchPath(cat);
	guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	CurrentResourceOwner = owner;
	LoadAll(cat);
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_BEFORE_LOCKS, true, false);
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_LOCKS, false, false);
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_AFTER_LOCKS, true, false);
	CurrentResourceOwner = outer;
	ResourceOwnerDelete(owner);
	AtEOXact_GUC(false, guc_level);
	MemoryContextSwitchTo(old);
}

/* May the error have come from an object that was dropped meanwhile? */
static bool
IsRetryable(int sqlerrcode)
{
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_TRANSACTION_ROLLBACK: return false;
	}
	return sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE;
}

/*
 * Runs step(arg) in a subtransaction; false when it failed for a reason that is
 * retryable, whose message is then in *message.
 */
static bool
RunInSubtransaction(void (*step)(void *arg), void *arg, char **message)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool done = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		step(arg);
		ReleaseCurrentSubTransaction();
		done = true;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (!IsRetryable(error->sqlerrcode))
			ReThrowError(error);
		*message = error->message;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return done;
}

static void
WarnAbout(Catalog *cat, const Subject *subject, const char *message)
{
	const char *rel = quote_qualified_identifier(subject->rel->schema, subject->rel->name);

	if (subject->name)
		CatalogWarn(cat, "%s %s of %s could not be read: %s", subject->kind, quote_identifier(subject->name),
					rel, message);
	else
		CatalogWarn(cat, "%s of %s could not be read: %s", subject->kind, rel, message);
}

bool
RunGuarded(Catalog *cat, void (*step)(void *arg), void *arg, const Subject *subject)
{
	char *message = NULL;

	if (!cat->careful)
	{
		step(arg);
		return true;
	}
	if (RunInSubtransaction(step, arg, &message))
		return true;
	WarnAbout(cat, subject, message);
	return false;
}

static void
LoadStep(void *arg)
{
	LoadInOwnSurroundings(arg);
}

Catalog *
LoadCatalog(const Scope *scope, int parts)
{
	Catalog *cat = palloc0(sizeof(Catalog));
	char *message;

	cat->context = AllocSetContextCreate(CurrentMemoryContext, "aiodal catalog", ALLOCSET_DEFAULT_SIZES);
	cat->scope = *scope;
	cat->parts = parts;
	cat->snapshot = RegisterSnapshot(GetActiveSnapshot());
	if (IsInParallelMode())
		LoadInOwnSurroundings(cat);
	else if (!RunInSubtransaction(LoadStep, cat, &message))
	{
		cat->careful = true;
		LoadInOwnSurroundings(cat);
	}
	UnregisterSnapshot(cat->snapshot);
	return cat;
}

void
FreeCatalog(Catalog *cat)
{
	MemoryContextDelete(cat->context);
	pfree(cat);
}

List *
CatalogSchemas(Catalog *cat)
{
	return cat->schema_list;
}

List *
CatalogRelations(Catalog *cat)
{
	return cat->relation_list;
}

List *
CatalogWarnings(Catalog *cat)
{
	return cat->warnings;
}

List *
CatalogSearchPath(Catalog *cat)
{
	return cat->path_names;
}
