/*
 * outline.c
 *		A reflection document as what can differ between two schemas.
 */
#include "outline.h"

#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "document.h"
#include "memory.h"
#include "name.h"

/* A document that somebody else wrote may lack what every one has. */
static const char *
text_or_empty(const json_t *object, const char *key)
{
	const char *text = cli_text_at(object, key);

	return text ? text : "";
}

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
	{
		if (strcmp(word, *words) == 0)
			return true;
	}
	return false;
}

/* --- properties */

/* Told by other keys, by the text of a definition, or by the session that asked. */
static const char *const derived[] = {
	"visible",      "position",    "type_schema",   "type_name",   "typmod",     "dimensions", "type_kind",
	"element_type", "base_schema", "base_relation", "base_column", "insertable", "updatable",  "deletable",
	"schema",       "name",        "signature",     "grantor",     NULL,
};

/* What has a definition needs no more than these. */
static const char *const beside_definition[] = {
	"definition", "comment", "validated", "enforced", "enabled", "is_local", "inherited", NULL,
};

static bool
is_oid(const char *key)
{
	size_t n = strlen(key);

	return strcmp(key, "oid") == 0 || (n > 4 && strcmp(key + n - 4, "_oid") == 0);
}

static bool
is_ignored(const char *key, const cli_outline_options *options)
{
	return (options->no_owner && strcmp(key, "owner") == 0) ||
		   (options->no_comment && strcmp(key, "comment") == 0);
}

static bool
is_list_of_objects(const json_t *value)
{
	return json_is_object(value) || json_is_object(json_array_get(value, 0));
}

static int
compare_texts(const void *a, const void *b)
{
	const char *first = json_string_value(*(json_t *const *) a);
	const char *second = json_string_value(*(json_t *const *) b);

	return strcmp(first ? first : "", second ? second : "");
}

/* Lists whose order says nothing; a server keeps that in which they were set. A new reference. */
static json_t *
in_order(const char *key, json_t *value)
{
	static const char *const sets[] = {"options", "foreign_options", "settings", "roles", "operations",
									   "schemas", "relations",       "tags",     NULL};
	size_t n = json_array_size(value);
	json_t *sorted;
	json_t **items;

	if (n < 2 || !is_one_of(key, sets))
		return json_incref(value);
	sorted = json_array();
	items = cli_realloc(NULL, n, sizeof(json_t *));
	for (size_t i = 0; i < n; i++)
		items[i] = json_array_get(value, i);
	qsort(items, n, sizeof(json_t *), compare_texts);
	for (size_t i = 0; i < n; i++)
		json_array_append(sorted, items[i]);
	free(items);
	return sorted;
}

/* only: the keys to take; NULL: all that are not derived */
static json_t *
properties(const json_t *object, const char *const *only, const cli_outline_options *options)
{
	json_t *found = json_object();
	const char *key;
	json_t *value;

	json_object_foreach((json_t *) object, key, value)
	{
		bool wanted = only ? is_one_of(key, only)
						   : !is_one_of(key, derived) && !is_oid(key) && !is_list_of_objects(value);

		/* an empty list may be one of objects: then there is nothing to say */
		if (wanted && !is_ignored(key, options) && !(json_is_array(value) && json_array_size(value) == 0))
			json_object_set_new(found, key, in_order(key, value));
	}
	return found;
}

/* --- parts: text of each kind, to be freed */

static char *
definition_text(const json_t *part)
{
	const char *definition = cli_text_at(part, "definition");

	return cli_strdup(definition ? definition : "");
}

static char *
column_text(const json_t *column)
{
	const char *value = cli_text_at(column, "default_value");
	const char *generated = cli_text_at(column, "generated");
	const char *identity = cli_text_at(column, "identity");
	const char *keyword = generated ? "generated always as" : "default";

	return cli_printf("%s%s%s%s%s%s%s%s%s", cli_text_at(column, "type"),
					  cli_true_at(column, "not_null") ? " not null" : "", identity ? " generated " : "",
					  identity ? identity : "", identity ? " as identity" : "", value ? " " : "",
					  value ? keyword : "", value ? " " : "", value ? value : "");
}

static char *
joined(const json_t *list)
{
	char *text = cli_strdup("");
	size_t i;
	json_t *item;

	json_array_foreach (list, i, item)
	{
		char *longer = cli_printf("%s%s%s", text, i > 0 ? ", " : "", json_string_value(item));

		free(text);
		text = longer;
	}
	return text;
}

static char *
policy_text(const json_t *policy)
{
	const char *qual = cli_text_at(policy, "qual");
	const char *check = cli_text_at(policy, "with_check");
	char *roles = joined(json_object_get(policy, "roles"));
	char *text = cli_printf(
		"%s for %s to %s%s%s%s%s%s%s", cli_true_at(policy, "permissive") ? "permissive" : "restrictive",
		cli_text_at(policy, "cmd"), *roles ? roles : "public", qual ? " using (" : "", qual ? qual : "",
		qual ? ")" : "", check ? " with check (" : "", check ? check : "", check ? ")" : "");

	free(roles);
	return text;
}

