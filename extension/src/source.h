/*
 * source.h
 *		The bytes of a COPY: from the client, a file or a program's output.
 *
 * A source can be read ahead line by line (a header, JSON lines) and then
 * drained by somebody who wants buffers (core's COPY parser): what was read
 * ahead and not taken comes first. Bytes are handed out as they came, in the
 * file's encoding.
 */
#ifndef AIODAL_SOURCE_H
#define AIODAL_SOURCE_H

#include "compat.h"

#include "nodes/parsenodes.h"

typedef struct Source Source;

typedef enum LineEnd
{
	LINE_END_NONE, /* the data ended */
	LINE_END_LF,
	LINE_END_CR,
	LINE_END_CRLF
} LineEnd;

/*
 * Opens what stmt reads from and starts the client's part of the protocol for
 * STDIN, where columns is told to it. The caller has checked permissions and
 * options, and calls CloseSource(); after an error the transaction's end does.
 * The source lives in the current memory context.
 */
extern Source *OpenSource(const CopyStmt *stmt, int columns, bool binary);

/* At least minread bytes (fewer only at the end of the data), at most maxread. */
extern int SourceRead(Source *source, char *out, int minread, int maxread);

/*
 * The next physical line, without its end, NUL-terminated, in *line until the
 * next call on this source; false when the data has ended. A carriage return
 * alone ends a line only where cr_ends says so.
 */
extern bool SourceReadLine(Source *source, bool cr_ends, char **line, int *len, LineEnd *end);

/*
 * Skips a byte order mark in UTF-8 data, and refuses what is plainly something
 * else than text (UTF-16, gzip), since the errors that would follow mislead.
 */
extern void SourceCheckStart(Source *source, int encoding);

/*
 * psql up to 17 sends the line \. that ends data in a script as part of the
 * data. Whether such a line, just taken, was that: it came from a client and
 * nothing follows it. (Anything else is data, or an error, never a reason to
 * stop reading.)
 */
extern bool SourceEndsWithMarker(Source *source);

/* Bytes taken by readers so far. */
extern uint64 SourceBytesTaken(const Source *source);

/* Value of pg_stat_progress_copy's "type", and of "bytes_total" (0: unknown). */
extern int SourceProgressType(const Source *source);
extern int64 SourceBytesTotal(const Source *source);

/* Reads on to the end (the client may yet cancel), then closes. */
extern void CloseSource(Source *source);

#endif /* AIODAL_SOURCE_H */
