/*
 * ping.c
 *		aiodal ping: is the server there, is the extension in the database, how far away are they.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <aiodal/aiodal.h>

#include "commands.h"
#include "connect.h"
#include "memory.h"
#include "report.h"

#define ROUND_TRIPS 5

typedef struct PingArgs
{
	cli_common common;
	bool json;
} PingArgs;

static PingArgs args;

static const cli_option options[] = {
	{"json", 0, CLI_FLAG, offsetof(PingArgs, json), NULL, "print a JSON object", NULL},
	{NULL, 0, CLI_FLAG, 0, NULL, NULL, NULL},
};

typedef struct Answer
{
	char *host;
	char *port;
	char *user;
	double milliseconds; /* of the fastest round trip */
} Answer;

static double
now_ms(void)
{
	struct timespec t;

	(void) clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec * 1e3 + (double) t.tv_nsec / 1e6;
}

/* The fastest of a few is what the network takes; the others measure what else goes on. */
static aiodal_status
measure(aiodal_db *db, Answer *answer, aiodal_error **err)
{
	answer->milliseconds = 0;
	for (int i = 0; i < ROUND_TRIPS; i++)
	{
		double began = now_ms();
		aiodal_status status = aiodal_db_ping(db, err);
		double took = now_ms() - began;

		if (status < 0)
			return status;
		if (i == 0 || took < answer->milliseconds)
			answer->milliseconds = took;
	}
	return AIODAL_OK;
}

static aiodal_status
look_around(aiodal_db *db, Answer *answer, aiodal_error **err)
{
	aiodal_tx *tx;
	aiodal_status status = measure(db, answer, err);
	PGconn *pg;

	if (status < 0)
		return status;
	status = aiodal_tx_begin(&tx, db, NULL, err);
	if (status < 0)
		return status;
	pg = aiodal_tx_pgconn(tx);
	answer->host = cli_strdup(PQhost(pg));
	answer->port = cli_strdup(PQport(pg));
	answer->user = cli_strdup(PQuser(pg));
	aiodal_tx_free(tx);
	return AIODAL_OK;
}

static void
print_answer(const aiodal_db *db, const Answer *answer)
{
	(void) printf("server      PostgreSQL %s\n", aiodal_db_server_version_text(db));
	(void) printf("address     %s, port %s\n", answer->host, answer->port);
	(void) printf("database    %s, as user %s\n", aiodal_db_name(db), answer->user);
	(void) printf("extension   aiodal %s\n", aiodal_db_extension_version(db));
	(void) printf("round trip  %.3f ms\n", answer->milliseconds);
}

static json_t *
answer_json(const aiodal_db *db, const Answer *answer)
{
	json_t *json = json_object();

	json_object_set_new(json, "server_version", cli_json_text(aiodal_db_server_version_text(db)));
	json_object_set_new(json, "server_version_num", json_integer(aiodal_db_server_version(db)));
	json_object_set_new(json, "host", cli_json_text(answer->host));
	json_object_set_new(json, "port", cli_json_text(answer->port));
	json_object_set_new(json, "database", cli_json_text(aiodal_db_name(db)));
	json_object_set_new(json, "user", cli_json_text(answer->user));
	json_object_set_new(json, "extension_version", cli_json_text(aiodal_db_extension_version(db)));
	json_object_set_new(json, "round_trip_ms", json_real(answer->milliseconds));
	return json;
}

static int
report_failure(aiodal_error *err)
{
	cli_print_error(NULL, err);
	if (args.json)
		cli_print_json(json_pack("{s:o}", "error", cli_error_json(err)));
	aiodal_error_free(err);
	return CLI_EXIT_ERROR;
}

static int
run(const cli_command *command, char **operands)
{
	aiodal_error *err = NULL;
	aiodal_db *db = NULL;
	Answer answer = {NULL, NULL, NULL, 0};
	int exit_status = CLI_EXIT_OK;

	(void) command;
	(void) operands;
	if (cli_connect(&db, &args.common, &err) < 0 || look_around(db, &answer, &err) < 0)
		exit_status = report_failure(err);
	else if (args.json)
		cli_print_json(answer_json(db, &answer));
	else
		print_answer(db, &answer);
	free(answer.host);
	free(answer.port);
	free(answer.user);
	aiodal_db_close(db);
	return exit_status;
}

const cli_command cli_ping_command = {
	.name = "ping",
	.summary = "is the server there, and the extension in the database",
	.operands = "",
	.options = options,
	.examples = "  aiodal ping\n"
				"  aiodal -d shop ping\n"
				"  aiodal ping -d postgresql://loader@db.example.com/shop --json\n",
	.args = &args,
	.run = run,
};
