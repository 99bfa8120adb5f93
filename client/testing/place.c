/*
 * place.c
 *		Where a test takes place: a copy of the group's template, with a db on it.
 */
#include "place.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "template.h"

/* The session for databases may have been ended by a test, and the locks with it. */
static aiodal_status
revive(aiodal_test_group *group, aiodal_error **err)
{
	aiodal_status status;

	if (aiodal_test__sql(NULL, group->admin, "SELECT", NULL) == AIODAL_OK)
		return AIODAL_OK;
	PQfinish(group->admin);
	status = aiodal_test__connect(&group->admin, group->url, err);
	if (status == AIODAL_OK)
		status = aiodal_test__lock(group->admin, group->template, true, err);
	if (status == AIODAL_OK && group->rollback.name[0])
		status = aiodal_test__lock(group->admin, group->rollback.name, false, err);
	return status;
}

aiodal_status
aiodal_test__place_open(aiodal_test__place *place, aiodal_test_group *group, aiodal_error **err)
{
	aiodal_db_options options = group->db_options;
	aiodal_status status = revive(group, err);

	if (status == AIODAL_OK)
		status = aiodal_test__create_database(place->name, group->admin, group->template, err);
	if (status != AIODAL_OK)
		return status;
	status = aiodal_test__conninfo_for(&place->conninfo, group->url, place->name, err);
	place->recorder = aiodal_test__recorder_new(group->statements);
	if (status == AIODAL_OK && !place->recorder)
		status = aiodal_test__oom(err);
	if (status == AIODAL_OK)
	{
		aiodal_test__recorder_attach(place->recorder, &options);
		status = aiodal_db_open(&place->db, place->conninfo, &options, err);
	}
	if (status != AIODAL_OK)
		aiodal_test__place_close(place, group, false);
	return status;
}

/* Transactions that are still open tell their recorder of their end. */
static void
leave_recorder(aiodal_test__place *place, aiodal_test_group *group)
{
	aiodal_holder holder;

	if (place->db && aiodal_db_holders(place->db, &holder, 1) > 0)
		aiodal_test__recorder_push(&group->recorders, place->recorder);
	else
		aiodal_test__recorder_free(place->recorder);
}

void
aiodal_test__place_close(aiodal_test__place *place, aiodal_test_group *group, bool keep)
{
	leave_recorder(place, group);
	aiodal_db_close(place->db);
	if (place->name[0] && !keep && group->owner == getpid() && revive(group, NULL) == AIODAL_OK)
		(void) aiodal_test__drop_database(group->admin, place->name, NULL);
	free(place->conninfo);
	memset(place, 0, sizeof(*place));
}
