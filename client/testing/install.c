/*
 * install.c
 *		Finds the server, by pg_config as everything does that is built for it.
 */
#include "install.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "spawn.h"

#define SAID_MAX 16384

/* What "pg_config --bindir --pkglibdir --sharedir --version" prints: a line each. */
static aiodal_status
ask(aiodal_test__install *install, const char *pg_config, const char *dir, aiodal_error **err)
{
	const char *argv[] = {pg_config, "--bindir", "--pkglibdir", "--sharedir", "--version", NULL};
	char *output = aiodal_test__printf("%s/pg_config.out", dir);
	int result = -1;

	if (!output)
		return aiodal_test__oom(err);
	result = aiodal_test__run(&(aiodal_test__command){.argv = argv, .output = output});
	install->words = aiodal_test__read_tail(output, SAID_MAX);
	(void) unlink(output);
	free(output);
	if (result == 0 && install->words)
		return AIODAL_OK;
	return aiodal_test__fail_hint(
		err, AIODAL_ENOTFOUND, install->words,
		"Install PostgreSQL, or set PG_CONFIG to the pg_config of the server to run.", "could not run %s",
		pg_config);
}

/* The line is ended, and *rest moved to the next. */
static const char *
take_line(char **rest)
{
	char *line = *rest;
	char *end = line + strcspn(line, "\n");

	*rest = *end ? end + 1 : end;
	*end = '\0';
	return line;
}

static aiodal_status
check_server(const aiodal_test__install *install, const char *pg_config, aiodal_error **err)
{
	char *initdb = aiodal_test__printf("%s/initdb", install->bindir);
	aiodal_status status = AIODAL_OK;

	if (!initdb || !install->postgres)
		status = aiodal_test__oom(err);
	else if (access(install->postgres, X_OK) != 0 || access(initdb, X_OK) != 0)
		status = aiodal_test__fail_hint(err, AIODAL_ENOTFOUND, NULL,
										"Install the server that belongs to it, on Debian the package "
										"postgresql-NN, or set PG_CONFIG to the pg_config of another one.",
										"%s names %s, and there is no server", pg_config, install->bindir);
	free(initdb);
	return status;
}

/* postgres looks for everything else from where it is itself. */
static aiodal_status
find_postgres(aiodal_test__install *install, const char *mirror, const char *dir, aiodal_error **err)
{
	if (!mirror)
	{
		install->postgres = aiodal_test__printf("%s/postgres", install->bindir);
		return AIODAL_OK;
	}
	install->postgres = aiodal_test__printf("%s%s/postgres", mirror, install->bindir);
	if (install->postgres && access(install->postgres, X_OK) == 0)
		return AIODAL_OK;
	free(install->postgres);
	install->postgres = aiodal_test__printf("%s%s/postgres", dir, install->bindir);
	return install->postgres ? aiodal_test__make_mirror(install, mirror, dir, err) : aiodal_test__oom(err);
}

aiodal_status
aiodal_test__find_install(aiodal_test__install *install, const char *pg_config, const char *mirror,
						  const char *dir, aiodal_error **err)
{
	aiodal_status status = ask(install, pg_config, dir, err);
	char *rest = install->words;

	if (status != AIODAL_OK)
		return status;
	install->bindir = take_line(&rest);
	install->libdir = take_line(&rest);
	install->sharedir = take_line(&rest);
	install->version = take_line(&rest);
	status = find_postgres(install, mirror, dir, err);
	return status == AIODAL_OK ? check_server(install, pg_config, err) : status;
}

void
aiodal_test__free_install(aiodal_test__install *install)
{
	free(install->words);
	free(install->postgres);
	*install = (aiodal_test__install){0};
}
