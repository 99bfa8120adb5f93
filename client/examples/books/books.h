/*
 * books.h
 *		A library's catalogue over HTTP: who may use it, and what it offers.
 */
#ifndef BOOKS_H
#define BOOKS_H

#include <aiodal/web.h>

/*
 * Users: what becomes of a token.
 */

typedef struct books_user
{
	char *name;
	bool editor; /* may write: the token has the permission "write:books" */
} books_user;

/* For aiodal_web_auth_options. */
extern aiodal_status
books_user_parse(void **user, const aiodal_web_claims *claims, void *payload, aiodal_error **err);
extern void books_user_free(void *user);

/* The user of this request; NULL where no token is asked for. */
extern const books_user *books_user_of(const aiodal_web_request *req);

/*
 * The service
 */

typedef struct books_settings
{
	aiodal_db *db;         /* borrowed, as keys and slack are: they must outlive the app */
	aiodal_web_keys *keys; /* of the issuer */
	const char *issuer;    /* of tokens, e.g. "https://me.eu.auth0.com/" */
	const char *audience;  /* that tokens are for */
	bool log;              /* a line for each request to stderr */

	aiodal_web_slack *slack; /* borrowed; where errors are reported; NULL: nowhere */
	const char *environment; /* that reports name */
} books_settings;

/* The app is the caller's: aiodal_web_app_free(). */
extern aiodal_status books_app_new(aiodal_web_app **app, const books_settings *settings, aiodal_error **err);

#endif /* BOOKS_H */
