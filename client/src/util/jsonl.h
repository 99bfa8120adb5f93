/*
 * jsonl.h
 *		Lines of JSON to and from COPY's text format, where each line is a row of one column.
 */
#ifndef AIODAL_UTIL_JSONL_H
#define AIODAL_UTIL_JSONL_H

#include <stdbool.h>
#include <stddef.h>

typedef struct aiodal__jsonl
{
	bool in_line;    /* something of the current line was written */
	bool pending_cr; /* dropped if the line ends behind it */
} aiodal__jsonl;

/* Writes len bytes of lines as rows; out has room for AIODAL__JSONL_ROOM(len). Blank lines are left out.
 * Returns the length. */
extern size_t aiodal__jsonl_to_rows(aiodal__jsonl *state, const char *in, size_t len, char *out);
#define AIODAL__JSONL_ROOM(len) (2 * (len) + 2)

/* Turns one row, its line end with it, into a line, in place. Returns the length. */
extern size_t aiodal__jsonl_from_row(char *row, size_t len);

#endif /* AIODAL_UTIL_JSONL_H */
