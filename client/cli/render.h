/*
 * render.h
 *		A reflection document in one of the forms that are made to be shown.
 */
#ifndef AIODAL_CLI_RENDER_H
#define AIODAL_CLI_RENDER_H

#include <aiodal/api.h>
#include <jansson.h>

/*
 * Writes the document to stdout as markdown, html, dot or svg; named: relations were asked for by name, so
 * that views are drawn too. AIODAL_ENOTFOUND when the program that would draw it is not there.
 */
extern aiodal_status cli_render(const json_t *json, const char *format, bool named, aiodal_error **err);

#endif /* AIODAL_CLI_RENDER_H */
