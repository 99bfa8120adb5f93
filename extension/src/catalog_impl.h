/*
 * catalog_impl.h
 *		What the files catalog*.c and deparse.c share: the catalog being loaded
 *		and how its tables are scanned. Nobody else includes this.
 */
#ifndef AIODAL_CATALOG_IMPL_H
#define AIODAL_CATALOG_IMPL_H

#include "catalog.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/hsearch.h"
#include "utils/snapshot.h"

#include "oidmap.h"

/* kinds of objects of which only a name is wanted */
typedef enum NamedKind
{
	NAMED_ROLE,
	NAMED_ACCESS_METHOD,
	NAMED_TABLESPACE,
	NAMED_EXTENSION,
	NAMED_SERVER,
	NAMED_LANGUAGE,
	NAMED_KINDS
} NamedKind;

/* a collation's or operator class's name */
typedef struct QualifiedName
{
	const char *schema;
	const char *name;
	bool in_pg_catalog;
} QualifiedName;

typedef struct OpclassInfo
{
	QualifiedName name;
	Oid method;
	Oid input_type;
	bool is_default; /* for its input type */
} OpclassInfo;

/* What a piece of text is of; for the warning when it cannot be made. */
typedef struct Subject
{
	const char *kind;     /* "default", "check constraint", ... */
	CatalogRelation *rel; /* NULL: name says it all */
	const char *name;     /* within rel; NULL for rel itself */
} Subject;

/* what is known of a (type, modifier) pair */
typedef struct TypeInfo
{
	const char *text;
	const char *schema;
	const char *name;
	const char *kind;
	const char *element_text; /* NULL unless an array */
	Oid element;
	Oid collation;
} TypeInfo;

struct Catalog
{
	CatalogContents contents;
	MemoryContext context;
	StringInfoData text;   /* for texts put together from parts */
	MemoryContext scratch; /* for what one row needs; reset by deparse.c */
	objectmap_hash *texts; /* (hash, hash, 0) -> KnownText of deparse.c */
	Scope scope;
	int parts;
	Snapshot snapshot;
	bool by_index; /* find rows by index, not by scanning whole catalogs */
	bool careful;  /* each piece that may fail runs in its own subtransaction */

	Oid temp_namespace;
	List *search_path;   /* namespaces, before it was replaced */
	HTAB *first_in_path; /* relation name -> first place in search_path */
	int class_count;     /* rows of pg_class seen */

	oidmap_hash *schemas; /* CatalogSchema */
	oidmap_hash *classes; /* CatalogRelation, of every kind that matters */
	oidmap_hash *names[NAMED_KINDS];
	oidmap_hash *collations;           /* QualifiedName */
	oidmap_hash *opclasses;            /* OpclassInfo */
	objectmap_hash *types;             /* (type, modifier, 0) -> TypeInfo */
	objectmap_hash *default_opclasses; /* (type, access method, 0) -> OpclassInfo */
	objectmap_hash *comments;          /* (class, object, column) -> text */
	objectmap_hash *members;           /* (class, object, 0) -> extension's name */
	oidmap_hash *indexes;              /* CatalogIndex, of the relations wanted */
	oidmap_hash *types_by_oid;         /* CatalogType */
	oidmap_hash *sequences;            /* CatalogSequence */
	oidmap_hash *publications;         /* CatalogPublication */

	/* for HashCatalog() alone */
	objectmap_hash *in_scope;    /* (class, object, 0) -> identity */
	objectmap_hash *kept_hashes; /* (class, object, 0) -> hash */
	uint64 hash;

	List *visited; /* what a visitor collected for the function that called the scan */
};

/* Called in the catalog's memory context: what it allocates stays. */
typedef void (*RowVisitor)(Catalog *cat, HeapTuple tuple, TupleDesc desc);

/* Visits all rows of a catalog. */
extern void ScanCatalog(Catalog *cat, Oid catalogId, RowVisitor visit);

