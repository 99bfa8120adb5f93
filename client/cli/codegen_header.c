/*
 * codegen_header.c
 *		The header that aiodal codegen writes.
 */
#include "codegen.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "c_name.h"

#include "memory.h"

/* " * text", when there is one */
static void
put_comment_line(FILE *to, const char *text)
{
	if (!text || !*text)
		return;
	(void) fputs(" * ", to);
	cli_put_c_comment(to, text);
	(void) fputc('\n', to);
}

static void
write_enum(FILE *to, const gen_enum *e)
{
	(void) fputs("/*\n * The type ", to);
	cli_put_c_comment(to, aiodal_type_schema(e->type));
	(void) fputc('.', to);
	cli_put_c_comment(to, aiodal_type_name(e->type));
	(void) fputs(".\n", to);
	put_comment_line(to, aiodal_type_comment(e->type));
	(void) fprintf(to, " */\ntypedef enum %s_enum\n{\n", e->name);
	for (int i = 0; i < e->n; i++)
		(void) fprintf(to, "\t%s = %d%s\n", e->constants[i], i, i < e->n - 1 ? "," : "");
	(void) fprintf(to,
				   "} %s_enum;\n\n"
				   "extern const char *const %s_enum_labels[%d];\n\n"
				   "/* The label; NULL when it is none of them. */\n"
				   "extern const char *%s_enum_name(%s_enum value);\n\n"
				   "/* false: there is no such label. */\n"
				   "extern bool %s_enum_parse(%s_enum *value, const char *label);\n\n",
				   e->name, e->name, e->n, e->name, e->name, e->name, e->name);
}

/* What the column is in the database, behind its member. */
static void
write_column_comment(FILE *to, const gen_column *c)
{
	const char *comment = aiodal_column_comment(c->column);

	(void) fputs(" /* ", to);
	cli_put_c_comment(to, aiodal_column_type(c->column));
	if (strcmp(aiodal_column_name(c->column), c->member) != 0)
	{
		(void) fputs(", column ", to);
		cli_put_c_comment(to, aiodal_column_name(c->column));
	}
	(void) fputs(c->key ? ", key" : "", to);
	(void) fputs(c->read_only ? ", read only" : "", to);
	if (comment)
	{
		(void) fputs(": ", to);
		cli_put_c_comment(to, comment);
	}
	(void) fputs(" */\n", to);
}

static void
write_struct(FILE *to, const gen_model *model, const gen_table *t)
{
	(void) fprintf(to, "typedef struct %s_row\n{\n", t->name);
	for (int i = 0; i < t->n; i++)
	{
		const gen_column *c = &t->columns[i];

		(void) fprintf(to, "\t%s%s;", cli_c_type(model, c), c->member);
		write_column_comment(to, c);
		if (c->null_member)
			(void) fprintf(to, "\tbool %s;\n", c->null_member);
		if (c->set_member)
			(void) fprintf(to, "\tbool %s; /* false: an insert leaves it to the default */\n", c->set_member);
	}
	(void) fprintf(to, "} %s_row;\n\n", t->name);
}

static void
write_list(FILE *to, const gen_table *t)
{
	const char *n = t->name;

	(void) fprintf(to,
				   "/* Rows; what they point to is the result's, and all of it ends with %s_list_free(). */\n"
				   "typedef struct %s_list\n{\n\t%s_row *rows;\n\tsize_t n;\n\taiodal_result *result;\n} "
				   "%s_list;\n\n"
				   "extern void %s_list_free(%s_list *list);\n\n",
				   n, n, n, n, n, n);
	(void) fprintf(
		to,
		"extern const aiodal_field %s_fields[%d];\nextern const aiodal_shape %s_shape;\nextern const "
		"aiodal_mapping %s_mapping;\n\n",
		n, t->n, n, n);
}

static void
write_select(FILE *to, const gen_table *t)
{
	const char *n = t->name;

	(void) fprintf(
		to,
		"/* Whether the database still has what this was made from. */\n"
		"extern aiodal_status %s_check(const aiodal_schema *schema, aiodal_error **err);\n\n"
		"/* All rows, or those that tail with its parameters leaves: \"WHERE a > $1 ORDER BY b\". */\n"
		"extern aiodal_status %s_select(%s_list *list, aiodal_tx *tx, const char *tail, size_t n,\n"
		"\tconst aiodal_value *params, aiodal_error **err);\n\n",
		n, n, n);
}

