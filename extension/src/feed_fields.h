/*
 * feed_fields.h
 *		The fields of a csv or text record become a row.
 */
#ifndef AIODAL_FEED_FIELDS_H
#define AIODAL_FEED_FIELDS_H

#include "compat.h"

#include "nodes/execnodes.h"

typedef struct Field
{
	const char *text; /* in the server's encoding, escapes resolved; NULL: the null marker */
	int len;
	bool ended; /* a NUL follows */
} Field;

typedef struct FieldReader FieldReader;

/*
 * Whether rows can be made here of what cstate reads; the rest is for core's
 * NextCopyFrom(): binary, and options that see to single values or errors.
 */
extern bool CanReadFields(CopyFromState cstate);

/*
 * For the columns of cstate, whose defaults, input functions and place in errors are used; in the current
 * memory context. finds_faults: see FieldsToRow.
 */
extern FieldReader *MakeFieldReader(CopyFromState cstate, bool finds_faults);

/*
 * The row of a record, as NextCopyFrom() would make it: the same values, checks
 * and errors. Runs in econtext's per-tuple memory context. Where the reader finds faults, some
 * errors, of which there may be many, are returned instead of raised: code and message, which last as long
 * as the values, with the place in errors left as if raised. NULL: there is a row.
 */
extern const ErrorData *FieldsToRow(FieldReader *reader, const Field *fields, int nfields,
									ExprContext *econtext, Datum *values, bool *isnull);

#endif /* AIODAL_FEED_FIELDS_H */
