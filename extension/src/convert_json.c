/*
 * convert_json.c
 *		Text into values of json and jsonb.
 *
 * The text is read once into nodes, of which there is a fixed number, and a jsonb
 * is then written in one go, in the form that utils/jsonb.h describes. Not sure
 * of: escapes in strings, numbers with an exponent or many digits, documents that
 * are large or deep, and whatever is not JSON.
 */
#include "compat.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "convert_json.h"

/* values in a document */
#define MAX_NODES 256
/* values around one */
#define MAX_DEPTH 32
/* bytes of it; a jsonb's lengths have 28 bits, and it is a few times larger at most */
#define MAX_LENGTH (1024 * 1024)
/* digits that always fit into an int64 */
#define MAX_DIGITS 18

typedef struct JsonNode
{
	const char *key; /* of a member */
	int key_len;
	uint32 type;      /* JENTRY_IS... */
	const char *data; /* of a string, or a Numeric */
	int len;
	struct JsonNode *first; /* of the members or elements; NULL: none */
	struct JsonNode *next;  /* member or element */
	int count;
	bool is_object; /* of a container */
} JsonNode;

typedef struct Document
{
	const char *p; /* what is not read yet */
	const char *end;
	int depth;
	bool numbers; /* are wanted, not only looked at */
	int nnodes;
	JsonNode nodes[MAX_NODES];
} Document;

static JsonNode *ReadValue(Document *doc);

/* --- reading; what gives a node or says whether there is one is NULL or false when not sure */

static inline void
SkipBlanks(Document *doc)
{
	while (doc->p < doc->end && (*doc->p == ' ' || *doc->p == '\t' || *doc->p == '\n' || *doc->p == '\r'))
		doc->p++;
}

/* Blanks, c and blanks. */
static inline bool
Accept(Document *doc, char c)
{
	SkipBlanks(doc);
	if (doc->p == doc->end || *doc->p != c)
		return false;
	doc->p++;
	SkipBlanks(doc);
	return true;
}

/* A string; doc is at its quote. */
static inline bool
ReadString(Document *doc, const char **data, int *len)
{
	const char *p = doc->p + 1;

	while (p < doc->end && *p != '"' && *p != '\\' && (unsigned char) *p >= ' ')
		p++;
	if (p == doc->end || *p != '"')
		return false;
	*data = doc->p + 1;
	*len = p - *data;
	doc->p = p + 1;
	return true;
}

/* At most "most" digits, put behind those of *number; how many there were. */
static inline int
ReadDigits(Document *doc, int most, int64 *number)
{
	int digits = 0;

	for (; digits < most && doc->p < doc->end && (unsigned char) (*doc->p - '0') <= 9; digits++)
		*number = *number * 10 + (*doc->p++ - '0');
	return digits;
}

/* What may be behind a word or a number. */
static inline bool
IsAtEndOfWord(const Document *doc)
{
	return doc->p == doc->end || strchr(" \t\n\r,]}", *doc->p) != NULL;
}

static bool
ReadNumber(Document *doc, JsonNode *node)
{
	bool negative = *doc->p == '-';
	int64 number = 0;
	const char *start;
	int digits;
	int scale = 0;

	doc->p += negative;
	start = doc->p;
	digits = ReadDigits(doc, MAX_DIGITS, &number);
	if (digits == 0 || (digits > 1 && *start == '0'))
		return false;
	if (doc->p < doc->end && *doc->p == '.')
	{
		doc->p++;
		scale = ReadDigits(doc, MAX_DIGITS - digits, &number);
		if (scale == 0)
			return false;
	}
	if (!IsAtEndOfWord(doc))
		return false;
	node->type = JENTRY_ISNUMERIC;
	if (negative)
		number = -number;
	if (doc->numbers)
	{
		node->data =
			(char *) (scale > 0 ? int64_div_fast_to_numeric(number, scale) : int64_to_numeric(number));
		node->len = VARSIZE(node->data);
	}
	return true;
}

