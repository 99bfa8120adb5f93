/*
 * catalog_trigger.c
 *		Triggers, rules and event triggers.
 */
#include "catalog_impl.h"

#include "access/htup_details.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "deparse.h"

/* of triggers, rules and event triggers alike */
static const char *
Enabled(char enabled)
{
	switch (enabled)
	{
		case TRIGGER_DISABLED: return "disabled";
		case TRIGGER_FIRES_ON_REPLICA: return "replica";
		case TRIGGER_FIRES_ALWAYS: return "always";
		default: return "origin";
	}
}

static void
SetFunction(Catalog *cat, Oid oid, const char **schema, const char **name)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));

	if (!HeapTupleIsValid(tuple))
	{
		NoteVanished(cat, "function", oid);
		return;
	}
	*schema = SchemaName(cat, ((Form_pg_proc) GETSTRUCT(tuple))->pronamespace);
	*name = CopyName(&((Form_pg_proc) GETSTRUCT(tuple))->proname);
	ReleaseSysCache(tuple);
}

/* ------------------------------------------------------------- triggers */

static const char *
Timing(int16 tgtype)
{
	if (TRIGGER_FOR_BEFORE(tgtype))
		return "before";
	return TRIGGER_FOR_INSTEAD(tgtype) ? "instead of" : "after";
}

static NameList *
Events(int16 tgtype)
{
	NameList *events = MakeNameList(4);

	events->count = 0;
	if (TRIGGER_FOR_INSERT(tgtype))
		events->names[events->count++] = "insert";
	if (TRIGGER_FOR_DELETE(tgtype))
		events->names[events->count++] = "delete";
	if (TRIGGER_FOR_UPDATE(tgtype))
		events->names[events->count++] = "update";
	if (TRIGGER_FOR_TRUNCATE(tgtype))
		events->names[events->count++] = "truncate";
	return events;
}

/* tgargs: each argument ends in a zero byte */
static NameList *
Arguments(HeapTuple tuple, TupleDesc desc)
{
	NameList *arguments = MakeNameList(((Form_pg_trigger) GETSTRUCT(tuple))->tgnargs);
	bool isnull;
	Datum value = heap_getattr(tuple, Anum_pg_trigger_tgargs, desc, &isnull);
	const char *next = arguments->count > 0 ? VARDATA_ANY(DatumGetByteaPP(value)) : NULL;

	for (int i = 0; i < arguments->count; i++)
	{
		arguments->names[i] = pstrdup(next);
		next += strlen(next) + 1;
	}
	return arguments;
}

static void
AppendEvents(StringInfo text, const CatalogTrigger *trigger)
{
	for (int i = 0; i < trigger->events->count; i++)
	{
		const char *event = trigger->events->names[i];

		appendStringInfo(text, "%s%s", i > 0 ? " OR " : " ", UpperCase(event));
		for (int c = 0; strcmp(event, "update") == 0 && c < trigger->columns->count; c++)
			appendStringInfo(text, "%s%s", c > 0 ? ", " : " OF ",
							 quote_identifier(trigger->columns->names[c]));
	}
}

static void
AppendConstraintPart(StringInfo text, const CatalogTrigger *trigger)
{
	if (!trigger->is_constraint)
		return;
	if (trigger->referenced_relation)
		appendStringInfo(
			text, "FROM %s ",
			quote_qualified_identifier(trigger->referenced_schema, trigger->referenced_relation));
	appendStringInfo(text, "%sDEFERRABLE INITIALLY %s ", trigger->deferrable ? "" : "NOT ",
					 trigger->initially_deferred ? "DEFERRED" : "IMMEDIATE");
}

/* The words of pg_get_triggerdef(), names always qualified. */
static const char *
TriggerDefinition(Catalog *cat, const CatalogTrigger *trigger)
{
	StringInfo text = &cat->text;

	resetStringInfo(text);
	appendStringInfo(text, "CREATE %sTRIGGER %s %s", trigger->is_constraint ? "CONSTRAINT " : "",
					 quote_identifier(trigger->name), UpperCase(trigger->timing));
	AppendEvents(text, trigger);
	appendStringInfo(text, " ON %s ",
					 quote_qualified_identifier(trigger->relation->schema, trigger->relation->name));
	AppendConstraintPart(text, trigger);
	if (trigger->old_table || trigger->new_table)
		appendStringInfoString(text, "REFERENCING ");
	if (trigger->old_table)
		appendStringInfo(text, "OLD TABLE AS %s ", quote_identifier(trigger->old_table));
	if (trigger->new_table)
		appendStringInfo(text, "NEW TABLE AS %s ", quote_identifier(trigger->new_table));
	appendStringInfo(text, "FOR EACH %s ", UpperCase(trigger->level));
	if (trigger->condition)
		appendStringInfo(text, "WHEN (%s) ", trigger->condition);
	appendStringInfo(text, "EXECUTE FUNCTION %s(",
					 QualifiedUnlessSystem(trigger->function_schema, trigger->function_name));
	for (int i = 0; i < trigger->arguments->count; i++)
		appendStringInfo(text, "%s%s", i > 0 ? ", " : "", QuoteText(trigger->arguments->names[i]));
	appendStringInfoChar(text, ')');
	return pnstrdup(text->data, text->len);
}

static void
SetReferenced(Catalog *cat, CatalogTrigger *trigger, Oid oid)
{
	CatalogRelation *referenced = FindClass(cat, oid);

	if (referenced == NULL)
		return;
	trigger->referenced_schema = referenced->schema;
	trigger->referenced_relation = referenced->name;
}

