/*
 * convert_json.h
 *		Text into values of json and jsonb; converters as convert.h has them.
 */
#ifndef AIODAL_CONVERT_JSON_H
#define AIODAL_CONVERT_JSON_H

#include "compat.h"

extern bool ConvertJson(const char *text, int len, int32 typmod, Datum *value);
extern bool ConvertJsonb(const char *text, int len, int32 typmod, Datum *value);

#endif /* AIODAL_CONVERT_JSON_H */