static char *
statistics_text(const json_t *statistics)
{
	char *kinds = joined(json_object_get(statistics, "kinds"));
	char *columns = joined(json_object_get(statistics, "columns"));
	char *text = cli_printf("(%s) on %s", kinds, columns);

	free(kinds);
	free(columns);
	return text;
}

static char *
type_text(const json_t *attribute)
{
	return cli_strdup(text_or_empty(attribute, "type"));
}

static char *
expression_text(const json_t *check)
{
	const char *expression = cli_text_at(check, "expression");

	return cli_strdup(expression ? expression : "");
}

/* Lists of parts that a relation or a type has. */
static const struct
{
	const char *key;
	const char *kind;
	const char *const *only;
	char *(*text)(const json_t *);
} part_lists[] = {
	{"columns", "column", NULL, column_text},
	{"primary_key", "primary key", beside_definition, definition_text},
	{"unique_constraints", "unique constraint", beside_definition, definition_text},
	{"foreign_keys", "foreign key", beside_definition, definition_text},
	{"check_constraints", "check constraint", beside_definition, definition_text},
	{"exclusion_constraints", "exclusion constraint", beside_definition, definition_text},
	{"not_null_constraints", "not-null constraint", beside_definition, definition_text},
	{"indexes", "index", NULL, cli_index_text},
	{"triggers", "trigger", beside_definition, definition_text},
	{"rules", "rule", beside_definition, definition_text},
	{"policies", "policy", NULL, policy_text},
	{"statistics", "statistics", NULL, statistics_text},
	{"attributes", "attribute", NULL, type_text},
	{"checks", "check constraint", NULL, expression_text},
};

/* name and text are freed */
static json_t *
add_part(json_t *parts, const char *kind, char *name, char *text, json_t *values)
{
	char *key = cli_printf("%s %s", kind, name);
	json_t *part =
		json_pack("{s:s, s:s, s:s, s:o}", "kind", kind, "name", name, "text", text, "properties", values);

	json_object_set_new(parts, key, part);
	free(key);
	free(name);
	free(text);
	return part;
}

/* An index has no definition in the document: its text is one. Keys that it shows are not repeated. */
static void
finish_index(json_t *part, const json_t *index)
{
	static const char *const shown[] = {
		"keys",
		"method",
		"is_unique",
		"is_primary",
		"is_valid",
		"is_clustered",
		"nulls_not_distinct",
		"include",
		"predicate",
		"is_ready",
		"is_exclusion",
		"constraint_name",
		"is_replica_identity",
		NULL,
	};
	json_t *values = json_object_get(part, "properties");

	for (const char *const *key = shown; *key; key++)
		json_object_del(values, *key);
	json_object_set(values, "definition", json_object_get(part, "text"));
	/* comes and goes with its constraint */
	if (cli_text_at(index, "constraint_name"))
		json_object_set_new(part, "follows", json_true());
}

static void
add_parts(json_t *parts, const json_t *object, size_t which, const cli_outline_options *options)
{
	json_t *list = json_object_get(object, part_lists[which].key);
	json_t *item = json_is_object(list) ? list : NULL;
	size_t n = item ? 1 : json_array_size(list);

	for (size_t i = 0; i < n; i++)
	{
		json_t *part;

		item = json_is_object(list) ? list : json_array_get(list, i);
		if (!json_is_object(item))
			continue;
		part = add_part(parts, part_lists[which].kind, cli_strdup(text_or_empty(item, "name")),
						part_lists[which].text(item), properties(item, part_lists[which].only, options));
		if (strcmp(part_lists[which].key, "indexes") == 0)
			finish_index(part, item);
	}
}

/* --- privileges: one part for a role, on all or on one column */

static char *
grantee_text(const json_t *object, const json_t *privilege, const cli_outline_options *options)
{
	const char *owner = cli_text_at(object, "owner");
	const char *grantee = cli_text_at(privilege, "grantee");
	const char *grantor = cli_text_at(privilege, "grantor");
	const char *column = cli_text_at(privilege, "column_name");
	bool to_owner = grantee && owner && strcmp(grantee, owner) == 0;
	bool by_other = !options->no_owner && grantor && owner && strcmp(grantor, owner) != 0;

	if (!grantee)
		grantee = "PUBLIC";
	return cli_printf("%s%s%s%s%s", to_owner && options->no_owner ? "the owner" : grantee,
					  column ? " on column " : "", column ? column : "", by_other ? " granted by " : "",
					  by_other ? grantor : "");
}

static void
add_privilege(json_t *parts, const json_t *object, const json_t *privilege,
			  const cli_outline_options *options)
{
	char *name = grantee_text(object, privilege, options);
	char *key = cli_printf("privileges %s", name);
	const json_t *part = json_object_get(parts, key);
	const char *before = cli_text_at(part, "text");
	char *text = cli_printf("%s%s%s%s", before ? before : "", before ? ", " : "",
							cli_text_at(privilege, "privilege_type"),
							cli_true_at(privilege, "is_grantable") ? " with grant option" : "");

	add_part(parts, "privileges", name, text, json_pack("{s:o}", "granted", json_string(text)));
	free(key);
}

