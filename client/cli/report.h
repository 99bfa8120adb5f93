/*
 * report.h
 *		Errors as people read them (stderr) and as programs do (JSON). No password gets out.
 */
#ifndef AIODAL_CLI_REPORT_H
#define AIODAL_CLI_REPORT_H

#include <jansson.h>

#include <aiodal/api.h>

/* The connection string whose passwords are not to be shown in any message from now on; NULL: none. */
extern void cli_keep_secret(const char *conninfo);

/*
 * "aiodal: error: message", then DETAIL, HINT and CONTEXT; in front of the message file and line, when the
 * error is about a line of the file. file may be NULL.
 */
extern void cli_print_error(const char *file, const aiodal_error *err);

/* The same; when the error points into the statement, its line is shown with a mark below. */
extern void cli_print_statement_error(const char *statement, const aiodal_error *err);

/* The same for what the program itself finds. detail and hint may be NULL. */
extern void cli_complain(const char *detail, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A notice of the server, for aiodal_db_options.notice. */
extern void cli_print_notice(void *payload, const aiodal_error *notice);

/* What cli_print_error() shows as the message, without secrets; to be freed. */
extern char *cli_error_text(const aiodal_error *err);

/* Line of the input that the error is about; 0 when it does not say. */
extern long long cli_error_line(const aiodal_error *err);

/* Of several inputs the one that line is in, from 1 on; 0 when it does not say. */
extern long long cli_error_input(const aiodal_error *err);

/* Everything the error has, keys that do not apply being null. */
extern json_t *cli_error_json(const aiodal_error *err);

/* A JSON string, whatever bytes the text has; null for NULL. */
extern json_t *cli_json_text(const char *text);

/* Writes the object to stdout on lines of its own and frees it. */
extern void cli_print_json(json_t *object);

#endif /* AIODAL_CLI_REPORT_H */
