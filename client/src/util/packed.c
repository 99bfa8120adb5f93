/*
 * packed.c
 *		Rows are checked once, when they arrive, and then read without looking where they end.
 */
#include "util/packed.h"

#include <stdint.h>
#include <string.h>

/*
 * Shapes
 */

/* A name with what follows it: its kind and, of records, the names within. */
typedef struct field_name
{
	const char *text;
	size_t len;
	aiodal__packed_kind kind;
	const char *inner;
} field_name;

/* The name that begins at *in, which is moved behind it and what divides it from the next. */
static bool
next_name(const char **in, field_name *name)
{
	const char *p = *in;

	name->text = p;
	name->len = strspn(p, "abcdefghijklmnopqrstuvwxyz_0123456789");
	name->kind = AIODAL__PACKED_SCALAR;
	p += name->len;
	if (*p == '*')
	{
		name->kind = AIODAL__PACKED_LIST;
		p++;
	}
	else if (*p == '(')
	{
		name->kind = AIODAL__PACKED_RECORDS;
		name->inner = p + 1;
		p += strcspn(p, ")");
		p += *p == ')';
	}
	p += *p == ' ' || *p == ',';
	*in = p;
	return name->len > 0;
}

/* Number of the name that is like wanted, -1 for none. */
static int
find_name(const char *in, const field_name *wanted)
{
	field_name name;

	for (int i = 0; next_name(&in, &name); i++)
	{
		if (name.len == wanted->len && memcmp(name.text, wanted->text, name.len) == 0)
			return name.kind == wanted->kind ? i : -1;
	}
	return -1;
}

static bool
init_records(aiodal__packed_field *field, const char *server, const char *wanted)
{
	const char *in = server;
	field_name name;
	int n = 0;

	while (next_name(&in, &name))
	{
		if (field->n_inner == AIODAL__PACKED_INNER || name.kind == AIODAL__PACKED_RECORDS)
			return false;
		field->inner_kind[field->n_inner++] = (unsigned char) name.kind;
	}
	while (wanted && next_name(&wanted, &name))
	{
		int place = find_name(server, &name);

		if (place < 0)
			return false;
		field->inner_place[n++] = (unsigned char) place;
	}
	return *in == ')';
}

/* The names that are in the server's records, to be looked up among those wanted. */
static const char *
inner_wanted(const char *wanted, const field_name *server)
{
	field_name name;

	while (next_name(&wanted, &name))
	{
		if (name.kind == AIODAL__PACKED_RECORDS && name.len == server->len &&
			memcmp(name.text, server->text, name.len) == 0)
			return name.inner;
	}
	return NULL;
}

bool
aiodal__packed_shape_init(aiodal__packed_shape *shape, const char *server, const char *wanted)
{
	const char *in = server;
	field_name name;

	memset(shape, 0, sizeof(*shape));
	while (next_name(&in, &name))
	{
		aiodal__packed_field *field = &shape->field[shape->n];

		if (shape->n++ == AIODAL__PACKED_FIELDS)
			return false;
		field->kind = (unsigned char) name.kind;
		if (name.kind == AIODAL__PACKED_RECORDS &&
			!init_records(field, name.inner, inner_wanted(wanted, &name)))
			return false;
	}
	for (int n = 0; next_name(&wanted, &name); n++)
	{
		int place = find_name(server, &name);

		if (place < 0)
			return false;
		shape->place[n] = (unsigned char) place;
	}
	return *in == '\0';
}

/*
 * Checking
 */

static aiodal__packed_row
check_count(aiodal__packed_row p, aiodal__packed_row end, uint32_t *count)
{
	*count = 0;
	for (int shift = 0; p < end && shift < 35; shift += 7)
	{
		*count |= (uint32_t) (*p & 0x7f) << shift;
		if (!(*p++ & 0x80))
			return p;
	}
	return NULL;
}

static aiodal__packed_row
check_scalar(aiodal__packed_row p, aiodal__packed_row end)
{
	uint32_t size;

	p = check_count(p, end, &size);
	if (!p || size > (size_t) (end - p) || (size > 0 && p[size - 1] != '\0'))
		return NULL;
	return p + size;
}

static aiodal__packed_row
check_list(aiodal__packed_row p, aiodal__packed_row end)
{
	uint32_t count;

	p = check_count(p, end, &count);
	while (p && count-- > 1)
		p = check_scalar(p, end);
	return p;
}

static aiodal__packed_row
check_records(const aiodal__packed_field *field, aiodal__packed_row p, aiodal__packed_row end)
{
	uint32_t count;

	p = check_count(p, end, &count);
	/* records without fields take no room: as many of them as you like would be there */
	if (field->n_inner == 0)
		return NULL;
	while (p && count-- > 1)
	{
		for (int i = 0; p && i < field->n_inner; i++)
			p = field->inner_kind[i] == AIODAL__PACKED_LIST ? check_list(p, end) : check_scalar(p, end);
	}
	return p;
}

