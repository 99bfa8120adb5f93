/*
 * driver.c
 *		Runs a fuzz target where libFuzzer is not there: inputs made of given files
 *		by changes at random.
 *
 *	driver [-n RUNS] [-s SEED] [-t SECONDS] FILE ...	changed files
 *	driver -r FILE ...									each as it is
 *
 * The same seed gives the same inputs. The one that ends the program is left in
 * the file "driver-input".
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_INPUT 4096
#define MAX_FILES 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Input
{
	uint8_t data[MAX_INPUT];
	size_t size;
} Input;

static Input files[MAX_FILES];
static int nfiles;
static uint64_t state;

static uint32_t
Random(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t) (state >> 32) % below;
}

static void
ReadInput(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (file == NULL || nfiles == MAX_FILES)
	{
		fprintf(stderr, "driver: cannot read %s\n", path);
		exit(2);
	}
	files[nfiles].size = fread(files[nfiles].data, 1, MAX_INPUT, file);
	nfiles++;
	fclose(file);
}

/* Makes room for, or takes away, bytes at a place. */
static void
Splice(Input *input, size_t at, size_t removed, const uint8_t *added, size_t n)
{
	size_t tail = input->size - at - removed;

	if (input->size - removed + n > MAX_INPUT)
		return;
	memmove(input->data + at + n, input->data + at + removed, tail);
	if (n > 0)
		memcpy(input->data + at, added, n);
	input->size = at + n + tail;
}

/* Words that mean something to a format. */
static void
AddWord(Input *input, size_t at)
{
	static const char *const words[] = {
		",",       "\"",   "\"\"", "\n",   "\r",       "\r\n",         "\\",   "\\.",
		"\n\\.\n", "\\N",  "\t",   "\xc3", "\xc3\xa4", "\xe6\x97\xa5", "\xff", "{",
		"}",       "[",    "]",    ":",    "\\u0000",  "\\ud83d",      "1e5",  "-",
		"0",       "null", "true", "\\x4", "\\07"};
	const char *word = words[Random(sizeof(words) / sizeof(words[0]))];

	Splice(input, at, 0, (const uint8_t *) word, strlen(word));
}

/* A part of some file. */
static void
AddPart(Input *input, size_t at)
{
	const Input *other = &files[Random(nfiles)];
	size_t from = Random(other->size + 1);

	Splice(input, at, 0, other->data + from, Random(other->size - from + 1) % 64);
}

static void
Change(Input *input)
{
	size_t at = Random(input->size + 1);
	uint8_t byte = Random(256);

	switch (Random(6))
	{
		case 0: Splice(input, at, 0, &byte, 1); break;
		case 1:
			if (at < input->size)
				input->data[at] ^= 1 << Random(8);
			break;
		case 2: Splice(input, at, Random(input->size - at + 1) % 16, NULL, 0); break;
		case 3:
		case 4: AddWord(input, at); break;
		case 5: AddPart(input, at); break;
	}
}

/* The bytes in front that choose are set anew often: files come without them. */
static void
MakeInput(Input *input)
{
	const Input *from = &files[Random(nfiles)];
	uint8_t choice[5];

	for (size_t i = 0; i < sizeof(choice); i++)
		choice[i] = Random(256);
	*input = *from;
	if (input->size > MAX_INPUT - sizeof(choice))
		input->size = MAX_INPUT - sizeof(choice);
	for (uint32_t n = Random(8); n > 0; n--)
		Change(input);
	Splice(input, 0, 0, choice, sizeof(choice));
}

/* --- running it */

static const Input *running;

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/* sanitizers are to end the program with a signal */
const char *
__asan_default_options(void)
{
	return "abort_on_error=1";
}

const char *
__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static void
KeepInput(int signal_number)
{
	FILE *file = fopen("driver-input", "wb");

	if (file != NULL && running != NULL)
	{
		fwrite(running->data, 1, running->size, file);
		fclose(file);
	}
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void
Run(const Input *input)
{
	uint8_t *copy = malloc(input->size ? input->size : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, input->data, input->size);
	running = input;
	LLVMFuzzerTestOneInput(copy, input->size);
	running = NULL;
	free(copy);
}

int
main(int argc, char **argv)
{
	static Input input;
	long runs = 0;
	long most = 10000;
	time_t end = 0;
	bool replay = false;
	int option;

	state = 1;
	signal(SIGABRT, KeepInput);
	while ((option = getopt(argc, argv, "n:s:t:r")) != -1)
	{
		switch (option)
		{
			case 'n': most = strtol(optarg, NULL, 10); break;
			case 's': state = strtoull(optarg, NULL, 10) * 2 + 1; break;
			case 't': end = time(NULL) + strtol(optarg, NULL, 10); break;
			case 'r': replay = true; break;
			default:
				fprintf(stderr, "usage: driver [-n RUNS] [-s SEED] [-t SECONDS] [-r] FILE...\n");
				return 2;
		}
	}
	for (; optind < argc; optind++)
		ReadInput(argv[optind]);
	for (int i = 0; replay && i < nfiles; i++)
		Run(&files[i]);
	for (; !replay && nfiles > 0 && (end ? time(NULL) < end : runs < most); runs++)
	{
		MakeInput(&input);
		Run(&input);
	}
	printf("%ld runs\n", replay ? (long) nfiles : runs);
	return 0;
}
