/*
 * grid.h
 *		Rows in columns.
 */
#ifndef AIODAL_CLI_GRID_H
#define AIODAL_CLI_GRID_H

#include <stdbool.h>

typedef struct cli_grid cli_grid;

typedef struct cli_grid_column
{
	const char *heading; /* NULL ends the list */
	bool right;          /* aligned */
	bool wrap;           /* what does not fit the terminal goes on in the next line; one column at most */
} cli_grid_column;

extern cli_grid *cli_grid_new(const cli_grid_column *columns);

/* One row; NULL is an empty cell. All is copied. */
extern void cli_grid_add(cli_grid *grid, const char *const *cells);

/* Prints to stdout, each line behind so many blanks; columns without any text are left out. Frees the grid.
 */
extern void cli_grid_print(cli_grid *grid, int indent);

#endif /* AIODAL_CLI_GRID_H */
