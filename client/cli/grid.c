/*
 * grid.c
 *		Tables by libsmartcols, which knows how wide characters are and makes control characters visible.
 */
#include "grid.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "terminal.h"

#define MAX_COLUMNS 12

struct cli_grid
{
	struct libscols_table *table;
	struct libscols_column *columns[MAX_COLUMNS];
	bool filled[MAX_COLUMNS]; /* some row has text there */
	int n;
};

static void
add_column(cli_grid *grid, const cli_grid_column *column)
{
	int flags = (column->right ? SCOLS_FL_RIGHT : 0) | (column->wrap ? SCOLS_FL_WRAP : 0);
	struct libscols_column *added = scols_table_new_column(grid->table, column->heading, 0, flags);

	if (added && cli_wants_colour(stdout))
		(void) scols_cell_set_color(scols_column_get_header(added), "bold");
	grid->columns[grid->n++] = added;
}

cli_grid *
cli_grid_new(const cli_grid_column *columns)
{
	cli_grid *grid = cli_realloc(NULL, 1, sizeof(*grid));

	memset(grid, 0, sizeof(*grid));
	grid->table = scols_new_table();
	if (!grid->table)
		abort();
	(void) scols_table_enable_colors(grid->table, cli_wants_colour(stdout));
	(void) scols_table_set_column_separator(grid->table, "  ");
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
		if (!cells[i] || !*cells[i])
			continue;
		(void) scols_line_set_data(line, (size_t) i, cells[i]);
		grid->filled[i] = true;
	}
}

/* A column that wraps fills the table's width, and the last cell of a line is padded: both are of no use
 * here. */
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
	char *text = NULL;

	for (int i = 0; i < grid->n; i++)
	{
		if (!grid->filled[i])
			(void) scols_column_set_flags(grid->columns[i], SCOLS_FL_HIDDEN);
	}
	if (cli_is_terminal(stdout))
	{
		(void) scols_table_set_termforce(grid->table, SCOLS_TERMFORCE_ALWAYS);
		(void) scols_table_set_termwidth(grid->table, (size_t) (cli_terminal_width(stdout) - indent));
	}
	else
		(void) scols_table_set_termforce(grid->table, SCOLS_TERMFORCE_NEVER);
	if (scols_print_table_to_string(grid->table, &text) != 0)
		text = NULL;
	for (const char *line = text; line && *line; line += strcspn(line, "\n") + (strchr(line, '\n') != NULL))
		(void) printf("%*s%.*s\n", indent, "", without_trailing_blanks(line), line);
	free(text);
	scols_unref_table(grid->table);
	free(grid);
}
