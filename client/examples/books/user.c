/*
 * user.c
 *		Who is asking: made of the token's claims.
 */
#include <stdlib.h>
#include <string.h>

#include "books.h"

aiodal_status
books_user_parse(void **result, const aiodal_web_claims *claims, void *payload, aiodal_error **err)
{
	books_user *user = calloc(1, sizeof(*user));

	(void) payload;
	if (user)
		user->name = strdup(aiodal_web_claims_subject(claims));
	if (!user || !user->name)
	{
		books_user_free(user);
		return aiodal_error_set(err, AIODAL_ENOMEM, "out of memory", NULL, NULL);
	}
	user->editor = aiodal_web_claims_has(claims, "permissions", "write:books");
	*result = user;
	return AIODAL_OK;
}

void
books_user_free(void *payload)
{
	books_user *user = payload;

	if (user)
		free(user->name);
	free(user);
}

const books_user *
books_user_of(const aiodal_web_request *req)
{
	return aiodal_web_request_user(req);
}
