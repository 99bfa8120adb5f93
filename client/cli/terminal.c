/*
 * terminal.c
 *		What the terminal can show.
 */
#include "terminal.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool
cli_is_terminal(FILE *stream)
{
	return isatty(fileno(stream)) == 1;
}

/* https://no-color.org: set and not empty */
bool
cli_wants_colour(FILE *stream)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return cli_is_terminal(stream) && !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
}

const char *
cli_style(FILE *stream, cli_style_name style)
{
	static const char *const sequences[] = {
		[CLI_STYLE_NONE] = "\033[0m",       [CLI_STYLE_ERROR] = "\033[1;31m",
		[CLI_STYLE_WARNING] = "\033[1;33m", [CLI_STYLE_TITLE] = "\033[1m",
		[CLI_STYLE_FAINT] = "\033[2m",      [CLI_STYLE_ADDED] = "\033[32m",
		[CLI_STYLE_REMOVED] = "\033[31m",   [CLI_STYLE_CHANGED] = "\033[33m",
	};

	return cli_wants_colour(stream) ? sequences[style] : "";
}

int
cli_terminal_width(FILE *stream)
{
	struct winsize size;

	if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

bool
cli_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void
cli_print_text(FILE *stream, const char *text)
{
	for (; text && *text; text++)
	{
		unsigned char c = (unsigned char) *text;

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			(void) fprintf(stream, "\\x%02x", c);
		else
			(void) putc(c, stream);
	}
}
