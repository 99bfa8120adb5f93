/*
 * app.h
 *		What is inside an app.
 */
#ifndef AIODAL_WEB_APP_H
#define AIODAL_WEB_APP_H

#include <pthread.h>

#include <aiodal/web_http.h>

#include "request.h"
#include "route.h"

typedef struct aiodal_web__permit
{
	aiodal_web_permission ask;
	void *payload;
	struct aiodal_web__permit *next; /* given after it */
} aiodal_web__permit;

struct aiodal_web_scope
{
	aiodal_web_app *app;
	aiodal_web_scope *parent; /* NULL: the root */
	const char *prefix;       /* with the parents' */
	aiodal_web__step *steps;  /* its own middleware; malloc'd */
	size_t n_steps;
	aiodal_web__permit *permits;
	aiodal_web_scope *next; /* all of the app's */
};

typedef struct aiodal_web__owned
{
	void *thing;
	aiodal_web_free_fn free_thing;
	struct aiodal_web__owned *next; /* given before */
} aiodal_web__owned;

struct aiodal_web_app
{
	aiodal_web__arena arena; /* all that has no owner named */
	aiodal_db *db;
	aiodal_web__limits limits;
	aiodal_web_access_cb access;
	void *access_payload;
	aiodal_web_scope *root;
	aiodal_web_scope *scopes;
	aiodal_web__node *tree;
	aiodal_web_route **routes; /* malloc'd */
	size_t n_routes;
	bool own_limits;          /* a route has a max_body of its own */
	aiodal_web_route nowhere; /* stands in where there is no route: the root's middleware */
	aiodal_web__owned *owned;
	pthread_mutex_t lock; /* of complete */
	bool draining;        /* atomic */
	int workers;          /* of its server; 0: it has none; atomic */
	bool complete;        /* nothing is added any more; read with acquire order outside of the lock */
};

/* AIODAL_ESTATE once the app is complete. */
extern aiodal_status aiodal_web__app_check_open(const aiodal_web_app *app, aiodal_error **err);

/* The first call makes the app complete. */
extern aiodal_status aiodal_web__app_complete(aiodal_web_app *app, aiodal_error **err);

/* The number of bytes a request's body may have; the target is as in the request line. */
extern size_t aiodal_web__app_max_body(aiodal_web_app *app, const char *method, const char *target);

#endif /* AIODAL_WEB_APP_H */
