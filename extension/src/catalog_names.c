/*
 * catalog_names.c
 *		What is known of objects by their OID: schemas, names of roles and such,
 *		comments, membership in extensions.
 */
#include "catalog_impl.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_description.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "commands/proclang.h"
#include "commands/tablespace.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "share.h"

/* -------------------------------------------------------------- schemas */

/* That of shared stages holds nothing but what a load needs while it runs. */
static bool
IsSystemSchema(const char *name)
{
	return strncmp(name, "pg_", 3) == 0 || strcmp(name, "information_schema") == 0 ||
		   strcmp(name, SHARE_SCHEMA) == 0;
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
	cat->contents.schemas = lappend(cat->contents.schemas, schema);
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
	foreach (lc, cat->contents.schemas)
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

		foreach (s, cat->contents.schemas)
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
	list_sort(cat->contents.schemas, CompareSchemas);
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

/* Leaves in contents.schemas what aiodal.schemas() is to show. */
void
KeepSchemasWanted(Catalog *cat)
{
	List *kept = NIL;
	ListCell *lc;

	foreach (lc, cat->contents.schemas)
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
	cat->contents.schemas = kept;
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
	MemoryContext old;
	char *name;

	if (!OidIsValid(oid))
		return NULL;
	entry = oidmap_lookup(cat->names[kind], oid);
	if (entry)
		return entry->value;
	old = MemoryContextSwitchTo(cat->context);
	name = LookUpName(kind, oid);
	oidmap_insert(cat->names[kind], oid, &found)->value = name;
	MemoryContextSwitchTo(old);
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
	name = MemoryContextAlloc(cat->context, sizeof(QualifiedName));
	name->name = MemoryContextStrdup(cat->context, NameStr(((Form_pg_collation) GETSTRUCT(tuple))->collname));
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
	info = MemoryContextAlloc(cat->context, sizeof(OpclassInfo));
	info->name.name = MemoryContextStrdup(cat->context, NameStr(form->opcname));
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
	ObjectMapPut(cat->comments, classId, objectId, 0, NULL);
	ScanCatalogForTwo(cat, DescriptionRelationId, DescriptionObjIndexId, Anum_pg_description_objoid, objectId,
					  Anum_pg_description_classoid, classId, VisitDescription);
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
		ObjectMapPut(cat->members, classId, objectId, 0, NULL);
		ScanDependencies(cat, classId, objectId, VisitMember);
		extension = ObjectMapGet(cat->members, classId, objectId, 0, &found);
	}
	return extension;
}
