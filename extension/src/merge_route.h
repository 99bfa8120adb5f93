/*
 * merge_route.h
 *		The partition that a row belongs into.
 */
#ifndef AIODAL_MERGE_ROUTE_H
#define AIODAL_MERGE_ROUTE_H

#include "compat.h"

#include "nodes/execnodes.h"

#include "merge_lane.h"

typedef struct Router Router;

/* For the partitioned table run->target; in the current memory context, which lives until CloseRouter. */
extern Router *OpenRouter(MergeRun *run);

/*
 * The lane of the partition for the row in slot, which has the target's row type; opened when it is the first
 * one there. In mode insert, columns that the batch does not give get their defaults first. When there is no
 * such partition: an error, or NULL and the error in *fault, in the memory of the current row, where rows are
 * set aside or the mode does not insert.
 */
extern Lane *RouteRow(Router *router, TupleTableSlot *slot, ErrorData **fault);

/* The values of a row of the target in the order of the lane's table; NULL columns for what it has not. */
extern void ConvertRow(Router *router, TupleTableSlot *from, TupleTableSlot *to);

/* All lanes that were opened. */
extern List *RouterLanes(Router *router);

/* Whether the partition has one. */
extern bool RouterHasLane(void *router, Oid partition);

/* Closes the lanes, too. */
extern void CloseRouter(Router *router);

#endif /* AIODAL_MERGE_ROUTE_H */
