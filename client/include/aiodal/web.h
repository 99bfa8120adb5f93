/*
 * aiodal/web.h
 *		All of libaiodal_web: HTTP services on libaiodal (pkg-config aiodal_web).
 *
 *		web_http      requests, responses, routes, middleware, transactions per request; needs no network
 *		web_resource  tables as resources: list, detail, create, replace, update, delete
 *		web_openapi   the service's own description, and a page to read it
 *		web_server    an app on a socket, health and readiness
 *		web_auth      bearer tokens
 *		web_slack     messages to a Slack channel
 *
 * None of the headers needs those of the libraries below (libmicrohttpd, libcurl, jansson, OpenSSL). The
 * rules of aiodal/api.h about ownership, errors and threads hold here too.
 */
#ifndef AIODAL_WEB_H
#define AIODAL_WEB_H

#include <aiodal/aiodal.h>
#include <aiodal/web_auth.h>
#include <aiodal/web_http.h>
#include <aiodal/web_openapi.h>
#include <aiodal/web_resource.h>
#include <aiodal/web_server.h>
#include <aiodal/web_slack.h>

#endif /* AIODAL_WEB_H */
