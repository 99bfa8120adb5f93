/*
 * stage_sql.h
 *		{stage} in statements written by hand.
 */
#ifndef AIODAL_UTIL_STAGE_SQL_H
#define AIODAL_UTIL_STAGE_SQL_H

/*
 * A copy of sql in which every {stage} outside of quotes, dollar quotes and comments is replaced. NULL when
 * out of memory.
 */
extern char *aiodal__stage_sql(const char *sql, const char *stage);

#endif /* AIODAL_UTIL_STAGE_SQL_H */