aiodal__packed_row
aiodal__packed_check(const aiodal__packed_shape *shape, aiodal__packed_row row, aiodal__packed_row end)
{
	for (int i = 0; row && i < shape->n; i++)
	{
		const aiodal__packed_field *field = &shape->field[i];

		if (field->kind == AIODAL__PACKED_SCALAR)
			row = check_scalar(row, end);
		else if (field->kind == AIODAL__PACKED_LIST)
			row = check_list(row, end);
		else
			row = check_records(field, row, end);
	}
	return row;
}

/*
 * Reading
 */

static inline aiodal__packed_row
read_count(aiodal__packed_row p, uint32_t *count)
{
	*count = *p & 0x7f;
	for (int shift = 7; *p++ & 0x80; shift += 7)
		*count |= (uint32_t) (*p & 0x7f) << shift;
	return p;
}

static inline aiodal__packed_row
skip_scalar(aiodal__packed_row p)
{
	uint32_t size;

	p = read_count(p, &size);
	return p + size;
}

static aiodal__packed_row
skip_list(aiodal__packed_row p)
{
	uint32_t count;

	p = read_count(p, &count);
	while (count-- > 1)
		p = skip_scalar(p);
	return p;
}

/* Over the first n fields of a record. */
static aiodal__packed_row
skip_inner(const aiodal__packed_field *field, aiodal__packed_row p, int n)
{
	for (int i = 0; i < n; i++)
		p = field->inner_kind[i] == AIODAL__PACKED_LIST ? skip_list(p) : skip_scalar(p);
	return p;
}

static aiodal__packed_row
skip_records(const aiodal__packed_field *field, aiodal__packed_row p)
{
	uint32_t count;

	p = read_count(p, &count);
	while (count-- > 1)
		p = skip_inner(field, p, field->n_inner);
	return p;
}

/* Where the field is. */
static aiodal__packed_row
find_field(const aiodal__packed_shape *shape, aiodal__packed_row p, int wanted)
{
	for (int i = 0; i < shape->place[wanted]; i++)
	{
		const aiodal__packed_field *field = &shape->field[i];

		if (field->kind == AIODAL__PACKED_SCALAR)
			p = skip_scalar(p);
		else if (field->kind == AIODAL__PACKED_LIST)
			p = skip_list(p);
		else
			p = skip_records(field, p);
	}
	return p;
}

static const char *
scalar_at(aiodal__packed_row p)
{
	uint32_t size;

	p = read_count(p, &size);
	return size > 0 ? (const char *) p : NULL;
}

static int
count_at(aiodal__packed_row p)
{
	uint32_t count;

	(void) read_count(p, &count);
	return count > 0 ? (int) (count - 1) : 0;
}

static const char *
item_at(aiodal__packed_row p, int i)
{
	uint32_t count;

	if (i < 0 || i >= count_at(p))
		return NULL;
	p = read_count(p, &count);
	while (i-- > 0)
		p = skip_scalar(p);
	return scalar_at(p);
}

/* A field of record number i; NULL when there is no such record. */
static aiodal__packed_row
find_inner(const aiodal__packed_shape *shape, aiodal__packed_row row, int wanted, int i, int inner)
{
	const aiodal__packed_field *field = &shape->field[shape->place[wanted]];
	aiodal__packed_row p = find_field(shape, row, wanted);
	uint32_t count;

	if (i < 0 || i >= count_at(p))
		return NULL;
	p = read_count(p, &count);
	while (i-- > 0)
		p = skip_inner(field, p, field->n_inner);
	return skip_inner(field, p, field->inner_place[inner]);
}

const char *
aiodal__packed_text(const aiodal__packed_shape *shape, aiodal__packed_row row, int wanted)
{
	return scalar_at(find_field(shape, row, wanted));
}

int
aiodal__packed_count(const aiodal__packed_shape *shape, aiodal__packed_row row, int wanted)
{
	return count_at(find_field(shape, row, wanted));
}

const char *
aiodal__packed_item(const aiodal__packed_shape *shape, aiodal__packed_row row, int wanted, int i)
{
	return item_at(find_field(shape, row, wanted), i);
}

const char *
aiodal__packed_cell(const aiodal__packed_shape *shape, aiodal__packed_row row, int wanted, int i, int inner)
{
	aiodal__packed_row p = find_inner(shape, row, wanted, i, inner);

	return p ? scalar_at(p) : NULL;
}

int
aiodal__packed_inner_count(const aiodal__packed_shape *shape, aiodal__packed_row row, int wanted, int i,
						   int inner)
{
	aiodal__packed_row p = find_inner(shape, row, wanted, i, inner);

	return p ? count_at(p) : 0;
}

const char *
aiodal__packed_inner_item(const aiodal__packed_shape *shape, aiodal__packed_row row, int wanted, int i,
						  int inner, int j)
{
	aiodal__packed_row p = find_inner(shape, row, wanted, i, inner);

	return p ? item_at(p, j) : NULL;
}
