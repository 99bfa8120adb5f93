/*
 * error.c
 *		Errors: one piece of memory each, with every field the server sent.
 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/buf.h"
#include "util/errand.h"
#include "util/mem.h"

/* The fields an error can have; the order is that of aiodal_error.field. */
static const int field_codes[] = {
	PG_DIAG_MESSAGE_PRIMARY,
	PG_DIAG_MESSAGE_DETAIL,
	PG_DIAG_MESSAGE_HINT,
	PG_DIAG_CONTEXT,
	PG_DIAG_SQLSTATE,
	PG_DIAG_SEVERITY,
	PG_DIAG_SEVERITY_NONLOCALIZED,
	PG_DIAG_STATEMENT_POSITION,
	PG_DIAG_INTERNAL_POSITION,
	PG_DIAG_INTERNAL_QUERY,
	PG_DIAG_SCHEMA_NAME,
	PG_DIAG_TABLE_NAME,
	PG_DIAG_COLUMN_NAME,
	PG_DIAG_DATATYPE_NAME,
	PG_DIAG_CONSTRAINT_NAME,
	PG_DIAG_SOURCE_FILE,
	PG_DIAG_SOURCE_LINE,
	PG_DIAG_SOURCE_FUNCTION,
};

enum
{
	MESSAGE,
	DETAIL,
	HINT,
	CONTEXT,
	SQLSTATE,
	SEVERITY,
	SEVERITY_NONLOCALIZED,
	POSITION,
	N_FIELDS = sizeof(field_codes) / sizeof(field_codes[0])
};

struct aiodal_error
{
	aiodal_status status;
	const char *field[N_FIELDS]; /* into text; NULL where there is none */
	char text[];
};

static aiodal_error out_of_memory = {.status = AIODAL_ENOMEM, .field = {[MESSAGE] = "out of memory"}};

/* A new error with copies of the fields; the static one when there is no memory for it. */
static aiodal_error *
error_new(aiodal_status status, const char *const field[N_FIELDS])
{
	size_t size = 0;
	aiodal_error *error;
	char *to;

	for (int i = 0; i < N_FIELDS; i++)
		size += field[i] ? strlen(field[i]) + 1 : 0;
	error = aiodal__malloc(sizeof(*error) + size);
	if (!error)
		return &out_of_memory;
	error->status = status;
	to = error->text;
	for (int i = 0; i < N_FIELDS; i++)
	{
		error->field[i] = field[i] ? to : NULL;
		if (field[i])
			to = stpcpy(to, field[i]) + 1;
	}
	return error;
}

static aiodal_status
fail_fields(aiodal_error **err, aiodal_status status, const char *const field[N_FIELDS])
{
	if (err)
		*err = error_new(status, field);
	return status;
}

static aiodal_status
fail_va(aiodal_error **err, aiodal_status status, const char *sqlstate, const char *detail, const char *hint,
		const char *fmt, va_list args)
{
	const char *field[N_FIELDS] = {[DETAIL] = detail, [HINT] = hint, [SQLSTATE] = sqlstate};
	char small[512];
	char *message = small;
	va_list again;
	int len;

	if (!err)
		return status;
	va_copy(again, args);
	len = vsnprintf(small, sizeof(small), fmt, args);
	if (len >= (int) sizeof(small) && (message = aiodal__malloc((size_t) len + 1)) != NULL)
		(void) vsnprintf(message, (size_t) len + 1, fmt, again);
	va_end(again);
	field[MESSAGE] = message ? message : small;
	*err = error_new(status, field);
	if (message != small)
		aiodal__free(message);
	return status;
}

aiodal_status
aiodal__fail(aiodal_error **err, aiodal_status status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void) fail_va(err, status, NULL, NULL, NULL, fmt, args);
	va_end(args);
	return status;
}

aiodal_status
aiodal__fail_hint(aiodal_error **err, aiodal_status status, const char *detail, const char *hint,
				  const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void) fail_va(err, status, NULL, detail, hint, fmt, args);
	va_end(args);
	return status;
}

aiodal_status
aiodal__fail_state(aiodal_error **err, aiodal_status status, const char *sqlstate, const char *detail,
				   const char *hint, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void) fail_va(err, status, sqlstate, detail, hint, fmt, args);
	va_end(args);
	return status;
}

aiodal_status
aiodal__fail_memory(aiodal_error **err)
{
	if (err)
		*err = &out_of_memory;
	return AIODAL_ENOMEM;
}

aiodal_status
aiodal__fail_thread(aiodal_error **err)
{
	return aiodal__fail_hint(err, AIODAL_ENOMEM, NULL, "Too many threads or open files may be the reason.",
							 "could not start a thread");
}

