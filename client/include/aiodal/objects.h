/*
 * aiodal/objects.h
 *		What is in the database besides tables, as it was when reflected.
 *
 * It is read when aiodal_db_options asks for it: of a part that was not read there are none, which
 * aiodal_schema_parts() tells from a part that is empty.
 *
 * The rules are those of schema.h: all is borrowed from the snapshot and lives until its last reference is
 * given back; any number of threads may read it; names are unquoted; text the server has as NULL is NULL;
 * indexed getters count from 0, and an index out of range gives NULL, 0 or false; every getter takes NULL and
 * answers NULL, 0 or false; lookups answer NULL when there is no such thing. What each property means is said
 * in the documentation of the SQL functions that are named like the parts, whose columns they are.
 */
#ifndef AIODAL_OBJECTS_H
#define AIODAL_OBJECTS_H

#include <aiodal/api.h>

AIODAL_BEGIN_DECLS

/* Parts of a snapshot, to be ored. */
typedef enum aiodal_part
{
	AIODAL_PART_TABLES = 1 << 0, /* with columns, constraints, indexes; always read */
	AIODAL_PART_ORDER = 1 << 1,  /* aiodal_schema_sorted_at() */
	AIODAL_PART_NAMESPACES = 1 << 2,
	AIODAL_PART_TYPES = 1 << 3,
	AIODAL_PART_FUNCTIONS = 1 << 4,
	AIODAL_PART_SEQUENCES = 1 << 5,
	AIODAL_PART_TRIGGERS = 1 << 6,
	AIODAL_PART_RULES = 1 << 7,
	AIODAL_PART_POLICIES = 1 << 8,
	AIODAL_PART_PRIVILEGES = 1 << 9,
	AIODAL_PART_STATISTICS = 1 << 10,
	AIODAL_PART_EXTENSIONS = 1 << 11,
	AIODAL_PART_EVENT_TRIGGERS = 1 << 12,
	AIODAL_PART_PUBLICATIONS = 1 << 13,
	AIODAL_PART_DEFAULT_PRIVILEGES = 1 << 14
} aiodal_part;

/* What is read unless options say otherwise, and all that this version knows. */
#define AIODAL_PARTS_DEFAULT                                                                               \
	((unsigned int) (AIODAL_PART_TABLES | AIODAL_PART_ORDER | AIODAL_PART_NAMESPACES | AIODAL_PART_TYPES | \
					 AIODAL_PART_EXTENSIONS))
#define AIODAL_PARTS_ALL ((1u << 15) - 1)

AIODAL_API unsigned int aiodal_schema_parts(const aiodal_schema *schema);

/* Schemas, called namespaces here because aiodal_schema is the snapshot; ordered by name. */
AIODAL_API int aiodal_schema_namespace_count(const aiodal_schema *schema);
AIODAL_API const aiodal_namespace *aiodal_schema_namespace_at(const aiodal_schema *schema, int i);
AIODAL_API const aiodal_namespace *aiodal_schema_namespace(const aiodal_schema *schema, const char *name);
AIODAL_API const char *aiodal_namespace_name(const aiodal_namespace *ns);
AIODAL_API unsigned int aiodal_namespace_oid(const aiodal_namespace *ns);
AIODAL_API const char *aiodal_namespace_owner(const aiodal_namespace *ns);
AIODAL_API const char *aiodal_namespace_comment(const aiodal_namespace *ns);
AIODAL_API const char *aiodal_namespace_extension(const aiodal_namespace *ns); /* that owns it */

/* Types that the schemas have of their own: enums, domains, composite types, ranges and multiranges; ordered
 * by schema and name. */
