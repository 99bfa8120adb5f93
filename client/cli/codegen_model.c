/*
 * codegen_model.c
 *		What tables are in C: kinds, members, keys, and a name for everything.
 *
 * Design notes. Names are given in the order of tables and columns, so that the same schema always gets the
 * same names. All that is called by a table's name ends in a word of ours (book_row, book_insert): no table
 * can be called like a function or type of the C library, and no keyword matters.
 */
#include "codegen.h"

#include <stdlib.h>
#include <string.h>

#include "c_name.h"
#include "memory.h"
#include "name.h"

/* What all names of a table end in; the first ones are of every table. */
static const char *const endings[] = {"_row",     "_list",   "_list_free", "_fields", "_shape",
									  "_mapping", "_check",  "_select",    "_find",   "_insert",
									  "_update",  "_delete", "_load",      NULL};
static const char *const enum_endings[] = {"_enum", "_enum_labels", "_enum_name", "_enum_parse", NULL};

typedef struct kind_of_type
{
	unsigned int oid;
	aiodal_kind kind;
} kind_of_type;

/* OIDs that never change; what is not among them is text */
static const kind_of_type kinds[] = {
	{16, AIODAL_KIND_BOOL},          {17, AIODAL_KIND_BYTEA},     {18, AIODAL_KIND_TEXT},
	{19, AIODAL_KIND_TEXT},          {20, AIODAL_KIND_INT64},     {21, AIODAL_KIND_INT16},
	{23, AIODAL_KIND_INT32},         {25, AIODAL_KIND_TEXT},      {26, AIODAL_KIND_INT64},
	{114, AIODAL_KIND_JSON},         {142, AIODAL_KIND_TEXT},     {700, AIODAL_KIND_FLOAT},
	{701, AIODAL_KIND_DOUBLE},       {1042, AIODAL_KIND_TEXT},    {1043, AIODAL_KIND_TEXT},
	{1082, AIODAL_KIND_DATE},        {1083, AIODAL_KIND_TIME},    {1114, AIODAL_KIND_TIMESTAMP},
	{1184, AIODAL_KIND_TIMESTAMPTZ}, {1700, AIODAL_KIND_NUMERIC}, {2950, AIODAL_KIND_UUID},
	{3802, AIODAL_KIND_JSONB},
};

static aiodal_kind
kind_of(unsigned int oid)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		if (kinds[i].oid == oid)
			return kinds[i].kind;
	}
	return AIODAL_KIND_OTHER;
}

/* What a domain is made of, through others. */
static unsigned int
base_of(const aiodal_schema *schema, unsigned int oid)
{
	const aiodal_type *type;

	while ((type = aiodal_schema_type_by_oid(schema, oid)) != NULL && aiodal_type_base_type_oid(type) != 0)
		oid = aiodal_type_base_type_oid(type);
	return oid;
}

const char *
cli_c_type(const gen_model *model, const gen_column *column)
{
	static char of_enum[300];

	if (column->labels >= 0)
	{
		(void) snprintf(of_enum, sizeof(of_enum), "%s_enum ", model->enums[column->labels].name);
		return of_enum;
	}
	switch (column->kind)
	{
		case AIODAL_KIND_BOOL: return "bool ";
		case AIODAL_KIND_INT16: return "int16_t ";
		case AIODAL_KIND_INT32:
		case AIODAL_KIND_DATE: return "int32_t ";
		case AIODAL_KIND_INT64:
		case AIODAL_KIND_TIME:
		case AIODAL_KIND_TIMESTAMP:
		case AIODAL_KIND_TIMESTAMPTZ: return "int64_t ";
		case AIODAL_KIND_FLOAT: return "float ";
		case AIODAL_KIND_DOUBLE: return "double ";
		case AIODAL_KIND_BYTEA: return "aiodal_bytes ";
		case AIODAL_KIND_UUID: return "aiodal_uuid ";
		case AIODAL_KIND_ARRAY: return "const aiodal_array *";
		default: return "const char *";
	}
}

/*
 * Names
 */

/* Whether base can stand before each of the endings. */
static bool
is_free(const gen_model *model, const char *base, const char *const *ends)
{
	bool is_free = true;

	for (int i = 0; ends[i] && is_free; i++)
	{
		char *name = cli_printf("%s%s", base, ends[i]);

		is_free = !cli_c_is_used(&model->names, name);
		free(name);
	}
	return is_free;
}

