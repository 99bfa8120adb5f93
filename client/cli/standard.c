/*
 * standard.c
 *		Standard input, output and error that were closed by whoever started the program.
 *
 * A socket to the server that became descriptor 0 would be read as if it were the rows, and one that became
 * 1 would be sent what is printed. What stands in their place can be used for neither, so that to read or to
 * write fails, as it does with a closed one. It is closed again for programs that are started.
 */
#include "standard.h"

#include <fcntl.h>
#include <unistd.h>

static bool stdin_closed;

void
cli_hold_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
	{
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		stdin_closed = stdin_closed || fd == STDIN_FILENO;
		/* the lowest that is free: fd */
		(void) open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	}
}

bool
cli_stdin_was_closed(void)
{
	return stdin_closed;
}
