/*
 * render.c
 *		A reflection document in one of the forms that are made to be shown.
 */
#include "render.h"

#include <stdlib.h>
#include <string.h>

#include <aiodal/aiodal.h>

#include "dictionary.h"
#include "document.h"
#include "er_dot.h"
#include "page.h"

static aiodal_status
render_dot(const cli_document *document, const cli_er_options *options)
{
	char *text = cli_er_dot(document, options);

	(void) fputs(text, stdout);
	free(text);
	return AIODAL_OK;
}

static aiodal_status
render_svg(const cli_document *document, const cli_er_options *options, aiodal_error **err)
{
	char *svg;
	cli_program_result result = cli_er_svg(&svg, document, options);
	aiodal_status status = AIODAL_OK;

	if (result == CLI_PROGRAM_MISSING)
		status = aiodal_error_set(
			err, AIODAL_ENOTFOUND, "Graphviz's program \"dot\" is not installed", "It draws the diagram.",
			"Install the package \"graphviz\", or use --format dot and draw it elsewhere.");
	else if (result == CLI_PROGRAM_FAILED)
		status = aiodal_error_set(err, AIODAL_ESTATE, "Graphviz's program \"dot\" could not draw the diagram",
								  NULL, "--format dot shows what it is given.");
	else
		(void) fputs(svg, stdout);
	free(svg);
	return status;
}

/* The page is whole without a diagram, so none is no error. */
static aiodal_status
render_html(const cli_document *document, const cli_er_options *options)
{
	const cli_er_options linked = {.views = options->views, .links = true};
	cli_program_result result = CLI_PROGRAM_DONE;
	const char *why = "There are no tables to draw.";
	char *svg = NULL;

	if (cli_er_has_tables(document, &linked))
		result = cli_er_svg(&svg, document, &linked);
	if (result == CLI_PROGRAM_MISSING)
		why = "Left out: Graphviz, which draws it, was not installed where this page was made.";
	else if (result == CLI_PROGRAM_FAILED)
		why = "Left out: Graphviz could not draw it.";
	cli_put_page(stdout, document, result == CLI_PROGRAM_DONE ? svg : NULL, why);
	free(svg);
	return AIODAL_OK;
}

aiodal_status
cli_render(const json_t *json, const char *format, bool named, aiodal_error **err)
{
	const cli_er_options options = {.views = named};
	cli_document document;
	aiodal_status status = AIODAL_OK;

	cli_document_init(&document, json);
	if (strcmp(format, "dot") == 0)
		status = render_dot(&document, &options);
	else if (strcmp(format, "markdown") == 0)
		cli_put_dictionary(stdout, &document);
	else if (strcmp(format, "html") == 0)
		status = render_html(&document, &options);
	else
		status = render_svg(&document, &options, err);
	cli_document_free(&document);
	return status;
}
