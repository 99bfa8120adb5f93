/*
 * aiodal/schema.h
 *		What is in the database, as it was when reflected.
 *
 * A snapshot never changes and may be read by any number of threads without locks. Everything reached from it
 * is borrowed and lives until its last reference is given back with aiodal_schema_unref().
 *
 * Names are unquoted. Text the server has as NULL is NULL. Indexed getters count from 0; an index out of
 * range gives NULL. Every getter takes NULL and answers NULL, 0 or false. What each property means is said in
 * the documentation of the SQL functions aiodal.relations, columns, constraints and indexes, whose columns
 * they are.
 */
#ifndef AIODAL_SCHEMA_H
#define AIODAL_SCHEMA_H

#include <aiodal/api.h>

AIODAL_BEGIN_DECLS

/* References; both take NULL. ref returns its argument. */
AIODAL_API aiodal_schema *aiodal_schema_ref(aiodal_schema *schema);
AIODAL_API void aiodal_schema_unref(aiodal_schema *schema);

/*
 * The whole. Tables are all kinds of relations (tables, partitioned tables, views, materialized views,
 * foreign tables), ordered by schema and name; the sorted ones are those that hold rows, referenced before
 * referencing.
 */
AIODAL_API int aiodal_schema_table_count(const aiodal_schema *schema);
AIODAL_API const aiodal_table *aiodal_schema_table_at(const aiodal_schema *schema, int i);
AIODAL_API int aiodal_schema_sorted_count(const aiodal_schema *schema);
AIODAL_API const aiodal_table *aiodal_schema_sorted_at(const aiodal_schema *schema, int i);
/* the number, from 1, of the cycle of foreign keys the sorted one is in; 0: in none */
AIODAL_API int aiodal_schema_sorted_cycle(const aiodal_schema *schema, int i);

/* A hash of all that is in the snapshot but statistics: equal when nothing differs. Of aiodal.snapshot(). */
AIODAL_API const char *aiodal_schema_fingerprint(const aiodal_schema *schema);

/* What could not be reflected, a line each: an object that was dropped meanwhile, for example. */
AIODAL_API int aiodal_schema_warning_count(const aiodal_schema *schema);
AIODAL_API const char *aiodal_schema_warning_at(const aiodal_schema *schema, int i);

/*
 * Lookups that answer NULL when there is no such thing. namespace_name NULL: the one a statement would mean
 * by the bare name, along the search_path at the time of reflection.
 */
AIODAL_API const aiodal_table *
aiodal_schema_table(const aiodal_schema *schema, const char *namespace_name, const char *name);
AIODAL_API const aiodal_table *aiodal_schema_table_by_oid(const aiodal_schema *schema, unsigned int oid);

/* The same as a status: AIODAL_ENOTFOUND with an error (SQLSTATE 42P01) that names the nearest ones. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_schema_find_table(const aiodal_table **table,
																	const aiodal_schema *schema,
																	const char *namespace_name,
																	const char *name, aiodal_error **err);

/* Tables */
AIODAL_API unsigned int aiodal_table_oid(const aiodal_table *table);
AIODAL_API const char *aiodal_table_schema(const aiodal_table *table);
AIODAL_API const char *aiodal_table_name(const aiodal_table *table);
AIODAL_API const char *
aiodal_table_qualified(const aiodal_table *table); /* "schema"."name", quoted, for SQL */
AIODAL_API const char *
aiodal_table_kind(const aiodal_table *table); /* "table", "partitioned table", "view",
												 "materialized view", "foreign table" */
