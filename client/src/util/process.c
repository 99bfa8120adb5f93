/*
 * process.c
 *		Which process this is.
 *
 * The number is kept on a page that a fork leaves empty in the child, however it forks; where the system
 * knows no such pages, the system is asked each time.
 */
#include "util/process.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pid_t *kept; /* NULL: no such page */

static void
make_page(void)
{
#ifdef MADV_WIPEONFORK
	size_t size = (size_t) sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return;
	if (madvise(page, size, MADV_WIPEONFORK) == 0)
		kept = page;
	else
		(void) munmap(page, size);
#endif
}

pid_t
aiodal__process(void)
{
	pid_t pid;

	(void) pthread_once(&once, make_page);
	if (!kept)
		return getpid();
	pid = __atomic_load_n(kept, __ATOMIC_RELAXED);
	if (pid == 0)
	{
		pid = getpid();
		__atomic_store_n(kept, pid, __ATOMIC_RELAXED);
	}
	return pid;
}
