/*
 * fingerprint.h
 *		Whether the document would be another one.
 */
#ifndef AIODAL_FINGERPRINT_H
#define AIODAL_FINGERPRINT_H

#include "scope.h"

/* Text of aiodal.fingerprint() for the scope, which must not name relations; palloc'd. */
extern char *Fingerprint(const Scope *scope);

/* As fingerprints are written; palloc'd. */
extern char *HashAsText(uint64 hash);

#endif /* AIODAL_FINGERPRINT_H */
