/*
 * auth.h
 *		What the middleware around routes asks of tokens.
 */
#ifndef AIODAL_WEB_AUTH_INTERNAL_H
#define AIODAL_WEB_AUTH_INTERNAL_H

#include <aiodal/web_auth.h>

typedef enum aiodal_web__token_need
{
	AIODAL_WEB__NO_TOKEN,
	AIODAL_WEB__TOKEN_OPTIONAL,
	AIODAL_WEB__TOKEN_REQUIRED
} aiodal_web__token_need;

/* Of a route of an app that is complete. */
extern aiodal_web__token_need aiodal_web__route_token(const aiodal_web_route *route);

/* What a scope and those around it ask so far. */
extern aiodal_web__token_need aiodal_web__scope_token(const aiodal_web_scope *scope);

#endif /* AIODAL_WEB_AUTH_INTERNAL_H */
