/*
 * snapshot.c
 *		The reflection for a client that keeps it: the parts it asks for, packed,
 *		out of one reading of the catalogs; or, when they are those it has, nothing.
 *
 * What the set-returning functions tell of each row's relation, its place in the
 * part "relations" says here; rows come in its order. So who reads them has
 * nothing to look up and nothing to sort. The form of a row is in rows.h.
 */
#include "compat.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "catalog.h"
#include "fingerprint.h"
#include "order.h"
#include "remembered.h"
#include "rows.h"

/*
 * A part comes in pieces of about this many bytes, so that nobody needs it in one, and malloc() takes a piece
 * out of memory that has been written to: what it maps for a large one costs a page fault each 4 kB.
 */
#define CHUNK (48 * 1024)

typedef struct Part
{
	const char *name;
	int catalog; /* CATALOG_*, what has to be loaded for it */
	const RowShape *shape;
	size_t list; /* of the contents; of each relation when of_relation */
	bool of_relation;
} Part;

#define OF_CONTENTS(name, parts, shape)                              \
	{                                                                \
#name, parts, &shape, offsetof(CatalogContents, name), false \
	}
#define OF_RELATION(name, parts, shape)                             \
	{                                                               \
#name, parts, &shape, offsetof(CatalogRelation, name), true \
	}

static const Part parts[] = {
	OF_CONTENTS(relations, CATALOG_DETAILS, relation_shape), /* first: the others refer to it */
	OF_RELATION(columns, CATALOG_COLUMNS, column_shape),
	OF_RELATION(constraints, CATALOG_CONSTRAINTS, constraint_shape),
	OF_RELATION(indexes, CATALOG_INDEXES, index_shape),
	{"sorted_tables", CATALOG_CONSTRAINTS, &cycle_shape, 0, true},
	OF_CONTENTS(schemas, CATALOG_SCHEMAS, schema_shape),
	OF_CONTENTS(types, CATALOG_TYPES | CATALOG_COLUMNS, type_shape),
	OF_CONTENTS(functions, CATALOG_FUNCTIONS, function_shape),
	OF_CONTENTS(sequences, CATALOG_SEQUENCES | CATALOG_COLUMNS, sequence_shape),
	OF_RELATION(triggers, CATALOG_TRIGGERS, trigger_shape),
	OF_RELATION(rules, CATALOG_TRIGGERS, rule_shape),
	OF_RELATION(policies, CATALOG_POLICIES, policy_shape),
	OF_RELATION(privileges, CATALOG_PRIVILEGES, privilege_shape),
	OF_RELATION(statistics, CATALOG_STATISTICS, statistics_shape),
	OF_CONTENTS(extensions, CATALOG_DATABASE, extension_shape),
	OF_CONTENTS(event_triggers, CATALOG_DATABASE, event_trigger_shape),
	OF_CONTENTS(publications, CATALOG_DATABASE, publication_shape),
	OF_CONTENTS(default_privileges, CATALOG_DATABASE, default_privilege_shape),
};

#define RELATIONS_PART   (&parts[0])
#define CONSTRAINTS_PART (&parts[2])
#define SORTED_PART      (&parts[4])

/* ------------------------------------------------------------ arguments */

static const Part *
FindPart(const char *name)
{
	StringInfoData known;

	for (int i = 0; i < lengthof(parts); i++)
	{
		if (strcmp(parts[i].name, name) == 0)
			return &parts[i];
	}
	initStringInfo(&known);
	for (int i = 0; i < lengthof(parts); i++)
		appendStringInfo(&known, "%s\"%s\"",
						 i == 0                     ? ""
						 : i == lengthof(parts) - 1 ? " and "
													: ", ",
						 parts[i].name);
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("unrecognized value in argument \"parts\": \"%s\"", name),
					errhint("Valid values are %s.", known.data)));
}

/* List of const Part *: relations, then those asked for in their order, each once. */
static List *
ReadParts(FunctionCallInfo fcinfo)
{
	List *wanted = list_make1(unconstify(Part *, RELATIONS_PART));
	ListCell *lc;

	if (PG_ARGISNULL(0))
	{
		for (int i = 1; i < lengthof(parts); i++)
			wanted = lappend(wanted, unconstify(Part *, &parts[i]));
		return wanted;
	}
	foreach (lc, ReadWords(PG_GETARG_DATUM(0), "parts"))
		wanted = list_append_unique_ptr(wanted, unconstify(Part *, FindPart(lfirst(lc))));
	return wanted;
}

