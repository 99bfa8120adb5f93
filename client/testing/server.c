/*
 * server.c
 *		A private server.
 *
 * Design notes. Its directory is made first and handed to a keeper at once: from then on it is the keeper
 * that removes it, also when we are killed while it is being filled. The server is run directly and said to
 * be up by its own postmaster.pid, which is looked at each millisecond: pg_ctl does the same ten times a
 * second.
 *
 *		dir/data		the data directory
 *		dir/socket		its socket; only the server's user, and root, can enter
 *		dir/server.log	what it says
 *		dir/postgres	link to the program, which finds its own files through it
 */
#include <aiodal/testing.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base.h"
#include "data.h"
#include "install.h"
#include "keeper.h"

#define DEFAULT_START_MS 60000
#define LOG_TAIL         4000
#define SOCKET_NAME      "/.s.PGSQL.5432"
#define SOCKET_MAX       107 /* sun_path of struct sockaddr_un, less its NUL */
#define MEMORY_MIN       ((uint64_t) 1 << 30)
#define STATUS_LINE      8 /* of postmaster.pid */

static const char kit_settings[] = "listen_addresses = ''\n"
								   "port = 5432\n"
								   "fsync = off\n"
								   "synchronous_commit = off\n"
								   "full_page_writes = off\n"
								   "max_prepared_transactions = 10\n"
								   "jit = off\n"
								   "log_checkpoints = off\n"
								   "timezone = 'UTC'\n"
								   "log_timezone = 'UTC'\n"
								   "log_line_prefix = '%m [%p] %q%a '\n";

struct aiodal_test_server
{
	pid_t owner;
	pid_t pid;
	int start_timeout_ms;
	aiodal_test__user user;
	aiodal_test__install install;
	aiodal_test__keeper keeper;
	char *dir;
	char *data;
	char *socket_dir;
	char *log;
	char *program;
	char *url;
};

