/*
 * aiodal/web_openapi.h
 *		The service's own description: an OpenAPI 3.1 document, and a page to read it and try it out.
 *
 * The document is made of all routes of the app. Those of resources are told with parameters, bodies and
 * answers, their types, defaults and comments from the reflected tables; others with what their route's
 * options say: name, summary, and openapi for the rest.
 */
#ifndef AIODAL_WEB_OPENAPI_H
#define AIODAL_WEB_OPENAPI_H

#include <aiodal/web_http.h>

AIODAL_BEGIN_DECLS

typedef struct aiodal_web_openapi_options
{
	size_t size;
	const char *title;       /* default "API" */
	const char *version;     /* of the service; default "1" */
	const char *description; /* in Markdown */
} aiodal_web_openapi_options;

#define AIODAL_WEB_OPENAPI_OPTIONS_INIT                      \
	{                                                        \
		sizeof(aiodal_web_openapi_options), NULL, NULL, NULL \
	}

/* The document as text, which the caller frees with free(). The app takes no more routes afterwards. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_app_openapi(char **json, aiodal_web_app *app,
																  const aiodal_web_openapi_options *options,
																  aiodal_error **err);

/*
 * A route that sends it, e.g. "/openapi.json". It is made by the first request. Options are copied.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status
aiodal_web_scope_add_openapi(aiodal_web_scope *scope, const char *pattern,
							 const aiodal_web_openapi_options *options, aiodal_error **err);

/*
 * A route with a page, e.g. "/docs", that shows the document at url, e.g. "openapi.json": relative to the
 * page, or a path. It needs nothing from elsewhere and sends requests to this service alone, with the token
 * that its reader puts in, which is kept nowhere.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_web_scope_add_docs(aiodal_web_scope *scope,
																	 const char *pattern, const char *url,
																	 aiodal_error **err);

AIODAL_END_DECLS

#endif /* AIODAL_WEB_OPENAPI_H */
