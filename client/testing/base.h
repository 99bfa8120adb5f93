/*
 * base.h
 *		Text, errors and files, as the rest of the kit needs them.
 */
#ifndef AIODAL_TESTING_BASE_H
#define AIODAL_TESTING_BASE_H

#include <aiodal/error.h>

/* A new string; NULL when out of memory. */
extern char *aiodal_test__printf(const char *fmt, ...) AIODAL_PRINTF(1, 2);

/* value of the variable, NULL also when it is empty */
extern const char *aiodal_test__env(const char *name);

/* Errors with formatted text, in which %m is errno's; return status. detail and hint may be NULL. */
extern aiodal_status
aiodal_test__fail(aiodal_error **err, aiodal_status status, const char *fmt, ...) AIODAL_PRINTF(3, 4);
extern aiodal_status aiodal_test__fail_hint(aiodal_error **err, aiodal_status status, const char *detail,
											const char *hint, const char *fmt, ...) AIODAL_PRINTF(5, 6);
extern aiodal_status aiodal_test__oom(aiodal_error **err);

/* As options structs work: copies given, of the caller's size, over ours, which are all zero. */
extern aiodal_status
aiodal_test__options_copy(void *ours, size_t size, const void *given, const char *what, aiodal_error **err);

/* The last limit bytes of a file as a new string; NULL with errno when it cannot be read. */
extern char *aiodal_test__read_tail(const char *path, size_t limit);

/* Appends text, makes the file when there is none; false with errno. */
extern bool aiodal_test__append(const char *path, const char *text);

extern int64_t aiodal_test__now_ms(void);

#endif /* AIODAL_TESTING_BASE_H */
