/*
 * split.h
 *		Where records of csv, text and JSON lines end, so that data can be cut there.
 *
 * Follows the server's own rules: the first line end says how lines end; a quote is one wherever it stands,
 * and between two of them line ends are data; in text, so is a line end behind a backslash.
 */
#ifndef AIODAL_UTIL_SPLIT_H
#define AIODAL_UTIL_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum aiodal__split_kind
{
	AIODAL__SPLIT_CSV,
	AIODAL__SPLIT_TEXT,
	AIODAL__SPLIT_JSONL /* blank lines are no records */
} aiodal__split_kind;

/* A place between two records. */
typedef struct aiodal__split_place
{
	size_t offset;   /* from the start of the data */
	int64_t lines;   /* in front of it */
	int64_t records; /* the same; a header counts */
} aiodal__split_place;

typedef struct aiodal__split
{
	aiodal__split_kind kind;
	char quote; /* csv */
	char escape;

	aiodal__split_place last;  /* where the data can be cut, of what was looked at */
	aiodal__split_place first; /* behind the first record; offset 0: it has not ended */
	bool over;                 /* text: \. has ended the data there; what follows is none */

	/* where we are */
	char eol; /* the byte that ends a line; 0: none has been seen */
	size_t offset;
	int64_t lines;
	int64_t carriage_returns; /* while eol is not known */
	int64_t line_feeds;
	int64_t records;
	bool quoted;
	bool escaped;
	bool pending_cr; /* the first line end may be a CR alone, or CR LF */
	size_t length;   /* of the record at hand */
	char head[3];
	bool blank;
} aiodal__split;

extern void aiodal__split_start(aiodal__split *split, aiodal__split_kind kind, char quote, char escape);

/* Looks at the next bytes. Not to be called when it is over. */
extern void aiodal__split_scan(aiodal__split *split, const char *data, size_t len);

/* The records that have begun. */
extern int64_t aiodal__split_records(const aiodal__split *split);

#endif /* AIODAL_UTIL_SPLIT_H */
