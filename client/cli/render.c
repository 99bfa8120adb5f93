/*
 * render.c
 *		A reflection document in one of the forms that are made to be shown.
 */
#include "render.h"

#include <stdlib.h>
#include <string.h>

#include <aiodal/aiodal.h>

#include "document.h"
#include "er_dot.h"

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

aiodal_status
cli_render(const json_t *json, const char *format, bool named, aiodal_error **err)
{
	const cli_er_options options = {.views = named};
	cli_document document;
	aiodal_status status = AIODAL_OK;

	cli_document_init(&document, json);
	if (strcmp(format, "dot") == 0)
		status = render_dot(&document, &options);
	else
		status = render_svg(&document, &options, err);
	cli_document_free(&document);
	return status;
}
