/*
 * codegen.h
 *		What aiodal codegen writes about: tables and enums with their names in C.
 */
#ifndef AIODAL_CLI_CODEGEN_H
#define AIODAL_CLI_CODEGEN_H

#include <stdio.h>

#include <aiodal/aiodal.h>

#include "options.h"

typedef struct gen_enum
{
	const aiodal_type *type;
	const char *name;       /* mood; the typedef is mood_enum */
	const char **constants; /* one for each label */
	int n;
} gen_enum;

typedef struct gen_column
{
	const aiodal_column *column;
	aiodal_kind kind;
	int labels; /* number of its enum; -1: none */
	const char *member;
	const char *null_member; /* NULL: none */
	const char *set_member;  /* NULL: always inserted */
	bool key;
	bool read_only;
} gen_column;

typedef struct gen_table
{
	const aiodal_table *table;
	const char *name; /* what all that belongs to it starts with */
	gen_column *columns;
	int n;
	cli_names members; /* owns their names */
	bool has_key;
	bool binary; /* all columns can be read in binary */
	bool can_insert;
	bool can_update;
	bool can_delete;
} gen_table;

typedef struct gen_model
{
	const char *prefix; /* "" */
	gen_table *tables;
	size_t n_tables;
	gen_enum *enums;
	size_t n_enums;
	cli_names names; /* that the file has at its top; owns them */
	cli_names bases; /* what they start with; owns them, too */
} gen_model;

/* Makes the model of tables, which all have columns. */
extern void cli_make_model(gen_model *model, const aiodal_table *const *tables, size_t n,
						   const aiodal_schema *schema, const char *prefix);
extern void cli_free_model(gen_model *model);

/* "int32_t ", "const char *": what stands before a name. */
extern const char *cli_c_type(const gen_model *model, const gen_column *column);

/* "int32_t key_id, " for each column of the key */
extern void cli_write_key_arguments(FILE *to, const gen_model *model, const gen_table *t);

/* base: the files' name without ending */
extern void cli_write_header(FILE *to, const gen_model *model, const char *base);
extern void cli_write_source(FILE *to, const gen_model *model, const char *base);

#endif /* AIODAL_CLI_CODEGEN_H */