/* Claims base with all of the endings, or something like it; base is freed. */
static const char *
claim_all(gen_model *model, char *base, const char *const *ends)
{
	char *name = cli_printf("%s%s", strncasecmp(base, "aiodal", strlen("aiodal")) == 0 ? "x_" : "", base);
	char *first = cli_strdup(name);

	for (int i = 2; !is_free(model, name, ends); i++)
	{
		free(name);
		name = cli_printf("%s_%d", first, i);
	}
	for (int i = 0; ends[i]; i++)
		cli_append_name(&model->names, cli_printf("%s%s", name, ends[i]));
	cli_append_name(&model->bases, name);
	free(first);
	free(base);
	return name;
}

/* The schema, when it is another than that of all tables, and the name. */
static char *
qualified_base(const gen_model *model, const char *schema, const char *only_schema, const char *name,
			   const char *fallback, int number)
{
	char *base = cli_c_name(name, fallback, number);
	char *before = cli_c_name(schema, "schema", 0);
	char *both = !only_schema || strcmp(schema, only_schema) != 0
					 ? cli_printf("%s%s_%s", model->prefix, before, base)
					 : cli_printf("%s%s", model->prefix, base);

	free(base);
	free(before);
	return both;
}

/* The schema of all tables; NULL when there are several. */
static const char *
only_schema_of(const aiodal_table *const *tables, size_t n)
{
	for (size_t i = 1; i < n; i++)
	{
		if (strcmp(aiodal_table_schema(tables[i]), aiodal_table_schema(tables[0])) != 0)
			return NULL;
	}
	return n > 0 ? aiodal_table_schema(tables[0]) : NULL;
}

/*
 * Enums
 */

static void
name_constants(gen_model *model, gen_enum *e)
{
	e->n = aiodal_type_label_count(e->type);
	e->constants = cli_realloc(NULL, (size_t) e->n, sizeof(*e->constants));
	for (int i = 0; i < e->n; i++)
	{
		char *label = cli_c_constant(aiodal_type_label_at(e->type, i), "LABEL", i + 1);
		char *prefix = cli_c_constant(e->name, "ENUM", 0);

		e->constants[i] = cli_c_claim(&model->names, NULL, cli_printf("%s_%s", prefix, label));
		free(label);
		free(prefix);
	}
}

/* Number of the type's enum, made when it is not there yet; -1 when it is none. */
static int
enum_of(gen_model *model, const aiodal_type *type, const char *only_schema)
{
	gen_enum *e;

	if (!type || aiodal_type_label_count(type) == 0)
		return -1;
	for (size_t i = 0; i < model->n_enums; i++)
	{
		if (model->enums[i].type == type)
			return (int) i;
	}
	model->enums = cli_realloc(model->enums, model->n_enums + 1, sizeof(*model->enums));
	e = &model->enums[model->n_enums++];
	e->type = type;
	e->name = claim_all(model,
						qualified_base(model, aiodal_type_schema(type), only_schema, aiodal_type_name(type),
									   "enum", (int) model->n_enums),
						enum_endings);
	name_constants(model, e);
	return (int) model->n_enums - 1;
}

/*
 * Tables
 */

static bool
is_array(const aiodal_column *column)
{
	const char *kind = aiodal_column_type_kind(column);

	return aiodal_column_element_type_oid(column) != 0 && kind && strcmp(kind, "array") == 0;
}

static void
fill_kind(gen_model *model, gen_column *c, const aiodal_schema *schema, const char *only_schema)
{
	unsigned int oid = base_of(schema, aiodal_column_type_oid(c->column));

	c->labels = enum_of(model, aiodal_schema_type_by_oid(schema, oid), only_schema);
	c->kind = is_array(c->column) ? AIODAL_KIND_ARRAY : kind_of(oid);
}

/* Enums are read in binary as well as in text; what is of no kind only in text. */
static bool
is_binary(const gen_column *c)
{
	if (c->labels >= 0)
		return true;
	if (c->kind == AIODAL_KIND_ARRAY)
		return kind_of(aiodal_column_element_type_oid(c->column)) != AIODAL_KIND_OTHER;
	return c->kind != AIODAL_KIND_OTHER;
}

static bool
is_pointer(const gen_column *c)
{
	const char *type = c->labels >= 0 ? "" : cli_c_type(NULL, c);

	return type[0] && (type[strlen(type) - 1] == '*' || c->kind == AIODAL_KIND_BYTEA);
}

