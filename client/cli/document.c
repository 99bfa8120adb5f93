/*
 * document.c
 *		The document of aiodal.reflect() with its relations tied together.
 *
 * The document has foreign keys and partitions by OID; here they are pointers. A table that is referred to
 * and not in the document, because it was not asked for, gets an entry with its name alone.
 */
#include "document.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

const char *
cli_text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

bool
cli_true_at(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static void *
zeroed(size_t n, size_t size)
{
	void *memory = cli_realloc(NULL, n + 1, size);

	memset(memory, 0, (n + 1) * size);
	return memory;
}

int
cli_column_place(const cli_relation *relation, const char *name)
{
	for (size_t i = 0; name && i < relation->n_columns; i++)
	{
		if (strcmp(relation->columns[i].name, name) == 0)
			return (int) i;
	}
	return -1;
}

static bool
contains(const json_t *names, const char *name)
{
	size_t i;
	json_t *item;

	json_array_foreach (names, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), name) == 0)
			return true;
	}
	return false;
}

static bool
all_in(const json_t *names, const json_t *others)
{
	size_t i;
	json_t *name;

	json_array_foreach (names, i, name)
	{
		if (!json_is_string(name) || !contains(others, json_string_value(name)))
			return false;
	}
	return json_array_size(names) > 0;
}

/* --- keys of a relation */

/* Columns of a unique index on all rows and plain columns, as new array; NULL for any other index. */
static json_t *
unique_columns(const json_t *index)
{
	json_t *columns;
	size_t i;
	json_t *key;

	if (!cli_true_at(index, "is_unique") || !cli_true_at(index, "is_valid") ||
		cli_text_at(index, "predicate"))
		return NULL;
	columns = json_array();
	json_array_foreach (json_object_get(index, "keys"), i, key)
		json_array_append(columns, json_object_get(key, "column"));
	return columns;
}

/* Whether no two rows have the same values in these columns. */
static bool
is_unique_by(const cli_relation *relation, const json_t *columns)
{
	size_t i;
	json_t *index;
	bool found = false;

	json_array_foreach (json_object_get(relation->json, "indexes"), i, index)
	{
		json_t *key = unique_columns(index);

		found = found || all_in(key, columns);
		json_decref(key);
	}
	return found;
}

static void
mark_unique_column(cli_relation *relation, const json_t *columns)
{
	int place = -1;

	if (json_array_size(columns) == 1)
		place = cli_column_place(relation, json_string_value(json_array_get(columns, 0)));
	if (place >= 0)
		relation->columns[place].unique = true;
}

static void
mark_keys(cli_relation *relation)
{
	const json_t *primary = json_object_get(json_object_get(relation->json, "primary_key"), "columns");
	size_t i;
	json_t *item;

	for (size_t c = 0; c < relation->n_columns; c++)
		relation->columns[c].primary = contains(primary, relation->columns[c].name);
	json_array_foreach (json_object_get(relation->json, "indexes"), i, item)
	{
		json_t *columns = unique_columns(item);

		mark_unique_column(relation, columns);
		json_decref(columns);
	}
	json_array_foreach (json_object_get(relation->json, "foreign_keys"), i, item)
	{
		for (size_t c = 0; c < relation->n_columns; c++)
			relation->columns[c].foreign |=
				contains(json_object_get(item, "columns"), relation->columns[c].name);
	}
}

static void
read_columns(cli_relation *relation)
{
	const json_t *list = json_object_get(relation->json, "columns");
	size_t i;
	json_t *json;

	relation->columns = zeroed(json_array_size(list), sizeof(cli_column));
	json_array_foreach (list, i, json)
	{
		relation->columns[i].json = json;
		relation->columns[i].name = cli_text_at(json, "name");
		relation->columns[i].type = cli_text_at(json, "type");
		relation->columns[i].not_null = cli_true_at(json, "not_null");
	}
	relation->n_columns = json_array_size(list);
	mark_keys(relation);
}

static void
read_relation(cli_relation *relation, const json_t *json)
{
	relation->json = json;
	relation->schema = cli_text_at(json, "schema");
	relation->name = cli_text_at(json, "name");
	relation->kind = cli_text_at(json, "kind");
	read_columns(relation);
}

/* --- between relations */

