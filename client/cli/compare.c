/*
 * compare.c
 *		The difference between two outlines of schemas.
 *
 * What is in both under one key is compared; there is no guess at what was renamed.
 */
#include "compare.h"

#include <stdbool.h>
#include <string.h>

#include "document.h"

/* NULL counts as null: a server that does not know a property says nothing about it. */
static bool
is_same(const json_t *a, const json_t *b)
{
	if (!a || json_is_null(a))
		return !b || json_is_null(b);
	return b && json_equal(a, b);
}

/* A reference for "o" of json_pack() that may be NULL. */
static json_t *
or_null(json_t *value)
{
	return value ? json_incref(value) : json_null();
}

static void
add_property(json_t *found, const char *name, json_t *a, json_t *b)
{
	if (!is_same(a, b))
		json_array_append_new(found,
							  json_pack("{s:s, s:o, s:o}", "name", name, "a", or_null(a), "b", or_null(b)));
}

static json_t *
compare_properties(const json_t *a, const json_t *b)
{
	json_t *found = json_array();
	const char *name;
	json_t *value;

	json_object_foreach((json_t *) a, name, value) add_property(found, name, value, json_object_get(b, name));
	json_object_foreach((json_t *) b, name, value)
	{
		if (!json_object_get(a, name))
			add_property(found, name, NULL, value);
	}
	return found;
}

/* --- parts */

/* Either may be NULL. */
static json_t *
part_entry(const char *change, const json_t *a, const json_t *b, json_t *properties)
{
	const json_t *either = b ? b : a;

	return json_pack("{s:s, s:O, s:O, s:o, s:o, s:o}", "change", change, "kind",
					 json_object_get(either, "kind"), "name", json_object_get(either, "name"), "a",
					 or_null(json_object_get(a, "text")), "b", or_null(json_object_get(b, "text")),
					 "properties", properties);
}

static void
compare_part(json_t *found, const json_t *a, const json_t *b)
{
	json_t *properties;

	/* the constraint it belongs to is told already */
	if ((!a || !b) && cli_true_at(a ? a : b, "follows"))
		return;
	if (!a || !b)
	{
		json_array_append_new(found, part_entry(a ? "removed" : "added", a, b, json_array()));
		return;
	}
	properties = compare_properties(json_object_get(a, "properties"), json_object_get(b, "properties"));
	if (json_array_size(properties) > 0)
		json_array_append_new(found, part_entry("changed", a, b, properties));
	else
		json_decref(properties);
}

static json_t *
compare_parts(const json_t *a, const json_t *b)
{
	json_t *found = json_array();
	const char *key;
	json_t *part;

	json_object_foreach((json_t *) a, key, part) compare_part(found, part, json_object_get(b, key));
	json_object_foreach((json_t *) b, key, part)
	{
		if (!json_object_get(a, key))
			compare_part(found, NULL, part);
	}
	return found;
}

/* Names of the columns that the other has too, in their order. */
static json_t *
common_columns(const json_t *parts, const json_t *others)
{
	json_t *names = json_array();
	const char *key;
	json_t *part;

	json_object_foreach((json_t *) parts, key, part)
	{
		if (strcmp(cli_text_at(part, "kind"), "column") == 0 && json_object_get(others, key))
			json_array_append(names, json_object_get(part, "name"));
	}
	return names;
}

static void
compare_column_order(json_t *properties, const json_t *a, const json_t *b)
{
	json_t *first = common_columns(a, b);
	json_t *second = common_columns(b, a);

	add_property(properties, "column_order", first, second);
	json_decref(first);
	json_decref(second);
}

/* --- objects */

static json_t *
object_entry(const char *change, const json_t *object, json_t *properties, json_t *parts)
{
	return json_pack("{s:s, s:O, s:O, s:O, s:O, s:o, s:o}", "change", change, "kind",
					 json_object_get(object, "kind"), "schema", json_object_get(object, "schema"), "name",
					 json_object_get(object, "name"), "identity", json_object_get(object, "identity"),
					 "properties", properties, "parts", parts);
}

static void
compare_object(json_t *found, const json_t *a, const json_t *b)
{
	const json_t *parts_of_a = json_object_get(a, "parts");
	const json_t *parts_of_b = json_object_get(b, "parts");
	json_t *properties =
		compare_properties(json_object_get(a, "properties"), json_object_get(b, "properties"));
	json_t *parts = compare_parts(parts_of_a, parts_of_b);

	compare_column_order(properties, parts_of_a, parts_of_b);
	if (json_array_size(properties) > 0 || json_array_size(parts) > 0)
		json_array_append_new(found, object_entry("changed", b, properties, parts));
	else
	{
		json_decref(properties);
		json_decref(parts);
	}
}

json_t *
cli_compare(const json_t *a, const json_t *b)
{
	json_t *found = json_array();
	const char *key;
	json_t *object;

	json_object_foreach((json_t *) a, key, object)
	{
		const json_t *other = json_object_get(b, key);

		if (other)
			compare_object(found, object, other);
		else
			json_array_append_new(found, object_entry("removed", object, json_array(), json_array()));
	}
	json_object_foreach((json_t *) b, key, object)
	{
		if (!json_object_get(a, key))
			json_array_append_new(found, object_entry("added", object, json_array(), json_array()));
	}
	return found;
}
