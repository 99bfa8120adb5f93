/*
 * schema_fields.c
 *		What is wanted of each part of a snapshot.
 */
#include "schema.h"

/* The order of fields is that of the enums in schema.h. */
static const struct
{
	const char *name;
	const char *fields;
} parts[AIODAL__N_PARTS] = {
	[AIODAL__RELATIONS] =
		{"relations",
		 "oid schema name kind persistence owner comment definition partition_key "
		 "partition_bound extension estimated_rows visible insertable updatable row_security "
		 "parent parent_oid inherits* access_method tablespace options* force_row_security "
		 "replica_identity replica_identity_index deletable of_type server foreign_options* distribution "
		 "distribution_column colocation_id"},
	[AIODAL__COLUMNS] =
		{"columns", "relation position name type type_oid type_schema type_name typmod dimensions "
					"not_null default_value identity generated collation comment type_kind storage "
					"options* foreign_options* collation_schema element_type element_type_oid compression "
					"statistics is_local inherited sequence base_schema base_relation base_column"},
	[AIODAL__CONSTRAINTS] =
		{"constraints",
		 "relation oid name kind columns* include* referenced_schema referenced_relation "
		 "referenced_columns* on_update on_delete match deferrable initially_deferred "
		 "validated enforced nulls_not_distinct expression definition index comment "
		 "referenced_oid index_oid on_delete_columns* operators* no_inherit is_local inherited "
		 "temporal predicate"},
	[AIODAL__INDEXES] = {"indexes",
						 "relation oid name method is_unique is_primary is_valid nulls_not_distinct "
						 "keys(column,expression,collation,collation_schema,opclass,opclass_schema,opclass_"
						 "options*,default_opclass,descending,nulls_first) "
						 "include* predicate constraint_name comment options* is_ready is_clustered "
						 "is_exclusion is_replica_identity tablespace parent"},
	[AIODAL__SORTED] = {"sorted_tables", "relation cycle"},
	[AIODAL__NAMESPACES] = {"schemas", "schema oid owner comment extension"},
	[AIODAL__TYPES] = {"types",
					   "schema name oid kind owner labels* base_type base_type_oid not_null default_value "
					   "collation collation_schema checks(name,expression,validated,comment) "
					   "attributes(name,position,type,type_oid,typmod,collation,collation_schema,comment) "
					   "subtype subtype_oid subtype_opclass subtype_opclass_schema canonical_function "
					   "subtype_diff_function multirange_type range_type comment extension"},
	[AIODAL__FUNCTIONS] =
		{"functions",
		 "schema name oid kind signature owner "
		 "arguments(name,mode,type,type_oid,default_value) returns returns_oid returns_set "
		 "result_columns(name,type,type_oid) volatility strict parallel language "
		 "security_definer leakproof settings* source library cost estimated_rows comment extension"},
	[AIODAL__SEQUENCES] = {"sequences",
						   "schema name oid owner persistence data_type start_value min_value max_value "
						   "increment_by cache_size cycle owned_by_schema owned_by_relation owned_by_column "
						   "is_identity comment extension"},
	[AIODAL__TRIGGERS] = {"triggers",
						  "relation name oid timing events* level columns* condition function_schema "
						  "function_name arguments* enabled is_constraint deferrable initially_deferred "
						  "referenced_schema referenced_relation old_table new_table is_inherited definition "
						  "comment"},
	[AIODAL__RULES] = {"rules", "relation name oid event is_instead enabled definition comment"},
	[AIODAL__POLICIES] = {"policies", "relation name oid permissive roles* cmd qual with_check comment"},
	[AIODAL__PRIVILEGES] = {"privileges", "relation column_name grantor grantee privilege_type is_grantable"},
	[AIODAL__STATISTICS] = {"statistics",
							"relation name oid schema owner kinds* columns* expressions* target comment"},
	[AIODAL__EXTENSIONS] = {"extensions", "name oid schema owner version relocatable comment"},
	[AIODAL__EVENT_TRIGGERS] = {"event_triggers",
								"name oid event owner function_schema function_name enabled tags* comment"},
	[AIODAL__PUBLICATIONS] = {"publications",
							  "name oid owner all_tables via_root operations* schemas* relations* comment"},
	[AIODAL__DEFAULT_PRIVILEGES] = {"default_privileges",
									"owner schema object_type grantor grantee privilege_type is_grantable"},
	[AIODAL__WARNINGS] = {"warnings", "text"},
};

const char *
aiodal__part_name(aiodal__part part)
{
	return parts[part].name;
}

const char *
aiodal__part_fields(aiodal__part part)
{
	return parts[part].fields;
}