static bool
equals(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

static bool
has_default(const aiodal_column *column)
{
	return (aiodal_column_default(column) && !aiodal_column_generated(column)) ||
		   equals(aiodal_column_identity(column), "by default");
}

/* What goes with a member; the underscore that made it differ from a keyword is not wanted twice. */
static char *
companion(const char *member, const char *ending)
{
	size_t n = strlen(member);

	return cli_printf("%.*s%s", (int) (member[n - 1] == '_' ? n - 1 : n), member, ending);
}

/* First all members, then what goes with them: a column's own name comes before a made one. */
static void
name_members(gen_model *model, gen_table *t)
{
	for (int i = 0; i < t->n; i++)
		t->columns[i].member =
			cli_c_claim(&t->members, &model->names,
						cli_c_name(aiodal_column_name(t->columns[i].column), "column", i + 1));
	for (int i = 0; i < t->n; i++)
	{
		gen_column *c = &t->columns[i];

		if (!aiodal_column_not_null(c->column) && !is_pointer(c))
			c->null_member = cli_c_claim(&t->members, &model->names, companion(c->member, "_null"));
		if (!c->read_only && t->can_insert && has_default(c->column))
			c->set_member = cli_c_claim(&t->members, &model->names, companion(c->member, "_set"));
	}
}

/* The primary key, or else a unique constraint without columns that may be NULL. */
static const aiodal_constraint *
key_of(const aiodal_table *table)
{
	for (int i = 0; i < aiodal_table_unique_count(table); i++)
	{
		const aiodal_constraint *unique = aiodal_table_unique_at(table, i);
		bool good = true;

		for (int k = 0; k < aiodal_constraint_column_count(unique); k++)
			good = good &&
				   aiodal_column_not_null(aiodal_table_column(table, aiodal_constraint_column_at(unique, k)));
		if (good)
			return unique;
	}
	return NULL;
}

static void
mark_key(gen_table *t)
{
	const aiodal_constraint *key = key_of(t->table);

	t->has_key = key != NULL;
	for (int i = 0; i < t->n && key; i++)
	{
		for (int k = 0; k < aiodal_constraint_column_count(key); k++)
			t->columns[i].key = t->columns[i].key || equals(aiodal_constraint_column_at(key, k),
															aiodal_column_name(t->columns[i].column));
	}
}

static void
fill_table(gen_model *model, gen_table *t, const aiodal_schema *schema, const char *only_schema)
{
	bool writes = false;

	t->n = aiodal_table_column_count(t->table);
	t->columns = cli_realloc(NULL, (size_t) t->n, sizeof(*t->columns));
	memset(t->columns, 0, (size_t) t->n * sizeof(*t->columns));
	t->binary = true;
	t->can_insert = aiodal_table_insertable(t->table);
	for (int i = 0; i < t->n; i++)
	{
		gen_column *c = &t->columns[i];

		c->column = aiodal_table_column_at(t->table, i);
		c->read_only =
			aiodal_column_generated(c->column) || equals(aiodal_column_identity(c->column), "always");
		fill_kind(model, c, schema, only_schema);
		t->binary = t->binary && is_binary(c);
	}
	mark_key(t);
	for (int i = 0; i < t->n; i++)
		writes = writes || (!t->columns[i].key && !t->columns[i].read_only);
	t->can_update = t->has_key && writes && aiodal_table_updatable(t->table);
	t->can_delete = t->has_key && aiodal_table_deletable(t->table);
}

void
cli_make_model(gen_model *model, const aiodal_table *const *tables, size_t n, const aiodal_schema *schema,
			   const char *prefix)
{
	const char *only_schema = only_schema_of(tables, n);

	*model = (gen_model){.prefix = prefix, .n_tables = n};
	model->tables = cli_realloc(NULL, n + 1, sizeof(*model->tables));
	memset(model->tables, 0, (n + 1) * sizeof(*model->tables));
	for (size_t i = 0; i < n; i++)
	{
		gen_table *t = &model->tables[i];

		t->table = tables[i];
		t->name = claim_all(model,
							qualified_base(model, aiodal_table_schema(t->table), only_schema,
										   aiodal_table_name(t->table), "table", (int) i + 1),
							endings);
		fill_table(model, t, schema, only_schema);
	}
	/* when all names of the file are known, none of which a member may have: C++ would take it for that */
	for (size_t i = 0; i < n; i++)
		name_members(model, &model->tables[i]);
}

void
cli_free_model(gen_model *model)
{
	for (size_t i = 0; i < model->n_tables; i++)
	{
		cli_free_names(&model->tables[i].members);
		free(model->tables[i].columns);
	}
	for (size_t i = 0; i < model->n_enums; i++)
		free(model->enums[i].constants);
	cli_free_names(&model->names);
	cli_free_names(&model->bases);
	free(model->tables);
	free(model->enums);
}
