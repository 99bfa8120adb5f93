/*
 * aiodal/api.h
 *		Handles, status values and the macros that the other headers are written with.
 *
 * Rules that hold everywhere:
 *
 * - Handles are opaque. Whoever receives one through an out-parameter owns it and gives it back with the
 *	 function named beside it. A pointer that a getter returns is borrowed: it lives as long as the handle it
 *	 came from. Every _free, _close and _unref takes NULL.
 * - Functions that can fail return an aiodal_status: 0 done, negative failed, positive not finished yet.
 * - Out-parameters come first and are set on success alone (to NULL at once, where they are handles).
 * - The last argument "aiodal_error **err" may be NULL. On failure *err is set to a new error, which the
 *	 caller frees; on success it is left alone, so start with "aiodal_error *err = NULL".
 * - Strings are NUL-terminated UTF-8 unless a length is given.
 * - Option structs start with their size and are initialised with their _INIT macro; a field left zero or
 *	 NULL has its default. A struct may grow at its end: programs compiled before go on working.
 * - db and schema handles may be used by any number of threads at once. A transaction, its results and its
 *	 operations belong to one thread at a time; only aiodal_op_cancel may come from another.
 * - The library never prints, exits or changes signal handlers.
 */
#ifndef AIODAL_API_H
#define AIODAL_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define AIODAL_BEGIN_DECLS \
	extern "C"             \
	{
#define AIODAL_END_DECLS }
#else
#define AIODAL_BEGIN_DECLS
#define AIODAL_END_DECLS
#endif

#if defined(__GNUC__)
#define AIODAL_API             __attribute__((visibility("default")))
#define AIODAL_MUST_CHECK      __attribute__((warn_unused_result))
#define AIODAL_PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))
#else
#define AIODAL_API
#define AIODAL_MUST_CHECK
#define AIODAL_PRINTF(fmt, va)
#endif

/* "file.c:12", of the line it stands on */
#define AIODAL_HERE             __FILE__ ":" AIODAL_HERE_LINE_(__LINE__)
#define AIODAL_HERE_LINE_(line) AIODAL_HERE_TEXT_(line)
#define AIODAL_HERE_TEXT_(line) #line

AIODAL_BEGIN_DECLS

typedef enum aiodal_status
{
	AIODAL_OK = 0,
	AIODAL_WANT_READ = 1,     /* call again when the descriptor can be read */
	AIODAL_WANT_WRITE = 2,    /* call again when it can be read or written */
	AIODAL_ESERVER = -1,      /* the server refused: see aiodal_error_sqlstate() */
	AIODAL_ENOMEM = -2,       /* out of memory in this process */
	AIODAL_EINVAL = -3,       /* an argument, option or input file makes no sense */
	AIODAL_ESTATE = -4,       /* not now: the handle is in another state */
	AIODAL_ECONN = -5,        /* no connection, or it was lost */
	AIODAL_ETIMEOUT = -6,     /* a timeout or deadline of the caller's has passed */
	AIODAL_ECANCELED = -7,    /* cancelled by the caller or by an administrator */
	AIODAL_EBUSY = -8,        /* another operation is running on the transaction, or too many callers wait */
	AIODAL_ENOTFOUND = -9,    /* no such table, column, constraint, alias or file */
	AIODAL_ECONSTRAINT = -10, /* an integrity constraint was violated (SQLSTATE class 23) */
	AIODAL_ERETRY =
		-11, /* serialization failure or deadlock: the same transaction may succeed if run again */
	AIODAL_ECALLBACK = -12 /* a callback of the caller's failed */
} aiodal_status;

typedef struct aiodal_error aiodal_error;
typedef struct aiodal_db aiodal_db;
typedef struct aiodal_tx aiodal_tx;
typedef struct aiodal_op aiodal_op;
typedef struct aiodal_pipeline aiodal_pipeline;
typedef struct aiodal_listener aiodal_listener;
typedef struct aiodal_result aiodal_result;
typedef struct aiodal_alias aiodal_alias;
typedef struct aiodal_schema aiodal_schema;
typedef struct aiodal_table aiodal_table;
typedef struct aiodal_column aiodal_column;
typedef struct aiodal_constraint aiodal_constraint;
typedef struct aiodal_index aiodal_index;
typedef struct aiodal_namespace aiodal_namespace;
typedef struct aiodal_type aiodal_type;
typedef struct aiodal_function aiodal_function;
typedef struct aiodal_sequence aiodal_sequence;
typedef struct aiodal_trigger aiodal_trigger;
typedef struct aiodal_rule aiodal_rule;
typedef struct aiodal_policy aiodal_policy;
typedef struct aiodal_privilege aiodal_privilege;
typedef struct aiodal_statistics aiodal_statistics;
typedef struct aiodal_extension aiodal_extension;
typedef struct aiodal_event_trigger aiodal_event_trigger;
typedef struct aiodal_publication aiodal_publication;
typedef struct aiodal_default_privilege aiodal_default_privilege;

AIODAL_END_DECLS

#endif /* AIODAL_API_H */
