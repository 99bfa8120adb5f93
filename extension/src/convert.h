/*
 * convert.h
 *		Text into values of common types, quickly where the text is plain.
 *
 * A converter knows the plain ways to write a value and says "not sure" to all
 * others: what is odd, what is wrong, and what depends on a setting. The type's
 * input function then decides, so a value or an error is never another one than
 * without converters.
 */
#ifndef AIODAL_CONVERT_H
#define AIODAL_CONVERT_H

#include "compat.h"

/*
 * The value of text, len bytes in the server's encoding, none of them NUL and
 * not ended by one, in *value; false when not sure. By-reference values are left
 * in the current memory context.
 */
typedef bool (*Converter)(const char *text, int len, int32 typmod, Datum *value);

/* The converter for the type, or NULL when there is none: all is for the input function. */
extern Converter ConverterOf(Oid type);

/*
 * The name that errors have for the type, where text, ended by a NUL, surely is no value of it: what its
 * input function would say is "invalid input syntax" then. NULL when not sure.
 */
extern const char *TypeRefusing(Oid type, const char *text);

#endif /* AIODAL_CONVERT_H */
