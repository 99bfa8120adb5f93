/*
 * options.c
 *		The first member of every option struct is its size as the caller was compiled.
 */
#include "util/options.h"

#include <string.h>

#include "error.h"

aiodal_status
aiodal__options_copy(void *ours, size_t size, const void *given, const char *what, aiodal_error **err)
{
	size_t given_size;

	memset(ours, 0, size);
	if (!given)
		return AIODAL_OK;
	memcpy(&given_size, given, sizeof(given_size));
	if (given_size < sizeof(size_t) || given_size > 65536)
		return aiodal__fail_hint(err, AIODAL_EINVAL, NULL, "Initialise it with its _INIT macro.",
								 "%s was not initialised", what);
	for (size_t i = size; i < given_size; i++)
	{
		if (((const char *) given)[i] != 0)
			return aiodal__fail_hint(err, AIODAL_EINVAL, NULL,
									 "Install a libaiodal that is as new as the headers.",
									 "%s sets options that this version of libaiodal does not know", what);
	}
	memcpy(ours, given, given_size < size ? given_size : size);
	return AIODAL_OK;
}

void
aiodal__options_give(void *theirs, const void *ours, size_t size)
{
	size_t room = theirs ? *(const size_t *) theirs : 0;

	if (room > sizeof(room))
		memcpy((char *) theirs + sizeof(room), (const char *) ours + sizeof(room),
			   (room < size ? room : size) - sizeof(room));
}
