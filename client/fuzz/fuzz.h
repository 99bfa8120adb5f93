/*
 * fuzz.h
 *		A target: a function that takes whatever bytes there are, and texts to begin with. Each program has
 * one target and the driver of drive.c; so have those of test/fuzz.
 */
#ifndef AIODAL_FUZZ_H
#define AIODAL_FUZZ_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The target's
 */

/* Once, before all else: gives the driver seeds and words. */
extern void fuzz_begin(void);

/* Takes one input, with a NUL behind it; ends in fuzz_fail() when what must hold does not. */
extern void fuzz_one(const char *data, size_t len);

/* Once, after all else: gives back what it holds, so that leaks are seen. */
extern void fuzz_end(void);

/*
 * The driver's
 */

/* An input to begin with; copied. */
extern void fuzz_seed(const char *data, size_t len);
extern void fuzz_seed_text(const char *text);

/* A word that means something to the target; borrowed. */
extern void fuzz_word(const char *word);

extern void fuzz_fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif /* AIODAL_FUZZ_H */
