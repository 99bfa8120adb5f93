/*
 * rows.c
 *		Tables of fields: what there is to say of each kind of row, where it is in
 *		the struct, and where it is shown.
 */
#include "rows_impl.h"

#include "order.h"

#define KEY(name) {"\"" name "\":"}, sizeof("\"" name "\":") - 1
#define FIELD(name, type, row, member, where)                         \
	{                                                                 \
		KEY(name), type, false, where, offsetof(row, member), NULL, 0 \
	}
#define OF_RELATION(name, type, member)                                            \
	{                                                                              \
		KEY(name), type, true, IN_ROWS, offsetof(CatalogRelation, member), NULL, 0 \
	}
#define NESTED(name, type, row, member, where, shape, shape_where)               \
	{                                                                            \
		KEY(name), type, false, where, offsetof(row, member), shape, shape_where \
	}
#define SHAPE(fields)            \
	{                            \
		fields, lengthof(fields) \
	}

#define S(name, type) FIELD(#name, type, CatalogSchema, name, IN_BOTH)
static const Field schema_fields[] = {
	S(oid, FIELD_OID),        FIELD("schema", FIELD_NAME, CatalogSchema, name, IN_BOTH),
	S(owner, FIELD_NAME),     S(comment, FIELD_TEXT),
	S(extension, FIELD_NAME),
};
#undef S
const RowShape schema_shape = SHAPE(schema_fields);

#define C(name, type) FIELD(#name, type, CatalogColumn, name, IN_BOTH)
static const Field column_fields[] = {
	OF_RELATION("oid", FIELD_OID, oid),
	OF_RELATION("schema", FIELD_NAME, schema),
	OF_RELATION("relation", FIELD_NAME, name),
	C(position, FIELD_INT),
	C(name, FIELD_NAME),
	C(type, FIELD_TEXT),
	C(type_oid, FIELD_OID),
	C(type_schema, FIELD_NAME),
	C(type_name, FIELD_NAME),
	C(typmod, FIELD_INT),
	C(dimensions, FIELD_INT),
	C(not_null, FIELD_BOOL),
	C(default_value, FIELD_TEXT),
	C(identity, FIELD_TEXT),
	C(generated, FIELD_TEXT),
	C(collation, FIELD_NAME),
	C(comment, FIELD_TEXT),
	C(collation_schema, FIELD_NAME),
	C(type_kind, FIELD_TEXT),
	C(element_type, FIELD_TEXT),
	C(element_type_oid, FIELD_OID),
	C(storage, FIELD_TEXT),
	C(compression, FIELD_TEXT),
	C(statistics, FIELD_INT),
	C(is_local, FIELD_BOOL),
	C(inherited, FIELD_INT),
	C(options, FIELD_TEXTS),
	C(foreign_options, FIELD_TEXTS),
	C(sequence, FIELD_TEXT),
	C(base_schema, FIELD_NAME),
	C(base_relation, FIELD_NAME),
	C(base_column, FIELD_NAME),
};
#undef C
const RowShape column_shape = SHAPE(column_fields);