AIODAL_API int aiodal_schema_type_count(const aiodal_schema *schema);
AIODAL_API const aiodal_type *aiodal_schema_type_at(const aiodal_schema *schema, int i);
/* both names are needed */
AIODAL_API const aiodal_type *
aiodal_schema_type(const aiodal_schema *schema, const char *namespace_name, const char *name);
AIODAL_API const aiodal_type *aiodal_schema_type_by_oid(const aiodal_schema *schema, unsigned int oid);
AIODAL_API const char *aiodal_type_schema(const aiodal_type *type);
AIODAL_API const char *aiodal_type_name(const aiodal_type *type);
AIODAL_API unsigned int aiodal_type_oid(const aiodal_type *type);
AIODAL_API const char *
aiodal_type_kind(const aiodal_type *type); /* "enum", "domain", "composite", "range", "multirange" */
AIODAL_API const char *aiodal_type_owner(const aiodal_type *type);
/* labels of an enum, in order */
AIODAL_API int aiodal_type_label_count(const aiodal_type *type);
AIODAL_API const char *aiodal_type_label_at(const aiodal_type *type, int i);
AIODAL_API const char *aiodal_type_base_type(const aiodal_type *type); /* of a domain, as SQL writes it */
AIODAL_API unsigned int aiodal_type_base_type_oid(const aiodal_type *type);
AIODAL_API bool aiodal_type_not_null(const aiodal_type *type);
AIODAL_API const char *aiodal_type_default(const aiodal_type *type);   /* expression */
AIODAL_API const char *aiodal_type_collation(const aiodal_type *type); /* NULL: the base's own */
AIODAL_API const char *aiodal_type_collation_schema(const aiodal_type *type);
/* checks of a domain */
AIODAL_API int aiodal_type_check_count(const aiodal_type *type);
AIODAL_API const char *aiodal_type_check_name(const aiodal_type *type, int i);
AIODAL_API const char *aiodal_type_check_expression(const aiodal_type *type, int i);
AIODAL_API bool aiodal_type_check_validated(const aiodal_type *type, int i);
AIODAL_API const char *aiodal_type_check_comment(const aiodal_type *type, int i);
/* attributes of a composite type */
AIODAL_API int aiodal_type_attribute_count(const aiodal_type *type);
AIODAL_API const char *aiodal_type_attribute_name(const aiodal_type *type, int i);
AIODAL_API int aiodal_type_attribute_position(const aiodal_type *type, int i);
AIODAL_API const char *aiodal_type_attribute_type(const aiodal_type *type, int i);
AIODAL_API unsigned int aiodal_type_attribute_type_oid(const aiodal_type *type, int i);
AIODAL_API int aiodal_type_attribute_typmod(const aiodal_type *type, int i);
AIODAL_API const char *
aiodal_type_attribute_collation(const aiodal_type *type, int i); /* NULL: the type's own */
AIODAL_API const char *aiodal_type_attribute_collation_schema(const aiodal_type *type, int i);
AIODAL_API const char *aiodal_type_attribute_comment(const aiodal_type *type, int i);
AIODAL_API const char *aiodal_type_subtype(const aiodal_type *type); /* of a range or multirange */
AIODAL_API unsigned int aiodal_type_subtype_oid(const aiodal_type *type);
AIODAL_API const char *aiodal_type_subtype_opclass(const aiodal_type *type);
AIODAL_API const char *aiodal_type_subtype_opclass_schema(const aiodal_type *type);
AIODAL_API const char *aiodal_type_canonical_function(const aiodal_type *type);
AIODAL_API const char *aiodal_type_subtype_diff_function(const aiodal_type *type);
AIODAL_API const char *aiodal_type_multirange_type(const aiodal_type *type); /* of a range */
AIODAL_API const char *aiodal_type_range_type(const aiodal_type *type);      /* of a multirange */
AIODAL_API const char *aiodal_type_comment(const aiodal_type *type);
AIODAL_API const char *aiodal_type_extension(const aiodal_type *type); /* that owns it */

