/*
 * group.c
 *		What the tests of a program have in common: a server and a template on it.
 */
#include "group.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "place.h"
#include "template.h"

#define DEFAULT_STATEMENTS 10

/* Copies what of the options is used later. */
static aiodal_status
remember(aiodal_test_group *group, const aiodal_test_group_options *options, aiodal_error **err)
{
	group->owner = getpid();
	group->keep_failed = aiodal_test__env("AIODAL_TEST_KEEP") != NULL;
	group->leave_sequences = options->leave_sequences;
	group->statements = options->statements == 0 ? DEFAULT_STATEMENTS : options->statements;
	if (group->statements < 0)
		group->statements = 0;
	group->db_options = (aiodal_db_options) AIODAL_DB_OPTIONS_INIT;
	return aiodal_test__options_copy(&group->db_options, sizeof(group->db_options), options->db,
									 "aiodal_db_options", err);
}

/* The one given, or one of our own. */
static aiodal_status
find_server(aiodal_test_group *group, const aiodal_test_group_options *options, aiodal_error **err)
{
	const char *url = options->url ? options->url : aiodal_test__env("AIODAL_TEST_URL");
	const char *log = options->url ? NULL : aiodal_test__env("AIODAL_TEST_LOG");
	aiodal_status status;

	if (!url || !*url)
	{
		status = aiodal_test_server_start(&group->server, options->server, err);
		if (status != AIODAL_OK)
			return status;
		url = aiodal_test_server_url(group->server);
		log = aiodal_test_server_log(group->server);
	}
	group->url = strdup(url);
	group->log = log ? strdup(log) : NULL;
	return group->url && (group->log || !log) ? AIODAL_OK : aiodal_test__oom(err);
}

static aiodal_status
prepare(aiodal_test_group *group, const aiodal_test_group_options *options, aiodal_error **err)
{
	aiodal_status status = remember(group, options, err);

	if (status == AIODAL_OK)
		status = find_server(group, options, err);
	if (status == AIODAL_OK)
		status = aiodal_test__connect(&group->admin, group->url, err);
	/* nobody left anything on a server of our own */
	if (status == AIODAL_OK && !group->server)
		status = aiodal_test__drop_left_over(group->admin, err);
	if (status == AIODAL_OK)
		status = aiodal_test__make_template(group->template, &group->template_stays, group->admin, group->url,
											options, err);
	return status;
}

aiodal_status
aiodal_test_group_open(aiodal_test_group **out, const aiodal_test_group_options *given, aiodal_error **err)
{
	aiodal_test_group_options options = {0};
	aiodal_test_group *group;
	aiodal_status status;

	if (!out)
		return aiodal_test__fail(err, AIODAL_EINVAL, "group must not be NULL");
	*out = NULL;
	status = aiodal_test__options_copy(&options, sizeof(options), given, "aiodal_test_group_options", err);
	if (status != AIODAL_OK)
		return status;
	group = calloc(1, sizeof(*group));
	status = group ? prepare(group, &options, err) : aiodal_test__oom(err);
	if (status == AIODAL_OK)
		*out = group;
	else
		aiodal_test_group_close(group);
	return status;
}

const char *
aiodal_test_group_url(const aiodal_test_group *group)
{
	return group ? group->url : NULL;
}

aiodal_test_server *
aiodal_test_group_server(const aiodal_test_group *group)
{
	return group ? group->server : NULL;
}

/* Its socket is the parent's in the child of a fork: the goodbye is for nobody. */
static void
leave_connection(PGconn *pg, bool ours)
{
	int nowhere = ours || PQsocket(pg) < 0 ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);

	if (nowhere >= 0)
	{
		(void) dup2(nowhere, PQsocket(pg));
		(void) close(nowhere);
	}
	PQfinish(pg);
}

void
aiodal_test_group_close(aiodal_test_group *group)
{
	bool ours;

	if (!group)
		return;
	ours = group->owner == getpid();
	while (group->tests)
		(void) aiodal_test_end(group->tests, NULL);
	leave_connection(group->sequences, ours);
	/* databases on a server of our own go with it */
	aiodal_test__place_close(&group->rollback, group, group->server != NULL);
	if (ours && group->admin && !group->server && group->template[0] && !group->template_stays)
		(void) aiodal_test__drop_database(group->admin, group->template, NULL);
	leave_connection(group->admin, ours);
	aiodal_test_server_stop(group->server);
	aiodal_test__recorder_free(group->recorders);
	free(group->url);
	free(group->log);
	free(group);
}
