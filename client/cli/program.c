/*
 * program.c
 *		Another program as a filter.
 *
 * The input is put into a file that has no name, so that nobody waits for anybody: the program can read and
 * write in any order.
 */
#include "program.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"

extern char **environ;

/* NULL when it cannot be made or written. */
static FILE *
input_file(const char *input, size_t n)
{
	FILE *file = tmpfile();

	if (file && (fwrite(input, 1, n, file) != n || fflush(file) != 0 || fseek(file, 0, SEEK_SET) != 0))
	{
		(void) fclose(file);
		file = NULL;
	}
	return file;
}

/* Returns 0 or an errno. */
static int
start(pid_t *pid, const char *const argv[], int in, const int out[2])
{
	posix_spawn_file_actions_t actions;
	int problem;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return ENOMEM;
	(void) posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	(void) posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	(void) posix_spawn_file_actions_addclose(&actions, out[0]);
	(void) posix_spawn_file_actions_addclose(&actions, out[1]);
	problem = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *) argv, environ);
	(void) posix_spawn_file_actions_destroy(&actions);
	return problem;
}

static char *
read_all(int fd)
{
	size_t size = 65536;
	size_t used = 0;
	char *text = cli_realloc(NULL, size, 1);
	ssize_t n;

	while ((n = read(fd, text + used, size - used - 1)) > 0 || (n < 0 && errno == EINTR))
	{
		used += n > 0 ? (size_t) n : 0;
		if (size - used < 2)
			text = cli_realloc(text, size *= 2, 1);
	}
	text[used] = '\0';
	return text;
}

static bool
ended_well(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
	{
		if (errno != EINTR)
			return false;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

cli_program_result
cli_filter(char **output, const char *const argv[], const char *input, size_t n_input)
{
	FILE *in = input_file(input, n_input);
	int out[2];
	pid_t pid;
	int problem;

	*output = NULL;
	if (!in || pipe(out) != 0)
	{
		perror("aiodal: error: could not make a temporary file");
		if (in)
			(void) fclose(in);
		return CLI_PROGRAM_FAILED;
	}
	problem = start(&pid, argv, fileno(in), out);
	(void) close(out[1]);
	if (problem == 0)
		*output = read_all(out[0]);
	(void) close(out[0]);
	(void) fclose(in);
	if (problem == ENOENT || problem == EACCES)
		return CLI_PROGRAM_MISSING;
	errno = problem;
	if (problem != 0)
		perror("aiodal: error: could not start another program");
	return problem == 0 && ended_well(pid) ? CLI_PROGRAM_DONE : CLI_PROGRAM_FAILED;
}