AIODAL_API const char *aiodal_table_persistence(const aiodal_table *table);
AIODAL_API const char *aiodal_table_owner(const aiodal_table *table);
AIODAL_API const char *aiodal_table_comment(const aiodal_table *table);
AIODAL_API const char *aiodal_table_definition(const aiodal_table *table); /* of a view */
AIODAL_API const char *aiodal_table_partition_key(const aiodal_table *table);
AIODAL_API const char *aiodal_table_partition_bound(const aiodal_table *table);
AIODAL_API const char *aiodal_table_extension(const aiodal_table *table); /* that owns it */
AIODAL_API double aiodal_table_estimated_rows(const aiodal_table *table); /* negative: never analyzed */
AIODAL_API bool aiodal_table_visible(const aiodal_table *table);          /* the bare name means it */
AIODAL_API bool aiodal_table_insertable(const aiodal_table *table);
AIODAL_API bool aiodal_table_updatable(const aiodal_table *table);
AIODAL_API bool aiodal_table_row_security(const aiodal_table *table);
AIODAL_API bool aiodal_table_force_row_security(const aiodal_table *table);
AIODAL_API bool aiodal_table_deletable(const aiodal_table *table);

/* The partitioned table this is a partition of: in the snapshot, NULL when there is none or it is not there;
 * as quoted, qualified text; by oid, 0 for none. */
AIODAL_API const aiodal_table *aiodal_table_parent(const aiodal_table *table);
AIODAL_API const char *aiodal_table_parent_name(const aiodal_table *table);
AIODAL_API unsigned int aiodal_table_parent_oid(const aiodal_table *table);
/* the parents of one that is no partition, in order, as quoted, qualified text */
AIODAL_API int aiodal_table_inherits_count(const aiodal_table *table);
AIODAL_API const char *aiodal_table_inherits_at(const aiodal_table *table, int i);

AIODAL_API const char *aiodal_table_access_method(const aiodal_table *table); /* NULL: no storage */
AIODAL_API const char *aiodal_table_tablespace(const aiodal_table *table); /* NULL: the database's default */
/* storage parameters, name=value; those of the TOAST table as toast.NAME */
AIODAL_API int aiodal_table_option_count(const aiodal_table *table);
AIODAL_API const char *aiodal_table_option_at(const aiodal_table *table, int i);
AIODAL_API const char *
aiodal_table_replica_identity(const aiodal_table *table); /* "default", "full", "index", "nothing" */
AIODAL_API const char *aiodal_table_replica_identity_index(const aiodal_table *table);
AIODAL_API const char *aiodal_table_of_type(const aiodal_table *table); /* of CREATE TABLE OF */
AIODAL_API const char *aiodal_table_server(const aiodal_table *table);  /* of a foreign table */
AIODAL_API int aiodal_table_foreign_option_count(const aiodal_table *table);
AIODAL_API const char *aiodal_table_foreign_option_at(const aiodal_table *table, int i);
/* Of a table that Citus manages: "distributed", "reference", "single shard", "schema", "local"; NULL for
 * others. The column is that of a distributed one; the id that of its colocation group, 0 for none. */
AIODAL_API const char *aiodal_table_distribution(const aiodal_table *table);
AIODAL_API const char *aiodal_table_distribution_column(const aiodal_table *table);
AIODAL_API int aiodal_table_colocation_id(const aiodal_table *table);

/* Columns, in the order of their positions */
AIODAL_API int aiodal_table_column_count(const aiodal_table *table);
AIODAL_API const aiodal_column *aiodal_table_column_at(const aiodal_table *table, int i);
AIODAL_API const aiodal_column *aiodal_table_column(const aiodal_table *table, const char *name);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_table_find_column(const aiodal_column **column,
																	const aiodal_table *table,
																	const char *name, aiodal_error **err);

AIODAL_API const aiodal_table *aiodal_column_table(const aiodal_column *column);
AIODAL_API const char *aiodal_column_name(const aiodal_column *column);
AIODAL_API int aiodal_column_position(
	const aiodal_column *column); /* attnum: from 1, with gaps where columns were dropped */
