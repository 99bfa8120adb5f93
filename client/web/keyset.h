/*
 * keyset.h
 *		A set of RSA keys that verify RS256 signatures: immutable, counted, shared by threads.
 */
#ifndef AIODAL_WEB_KEYSET_H
#define AIODAL_WEB_KEYSET_H

#include <stdbool.h>
#include <stddef.h>

#include <aiodal/error.h>

typedef struct aiodal_web__key aiodal_web__key;
typedef struct aiodal_web__keyset aiodal_web__keyset;

/* Reads a JWK set; unusable keys are left out, so it may be empty. */
extern aiodal_status
aiodal_web__keyset_parse(aiodal_web__keyset **set, const char *json, size_t len, aiodal_error **err);
extern size_t aiodal_web__keyset_count(const aiodal_web__keyset *set);

extern aiodal_web__keyset *aiodal_web__keyset_ref(aiodal_web__keyset *set);
extern void aiodal_web__keyset_unref(aiodal_web__keyset *set); /* NULL is fine */

/* NULL when there is none; lives as long as the set. */
extern aiodal_web__key *aiodal_web__keyset_find(const aiodal_web__keyset *set, const char *kid);

/*
 * A key remembers the header, as sent, of a token that it has verified and that was found in order: it need
 * not be read again. recall finds the key that remembers this one; NULL: none does.
 */
extern aiodal_web__key *
aiodal_web__keyset_recall(const aiodal_web__keyset *set, const char *header, size_t len);
extern void aiodal_web__key_remember(aiodal_web__key *key, const char *header, size_t len);

/* Bytes of its signatures, at most AIODAL_WEB__MAX_SIGNATURE. */
#define AIODAL_WEB__MAX_SIGNATURE 1024
extern size_t aiodal_web__key_size(aiodal_web__key *key);

/* 1: the signature of that text; 0: not; -1: out of memory. */
extern int
aiodal_web__key_verify(aiodal_web__key *key, const void *text, size_t len, const unsigned char *signature);

#endif /* AIODAL_WEB_KEYSET_H */