/* Functions, procedures, aggregates and window functions; ordered by schema, name and argument types. */
AIODAL_API int aiodal_schema_function_count(const aiodal_schema *schema);
AIODAL_API const aiodal_function *aiodal_schema_function_at(const aiodal_schema *schema, int i);
/* number nth, from 0, of those that share the name; both names are needed */
AIODAL_API const aiodal_function *
aiodal_schema_function(const aiodal_schema *schema, const char *namespace_name, const char *name, int nth);
AIODAL_API const aiodal_function *
aiodal_schema_function_by_oid(const aiodal_schema *schema, unsigned int oid);
AIODAL_API const char *aiodal_function_schema(const aiodal_function *function);
AIODAL_API const char *aiodal_function_name(const aiodal_function *function);
AIODAL_API unsigned int aiodal_function_oid(const aiodal_function *function);
AIODAL_API const char *
aiodal_function_kind(const aiodal_function *function); /* "function", "procedure", "aggregate", "window" */
AIODAL_API const char *
aiodal_function_signature(const aiodal_function *function); /* as regprocedure takes it */
AIODAL_API const char *aiodal_function_owner(const aiodal_function *function);
/* arguments, those that only come out too */
AIODAL_API int aiodal_function_argument_count(const aiodal_function *function);
AIODAL_API const char *
aiodal_function_argument_name(const aiodal_function *function, int i); /* NULL: without */
AIODAL_API const char *aiodal_function_argument_mode(const aiodal_function *function,
													 int i); /* "in", "out", "inout", "variadic", "table" */
AIODAL_API const char *aiodal_function_argument_type(const aiodal_function *function, int i);
AIODAL_API unsigned int aiodal_function_argument_type_oid(const aiodal_function *function, int i);
AIODAL_API const char *
aiodal_function_argument_default(const aiodal_function *function, int i); /* expression */
AIODAL_API const char *
aiodal_function_returns(const aiodal_function *function); /* type, without SETOF; NULL for a procedure */
AIODAL_API unsigned int aiodal_function_returns_oid(const aiodal_function *function);
AIODAL_API bool aiodal_function_returns_set(const aiodal_function *function);
/* columns that come out, when a row or a set does */
AIODAL_API int aiodal_function_result_column_count(const aiodal_function *function);
AIODAL_API const char *aiodal_function_result_column_name(const aiodal_function *function, int i);
AIODAL_API const char *aiodal_function_result_column_type(const aiodal_function *function, int i);
AIODAL_API unsigned int aiodal_function_result_column_type_oid(const aiodal_function *function, int i);
AIODAL_API const char *
aiodal_function_volatility(const aiodal_function *function); /* "immutable", "stable", "volatile" */
AIODAL_API bool aiodal_function_strict(const aiodal_function *function);
AIODAL_API const char *
aiodal_function_parallel(const aiodal_function *function); /* "safe", "restricted", "unsafe" */
AIODAL_API const char *aiodal_function_language(const aiodal_function *function);
AIODAL_API bool aiodal_function_security_definer(const aiodal_function *function);
AIODAL_API bool aiodal_function_leakproof(const aiodal_function *function);
/* name=value, of SET */
AIODAL_API int aiodal_function_setting_count(const aiodal_function *function);
AIODAL_API const char *aiodal_function_setting_at(const aiodal_function *function, int i);
AIODAL_API const char *
aiodal_function_source(const aiodal_function *function); /* body; of a C function the symbol in library */
AIODAL_API const char *aiodal_function_library(const aiodal_function *function);
AIODAL_API double aiodal_function_cost(const aiodal_function *function); /* in units of cpu_operator_cost */
AIODAL_API double
aiodal_function_estimated_rows(const aiodal_function *function); /* negative: it returns no set */
AIODAL_API const char *aiodal_function_comment(const aiodal_function *function);
AIODAL_API const char *aiodal_function_extension(const aiodal_function *function); /* that owns it */