static bool
ReadWord(Document *doc, JsonNode *node)
{
	static const struct
	{
		const char *word;
		int len;
		uint32 type;
	} words[] = {
		{"true", 4, JENTRY_ISBOOL_TRUE}, {"false", 5, JENTRY_ISBOOL_FALSE}, {"null", 4, JENTRY_ISNULL}};

	for (int i = 0; i < lengthof(words); i++)
	{
		if (doc->end - doc->p >= words[i].len && memcmp(doc->p, words[i].word, words[i].len) == 0)
		{
			doc->p += words[i].len;
			node->type = words[i].type;
			return IsAtEndOfWord(doc);
		}
	}
	return false;
}

/* An element, or a member with its key. */
static JsonNode *
ReadChild(Document *doc, bool is_object)
{
	const char *key = NULL;
	int key_len = 0;
	JsonNode *child;

	if (is_object &&
		(doc->p == doc->end || *doc->p != '"' || !ReadString(doc, &key, &key_len) || !Accept(doc, ':')))
		return NULL;
	child = ReadValue(doc);
	if (child == NULL)
		return NULL;
	child->key = key;
	child->key_len = key_len;
	return child;
}

/* An array or object; doc is at its bracket. */
static bool
ReadContainer(Document *doc, JsonNode *node)
{
	char close = *doc->p == '{' ? '}' : ']';
	JsonNode **link = &node->first;

	node->type = JENTRY_ISCONTAINER;
	node->is_object = close == '}';
	doc->p++;
	if (Accept(doc, close))
		return true;
	if (doc->depth == MAX_DEPTH)
		return false;
	doc->depth++;
	do
	{
		JsonNode *child = ReadChild(doc, node->is_object);

		if (child == NULL)
			return false;
		*link = child;
		link = &child->next;
		node->count++;
	} while (Accept(doc, ','));
	doc->depth--;
	return Accept(doc, close);
}

/* The value that doc is at, blanks passed. */
static JsonNode *
ReadValue(Document *doc)
{
	JsonNode *node;
	bool sure;

	if (doc->p == doc->end || doc->nnodes == MAX_NODES)
		return NULL;
	node = &doc->nodes[doc->nnodes++];
	memset(node, 0, sizeof(JsonNode));
	switch (*doc->p)
	{
		case '"':
			node->type = JENTRY_ISSTRING;
			sure = ReadString(doc, &node->data, &node->len);
			break;
		case '{':
		case '[': sure = ReadContainer(doc, node); break;
		case 't':
		case 'f':
		case 'n': sure = ReadWord(doc, node); break;
		default: sure = ReadNumber(doc, node); break;
	}
	return sure ? node : NULL;
}

/* All of the text; doc's nodes hold it. */
static JsonNode *
ReadDocument(Document *doc, const char *text, int len)
{
	JsonNode *root;

	if (len > MAX_LENGTH)
		return NULL;
	doc->p = text;
	doc->end = text + len;
	doc->depth = 0;
	doc->nnodes = 0;
	SkipBlanks(doc);
	root = ReadValue(doc);
	SkipBlanks(doc);
	return doc->p == doc->end ? root : NULL;
}

/* --- writing */

/* A jsonb as far as it is written; places in it count from its own beginning. */
typedef struct Jotter
{
	char *start;
	char *p;
	const JsonNode *sorted[MAX_NODES]; /* members of the containers being written */
	int nsorted;
} Jotter;

static void WriteContainer(Jotter *out, const JsonNode *node, uint32 flags);

static inline void
WriteBytes(Jotter *out, const char *data, int len)
{
	memcpy(out->p, data, len);
	out->p += len;
}

static inline void
Align(Jotter *out)
{
	while ((out->p - out->start) % sizeof(int32) != 0)
		*out->p++ = '\0';
}

/* What comes before the value's end counts as its own, so padding does. Returns its entry, with its length.
 */
static uint32
WriteValue(Jotter *out, const JsonNode *node)
{
	char *start = out->p;

	switch (node->type)
	{
		case JENTRY_ISSTRING: WriteBytes(out, node->data, node->len); break;
		case JENTRY_ISNUMERIC:
			Align(out);
			WriteBytes(out, node->data, node->len);
			break;
		case JENTRY_ISCONTAINER: WriteContainer(out, node, node->is_object ? JB_FOBJECT : JB_FARRAY); break;
	}
	return node->type | (uint32) (out->p - start);
}

