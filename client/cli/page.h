/*
 * page.h
 *		A schema as one page of HTML.
 */
#ifndef AIODAL_CLI_PAGE_H
#define AIODAL_CLI_PAGE_H

#include <stdio.h>

#include "document.h"

/*
 * Writes the page, which needs nothing else: style, script and diagram are in it, and it asks no server for
 * anything. svg: the diagram with links, as cli_er_svg() draws it; NULL: none, and instead it says why.
 */
extern void cli_put_page(FILE *to, const cli_document *document, const char *svg, const char *why);

#endif /* AIODAL_CLI_PAGE_H */