AIODAL_API const char *
aiodal_column_type(const aiodal_column *column); /* as SQL writes it: "numeric(12,2)", "text[]" */
AIODAL_API unsigned int aiodal_column_type_oid(const aiodal_column *column);
AIODAL_API const char *aiodal_column_type_schema(const aiodal_column *column);
AIODAL_API const char *aiodal_column_type_name(const aiodal_column *column);
AIODAL_API int aiodal_column_typmod(const aiodal_column *column);
AIODAL_API int aiodal_column_dimensions(const aiodal_column *column);
AIODAL_API bool aiodal_column_not_null(const aiodal_column *column);
AIODAL_API const char *aiodal_column_default(const aiodal_column *column);   /* expression */
AIODAL_API const char *aiodal_column_identity(const aiodal_column *column);  /* "always", "by default" */
AIODAL_API const char *aiodal_column_generated(const aiodal_column *column); /* "stored", "virtual" */
AIODAL_API const char *aiodal_column_collation(const aiodal_column *column);
AIODAL_API const char *aiodal_column_comment(const aiodal_column *column);
AIODAL_API const char *aiodal_column_type_kind(
	const aiodal_column *column); /* "base", "array", "enum", "domain", "composite", "range", ... */
AIODAL_API const char *aiodal_column_element_type(const aiodal_column *column);      /* of an array */
AIODAL_API unsigned int aiodal_column_element_type_oid(const aiodal_column *column); /* 0: no array */
AIODAL_API const char *aiodal_column_collation_schema(const aiodal_column *column);
AIODAL_API const char *aiodal_column_storage(const aiodal_column *column);     /* "plain", "extended", ... */
AIODAL_API const char *aiodal_column_compression(const aiodal_column *column); /* NULL: the default */
AIODAL_API int aiodal_column_statistics(const aiodal_column *column); /* target; negative: the default */
AIODAL_API bool aiodal_column_is_local(const aiodal_column *column);  /* defined here, not only inherited */
AIODAL_API int aiodal_column_inherited(const aiodal_column *column);  /* parents that have it */
AIODAL_API const char *aiodal_column_sequence(
	const aiodal_column *column); /* that an identity or serial column owns; quoted, qualified */
AIODAL_API int aiodal_column_option_count(const aiodal_column *column);
AIODAL_API const char *aiodal_column_option_at(const aiodal_column *column, int i);
AIODAL_API int aiodal_column_foreign_option_count(const aiodal_column *column);
AIODAL_API const char *aiodal_column_foreign_option_at(const aiodal_column *column, int i);

/* Of a view, the table's column that this one shows, through other views too; NULL when it is computed. base:
 * in the snapshot, NULL also when it is not there. */
AIODAL_API const aiodal_column *aiodal_column_base(const aiodal_column *column);
AIODAL_API const char *aiodal_column_base_schema(const aiodal_column *column);
AIODAL_API const char *aiodal_column_base_table(const aiodal_column *column);
AIODAL_API const char *aiodal_column_base_column(const aiodal_column *column);

/*
 * Constraints of all kinds, and by kind. Unique ones are UNIQUE constraints and the primary key, which comes
 * first.
 */
AIODAL_API int aiodal_table_constraint_count(const aiodal_table *table);
AIODAL_API const aiodal_constraint *aiodal_table_constraint_at(const aiodal_table *table, int i);
AIODAL_API const aiodal_constraint *aiodal_table_constraint(const aiodal_table *table, const char *name);
AIODAL_API const aiodal_constraint *aiodal_table_primary_key(const aiodal_table *table); /* NULL: none */
AIODAL_API int aiodal_table_unique_count(const aiodal_table *table);
AIODAL_API const aiodal_constraint *aiodal_table_unique_at(const aiodal_table *table, int i);
AIODAL_API int aiodal_table_foreign_key_count(const aiodal_table *table);
AIODAL_API const aiodal_constraint *aiodal_table_foreign_key_at(const aiodal_table *table, int i);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_table_find_constraint(const aiodal_constraint **constraint,
																		const aiodal_table *table,
																		const char *name, aiodal_error **err);