static int
CatalogPartsOf(List *wanted)
{
	int all = 0;
	ListCell *lc;

	foreach (lc, wanted)
		all |= ((const Part *) lfirst(lc))->catalog;
	return all;
}

/* --------------------------------------------------------------- chunks */

/* The part being written. */
typedef struct Writer
{
	ReturnSetInfo *result;
	const char *part;
	List *fields; /* char *; NIL once a chunk has told them */
	StringInfoData data;
	int rows;
	uint64 hash; /* of all rows, but what changes without the schema being changed */
} Writer;

static void
BeginPart(Writer *writer, const char *part, List *fields)
{
	writer->part = part;
	writer->fields = fields;
	writer->rows = 0;
	resetStringInfo(&writer->data);
	writer->data.len = VARHDRSZ;
}

/* The names divided by blanks. */
static Datum
FieldsText(List *fields)
{
	StringInfoData text;
	ListCell *lc;

	initStringInfo(&text);
	foreach (lc, fields)
		appendStringInfo(&text, "%s%s", lc == list_head(fields) ? "" : " ", (char *) lfirst(lc));
	return PointerGetDatum(cstring_to_text_with_len(text.data, text.len));
}

static void
PutChunk(Writer *writer)
{
	Datum values[4] = {CStringGetTextDatum(writer->part), 0, Int32GetDatum(writer->rows),
					   PointerGetDatum(writer->data.data)};
	bool nulls[4] = {false, writer->fields == NIL, false, false};

	CHECK_FOR_INTERRUPTS();
	if (writer->fields != NIL)
		values[1] = FieldsText(writer->fields);
	SET_VARSIZE(writer->data.data, writer->data.len);
	tuplestore_putvalues(writer->result->setResult, writer->result->setDesc, values, nulls);
	BeginPart(writer, writer->part, NIL);
}

static void
HashFrom(Writer *writer, int start)
{
	writer->hash = hash_bytes_extended((unsigned char *) writer->data.data + start, writer->data.len - start,
									   writer->hash);
}

static void
EndRow(Writer *writer)
{
	writer->rows++;
	if (writer->data.len >= CHUNK)
		PutChunk(writer);
}

static void
EndPart(Writer *writer)
{
	if (writer->rows > 0 || writer->fields != NIL)
		PutChunk(writer);
}

/* ---------------------------------------------------------------- parts */

static void
PutTexts(Writer *writer, const char *part, List *texts)
{
	ListCell *lc;

	BeginPart(writer, part, list_make1(pstrdup("text")));
	foreach (lc, texts)
	{
		AppendScalarPacked(&writer->data, lfirst(lc));
		EndRow(writer);
	}
	EndPart(writer);
}

static void
PutRowsOf(Writer *writer, const RowShape *shape, List *rows)
{
	ListCell *lc;

	foreach (lc, rows)
	{
		int start = writer->data.len;

		AppendRowPacked(&writer->data, shape, lfirst(lc));
		HashFrom(writer, start);
		EndRow(writer);
	}
}

/* The estimate is a statistic: it changes without the schema being changed. */
static void
PutRelations(Writer *writer, List *relations)
{
	ListCell *lc;

	foreach (lc, relations)
	{
		CatalogRelation *rel = lfirst(lc);
		int64 estimate = rel->estimated_rows;
		int start = writer->data.len;

		rel->estimated_rows = -1;
		AppendRowPacked(&writer->data, &relation_shape, rel);
		HashFrom(writer, start);
		writer->data.len = start;
		rel->estimated_rows = estimate;
		AppendRowPacked(&writer->data, &relation_shape, rel);
		EndRow(writer);
	}
}

static void
PutRowsOfRelation(Writer *writer, const RowShape *shape, const CatalogRelation *rel, List *rows)
{
	char place[12];
	ListCell *lc;

	pg_ltoa(rel->place, place);
	foreach (lc, rows)
	{
		int start = writer->data.len;

		AppendScalarPacked(&writer->data, place);
		AppendRowPacked(&writer->data, shape, lfirst(lc));
		HashFrom(writer, start);
		EndRow(writer);
	}
}

static void
PutConstraints(Writer *writer, const CatalogRelation *rel)
{
	List *kinds[] = {rel->primary_key ? list_make1(rel->primary_key) : NIL,
					 rel->unique_constraints,
					 rel->foreign_keys,
					 rel->check_constraints,
					 rel->exclusion_constraints,
					 rel->not_null_constraints};

	for (int i = 0; i < lengthof(kinds); i++)
		PutRowsOfRelation(writer, &constraint_shape, rel, kinds[i]);
}

