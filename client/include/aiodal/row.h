/*
 * aiodal/row.h
 *		Rows into structs, structs into parameters, and structs that are rows of a table.
 *
 *		typedef struct book { int32_t id; const char *title; int32_t pages; bool pages_null; } book;
 *
 *		static const aiodal_field book_fields[] = {
 *			AIODAL_FIELD(book, id, "id", AIODAL_KIND_INT32),
 *			AIODAL_FIELD(book, title, "title", AIODAL_KIND_TEXT),
 *			AIODAL_FIELD_OR_NULL(book, pages, pages_null, "pages", AIODAL_KIND_INT32)};
 *		static const aiodal_shape book_shape = AIODAL_SHAPE(book, book_fields);
 *
 *		st = aiodal_rows_bind(&rows, result, &book_shape, &err);
 *		for (int i = 0; st == AIODAL_OK && i < aiodal_result_rows(result); i++)
 *			st = aiodal_rows_get(&one, rows, i, &err);
 *		aiodal_rows_free(rows);
 *
 * Columns are found by name; the result may have others. Names and types are checked once, when a result is
 * bound, and values as the getters of aiodal/value.h do. Both formats of results will do.
 *
 * Pointers in a struct that was filled are borrowed from the result, and end with it.
 */
#ifndef AIODAL_ROW_H
#define AIODAL_ROW_H

#include <stddef.h>

#include <aiodal/api.h>
#include <aiodal/bulk.h>
#include <aiodal/value.h>

AIODAL_BEGIN_DECLS

#define AIODAL_NO_MEMBER ((size_t) -1)

enum
{
	AIODAL_FIELD_KEY = 1,      /* a part of what identifies a row */
	AIODAL_FIELD_READ_ONLY = 2 /* the database alone writes the column */
};

/*
 * A member of a struct and the column that it is for. Without a member for NULL, an SQL NULL is a NULL
 * pointer in those kinds that are pointers (and bytes without data), and an error in the others.
 */
typedef struct aiodal_field
{
	const char *column; /* as in the result, unquoted */
	aiodal_kind kind;   /* what the member is */
	size_t offset;
	size_t size;
	size_t null_offset;        /* of a bool: whether it is NULL; the member itself is then zero */
	const char *const *labels; /* with n_labels > 0 the member is an enum that numbers these from 0 */
	size_t n_labels;
	/* of a mapping */
	unsigned int flags; /* AIODAL_FIELD_* */
	size_t set_offset;  /* of a bool: whether the member is to be inserted; false: the column's default is */
} aiodal_field;

#define AIODAL_FIELD(type, member, column, kind)                                                          \
	{                                                                                                     \
		column, kind, offsetof(type, member), sizeof(((type *) 0)->member), AIODAL_NO_MEMBER, NULL, 0, 0, \
			AIODAL_NO_MEMBER                                                                              \
	}
#define AIODAL_FIELD_OR_NULL(type, member, null_member, column, kind)                                    \
	{                                                                                                    \
		column, kind, offsetof(type, member), sizeof(((type *) 0)->member), offsetof(type, null_member), \
			NULL, 0, 0, AIODAL_NO_MEMBER                                                                 \
	}
/* labels: an array of const char * */
#define AIODAL_FIELD_ENUM(type, member, column, labels)                                                    \
	{                                                                                                      \
		column, AIODAL_KIND_OTHER, offsetof(type, member), sizeof(((type *) 0)->member), AIODAL_NO_MEMBER, \
			labels, sizeof(labels) / sizeof((labels)[0]), 0, AIODAL_NO_MEMBER                              \
	}
#define AIODAL_FIELD_ENUM_OR_NULL(type, member, null_member, column, labels)                               \
	{                                                                                                      \
		column, AIODAL_KIND_OTHER, offsetof(type, member), sizeof(((type *) 0)->member),                   \
			offsetof(type, null_member), labels, sizeof(labels) / sizeof((labels)[0]), 0, AIODAL_NO_MEMBER \
	}

/* All that is to be known of a struct. */
typedef struct aiodal_shape
{
	size_t size;       /* of this description */
	size_t field_size; /* of one aiodal_field */
	const char *name;  /* for errors */
	size_t struct_size;
	const aiodal_field *fields;
	size_t n_fields;
} aiodal_shape;

#define AIODAL_SHAPE(type, fields)                                               \
	{                                                                            \
		sizeof(aiodal_shape), sizeof(aiodal_field), #type, sizeof(type), fields, \
			sizeof(fields) / sizeof((fields)[0])                                 \
	}