/* Sequences, ordered by schema and name. */
AIODAL_API int aiodal_schema_sequence_count(const aiodal_schema *schema);
AIODAL_API const aiodal_sequence *aiodal_schema_sequence_at(const aiodal_schema *schema, int i);
/* both names are needed */
AIODAL_API const aiodal_sequence *
aiodal_schema_sequence(const aiodal_schema *schema, const char *namespace_name, const char *name);
AIODAL_API const aiodal_sequence *
aiodal_schema_sequence_by_oid(const aiodal_schema *schema, unsigned int oid);
AIODAL_API const char *aiodal_sequence_schema(const aiodal_sequence *sequence);
AIODAL_API const char *aiodal_sequence_name(const aiodal_sequence *sequence);
AIODAL_API unsigned int aiodal_sequence_oid(const aiodal_sequence *sequence);
AIODAL_API const char *aiodal_sequence_owner(const aiodal_sequence *sequence);
AIODAL_API const char *aiodal_sequence_persistence(const aiodal_sequence *sequence);
AIODAL_API const char *aiodal_sequence_type(const aiodal_sequence *sequence);
AIODAL_API int64_t aiodal_sequence_start(const aiodal_sequence *sequence);
AIODAL_API int64_t aiodal_sequence_min(const aiodal_sequence *sequence);
AIODAL_API int64_t aiodal_sequence_max(const aiodal_sequence *sequence);
AIODAL_API int64_t aiodal_sequence_increment(const aiodal_sequence *sequence);
AIODAL_API int64_t aiodal_sequence_cache(const aiodal_sequence *sequence);
AIODAL_API bool aiodal_sequence_cycle(const aiodal_sequence *sequence);
AIODAL_API const char *aiodal_sequence_owned_by_schema(
	const aiodal_sequence *sequence); /* of the column of OWNED BY or of the identity */
AIODAL_API const char *aiodal_sequence_owned_by_table(const aiodal_sequence *sequence);
AIODAL_API const char *aiodal_sequence_owned_by_column(const aiodal_sequence *sequence);
AIODAL_API bool aiodal_sequence_is_identity(const aiodal_sequence *sequence);
AIODAL_API const char *aiodal_sequence_comment(const aiodal_sequence *sequence);
AIODAL_API const char *aiodal_sequence_extension(const aiodal_sequence *sequence); /* that owns it */

/* Triggers, but not those that PostgreSQL keeps for constraints; ordered by name. */
AIODAL_API int aiodal_table_trigger_count(const aiodal_table *table);
AIODAL_API const aiodal_trigger *aiodal_table_trigger_at(const aiodal_table *table, int i);
AIODAL_API const aiodal_trigger *aiodal_table_trigger(const aiodal_table *table, const char *name);
AIODAL_API const aiodal_table *aiodal_trigger_table(const aiodal_trigger *trigger);
AIODAL_API const char *aiodal_trigger_name(const aiodal_trigger *trigger);
AIODAL_API unsigned int aiodal_trigger_oid(const aiodal_trigger *trigger);
AIODAL_API const char *
aiodal_trigger_timing(const aiodal_trigger *trigger); /* "before", "after", "instead of" */
/* "insert", "update", "delete", "truncate" */
AIODAL_API int aiodal_trigger_event_count(const aiodal_trigger *trigger);
AIODAL_API const char *aiodal_trigger_event_at(const aiodal_trigger *trigger, int i);
AIODAL_API const char *aiodal_trigger_level(const aiodal_trigger *trigger); /* "row", "statement" */
/* of UPDATE OF; none: any */
AIODAL_API int aiodal_trigger_column_count(const aiodal_trigger *trigger);
AIODAL_API const char *aiodal_trigger_column_at(const aiodal_trigger *trigger, int i);
AIODAL_API const char *aiodal_trigger_condition(const aiodal_trigger *trigger); /* of WHEN */
AIODAL_API const char *aiodal_trigger_function_schema(const aiodal_trigger *trigger);
AIODAL_API const char *aiodal_trigger_function_name(const aiodal_trigger *trigger);
AIODAL_API int aiodal_trigger_argument_count(const aiodal_trigger *trigger);
AIODAL_API const char *aiodal_trigger_argument_at(const aiodal_trigger *trigger, int i);
AIODAL_API const char *
aiodal_trigger_enabled(const aiodal_trigger *trigger); /* "origin", "disabled", "replica", "always" */
AIODAL_API bool aiodal_trigger_is_constraint(const aiodal_trigger *trigger);
AIODAL_API bool aiodal_trigger_deferrable(const aiodal_trigger *trigger);
AIODAL_API bool aiodal_trigger_initially_deferred(const aiodal_trigger *trigger);
AIODAL_API const char *aiodal_trigger_referenced_schema(const aiodal_trigger *trigger); /* of FROM */
AIODAL_API const char *aiodal_trigger_referenced_name(const aiodal_trigger *trigger);
AIODAL_API const char *
aiodal_trigger_old_table(const aiodal_trigger *trigger); /* name of the transition table */
AIODAL_API const char *aiodal_trigger_new_table(const aiodal_trigger *trigger);
AIODAL_API bool
aiodal_trigger_is_inherited(const aiodal_trigger *trigger); /* of a partition, from its parent */
AIODAL_API const char *aiodal_trigger_definition(const aiodal_trigger *trigger); /* as SQL */
AIODAL_API const char *aiodal_trigger_comment(const aiodal_trigger *trigger);