void
cli_write_key_arguments(FILE *to, const gen_model *model, const gen_table *t)
{
	for (int i = 0; i < t->n; i++)
	{
		if (t->columns[i].key)
			(void) fprintf(to, "%skey_%s, ", cli_c_type(model, &t->columns[i]), t->columns[i].member);
	}
}

static void
write_find(FILE *to, const gen_model *model, const gen_table *t)
{
	(void) fprintf(to,
				   "/* The row with this key; AIODAL_ENOTFOUND when there is none. */\n"
				   "extern aiodal_status %s_find(%s_list *list, aiodal_tx *tx, ",
				   t->name, t->name);
	cli_write_key_arguments(to, model, t);
	(void) fputs("aiodal_error **err);\n\n", to);
}

static void
write_insert(FILE *to, const gen_table *t)
{
	(void) fprintf(to,
				   "/* list: the row as it has become; may be NULL. */\n"
				   "extern aiodal_status %s_insert(%s_list *list, aiodal_tx *tx, const %s_row *row,\n"
				   "\taiodal_error **err);\n\n",
				   t->name, t->name, t->name);
}

static void
write_load(FILE *to, const gen_table *t)
{
	(void) fprintf(
		to,
		"/* Merges n rows as aiodal_bulk_load() does; options may be NULL. See aiodal_mapping_load(). */\n"
		"extern aiodal_status %s_load(aiodal_load_stats *stats, aiodal_tx *tx, const %s_row *rows,\n"
		"\tsize_t n, const aiodal_load_options *options, aiodal_error **err);\n\n",
		t->name, t->name);
}

static void
write_update(FILE *to, const gen_table *t)
{
	(void) fprintf(
		to,
		"/* Writes all but the key and what is read only; AIODAL_ENOTFOUND when there is no such row. "
		"list: as above. */\n"
		"extern aiodal_status %s_update(%s_list *list, aiodal_tx *tx, const %s_row *row,\n"
		"\taiodal_error **err);\n\n",
		t->name, t->name, t->name);
}

static void
write_delete(FILE *to, const gen_model *model, const gen_table *t)
{
	(void) fprintf(
		to,
		"/* AIODAL_ENOTFOUND when there is no such row. */\nextern aiodal_status %s_delete(aiodal_tx *tx, ",
		t->name);
	cli_write_key_arguments(to, model, t);
	(void) fputs("aiodal_error **err);\n\n", to);
}

static void
write_table(FILE *to, const gen_model *model, const gen_table *t)
{
	(void) fputs("/*\n * The ", to);
	cli_put_c_comment(to, aiodal_table_kind(t->table));
	(void) fputc(' ', to);
	cli_put_c_comment(to, aiodal_table_qualified(t->table));
	(void) fputs(".\n", to);
	put_comment_line(to, aiodal_table_comment(t->table));
	(void) fputs(" */\n", to);
	write_struct(to, model, t);
	write_list(to, t);
	write_select(to, t);
	if (t->has_key)
		write_find(to, model, t);
	if (t->can_insert)
		write_insert(to, t);
	if (t->can_insert)
		write_load(to, t);
	if (t->can_update)
		write_update(to, t);
	if (t->can_delete)
		write_delete(to, model, t);
}

void
cli_write_header(FILE *to, const gen_model *model, const char *base)
{
	char *guard = cli_c_constant(base, "TABLES", 0);

	(void) fprintf(to,
				   "/* Written by aiodal codegen: changes are lost when it runs again. */\n"
				   "#ifndef %s_CODEGEN_H\n#define %s_CODEGEN_H\n\n#include <aiodal/aiodal.h>\n\n"
				   "AIODAL_BEGIN_DECLS\n\n",
				   guard, guard);
	for (size_t i = 0; i < model->n_enums; i++)
		write_enum(to, &model->enums[i]);
	for (size_t i = 0; i < model->n_tables; i++)
		write_table(to, model, &model->tables[i]);
	(void) fprintf(to, "AIODAL_END_DECLS\n\n#endif /* %s_CODEGEN_H */\n", guard);
	free(guard);
}
