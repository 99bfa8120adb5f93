/*
 * json.c
 *		What is asked of JSON before it is believed.
 */
#include "json.h"

#include <string.h>

/* As far as jansson tells: a string it has no memory for it takes for a mistake in the text. */
static bool
lacked_memory(const json_error_t *error)
{
	return json_error_code(error) == json_error_out_of_memory || json_error_code(error) == json_error_unknown;
}

aiodal_status
aiodal_web__json_object(json_t **object, const char *text, size_t len, const char *what, aiodal_error **err)
{
	json_error_t error = {.line = 0};

	*object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!*object && lacked_memory(&error))
		return aiodal_web__oom(err);
	if (json_is_object(*object))
		return AIODAL_OK;
	json_decref(*object);
	*object = NULL;
	return aiodal_web__fail(err, AIODAL_EINVAL, "%s is not a well-formed JSON object", what);
}

const char *
aiodal_web__json_string(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

bool
aiodal_web__json_has(const json_t *array, const char *value)
{
	size_t i;

	for (i = 0; i < json_array_size(array); i++)
	{
		const char *s = json_string_value(json_array_get(array, i));

		if (s && strcmp(s, value) == 0)
			return true;
	}
	return false;
}

bool
aiodal_web__json_strings(const json_t *array)
{
	size_t i;

	for (i = 0; i < json_array_size(array); i++)
		if (!json_is_string(json_array_get(array, i)))
			return false;
	return json_is_array(array);
}