/*
 * The unique constraint (or primary key) of that name, whichever table has it; namespace_name NULL: of the
 * visible tables. AIODAL_ENOTFOUND; AIODAL_EINVAL when tables share the name.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_schema_find_unique(const aiodal_constraint **constraint,
																	 const aiodal_schema *schema,
																	 const char *namespace_name,
																	 const char *name, aiodal_error **err);

AIODAL_API const aiodal_table *aiodal_constraint_table(const aiodal_constraint *constraint);
AIODAL_API const char *aiodal_constraint_name(const aiodal_constraint *constraint);
AIODAL_API const char *
aiodal_constraint_kind(const aiodal_constraint *constraint); /* "primary key", "unique", "foreign key",
																"check", "exclusion", "not null" */
AIODAL_API int aiodal_constraint_column_count(const aiodal_constraint *constraint);
AIODAL_API const char *aiodal_constraint_column_at(const aiodal_constraint *constraint, int i); /* name */
AIODAL_API int aiodal_constraint_include_count(const aiodal_constraint *constraint);
AIODAL_API const char *aiodal_constraint_include_at(const aiodal_constraint *constraint, int i);
AIODAL_API const char *
aiodal_constraint_referenced_schema(const aiodal_constraint *constraint); /* foreign keys */
AIODAL_API const char *aiodal_constraint_referenced_name(const aiodal_constraint *constraint);
AIODAL_API const aiodal_table *aiodal_constraint_referenced_table(
	const aiodal_constraint *constraint); /* NULL when that table is not in the snapshot */
AIODAL_API int aiodal_constraint_referenced_column_count(const aiodal_constraint *constraint);
AIODAL_API const char *aiodal_constraint_referenced_column_at(const aiodal_constraint *constraint, int i);
AIODAL_API const char *
aiodal_constraint_on_update(const aiodal_constraint *constraint); /* "no action", "cascade", ... */
AIODAL_API const char *aiodal_constraint_on_delete(const aiodal_constraint *constraint);
AIODAL_API const char *aiodal_constraint_match(const aiodal_constraint *constraint); /* "simple", "full" */
AIODAL_API bool aiodal_constraint_deferrable(const aiodal_constraint *constraint);
AIODAL_API bool aiodal_constraint_initially_deferred(const aiodal_constraint *constraint);
AIODAL_API bool aiodal_constraint_validated(const aiodal_constraint *constraint);
AIODAL_API bool aiodal_constraint_enforced(const aiodal_constraint *constraint);
AIODAL_API bool aiodal_constraint_nulls_not_distinct(const aiodal_constraint *constraint);
AIODAL_API const char *aiodal_constraint_expression(const aiodal_constraint *constraint); /* of a check */
AIODAL_API const char *aiodal_constraint_definition(const aiodal_constraint *constraint); /* as SQL */
AIODAL_API const char *
aiodal_constraint_index(const aiodal_constraint *constraint); /* name of the index behind it */
AIODAL_API const char *aiodal_constraint_comment(const aiodal_constraint *constraint);
AIODAL_API unsigned int aiodal_constraint_oid(const aiodal_constraint *constraint);
AIODAL_API unsigned int aiodal_constraint_referenced_oid(const aiodal_constraint *constraint); /* or 0 */
AIODAL_API unsigned int aiodal_constraint_index_oid(const aiodal_constraint *constraint);      /* or 0 */
/* SET NULL or SET DEFAULT of only these; none: of all */
AIODAL_API int aiodal_constraint_on_delete_column_count(const aiodal_constraint *constraint);
AIODAL_API const char *aiodal_constraint_on_delete_column_at(const aiodal_constraint *constraint, int i);
AIODAL_API bool aiodal_constraint_no_inherit(const aiodal_constraint *constraint);
AIODAL_API bool aiodal_constraint_is_local(const aiodal_constraint *constraint);
AIODAL_API int aiodal_constraint_inherited(const aiodal_constraint *constraint); /* parents that have it */
AIODAL_API bool
aiodal_constraint_temporal(const aiodal_constraint *constraint); /* WITHOUT OVERLAPS or PERIOD */
/* of an exclusion constraint, one for each column */
AIODAL_API int aiodal_constraint_operator_count(const aiodal_constraint *constraint);
AIODAL_API const char *aiodal_constraint_operator_at(const aiodal_constraint *constraint, int i);
AIODAL_API const char *
aiodal_constraint_predicate(const aiodal_constraint *constraint); /* of an exclusion constraint */