aiodal_status
aiodal__fail_canceled(aiodal_error **err, const char *detail)
{
	return aiodal__fail_state(err, AIODAL_ECANCELED, "57014", detail, NULL,
							  aiodal__errand_cancelled() ? "the operation was cancelled"
														 : "cancelled by the progress callback");
}

static const struct
{
	const char *sqlstate; /* or its first two characters: a class */
	aiodal_status status;
} sqlstate_statuses[] = {
	{"40001", AIODAL_ERETRY},    /* serialization_failure */
	{"40P01", AIODAL_ERETRY},    /* deadlock_detected */
	{"57014", AIODAL_ECANCELED}, /* query_canceled */
	{"25P02", AIODAL_ESTATE},    /* in_failed_sql_transaction */
	{"57P01", AIODAL_ECONN},     /* admin_shutdown */
	{"57P02", AIODAL_ECONN},     /* crash_shutdown */
	{"57P03", AIODAL_ECONN},     /* cannot_connect_now */
	{"57P05", AIODAL_ECONN},     /* idle_session_timeout */
	{"25P03", AIODAL_ECONN},     /* idle_in_transaction_session_timeout */
	{"08P01", AIODAL_ESERVER},   /* protocol_violation: as too few parameters */
	{"08", AIODAL_ECONN},        /* connection exceptions */
	{"23", AIODAL_ECONSTRAINT},  /* integrity constraint violations */
};

aiodal_status
aiodal__result_status(const PGresult *res, const PGconn *pg)
{
	const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);

	/* libpq hears of the end of a connection only when it reads on; poolers end them with any SQLSTATE */
	if (PQstatus(pg) == CONNECTION_BAD || (severity && strcmp(severity, "FATAL") == 0))
		return AIODAL_ECONN;
	if (!res)
		return AIODAL_ENOMEM;
	for (size_t i = 0; sqlstate && i < sizeof(sqlstate_statuses) / sizeof(sqlstate_statuses[0]); i++)
	{
		if (strncmp(sqlstate, sqlstate_statuses[i].sqlstate, strlen(sqlstate_statuses[i].sqlstate)) == 0)
			return sqlstate_statuses[i].status;
	}
	return AIODAL_ESERVER;
}

aiodal_status
aiodal__fail_result(aiodal_error **err, const PGresult *res, const PGconn *pg)
{
	const char *field[N_FIELDS];
	aiodal_status status = aiodal__result_status(res, pg);

	if (!res && status == AIODAL_ENOMEM)
		return aiodal__fail_memory(err);
	for (int i = 0; i < N_FIELDS; i++)
		field[i] = PQresultErrorField(res, field_codes[i]);
	if (!field[MESSAGE])
		return aiodal__fail_conn(err, status, pg);
	return fail_fields(err, status, field);
}

/* Cuts white space off the end, and puts blanks for tabs. */
static void
tidy(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		text[--len] = '\0';
	for (; *text; text++)
	{
		if (*text == '\t')
			*text = ' ';
	}
}

aiodal_status
aiodal__fail_conn(aiodal_error **err, aiodal_status status, const PGconn *pg)
{
	const char *field[N_FIELDS] = {NULL};
	char *message;
	char *rest;

	if (!err)
		return status;
	message = aiodal__strdup(PQerrorMessage(pg));
	if (!message)
		return aiodal__fail_memory(err);
	tidy(message);
	rest = strchr(message, '\n');
	if (rest)
	{
		*rest++ = '\0';
		rest += strspn(rest, " ");
	}
	field[MESSAGE] = *message ? message : "the connection to the server was lost";
	field[DETAIL] = rest;
	*err = error_new(status, field);
	aiodal__free(message);
	return status;
}

aiodal_status
aiodal__error_copy(aiodal_error **err, aiodal_status status, const aiodal_error *error)
{
	return error == &out_of_memory ? aiodal__fail_memory(err) : fail_fields(err, status, error->field);
}

void
aiodal__error_move(aiodal_error **err, aiodal_error **from)
{
	if (err)
		*err = *from;
	else
		aiodal_error_free(*from);
	*from = NULL;
}

void
aiodal__error_annotate(aiodal_error **err, const char *context, const char *hint)
{
	const char *field[N_FIELDS];
	aiodal__buf both = AIODAL__BUF_INIT;
	aiodal_error *annotated;

	if (!err || !*err || *err == &out_of_memory)
		return;
	memcpy(field, (*err)->field, sizeof(field));
	if (context && field[CONTEXT])
	{
		aiodal__buf_printf(&both, "%s\n%s", field[CONTEXT], context);
		context = both.oom ? field[CONTEXT] : both.data;
	}
	if (context)
		field[CONTEXT] = context;
	if (hint && !field[HINT])
		field[HINT] = hint;
	annotated = error_new((*err)->status, field);
	aiodal__buf_free(&both);
	if (annotated == &out_of_memory)
		return;
	aiodal_error_free(*err);
	*err = annotated;
}

