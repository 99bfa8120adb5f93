/*
 * feed.h
 *		A feed yields rows, one after another, to whoever stores or merges them.
 *
 * A row is values and nulls in the columns of a relation, and where it was in
 * the input: the first physical line and the number of the record. Feeds know
 * formats; consumers know tables. Neither knows the other.
 */
#ifndef AIODAL_FEED_H
#define AIODAL_FEED_H

#include "compat.h"

#include "commands/copy.h"
#include "nodes/bitmapset.h"
#include "nodes/execnodes.h"
#include "utils/relcache.h"

#include "fill.h"
#include "reject.h"
#include "source.h"

/* What a COPY FROM says of its input, checked; "text" stands for csv and text. */
typedef enum FeedFormat
{
	FEED_TEXT,
	FEED_BINARY,
	FEED_JSONL
} FeedFormat;

typedef struct FeedRequest
{
	ParseState *pstate;
	Relation rel;           /* whose columns the rows have */
	const char *relname;    /* what errors call it */
	const char *stage_name; /* what they call it where they speak of its columns; NULL: its own */
	Oid target;             /* whose defaults stand in for what the input leaves out */
	Bitmapset *given;       /* columns of rel that earlier input filled */
	bool sets_aside;        /* errors are no end: skip() will be called */
	bool no_defaults;       /* columns the input lacks stay null, whatever default rel has for them */
	bool names_required;    /* input must fill the target's NOT NULL columns without default */
	FeedFormat format;
	CopyFormatOptions opts; /* as ProcessCopyOptions() read them */
	List *options;          /* DefElem *, the options core knows, without HEADER */
	List *attlist;          /* String *, the statement's column list, or NIL */
	Source *source;
	int64 lines_before;       /* of the file in front of what the source gives, for places */
	int64 records_before;     /* the same, header not counted */
	struct ShareParts *parts; /* rows come from these, and there is no source; see share.h */
} FeedRequest;

typedef struct Feed Feed;

struct Feed
{
	/*
	 * The next row into values and isnull, one element for each column of the
	 * relation; false at the end of the input. Runs in econtext's per-tuple
	 * memory context, where by-reference values are left. Where errors are no end, a
	 * record may also be known to be bad without one: then fault is set, which lasts as long as
	 * the values would, and skip() is to be called as after that error.
	 */
	bool (*next)(Feed *feed, ExprContext *econtext, Datum *values, bool *isnull);

	/* calls errcontext() for the record that next() is at or was at last */
	void (*describe)(Feed *feed);

	/*
	 * After an error in next(), which *reject has the code and message of:
	 * describes the record there, and makes ready for the record after it. May
	 * know a better reason than the error's. False when the input cannot be
	 * read on. What *reject points to lasts until the next call.
	 */
	bool (*skip)(Feed *feed, Reject *reject);

	/* releases everything but the source and memory; says what was skipped */
	void (*end)(Feed *feed);

	const ErrorData *fault; /* of the record that next() read; NULL: none */
	const char *relname;
	int64 line;       /* first physical line of the current record, 1-based */
	int64 record;     /* its number, 1-based, the header not counted */
	int input;        /* number of the file it is in; 0: there is but the one of the COPY */
	Bitmapset *given; /* columns the input fills; grows while JSON keys turn up */
	Fill *fill;       /* defaults for columns that rows lack */
};

/* Both read what they need of the source at once: a header, or nothing. */
extern Feed *BeginTextFeed(FeedRequest *request); /* csv, text, binary: core's parser */
extern Feed *BeginJsonlFeed(FeedRequest *request);

/* Reads rows that other sessions have put into a shared stage. */
extern Feed *BeginShareFeed(FeedRequest *request);

/*
 * Goes on behind the record that an error in next(), or a fault, is about, and describes it in *reject, all
 * but its input. An error that is not about a record is thrown on.
 */
extern void SkipBadRecord(Feed *feed, const ErrorData *error, Reject *reject);

/*
 * Core's parser calls back without saying for whom. What it reads from now is
 * to be saved before a COPY, and restored after it even if that one fails, as
 * it may run inside another one (a trigger's, a domain's).
 */
extern Feed *SaveCallbackFeed(void);
extern void RestoreCallbackFeed(Feed *feed);

/* Encoding of the input: the option, else the client's. */
extern int FeedEncoding(const FeedRequest *request);

#endif /* AIODAL_FEED_H */