#define IN_INDEXED           (IN_KEY | IN_EXCLUSION)
#define C(name, type, where) FIELD(#name, type, CatalogConstraint, name, IN_ROWS | (where))
static const Field constraint_fields[] = {
	C(oid, FIELD_OID, IN_ALL),
	OF_RELATION("schema", FIELD_NAME, schema),
	OF_RELATION("relation", FIELD_NAME, name),
	C(name, FIELD_NAME, IN_ALL),
	C(kind, FIELD_TEXT, 0),
	C(columns, FIELD_NAMES, IN_ALL),
	C(include, FIELD_NAMES, IN_INDEXED),
	C(referenced_schema, FIELD_NAME, IN_REFERENCE),
	C(referenced_relation, FIELD_NAME, IN_REFERENCE),
	C(referenced_columns, FIELD_NAMES, IN_REFERENCE),
	C(on_update, FIELD_TEXT, IN_REFERENCE),
	C(on_delete, FIELD_TEXT, IN_REFERENCE),
	C(on_delete_columns, FIELD_NAMES, IN_REFERENCE),
	C(match, FIELD_TEXT, IN_REFERENCE),
	C(deferrable, FIELD_BOOL, IN_INDEXED | IN_REFERENCE),
	C(initially_deferred, FIELD_BOOL, IN_INDEXED | IN_REFERENCE),
	C(validated, FIELD_BOOL, IN_REFERENCE | IN_CHECK | IN_NOT_NULL),
	C(enforced, FIELD_BOOL, IN_REFERENCE | IN_CHECK),
	C(no_inherit, FIELD_BOOL, IN_CHECK | IN_NOT_NULL),
	C(nulls_not_distinct, FIELD_BOOL, IN_KEY),
	C(expression, FIELD_TEXT, IN_CHECK),
	C(definition, FIELD_TEXT, IN_ALL),
	C(index, FIELD_NAME, IN_INDEXED | IN_REFERENCE),
	C(comment, FIELD_TEXT, IN_ALL),
	OF_RELATION("relation_oid", FIELD_OID, oid),
	C(referenced_oid, FIELD_OID, IN_REFERENCE),
	C(index_oid, FIELD_OID, 0),
	C(is_local, FIELD_BOOL, IN_REFERENCE | IN_CHECK | IN_NOT_NULL),
	C(inherited, FIELD_INT, IN_REFERENCE | IN_CHECK | IN_NOT_NULL),
	C(temporal, FIELD_BOOL, IN_KEY | IN_REFERENCE),
	C(operators, FIELD_TEXTS, IN_EXCLUSION),
	C(predicate, FIELD_TEXT, IN_EXCLUSION),
};
#undef C
const RowShape constraint_shape = SHAPE(constraint_fields);

#define C(name, type) FIELD(#name, type, CatalogConstraint, name, IN_ROWS)
static const Field unique_fields[] = {
	C(name, FIELD_NAME),
	C(columns, FIELD_NAMES),
	C(is_primary, FIELD_BOOL),
};
#undef C
const RowShape unique_shape = SHAPE(unique_fields);

#define K(name, type) FIELD(#name, type, CatalogIndexKey, name, IN_BOTH)
static const Field index_key_fields[] = {
	K(column, FIELD_NAME),           K(expression, FIELD_TEXT),      K(collation, FIELD_NAME),
	K(collation_schema, FIELD_NAME), K(opclass, FIELD_NAME),         K(opclass_schema, FIELD_NAME),
	K(opclass_options, FIELD_TEXTS), K(default_opclass, FIELD_BOOL), K(descending, FIELD_BOOL),
	K(nulls_first, FIELD_BOOL),
};
#undef K
static const RowShape index_key_shape = SHAPE(index_key_fields);

#define I(name, type) FIELD(#name, type, CatalogIndex, name, IN_BOTH)
static const Field index_fields[] = {
	I(oid, FIELD_OID),
	OF_RELATION("schema", FIELD_NAME, schema),
	OF_RELATION("relation", FIELD_NAME, name),
	I(name, FIELD_NAME),
	I(method, FIELD_NAME),
	I(is_unique, FIELD_BOOL),
	I(is_primary, FIELD_BOOL),
	I(is_valid, FIELD_BOOL),
	I(is_ready, FIELD_BOOL),
	I(is_clustered, FIELD_BOOL),
	I(nulls_not_distinct, FIELD_BOOL),
	NESTED("keys", FIELD_ROWS, CatalogIndex, keys, IN_BOTH, &index_key_shape, IN_DOCUMENT),
	I(include, FIELD_NAMES),
	I(predicate, FIELD_TEXT),
	I(options, FIELD_TEXTS),
	I(tablespace, FIELD_NAME),
	I(constraint_name, FIELD_NAME),
	I(comment, FIELD_TEXT),
	OF_RELATION("relation_oid", FIELD_OID, oid),
	I(is_exclusion, FIELD_BOOL),
	I(is_replica_identity, FIELD_BOOL),
	I(parent, FIELD_TEXT),
};
#undef I
const RowShape index_shape = SHAPE(index_fields);