/* Text as part of a URI: all but plain characters as %XX. NULL when out of memory. */
static char *
percent_encode(const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *encoded = malloc(3 * strlen(text) + 1);
	char *to = encoded;

	for (; encoded && *text; text++)
	{
		unsigned char c = (unsigned char) *text;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || strchr("-._~", c))
		{
			*to++ = (char) c;
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	if (encoded)
		*to = '\0';
	return encoded;
}

static bool
name_files(aiodal_test_server *server)
{
	char *host;

	server->data = aiodal_test__printf("%s/data", server->dir);
	server->socket_dir = aiodal_test__printf("%s/socket", server->dir);
	server->log = aiodal_test__printf("%s/server.log", server->dir);
	server->program = aiodal_test__printf("%s/postgres", server->dir);
	if (!server->data || !server->socket_dir || !server->log || !server->program)
		return false;
	host = percent_encode(server->socket_dir);
	/* no setting of the environment's is to keep anybody from this server */
	if (host)
		server->url = aiodal_test__printf("postgresql://postgres@/postgres?host=%s&port=5432"
										  "&sslmode=disable&gssencmode=disable&channel_binding=disable"
										  "&target_session_attrs=any",
										  host);
	free(host);
	return server->url != NULL;
}

/* The directory, and that its user can reach it. */
static aiodal_status
make_directory(aiodal_test_server *server, const char *tmpdir, aiodal_error **err)
{
	char *dir = aiodal_test__printf("%s/aiodal-db.XXXXXX", tmpdir);

	if (!dir)
		return aiodal_test__oom(err);
	if (strlen(dir) + strlen("/socket" SOCKET_NAME) > SOCKET_MAX)
	{
		free(dir);
		return aiodal_test__fail_hint(err, AIODAL_EINVAL, NULL, "Set TMPDIR to a shorter path.",
									  "%s is too long for the address of a socket in it", tmpdir);
	}
	if (!mkdtemp(dir) || (server->user.name && chmod(dir, 0711) != 0))
	{
		free(dir);
		return aiodal_test__fail(err, AIODAL_ESTATE, "could not make a directory in %s: %m", tmpdir);
	}
	server->dir = dir;
	return name_files(server) ? AIODAL_OK : aiodal_test__oom(err);
}

/* Copies what it needs: the keeper has a copy of everything. */
static aiodal_status
start_keeper(aiodal_test_server *server, aiodal_error **err)
{
	const char *argv[] = {server->program, "-D", server->data, "-k", server->socket_dir, NULL};
	char **env = aiodal_test__server_env(server->dir);
	aiodal_test__command command = {
		.argv = argv,
		.env = (const char *const *) env,
		.dir = server->data,
		.output = server->log,
		.death_signal = SIGQUIT,
		.user = server->user,
	};
	aiodal_status status = AIODAL_OK;

	if (!env)
		status = aiodal_test__oom(err);
	else if (aiodal_test__keeper_start(&server->keeper, server->dir, &command) != 0)
		status = aiodal_test__fail(err, AIODAL_ESTATE, "could not start a process: %m");
	aiodal_test__free_env(env);
	return status;
}

/* Said before the server says it in its own words. */
static aiodal_status
check_reachable(const aiodal_test_server *server, aiodal_error **err)
{
	if (aiodal_test__can_enter(server->socket_dir, &server->user))
		return AIODAL_OK;
	return aiodal_test__fail_hint(err, AIODAL_ENOTFOUND, NULL, "Set TMPDIR to a place open to all.",
								  "user %s, as whom the server runs, cannot reach %s",
								  server->user.name ? server->user.name : "who runs this", server->dir);
}

/* All that has to be there before it is run. */
static aiodal_status
prepare(aiodal_test_server *server, const aiodal_test_server_options *options, aiodal_error **err)
{
	char *conf = aiodal_test__printf("%s/postgresql.conf", server->data);
	char *settings =
		aiodal_test__printf("\n%s%s\n", kit_settings, options->settings ? options->settings : "");
	aiodal_status status = AIODAL_OK;

	if (!conf || !settings)
		status = aiodal_test__oom(err);
	else if (mkdir(server->socket_dir, 0700) != 0 || !aiodal_test__give(server->socket_dir, &server->user) ||
			 symlink(server->install.postgres, server->program) != 0)
		status = aiodal_test__fail(err, AIODAL_ESTATE, "could not write to %s: %m", server->dir);
	else
		status = check_reachable(server, err);
	if (status == AIODAL_OK)
		status = aiodal_test__make_data(server->dir, &server->install, options->cache, &server->user,
										aiodal_test__now_ms() + server->start_timeout_ms, err);
	if (status == AIODAL_OK && !aiodal_test__append(conf, settings))
		status = aiodal_test__fail(err, AIODAL_ESTATE, "could not write to %s: %m", conf);
	free(conf);
	free(settings);
	return status;
}

/* Its own word for it; PostgreSQL pads it with blanks. */
static bool
is_ready(const char *pid_file)
{
	char *text = aiodal_test__read_tail(pid_file, 4096);
	const char *line = text;
	bool ready;

	for (int i = 1; line && i < STATUS_LINE; i++)
	{
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	ready = line && strncmp(line, "ready", 5) == 0;
	free(text);
	return ready;
}

static aiodal_status
start_failed(const aiodal_test_server *server, aiodal_status status, const char *what, aiodal_error **err)
{
	char *log = aiodal_test__read_tail(server->log, LOG_TAIL);

	status = aiodal_test__fail_hint(err, status, log, NULL, "the private server %s", what);
	free(log);
	return status;
}

/* Runs it and waits until it takes connections. */
static aiodal_status
launch(aiodal_test_server *server, aiodal_error **err)
{
	int64_t deadline = aiodal_test__now_ms() + server->start_timeout_ms;
	char *pid_file = aiodal_test__printf("%s/postmaster.pid", server->data);
	aiodal_status status = AIODAL_OK;

	if (!pid_file)
		return aiodal_test__oom(err);
	/* that of a server that crashed would say that this one is ready */
	(void) unlink(pid_file);
	if (aiodal_test__keeper_launch(&server->keeper, &server->pid) != 0)
		status = start_failed(server, AIODAL_ECONN, "could not be run", err);
	while (status == AIODAL_OK && !is_ready(pid_file))
	{
		if (aiodal_test__keeper_ended(&server->keeper, 1))
			status = start_failed(server, AIODAL_ECONN, "did not start", err);
		else if (aiodal_test__now_ms() >= deadline)
			status = start_failed(server, AIODAL_ETIMEOUT, "did not start in time", err);
	}
	free(pid_file);
	return status;
}

static void
free_server(aiodal_test_server *server)
{
	aiodal_test__free_install(&server->install);
	free(server->dir);
	free(server->data);
	free(server->socket_dir);
	free(server->log);
	free(server->program);
	free(server->url);
	free(server);
}

/* Where initialised data directories are kept, a new string; NULL for nowhere. */
static char *
default_cache(void)
{
	const char *base = secure_getenv("AIODAL_TEST_CACHE");

	if (base)
		return *base ? strdup(base) : NULL;
	base = aiodal_test__env("XDG_CACHE_HOME");
	if (base)
		return aiodal_test__printf("%s/aiodal", base);
	base = aiodal_test__env("HOME");
	return base ? aiodal_test__printf("%s/.cache/aiodal", base) : NULL;
}

/*
 * In memory where there is plenty: making and removing a thousand files is what starting a server takes
 * longest for. Containers have little of it as a rule, and no programs may be run there.
 */
static const char *
default_tmpdir(void)
{
	static const char in_memory[] = "/dev/shm";
	struct statvfs fs;

	if (access(in_memory, R_OK | W_OK | X_OK) == 0 && statvfs(in_memory, &fs) == 0 &&
		!(fs.f_flag & ST_NOEXEC) && (uint64_t) fs.f_bavail * fs.f_frsize >= MEMORY_MIN)
		return in_memory;
	return "/tmp";
}

static const char *
given_or(const char *given, const char *variable, const char *otherwise)
{
	const char *value = given ? given : aiodal_test__env(variable);

	return value ? value : otherwise;
}

/* From the options as given to the server running. */
static aiodal_status
start(aiodal_test_server *server, const aiodal_test_server_options *options, aiodal_error **err)
{
	aiodal_status status = aiodal_test__server_user(&server->user, err);

	if (status == AIODAL_OK)
		status = make_directory(server, given_or(options->tmpdir, "TMPDIR", default_tmpdir()), err);
	if (status == AIODAL_OK)
		status = start_keeper(server, err);
	if (status == AIODAL_OK && (options->keep || aiodal_test__env("AIODAL_TEST_KEEP")))
		aiodal_test_server_keep(server);
	if (status == AIODAL_OK)
		status = aiodal_test__find_install(
			&server->install, given_or(options->pg_config, "PG_CONFIG", "pg_config"),
			given_or(options->mirror, "AIODAL_TEST_MIRROR", NULL), server->dir, err);
	if (status == AIODAL_OK)
		status = prepare(server, options, err);
	return status == AIODAL_OK ? launch(server, err) : status;
}

aiodal_status
aiodal_test_server_start(aiodal_test_server **out, const aiodal_test_server_options *given,
						 aiodal_error **err)
{
	aiodal_test_server_options options = {0};
	aiodal_test_server *server;
	char *cache;
	aiodal_status status;

	if (!out)
		return aiodal_test__fail(err, AIODAL_EINVAL, "server must not be NULL");
	*out = NULL;
	status = aiodal_test__options_copy(&options, sizeof(options), given, "aiodal_test_server_options", err);
	if (status == AIODAL_OK && options.start_timeout_ms < 0)
		status = aiodal_test__fail(err, AIODAL_EINVAL, "start_timeout_ms must not be negative");
	if (status != AIODAL_OK)
		return status;
	cache = options.cache ? strdup(options.cache) : default_cache();
	options.cache = cache && *cache ? cache : NULL;
	server = calloc(1, sizeof(*server));
	if (server)
	{
		server->keeper = (aiodal_test__keeper) AIODAL_TEST__KEEPER_INIT;
		server->owner = getpid();
		server->start_timeout_ms = options.start_timeout_ms ? options.start_timeout_ms : DEFAULT_START_MS;
	}
	status = server ? start(server, &options, err) : aiodal_test__oom(err);
	free(cache);
	if (status == AIODAL_OK)
		*out = server;
	else
		aiodal_test_server_stop(server);
	return status;
}

aiodal_status
aiodal_test_server_restart(aiodal_test_server *server, aiodal_error **err)
{
	if (!server || server->owner != getpid())
		return aiodal_test__fail(err, server ? AIODAL_ESTATE : AIODAL_EINVAL,
								 server ? "the server was started by another process"
										: "server must not be NULL");
	if (aiodal_test__keeper_crash(&server->keeper) != 0)
		return aiodal_test__fail(err, AIODAL_ECONN, "the process that keeps the server is gone");
	return launch(server, err);
}

const char *
aiodal_test_server_url(const aiodal_test_server *server)
{
	return server ? server->url : NULL;
}

const char *
aiodal_test_server_dir(const aiodal_test_server *server)
{
	return server ? server->dir : NULL;
}

const char *
aiodal_test_server_socket_dir(const aiodal_test_server *server)
{
	return server ? server->socket_dir : NULL;
}

const char *
aiodal_test_server_log(const aiodal_test_server *server)
{
	return server ? server->log : NULL;
}

pid_t
aiodal_test_server_pid(const aiodal_test_server *server)
{
	return server ? server->pid : 0;
}

void
aiodal_test_server_keep(aiodal_test_server *server)
{
	if (server && server->owner == getpid())
		aiodal_test__keeper_keep(&server->keeper);
}

void
aiodal_test_server_stop(aiodal_test_server *server)
{
	if (!server)
		return;
	if (server->owner == getpid())
		aiodal_test__keeper_stop(&server->keeper);
	else if (server->keeper.fd >= 0)
		(void) close(server->keeper.fd);
	/* no keeper, so nothing in it yet */
	if (server->dir && server->pid == 0 && server->owner == getpid())
		(void) rmdir(server->dir);
	free_server(server);
}
