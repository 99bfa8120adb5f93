/*
 * spawn.h
 *		Other programs, run as the user who may: PostgreSQL refuses to be root.
 */
#ifndef AIODAL_TESTING_SPAWN_H
#define AIODAL_TESTING_SPAWN_H

#include <sys/types.h>

#include <aiodal/api.h>

typedef struct aiodal_test__user
{
	const char *name; /* NULL: stay who we are */
	uid_t uid;
	gid_t gid;
} aiodal_test__user;

/* Whom the server runs as. */
extern aiodal_status aiodal_test__server_user(aiodal_test__user *user, aiodal_error **err);

/* Gives a file or a directory to the user. */
extern bool aiodal_test__give(const char *path, const aiodal_test__user *user);

/* Whether the user can enter the directory. */
extern bool aiodal_test__can_enter(const char *dir, const aiodal_test__user *user);

typedef struct aiodal_test__command
{
	const char *const *argv; /* argv[0] is the program, looked for in PATH unless it has a slash */
	const char *const *env;  /* NULL: ours */
	const char *dir;         /* to run in; NULL: here */
	const char *output; /* file that stdout is appended to; NULL: none. stderr is too, but with keep_stderr */
	bool keep_stderr;
	int death_signal; /* sent to it when the thread that spawned it ends; 0: none */
	aiodal_test__user user;
} aiodal_test__command;

/*
 * Starts it with stdin from /dev/null, and no signal blocked. -1 with errno. Calls nothing that is unsafe in
 * the child of a fork in a program with threads. What goes wrong behind the fork is written to the output,
 * and the exit status is 127.
 */
extern pid_t aiodal_test__spawn(const aiodal_test__command *command);

/* The same, and waits: 0 when the program ended with 0. */
extern int aiodal_test__run(const aiodal_test__command *command);

/* Our environment for the server: without PG*, and with the locale and the home directory given. Freed by
 * aiodal_test__free_env(); NULL when out of memory. */
extern char **aiodal_test__server_env(const char *home);
extern void aiodal_test__free_env(char **env);

/* Ends this process, the child of a fork, at once. */
extern void aiodal_test__leave(int status) __attribute__((noreturn));

#endif /* AIODAL_TESTING_SPAWN_H */
