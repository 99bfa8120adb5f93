/*
 * template.c
 *		The database that all tests of a group begin with.
 *
 * Design notes. Its name is made of all that goes into it. It is built under another name, then closed to
 * everybody and given its own: what has that name is complete. Of those who want it at the same time one
 * builds, while the others wait for the exclusive advisory lock on the name; who uses it holds that lock
 * shared.
 */
#include "template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "files.h"

/* FNV-1a */
#define KEY_START UINT64_C(0xcbf29ce484222325)
#define KEY_PRIME UINT64_C(0x100000001b3)

/* With its NUL, so that what follows is told apart; NULL too. */
static void
add_text(uint64_t *key, const char *text)
{
	if (!text)
		text = "\1";
	do
		*key = (*key ^ (unsigned char) *text) * KEY_PRIME;
	while (*text++);
}

static aiodal_status
add_file(void *payload, const char *path, const char *sql, aiodal_error **err)
{
	(void) err;
	add_text(payload, path);
	add_text(payload, sql);
	return AIODAL_OK;
}

/* Reads all files: what is missing is said before anything is made. */
static aiodal_status
add_everything(uint64_t *key, PGconn *pg, const aiodal_test_group_options *options, aiodal_error **err)
{
	char *extension;
	aiodal_status status = aiodal_test__sql(
		&extension, pg,
		"SELECT CURRENT_USER || ' ' || default_version FROM pg_catalog.pg_available_extensions "
		"WHERE name = 'aiodal'",
		err);

	add_text(key, extension);
	free(extension);
	add_text(key, options->base);
	for (const char *const *path = options->migrations; path && *path && status == AIODAL_OK; path++)
		status = aiodal_test__each_file(*path, add_file, key, err);
	add_text(key, options->sql);
	add_text(key, options->seed_version);
	return status;
}

static aiodal_status
run_seed(const char *conninfo, const aiodal_test_group_options *options, aiodal_error **err)
{
	aiodal_db_options db_options = AIODAL_DB_OPTIONS_INIT;
	aiodal_status status;
	aiodal_db *db;

	if (options->db)
		memcpy(&db_options, options->db,
			   options->db->size < sizeof(db_options) ? options->db->size : sizeof(db_options));
	db_options.size = sizeof(db_options);
	/* nobody may stay connected */
	db_options.watch = false;
	status = aiodal_db_open(&db, conninfo, &db_options, err);
	if (status != AIODAL_OK)
		return status;
	status = aiodal_db_transact(db, NULL, options->seed, options->seed_payload, err);
	aiodal_db_close(db);
	return status;
}

static aiodal_status
fill(const char *conninfo, const aiodal_test_group_options *options, aiodal_error **err)
{
	aiodal_status status = AIODAL_OK;
	PGconn *pg = NULL;

	for (const char *const *path = options->migrations; path && *path && status == AIODAL_OK; path++)
		status = aiodal_test_run_sql(conninfo, *path, err);
	if (status == AIODAL_OK && options->sql)
	{
		status = aiodal_test__connect(&pg, conninfo, err);
		if (status == AIODAL_OK)
			status = aiodal_test__run_text(pg, "sql", options->sql, err);
		PQfinish(pg);
	}
	if (status == AIODAL_OK)
		status = aiodal_test_create_extension(conninfo, err);
	return status == AIODAL_OK && options->seed ? run_seed(conninfo, options, err) : status;
}

/* Makes it under another name, as which it is to be dropped. */
static aiodal_status
build(char built[AIODAL_TEST__NAME_MAX], PGconn *pg, const char *conninfo,
	  const aiodal_test_group_options *options, aiodal_error **err)
{
	char *there = NULL;
	aiodal_status status =
		aiodal_test__create_database(built, pg, options->base ? options->base : "template1", err);

	if (status != AIODAL_OK)
		return status;
	status = aiodal_test__conninfo_for(&there, conninfo, built, err);
	if (status == AIODAL_OK)
		status = fill(there, options, err);
	/* from now on it is what it is */
	if (status == AIODAL_OK)
		status = aiodal_test__sqlf(NULL, pg, err, "ALTER DATABASE %s ALLOW_CONNECTIONS false", built);
	if (status != AIODAL_OK)
		(void) aiodal_test__drop_database(pg, built, NULL);
	free(there);
	return status;
}

static aiodal_status
exists(bool *found, PGconn *pg, const char *name, aiodal_error **err)
{
	char *value;
	aiodal_status status = aiodal_test__sqlf(
		&value, pg, err, "SELECT datname FROM pg_catalog.pg_database WHERE datname = '%s'", name);

	*found = value != NULL;
	free(value);
	return status;
}

/* The day, for those who look for what is unused. */
static aiodal_status
note_use(PGconn *pg, const char *name, aiodal_error **err)
{
	char *day;
	aiodal_status status =
		aiodal_test__sql(&day, pg, "SELECT pg_catalog.to_char(pg_catalog.now(), 'YYYY-MM-DD')", err);

	if (status == AIODAL_OK)
		status = aiodal_test__sqlf(NULL, pg, err, "COMMENT ON DATABASE %s IS 'last used %s'", name, day);
	free(day);
	return status;
}

static aiodal_status
build_as(const char *name, PGconn *pg, const char *conninfo, const aiodal_test_group_options *options,
		 aiodal_error **err)
{
	char built[AIODAL_TEST__NAME_MAX];
	aiodal_status status = build(built, pg, conninfo, options, err);

	if (status == AIODAL_OK)
		status = aiodal_test__sqlf(NULL, pg, err, "ALTER DATABASE %s RENAME TO %s", built, name);
	return status == AIODAL_OK ? aiodal_test__unlock(pg, built, false, err) : status;
}

/* Those who use it hold the lock for as long as they run, so it is asked for alone to build. */
static aiodal_status
use_or_build(const char *name, PGconn *pg, const char *conninfo, const aiodal_test_group_options *options,
			 aiodal_error **err)
{
	bool found = false;
	aiodal_status status = aiodal_test__lock(pg, name, true, err);

	if (status == AIODAL_OK)
		status = exists(&found, pg, name, err);
	if (status == AIODAL_OK && !found)
	{
		status = aiodal_test__unlock(pg, name, true, err);
		if (status == AIODAL_OK)
			status = aiodal_test__lock(pg, name, false, err);
		/* somebody else may have been first */
		if (status == AIODAL_OK)
			status = exists(&found, pg, name, err);
		if (status == AIODAL_OK && !found)
			status = build_as(name, pg, conninfo, options, err);
		if (status == AIODAL_OK)
			status = aiodal_test__lock(pg, name, true, err);
		if (status == AIODAL_OK)
			status = aiodal_test__unlock(pg, name, false, err);
	}
	return status == AIODAL_OK ? note_use(pg, name, err) : status;
}

aiodal_status
aiodal_test__make_template(char name[AIODAL_TEST__NAME_MAX], bool *kept, PGconn *pg, const char *conninfo,
						   const aiodal_test_group_options *options, aiodal_error **err)
{
	uint64_t key = KEY_START;
	aiodal_status status = add_everything(&key, pg, options, err);

	/* nobody knows what another one's seed did */
	*kept = !options->fresh && (!options->seed || options->seed_version);
	if (status != AIODAL_OK)
		return status;
	if (!*kept)
		return build(name, pg, conninfo, options, err);
	(void) snprintf(name, AIODAL_TEST__NAME_MAX, "aiodal_template_%016llx", (unsigned long long) key);
	return use_or_build(name, pg, conninfo, options, err);
}