/* Indexes */
AIODAL_API int aiodal_table_index_count(const aiodal_table *table);
AIODAL_API const aiodal_index *aiodal_table_index_at(const aiodal_table *table, int i);
AIODAL_API const aiodal_index *aiodal_table_index(const aiodal_table *table, const char *name);

AIODAL_API const aiodal_table *aiodal_index_table(const aiodal_index *index);
AIODAL_API const char *aiodal_index_name(const aiodal_index *index);
AIODAL_API const char *aiodal_index_method(const aiodal_index *index); /* "btree", ... */
AIODAL_API bool aiodal_index_is_unique(const aiodal_index *index);
AIODAL_API bool aiodal_index_is_primary(const aiodal_index *index);
AIODAL_API bool aiodal_index_is_valid(const aiodal_index *index);
AIODAL_API bool aiodal_index_nulls_not_distinct(const aiodal_index *index);
AIODAL_API int aiodal_index_include_count(const aiodal_index *index);
AIODAL_API const char *aiodal_index_include_at(const aiodal_index *index, int i);
AIODAL_API const char *aiodal_index_predicate(const aiodal_index *index);
AIODAL_API const char *
aiodal_index_constraint(const aiodal_index *index); /* name of the constraint it is behind */
AIODAL_API const char *aiodal_index_comment(const aiodal_index *index);
AIODAL_API unsigned int aiodal_index_oid(const aiodal_index *index);
AIODAL_API bool aiodal_index_is_ready(const aiodal_index *index);
AIODAL_API bool aiodal_index_is_clustered(const aiodal_index *index);
AIODAL_API bool aiodal_index_is_exclusion(const aiodal_index *index);
AIODAL_API bool aiodal_index_is_replica_identity(const aiodal_index *index);
AIODAL_API int aiodal_index_option_count(const aiodal_index *index);
AIODAL_API const char *aiodal_index_option_at(const aiodal_index *index, int i);
AIODAL_API const char *aiodal_index_tablespace(const aiodal_index *index); /* NULL: the database's default */
AIODAL_API const char *
aiodal_index_parent(const aiodal_index *index); /* the partitioned index it belongs to; quoted, qualified */

/* Keys, each a column or an expression. */
AIODAL_API int aiodal_index_key_count(const aiodal_index *index);
AIODAL_API const char *aiodal_index_key_column(const aiodal_index *index, int i); /* NULL: an expression */
AIODAL_API const char *aiodal_index_key_expression(const aiodal_index *index, int i);
AIODAL_API const char *
aiodal_index_key_collation(const aiodal_index *index, int i); /* NULL: the column's own */
AIODAL_API const char *aiodal_index_key_collation_schema(const aiodal_index *index, int i);
AIODAL_API const char *aiodal_index_key_opclass(const aiodal_index *index, int i);
AIODAL_API const char *aiodal_index_key_opclass_schema(const aiodal_index *index, int i);
/* parameters of key i's opclass, name=value */
AIODAL_API int aiodal_index_key_opclass_option_count(const aiodal_index *index, int i);
AIODAL_API const char *aiodal_index_key_opclass_option_at(const aiodal_index *index, int i, int n);
AIODAL_API bool
aiodal_index_key_default_opclass(const aiodal_index *index, int i); /* opclass is the type's default */
AIODAL_API bool aiodal_index_key_descending(const aiodal_index *index, int i);
AIODAL_API bool aiodal_index_key_nulls_first(const aiodal_index *index, int i);

AIODAL_END_DECLS

#endif /* AIODAL_SCHEMA_H */
