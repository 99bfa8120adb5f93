/*
 * header.c
 *		The header line of a csv or text file.
 *
 * Core's COPY skips a header or compares it. Here it says which column each
 * field belongs to, so it is read before core's parser starts, and a mistake
 * in it is explained with both sides in view.
 *
 * The record is converted to the server's encoding line by line before it is
 * looked at: in no client encoding is a byte of a multibyte character a line
 * end, but it may well be a delimiter or a quote.
 */
#include "compat.h"

#include "access/table.h"
#include "mb/pg_wchar.h"
#include "nodes/value.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/varlena.h"

#include "header.h"
#include "ident.h"

/* names shown in a message */
#define MAX_NAMES_SHOWN 100

typedef struct HeaderContext
{
	const char *relname;
	int line;
} HeaderContext;

static void
HeaderErrorContext(void *arg)
{
	HeaderContext *context = arg;

	errcontext("COPY %s, line %d", context->relname, context->line);
}

/*
 * Whether the record goes on after line, given whether a quote was open before
 * it: a line end inside quotes (csv) or behind a backslash (text) is data.
 */
static bool
LineContinues(const char *line, const CopyFormatOptions *opts, bool in_quote)
{
	char quote = opts->csv_mode ? opts->quote[0] : '\0';
	char escape = opts->csv_mode ? opts->escape[0] : '\\';

	if (!opts->csv_mode)
	{
		while (*line && !(line[0] == escape && line[1] == '\0'))
			line += line[0] == escape ? 2 : 1;
		return *line != '\0';
	}
	for (; *line; line++)
	{
		if (in_quote && *line == escape && (line[1] == escape || line[1] == quote))
			line++;
		else if (*line == quote)
			in_quote = !in_quote;
	}
	return in_quote;
}

/* The header's record in buf, line ends inside it kept. */
static bool
ReadHeaderRecord(Source *source, const CopyFormatOptions *opts, int encoding, HeaderContext *context,
				 StringInfo buf, LineEnd *end)
{
	static const char *const line_ends[] = {"", "\n", "\r", "\r\n"};
	char *line;
	int len;
	bool open = false;

	do
	{
		if (!SourceReadLine(source, true, &line, &len, end))
			break;
		context->line++;
		line = pg_any_to_server(line, len, encoding);
		appendStringInfoString(buf, line);
		open = LineContinues(line, opts, open);
		if (open)
			appendStringInfoString(buf, line_ends[*end]);
	} while (open && *end != LINE_END_NONE);

	if (open && opts->csv_mode)
	{
		context->line = 1;
		ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
						errmsg("unterminated CSV quoted field in header line")));
	}
	return context->line > 0 && !(strcmp(buf->data, "\\.") == 0 && SourceEndsWithMarker(source));
}

/* Splits a csv record; the rules are CopyReadAttributesCSV()'s. */
static List *
SplitCsv(const char *p, const CopyFormatOptions *opts)
{
	char delimiter = opts->delim[0];
	char quote = opts->quote[0];
	char escape = opts->escape[0];
	List *fields = NIL;
	bool in_quote = false;
	StringInfoData field;

	initStringInfo(&field);
	for (; *p; p++)
	{
		if (in_quote && *p == escape && (p[1] == escape || p[1] == quote))
			appendStringInfoChar(&field, *++p);
		else if (*p == quote)
			in_quote = !in_quote;
		else if (!in_quote && *p == delimiter)
		{
			fields = lappend(fields, pstrdup(field.data));
			resetStringInfo(&field);
		}
		else
			appendStringInfoChar(&field, *p);
	}
	return lappend(fields, field.data);
}

static int
HexDigit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = pg_ascii_tolower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char
UnescapeText(const char **p, const char *end)
{
	static const char letters[] = "bfnrtv";
	static const char meanings[] = "\b\f\n\r\t\v";
	const char *s = *p;
	const char *letter;
	int value = 0;
	int digits = 0;

	if (*s >= '0' && *s <= '7')
	{
		for (; digits < 3 && s + digits < end && s[digits] >= '0' && s[digits] <= '7'; digits++)
			value = value * 8 + (s[digits] - '0');
		*p = s + digits - 1;
		return (char) (value & 0377);
	}
	if (*s == 'x' && s + 1 < end && HexDigit(s[1]) >= 0)
	{
		for (s++; digits < 2 && s + digits < end && HexDigit(s[digits]) >= 0; digits++)
			value = value * 16 + HexDigit(s[digits]);
		*p = s + digits - 1;
		return (char) value;
	}
	letter = memchr(letters, *s, sizeof(letters) - 1);
	return letter ? meanings[letter - letters] : *s;
}

