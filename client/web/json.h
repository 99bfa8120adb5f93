/*
 * json.h
 *		Reading JSON from outside.
 */
#ifndef AIODAL_WEB_JSON_H
#define AIODAL_WEB_JSON_H

#include <jansson.h>

#include "mem.h"

/*
 * An object without names that appear twice, at any depth, and without NUL in strings; UTF-8 is checked.
 * AIODAL_EINVAL, with what in the message, when the text is not that.
 */
extern aiodal_status
aiodal_web__json_object(json_t **object, const char *text, size_t len, const char *what, aiodal_error **err);

/* A member that is a string; NULL when it is not there or something else. */
extern const char *aiodal_web__json_string(const json_t *object, const char *name);

/* Whether it is an array with that string in it. NULL is none. */
extern bool aiodal_web__json_has(const json_t *array, const char *value);

/* Whether it is an array with nothing in it but strings. NULL is none. */
extern bool aiodal_web__json_strings(const json_t *array);

#endif /* AIODAL_WEB_JSON_H */
