/*
 * remembered.h
 *		What a session remembers of the schema, and whether it still holds.
 */
#ifndef AIODAL_REMEMBERED_H
#define AIODAL_REMEMBERED_H

#include "compat.h"

/* all that reflection depends on but its arguments; for comparison alone */
typedef struct SchemaState
{
	uint64 changes;
	uint64 unheard;
	uint64 path;
} SchemaState;

/*
 * False in a transaction that sees the past: it has no use for what others
 * remember, nor they for what it finds. And in a parallel worker.
 */
extern bool CanRemember(void);

/* To be asked for before that is read which is to be remembered: then a change meanwhile is noticed. */
extern SchemaState CurrentSchemaState(void);

/* The hash remembered under this key, if the state it was of is this one. */
extern bool Recall(const char *key, const SchemaState *state, uint64 *hash);

/* Of the keys, the first remembered is forgotten first. */
extern void Remember(const char *key, const SchemaState *state, uint64 hash);

#endif /* AIODAL_REMEMBERED_H */