static void
add_privileges(json_t *parts, const json_t *object, const cli_outline_options *options)
{
	size_t i;
	json_t *privilege;

	if (options->no_privileges)
		return;
	json_array_foreach (json_object_get(object, "privileges"), i, privilege)
		add_privilege(parts, object, privilege, options);
}

static json_t *
all_parts(const json_t *object, const cli_outline_options *options)
{
	json_t *parts = json_object();

	for (size_t i = 0; i < sizeof(part_lists) / sizeof(part_lists[0]); i++)
	{
		if (options->not_null_names || strcmp(part_lists[i].key, "not_null_constraints") != 0)
			add_parts(parts, object, i, options);
	}
	add_privileges(parts, object, options);
	return parts;
}

/* --- objects */

static const struct
{
	const char *key;
	const char *kind; /* NULL: each says its own */
} object_lists[] = {
	{"schemas", "schema"},
	{"extensions", "extension"},
	{"types", NULL},
	{"sequences", "sequence"},
	{"relations", NULL},
	{"functions", NULL},
	{"event_triggers", "event trigger"},
	{"publications", "publication"},
	{"default_privileges", "default privilege"},
};

/* As people write it, and different for each object of a list; to be freed. */
static char *
identity_of(const json_t *object)
{
	const char *signature = cli_text_at(object, "signature");
	const char *object_type = cli_text_at(object, "object_type");
	const char *schema = cli_text_at(object, "schema");
	const char *name = cli_text_at(object, "name");
	const char *grantee = cli_text_at(object, "grantee");

	if (signature)
		return cli_strdup(signature);
	if (object_type)
		return cli_printf("%s on each new %s of %s%s%s to %s", cli_text_at(object, "privilege_type"),
						  object_type, cli_text_at(object, "owner"), schema ? " in schema " : "",
						  schema ? schema : "", grantee ? grantee : "PUBLIC");
	if (!name || !schema || json_object_get(object, "relocatable"))
		return cli_quote_name(name ? name : schema ? schema : "");
	return cli_quote_table_name(schema, name);
}

static bool
is_wanted(const json_t *object, const cli_outline_options *options)
{
	const char *schema = cli_text_at(object, "schema");

	if (options->schemas.n == 0)
		return true;
	for (size_t i = 0; schema && i < options->schemas.n; i++)
	{
		if (strcmp(schema, options->schemas.at[i]) == 0)
			return true;
	}
	return false;
}

/* "in a integer default 1", or a column of a result */
static json_t *
argument_texts(const json_t *list)
{
	json_t *texts = json_array();
	size_t i;
	json_t *item;

	json_array_foreach (list, i, item)
	{
		const char *mode = cli_text_at(item, "mode");
		const char *name = cli_text_at(item, "name");
		const char *value = cli_text_at(item, "default_value");
		char *text =
			cli_printf("%s%s%s%s%s%s%s", mode ? mode : "", mode ? " " : "", name ? name : "", name ? " " : "",
					   cli_text_at(item, "type"), value ? " default " : "", value ? value : "");

		json_array_append_new(texts, json_string(text));
		free(text);
	}
	return texts;
}

static json_t *
object_properties(const json_t *object, const cli_outline_options *options)
{
	static const char *const lists[] = {"arguments", "result_columns"};
	json_t *values = properties(object, NULL, options);

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
	{
		if (json_array_size(json_object_get(object, lists[i])) > 0)
			json_object_set_new(values, lists[i], argument_texts(json_object_get(object, lists[i])));
	}
	/* of an extension it is no part of the name */
	if (json_object_get(object, "relocatable"))
		json_object_set(values, "schema", json_object_get(object, "schema"));
	return values;
}

static void
add_object(json_t *outline, const json_t *object, size_t which, const cli_outline_options *options)
{
	const char *kind = object_lists[which].kind ? object_lists[which].kind : text_or_empty(object, "kind");
	const char *schema = cli_text_at(object, "schema");
	const char *name = cli_text_at(object, "name");
	char *identity = identity_of(object);
	char *key = cli_printf("%s %s", object_lists[which].key, identity);
	json_t *entry = json_object();

	json_object_set_new(entry, "kind", json_string(kind));
	json_object_set_new(entry, "schema", schema ? json_string(schema) : json_null());
	json_object_set_new(entry, "name", json_string(name ? name : identity));
	json_object_set_new(entry, "identity", json_string(identity));
	json_object_set_new(entry, "properties", object_properties(object, options));
	json_object_set_new(entry, "parts", all_parts(object, options));
	json_object_set_new(outline, key, entry);
	free(identity);
	free(key);
}

json_t *
cli_outline(const json_t *document, const cli_outline_options *options)
{
	json_t *outline = json_object();

	for (size_t which = 0; which < sizeof(object_lists) / sizeof(object_lists[0]); which++)
	{
		bool of_privileges = strcmp(object_lists[which].key, "default_privileges") == 0;
		size_t i;
		json_t *object;

		json_array_foreach (json_object_get(document, object_lists[which].key), i, object)
		{
			if (is_wanted(object, options) && !(of_privileges && options->no_privileges))
				add_object(outline, object, which, options);
		}
	}
	return outline;
}
