/*
 * text.h
 *		What HTTP is made of: tokens, header values, percent-encoding, UTF-8.
 */
#ifndef AIODAL_WEB_TEXT_H
#define AIODAL_WEB_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed UTF-8 character at s, 0 when it is none. len > 0. */
extern size_t aiodal_web__utf8_char(const char *s, size_t len);
extern bool aiodal_web__is_utf8(const char *s, size_t len);

/* A token of RFC 9110: a method or the name of a header. */
extern bool aiodal_web__is_token(const char *s);

/* Printable, or tab, or beyond ASCII. */
extern bool aiodal_web__is_header_value(const char *s);

/* ASCII letters of either case are the same; nothing depends on the locale. */
extern bool aiodal_web__same_word(const char *a, const char *b);
extern char aiodal_web__lower(char c);

/*
 * Decodes %XX, and "+" to a space if so told, from in to out, which has room for len + 1 bytes. False when a
 * "%" is not followed by two hexadecimal digits, or the text has a NUL in it or is not UTF-8.
 */
extern bool aiodal_web__percent_decode(char *out, const char *in, size_t len, bool plus);

#endif /* AIODAL_WEB_TEXT_H */
