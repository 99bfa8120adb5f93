/*
 * document.c
 *		The whole reflection as one JSON document, and one relation's part of it.
 *		Its shape is described in extension/reflect.schema.json.
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/builtins.h"

#include "catalog.h"
#include "fingerprint.h"
#include "order.h"
#include "rows.h"

/* version of the document's shape; grows when a key changes its meaning or goes */
#define DOCUMENT_VERSION 1

/* About how long the text will be: growing costs a copy each time, room that is not used nothing. */
static int
ExpectedLength(const CatalogContents *contents)
{
	int64 length = 16 * 1024 + 1024 * (int64) list_length(contents->functions);
	ListCell *lc;

	foreach (lc, contents->relations)
		length += 4096 + 700 * (int64) list_length(((CatalogRelation *) lfirst(lc))->columns);
	return Min(length, MaxAllocSize / 2);
}

/* A buffer whose text becomes a varlena without being copied. */
static void
BeginDocument(StringInfo json, const CatalogContents *contents)
{
	initStringInfo(json);
	enlargeStringInfo(json, ExpectedLength(contents));
	json->len = VARHDRSZ;
}

static Datum
EndDocument(StringInfo json)
{
	SET_VARSIZE(json->data, json->len);
	return PointerGetDatum(json->data);
}

static void
AppendKeyName(StringInfo json, const char *key)
{
	appendStringInfo(json, "%c\"%s\":", json->len == VARHDRSZ ? '{' : ',', key);
}

static void
AppendText(StringInfo json, const char *key, const char *text)
{
	AppendKeyName(json, key);
	AppendJsonString(json, text);
}

/* List of char * */
static void
AppendTexts(StringInfo json, const char *key, List *texts)
{
	ListCell *lc;

	AppendKeyName(json, key);
	appendStringInfoChar(json, '[');
	foreach (lc, texts)
	{
		if (lc != list_head(texts))
			appendStringInfoChar(json, ',');
		AppendJsonString(json, lfirst(lc));
	}
	appendStringInfoChar(json, ']');
}

static void
AppendRows(StringInfo json, const char *key, const RowShape *shape, List *rows)
{
	AppendKeyName(json, key);
	AppendRowsJson(json, shape, rows);
}

/* Each cycle with its tables, which stand together in the order. */
static void
AppendCycles(StringInfo json, List *sorted)
{
	int current = NULL_INT;
	bool any = false;
	ListCell *lc;

	AppendKeyName(json, "cycles");
	appendStringInfoChar(json, '[');
	foreach (lc, sorted)
	{
		SortedTable *table = lfirst(lc);

		if (table->cycle == NULL_INT)
			continue;
		if (table->cycle != current)
			appendStringInfo(json, "%s{\"cycle\":%d,\"relations\":[", any ? "]}," : "", table->cycle);
		else
			appendStringInfoChar(json, ',');
		current = table->cycle;
		any = true;
		AppendRowJson(json, &relation_name_shape, table->relation);
	}
	appendStringInfoString(json, any ? "]}]" : "]");
}

static void
AppendDocument(StringInfo json, const CatalogContents *contents, const char *fingerprint)
{
	List *sorted = SortTables(contents->relations);

	AppendKeyName(json, "aiodal");
	appendStringInfo(json, "%d", DOCUMENT_VERSION);
	AppendText(json, "server_version", GetConfigOption("server_version", false, false));
	AppendText(json, "database", get_database_name(MyDatabaseId));
	AppendText(json, "fingerprint", fingerprint);
	AppendTexts(json, "search_path", contents->search_path);
	AppendTexts(json, "warnings", contents->warnings);
	AppendRows(json, "schemas", &schema_shape, contents->schemas);
	AppendRows(json, "relations", &relation_shape, contents->relations);
	AppendRows(json, "types", &type_shape, contents->types);
	AppendRows(json, "sequences", &sequence_shape, contents->sequences);
	AppendRows(json, "functions", &function_shape, contents->functions);
	AppendRows(json, "extensions", &extension_shape, contents->extensions);
	AppendRows(json, "event_triggers", &event_trigger_shape, contents->event_triggers);
	AppendRows(json, "default_privileges", &default_privilege_shape, contents->default_privileges);
	AppendRows(json, "publications", &publication_shape, contents->publications);
	AppendRows(json, "order", &sorted_table_shape, sorted);
	AppendCycles(json, sorted);
	appendStringInfoChar(json, '}');
}

PG_FUNCTION_INFO_V1(reflect_document);

/* aiodal.reflect(schemas, relations, include) returns json */
Datum
reflect_document(PG_FUNCTION_ARGS)
{
	StringInfoData json;
	Scope scope;
	Catalog *catalog;
	const char *fingerprint;

	ReadScope(&scope, fcinfo);
	/* first, so that it is of no later time than the document */
	fingerprint = scope.by_relation ? NULL : Fingerprint(&scope);
	catalog = LoadNewestCatalog(&scope, CATALOG_EVERYTHING);
	BeginDocument(&json, Contents(catalog));
	AppendDocument(&json, Contents(catalog), fingerprint);
	FreeCatalog(catalog);
	PG_RETURN_DATUM(EndDocument(&json));
}

PG_FUNCTION_INFO_V1(reflect_describe);

/* aiodal.describe(relation) returns json; NULL when there is no such relation (any more) */
Datum
reflect_describe(PG_FUNCTION_ARGS)
{
	StringInfoData json;
	Scope scope;
	Catalog *catalog;
	List *relations;

	ScopeOfRelation(&scope, PG_GETARG_OID(0));
	catalog = LoadNewestCatalog(&scope, CATALOG_OF_RELATION);
	relations = Contents(catalog)->relations;
	if (relations == NIL)
		PG_RETURN_NULL();
	BeginDocument(&json, Contents(catalog));
	AppendRowJson(&json, &relation_shape, linitial(relations));
	FreeCatalog(catalog);
	PG_RETURN_DATUM(EndDocument(&json));
}
