/*
 * grid.h
 *		Rows in columns, as wide as the terminal lets them be.
 */
#ifndef AIODAL_CLI_GRID_H
#define AIODAL_CLI_GRID_H

#include <stdbool.h>

typedef struct cli_grid cli_grid;

typedef struct cli_grid_column
{
	const char *heading; /* NULL ends the list */
	bool right;          /* aligned */
	bool wrap;           /* long text goes on in the next line; else the column keeps its width */
} cli_grid_column;

extern cli_grid *cli_grid_new(const cli_grid_column *columns);

/* One row; NULL is an empty cell. All is copied. */
extern void cli_grid_add(cli_grid *grid, const char *const *cells);

/* Prints to stdout, each line behind so many blanks; columns without any text are left out. Frees the grid.
 */
extern void cli_grid_print(cli_grid *grid, int indent);

#endif /* AIODAL_CLI_GRID_H */
