/*
 * keeper.c
 *		A process that ends the server and removes its directory when ours has ended.
 *
 * Design notes. The keeper is a fork of ours and the server's parent. It waits for word from us on a socket,
 * for its child's end, and for ours, which it is told of by a descriptor for our process: a descriptor of the
 * socket may live on in some other child of ours. Should the keeper be killed, the server is by PDEATHSIG,
 * and the directory stays.
 *
 * What runs in the keeper is safe in the child of a fork in a program with threads: system calls alone. So rm
 * removes the directory. It inherits the keeper's end of the socket, and its end is the end of all.
 */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS   10000 /* for a server told to end at once */
#define LOOK_AGAIN_MS 300   /* whether our parent lives, where we are not told */
#define LAST_FD       65536 /* closed one by one where there is no close_range() */

/* Messages: to the keeper what to do, from it what was done. */
enum
{
	LAUNCH = 'L', /* answered by LAUNCHED with the pid, negative when it could not be */
	CRASH = 'C',  /* answered by ENDED */
	KEEP = 'K',
	STOP = 'S',
	LAUNCHED = 'l',
	ENDED = 'e' /* also unasked */
};

typedef struct Message
{
	int what;
	int value;
} Message;

static int
tell(int fd, int what, int value)
{
	Message message = {what, value};

	return send(fd, &message, sizeof(message), MSG_NOSIGNAL) == (ssize_t) sizeof(message) ? 0 : -1;
}

/* -1 when there is nobody any more. */
static int
hear(int fd, Message *message)
{
	ssize_t n;

	do
		n = recv(fd, message, sizeof(*message), 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t) sizeof(*message) ? 0 : -1;
}

/*
 * The keeper's side
 */

typedef struct Keeping
{
	const char *dir;
	const aiodal_test__command *command;
	pid_t owner;
	pid_t server; /* 0: there is none */
	bool keep;
	int fd;       /* to the owner */
	int children; /* readable when a child has ended */
	int watch;    /* readable when the owner has ended; -1: unknown */
} Keeping;

static void
close_others(int fd)
{
	if (syscall(SYS_close_range, 3, fd - 1, 0) == 0 || fd == 3)
		if (syscall(SYS_close_range, fd + 1, ~0U, 0) == 0)
			return;
	for (int i = 3; i < LAST_FD; i++)
	{
		if (i != fd)
			(void) close(i);
	}
}

/* Nothing of the terminal's reaches us, nor do we keep anybody waiting for the end of our output. */
static void
detach(const Keeping *k)
{
	sigset_t all;
	int null;

	(void) sigfillset(&all);
	(void) sigprocmask(SIG_SETMASK, &all, NULL);
	(void) setsid();
	(void) prctl(PR_SET_NAME, "aiodal keeper");
	close_others(k->fd);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = STDIN_FILENO; null >= 0 && i <= STDERR_FILENO; i++)
		(void) dup2(null, i);
}

