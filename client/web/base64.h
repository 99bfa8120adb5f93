/*
 * base64.h
 *		base64url without padding (RFC 4648, section 5), as in tokens and keys.
 */
#ifndef AIODAL_WEB_BASE64_H
#define AIODAL_WEB_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that len characters stand for. */
static inline size_t
aiodal_web__base64_size(size_t len)
{
	return len / 4 * 3 + len % 4 * 3 / 4;
}

/*
 * Decodes len characters into out, which has room for aiodal_web__base64_size(len) bytes. False when they are
 * not the one way of writing those bytes: another character, padding, a lone one at the end, or bits behind
 * the end that are not zero.
 */
extern bool aiodal_web__base64_decode(unsigned char *out, const char *in, size_t len);

#endif /* AIODAL_WEB_BASE64_H */
