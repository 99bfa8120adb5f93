/*
 * er_dot.h
 *		An entity-relationship diagram, in Graphviz's language and drawn by it.
 */
#ifndef AIODAL_CLI_ER_DOT_H
#define AIODAL_CLI_ER_DOT_H

#include <stdio.h>

#include "document.h"
#include "program.h"

typedef struct cli_er_options
{
	bool views; /* draw them too: nothing refers to them */
	bool links; /* from a table to the element of its anchor, for a page that has one */
} cli_er_options;

/* The colours of headings in the diagram, for a page that wants others. */
#define CLI_ER_TABLE       "#dbe6f5"
#define CLI_ER_PARTITIONED "#d8ede0"
#define CLI_ER_VIEW        "#f5ecd6"
#define CLI_ER_FOREIGN     "#eadff2"
#define CLI_ER_OUTSIDE     "#ececec"
#define CLI_ER_CLUSTER     "#f7f8fa"

/* Whether there is anything to draw. */
extern bool cli_er_has_tables(const cli_document *document, const cli_er_options *options);

/* The diagram as text; to be freed. */
extern char *cli_er_dot(const cli_document *document, const cli_er_options *options);

/* The same drawn by Graphviz's dot; *svg as by cli_filter(). */
extern cli_program_result cli_er_svg(char **svg, const cli_document *document, const cli_er_options *options);

#endif /* AIODAL_CLI_ER_DOT_H */
