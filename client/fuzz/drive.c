/*
 * drive.c
 *		Feeds a target with inputs that are a little wrong.
 *
 *		PROGRAM               seeds and what mutation makes of them
 *		PROGRAM -m FILE ...   the same, with the beginnings of these files as seeds, too
 *		PROGRAM FILE ...      these inputs alone
 *
 *	FUZZ_SEED      where the random numbers begin (default 1): the same seed, the same inputs, as far as the
 *				   target's seeds are the same
 *	FUZZ_RUNS      how many inputs (default 20000)
 *	FUZZ_SECONDS   go on for so long instead
 *
 * An input that crashes the program, or that it hangs on, is left in PROGRAM.input.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef RUNNING_ON_VALGRIND
#define RUNNING_ON_VALGRIND 0
#endif

#define MAX_INPUT ((size_t) 65536)
#define MAX_SEED  ((size_t) 4096) /* of a file */
#define MAX_POOL  512
#define MAX_WORDS 128
/* longer than any input should take, on any machine */
#define PATIENCE_S 60

typedef struct input
{
	char *data; /* malloc'd */
	size_t len;
} input;

static input pool[MAX_POOL];
static size_t n_pool, n_seeds;
static const char *words[MAX_WORDS];
static size_t n_words;
static uint64_t state = 1;
static long runs;

void
fuzz_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void) fprintf(stderr, "# input %ld: ", runs);
	(void) vfprintf(stderr, fmt, args);
	(void) fputc('\n', stderr);
	va_end(args);
	abort();
}

static size_t
pick(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n ? (size_t) (state % n) : 0;
}

static char *
copy(const char *data, size_t len)
{
	char *p = malloc(len + 1);

	if (!p)
		exit(2);
	memcpy(p, data, len);
	p[len] = '\0';
	return p;
}

void
fuzz_seed(const char *data, size_t len)
{
	if (n_pool == MAX_POOL || len > MAX_INPUT / 2)
		exit(2);
	pool[n_pool++] = (input){copy(data, len), len};
	n_seeds = n_pool;
}

void
fuzz_seed_text(const char *text)
{
	fuzz_seed(text, strlen(text));
}

void
fuzz_word(const char *word)
{
	if (n_words < MAX_WORDS)
		words[n_words++] = word;
}

/*
 * Mutation; all keep len <= MAX_INPUT
 */

static void
insert(char *data, size_t *len, size_t at, const char *what, size_t n)
{
	if (n > MAX_INPUT - *len)
		return;
	memmove(data + at + n, data + at, *len - at);
	memcpy(data + at, what, n);
	*len += n;
}

static void
insert_again(char *data, size_t *len, size_t at)
{
	static char piece[MAX_INPUT];
	size_t from = pick(*len);
	size_t n = pick(*len - from < 64 ? *len - from : pick(8) ? 64 : *len - from) + 1;

	n = n > *len - from ? *len - from : n;
	memcpy(piece, data + from, n);
	insert(data, len, at, piece, n);
}

static void
cut_out(char *data, size_t *len, size_t at)
{
	size_t n = pick(8) ? 1 + pick(4) : 1 + pick(*len);

	n = n > *len - at ? *len - at : n;
	memmove(data + at, data + at + n, *len - at - n);
	*len -= n;
}

/* What follows is another input's. */
static void
graft(char *data, size_t *len, size_t at)
{
	const input *other = &pool[pick(n_pool)];
	size_t from = pick(other->len + 1);
	size_t n = other->len - from;

	n = n > MAX_INPUT - at ? MAX_INPUT - at : n;
	memcpy(data + at, other->data + from, n);
	*len = at + n;
}

