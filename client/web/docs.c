/*
 * docs.c
 *		A page that shows an OpenAPI document. It is the same for all services: its script reads the document
 * and makes text of what is in it, never markup. The policy lets nothing else run, nor be loaded.
 */
#include <aiodal/web_openapi.h>

#include <string.h>

#include <openssl/evp.h>

#include "app.h"

static const char style[] =
#include <docs.css.inc>
	;

static const char script[] =
#include <docs.js.inc>
	;

static const char page_begin[] = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
								 "<meta name=\"viewport\" content=\"width=device-width\"><title>API</title>"
								 "<link rel=\"icon\" href=\"data:,\"><style>";

static const char page_end[] =
	"<nav><label>Bearer token<input id=\"token\" type=\"password\" autocomplete=\"off\"></label>"
	"<div id=\"list\"></div></nav>"
	"<main><h1 id=\"title\"></h1><p id=\"about\" class=\"note\"></p><p id=\"failure\"></p>"
	"<div id=\"operations\"></div><noscript>This page needs its script.</noscript></main><script>";

typedef struct docs
{
	aiodal_web__buf page;
	aiodal_web__buf policy;
} docs;

static void
free_docs(void *payload)
{
	docs *d = payload;

	aiodal_web__buf_free(&d->page);
	aiodal_web__buf_free(&d->policy);
	aiodal_web__free(d);
}

/* In an attribute's value */
static void
add_attribute(aiodal_web__buf *page, const char *text)
{
	for (; *text; text++)
		if (strchr("\"&<>'", *text))
			aiodal_web__buf_printf(page, "&#%d;", *text);
		else
			aiodal_web__buf_char(page, *text);
}

static void
make_page(aiodal_web__buf *page, const char *url)
{
	aiodal_web__buf_str(page, page_begin);
	aiodal_web__buf_str(page, style);
	aiodal_web__buf_str(page, "</style></head><body data-url=\"");
	add_attribute(page, url);
	aiodal_web__buf_str(page, "\">");
	aiodal_web__buf_str(page, page_end);
	aiodal_web__buf_str(page, script);
	aiodal_web__buf_str(page, "</script></body></html>\n");
}

/* 'sha256-...' of an element's text */
static void
add_source(aiodal_web__buf *policy, const char *directive, const char *text)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned char base64[64];

	if (!EVP_Digest(text, strlen(text), sum, NULL, EVP_sha256(), NULL))
		policy->oom = true;
	else
	{
		(void) EVP_EncodeBlock(base64, sum, 32);
		aiodal_web__buf_printf(policy, "; %s 'sha256-%s'", directive, (const char *) base64);
	}
}

static void
make_policy(aiodal_web__buf *policy)
{
	aiodal_web__buf_str(policy, "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; "
								"form-action 'none'; frame-ancestors 'none'");
	add_source(policy, "style-src", style);
	add_source(policy, "script-src", script);
}

static aiodal_status
serve(aiodal_web_request *req, aiodal_web_response *res, void *payload, aiodal_error **err)
{
	docs *d = payload;
	aiodal_status status =
		aiodal_web_response_set_body(res, "text/html; charset=utf-8", d->page.data, d->page.len, err);

	(void) req;
	if (!status)
		status = aiodal_web_response_set_header(res, "Content-Security-Policy", d->policy.data, err);
	if (!status)
		status = aiodal_web_response_set_header(res, "X-Content-Type-Options", "nosniff", err);
	return status ? status : aiodal_web_response_set_header(res, "Referrer-Policy", "no-referrer", err);
}

aiodal_status
aiodal_web_scope_add_docs(aiodal_web_scope *scope, const char *pattern, const char *url, aiodal_error **err)
{
	aiodal_web_route_options route = AIODAL_WEB_ROUTE_OPTIONS_INIT;
	docs *d;
	aiodal_status status;

	if (!url || !*url)
		return aiodal_web__fail(err, AIODAL_EINVAL, "the page needs the document's url");
	d = aiodal_web__calloc(1, sizeof(*d));
	if (!d)
		return aiodal_web__oom(err);
	status = aiodal_web_app_own(scope->app, d, free_docs, err);
	if (status)
		return status;
	make_page(&d->page, url);
	make_policy(&d->policy);
	if (d->page.oom || d->policy.oom)
		return aiodal_web__oom(err);
	route.name = "docs";
	route.summary = "A page to read this document";
	return aiodal_web_scope_add(scope, "GET", pattern, serve, d, &route, err);
}
