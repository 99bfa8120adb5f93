/*
 * resource_error.c
 *		What a client hears when the server refuses: never the server's own words.
 */
#include "resource.h"

/* What may be gone in a moment: no resources, shutting down, locks and timeouts, a standby. */
static bool
is_passing(const aiodal_error *error)
{
	static const char *const states[] = {"08", "53", "57", "55P03", "40", "25006", "25P03"};
	aiodal_status status = aiodal_error_status(error);
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (aiodal_web__is_sqlstate(error, states[i]))
			return true;
	return status == AIODAL_ECONN || status == AIODAL_ETIMEOUT || status == AIODAL_ERETRY ||
		   status == AIODAL_EBUSY;
}

static bool
answer_unavailable(aiodal_web_response *res)
{
	return aiodal_web_response_problem(res, 503, NULL, NULL) == AIODAL_OK &&
		   aiodal_web_response_set_header(res, "Retry-After", "1", NULL) == AIODAL_OK;
}

bool
aiodal_web__resource_on_error(aiodal_web_request *req, aiodal_web_response *res, const aiodal_error *error,
							  void *payload)
{
	(void) req;
	(void) payload;
	if (aiodal_web__is_sqlstate(error, "42501"))
		return aiodal_web_response_problem(res, 403, NULL, NULL) == AIODAL_OK;
	if (is_passing(error))
		return answer_unavailable(res);
	return false;
}
