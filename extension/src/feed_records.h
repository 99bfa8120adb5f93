/*
 * feed_records.h
 *		Csv and text taken apart into records and fields, straight from the source.
 *
 * Does what core's parser does up to the fields, by its rules and with its
 * errors, for input in the server's encoding. The record at hand stays in one
 * piece, so that errors can show it.
 */
#ifndef AIODAL_FEED_RECORDS_H
#define AIODAL_FEED_RECORDS_H

#include "compat.h"

#include "feed_fields.h"
#include "repair.h"
#include "source.h"

typedef struct Records Records;

/* Whether the input can be read here: not one to be converted, nor one of quotes that are line ends. */
extern bool CanReadRecords(CopyFromState cstate);

/*
 * Reads what is left of source, whose lines end as "end" says (LINE_END_NONE:
 * as the first one does), in the encoding and with the options of cstate; in the
 * current memory context. repairs: a byte that is no character is no error, but
 * read as a question mark (see RecordDamage).
 */
extern Records *MakeRecords(Source *source, CopyFromState cstate, LineEnd end, bool repairs);

/*
 * Before the first record: what is left of the source is read through translated, which makes it text of the
 * server's encoding, and knows what was wrong with bytes of it.
 */
extern void ReadRecordsThrough(Records *records, Repair *translated);

/* The next record's fields, until the next call; false at the end of the data. */
extern bool NextRecord(Records *records, const Field **fields, int *nfields);

/*
 * The record at hand, without its line end, not ended by a NUL; empty behind
 * the last one. NULL where its end was not found: after an error, reading cannot
 * go on then.
 */
extern const char *RecordText(const Records *records, int *len);

/* How many fields were found, 0 when the record could not be split. */
extern int RecordFields(const Records *records);

/* Line ends within the record, as its lines end or, where those end in CR LF, line feeds. */
extern int64 LineEndsInRecord(const Records *records);

/* Whether lines end in carriage returns alone, as far as that is known. */
extern bool RecordsEndInReturns(const Records *records);

/* What was wrong with bytes of the record, a message like core's; or NULL. */
extern const char *RecordDamage(const Records *records);

#endif /* AIODAL_FEED_RECORDS_H */
