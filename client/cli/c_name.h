/*
 * c_name.h
 *		Names of the database as identifiers of C and C++.
 */
#ifndef AIODAL_CLI_C_NAME_H
#define AIODAL_CLI_C_NAME_H

#include <stdbool.h>
#include <stdio.h>

#include "options.h"

/*
 * Letters, digits and single underscores of text, an underscore for all else; fallback and number when
 * nothing is left. Never starts with a digit or an underscore. Distinct texts may become the same. To be
 * freed.
 */
extern char *cli_c_name(const char *text, const char *fallback, int number);

/* The same in capitals, for constants. */
extern char *cli_c_constant(const char *text, const char *fallback, int number);

/* Whether a name means something else already: a keyword of C or C++, or a macro or type of their headers. */
extern bool cli_c_is_taken(const char *name);

extern bool cli_c_is_used(const cli_names *used, const char *name);

/*
 * The name, or, when it is taken, used or among others (which may be NULL), one that is like it. It is added
 * to used, which owns it; name is freed.
 */
extern const char *cli_c_claim(cli_names *used, const cli_names *others, char *name);

/* A string literal. Trigraphs are none. */
extern void cli_put_c_string(FILE *to, const char *text);

/* Text within a comment, which it cannot end; line ends are blanks. */
extern void cli_put_c_comment(FILE *to, const char *text);

#endif /* AIODAL_CLI_C_NAME_H */