/* Visits the rows whose column attnum (first of the index) is oid. */
extern void
ScanCatalogFor(Catalog *cat, Oid catalogId, Oid indexId, AttrNumber attnum, Oid oid, RowVisitor visit);

/*
 * Visits at least the rows whose column attnum is one of the relations wanted:
 * by index, or all rows of the catalog.
 */
extern void ScanRelationRows(Catalog *cat, Oid catalogId, Oid indexId, AttrNumber attnum, RowVisitor visit);

/* The same for the first two columns of the index. */
extern void ScanCatalogForTwo(Catalog *cat, Oid catalogId, Oid indexId, AttrNumber first, Oid firstOid,
							  AttrNumber second, Oid secondOid, RowVisitor visit);

/* Visits the pg_depend rows of what depends on an object, and of what an object depends on. */
extern void ScanDependents(Catalog *cat, Oid classId, Oid objectId, RowVisitor visit);
extern void ScanDependencies(Catalog *cat, Oid classId, Oid objectId, RowVisitor visit);

/* Values of one row; NULL where SQL's value is. */
extern NameList *RowNameArray(HeapTuple tuple, TupleDesc desc, AttrNumber attnum); /* text[], name[] */
extern char *RowText(HeapTuple tuple, TupleDesc desc, AttrNumber attnum);
extern ArrayType *RowArray(HeapTuple tuple, TupleDesc desc, AttrNumber attnum);
extern const char *RowName(HeapTuple tuple, TupleDesc desc, AttrNumber attnum);
extern const Oid *RowOidVector(HeapTuple tuple, TupleDesc desc, AttrNumber attnum);
extern const int16 *RowInt2Vector(HeapTuple tuple, TupleDesc desc, AttrNumber attnum);
extern NameList *ListOrEmpty(NameList *list);

extern NameList *MakeNameList(int count);
extern const char *CopyName(const NameData *name);
extern void AddName(NameList *list, const char *name); /* list is not the one that ListOrEmpty() gives */
extern void SortNames(NameList *list);

/* in upper case, palloc'd */
extern char *UpperCase(const char *text);

/* as a literal, for standard_conforming_strings, as PostgreSQL's deparse code writes it; palloc'd */
extern char *QuoteText(const char *text);

/* "schema.name", quoted, or just "name" where schema is pg_catalog */
extern const char *QualifiedUnlessSystem(const char *schema, const char *name);

/* Lookups; each answers NULL for an object that is not there. */
extern CatalogSchema *FindSchema(Catalog *cat, Oid oid);
extern const char *SchemaName(Catalog *cat, Oid oid);
extern CatalogRelation *FindClass(Catalog *cat, Oid oid);
extern CatalogRelation *FindWanted(Catalog *cat, Oid oid); /* one of the relations to be returned */
extern const char *FindName(Catalog *cat, NamedKind kind, Oid oid);
extern const char *FindComment(Catalog *cat, Oid classId, Oid objectId, int subId);
extern const char *FindExtension(Catalog *cat, Oid classId, Oid objectId);
extern const QualifiedName *FindCollation(Catalog *cat, Oid oid);
extern const OpclassInfo *FindOpclass(Catalog *cat, Oid oid);

/* "schema.name", quoted; NULL when there is no such relation */
extern const char *QualifiedClassName(Catalog *cat, Oid oid);

/* Names of the columns in keys (1-based, 0 for an expression becomes NULL). */
extern NameList *ColumnNames(CatalogRelation *rel, const int16 *keys, int count);
extern const char *ColumnName(CatalogRelation *rel, AttrNumber attnum);

/* The relation or index of which this is a partition; InvalidOid for none. */
extern Oid FindParent(Catalog *cat, CatalogRelation *rel);

/* What is stored of the key of an index or a partitioned table. */
typedef struct StoredKey
{
	Subject subject; /* for warnings */
	CatalogRelation *rel;
	CatalogRelation *index; /* NULL for a partition key */
	int count;
	const int16 *attnums; /* 0 for an expression */
	const Oid *classes;
	const Oid *collations;
	const int16 *options;    /* INDOPTION_* flags, or NULL */
	const char *expressions; /* stored, or NULL */
} StoredKey;