/* Shorter keys first, then by bytes; of equal ones the last first. */
static int
CompareMembers(const void *a, const void *b)
{
	const JsonNode *x = *(const JsonNode *const *) a;
	const JsonNode *y = *(const JsonNode *const *) b;
	int c =
		x->key_len != y->key_len ? (x->key_len < y->key_len ? -1 : 1) : memcmp(x->key, y->key, x->key_len);

	return c != 0 ? c : (x < y ? 1 : -1);
}

/* Puts the container's children into the order they are written in, without members whose key comes again. */
static int
SortChildren(const JsonNode *node, const JsonNode **sorted)
{
	int n = 0;
	int kept = 0;

	for (const JsonNode *child = node->first; child != NULL; child = child->next)
		sorted[n++] = child;
	if (!node->is_object)
		return n;
	qsort(sorted, n, sizeof(JsonNode *), CompareMembers);
	for (int i = 0; i < n; i++)
	{
		if (kept > 0 && sorted[kept - 1]->key_len == sorted[i]->key_len &&
			memcmp(sorted[kept - 1]->key, sorted[i]->key, sorted[i]->key_len) == 0)
			continue;
		sorted[kept++] = sorted[i];
	}
	return kept;
}

/* Every so many entries one has, instead of its length, where it ends. */
static inline void
WriteEntry(JEntry *entries, int i, uint32 entry, uint32 *total)
{
	*total += JBE_OFFLENFLD(entry);
	entries[i] = i % JB_OFFSET_STRIDE == 0 ? (entry & JENTRY_TYPEMASK) | *total | JENTRY_HAS_OFF : entry;
}

/* The header, entries, keys if it is an object, and values. */
static void
WriteContainer(Jotter *out, const JsonNode *node, uint32 flags)
{
	const JsonNode **children = out->sorted + out->nsorted;
	int n = SortChildren(node, children);
	uint32 total = 0;
	JsonbContainer *container;
	int at = 0;

	out->nsorted += n;
	Align(out);
	container = (JsonbContainer *) out->p;
	container->header = n | flags;
	out->p = (char *) (container->children + (node->is_object ? 2 * n : n));
	for (int i = 0; i < n && node->is_object; i++)
	{
		WriteBytes(out, children[i]->key, children[i]->key_len);
		WriteEntry(container->children, at++, JENTRY_ISSTRING | children[i]->key_len, &total);
	}
	for (int i = 0; i < n; i++)
		WriteEntry(container->children, at++, WriteValue(out, children[i]), &total);
	out->nsorted -= n;
}

/* Bytes that are enough for the nodes: data, keys, two entries, a container's header, padding. */
static Size
SpaceFor(const Document *doc)
{
	Size size = VARHDRSZ + sizeof(uint32);

	for (int i = 0; i < doc->nnodes; i++)
		size += doc->nodes[i].key_len + doc->nodes[i].len + 2 * sizeof(JEntry) + sizeof(uint32) +
				sizeof(int32) - 1;
	return size;
}

/* A scalar is the one element of an array that says so. */
static Datum
MakeJsonb(const Document *doc, const JsonNode *root)
{
	Jotter out;

	out.start = palloc(SpaceFor(doc));
	out.p = out.start + VARHDRSZ;
	out.nsorted = 0;
	if (root->type == JENTRY_ISCONTAINER)
		WriteContainer(&out, root, root->is_object ? JB_FOBJECT : JB_FARRAY);
	else
	{
		JsonNode around = {.first = unconstify(JsonNode *, root)};

		WriteContainer(&out, &around, JB_FARRAY | JB_FSCALAR);
	}
	SET_VARSIZE(out.start, out.p - out.start);
	return PointerGetDatum(out.start);
}

bool
ConvertJson(const char *text, int len, int32 typmod, Datum *value)
{
	Document doc;

	doc.numbers = false;
	if (ReadDocument(&doc, text, len) == NULL)
		return false;
	*value = PointerGetDatum(cstring_to_text_with_len(text, len));
	return true;
}

bool
ConvertJsonb(const char *text, int len, int32 typmod, Datum *value)
{
	Document doc;
	JsonNode *root;

	doc.numbers = true;
	root = ReadDocument(&doc, text, len);
	if (root == NULL)
		return false;
	*value = MakeJsonb(&doc, root);
	return true;
}
