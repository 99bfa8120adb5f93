/*
 * data.c
 *		initdb once, then copies.
 *
 * Design notes. A data directory is kept under the server's version and a hash of all that decides what
 * initdb makes: the program itself and its arguments. It appears in the cache by one rename and is never
 * changed there, so that copying needs no lock. Who finds none takes a lock, looks again, and makes it;
 * others wait rather than make it too.
 */
#include "data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "tree.h"

#define LOG_TAIL 4000

/* Behind the program and -D DIR. */
#define INITDB_ARGUMENTS                                                                                 \
	"-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions", \
		"--wal-segsize=1"

static uint64_t
hash(uint64_t h, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ bytes[i]) * UINT64_C(1099511628211);
	return h;
}

/* The name in the cache; NULL when out of memory or without an initdb. */
static char *
cache_name(const aiodal_test__install *install, const char *cache)
{
	static const char *const arguments[] = {INITDB_ARGUMENTS};
	char *initdb = aiodal_test__printf("%s/initdb", install->bindir);
	const char *number = install->version + strcspn(install->version, "0123456789");
	uint64_t h = UINT64_C(14695981039346656037);
	char *name = NULL;
	struct stat st;

	if (initdb && stat(initdb, &st) == 0)
	{
		h = hash(h, install->version, strlen(install->version) + 1);
		h = hash(h, initdb, strlen(initdb) + 1);
		h = hash(h, &st.st_size, sizeof(st.st_size));
		h = hash(h, &st.st_mtim, sizeof(st.st_mtim));
		for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++)
			h = hash(h, arguments[i], strlen(arguments[i]) + 1);
		name = aiodal_test__printf("%s/data-%.*s-%016llx", cache, (int) strspn(number, "0123456789."), number,
								   (unsigned long long) h);
	}
	free(initdb);
	return name;
}

static aiodal_status
run_initdb(const char *dir, const char *program, const char *data, const aiodal_test__user *user,
		   aiodal_error **err)
{
	const char *argv[] = {program, "-D", data, INITDB_ARGUMENTS, NULL};
	char *log = aiodal_test__printf("%s/initdb.log", dir);
	char **env = aiodal_test__server_env(dir);
	aiodal_status status = AIODAL_OK;

	if (!log || !env)
		status = aiodal_test__oom(err);
	else if (aiodal_test__run(&(aiodal_test__command){.argv = argv,
													  .env = (const char *const *) env,
													  .dir = data,
													  .output = log,
													  .death_signal = 9,
													  .user = *user}) != 0)
	{
		char *said = aiodal_test__read_tail(log, LOG_TAIL);

		status = aiodal_test__fail_hint(err, AIODAL_ECONN, said, NULL, "initdb failed");
		free(said);
	}
	aiodal_test__free_env(env);
	free(log);
	return status;
}

/* dir/data by initdb. */
static aiodal_status
make_anew(const char *dir, const char *data, const aiodal_test__install *install,
		  const aiodal_test__user *user, aiodal_error **err)
{
	char *program = aiodal_test__printf("%s/initdb", install->bindir);
	aiodal_status status;

	if (!program)
		return aiodal_test__oom(err);
	if (mkdir(data, 0700) != 0 || !aiodal_test__give(data, user))
		status = aiodal_test__fail(err, AIODAL_ESTATE, "could not make the directory %s: %m", data);
	else
		status = run_initdb(dir, program, data, user, err);
	free(program);
	return status;
}

/* Puts a copy of data into the cache. It is written to disk first: a rename outlives a power failure, what
 * the files hold may not. */
static int
keep_copy(const char *data, const char *name)
{
	static const aiodal_test__user nobody_else = {NULL, 0, 0};
	char *draft = aiodal_test__printf("%s.%ld", name, (long) getpid());
	int result = -1;
	int fd = -1;

	if (draft && aiodal_test__remove_tree(draft) == 0 &&
		aiodal_test__copy_tree(data, draft, &nobody_else) == 0)
		fd = open(draft, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && syncfs(fd) == 0)
		result = rename(draft, name);
	if (fd >= 0)
		(void) close(fd);
	if (draft && result != 0)
		(void) aiodal_test__remove_tree(draft);
	free(draft);
	return result;
}

/* 1 when data is a copy now, 0 when there is nothing to copy, -1 with errno. */
static int
take_copy(const char *name, const char *data, const aiodal_test__user *user)
{
	if (access(name, F_OK) != 0)
		return 0;
	return aiodal_test__copy_tree(name, data, user) == 0 ? 1 : -1;
}

/* An open descriptor that holds the lock, or -1: do without. */
static int
lock_cache(const char *name, int64_t deadline)
{
	char *path = aiodal_test__printf("%s.lock", name);
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

	free(path);
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0)
	{
		if (errno == EWOULDBLOCK && aiodal_test__now_ms() < deadline)
		{
			(void) nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
			continue;
		}
		(void) close(fd);
		return -1;
	}
	return fd;
}

static aiodal_status
fill_cache(const char *dir, const char *data, const aiodal_test__install *install, const char *name,
		   const aiodal_test__user *user, int64_t deadline, aiodal_error **err)
{
	int lock = lock_cache(name, deadline);
	aiodal_status status = AIODAL_OK;

	if (take_copy(name, data, user) != 1)
	{
		(void) aiodal_test__remove_tree(data);
		status = make_anew(dir, data, install, user, err);
		/* without a cache it only takes longer */
		if (status == AIODAL_OK && lock >= 0)
			(void) keep_copy(data, name);
	}
	if (lock >= 0)
		(void) close(lock);
	return status;
}

aiodal_status
aiodal_test__make_data(const char *dir, const aiodal_test__install *install, const char *cache,
					   const aiodal_test__user *user, int64_t deadline, aiodal_error **err)
{
	char *data = aiodal_test__printf("%s/data", dir);
	char *name = cache && aiodal_test__make_path(cache, 0700) == 0 ? cache_name(install, cache) : NULL;
	aiodal_status status = AIODAL_OK;

	if (!data)
		status = aiodal_test__oom(err);
	else if (!name)
		status = make_anew(dir, data, install, user, err);
	else if (take_copy(name, data, user) != 1)
	{
		(void) aiodal_test__remove_tree(data);
		status = fill_cache(dir, data, install, name, user, deadline, err);
	}
	free(name);
	free(data);
	return status;
}