/* List of CatalogIndexKey */
extern List *MakeKeys(Catalog *cat, const StoredKey *stored);

/* One key as in CREATE INDEX, without its order; its order; an option as in WITH. */
extern void AppendKey(StringInfo text, const CatalogIndexKey *key);
extern void AppendKeyOrder(StringInfo text, const CatalogIndexKey *key);
extern void AppendOption(StringInfo text, const char *option);

/* Parameters of the operator class of an index key (1-based), or NULL. */
extern NameList *FindOpclassOptions(Catalog *cat, CatalogRelation *index, int key);

/* Something the snapshot knows is gone: an error at first, a warning when reading carefully. */
extern void NoteVanished(Catalog *cat, const char *kind, Oid oid);

/*
 * Runs step(arg) so that an error about a vanished object can be survived.
 * False, and a warning about the subject, when it failed.
 */
extern bool RunGuarded(Catalog *cat, void (*step)(void *arg), void *arg, const Subject *subject);

extern void CatalogWarn(Catalog *cat, const char *format, ...) pg_attribute_printf(2, 3);

/* Columns of a relation or composite type, whether it is wanted or not: List of CatalogColumn. */
extern List *LoadAttributes(Catalog *cat, Oid relid);

/* What a relation's and a column's row say of privileges. */
extern void AddRelationPrivileges(Catalog *cat, CatalogRelation *rel, HeapTuple tuple, TupleDesc desc);
extern void AddColumnPrivileges(Catalog *cat, CatalogRelation *rel, HeapTuple tuple, TupleDesc desc);
extern void SortPrivileges(CatalogRelation *rel);

/* Adds the sequence of this row of pg_class to the contents. */
extern CatalogSequence *AddSequence(Catalog *cat, CatalogRelation *class);

/* Of a relation, when none was named: is it wanted? Is it found by its bare name? */
extern bool RelationIsWanted(Catalog *cat, Form_pg_class form);
extern void NotePlaceInPath(Catalog *cat, Form_pg_class form);
extern bool FirstInPath(Catalog *cat, CatalogRelation *rel);

/* One of the rows behind a foreign key to a partitioned table, of which nobody knows. */
extern bool IsHiddenForeignKey(Form_pg_constraint form);

/* What a user set of the options of a column, a row of pg_attribute. */
extern NameList *UserOptions(HeapTuple tuple, TupleDesc desc);

/* 1 << CMD_* of what the foreign-data wrapper lets be done; 0 when it cannot be asked. */
extern int ForeignTableEvents(Catalog *cat, Oid relid, Oid server);

/* the whole of HashCatalog(), into cat->hash */
extern void HashAll(Catalog *cat);

/* the loading steps, in this order; each needs those before it */
extern void LoadSchemas(Catalog *cat);
extern void LoadExtensionMembers(Catalog *cat);
extern void LoadClasses(Catalog *cat);
extern void LoadComments(Catalog *cat);
extern void LoadColumns(Catalog *cat);
extern void LoadSequenceOwners(Catalog *cat);
extern void LoadIndexes(Catalog *cat);
extern void LoadConstraints(Catalog *cat);
extern void LoadDetails(Catalog *cat);
extern void LoadDistributions(Catalog *cat);
extern void LoadViews(Catalog *cat);
extern void LoadTriggers(Catalog *cat);
extern void LoadPolicies(Catalog *cat);
extern void LoadStatistics(Catalog *cat);
extern void LoadTypes(Catalog *cat);
extern void LoadFunctions(Catalog *cat);
extern void LoadSequences(Catalog *cat);
extern void LoadExtensions(Catalog *cat);
extern void LoadEventTriggers(Catalog *cat);
extern void LoadDefaultPrivileges(Catalog *cat);
extern void LoadPublications(Catalog *cat);
extern void KeepSchemasWanted(Catalog *cat);

#endif /* AIODAL_CATALOG_IMPL_H */
