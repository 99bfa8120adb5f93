/*
 * array_form.h
 *		Arrays as the server prints and sends them, taken apart.
 */
#ifndef AIODAL_SRC_ARRAY_FORM_H
#define AIODAL_SRC_ARRAY_FORM_H

#include <stdbool.h>
#include <stddef.h>

#define AIODAL__MAX_DIMENSIONS 6 /* the server's own limit */

typedef struct aiodal__item
{
	const char *data; /* NULL: SQL NULL */
	size_t len;
} aiodal__item;

typedef struct aiodal__array_form
{
	int n_dimensions; /* 0: no elements */
	int lengths[AIODAL__MAX_DIMENSIONS];
	int lowers[AIODAL__MAX_DIMENSIONS];
	size_t count;
	unsigned int element_type; /* binary alone */
} aiodal__array_form;

/*
 * False when it is no array. items NULL: to learn the count, and how many bytes the texts of elements take
 * with their NULs. Then again, with room for both. In binary, text NULL leaves elements where they are,
 * without a NUL behind.
 */
extern bool aiodal__array_from_text(aiodal__array_form *form, const char *text, aiodal__item *items,
									char *out, size_t *out_size);
extern bool aiodal__array_from_binary(aiodal__array_form *form, const char *data, size_t len,
									  aiodal__item *items, char *out, size_t *out_size);

#endif /* AIODAL_SRC_ARRAY_FORM_H */