/* Splits a record in text format; the rules are CopyReadAttributesText()'s. */
static List *
SplitText(const char *p, const CopyFormatOptions *opts)
{
	List *fields = NIL;
	const char *end = p + strlen(p);
	StringInfoData field;

	initStringInfo(&field);
	for (; *p; p++)
	{
		if (*p == opts->delim[0])
		{
			fields = lappend(fields, pstrdup(field.data));
			resetStringInfo(&field);
		}
		else if (*p == '\\' && p[1] != '\0')
		{
			p++;
			appendStringInfoChar(&field, UnescapeText(&p, end));
		}
		else
			appendStringInfoChar(&field, *p);
	}
	fields = lappend(fields, field.data);
	/* a sequence like \377 may have made something that is no character */
	for (int i = 0; i < list_length(fields); i++)
		pg_verifymbstr(list_nth(fields, i), strlen(list_nth(fields, i)), false);
	return fields;
}

bool
ReadHeader(Source *source, const CopyFormatOptions *opts, int encoding, const char *relname, Header *header)
{
	HeaderContext context = {.relname = relname, .line = 0};
	ErrorContextCallback callback = {
		.callback = HeaderErrorContext, .arg = &context, .previous = error_context_stack};
	StringInfoData record;
	bool found;

	header->relname = relname;
	error_context_stack = &callback;
	initStringInfo(&record);
	found = ReadHeaderRecord(source, opts, encoding, &context, &record, &header->end);
	if (found)
		header->names = opts->csv_mode ? SplitCsv(record.data, opts) : SplitText(record.data, opts);
	header->lines = context.line;
	error_context_stack = callback.previous;
	return found;
}

static char *
NamesText(List *names)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	foreach (lc, names)
	{
		char *name = lfirst(lc);
		int len = pg_mbcliplen(name, strlen(name), NAMEDATALEN);

		if (foreach_current_index (lc) == MAX_NAMES_SHOWN)
		{
			appendStringInfo(&buf, ", ... (%d in all)", list_length(names));
			break;
		}
		appendStringInfo(&buf, "%s%s%s", foreach_current_index (lc) > 0 ? ", " : "",
						 quote_identifier(pnstrdup(name, len)), name[len] ? "..." : "");
	}
	return buf.data;
}

static List *
ColumnNames(Relation rel)
{
	TupleDesc desc = RelationGetDescr(rel);
	List *names = NIL;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && att->attgenerated == '\0')
			names = lappend(names, NameStr(att->attname));
	}
	return names;
}

/* errdetail() with the file's side and the table's */
static int
BothSides(const Header *header, Relation rel)
{
	return errdetail("The header has: %s. The columns of \"%s\" are: %s.", NamesText(header->names),
					 header->relname, NamesText(ColumnNames(rel)));
}

/* name without blanks around it, its ASCII letters in lower case */
static char *
FoldName(const char *name)
{
	char *folded;
	int len;

	name += strspn(name, " \t");
	folded = asc_tolower(name, strlen(name));
	for (len = strlen(folded); len > 0 && (folded[len - 1] == ' ' || folded[len - 1] == '\t'); len--)
		folded[len - 1] = '\0';
	return folded;
}

const char *
NearestColumn(Relation rel, const char *name)
{
	char *folded = FoldName(name);
	const char *nearest = NULL;
	int best = NAMEDATALEN;
	ListCell *lc;

	if (strlen(folded) >= NAMEDATALEN)
		return NULL;
	foreach (lc, ColumnNames(rel))
	{
		char *column = FoldName(lfirst(lc));
		int limit = Min(best, (int) Max(strlen(folded), strlen(column)) / 2 + 1);
		int distance = varstr_levenshtein_less_equal(folded, strlen(folded), column, strlen(column), 1, 1, 1,
													 limit, true);

		if (distance < limit)
		{
			best = distance;
			nearest = lfirst(lc);
		}
	}
	return nearest;
}