#define P(name, type) FIELD(#name, type, CatalogPrivilege, name, IN_BOTH)
static const Field privilege_fields[] = {
	OF_RELATION("oid", FIELD_OID, oid),
	OF_RELATION("schema", FIELD_NAME, schema),
	OF_RELATION("relation", FIELD_NAME, name),
	P(column_name, FIELD_NAME),
	P(grantor, FIELD_NAME),
	P(grantee, FIELD_NAME),
	P(privilege_type, FIELD_TEXT),
	P(is_grantable, FIELD_BOOL),
};
#undef P
const RowShape privilege_shape = SHAPE(privilege_fields);

#define P(name, type) FIELD(#name, type, CatalogPolicy, name, IN_BOTH)
static const Field policy_fields[] = {
	P(oid, FIELD_OID),
	OF_RELATION("schema", FIELD_NAME, schema),
	OF_RELATION("relation", FIELD_NAME, name),
	P(name, FIELD_NAME),
	P(permissive, FIELD_BOOL),
	P(roles, FIELD_NAMES),
	P(cmd, FIELD_TEXT),
	P(qual, FIELD_TEXT),
	P(with_check, FIELD_TEXT),
	P(comment, FIELD_TEXT),
};
#undef P
const RowShape policy_shape = SHAPE(policy_fields);

#define T(name, type) FIELD(#name, type, CatalogTrigger, name, IN_BOTH)
static const Field trigger_fields[] = {
	T(oid, FIELD_OID),
	OF_RELATION("schema", FIELD_NAME, schema),
	OF_RELATION("relation", FIELD_NAME, name),
	T(name, FIELD_NAME),
	T(timing, FIELD_TEXT),
	T(events, FIELD_TEXTS),
	T(level, FIELD_TEXT),
	T(columns, FIELD_NAMES),
	T(condition, FIELD_TEXT),
	T(function_schema, FIELD_NAME),
	T(function_name, FIELD_NAME),
	T(arguments, FIELD_TEXTS),
	T(enabled, FIELD_TEXT),
	T(is_constraint, FIELD_BOOL),
	T(deferrable, FIELD_BOOL),
	T(initially_deferred, FIELD_BOOL),
	T(referenced_schema, FIELD_NAME),
	T(referenced_relation, FIELD_NAME),
	T(old_table, FIELD_NAME),
	T(new_table, FIELD_NAME),
	T(is_inherited, FIELD_BOOL),
	T(definition, FIELD_TEXT),
	T(comment, FIELD_TEXT),
};
#undef T
const RowShape trigger_shape = SHAPE(trigger_fields);

#define R(name, type) FIELD(#name, type, CatalogRule, name, IN_BOTH)
static const Field rule_fields[] = {
	R(oid, FIELD_OID),
	OF_RELATION("schema", FIELD_NAME, schema),
	OF_RELATION("relation", FIELD_NAME, name),
	R(name, FIELD_NAME),
	R(event, FIELD_TEXT),
	R(is_instead, FIELD_BOOL),
	R(enabled, FIELD_TEXT),
	R(definition, FIELD_TEXT),
	R(comment, FIELD_TEXT),
};
#undef R
const RowShape rule_shape = SHAPE(rule_fields);

#define S(name, type) FIELD(#name, type, CatalogStatistics, name, IN_BOTH)
static const Field statistics_fields[] = {
	S(oid, FIELD_OID),
	S(schema, FIELD_NAME),
	S(name, FIELD_NAME),
	OF_RELATION("relation_schema", FIELD_NAME, schema),
	OF_RELATION("relation", FIELD_NAME, name),
	S(owner, FIELD_NAME),
	S(kinds, FIELD_TEXTS),
	S(columns, FIELD_NAMES),
	S(expressions, FIELD_TEXTS),
	S(target, FIELD_INT),
	S(comment, FIELD_TEXT),
};
#undef S
const RowShape statistics_shape = SHAPE(statistics_fields);

