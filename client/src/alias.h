/*
 * alias.h
 *		Names for calls of table-valued functions.
 */
#ifndef AIODAL_SRC_ALIAS_H
#define AIODAL_SRC_ALIAS_H

#include <aiodal/tx.h>

#include "conn.h"
#include "util/suggest.h"

typedef struct aiodal__alias_def aiodal__alias_def;

typedef struct aiodal__alias_list
{
	aiodal__alias_def *first;
} aiodal__alias_list;

/* Sets, replaces or (call NULL) removes. */
extern aiodal_status
aiodal__alias_set(aiodal__alias_list *list, const char *name, const aiodal_call *call, aiodal_error **err);
extern const aiodal__alias_def *aiodal__alias_find(const aiodal__alias_list *list, const char *name);
extern void aiodal__alias_offer(const aiodal__alias_list *list, aiodal__suggest *suggest);
extern void aiodal__alias_clear(aiodal__alias_list *list);

/* The call as SQL, quoted by the connection's rules; NULL when out of memory. */
extern char *aiodal__alias_text(const aiodal__alias_def *def, PGconn *pg);

/* Takes sql over; asks the server for the columns. */
extern aiodal_status aiodal__alias_resolve(aiodal_alias **alias, aiodal__conn *conn, const char *name,
										   char *sql, aiodal_error **err);

/* A list of resolved ones. */
extern const aiodal_alias *aiodal__alias_resolved(const aiodal_alias *first, const char *name);
extern void aiodal__alias_forget(aiodal_alias *first, const char *name);
extern void aiodal__alias_push(aiodal_alias **first, aiodal_alias *alias);
extern void aiodal__alias_free_all(aiodal_alias *first);

#endif /* AIODAL_SRC_ALIAS_H */
