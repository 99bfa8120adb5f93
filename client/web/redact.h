/*
 * redact.h
 *		What is taken out of texts before they are shown to people who may not see all.
 *
 * A secret is known by its name (of a query parameter, a form's field, a member of a JSON object) or by its
 * looks (bearer tokens, JSON Web Tokens, passwords in URLs, name=value). "[redacted]" stands in its place.
 * Whatever cannot be read well enough to be sure is left out as a whole.
 *
 * more: further names with spaces between them, or NULL.
 */
#ifndef AIODAL_WEB_REDACT_H
#define AIODAL_WEB_REDACT_H

#include "mem.h"

/*
 * Whether what has this name is a secret: "password", "token", "api_key" and the like, as a part of the name,
 * in any case, with or without "_", "-" and "."; short ones such as "pin" only as the whole name.
 */
extern bool aiodal_web__is_secret_name(const char *name, size_t len, const char *more);

/* Adds the text without what looks like a secret. */
extern void aiodal_web__redact_text(aiodal_web__buf *out, const char *s, size_t len, const char *more);

/* "name=value&name=value", percent-encoded: a query, or a form. */
extern void aiodal_web__redact_pairs(aiodal_web__buf *out, const char *s, size_t len, const char *more);

/*
 * A request's body of that media type, at most max bytes of it and "...": JSON and forms; of other types the
 * size alone, as nobody knows what is in them, and also of JSON that is malformed or has more than 64 KB.
 */
extern void aiodal_web__redact_body(aiodal_web__buf *out, const char *type, const char *body, size_t len,
									size_t max, const char *more);

#endif /* AIODAL_WEB_REDACT_H */
