/*
 * race.c
 *		Two threads that race for a counter.
 */
#include <pthread.h>
#include <stddef.h>

static int counter;

static void *
count(void *arg)
{
	(void) arg;
	for (int i = 0; i < 1000; i++)
		counter++;
	return NULL;
}

int
main(void)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
	{
		if (pthread_create(&threads[i], NULL, count, NULL) != 0)
			return 1;
	}
	for (int i = 0; i < 2; i++)
		(void) pthread_join(threads[i], NULL);
	return 0;
}
