/*
 * repair.h
 *		Text in which invalid bytes are made harmless, and remembered.
 *
 * Core's parser stops for good at a byte that is no character in the input's
 * encoding. Where bad rows are set aside, it is shown a question mark instead,
 * and the row on whose line the byte was is set aside when it comes.
 */
#ifndef AIODAL_REPAIR_H
#define AIODAL_REPAIR_H

#include "compat.h"

#include "source.h"

typedef struct Repair Repair;

/* Reads what is left of source, in encoding; in the current memory context. */
extern Repair *MakeRepair(Source *source, int encoding);

/* At most maxread bytes, at least one; none at the end of the data. */
extern int RepairRead(Repair *repair, char *out, int maxread);

/* Whether bytes were read that were not handed out yet. */
extern bool RepairHolds(const Repair *repair);

/*
 * What was wrong on the lines before line number "before", counted from 0 at
 * where the repair began: a message like core's, or NULL when nothing was.
 * Each is told once; cr says that lines end in carriage returns alone.
 */
extern const char *RepairedBefore(Repair *repair, int64 before, bool cr);

/* Core's words for a byte sequence at "at", of "left" bytes at most, that is no character; in the current
 * memory context. */
extern char *InvalidBytesMessage(int encoding, const char *at, int left);

#endif /* AIODAL_REPAIR_H */
