/*
 * header.h
 *		The header line of a csv or text file: read, and matched with columns.
 */
#ifndef AIODAL_HEADER_H
#define AIODAL_HEADER_H

#include "compat.h"

#include "commands/copy.h"
#include "nodes/pg_list.h"
#include "utils/relcache.h"

#include "source.h"

typedef struct Header
{
	List *names;         /* char *, in the server's encoding */
	const char *relname; /* what errors call the relation */
	int lines;           /* physical lines it takes */
	LineEnd end;         /* how it ends; so must the lines after it */
} Header;

/*
 * Takes the header off the source, by the rules of the COPY's own delimiter,
 * quote and escape. False when there is none. Errors carry their own
 * context.
 */
extern bool
ReadHeader(Source *source, const CopyFormatOptions *opts, int encoding, const char *relname, Header *header);

/*
 * The columns the header names, as a column list for COPY (String *). Unknown,
 * doubled and generated columns are errors that show both sides; so are, when
 * all_required, columns of target left out that must not be null and have no
 * default. rel is the relation loaded, target the one it is merged into.
 */
extern List *MatchHeader(const Header *header, Relation rel, Oid target, bool all_required, char delimiter);

/* Core's check of HEADER MATCH: the names are exactly those of attnums, in order. */
extern void CheckHeader(const Header *header, Relation rel, List *attnums);

/*
 * The byte that a backslash sequence of text format stands for, *p being behind
 * the backslash and before end; moves *p to its last byte. Digits may make
 * of it what is no character.
 */
extern char UnescapeText(const char **p, const char *end);

/* For messages: the column whose name is nearest to name, or NULL when none is near. */
extern const char *NearestColumn(Relation rel, const char *name);

/* Whether name is a generated column of the relation. */
extern bool IsGeneratedColumn(Oid relid, const char *name);

#endif /* AIODAL_HEADER_H */
