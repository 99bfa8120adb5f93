/*
 * repair.h
 *		Text in which bad characters are made harmless, and remembered.
 *
 * Core's parser stops for good at a byte that is no character in the input's
 * encoding, and at a character that the server's encoding lacks. Where bad rows
 * are set aside, it is shown a question mark instead, and the row on whose line
 * that was is set aside when it comes. Text of another encoding is translated
 * here on the way.
 */
#ifndef AIODAL_REPAIR_H
#define AIODAL_REPAIR_H

#include "compat.h"

#include "source.h"
#include "translate.h"

typedef struct Repair Repair;

/* Reads what is left of source; in the current memory context. */
extern Repair *MakeRepair(Source *source, const Translator *translator);

/* At most maxread bytes, at least one, in the server's encoding; none at the end of the data. */
extern int RepairRead(Repair *repair, char *out, int maxread);

/* Whether bytes were read that were not handed out yet. */
extern bool RepairHolds(const Repair *repair);

/*
 * What was wrong on the lines before line number "before", counted from 0 at
 * where the repair began: a message like core's, with its code in *sqlerrcode, or
 * NULL when nothing was. Each line's is told once; cr says that lines end in carriage returns alone.
 */
extern const char *RepairedBefore(Repair *repair, int64 before, bool cr, int *sqlerrcode);

#endif /* AIODAL_REPAIR_H */
