/*
 * aiodal/auto.h
 *		Handles that free themselves when their variable goes out of scope, for gcc and clang.
 *
 *		AIODAL_AUTO(aiodal_tx) tx = NULL;
 *		AIODAL_AUTO(aiodal_result) rows = NULL;
 *
 *		st = aiodal_tx_begin(&tx, db, NULL, &err);
 *		if (st == AIODAL_OK)
 *			st = aiodal_tx_exec(&rows, tx, "SELECT 1", 0, NULL, &err);
 *		if (st == AIODAL_OK)
 *			st = aiodal_tx_commit(tx, &err);
 *		return st;
 *
 * A transaction that was not committed is rolled back. Initialise each with NULL. The one declared last is
 * freed first: declare the db before its transactions, a transaction before its operations. A handle that
 * leaves the scope is taken out with AIODAL_TAKE(handle).
 *
 * Not included by aiodal.h. In C++ use aiodal/aiodal.hpp.
 */
#ifndef AIODAL_AUTO_H
#define AIODAL_AUTO_H

#include <aiodal/aiodal.h>

#if !defined(__GNUC__)
#error "aiodal/auto.h needs the attribute cleanup of gcc and clang"
#endif

/* type: aiodal_db, aiodal_tx, aiodal_result, aiodal_op, aiodal_schema or aiodal_error. */
#define AIODAL_AUTO(type) __attribute__((cleanup(aiodal_auto_##type))) type *

/* The handle, which is the caller's from now on; the variable is NULL. */
#define AIODAL_TAKE(handle)                          \
	__extension__({                                  \
		__typeof__(handle) aiodal_taken_ = (handle); \
		(handle) = NULL;                             \
		aiodal_taken_;                               \
	})

/* What the attribute calls; not to be called. */
#define AIODAL_AUTO_DEFINE_(type, free_handle)                                   \
	__attribute__((unused)) static inline void aiodal_auto_##type(type **handle) \
	{                                                                            \
		free_handle(*handle);                                                    \
	}

AIODAL_AUTO_DEFINE_(aiodal_db, aiodal_db_close)
AIODAL_AUTO_DEFINE_(aiodal_tx, aiodal_tx_free)
AIODAL_AUTO_DEFINE_(aiodal_result, aiodal_result_free)
AIODAL_AUTO_DEFINE_(aiodal_op, aiodal_op_free)
AIODAL_AUTO_DEFINE_(aiodal_schema, aiodal_schema_unref)
AIODAL_AUTO_DEFINE_(aiodal_error, aiodal_error_free)

#endif /* AIODAL_AUTO_H */