/* Rewrite rules, but not the definitions of views; ordered by name. */
AIODAL_API int aiodal_table_rule_count(const aiodal_table *table);
AIODAL_API const aiodal_rule *aiodal_table_rule_at(const aiodal_table *table, int i);
AIODAL_API const aiodal_rule *aiodal_table_rule(const aiodal_table *table, const char *name);
AIODAL_API const aiodal_table *aiodal_rule_table(const aiodal_rule *rule);
AIODAL_API const char *aiodal_rule_name(const aiodal_rule *rule);
AIODAL_API unsigned int aiodal_rule_oid(const aiodal_rule *rule);
AIODAL_API const char *aiodal_rule_event(const aiodal_rule *rule); /* "insert", "update", "delete" */
AIODAL_API bool aiodal_rule_is_instead(const aiodal_rule *rule);
AIODAL_API const char *aiodal_rule_enabled(const aiodal_rule *rule);    /* as of a trigger */
AIODAL_API const char *aiodal_rule_definition(const aiodal_rule *rule); /* as SQL */
AIODAL_API const char *aiodal_rule_comment(const aiodal_rule *rule);

/* Row-security policies, ordered by name. */
AIODAL_API int aiodal_table_policy_count(const aiodal_table *table);
AIODAL_API const aiodal_policy *aiodal_table_policy_at(const aiodal_table *table, int i);
AIODAL_API const aiodal_policy *aiodal_table_policy(const aiodal_table *table, const char *name);
AIODAL_API const aiodal_table *aiodal_policy_table(const aiodal_policy *policy);
AIODAL_API const char *aiodal_policy_name(const aiodal_policy *policy);
AIODAL_API unsigned int aiodal_policy_oid(const aiodal_policy *policy);
AIODAL_API bool aiodal_policy_permissive(const aiodal_policy *policy);
/* "public": all */
AIODAL_API int aiodal_policy_role_count(const aiodal_policy *policy);
AIODAL_API const char *aiodal_policy_role_at(const aiodal_policy *policy, int i);
AIODAL_API const char *
aiodal_policy_command(const aiodal_policy *policy); /* "ALL", "SELECT", "INSERT", "UPDATE", "DELETE" */
AIODAL_API const char *aiodal_policy_using(const aiodal_policy *policy);      /* expression */
AIODAL_API const char *aiodal_policy_with_check(const aiodal_policy *policy); /* expression */
AIODAL_API const char *aiodal_policy_comment(const aiodal_policy *policy);

