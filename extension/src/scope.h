/*
 * scope.h
 *		What a reflection is asked for: the common arguments, checked.
 */
#ifndef AIODAL_SCOPE_H
#define AIODAL_SCOPE_H

#include "compat.h"

#include "fmgr.h"
#include "nodes/pg_list.h"

typedef struct Scope
{
	bool all_schemas; /* schemas was NULL */
	List *schemas;    /* names (char *), when not all_schemas */
	bool by_relation; /* relations was given: just these */
	List *relations;  /* their OIDs, no duplicates */
	bool partitions;  /* what include adds */
	bool extensions;
	bool temporary;
	bool system;
} Scope;

/*
 * Reads the arguments schemas name[], relations regclass[], include text[] of
 * the function being called. NULL elements and unknown words of include are
 * errors; whether the schemas exist is checked where they are read.
 */
extern void ReadScope(Scope *scope, FunctionCallInfo fcinfo);

/* The same for a function whose arguments schemas name[], include text[] begin at number first, from 0. */
extern void ReadScopeOfSchemas(Scope *scope, FunctionCallInfo fcinfo, int first);

/* The elements (char *) of a text[] argument of that name; NULL elements are errors. */
extern List *ReadWords(Datum argument, const char *name);

/* Scope when no argument is given. */
extern void ScopeOfEverything(Scope *scope);

/* Scope of a single relation. */
extern void ScopeOfRelation(Scope *scope, Oid relid);

/* The scope as text, equal for equal scopes; not for one by relation. palloc'd. */
extern char *ScopeText(const Scope *scope);

#endif /* AIODAL_SCOPE_H */
