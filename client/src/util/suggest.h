/*
 * suggest.h
 *		"Did you mean": the names nearest to one that is not there.
 */
#ifndef AIODAL_UTIL_SUGGEST_H
#define AIODAL_UTIL_SUGGEST_H

#include "util/buf.h"

#define AIODAL__SUGGESTIONS 5

typedef struct aiodal__suggest
{
	const char *wanted;
	int n;
	struct
	{
		const char *prefix; /* NULL, or a schema */
		const char *name;
		int distance;
	} best[AIODAL__SUGGESTIONS]; /* nearest first */
} aiodal__suggest;

extern void aiodal__suggest_start(aiodal__suggest *s, const char *wanted);

/* Both are borrowed until the text is made. */
extern void aiodal__suggest_offer(aiodal__suggest *s, const char *prefix, const char *name);

/*
 * Appends: Did you mean "book" or "public.book_author"?
 * When none is near: "lead" and the first ones offered, e.g. There are: "a", "b". Nothing when none was
 * offered.
 */
extern void aiodal__suggest_text(const aiodal__suggest *s, const char *lead, aiodal__buf *out);

#endif /* AIODAL_UTIL_SUGGEST_H */
