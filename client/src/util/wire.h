/*
 * wire.h
 *		Scalars as PostgreSQL sends and prints them.
 */
#ifndef AIODAL_UTIL_WIRE_H
#define AIODAL_UTIL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"

/* Big-endian integers of 1 to 8 bytes, sign extended. */
extern int64_t aiodal__wire_get(const char *data, size_t size);
extern void aiodal__wire_put(aiodal__buf *buf, int64_t value, size_t size);

extern float aiodal__wire_get_float(const char *data);
extern double aiodal__wire_get_double(const char *data);
extern void aiodal__wire_put_float(aiodal__buf *buf, float value);
extern void aiodal__wire_put_double(aiodal__buf *buf, double value);

/*
 * A numeric as text into out, NUL-terminated; returns its length without the NUL, 0 when the data are
 * garbled. out NULL: only how much room is enough for it.
 */
extern size_t aiodal__wire_numeric(const char *data, size_t size, char *out);

/* Shortest decimal forms that are read back as the same number; with a point whatever the locale. */
extern void aiodal__print_double(aiodal__buf *buf, double value);
extern void aiodal__print_float(aiodal__buf *buf, float value);

/* The whole text as a number, with a point whatever the locale. */
extern bool aiodal__parse_integer(const char *text, int64_t *value);
extern bool aiodal__parse_double(const char *text, double *value);
extern bool aiodal__parse_float(const char *text, float *value);

/* 8-4-4-4-12 hexadecimal digits */
extern bool aiodal__parse_uuid(const char *text, unsigned char bytes[16]);
extern void aiodal__print_uuid(char out[37], const unsigned char bytes[16]);

/* bytea_output hex or escape; out has room for that many bytes. False when garbled. */
extern size_t aiodal__bytea_room(const char *text, size_t len);
extern bool aiodal__parse_bytea(const char *text, size_t len, unsigned char *out, size_t *size);
extern void aiodal__print_bytea(aiodal__buf *buf, const void *data, size_t size);

#endif /* AIODAL_UTIL_WIRE_H */