/* The places of relations by OID and by name, as keys of one JSON object. */
static void
remember_oid(json_t *places, const json_t *oid, size_t place)
{
	char *key = cli_printf("%lld", (long long) json_integer_value(oid));

	json_object_set_new(places, key, json_integer((json_int_t) place));
	free(key);
}

static cli_relation *
relation_by_oid(const cli_document *document, const json_t *places, const json_t *oid)
{
	char *key = cli_printf("%lld", (long long) json_integer_value(oid));
	const json_t *place = json_is_integer(oid) ? json_object_get(places, key) : NULL;

	free(key);
	return place ? &document->relations[json_integer_value(place)] : NULL;
}

static void
name_relation(cli_document *document, json_t *places, const json_t *foreign_key)
{
	cli_relation *relation = &document->relations[document->n];

	remember_oid(places, json_object_get(foreign_key, "referenced_oid"), document->n);
	relation->schema = cli_text_at(foreign_key, "referenced_schema");
	relation->name = cli_text_at(foreign_key, "referenced_relation");
	relation->kind = "table";
	relation->columns = zeroed(0, sizeof(cli_column));
	relation->number = document->n++;
}

/* Room for one of each foreign key is enough. */
static size_t
count_foreign_keys(const json_t *relations)
{
	size_t n = 0;
	size_t i;
	json_t *relation;

	json_array_foreach (relations, i, relation)
		n += json_array_size(json_object_get(relation, "foreign_keys"));
	return n;
}

static bool
is_optional(const cli_foreign_key *key)
{
	size_t i;
	json_t *name;

	json_array_foreach (json_object_get(key->json, "columns"), i, name)
	{
		int place = cli_column_place(key->from, json_string_value(name));

		if (place >= 0 && !key->from->columns[place].not_null)
			return true;
	}
	return false;
}

static void
append_reference(cli_relation *to, const cli_foreign_key *key)
{
	to->referenced_by =
		cli_realloc((void *) to->referenced_by, to->n_referenced_by + 1, sizeof(*to->referenced_by));
	to->referenced_by[to->n_referenced_by++] = key;
}

static void
read_foreign_keys(cli_document *document, json_t *places, cli_relation *relation)
{
	const json_t *list = json_object_get(relation->json, "foreign_keys");
	size_t i;
	json_t *json;

	relation->foreign_keys = zeroed(json_array_size(list), sizeof(cli_foreign_key));
	json_array_foreach (list, i, json)
	{
		cli_foreign_key *key = &relation->foreign_keys[relation->n_foreign_keys++];
		const json_t *oid = json_object_get(json, "referenced_oid");

		if (!relation_by_oid(document, places, oid))
			name_relation(document, places, json);
		key->json = json;
		key->name = cli_text_at(json, "name");
		key->from = relation;
		key->to = relation_by_oid(document, places, oid);
		key->unique = is_unique_by(relation, json_object_get(json, "columns"));
		key->optional = is_optional(key);
		append_reference(key->to, key);
	}
}

static void
fold_partition(cli_document *document, const json_t *places, cli_relation *relation)
{
	cli_relation *top = relation_by_oid(document, places, json_object_get(relation->json, "parent_oid"));
	cli_relation *above = top;

	while (above)
	{
		top = above;
		above = relation_by_oid(document, places, json_object_get(top->json, "parent_oid"));
	}
	relation->folded_into = top;
	if (top)
		top->partitions++;
}

void
cli_document_init(cli_document *document, const json_t *json)
{
	const json_t *list = json_object_get(json, "relations");
	json_t *places = json_object();
	size_t i;
	json_t *item;

	document->json = json;
	document->n = document->n_described = json_array_size(list);
	document->relations = zeroed(document->n + count_foreign_keys(list), sizeof(cli_relation));
	json_array_foreach (list, i, item)
	{
		read_relation(&document->relations[i], item);
		document->relations[i].number = i;
		remember_oid(places, json_object_get(item, "oid"), i);
	}
	for (i = 0; i < document->n_described; i++)
	{
		read_foreign_keys(document, places, &document->relations[i]);
		fold_partition(document, places, &document->relations[i]);
	}
	json_decref(places);
}

void
cli_document_free(cli_document *document)
{
	for (size_t i = 0; i < document->n; i++)
	{
		free(document->relations[i].columns);
		free(document->relations[i].foreign_keys);
		free((void *) document->relations[i].referenced_by);
	}
	free(document->relations);
}
