/*
 * terminal.h
 *		What the terminal can show.
 */
#ifndef AIODAL_CLI_TERMINAL_H
#define AIODAL_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

typedef enum cli_style_name
{
	CLI_STYLE_NONE, /* back to normal */
	CLI_STYLE_ERROR,
	CLI_STYLE_WARNING,
	CLI_STYLE_TITLE,
	CLI_STYLE_FAINT,
	CLI_STYLE_ADDED,
	CLI_STYLE_REMOVED,
	CLI_STYLE_CHANGED
} cli_style_name;

/* The escape sequence that turns a style on; "" unless the stream is a terminal that wants colour (NO_COLOR,
 * TERM). Static storage. */
extern const char *cli_style(FILE *stream, cli_style_name style);

extern bool cli_is_terminal(FILE *stream);
extern bool cli_wants_colour(FILE *stream);

/* Columns of the terminal behind stream; 80 when it does not say. */
extern int cli_terminal_width(FILE *stream);

/* Whether the locale's characters are UTF-8: setlocale() must have been called. */
extern bool cli_is_utf8(void);

/*
 * Writes text that comes from elsewhere: control characters, but for line ends and tabs, as \xNN, so that a
 * comment or a value cannot take over the terminal. NULL writes nothing.
 */
extern void cli_print_text(FILE *stream, const char *text);

#endif /* AIODAL_CLI_TERMINAL_H */