void
aiodal__error_set_position(aiodal_error **err, long position)
{
	const char *field[N_FIELDS];
	char text[24];
	aiodal_error *moved;

	if (!err || !*err || *err == &out_of_memory)
		return;
	memcpy(field, (*err)->field, sizeof(field));
	(void) snprintf(text, sizeof(text), "%ld", position);
	field[POSITION] = position > 0 ? text : NULL;
	moved = error_new((*err)->status, field);
	if (moved == &out_of_memory)
		return;
	aiodal_error_free(*err);
	*err = moved;
}

aiodal_status
aiodal__error_restatus(aiodal_error **err, aiodal_status status)
{
	if (err && *err && *err != &out_of_memory)
		(*err)->status = status;
	return status;
}

aiodal_error *
aiodal__error_from_notice(const PGresult *res)
{
	const char *field[N_FIELDS];
	aiodal_error *notice;

	for (int i = 0; i < N_FIELDS; i++)
		field[i] = PQresultErrorField(res, field_codes[i]);
	notice = error_new(AIODAL_OK, field);
	return notice == &out_of_memory ? NULL : notice;
}

aiodal_status
aiodal_error_set(aiodal_error **err, aiodal_status status, const char *message, const char *detail,
				 const char *hint)
{
	const char *field[N_FIELDS] = {[MESSAGE] = message, [DETAIL] = detail, [HINT] = hint};

	return fail_fields(err, status, field);
}

void
aiodal_error_free(aiodal_error *err)
{
	if (err != &out_of_memory)
		aiodal__free(err);
}

aiodal_status
aiodal_error_status(const aiodal_error *err)
{
	return err ? err->status : AIODAL_OK;
}

const char *
aiodal_error_message(const aiodal_error *err)
{
	return err && err->field[MESSAGE] ? err->field[MESSAGE] : "";
}

const char *
aiodal_error_sqlstate(const aiodal_error *err)
{
	return err ? err->field[SQLSTATE] : NULL;
}

const char *
aiodal_error_detail(const aiodal_error *err)
{
	return err ? err->field[DETAIL] : NULL;
}

const char *
aiodal_error_hint(const aiodal_error *err)
{
	return err ? err->field[HINT] : NULL;
}

const char *
aiodal_error_field(const aiodal_error *err, int fieldcode)
{
	for (int i = 0; err && i < N_FIELDS; i++)
	{
		if (field_codes[i] == fieldcode)
			return err->field[i];
	}
	return NULL;
}

/* snprintf one after the other into one buffer; *used counts what did not fit, too */
static void
put(char *buf, size_t size, size_t *used, const char *prefix, const char *text)
{
	size_t room = *used < size ? size - *used : 0;
	int len;

	if (!text)
		return;
	len = snprintf(room ? buf + *used : NULL, room, "%s%s", prefix, text);
	*used += len > 0 ? (size_t) len : 0;
}

size_t
aiodal_error_describe(const aiodal_error *err, char *buf, size_t size)
{
	size_t used = 0;

	if (size > 0)
		buf[0] = '\0';
	if (!err)
		return 0;
	put(buf, size, &used, "", err->field[SEVERITY] ? err->field[SEVERITY] : "ERROR");
	put(buf, size, &used, ":  ", aiodal_error_message(err));
	put(buf, size, &used, "\nDETAIL:  ", err->field[DETAIL]);
	put(buf, size, &used, "\nHINT:  ", err->field[HINT]);
	put(buf, size, &used, "\nCONTEXT:  ", err->field[CONTEXT]);
	return used;
}

const char *
aiodal_status_name(aiodal_status status)
{
	switch (status)
	{
		case AIODAL_OK: return "AIODAL_OK";
		case AIODAL_WANT_READ: return "AIODAL_WANT_READ";
		case AIODAL_WANT_WRITE: return "AIODAL_WANT_WRITE";
		case AIODAL_ESERVER: return "AIODAL_ESERVER";
		case AIODAL_ENOMEM: return "AIODAL_ENOMEM";
		case AIODAL_EINVAL: return "AIODAL_EINVAL";
		case AIODAL_ESTATE: return "AIODAL_ESTATE";
		case AIODAL_ECONN: return "AIODAL_ECONN";
		case AIODAL_ETIMEOUT: return "AIODAL_ETIMEOUT";
		case AIODAL_ECANCELED: return "AIODAL_ECANCELED";
		case AIODAL_EBUSY: return "AIODAL_EBUSY";
		case AIODAL_ENOTFOUND: return "AIODAL_ENOTFOUND";
		case AIODAL_ECONSTRAINT: return "AIODAL_ECONSTRAINT";
		case AIODAL_ERETRY: return "AIODAL_ERETRY";
		case AIODAL_ECALLBACK: return "AIODAL_ECALLBACK";
	}
	return "unknown status";
}
