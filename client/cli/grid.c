/*
 * grid.c
 *		Tables by libsmartcols, which knows how wide characters are and makes control characters visible.
 */
#include "grid.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "memory.h"
#include "terminal.h"

#define MAX_COLUMNS 12
#define LEAST_WRAP  12 /* columns; in less room long text is not readable anyway */

struct cli_grid
{
	struct libscols_table *table;
	struct libscols_column *columns[MAX_COLUMNS];
	int width[MAX_COLUMNS]; /* of the widest cell; 0: all are empty */
	int n;
	int wrap; /* the column that wraps; -1: none */
};

/* Columns that the character at text takes on the screen; its bytes in *bytes. */
static int
character_width(const char *text, int *bytes)
{
	wchar_t wide;
	int width;

	*bytes = mbtowc(&wide, text, MB_CUR_MAX);
	if (*bytes <= 0)
	{
		*bytes = 1;
		return 4; /* shown as \xNN */
	}
	width = wcwidth(wide);
	return width < 0 ? 4 * *bytes : width;
}

static int
text_width(const char *text)
{
	int width = 0;
	int bytes;

	for (; *text; text += bytes)
		width += character_width(text, &bytes);
	return width;
}

/* How much of the text, which has no line ends, fits: up to the last blank, or to the last character. */
static int
fitting_bytes(const char *text, int room)
{
	int blank = 0;
	int at = 0;
	int bytes;

	for (int width = 0; text[at]; at += bytes)
	{
		width += character_width(text + at, &bytes);
		if (text[at] == ' ')
			blank = at;
		if (width > room)
			return blank > 0 ? blank : at > 0 ? at : bytes;
	}
	return at;
}

/* The text in lines of that width; to be freed. */
static char *
wrapped(const char *text, int width)
{
	char *result = cli_realloc(NULL, 2 * strlen(text) + 1, 1);
	char *to = result;

	while (*text)
	{
		int n = fitting_bytes(text, width);
		int line = (int) strcspn(text, "\n");

		n = n < line ? n : line;
		memcpy(to, text, (size_t) n);
		to += n;
		text += n;
		if (*text)
			*to++ = '\n';
		text += strspn(text, " ");
		text += *text == '\n' && n == line;
	}
	*to = '\0';
	return result;
}

static void
add_column(cli_grid *grid, const cli_grid_column *column)
{
	int flags = (column->right ? SCOLS_FL_RIGHT : 0) | (column->wrap ? SCOLS_FL_WRAP : 0);
	struct libscols_column *added = scols_table_new_column(grid->table, column->heading, 0, flags);

	if (!added)
		return;
	if (cli_wants_colour(stdout))
		(void) scols_cell_set_color(scols_column_get_header(added), "bold");
	if (column->wrap)
	{
		grid->wrap = grid->n;
		(void) scols_column_set_safechars(added, "\n");
		(void) scols_column_set_wrapfunc(added, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
	}
	grid->columns[grid->n++] = added;
}

cli_grid *
cli_grid_new(const cli_grid_column *columns)
{
	cli_grid *grid = cli_realloc(NULL, 1, sizeof(*grid));

	*grid = (cli_grid){.table = scols_new_table(), .wrap = -1};
	if (!grid->table)
		abort();
	(void) scols_table_enable_colors(grid->table, cli_wants_colour(stdout));
	(void) scols_table_set_column_separator(grid->table, "  ");
	/* the width is seen to here */
	(void) scols_table_set_termforce(grid->table, SCOLS_TERMFORCE_NEVER);
	for (; columns->heading && grid->n < MAX_COLUMNS; columns++)
		add_column(grid, columns);
	return grid;
}

void
cli_grid_add(cli_grid *grid, const char *const *cells)
{
	struct libscols_line *line = scols_table_new_line(grid->table, NULL);

	for (int i = 0; line && i < grid->n; i++)
	{
		int width = cells[i] ? text_width(cells[i]) : 0;

		if (width > 0)
			(void) scols_line_set_column_data(line, grid->columns[i], cells[i]);
		if (width > grid->width[i])
			grid->width[i] = width;
	}
}

/* What the other columns leave of the terminal for the one that wraps. */
static int
room_to_wrap(const cli_grid *grid, int indent)
{
	int room = cli_terminal_width(stdout) - indent;

	for (int i = 0; i < grid->n; i++)
	{
		int heading = text_width(scols_column_get_name(grid->columns[i]));

		if (i != grid->wrap && grid->width[i] > 0)
			room -= (grid->width[i] > heading ? grid->width[i] : heading) + 2;
	}
	return room;
}

static void
wrap_cells(cli_grid *grid, int room)
{
	struct libscols_column *column = grid->columns[grid->wrap];
	size_t n = scols_table_get_nlines(grid->table);

	for (size_t i = 0; i < n; i++)
	{
		struct libscols_line *line = scols_table_get_line(grid->table, i);
		const char *text = scols_line_get_column_data(line, column);
		char *lines;

		if (!text)
			continue;
		lines = wrapped(text, room);
		(void) scols_line_set_column_data(line, column, lines);
		free(lines);
	}
}

/* The last cell of a line is padded: of no use to anybody. */
static int
without_trailing_blanks(const char *line)
{
	int n = (int) strcspn(line, "\n");

	while (n > 0 && line[n - 1] == ' ')
		n--;
	return n;
}

void
cli_grid_print(cli_grid *grid, int indent)
{
	int room = grid->wrap >= 0 && cli_is_terminal(stdout) ? room_to_wrap(grid, indent) : 0;
	char *text = NULL;

	for (int i = 0; i < grid->n; i++)
	{
		if (grid->width[i] == 0)
			(void) scols_column_set_flags(grid->columns[i], SCOLS_FL_HIDDEN);
	}
	if (room >= LEAST_WRAP)
		wrap_cells(grid, room);
	if (scols_print_table_to_string(grid->table, &text) != 0)
		text = NULL;
	for (const char *line = text; line && *line; line += strcspn(line, "\n") + (strchr(line, '\n') != NULL))
	{
		int n = without_trailing_blanks(line);

		(void) printf("%*s%.*s\n", n > 0 ? indent : 0, "", n, line);
	}
	free(text);
	scols_unref_table(grid->table);
	free(grid);
}
