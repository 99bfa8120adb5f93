/*
 * row.h
 *		Structs by description.
 */
#ifndef AIODAL_SRC_ROW_H
#define AIODAL_SRC_ROW_H

#include <libpq-fe.h>

#include <aiodal/row.h>

/* A copy of a field, after a look at it and the shape: its member is there and as large as its kind wants. */
extern aiodal_status
aiodal__shape_take(aiodal_field *field, const aiodal_shape *shape, size_t i, aiodal_error **err);

/* Whether the field takes values of a type. type_name NULL: the one known for it. where: "the result". */
extern aiodal_status
aiodal__field_check_type(const aiodal_shape *shape, const aiodal_field *field, Oid type,
						 const char *type_name, bool binary, const char *where, aiodal_error **err);

/* EINVAL when the mapping or any of its fields makes no sense. */
extern aiodal_status aiodal__mapping_check(const aiodal_mapping *mapping, aiodal_error **err);

/* A field of a shape that was looked at. */
static inline const aiodal_field *
aiodal__field_at(const aiodal_shape *shape, size_t i)
{
	return (const aiodal_field *) ((const char *) shape->fields + i * shape->field_size);
}

/* Whether the struct at row has a value for it that is to be inserted. */
static inline bool
aiodal__field_is_set(const aiodal_field *field, const void *row)
{
	if (field->flags & AIODAL_FIELD_READ_ONLY)
		return false;
	return field->set_offset == AIODAL_NO_MEMBER || *(const bool *) ((const char *) row + field->set_offset);
}

/* A NULL pointer of it is an SQL NULL. */
extern bool aiodal__kind_is_pointer(aiodal_kind kind);

#endif /* AIODAL_SRC_ROW_H */