/*
 * Whether a table's rows fit: each column is there, of a type that the member takes, and one that may be NULL
 * has a place for that. EINVAL, with an error that says what was expected and what was found (SQLSTATE 42703
 * or 42804); ENOMEM. A view's columns may always be NULL as far as PostgreSQL knows: that is not asked of
 * those.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_shape_check(const aiodal_shape *shape,
															  const aiodal_table *table, aiodal_error **err);

typedef struct aiodal_rows aiodal_rows;

/*
 * Finds the columns in a result and checks their types. *rows is owned by the caller: aiodal_rows_free(); the
 * result must outlive it, and so must the shape. Errors as those of aiodal_shape_check().
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_rows_bind(aiodal_rows **rows, const aiodal_result *res,
															const aiodal_shape *shape, aiodal_error **err);

/*
 * Fills the struct at into from a row. Errors: EINVAL (no such row, a NULL without a place, a value that does
 * not fit, an enum label that is none of the struct's), ENOMEM; the struct is then filled in part.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_rows_get(void *into, const aiodal_rows *rows, int row,
														   aiodal_error **err);

/* Fills an array of structs, which has room for aiodal_result_rows(res). */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_rows_get_all(void *into, const aiodal_rows *rows,
															   aiodal_error **err);
AIODAL_API void aiodal_rows_free(aiodal_rows *rows);

/* Bind, get and free in one. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_result_get_row(void *into, const aiodal_result *res,
																 int row, const aiodal_shape *shape,
																 aiodal_error **err);

/*
 * The other way: member number field of the struct at from, as a parameter. What it points to is the
 * struct's. EINVAL when there is no such field, or an enum's value is none of its labels'.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_shape_value(aiodal_value *value, const aiodal_shape *shape,
															  size_t field, const void *from,
															  aiodal_error **err);

/*
 * Fills an array of structs that lives as long as the result: *rows, with aiodal_result_rows(res) of them.
 * *rows is NULL when there are none.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_rows_make(void **rows, aiodal_result *res,
															const aiodal_shape *shape, aiodal_error **err);

/*
 * A struct that is a row of a table. What aiodal codegen writes is made of these; so can be what is written
 * by hand.
 */
typedef struct aiodal_mapping
{
	size_t size;
	const char *schema; /* NULL: found by search_path */
	const char *table;  /* or view; both unquoted */
	const aiodal_shape *shape;
	aiodal_wire wire; /* how rows are fetched */
} aiodal_mapping;

/*
 * Rows from and into the table, each in one statement. *res, owned by the caller as any result, holds the
 * rows, and *rows points to them as aiodal_rows_make() does; both may be NULL. Columns without a field are
 * left alone. Errors are those of aiodal_tx_query(), aiodal_rows_bind() and aiodal_rows_get(); EINVAL too
 * when a key is wanted and no field is of one.
 */

/* All rows, or those that tail with its parameters leaves: "WHERE price > $1 ORDER BY title". tail, which may
 * be NULL, is SQL: never from outside. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_mapping_select(aiodal_result **res, void **rows,
																 aiodal_tx *tx, const aiodal_mapping *mapping,
																 const char *tail, size_t n,
																 const aiodal_value *params,
																 aiodal_error **err);

/* The row whose key is that of the struct at key, of which nothing else is read. AIODAL_ENOTFOUND when there
 * is none: the transaction stays as it was. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_mapping_find(aiodal_result **res, void **rows,
															   aiodal_tx *tx, const aiodal_mapping *mapping,
															   const void *key, aiodal_error **err);

/* Inserts the struct at row, but for what is read only or not set; gives the row as it has become. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_mapping_insert(aiodal_result **res, void **rows,
																 aiodal_tx *tx, const aiodal_mapping *mapping,
																 const void *row, aiodal_error **err);

/* Writes all but the key and what is read only. AIODAL_ENOTFOUND as above. */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_mapping_update(aiodal_result **res, void **rows,
																 aiodal_tx *tx, const aiodal_mapping *mapping,
																 const void *row, aiodal_error **err);
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_mapping_delete(aiodal_tx *tx, const aiodal_mapping *mapping,
																 const void *key, aiodal_error **err);

/*
 * Loads an array of n structs, as aiodal_bulk_load() does: staged, merged by mode and key, undone alone when
 * it fails. options, which may be NULL, are its; table, columns and layout are the mapping's. Without options
 * no rows are no error. Whether members with a default are loaded or left to it the first struct says for
 * all: EINVAL when another differs.
 */
AIODAL_API AIODAL_MUST_CHECK aiodal_status aiodal_mapping_load(aiodal_load_stats *stats, aiodal_tx *tx,
															   const aiodal_mapping *mapping,
															   const void *rows, size_t n,
															   const aiodal_load_options *options,
															   aiodal_error **err);

AIODAL_END_DECLS

#endif /* AIODAL_ROW_H */
