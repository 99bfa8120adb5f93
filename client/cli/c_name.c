/*
 * c_name.c
 *		Names of the database as identifiers of C and C++.
 *
 * Design notes. What is generated is compiled as both, hence the keywords of both are avoided, and what the
 * headers it includes, or that are likely to be included beside them, have as macros and types. Two
 * underscores in a row and one in front are left to the implementation.
 */
#include "c_name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "name.h"

/* sorted */
static const char *const taken[] = {
	"BUFSIZ",
	"EOF",
	"FALSE",
	"NULL",
	"RAND_MAX",
	"TRUE",
	"alignas",
	"alignof",
	"and",
	"and_eq",
	"asm",
	"assert",
	"atomic_cancel",
	"atomic_commit",
	"atomic_noexcept",
	"auto",
	"bitand",
	"bitor",
	"bool",
	"break",
	"case",
	"catch",
	"char",
	"char16_t",
	"char32_t",
	"char8_t",
	"class",
	"co_await",
	"co_return",
	"co_yield",
	"compl",
	"concept",
	"const",
	"const_cast",
	"consteval",
	"constexpr",
	"constinit",
	"continue",
	"contract_assert",
	"decltype",
	"default",
	"delete",
	"do",
	"double",
	"dynamic_cast",
	"else",
	"enum",
	"errno",
	"explicit",
	"export",
	"extern",
	"false",
	"float",
	"for",
	"friend",
	"goto",
	"i386",
	"if",
	"inline",
	"int",
	"int16_t",
	"int32_t",
	"int64_t",
	"int8_t",
	"linux",
	"long",
	"major",
	"makedev",
	"minor",
	"mutable",
	"namespace",
	"new",
	"noexcept",
	"not",
	"not_eq",
	"nullptr",
	"offsetof",
	"operator",
	"or",
	"or_eq",
	"private",
	"protected",
	"ptrdiff_t",
	"public",
	"reflexpr",
	"register",
	"reinterpret_cast",
	"requires",
	"restrict",
	"return",
	"s_addr",
	"short",
	"signed",
	"size_t",
	"sizeof",
	"st_atime",
	"st_ctime",
	"st_mtime",
	"static",
	"static_assert",
	"static_cast",
	"stderr",
	"stdin",
	"stdout",
	"struct",
	"switch",
	"synchronized",
	"template",
	"this",
	"thread_local",
	"throw",
	"true",
	"try",
	"typedef",
	"typeid",
	"typename",
	"typeof",
	"typeof_unqual",
	"uint16_t",
	"uint32_t",
	"uint64_t",
	"uint8_t",
	"union",
	"unix",
	"unsigned",
	"using",
	"virtual",
	"void",
	"volatile",
	"wchar_t",
	"while",
	"xor",
	"xor_eq",
};

static char *
mangle(const char *text, const char *fallback, int number, int (*convert)(int))
{
	size_t n = strlen(text);
	char *name = cli_realloc(NULL, n + 2, 1);
	char *to = name;

	for (; *text; text++)
	{
		bool plain = isascii((unsigned char) *text) && isalnum((unsigned char) *text);

		if (plain)
			*to++ = (char) convert((unsigned char) *text);
		else if (to > name && to[-1] != '_')
			*to++ = '_';
	}
	while (to > name && to[-1] == '_')
		to--;
	*to = '\0';
	if (to == name)
	{
		free(name);
		return cli_printf("%s%d", fallback, number);
	}
	if (isdigit((unsigned char) *name))
	{
		memmove(name + 1, name, (size_t) (to - name) + 1);
		*name = (char) convert('x');
	}
	return name;
}

static int
itself(int c)
{
	return c;
}

char *
cli_c_name(const char *text, const char *fallback, int number)
{
	return mangle(text, fallback, number, itself);
}

char *
cli_c_constant(const char *text, const char *fallback, int number)
{
	return mangle(text, fallback, number, toupper);
}

static int
compare(const void *name, const void *entry)
{
	return strcmp(name, *(const char *const *) entry);
}

/* INT32_MAX and its kind */
static bool
is_limit(const char *name)
{
	static const char *const ends[] = {"_MAX", "_MIN", "_C", "_WIDTH", NULL};
	const char *last = strrchr(name, '_');

	if (!last || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != strlen(name))
		return false;
	for (int i = 0; ends[i]; i++)
	{
		if (strcmp(last, ends[i]) == 0)
			return true;
	}
	return false;
}

bool
cli_c_is_taken(const char *name)
{
	return bsearch(name, taken, sizeof(taken) / sizeof(taken[0]), sizeof(taken[0]), compare) ||
		   strncasecmp(name, "aiodal", strlen("aiodal")) == 0 || is_limit(name);
}

bool
cli_c_is_used(const cli_names *used, const char *name)
{
	for (size_t i = 0; used && i < used->n; i++)
	{
		if (strcmp(used->at[i], name) == 0)
			return true;
	}
	return false;
}

const char *
cli_c_claim(cli_names *used, const cli_names *others, char *name)
{
	char *free_one = cli_c_is_taken(name) ? cli_printf("%s_", name) : cli_strdup(name);

	/* one that starts with the library's own name is not cured by what stands behind it */
	if (strncasecmp(name, "aiodal", strlen("aiodal")) == 0)
	{
		free(free_one);
		free_one = cli_printf("x_%s", name);
	}
	for (int i = 2; cli_c_is_used(used, free_one) || cli_c_is_used(others, free_one); i++)
	{
		free(free_one);
		free_one = cli_printf("%s_%d", name, i);
	}
	free(name);
	cli_append_name(used, free_one);
	return free_one;
}

void
cli_put_c_string(FILE *to, const char *text)
{
	(void) fputc('"', to);
	for (; *text; text++)
	{
		unsigned char c = (unsigned char) *text;

		if (c == '"' || c == '\\' || c == '?')
			(void) fprintf(to, "\\%c", c);
		else if (c < ' ' || c == 0x7F)
			(void) fprintf(to, "\\%03o", c);
		else
			(void) fputc(c, to);
	}
	(void) fputc('"', to);
}

void
cli_put_c_comment(FILE *to, const char *text)
{
	for (; *text; text++)
	{
		unsigned char c = (unsigned char) *text;

		/* "*" and "/" never stand side by side; a backslash at the end of a line would join lines */
		if (c < ' ' || c == 0x7F || c == '\\')
			c = ' ';
		(void) fputc(c, to);
		if ((c == '*' || c == '/' || c == '?') && text[1] && strchr("*/?", text[1]))
			(void) fputc(' ', to);
	}
}