#define R(name, type) FIELD(#name, type, CatalogRelation, name, IN_BOTH)
#define CHILDREN(name, shape, shape_where) \
	NESTED(#name, FIELD_ROWS, CatalogRelation, name, IN_DOCUMENT, shape, shape_where)
static const Field relation_fields[] = {
	R(oid, FIELD_OID),
	R(schema, FIELD_NAME),
	R(name, FIELD_NAME),
	R(kind, FIELD_TEXT),
	R(persistence, FIELD_TEXT),
	R(owner, FIELD_NAME),
	R(comment, FIELD_TEXT),
	R(parent, FIELD_TEXT),
	R(partition_key, FIELD_TEXT),
	R(partition_bound, FIELD_TEXT),
	R(inherits, FIELD_TEXTS),
	R(definition, FIELD_TEXT),
	R(access_method, FIELD_NAME),
	R(tablespace, FIELD_NAME),
	R(options, FIELD_TEXTS),
	R(row_security, FIELD_BOOL),
	R(force_row_security, FIELD_BOOL),
	R(replica_identity, FIELD_TEXT),
	R(extension, FIELD_NAME),
	R(visible, FIELD_BOOL),
	/* a statistic: it changes without the schema being changed */
	FIELD("estimated_rows", FIELD_COUNT, CatalogRelation, estimated_rows, IN_ROWS),
	R(insertable, FIELD_BOOL),
	R(updatable, FIELD_BOOL),
	R(deletable, FIELD_BOOL),
	R(of_type, FIELD_TEXT),
	R(server, FIELD_NAME),
	R(foreign_options, FIELD_TEXTS),
	R(replica_identity_index, FIELD_NAME),
	R(parent_oid, FIELD_OID),
	R(distribution, FIELD_TEXT),
	R(distribution_column, FIELD_NAME),
	R(colocation_id, FIELD_INT),
	CHILDREN(columns, &column_shape, IN_DOCUMENT),
	NESTED("primary_key", FIELD_ROW, CatalogRelation, primary_key, IN_DOCUMENT, &constraint_shape, IN_KEY),
	CHILDREN(unique_constraints, &constraint_shape, IN_KEY),
	CHILDREN(foreign_keys, &constraint_shape, IN_REFERENCE),
	CHILDREN(check_constraints, &constraint_shape, IN_CHECK),
	CHILDREN(exclusion_constraints, &constraint_shape, IN_EXCLUSION),
	CHILDREN(not_null_constraints, &constraint_shape, IN_NOT_NULL),
	CHILDREN(indexes, &index_shape, IN_DOCUMENT),
	CHILDREN(triggers, &trigger_shape, IN_DOCUMENT),
	CHILDREN(rules, &rule_shape, IN_DOCUMENT),
	CHILDREN(policies, &policy_shape, IN_DOCUMENT),
	CHILDREN(privileges, &privilege_shape, IN_DOCUMENT),
	CHILDREN(statistics, &statistics_shape, IN_DOCUMENT),
};
#undef R
const RowShape relation_shape = SHAPE(relation_fields);

#define A(name, type) FIELD(#name, type, CatalogColumn, name, IN_BOTH)
static const Field attribute_fields[] = {
	A(position, FIELD_INT),          A(name, FIELD_NAME),    A(type, FIELD_TEXT),
	A(type_oid, FIELD_OID),          A(typmod, FIELD_INT),   A(collation, FIELD_NAME),
	A(collation_schema, FIELD_NAME), A(comment, FIELD_TEXT),
};
#undef A
static const RowShape attribute_shape = SHAPE(attribute_fields);

#define D(name, type) FIELD(#name, type, CatalogDomainCheck, name, IN_BOTH)
static const Field domain_check_fields[] = {
	D(name, FIELD_NAME),
	D(expression, FIELD_TEXT),
	D(validated, FIELD_BOOL),
	D(comment, FIELD_TEXT),
};
#undef D
static const RowShape domain_check_shape = SHAPE(domain_check_fields);

#define T(name, type) FIELD(#name, type, CatalogType, name, IN_BOTH)
static const Field type_fields[] = {
	T(oid, FIELD_OID),
	T(schema, FIELD_NAME),
	T(name, FIELD_NAME),
	T(kind, FIELD_TEXT),
	T(labels, FIELD_TEXTS),
	T(base_type, FIELD_TEXT),
	T(not_null, FIELD_BOOL),
	T(default_value, FIELD_TEXT),
	NESTED("checks", FIELD_ROWS, CatalogType, checks, IN_BOTH, &domain_check_shape, IN_DOCUMENT),
	NESTED("attributes", FIELD_ROWS, CatalogType, attributes, IN_BOTH, &attribute_shape, IN_DOCUMENT),
	T(subtype, FIELD_TEXT),
	T(comment, FIELD_TEXT),
	T(extension, FIELD_NAME),
	T(owner, FIELD_NAME),
	T(base_type_oid, FIELD_OID),
	T(collation, FIELD_NAME),
	T(collation_schema, FIELD_NAME),
	T(subtype_oid, FIELD_OID),
	T(subtype_opclass, FIELD_NAME),
	T(subtype_opclass_schema, FIELD_NAME),
	T(canonical_function, FIELD_TEXT),
	T(subtype_diff_function, FIELD_TEXT),
	T(multirange_type, FIELD_TEXT),
	T(range_type, FIELD_TEXT),
};
#undef T
const RowShape type_shape = SHAPE(type_fields);

#define A(name, type) FIELD(#name, type, CatalogArgument, name, IN_BOTH)
static const Field argument_fields[] = {
	A(name, FIELD_NAME),    A(mode, FIELD_TEXT),          A(type, FIELD_TEXT),
	A(type_oid, FIELD_OID), A(default_value, FIELD_TEXT),
};
static const RowShape argument_shape = SHAPE(argument_fields);

static const Field result_column_fields[] = {
	A(name, FIELD_NAME),
	A(type, FIELD_TEXT),
	A(type_oid, FIELD_OID),
};
#undef A
static const RowShape result_column_shape = SHAPE(result_column_fields);

#define F(name, type) FIELD(#name, type, CatalogFunction, name, IN_BOTH)
static const Field function_fields[] = {
	F(oid, FIELD_OID),
	F(schema, FIELD_NAME),
	F(name, FIELD_NAME),
	F(kind, FIELD_TEXT),
	NESTED("arguments", FIELD_ROWS, CatalogFunction, arguments, IN_BOTH, &argument_shape, IN_DOCUMENT),
	F(returns, FIELD_TEXT),
	F(returns_set, FIELD_BOOL),
	NESTED("result_columns", FIELD_ROWS_IF_ANY, CatalogFunction, result_columns, IN_BOTH,
		   &result_column_shape, IN_DOCUMENT),
	F(volatility, FIELD_TEXT),
	F(strict, FIELD_BOOL),
	F(parallel, FIELD_TEXT),
	F(language, FIELD_NAME),
	F(security_definer, FIELD_BOOL),
	F(comment, FIELD_TEXT),
	F(extension, FIELD_NAME),
	F(owner, FIELD_NAME),
	F(signature, FIELD_TEXT),
	F(returns_oid, FIELD_OID),
	F(leakproof, FIELD_BOOL),
	F(settings, FIELD_TEXTS),
	F(source, FIELD_TEXT),
	F(library, FIELD_TEXT),
	F(cost, FIELD_REAL),
	F(estimated_rows, FIELD_REAL),
};
#undef F
const RowShape function_shape = SHAPE(function_fields);

#define S(name, type) FIELD(#name, type, CatalogSequence, name, IN_BOTH)
static const Field sequence_fields[] = {
	S(oid, FIELD_OID),
	S(schema, FIELD_NAME),
	S(name, FIELD_NAME),
	S(owner, FIELD_NAME),
	S(data_type, FIELD_TEXT),
	S(start_value, FIELD_BIGINT),
	S(min_value, FIELD_BIGINT),
	S(max_value, FIELD_BIGINT),
	S(increment_by, FIELD_BIGINT),
	S(cycle, FIELD_BOOL),
	S(cache_size, FIELD_BIGINT),
	S(owned_by_schema, FIELD_NAME),
	S(owned_by_relation, FIELD_NAME),
	S(owned_by_column, FIELD_NAME),
	S(is_identity, FIELD_BOOL),
	S(persistence, FIELD_TEXT),
	S(comment, FIELD_TEXT),
	S(extension, FIELD_NAME),
};
#undef S
const RowShape sequence_shape = SHAPE(sequence_fields);

#define E(name, type) FIELD(#name, type, CatalogExtension, name, IN_BOTH)
static const Field extension_fields[] = {
	E(oid, FIELD_OID),      E(name, FIELD_NAME),        E(schema, FIELD_NAME),  E(owner, FIELD_NAME),
	E(version, FIELD_TEXT), E(relocatable, FIELD_BOOL), E(comment, FIELD_TEXT),
};
#undef E
const RowShape extension_shape = SHAPE(extension_fields);

#define E(name, type) FIELD(#name, type, CatalogEventTrigger, name, IN_BOTH)
static const Field event_trigger_fields[] = {
	E(oid, FIELD_OID),
	E(name, FIELD_NAME),
	E(event, FIELD_TEXT),
	E(owner, FIELD_NAME),
	E(function_schema, FIELD_NAME),
	E(function_name, FIELD_NAME),
	E(enabled, FIELD_TEXT),
	E(tags, FIELD_TEXTS),
	E(comment, FIELD_TEXT),
};
#undef E
const RowShape event_trigger_shape = SHAPE(event_trigger_fields);

#define D(name, type) FIELD(#name, type, CatalogDefaultPrivilege, name, IN_BOTH)
static const Field default_privilege_fields[] = {
	D(owner, FIELD_NAME),        D(schema, FIELD_NAME),  D(object_type, FIELD_TEXT),
	D(grantor, FIELD_NAME),      D(grantee, FIELD_NAME), D(privilege_type, FIELD_TEXT),
	D(is_grantable, FIELD_BOOL),
};
#undef D
const RowShape default_privilege_shape = SHAPE(default_privilege_fields);

#define P(name, type) FIELD(#name, type, CatalogPublication, name, IN_BOTH)
static const Field publication_fields[] = {
	P(oid, FIELD_OID),         P(name, FIELD_NAME),        P(owner, FIELD_NAME),
	P(all_tables, FIELD_BOOL), P(operations, FIELD_TEXTS), P(via_root, FIELD_BOOL),
	P(schemas, FIELD_NAMES),   P(relations, FIELD_TEXTS),  P(comment, FIELD_TEXT),
};
#undef P
const RowShape publication_shape = SHAPE(publication_fields);

static const Field relation_name_fields[] = {
	FIELD("schema", FIELD_NAME, CatalogRelation, schema, IN_BOTH),
	FIELD("name", FIELD_NAME, CatalogRelation, name, IN_BOTH),
};
const RowShape relation_name_shape = SHAPE(relation_name_fields);

static const Field sorted_table_fields[] = {
	FIELD("position", FIELD_INT, SortedTable, position, IN_BOTH),
	{KEY("oid"), FIELD_OID, true, IN_BOTH, offsetof(CatalogRelation, oid), NULL, 0},
	{KEY("schema"), FIELD_NAME, true, IN_BOTH, offsetof(CatalogRelation, schema), NULL, 0},
	{KEY("name"), FIELD_NAME, true, IN_BOTH, offsetof(CatalogRelation, name), NULL, 0},
	FIELD("cycle", FIELD_INT, SortedTable, cycle, IN_BOTH),
};
const RowShape sorted_table_shape = SHAPE(sorted_table_fields);

static const Field cycle_fields[] = {
	FIELD("cycle", FIELD_INT, SortedTable, cycle, IN_BOTH),
};
const RowShape cycle_shape = SHAPE(cycle_fields);