static void
VisitTrigger(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
	CatalogRelation *rel = FindWanted(cat, form->tgrelid);
	CatalogTrigger *trigger;
	Subject subject = {"condition of trigger", rel, NULL};

	if (rel == NULL || form->tgisinternal)
		return;
	trigger = palloc0(sizeof(CatalogTrigger));
	trigger->relation = rel;
	trigger->oid = form->oid;
	trigger->name = subject.name = CopyName(&form->tgname);
	trigger->timing = Timing(form->tgtype);
	trigger->events = Events(form->tgtype);
	trigger->level = TRIGGER_FOR_ROW(form->tgtype) ? "row" : "statement";
	trigger->columns = ColumnNames(rel, form->tgattr.values, form->tgattr.dim1);
	trigger->condition = RowConditionText(cat, rel, tuple, desc, Anum_pg_trigger_tgqual, &subject);
	SetFunction(cat, form->tgfoid, &trigger->function_schema, &trigger->function_name);
	trigger->arguments = Arguments(tuple, desc);
	trigger->enabled = Enabled(form->tgenabled);
	trigger->is_constraint = OidIsValid(form->tgconstraint);
	trigger->deferrable = form->tgdeferrable;
	trigger->initially_deferred = form->tginitdeferred;
	trigger->is_inherited = OidIsValid(form->tgparentid);
	SetReferenced(cat, trigger, form->tgconstrrelid);
	trigger->old_table = RowName(tuple, desc, Anum_pg_trigger_tgoldtable);
	trigger->new_table = RowName(tuple, desc, Anum_pg_trigger_tgnewtable);
	trigger->comment = FindComment(cat, TriggerRelationId, trigger->oid, 0);
	if (trigger->function_name)
		trigger->definition = TriggerDefinition(cat, trigger);
	rel->triggers = lappend(rel->triggers, trigger);
}

static int
CompareTriggers(const ListCell *a, const ListCell *b)
{
	return strcmp(((CatalogTrigger *) lfirst(a))->name, ((CatalogTrigger *) lfirst(b))->name);
}

/* ---------------------------------------------------------------- rules */

static const char *
RuleEvent(char ev_type)
{
	switch (ev_type)
	{
		case '2': return "update";
		case '3': return "insert";
		case '4': return "delete";
		default: return "select";
	}
}

static void
VisitRule(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_rewrite form = (Form_pg_rewrite) GETSTRUCT(tuple);
	CatalogRelation *rel = FindWanted(cat, form->ev_class);
	CatalogRule *rule;

	/* the rule of a view is its definition */
	if (rel == NULL || form->ev_type == '1')
		return;
	rule = palloc0(sizeof(CatalogRule));
	rule->relation = rel;
	rule->oid = form->oid;
	rule->name = CopyName(&form->rulename);
	rule->event = RuleEvent(form->ev_type);
	rule->is_instead = form->is_instead;
	rule->enabled = Enabled(form->ev_enabled);
	rule->definition = RuleText(cat, rule, tuple, desc);
	rule->comment = FindComment(cat, RewriteRelationId, rule->oid, 0);
	rel->rules = lappend(rel->rules, rule);
}

static int
CompareRules(const ListCell *a, const ListCell *b)
{
	return strcmp(((CatalogRule *) lfirst(a))->name, ((CatalogRule *) lfirst(b))->name);
}

void
LoadTriggers(Catalog *cat)
{
	ListCell *lc;

	ScanRelationRows(cat, TriggerRelationId, TriggerRelidNameIndexId, Anum_pg_trigger_tgrelid, VisitTrigger);
	ScanRelationRows(cat, RewriteRelationId, RewriteRelRulenameIndexId, Anum_pg_rewrite_ev_class, VisitRule);
	foreach (lc, cat->contents.relations)
	{
		list_sort(((CatalogRelation *) lfirst(lc))->triggers, CompareTriggers);
		list_sort(((CatalogRelation *) lfirst(lc))->rules, CompareRules);
	}
}

/* ------------------------------------------------------- event triggers */

static void
VisitEventTrigger(Catalog *cat, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_event_trigger form = (Form_pg_event_trigger) GETSTRUCT(tuple);
	CatalogEventTrigger *trigger;

	if (!cat->scope.extensions && FindExtension(cat, EventTriggerRelationId, form->oid) != NULL)
		return;
	trigger = palloc0(sizeof(CatalogEventTrigger));
	trigger->oid = form->oid;
	trigger->name = CopyName(&form->evtname);
	trigger->event = CopyName(&form->evtevent);
	trigger->owner = FindName(cat, NAMED_ROLE, form->evtowner);
	SetFunction(cat, form->evtfoid, &trigger->function_schema, &trigger->function_name);
	trigger->enabled = Enabled(form->evtenabled);
	trigger->tags = ListOrEmpty(RowNameArray(tuple, desc, Anum_pg_event_trigger_evttags));
	trigger->comment = FindComment(cat, EventTriggerRelationId, trigger->oid, 0);
	cat->contents.event_triggers = lappend(cat->contents.event_triggers, trigger);
}

static int
CompareEventTriggers(const ListCell *a, const ListCell *b)
{
	return strcmp(((CatalogEventTrigger *) lfirst(a))->name, ((CatalogEventTrigger *) lfirst(b))->name);
}

void
LoadEventTriggers(Catalog *cat)
{
	ScanCatalog(cat, EventTriggerRelationId, VisitEventTrigger);
	list_sort(cat->contents.event_triggers, CompareEventTriggers);
}
