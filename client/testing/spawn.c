/*
 * spawn.c
 *		Other programs, and whom they run as.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"

extern char **environ;

static bool
find_user(aiodal_test__user *user, const char *name)
{
	struct passwd entry;
	struct passwd *found = NULL;
	char space[4096];

	if (getpwnam_r(name, &entry, space, sizeof(space), &found) != 0 || !found || entry.pw_uid == 0)
		return false;
	*user = (aiodal_test__user){name, entry.pw_uid, entry.pw_gid};
	return true;
}

aiodal_status
aiodal_test__server_user(aiodal_test__user *user, aiodal_error **err)
{
	*user = (aiodal_test__user){NULL, 0, 0};
	if (geteuid() != 0 || find_user(user, "postgres") || find_user(user, "nobody"))
		return AIODAL_OK;
	return aiodal_test__fail_hint(err, AIODAL_ENOTFOUND, NULL,
								  "PostgreSQL refuses to be root: run this as another user.",
								  "there is no user \"postgres\" or \"nobody\" to run the server as");
}

bool
aiodal_test__give(const char *path, const aiodal_test__user *user)
{
	return !user->name || chown(path, user->uid, user->gid) == 0;
}

/* In the child. */
static void __attribute__((noreturn)) give_up(const char *what)
{
	(void) (write(STDERR_FILENO, "could not ", 10) + write(STDERR_FILENO, what, strlen(what)) +
			write(STDERR_FILENO, "\n", 1));
	_exit(127);
}

static void
redirect(const aiodal_test__command *command)
{
	int in = open("/dev/null", O_RDWR | O_CLOEXEC);
	int out = command->output ? open(command->output, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : in;

	if (in < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
		(!command->keep_stderr && dup2(out, STDERR_FILENO) < 0))
		give_up("redirect its output");
}

static bool
drop_to(const aiodal_test__user *user)
{
	return !user->name || (setgroups(0, NULL) == 0 && setgid(user->gid) == 0 && setuid(user->uid) == 0);
}

static void __attribute__((noreturn)) become(const aiodal_test__command *command, pid_t parent)
{
	sigset_t none;

	redirect(command);
	if (!drop_to(&command->user))
		give_up("change its user");
	if (command->dir && chdir(command->dir) != 0)
		give_up("enter its directory");
	/* behind the change of user, which resets it */
	if (command->death_signal && prctl(PR_SET_PDEATHSIG, command->death_signal) == 0 && getppid() != parent)
		_exit(127);
	(void) sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
	(void) execvpe(command->argv[0], (char *const *) command->argv,
				   command->env ? (char *const *) command->env : environ);
	give_up(errno == ENOENT ? "find the program" : "run the program");
}

pid_t
aiodal_test__spawn(const aiodal_test__command *command)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == 0)
		become(command, parent);
	return pid;
}

/* Waits for a child of ours: 0 when it ended with 0. */
static int
await(pid_t pid)
{
	int status;

	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
	{
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

int
aiodal_test__run(const aiodal_test__command *command)
{
	return await(aiodal_test__spawn(command));
}

bool
aiodal_test__can_enter(const char *dir, const aiodal_test__user *user)
{
	const char *const argv[] = {"test", "-x", dir, NULL};
	aiodal_test__command command = {.argv = argv, .user = *user};

	return user->name ? aiodal_test__run(&command) == 0 : access(dir, X_OK) == 0;
}

/* What would change what the server does. */
static bool
is_ours(const char *variable)
{
	return strncmp(variable, "PG", 2) != 0 && strncmp(variable, "LC_", 3) != 0 &&
		   strncmp(variable, "LANG", 4) != 0 && strncmp(variable, "HOME=", 5) != 0;
}

/* How many words there are, and copies of them into to, unless that is NULL; -1 when out of memory. */
static int
copy_words(char **to, const char *text)
{
	int n = 0;

	while (text && *(text += strspn(text, " ")))
	{
		size_t len = strcspn(text, " ");

		if (to && !(to[n] = strndup(text, len)))
			return -1;
		text += len;
		n++;
	}
	return n;
}

char **
aiodal_test__server_env(const char *home)
{
	const char *more = aiodal_test__env("AIODAL_TEST_SERVER_ENV");
	size_t n = (size_t) copy_words(NULL, more);
	char **env;

	for (char **e = environ; *e; e++)
		n++;
	env = calloc(n + 3, sizeof(*env));
	if (!env)
		return NULL;
	env[0] = aiodal_test__printf("HOME=%s", home);
	env[1] = strdup("LC_ALL=C.UTF-8");
	n = 2;
	for (char **e = environ; *e && env[n - 1]; e++)
	{
		if (is_ours(*e))
			env[n++] = strdup(*e);
	}
	if (env[0] && env[n - 1] && copy_words(env + n, more) >= 0)
		return env;
	aiodal_test__free_env(env);
	return NULL;
}

void
aiodal_test__free_env(char **env)
{
	for (char **e = env; e && *e; e++)
		free(*e);
	free(env);
}

void
aiodal_test__leave(int status)
{
	_exit(status);
}
