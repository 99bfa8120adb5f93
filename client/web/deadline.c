/*
 * deadline.c
 *		Shuts down connections that take too long; see deadline.h.
 */
#include "deadline.h"

#include <sys/socket.h>

#include "clock.h"
#include "mem.h"

/* how late a connection may be shut down */
#define TICK_MS 200

static void
shut_down_late(aiodal_web__deadlines *d)
{
	aiodal_web__link *link;
	int64_t now = aiodal_web__now();

	for (link = d->links; link; link = link->next)
		if (__atomic_load_n(&link->deadline, __ATOMIC_RELAXED) <= now)
		{
			__atomic_store_n(&link->deadline, AIODAL_WEB__NEVER, __ATOMIC_RELAXED);
			(void) shutdown(link->fd, SHUT_RDWR);
		}
}

static void *
look(void *deadlines)
{
	aiodal_web__deadlines *d = deadlines;

	(void) pthread_mutex_lock(&d->lock);
	while (!d->stop)
	{
		/* without connections there is nothing to wake up for */
		if (d->links)
			(void) aiodal_web__cond_wait(&d->changed, &d->lock, TICK_MS);
		else
			(void) pthread_cond_wait(&d->changed, &d->lock);
		shut_down_late(d);
	}
	(void) pthread_mutex_unlock(&d->lock);
	return NULL;
}

bool
aiodal_web__deadlines_start(aiodal_web__deadlines *d)
{
	(void) pthread_mutex_init(&d->lock, NULL);
	aiodal_web__cond_init(&d->changed);
	if (pthread_create(&d->thread, NULL, look, d) == 0)
		return true;
	(void) pthread_cond_destroy(&d->changed);
	(void) pthread_mutex_destroy(&d->lock);
	return false;
}

void
aiodal_web__deadlines_stop(aiodal_web__deadlines *d)
{
	(void) pthread_mutex_lock(&d->lock);
	d->stop = true;
	(void) pthread_cond_signal(&d->changed);
	(void) pthread_mutex_unlock(&d->lock);
	(void) pthread_join(d->thread, NULL);
	(void) pthread_cond_destroy(&d->changed);
	(void) pthread_mutex_destroy(&d->lock);
}

aiodal_web__link *
aiodal_web__link_new(aiodal_web__deadlines *d, int fd, int64_t deadline)
{
	aiodal_web__link *link = aiodal_web__calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->fd = fd;
	link->deadline = deadline;
	(void) pthread_mutex_lock(&d->lock);
	link->next = d->links;
	link->place = &d->links;
	if (d->links)
		d->links->place = &link->next;
	else
		(void) pthread_cond_signal(&d->changed);
	d->links = link;
	(void) pthread_mutex_unlock(&d->lock);
	return link;
}

void
aiodal_web__link_set(aiodal_web__link *link, int64_t deadline)
{
	if (link)
		__atomic_store_n(&link->deadline, deadline, __ATOMIC_RELAXED);
}

void
aiodal_web__link_free(aiodal_web__deadlines *d, aiodal_web__link *link)
{
	if (!link)
		return;
	(void) pthread_mutex_lock(&d->lock);
	*link->place = link->next;
	if (link->next)
		link->next->place = link->place;
	(void) pthread_mutex_unlock(&d->lock);
	aiodal_web__free(link);
}