static bool
IsColumnName(Relation rel, const char *name)
{
	ListCell *lc;

	foreach (lc, ColumnNames(rel))
	{
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/* A header of one unknown field that another delimiter would split into columns: that delimiter, or 0. */
static char
GuessDelimiter(const Header *header, Relation rel, char delimiter)
{
	for (const char *guess = ",;\t|:"; *guess; guess++)
	{
		char *rest = pstrdup(linitial(header->names));
		char separators[2] = {*guess, '\0'};
		int found = 0;
		char *part;

		if (*guess == delimiter)
			continue;
		while ((part = strsep(&rest, separators)) != NULL)
			found += IsColumnName(rel, part);
		if (found > 1)
			return *guess;
	}
	return '\0';
}

/* A delimiter as one writes it in SQL. */
static char *
DelimiterText(char delimiter)
{
	return delimiter == '\t' ? pstrdup("E'\\t'") : psprintf("'%c'", delimiter);
}

static void
CheckDelimiter(const Header *header, Relation rel, char delimiter)
{
	char guess;

	if (list_length(header->names) != 1 || IsColumnName(rel, linitial(header->names)))
		return;
	guess = GuessDelimiter(header, rel, delimiter);
	if (guess != '\0')
		ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
						errmsg("header line is not separated by the delimiter %s", DelimiterText(delimiter)),
						BothSides(header, rel), errhint("Try DELIMITER %s.", DelimiterText(guess))));
}

bool
IsGeneratedColumn(Oid relid, const char *name)
{
	AttrNumber attnum = get_attnum(relid, name);

	return attnum > 0 && get_attgenerated(relid, attnum) != '\0';
}

/* Why the field is no column; does not return. */
static void
ReportUnknownField(const Header *header, Relation rel, Oid target, const char *name)
{
	const char *nearest = NearestColumn(rel, name);

	if (IsGeneratedColumn(RelationGetRelid(rel), name) || IsGeneratedColumn(target, name))
		ereport(ERROR, (errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
						errmsg("column \"%s\" in header line is a generated column", name),
						errdetail("Generated columns cannot be used in COPY."),
						errhint("Take the column out of the file.")));
	if (*name == '\0')
		ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
						errmsg("header line has a field without a name"), BothSides(header, rel)));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("column \"%s\" in header line does not exist in \"%s\"", name, header->relname),
			 BothSides(header, rel),
			 nearest
				 ? errhint("Perhaps you meant the column \"%s\".", nearest)
				 : errhint("Leave out HEADER if the file has no header line, or give COPY a column list.")));
}

static void
CheckRequiredColumns(const Header *header, Relation rel, Oid target)
{
	Relation table = table_open(target, AccessShareLock);
	TupleDesc desc = RelationGetDescr(table);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		bool given = false;
		ListCell *lc;

		if (att->attisdropped || !att->attnotnull || att->attgenerated || build_column_default(table, i + 1))
			continue;
		foreach (lc, header->names)
			given = given || strcmp(lfirst(lc), NameStr(att->attname)) == 0;
		if (!given)
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("required column \"%s\" is not in the header line", NameStr(att->attname)),
					 BothSides(header, rel), errhint("The column must not be null and has no default.")));
	}
	table_close(table, NoLock);
}

List *
MatchHeader(const Header *header, Relation rel, Oid target, bool all_required, char delimiter)
{
	HeaderContext context = {.relname = header->relname, .line = 1};
	ErrorContextCallback callback = {
		.callback = HeaderErrorContext, .arg = &context, .previous = error_context_stack};
	List *columns = NIL;
	ListCell *lc;

	error_context_stack = &callback;
	CheckDelimiter(header, rel, delimiter);
	foreach (lc, header->names)
	{
		String *name = makeString(lfirst(lc));

		if (!IsColumnName(rel, strVal(name)))
			ReportUnknownField(header, rel, target, strVal(name));
		if (list_member(columns, name))
			ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
							errmsg("column \"%s\" is in the header line more than once", strVal(name)),
							BothSides(header, rel)));
		columns = lappend(columns, name);
	}
	if (all_required)
		CheckRequiredColumns(header, rel, target);
	error_context_stack = callback.previous;
	return columns;
}

void
CheckHeader(const Header *header, Relation rel, List *attnums)
{
	HeaderContext context = {.relname = header->relname, .line = 1};
	ErrorContextCallback callback = {
		.callback = HeaderErrorContext, .arg = &context, .previous = error_context_stack};
	ListCell *name;
	ListCell *attnum;

	error_context_stack = &callback;
	if (list_length(header->names) != list_length(attnums))
		ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
						errmsg("wrong number of fields in header line: got %d, expected %d",
							   list_length(header->names), list_length(attnums))));
	forboth (name, header->names, attnum, attnums)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), lfirst_int(attnum) - 1);

		if (strcmp(lfirst(name), NameStr(att->attname)) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
					 errmsg("column name mismatch in header line field %d: got \"%s\", expected \"%s\"",
							foreach_current_index (name) + 1, (char *) lfirst(name), NameStr(att->attname))));
	}
	error_context_stack = callback.previous;
}
