/*
 * aiodal/aiodal.h
 *		All of libaiodal's core.
 *
 *		db      a database: pooled connections and its reflected schema
 *		schema  tables, columns, constraints, indexes as they were when reflected
 *		objects types, functions, sequences, triggers, privileges and the like, from the same moment
 *		tx      transactions, statements, savepoints, aliases
 *		sandbox transactions that are never committed, for tests
 *		result  rows
 *		value   typed values: out of results, into statements
 *		row     rows into structs, structs into parameters
 *		bulk    files into tables and out of them
 *		async   statements without blocking
 *		pipeline many statements in one round trip
 *		notify  LISTEN and NOTIFY
 *		pq      the libpq connection below
 *
 * api.h has the rules about ownership, errors and threads that hold for all of them.
 */
#ifndef AIODAL_AIODAL_H
#define AIODAL_AIODAL_H

#include <aiodal/api.h>
#include <aiodal/async.h>
#include <aiodal/bulk.h>
#include <aiodal/db.h>
#include <aiodal/error.h>
#include <aiodal/notify.h>
#include <aiodal/objects.h>
#include <aiodal/pipeline.h>
#include <aiodal/pq.h>
#include <aiodal/result.h>
#include <aiodal/row.h>
#include <aiodal/sandbox.h>
#include <aiodal/schema.h>
#include <aiodal/tx.h>
#include <aiodal/value.h>
#include <aiodal/version.h>

#endif /* AIODAL_AIODAL_H */