static void
PutSorted(Writer *writer, const CatalogContents *contents)
{
	ListCell *lc;

	foreach (lc, SortTables(contents->relations))
	{
		SortedTable *table = lfirst(lc);

		PutRowsOfRelation(writer, &cycle_shape, table->relation, list_make1(table));
	}
}

static void
PutOfRelations(Writer *writer, const Part *part, const CatalogContents *contents)
{
	ListCell *lc;

	foreach (lc, contents->relations)
	{
		CatalogRelation *rel = lfirst(lc);

		if (part == CONSTRAINTS_PART)
			PutConstraints(writer, rel);
		else
			PutRowsOfRelation(writer, part->shape, rel, *(List **) ((char *) rel + part->list));
	}
}

static void
PutPart(Writer *writer, const Part *part, const CatalogContents *contents)
{
	List *fields = PackedFields(part->shape);

	writer->hash = hash_bytes_extended((const unsigned char *) part->name, strlen(part->name), writer->hash);
	BeginPart(writer, part->name, part->of_relation ? lcons(pstrdup("relation"), fields) : fields);
	if (part == RELATIONS_PART)
		PutRelations(writer, contents->relations);
	else if (part == SORTED_PART)
		PutSorted(writer, contents);
	else if (part->of_relation)
		PutOfRelations(writer, part, contents);
	else
		PutRowsOf(writer, part->shape, *(List **) ((char *) contents + part->list));
	EndPart(writer);
}

static void
NumberRelations(List *relations)
{
	ListCell *lc;

	foreach (lc, relations)
		((CatalogRelation *) lfirst(lc))->place = foreach_current_index (lc);
}

/* Equal for equal arguments but known. */
static char *
RememberedAs(List *wanted, const Scope *scope)
{
	StringInfoData key;
	ListCell *lc;

	initStringInfo(&key);
	/* what is packed is in the client's encoding, and so is what the hash is of */
	appendStringInfo(&key, "snapshot in %s %s", pg_get_client_encoding_name(), ScopeText(scope));
	foreach (lc, wanted)
		appendStringInfo(&key, " %s", ((const Part *) lfirst(lc))->name);
	return key.data;
}

/* All parts; answers their hash. */
static uint64
PutParts(Writer *writer, List *wanted, const Scope *scope)
{
	Catalog *catalog = LoadNewestCatalog(scope, CatalogPartsOf(wanted));
	ListCell *lc;

	NumberRelations(Contents(catalog)->relations);
	foreach (lc, wanted)
		PutPart(writer, lfirst(lc), Contents(catalog));
	PutTexts(writer, "warnings", Contents(catalog)->warnings);
	FreeCatalog(catalog);
	return writer->hash;
}

static void
PutFingerprint(Writer *writer, const char *fingerprint)
{
	PutTexts(writer, "fingerprint", list_make1(unconstify(char *, fingerprint)));
}

/* Puts the fingerprint alone if it is known, and remembered to be that of now. */
static bool
PutRecalled(Writer *writer, const char *key, const SchemaState *state, const char *known)
{
	uint64 hash;
	bool same = known != NULL && Recall(key, state, &hash) && strcmp(HashAsText(hash), known) == 0;

	if (same)
		PutFingerprint(writer, known);
	return same;
}

PG_FUNCTION_INFO_V1(reflect_snapshot);

/* aiodal.snapshot(parts, schemas, include, known) */
Datum
reflect_snapshot(PG_FUNCTION_ARGS)
{
	Writer writer = {.result = (ReturnSetInfo *) fcinfo->resultinfo};
	const char *known = PG_ARGISNULL(3) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(3));
	List *wanted = ReadParts(fcinfo);
	SchemaState state;
	Scope scope;
	const char *fingerprint;
	char *key;
	uint64 hash;

	InitMaterializedSRF(fcinfo, 0);
	ReadScopeOfSchemas(&scope, fcinfo, 1);
	initStringInfo(&writer.data);
	key = RememberedAs(wanted, &scope);
	if (CanRemember())
	{
		state = CurrentSchemaState();
		if (PutRecalled(&writer, key, &state, known))
			return (Datum) 0;
	}
	hash = PutParts(&writer, wanted, &scope);
	if (CanRemember())
		Remember(key, &state, hash);
	fingerprint = HashAsText(hash);
	if (known != NULL && strcmp(known, fingerprint) == 0)
		tuplestore_clear(writer.result->setResult);
	PutFingerprint(&writer, fingerprint);
	return (Datum) 0;
}
