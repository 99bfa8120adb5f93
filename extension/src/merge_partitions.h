/*
 * merge_partitions.h
 *		What holds for a table or for one of its partitions.
 */
#ifndef AIODAL_MERGE_PARTITIONS_H
#define AIODAL_MERGE_PARTITIONS_H

#include "compat.h"

#include "merge.h"

/*
 * Calls visit for the partitions of target, at any level, intermediate tables included and target itself not,
 * until it returns true, and returns whether it did; false for what has none. They stay locked against
 * changes of what they are (ACCESS SHARE).
 */
extern bool VisitPartitions(Relation target, bool (*visit)(Relation, void *), void *arg);

/* Whether that holds for one of them. */
extern bool AnyPartition(Relation target, bool (*holds)(Relation));

/* Whether more than comparisons of columns decide on the partition of a row, at any level; false for what has
 * none. */
extern bool MayFailToPart(Relation target);

/*
 * Whether rows of the target whose keys are equal are in one partition, as they are where the partition key
 * compares as the index does. (PostgreSQL has let there be other indexes.) True for what has no partitions.
 */
extern bool KeepsKeysTogether(Relation target, const MergeKey *key);

#endif /* AIODAL_MERGE_PARTITIONS_H */
