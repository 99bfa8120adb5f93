/*
 * rejects.c
 *		Rows that a load sets aside.
 *
 * The file is CSV with a header, and is there after every load, so that one of yesterday is not taken
 * for today's.
 */
#include "rejects.h"

#include <stdlib.h>

#include <aiodal/aiodal.h>

#include "terminal.h"

#define SHOWN 5

aiodal_status
cli_rejects_open(cli_rejects *rejects, aiodal_error **err)
{
	aiodal_status status;

	rejects->file = (cli_new_file){.path = rejects->path, .what = "rejected rows"};
	if (!rejects->path)
		return AIODAL_OK;
	status = cli_new_file_open(&rejects->file, err);
	if (status == AIODAL_OK)
		(void) fputs(rejects->several ? "line,record,column,value,sqlstate,message,raw,file\n"
									  : "line,record,column,value,sqlstate,message,raw\n",
					 rejects->file.stream);
	return status;
}

/* A CSV field: quoted whenever there is text, so that an empty one differs from none. */
static void
put_field(FILE *to, const char *text)
{
	if (!text)
		return;
	(void) putc('"', to);
	for (; *text; text++)
	{
		if (*text == '"')
			(void) putc('"', to);
		(void) putc(*text, to);
	}
	(void) putc('"', to);
}

static void
put_number(FILE *to, int64_t n)
{
	if (n > 0)
		(void) fprintf(to, "%lld", (long long) n);
	(void) putc(',', to);
}

static void
write_row(FILE *to, const aiodal_reject *reject, bool with_file)
{
	const char *const texts[] = {reject->column_name, reject->value, reject->sqlstate,
								 reject->message,     reject->raw,   reject->path};
	size_t n = sizeof(texts) / sizeof(texts[0]) - (with_file ? 0 : 1);

	put_number(to, reject->line);
	put_number(to, reject->record);
	for (size_t i = 0; i < n; i++)
	{
		if (i > 0)
			(void) putc(',', to);
		put_field(to, texts[i]);
	}
	(void) putc('\n', to);
}

static void
show(const cli_rejects *rejects, const aiodal_reject *reject)
{
	(void) fprintf(stderr, "aiodal: %srejected:%s %s:%lld: ", cli_style(stderr, CLI_STYLE_WARNING),
				   cli_style(stderr, CLI_STYLE_NONE),
				   rejects->several && reject->path ? reject->path : rejects->input,
				   (long long) reject->line);
	if (reject->column_name)
	{
		(void) fputs("column ", stderr);
		cli_print_text(stderr, reject->column_name);
		(void) fputs(": ", stderr);
	}
	cli_print_text(stderr, reject->message);
	(void) fputc('\n', stderr);
}

int
cli_rejects_take(void *payload, const aiodal_reject *reject)
{
	cli_rejects *rejects = payload;

	rejects->n++;
	if (rejects->n <= SHOWN && !rejects->quiet)
		show(rejects, reject);
	if (rejects->file.stream)
		write_row(rejects->file.stream, reject, rejects->several);
	if (rejects->mend)
		cli_mend_add(rejects->mend, reject->path, reject->line);
	return 0;
}

void
cli_rejects_fetch(cli_rejects *rejects, aiodal_tx *tx, char *const *files, size_t n_files)
{
	static const char sql[] = "SELECT line, record, column_name, value, sqlstate, message, raw, input FROM "
							  "aiodal.rejects() ORDER BY input, record";
	aiodal_result *res = NULL;

	if (rejects->n > 0 || aiodal_tx_exec(&res, tx, sql, 0, NULL, NULL) < 0)
		return;
	for (int row = 0; row < aiodal_result_rows(res); row++)
	{
		size_t input = strtoul(aiodal_result_value(res, row, 7), NULL, 10);
		aiodal_reject reject = {
			.size = sizeof(reject),
			.line = strtoll(aiodal_result_value(res, row, 0), NULL, 10),
			.record = strtoll(aiodal_result_value(res, row, 1), NULL, 10),
			.column_name = aiodal_result_value(res, row, 2),
			.value = aiodal_result_value(res, row, 3),
			.sqlstate = aiodal_result_value(res, row, 4),
			.message = aiodal_result_value(res, row, 5),
			.raw = aiodal_result_value(res, row, 6),
			.path = input > 0 && input <= n_files ? files[input - 1] : NULL,
		};

		(void) cli_rejects_take(rejects, &reject);
	}
	aiodal_result_free(res);
}

aiodal_status
cli_rejects_publish(cli_rejects *rejects, aiodal_error **err)
{
	if (rejects->n > SHOWN && !rejects->quiet)
		(void) fprintf(stderr, "aiodal: rejected: and %lld more\n", (long long) rejects->n - SHOWN);
	return rejects->file.stream ? cli_new_file_publish(&rejects->file, err) : AIODAL_OK;
}

void
cli_rejects_close(cli_rejects *rejects)
{
	cli_new_file_close(&rejects->file);
}
