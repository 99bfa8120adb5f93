/*
 * dial.c
 *		Connecting without blocking.
 *
 * Design notes. libpq connects without blocking but for one thing: it looks up names by getaddrinfo(), for
 * each host in turn, amid its own steps. So a thread does all of it. One that is given up ends by itself, and
 * closes what it has.
 */
#include "dial.h"

#include "error.h"
#include "util/errand.h"
#include "util/mem.h"

struct aiodal__dial
{
	aiodal__errand errand;
	aiodal__conn_params params; /* with strings of its own */
	char *conninfo;
	char *application_name;
	int64_t limit;
	aiodal__conn *conn; /* these are the thread's until it has ended */
	aiodal_status status;
	aiodal_error *error;
};

static void
run(void *arg)
{
	aiodal__dial *dial = arg;

	dial->status = aiodal__conn_open(&dial->conn, &dial->params, dial->limit, &dial->error);
}

static void
drop(void *arg)
{
	aiodal__dial *dial = arg;

	aiodal__conn_close(dial->conn);
	aiodal_error_free(dial->error);
	aiodal__free(dial->conninfo);
	aiodal__free(dial->application_name);
	aiodal__free(dial);
}

aiodal_status
aiodal__dial_start(aiodal__dial **out, const aiodal__conn_params *params, int64_t limit, aiodal_error **err)
{
	aiodal__dial *dial = aiodal__calloc(1, sizeof(*dial));
	aiodal_status status = AIODAL_ENOMEM;

	if (!dial)
		return aiodal__fail_memory(err);
	dial->errand = (aiodal__errand){.run = run, .drop = drop, .arg = dial};
	dial->conninfo = aiodal__strdup(params->conninfo);
	dial->application_name = aiodal__strdup(params->application_name);
	dial->params = *params;
	dial->params.conninfo = dial->conninfo;
	dial->params.application_name = dial->application_name;
	dial->limit = limit;
	if (!dial->conninfo || !dial->application_name)
		(void) aiodal__fail_memory(err);
	else if (!aiodal__errand_start(&dial->errand))
		(void) aiodal__fail_thread(err);
	else
		status = AIODAL_OK;
	if (status == AIODAL_OK)
		*out = dial;
	else
		drop(dial);
	return status;
}

/* The thread may not know of it, amid the lookup of a name. */
static aiodal_status
give_up_late(aiodal__dial *dial, aiodal_error **err)
{
	aiodal__dial_give_up(dial);
	return aiodal__fail_hint(err, AIODAL_ETIMEOUT, NULL,
							 "Check that the server can be reached, or raise connect_timeout_ms.",
							 "the server did not answer in time");
}

aiodal_status
aiodal__dial_step(aiodal__dial *dial, aiodal__conn **conn, aiodal_error **err)
{
	aiodal_status status;

	if (!aiodal__errand_step(&dial->errand))
		return aiodal__until(dial->limit) == 0 ? give_up_late(dial, err) : AIODAL_WANT_READ;
	status = dial->status;
	*conn = dial->conn;
	dial->conn = NULL;
	aiodal__error_move(err, &dial->error);
	aiodal__errand_end(&dial->errand, AIODAL__NEVER);
	return status;
}

int
aiodal__dial_fd(const aiodal__dial *dial)
{
	return dial->errand.fd;
}

void
aiodal__dial_wait(const aiodal__dial *dial, int64_t limit)
{
	aiodal__errand_wait(&dial->errand, limit);
}

void
aiodal__dial_give_up(aiodal__dial *dial)
{
	aiodal__errand_end(&dial->errand, 0);
}
