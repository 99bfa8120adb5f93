/*
 * codegen_source.c
 *		The source that aiodal codegen writes: descriptions, and functions that hand them to the library.
 */
#include "codegen.h"

#include <string.h>

#include "c_name.h"

static void
write_enum(FILE *to, const gen_enum *e)
{
	const char *n = e->name;

	(void) fprintf(to, "const char *const %s_enum_labels[%d] = {\n", n, e->n);
	for (int i = 0; i < e->n; i++)
	{
		(void) fputc('\t', to);
		cli_put_c_string(to, aiodal_type_label_at(e->type, i));
		(void) fputs(i < e->n - 1 ? ",\n" : "\n", to);
	}
	(void) fprintf(
		to,
		"};\n\nconst char *\n%s_enum_name(%s_enum value)\n{\n"
		"\treturn (unsigned int) value < %du ? %s_enum_labels[value] : NULL;\n}\n\n"
		"bool\n%s_enum_parse(%s_enum *value, const char *label)\n{\n"
		"\tfor (int i = 0; i < %d; i++)\n\t{\n\t\tif (strcmp(%s_enum_labels[i], label) == 0)\n\t\t{\n"
		"\t\t\t*value = (%s_enum) i;\n\t\t\treturn true;\n\t\t}\n\t}\n\treturn false;\n}\n\n",
		n, n, e->n, n, n, n, e->n, n, n);
}

static const char *
kind_name(aiodal_kind kind)
{
	static const char *const names[] = {"OTHER",  "BOOL",    "INT16", "INT32",     "INT64",       "FLOAT",
										"DOUBLE", "NUMERIC", "TEXT",  "JSON",      "JSONB",       "BYTEA",
										"UUID",   "DATE",    "TIME",  "TIMESTAMP", "TIMESTAMPTZ", "ARRAY"};

	return names[kind];
}

/* offsetof(), or AIODAL_NO_MEMBER */
static void
put_offset(FILE *to, const gen_table *t, const char *member)
{
	if (member)
		(void) fprintf(to, ", offsetof(%s_row, %s)", t->name, member);
	else
		(void) fputs(", AIODAL_NO_MEMBER", to);
}

static void
write_field(FILE *to, const gen_model *model, const gen_table *t, const gen_column *c)
{
	(void) fputs("\t{", to);
	cli_put_c_string(to, aiodal_column_name(c->column));
	(void) fprintf(to, ", AIODAL_KIND_%s", kind_name(c->labels >= 0 ? AIODAL_KIND_OTHER : c->kind));
	put_offset(to, t, c->member);
	(void) fprintf(to, ", sizeof(((%s_row *) 0)->%s)", t->name, c->member);
	put_offset(to, t, c->null_member);
	if (c->labels >= 0)
		(void) fprintf(to, ", %s_enum_labels, %d", model->enums[c->labels].name, model->enums[c->labels].n);
	else
		(void) fputs(", NULL, 0", to);
	(void) fprintf(to, ", %s%s%s", c->key ? "AIODAL_FIELD_KEY" : "", c->key && c->read_only ? " | " : "",
				   c->read_only ? "AIODAL_FIELD_READ_ONLY" : "");
	(void) fputs(c->key || c->read_only ? "" : "0", to);
	put_offset(to, t, c->set_member);
	(void) fputs("},\n", to);
}

static void
write_descriptions(FILE *to, const gen_model *model, const gen_table *t)
{
	(void) fprintf(to, "const aiodal_field %s_fields[%d] = {\n", t->name, t->n);
	for (int i = 0; i < t->n; i++)
		write_field(to, model, t, &t->columns[i]);
	(void) fprintf(to,
				   "};\n\nconst aiodal_shape %s_shape = AIODAL_SHAPE(%s_row, %s_fields);\n\n"
				   "const aiodal_mapping %s_mapping = {sizeof(aiodal_mapping), ",
				   t->name, t->name, t->name, t->name);
	cli_put_c_string(to, aiodal_table_schema(t->table));
	(void) fputs(", ", to);
	cli_put_c_string(to, aiodal_table_name(t->table));
	(void) fprintf(to, ", &%s_shape, AIODAL_WIRE_%s};\n\n", t->name, t->binary ? "BINARY" : "TEXT");
}

static void
write_list(FILE *to, const gen_table *t)
{
	const char *n = t->name;

	(void) fprintf(to,
				   "void\n%s_list_free(%s_list *list)\n{\n\tif (!list)\n\t\treturn;\n"
				   "\taiodal_result_free(list->result);\n\tlist->result = NULL;\n\tlist->rows = NULL;\n"
				   "\tlist->n = 0;\n}\n\n",
				   n, n);
	(void) fprintf(
		to,
		"static aiodal_status\n%s_list_fill(%s_list *list, aiodal_status status, aiodal_result *result, "
		"void *rows)\n{\n"
		"\tlist->result = result;\n\tlist->rows = (%s_row *) rows;\n"
		"\tlist->n = rows ? (size_t) aiodal_result_rows(result) : 0;\n\treturn status;\n}\n\n",
		n, n, n);
}

