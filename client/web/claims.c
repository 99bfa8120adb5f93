/*
 * claims.c
 *		Asking a verified token.
 */
#include "claims.h"

#include <string.h>

const char *
aiodal_web_claims_subject(const aiodal_web_claims *claims)
{
	return claims->subject;
}

int64_t
aiodal_web_claims_expires(const aiodal_web_claims *claims)
{
	return claims->expires;
}

const char *
aiodal_web_claims_string(const aiodal_web_claims *claims, const char *name)
{
	return aiodal_web__json_string(claims->json, name);
}

bool
aiodal_web_claims_has(const aiodal_web_claims *claims, const char *name, const char *value)
{
	return aiodal_web__json_has(json_object_get(claims->json, name), value);
}

const char *
aiodal_web_claims_text(const aiodal_web_claims *claims)
{
	return claims->text;
}

const struct json_t *
aiodal_web_claims_json(const aiodal_web_claims *claims)
{
	return claims->json;
}

void
aiodal_web_claims_free(aiodal_web_claims *claims)
{
	if (!claims)
		return;
	json_decref(claims->json);
	aiodal_web__free(claims->text);
	aiodal_web__free(claims);
}

/*
 * Requirements
 */

/* The next word of a list with spaces between them; NULL at its end. Moves *list behind it. */
static const char *
next_word(const char **list, size_t *len)
{
	const char *word = *list + strspn(*list, " ");

	*len = strcspn(word, " ");
	*list = word + *len;
	return *len ? word : NULL;
}

static bool
list_has(const char *list, const char *word, size_t len)
{
	const char *other;
	size_t other_len;

	while ((other = next_word(&list, &other_len)))
		if (other_len == len && memcmp(other, word, len) == 0)
			return true;
	return false;
}

static bool
array_has(const json_t *array, const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < json_array_size(array); i++)
	{
		const json_t *s = json_array_get(array, i);

		if (json_string_length(s) == len && len > 0 && memcmp(json_string_value(s), word, len) == 0)
			return true;
	}
	return false;
}

static aiodal_status
require_scopes(const aiodal_web_claims *claims, const char *wanted, aiodal_error **err)
{
	const char *has = aiodal_web_claims_string(claims, "scope");
	const char *word;
	size_t len;

	while ((word = next_word(&wanted, &len)))
		if (!has || !list_has(has, word, len))
			return aiodal_web__fail(err, AIODAL_ENOTFOUND, "the token lacks the scope \"%.*s\"", (int) len,
									word);
	return AIODAL_OK;
}

static aiodal_status
require_permissions(const aiodal_web_claims *claims, const char *wanted, aiodal_error **err)
{
	const json_t *has = json_object_get(claims->json, "permissions");
	const char *word;
	size_t len;

	while ((word = next_word(&wanted, &len)))
		if (!array_has(has, word, len))
			return aiodal_web__fail(err, AIODAL_ENOTFOUND, "the token lacks the permission \"%.*s\"",
									(int) len, word);
	return AIODAL_OK;
}

static aiodal_status
require_string(const aiodal_web_claims *claims, const char *name, const char *value, aiodal_error **err)
{
	const char *has = aiodal_web_claims_string(claims, name);

	if (has && strcmp(has, value) == 0)
		return AIODAL_OK;
	return aiodal_web__fail(err, AIODAL_ENOTFOUND, "the token's \"%s\" is not the one required", name);
}

static aiodal_status
require_email(const aiodal_web_claims *claims, const char *name, aiodal_error **err)
{
	const char *has = aiodal_web_claims_string(claims, name ? name : "email");

	if (has && *has)
		return AIODAL_OK;
	return aiodal_web__fail(err, AIODAL_ENOTFOUND, "the token says no address of e-mail");
}

aiodal_status
aiodal_web_claims_require(const aiodal_web_claims *claims, const aiodal_web_requirements *what,
						  aiodal_error **err)
{
	aiodal_web_requirements r;
	aiodal_status status = aiodal_web__options_copy(&r, sizeof(r), what, "the requirements", err);

	if (!status && r.org_id)
		status = require_string(claims, "org_id", r.org_id, err);
	if (!status && r.grant_type)
		status = require_string(claims, "gty", r.grant_type, err);
	if (!status && r.scopes)
		status = require_scopes(claims, r.scopes, err);
	if (!status && r.permissions)
		status = require_permissions(claims, r.permissions, err);
	if (!status && r.email)
		status = require_email(claims, r.email_claim, err);
	return status;
}
