/*
 * file_kind.h
 *		What is told by the first bytes of a file that holds no rows as it is.
 */
#ifndef AIODAL_SRC_FILE_KIND_H
#define AIODAL_SRC_FILE_KIND_H

#include <stdbool.h>
#include <stddef.h>

typedef struct aiodal__file_kind
{
	const char *magic; /* which no text in an encoding of PostgreSQL and no binary COPY begins with */
	size_t length;     /* of it */
	const char *is;    /* "is compressed by xz" */
	const char *hint;
} aiodal__file_kind;

/*
 * The kind of a file that begins with these bytes; NULL when it is none of those known. *undecided: more of
 * the file has to be seen.
 */
extern const aiodal__file_kind *aiodal__file_kind_of(const char *start, size_t length, bool *undecided);

#endif /* AIODAL_SRC_FILE_KIND_H */