static void
write_select(FILE *to, const gen_table *t)
{
	const char *n = t->name;

	(void) fprintf(
		to,
		"aiodal_status\n%s_check(const aiodal_schema *schema, aiodal_error **err)\n{\n"
		"\tconst aiodal_table *table;\n\taiodal_status status = aiodal_schema_find_table(&table, schema, "
		"%s_mapping.schema, %s_mapping.table, err);\n\n"
		"\treturn status == AIODAL_OK ? aiodal_shape_check(&%s_shape, table, err) : status;\n}\n\n",
		n, n, n, n);
	(void) fprintf(
		to,
		"aiodal_status\n%s_select(%s_list *list, aiodal_tx *tx, const char *tail, size_t n,\n"
		"\tconst aiodal_value *params, aiodal_error **err)\n{\n"
		"\tvoid *rows = NULL;\n\taiodal_result *result = NULL;\n"
		"\taiodal_status status = aiodal_mapping_select(&result, &rows, tx, &%s_mapping, tail, n, params, "
		"err);\n\n"
		"\treturn %s_list_fill(list, status, result, rows);\n}\n\n",
		n, n, n, n);
}

/* A row that has the key and nothing else. */
static void
put_key(FILE *to, const gen_table *t)
{
	(void) fprintf(to, "\t%s_row key;\n", t->name);
}

static void
fill_key(FILE *to, const gen_table *t)
{
	(void) fputs("\n\tmemset(&key, 0, sizeof(key));\n", to);
	for (int i = 0; i < t->n; i++)
	{
		if (t->columns[i].key)
			(void) fprintf(to, "\tkey.%s = key_%s;\n", t->columns[i].member, t->columns[i].member);
	}
}

static void
write_find(FILE *to, const gen_model *model, const gen_table *t)
{
	const char *n = t->name;

	(void) fprintf(to, "aiodal_status\n%s_find(%s_list *list, aiodal_tx *tx, ", n, n);
	cli_write_key_arguments(to, model, t);
	(void) fputs("aiodal_error **err)\n{\n", to);
	put_key(to, t);
	(void) fputs("\tvoid *rows = NULL;\n\taiodal_result *result = NULL;\n\taiodal_status status;\n", to);
	fill_key(to, t);
	(void) fprintf(to,
				   "\tstatus = aiodal_mapping_find(&result, &rows, tx, &%s_mapping, &key, err);\n"
				   "\treturn %s_list_fill(list, status, result, rows);\n}\n\n",
				   n, n);
}

/* verb: insert or update */
static void
write_writer(FILE *to, const gen_table *t, const char *verb)
{
	const char *n = t->name;

	(void) fprintf(
		to,
		"aiodal_status\n%s_%s(%s_list *list, aiodal_tx *tx, const %s_row *row, aiodal_error **err)\n{\n"
		"\tvoid *rows = NULL;\n\taiodal_result *result = NULL;\n\taiodal_status status;\n\n"
		"\tif (!list)\n\t\treturn aiodal_mapping_%s(NULL, NULL, tx, &%s_mapping, row, err);\n"
		"\tstatus = aiodal_mapping_%s(&result, &rows, tx, &%s_mapping, row, err);\n"
		"\treturn %s_list_fill(list, status, result, rows);\n}\n\n",
		n, verb, n, n, verb, n, verb, n, n);
}

static void
write_load(FILE *to, const gen_table *t)
{
	(void) fprintf(
		to,
		"aiodal_status\n%s_load(aiodal_load_stats *stats, aiodal_tx *tx, const %s_row *rows, size_t n,\n"
		"\tconst aiodal_load_options *options, aiodal_error **err)\n{\n"
		"\treturn aiodal_mapping_load(stats, tx, &%s_mapping, rows, n, options, err);\n}\n\n",
		t->name, t->name, t->name);
}

static void
write_delete(FILE *to, const gen_model *model, const gen_table *t)
{
	(void) fprintf(to, "aiodal_status\n%s_delete(aiodal_tx *tx, ", t->name);
	cli_write_key_arguments(to, model, t);
	(void) fputs("aiodal_error **err)\n{\n", to);
	put_key(to, t);
	fill_key(to, t);
	(void) fprintf(to, "\treturn aiodal_mapping_delete(tx, &%s_mapping, &key, err);\n}\n\n", t->name);
}

static void
write_table(FILE *to, const gen_model *model, const gen_table *t)
{
	(void) fputs("/*\n * ", to);
	cli_put_c_comment(to, aiodal_table_qualified(t->table));
	(void) fputs("\n */\n", to);
	write_descriptions(to, model, t);
	write_list(to, t);
	write_select(to, t);
	if (t->has_key)
		write_find(to, model, t);
	if (t->can_insert)
		write_writer(to, t, "insert");
	if (t->can_insert)
		write_load(to, t);
	if (t->can_update)
		write_writer(to, t, "update");
	if (t->can_delete)
		write_delete(to, model, t);
}

void
cli_write_source(FILE *to, const gen_model *model, const char *base)
{
	(void) fputs("/* Written by aiodal codegen: changes are lost when it runs again. */\n#include ", to);
	(void) fprintf(to, "\"%s.h\"\n\n#include <string.h>\n\n", base);
	for (size_t i = 0; i < model->n_enums; i++)
		write_enum(to, &model->enums[i]);
	for (size_t i = 0; i < model->n_tables; i++)
		write_table(to, model, &model->tables[i]);
}
