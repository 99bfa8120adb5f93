/*
 * packed.h
 *		Rows in the form of aiodal.snapshot(): read where they are, without being taken apart.
 *
 * A row is its fields back to back. A scalar is its length + 1 as a varint, 0 for NULL, then its text and a
 * NUL byte; a list is its count + 1, 0 for NULL, then its scalars or records. To reach a field is to step
 * over those before it, which costs a few nanoseconds each, and no memory.
 *
 * Which fields there are, and in what order, the server says. Who reads names those it wants; numbers of
 * fields below are numbers among these. What the server has besides is passed over.
 */
#ifndef AIODAL_UTIL_PACKED_H
#define AIODAL_UTIL_PACKED_H

#include <stdbool.h>
#include <stddef.h>

#define AIODAL__PACKED_FIELDS 48 /* of a row, at most */
#define AIODAL__PACKED_INNER  16 /* of a record */

typedef enum aiodal__packed_kind
{
	AIODAL__PACKED_SCALAR,
	AIODAL__PACKED_LIST,
	AIODAL__PACKED_RECORDS
} aiodal__packed_kind;

typedef struct aiodal__packed_field
{
	unsigned char kind;
	unsigned char n_inner; /* of RECORDS */
	unsigned char inner_kind[AIODAL__PACKED_INNER];
	unsigned char inner_place[AIODAL__PACKED_INNER]; /* of those wanted */
} aiodal__packed_field;

typedef struct aiodal__packed_shape
{
	int n;
	aiodal__packed_field field[AIODAL__PACKED_FIELDS];
	unsigned char place[AIODAL__PACKED_FIELDS]; /* of those wanted */
} aiodal__packed_shape;

typedef const unsigned char *aiodal__packed_row;

/*
 * Both are names divided by blanks, "name*" a list, "name(a,b*)" records. False when something wanted is not
 * there, or of another kind, or when the server's makes no sense.
 */
extern bool aiodal__packed_shape_init(aiodal__packed_shape *shape, const char *server, const char *wanted);

/* Behind the row, NULL when there is no whole row of this shape before end. The rest is for rows that passed.
 */
extern aiodal__packed_row
aiodal__packed_check(const aiodal__packed_shape *shape, aiodal__packed_row row, aiodal__packed_row end);

/* NULL for NULL. */
extern const char *aiodal__packed_text(const aiodal__packed_shape *shape, aiodal__packed_row row, int wanted);

/* Lists and records: how many, 0 for NULL; an item of a list; a field of a record. NULL out of range. */
extern int aiodal__packed_count(const aiodal__packed_shape *shape, aiodal__packed_row row, int wanted);
extern const char *
aiodal__packed_item(const aiodal__packed_shape *shape, aiodal__packed_row row, int wanted, int i);
extern const char *
aiodal__packed_cell(const aiodal__packed_shape *shape, aiodal__packed_row row, int wanted, int i, int inner);

/* The same of a list within a record. */
extern int aiodal__packed_inner_count(const aiodal__packed_shape *shape, aiodal__packed_row row, int wanted,
									  int i, int inner);
extern const char *aiodal__packed_inner_item(const aiodal__packed_shape *shape, aiodal__packed_row row,
											 int wanted, int i, int inner, int j);

#endif /* AIODAL_UTIL_PACKED_H */