/* Privileges on the table and on its columns, those of the owner too. */
AIODAL_API int aiodal_table_privilege_count(const aiodal_table *table);
AIODAL_API const aiodal_privilege *aiodal_table_privilege_at(const aiodal_table *table, int i);
AIODAL_API const aiodal_table *aiodal_privilege_table(const aiodal_privilege *privilege);
AIODAL_API const char *
aiodal_privilege_column(const aiodal_privilege *privilege); /* NULL: on the whole table */
AIODAL_API const char *aiodal_privilege_grantor(const aiodal_privilege *privilege);
AIODAL_API const char *aiodal_privilege_grantee(const aiodal_privilege *privilege); /* NULL: PUBLIC */
AIODAL_API const char *aiodal_privilege_type(const aiodal_privilege *privilege); /* "SELECT", "INSERT", ... */
AIODAL_API bool aiodal_privilege_is_grantable(const aiodal_privilege *privilege);

/* Extended statistics of the table. */
AIODAL_API int aiodal_table_statistics_count(const aiodal_table *table);
AIODAL_API const aiodal_statistics *aiodal_table_statistics_at(const aiodal_table *table, int i);
AIODAL_API const aiodal_statistics *aiodal_table_statistics(const aiodal_table *table, const char *name);
AIODAL_API const aiodal_table *aiodal_statistics_table(const aiodal_statistics *statistics);
AIODAL_API const char *aiodal_statistics_name(const aiodal_statistics *statistics);
AIODAL_API unsigned int aiodal_statistics_oid(const aiodal_statistics *statistics);
AIODAL_API const char *
aiodal_statistics_schema(const aiodal_statistics *statistics); /* that holds it; need not be the table's */
AIODAL_API const char *aiodal_statistics_owner(const aiodal_statistics *statistics);
/* "ndistinct", "dependencies", "mcv", "expressions" */
AIODAL_API int aiodal_statistics_kind_count(const aiodal_statistics *statistics);
AIODAL_API const char *aiodal_statistics_kind_at(const aiodal_statistics *statistics, int i);
AIODAL_API int aiodal_statistics_column_count(const aiodal_statistics *statistics);
AIODAL_API const char *aiodal_statistics_column_at(const aiodal_statistics *statistics, int i);
AIODAL_API int aiodal_statistics_expression_count(const aiodal_statistics *statistics);
AIODAL_API const char *aiodal_statistics_expression_at(const aiodal_statistics *statistics, int i);
AIODAL_API int aiodal_statistics_target(const aiodal_statistics *statistics); /* negative: the default */
AIODAL_API const char *aiodal_statistics_comment(const aiodal_statistics *statistics);

/* Installed extensions, ordered by name. */
AIODAL_API int aiodal_schema_extension_count(const aiodal_schema *schema);
AIODAL_API const aiodal_extension *aiodal_schema_extension_at(const aiodal_schema *schema, int i);
AIODAL_API const aiodal_extension *aiodal_schema_extension(const aiodal_schema *schema, const char *name);
AIODAL_API const char *aiodal_extension_name(const aiodal_extension *extension);
AIODAL_API unsigned int aiodal_extension_oid(const aiodal_extension *extension);
AIODAL_API const char *aiodal_extension_schema(const aiodal_extension *extension);
AIODAL_API const char *aiodal_extension_owner(const aiodal_extension *extension);
AIODAL_API const char *aiodal_extension_version(const aiodal_extension *extension);
AIODAL_API bool aiodal_extension_relocatable(const aiodal_extension *extension);
AIODAL_API const char *aiodal_extension_comment(const aiodal_extension *extension);

