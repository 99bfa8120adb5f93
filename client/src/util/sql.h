/*
 * sql.h
 *		The little that is to be known of a statement's text.
 */
#ifndef AIODAL_SRC_UTIL_SQL_H
#define AIODAL_SRC_UTIL_SQL_H

#include <stdbool.h>

/* Behind blanks and comments, as the server's scanner takes them; at the end of the text when that is all. */
extern const char *aiodal__sql_skip(const char *sql);

/* Whether the statement is a COPY. */
extern bool aiodal__sql_is_copy(const char *sql);

#endif /* AIODAL_SRC_UTIL_SQL_H */
