/*
 * sql.h
 *		The little that is to be known of a statement's text.
 */
#ifndef AIODAL_SRC_UTIL_SQL_H
#define AIODAL_SRC_UTIL_SQL_H

/* Behind blanks and comments, as the server's scanner takes them; at the end of the text when that is all. */
extern const char *aiodal__sql_skip(const char *sql);

#endif /* AIODAL_SRC_UTIL_SQL_H */
