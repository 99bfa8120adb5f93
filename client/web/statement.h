/*
 * statement.h
 *		SQL that is put together for one request, with its parameters.
 */
#ifndef AIODAL_WEB_STATEMENT_H
#define AIODAL_WEB_STATEMENT_H

#include <aiodal/tx.h>

#include "mem.h"

typedef struct aiodal_web__statement
{
	aiodal_web__buf sql;
	const char **params; /* malloc'd; values are borrowed */
	const char **labels; /* what each is called in a message for the client; NULL: nothing */
	size_t n;
} aiodal_web__statement;

#define AIODAL_WEB__STATEMENT_INIT          \
	{                                       \
		AIODAL_WEB__BUF_INIT, NULL, NULL, 0 \
	}

/* An identifier, quoted. */
extern void aiodal_web__sql_ident(aiodal_web__buf *sql, const char *name);

/* The highest $n in it, wherever it stands; 0 for none, and for NULL. */
extern size_t aiodal_web__sql_parameters(const char *sql);

/* Adds a parameter without naming it in the text: it is $n afterwards. */
extern void aiodal_web__statement_value(aiodal_web__statement *s, const char *value, const char *label);

/* The same, and appends "$n" to the text. */
extern void aiodal_web__statement_param(aiodal_web__statement *s, const char *value, const char *label);

extern aiodal_status aiodal_web__statement_exec(aiodal_result **rows, aiodal_tx *tx,
												const aiodal_web__statement *s, aiodal_error **err);

/* Whether a value may be to blame that is none of its type. */
extern bool aiodal_web__is_bad_value(const aiodal_error *error);

/*
 * The label of the parameter whose value is none of its type, NULL when the error is another one.
 */
extern const char *aiodal_web__statement_blame(const aiodal_web__statement *s, const aiodal_error *error);

extern void aiodal_web__statement_free(aiodal_web__statement *s);

/* An SQLSTATE of this class, or that begins with this. */
extern bool aiodal_web__is_sqlstate(const aiodal_error *error, const char *prefix);

#endif /* AIODAL_WEB_STATEMENT_H */
