/*
 * describe_members.h
 *		What belongs to a relation beside its columns, indexes and constraints.
 */
#ifndef AIODAL_CLI_DESCRIBE_MEMBERS_H
#define AIODAL_CLI_DESCRIBE_MEMBERS_H

#include <jansson.h>

/* Prints who refers to it, policies, triggers, rules and the like; extras: see describe.h. */
extern void cli_describe_members(const json_t *relation, const json_t *extras);

#endif /* AIODAL_CLI_DESCRIBE_MEMBERS_H */
