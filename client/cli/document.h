/*
 * document.h
 *		The document of aiodal.reflect() with its relations tied together: who refers to whom, which columns
 *		are keys, which partition belongs to which table.
 */
#ifndef AIODAL_CLI_DOCUMENT_H
#define AIODAL_CLI_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

typedef struct cli_column
{
	const json_t *json;
	const char *name;
	const char *type;
	bool not_null;
	bool primary;
	bool unique; /* by itself: the only column of a key */
	bool foreign;
} cli_column;

struct cli_relation;

typedef struct cli_foreign_key
{
	const json_t *json;
	const char *name;
	struct cli_relation *from;
	struct cli_relation *to;
	bool unique;   /* at most one row refers to a row of the other table */
	bool optional; /* a row may refer to none */
} cli_foreign_key;

typedef struct cli_relation
{
	const json_t *json; /* NULL: the document only names it */
	const char *schema;
	const char *name;
	const char *kind;
	size_t number; /* its place in cli_document.relations */
	cli_column *columns;
	size_t n_columns;
	cli_foreign_key *foreign_keys;
	size_t n_foreign_keys;
	const cli_foreign_key **referenced_by; /* by foreign keys that are in the document */
	size_t n_referenced_by;
	struct cli_relation
		*folded_into;  /* the partitioned table at the top; NULL: not a partition of one here */
	size_t partitions; /* how many are folded into this one */
} cli_relation;

/* Pointers are into the JSON document, which must outlive this. */
typedef struct cli_document
{
	const json_t *json;
	cli_relation *relations; /* those of the document first, then those only named; by schema and name */
	size_t n;                /* all of them */
	size_t n_described;      /* with json */
} cli_document;

extern void cli_document_init(cli_document *document, const json_t *json);
extern void cli_document_free(cli_document *document);

/* Place of a column by its name; -1: there is none. */
extern int cli_column_place(const cli_relation *relation, const char *name);

/* What stands under a key; NULL when that is null or no text. */
extern const char *cli_text_at(const json_t *object, const char *key);
extern bool cli_true_at(const json_t *object, const char *key);

#endif /* AIODAL_CLI_DOCUMENT_H */