static void
mutate(char *data, size_t *len)
{
	static const char marks[] = "\"'{}[]:,.;&=%+-_/\\*<>@!#?~^` \t\r\n\0\x01\x7f\x80\xff\xc3\xe2\xf0";
	size_t at = pick(*len + 1);
	char c = (char) pick(256);

	if (*len == 0 || pick(3) == 0)
	{
		const char *word = n_words && pick(2) ? words[pick(n_words)] : NULL;

		if (!word)
			c = pick(2) ? c : marks[pick(sizeof(marks) - 1)];
		insert(data, len, at, word ? word : &c, word ? strlen(word) : 1);
		return;
	}
	at = at == *len ? at - 1 : at;
	switch (pick(7))
	{
		case 0: data[at] = (char) (data[at] ^ (1 << pick(8))); break;
		case 1: data[at] = c; break;
		case 2: data[at] = marks[pick(sizeof(marks) - 1)]; break;
		case 3: cut_out(data, len, at); break;
		case 4: insert_again(data, len, at); break;
		case 5: graft(data, len, at); break;
		default: data[at] = data[pick(*len)];
	}
}

/* Now and then one stays, so that changes add up; the seeds stay in any case. */
static void
keep(const char *data, size_t len)
{
	size_t at = n_pool < MAX_POOL ? n_pool++ : n_seeds + pick(MAX_POOL - n_seeds);

	if (at == MAX_POOL)
		return;
	free(pool[at].data);
	pool[at] = (input){copy(data, len), len};
}

/*
 * Running
 */

static void
run(int fd, const char *data, size_t len)
{
	/* exactly as long, so that a sanitizer sees what reads beyond */
	char *exact = copy(data, len);

	if (pwrite(fd, data, len, 0) != (ssize_t) len || ftruncate(fd, (off_t) len) != 0)
		exit(2);
	(void) alarm(PATIENCE_S);
	fuzz_one(exact, len);
	(void) alarm(0);
	free(exact);
	runs++;
}

static long
number(const char *name, long other)
{
	const char *value = getenv(name);

	return value && *value ? strtol(value, NULL, 10) : other;
}

static bool
goes_on(time_t until, long most)
{
	return until ? time(NULL) < until : runs < most;
}

static void
run_mutations(int fd)
{
	static char data[MAX_INPUT + 1];
	long seconds = number("FUZZ_SECONDS", 0);
	long most = number("FUZZ_RUNS", RUNNING_ON_VALGRIND ? 500 : 20000);
	time_t until = seconds > 0 ? time(NULL) + seconds : 0;
	size_t i;

	for (i = 0; i < n_seeds; i++)
		run(fd, pool[i].data, pool[i].len);
	while (goes_on(until, most))
	{
		const input *from = &pool[pick(pick(2) ? n_seeds : n_pool)];
		size_t changes = 1 + pick(pick(4) ? 4 : 32);
		size_t len = from->len;

		memcpy(data, from->data, len);
		while (changes-- > 0)
			mutate(data, &len);
		run(fd, data, len);
		if (pick(64) == 0)
			keep(data, len);
	}
}

/* Up to so many bytes of it. */
static size_t
read_file(char *data, size_t size, const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t len;

	if (!file)
	{
		perror(path);
		exit(2);
	}
	len = fread(data, 1, size, file);
	(void) fclose(file);
	return len;
}

static void
run_file(int fd, const char *path)
{
	static char data[MAX_INPUT];

	run(fd, data, read_file(data, sizeof(data), path));
}

static void
seed_with_file(const char *path)
{
	char data[MAX_SEED];

	fuzz_seed(data, read_file(data, sizeof(data), path));
}

int
main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	char path[4096];
	long seed = number("FUZZ_SEED", 1);
	bool mutates;
	int fd;
	int i;

	(void) snprintf(path, sizeof(path), "%s.input", argv[0]);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
	{
		perror(path);
		return 2;
	}
	state = (uint64_t) seed * 0x9E3779B97F4A7C15u + 1;
	fuzz_begin();
	mutates = argc == 1 || strcmp(argv[1], "-m") == 0;
	for (i = mutates ? 2 : 1; i < argc; i++)
		mutates ? seed_with_file(argv[i]) : run_file(fd, argv[i]);
	if (mutates)
		run_mutations(fd);
	fuzz_end();
	while (n_pool > 0)
		free(pool[--n_pool].data);
	(void) close(fd);
	(void) unlink(path);
	(void) printf("1..1\nok 1 - %s: %ld inputs from seed %ld\n", name, runs, seed);
	return 0;
}