/* Takes note of the children that have ended. */
static void
reap(Keeping *k)
{
	struct signalfd_siginfo info;
	pid_t pid;

	while (read(k->children, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
	{
		if (pid != k->server)
			continue;
		k->server = 0;
		(void) tell(k->fd, ENDED, 0);
	}
}

/* SIGQUIT: PostgreSQL's immediate shutdown. */
static void
end_server(Keeping *k)
{
	struct pollfd child = {.fd = k->children, .events = POLLIN};
	int waited = 0;

	if (k->server)
		(void) kill(k->server, SIGQUIT);
	while (k->server)
	{
		if (poll(&child, 1, 100) == 0 && (waited += 100) >= PATIENCE_MS)
			(void) kill(k->server, SIGKILL);
		reap(k);
	}
}

static void
launch(Keeping *k)
{
	pid_t pid = k->server ? -1 : aiodal_test__spawn(k->command);

	if (pid > 0)
		k->server = pid;
	(void) tell(k->fd, LAUNCHED, (int) pid);
}

/* False: that was the last. */
static bool
obey(Keeping *k)
{
	Message message;

	if (hear(k->fd, &message) != 0)
		return false;
	switch (message.what)
	{
		case LAUNCH: launch(k); return true;
		case CRASH:
			end_server(k);
			/* it may have ended before */
			(void) tell(k->fd, ENDED, 0);
			return true;
		case KEEP: k->keep = true; return true;
		default: return false;
	}
}

static void
serve(Keeping *k)
{
	struct pollfd fds[3] = {
		{.fd = k->fd, .events = POLLIN},
		{.fd = k->children, .events = POLLIN},
		{.fd = k->watch, .events = POLLIN},
	};

	while (getppid() == k->owner)
	{
		if (poll(fds, 3, k->watch < 0 ? LOOK_AGAIN_MS : -1) <= 0)
			continue;
		if (fds[1].revents)
			reap(k);
		if (fds[2].revents || (fds[0].revents && !obey(k)))
			break;
	}
}

static void __attribute__((noreturn)) keep(Keeping *k)
{
	const char *const rm[] = {"/bin/rm", "-rf", "--", k->dir, NULL};
	sigset_t child;

	detach(k);
	(void) sigemptyset(&child);
	(void) sigaddset(&child, SIGCHLD);
	k->children = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
	k->watch = (int) syscall(SYS_pidfd_open, k->owner, 0);
	serve(k);
	end_server(k);
	if (!k->keep)
	{
		(void) chdir("/");
		(void) fcntl(k->fd, F_SETFD, 0);
		(void) execv(rm[0], (char *const *) rm);
	}
	aiodal_test__leave(0);
}

/*
 * The owner's side
 */

int
aiodal_test__keeper_start(aiodal_test__keeper *keeper, const char *dir, const aiodal_test__command *server)
{
	Keeping k = {.dir = dir, .command = server, .owner = getpid()};
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	pid = fork();
	if (pid == 0)
	{
		k.fd = ends[1];
		keep(&k);
	}
	(void) close(ends[1]);
	if (pid < 0)
	{
		(void) close(ends[0]);
		return -1;
	}
	*keeper = (aiodal_test__keeper){pid, ends[0]};
	return 0;
}

/* Waits for that message; whatever else was said before is old. */
static int
await(const aiodal_test__keeper *keeper, int what, int *value)
{
	Message message;

	do
	{
		if (hear(keeper->fd, &message) != 0)
			return -1;
	} while (message.what != what);
	*value = message.value;
	return 0;
}

int
aiodal_test__keeper_launch(const aiodal_test__keeper *keeper, pid_t *pid)
{
	int value;

	if (tell(keeper->fd, LAUNCH, 0) != 0 || await(keeper, LAUNCHED, &value) != 0 || value < 0)
		return -1;
	*pid = value;
	return 0;
}

int
aiodal_test__keeper_crash(const aiodal_test__keeper *keeper)
{
	int value;

	return tell(keeper->fd, CRASH, 0) == 0 ? await(keeper, ENDED, &value) : -1;
}

int
aiodal_test__keeper_ended(const aiodal_test__keeper *keeper, int timeout_ms)
{
	struct pollfd fd = {.fd = keeper->fd, .events = POLLIN};
	Message message;

	return poll(&fd, 1, timeout_ms) > 0 && (hear(keeper->fd, &message) != 0 || message.what == ENDED);
}

void
aiodal_test__keeper_keep(const aiodal_test__keeper *keeper)
{
	(void) tell(keeper->fd, KEEP, 0);
}

void
aiodal_test__keeper_stop(aiodal_test__keeper *keeper)
{
	Message message;

	if (keeper->fd < 0)
		return;
	(void) tell(keeper->fd, STOP, 0);
	while (hear(keeper->fd, &message) == 0)
		;
	(void) close(keeper->fd);
	/* gone already where the program reaps all children, or none */
	while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*keeper = (aiodal_test__keeper) AIODAL_TEST__KEEPER_INIT;
}