/* Event triggers, ordered by name. */
AIODAL_API int aiodal_schema_event_trigger_count(const aiodal_schema *schema);
AIODAL_API const aiodal_event_trigger *aiodal_schema_event_trigger_at(const aiodal_schema *schema, int i);
AIODAL_API const aiodal_event_trigger *
aiodal_schema_event_trigger(const aiodal_schema *schema, const char *name);
AIODAL_API const char *aiodal_event_trigger_name(const aiodal_event_trigger *event_trigger);
AIODAL_API unsigned int aiodal_event_trigger_oid(const aiodal_event_trigger *event_trigger);
AIODAL_API const char *
aiodal_event_trigger_event(const aiodal_event_trigger *event_trigger); /* "ddl_command_end", ... */
AIODAL_API const char *aiodal_event_trigger_owner(const aiodal_event_trigger *event_trigger);
AIODAL_API const char *aiodal_event_trigger_function_schema(const aiodal_event_trigger *event_trigger);
AIODAL_API const char *aiodal_event_trigger_function_name(const aiodal_event_trigger *event_trigger);
AIODAL_API const char *
aiodal_event_trigger_enabled(const aiodal_event_trigger *event_trigger); /* as of a trigger */
/* commands; none: any */
AIODAL_API int aiodal_event_trigger_tag_count(const aiodal_event_trigger *event_trigger);
AIODAL_API const char *aiodal_event_trigger_tag_at(const aiodal_event_trigger *event_trigger, int i);
AIODAL_API const char *aiodal_event_trigger_comment(const aiodal_event_trigger *event_trigger);

/* Publications of logical replication, ordered by name. */
AIODAL_API int aiodal_schema_publication_count(const aiodal_schema *schema);
AIODAL_API const aiodal_publication *aiodal_schema_publication_at(const aiodal_schema *schema, int i);
AIODAL_API const aiodal_publication *aiodal_schema_publication(const aiodal_schema *schema, const char *name);
AIODAL_API const char *aiodal_publication_name(const aiodal_publication *publication);
AIODAL_API unsigned int aiodal_publication_oid(const aiodal_publication *publication);
AIODAL_API const char *aiodal_publication_owner(const aiodal_publication *publication);
AIODAL_API bool aiodal_publication_all_tables(const aiodal_publication *publication);
AIODAL_API bool aiodal_publication_via_root(const aiodal_publication *publication);
/* "insert", "update", "delete", "truncate" */
AIODAL_API int aiodal_publication_operation_count(const aiodal_publication *publication);
AIODAL_API const char *aiodal_publication_operation_at(const aiodal_publication *publication, int i);
/* all tables of these */
AIODAL_API int aiodal_publication_schema_count(const aiodal_publication *publication);
AIODAL_API const char *aiodal_publication_schema_at(const aiodal_publication *publication, int i);
/* quoted and qualified */
AIODAL_API int aiodal_publication_table_count(const aiodal_publication *publication);
AIODAL_API const char *aiodal_publication_table_at(const aiodal_publication *publication, int i);
AIODAL_API const char *aiodal_publication_comment(const aiodal_publication *publication);

/* What objects that owner is yet to make will be granted. */
AIODAL_API int aiodal_schema_default_privilege_count(const aiodal_schema *schema);
AIODAL_API const aiodal_default_privilege *
aiodal_schema_default_privilege_at(const aiodal_schema *schema, int i);
AIODAL_API const char *aiodal_default_privilege_owner(const aiodal_default_privilege *default_privilege);
AIODAL_API const char *
aiodal_default_privilege_schema(const aiodal_default_privilege *default_privilege); /* NULL: in any */
AIODAL_API const char *aiodal_default_privilege_object_type(
	const aiodal_default_privilege
		*default_privilege); /* "table", "sequence", "function", "type", "schema", ... */
AIODAL_API const char *aiodal_default_privilege_grantor(const aiodal_default_privilege *default_privilege);
AIODAL_API const char *
aiodal_default_privilege_grantee(const aiodal_default_privilege *default_privilege); /* NULL: PUBLIC */
AIODAL_API const char *aiodal_default_privilege_type(const aiodal_default_privilege *default_privilege);
AIODAL_API bool aiodal_default_privilege_is_grantable(const aiodal_default_privilege *default_privilege);

AIODAL_END_DECLS

#endif /* AIODAL_OBJECTS_H */
