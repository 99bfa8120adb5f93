/*
 * replay.h
 *		A server that says what a real one has said before, with faults where they are wanted.
 *
 * record() carries one connection to the server of the PG* environment and keeps what the server sends, turn
 * by turn: from what the client has asked until the server waits for more. replay_start() then answers each
 * of the client's turns with the next of the server's, changed by a function of the test's. Who connects
 * after a fault has happened is turned away.
 */
#ifndef AIODAL_TEST_REPLAY_H
#define AIODAL_TEST_REPLAY_H

#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy.h"

enum
{
	REPLAY_TURNS = 64,
	REPLAY_PATIENCE_MS = 60000, /* the client has to go on within that, or is hung up on */
	REPLAY_CANCEL = 80877102
};

typedef struct bytes
{
	char *data;
	size_t n;
} bytes;

static inline void
bytes_add(bytes *to, const void *data, size_t n)
{
	to->data = realloc(to->data, to->n + n + 1);
	assert_non_null(to->data);
	memcpy(to->data + to->n, data, n);
	to->n += n;
}

static inline uint32_t
bytes_length(const char *at)
{
	const unsigned char *p = (const unsigned char *) at;

	return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

/* A message of the server's. */
static inline void
bytes_message(bytes *to, char type, const void *body, size_t n)
{
	uint32_t len = (uint32_t) n + 4;
	char head[5] = {type, (char) (len >> 24), (char) (len >> 16), (char) (len >> 8), (char) len};

	bytes_add(to, head, 5);
	bytes_add(to, body, n);
}

typedef struct replay
{
	char directory[40];
	int listener;
	pthread_t thread;
	int stop[2];
	bytes turns[REPLAY_TURNS]; /* of the server's */
	int n;

	/* replaying: what is sent at a turn instead; false: hang up behind it */
	bool (*change)(void *payload, int turn, const bytes *original, bytes *out);
	void *payload;
	int patience_ms; /* instead of REPLAY_PATIENCE_MS, where the client may wait for more, too; 0: not */
	bool faulty;     /* it has happened */
	int seen;        /* turns of the last connection */
} replay;

static inline void
send_all(int fd, const char *data, size_t n)
{
	while (n > 0)
	{
		ssize_t sent = send(fd, data, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		data += sent;
		n -= (size_t) sent;
	}
}

/* So many bytes; false at the end or when the client is silent for too long. */
static inline bool
receive_all(replay *r, int fd, char *data, size_t n)
{
	while (n > 0)
	{
		struct pollfd fds[2] = {{fd, POLLIN, 0}, {r->stop[0], POLLIN, 0}};
		ssize_t got;

		if (poll(fds, 2, r->patience_ms ? r->patience_ms : REPLAY_PATIENCE_MS) <= 0 || fds[1].revents)
			return false;
		got = recv(fd, data, n, 0);
		if (got <= 0)
			return false;
		data += got;
		n -= (size_t) got;
	}
	return true;
}

/* One message of the client's into *message. */
static inline bool
receive_message(replay *r, int fd, bool startup, bytes *message)
{
	char head[5];
	size_t at = startup ? 0 : 1;
	uint32_t len;
	char *body;
	bool good;

	if (!receive_all(r, fd, head, at + 4))
		return false;
	len = bytes_length(head + at);
	if (len < 4 || len > 10000000)
		return false;
	bytes_add(message, head, at + 4);
	body = malloc(len);
	good = receive_all(r, fd, body, len - 4);
	if (good)
		bytes_add(message, body, len - 4);
	free(body);
	return good;
}

/* All that the client says until it waits for an answer; false at the end. */
static inline bool
receive_turn(replay *r, int fd, bool startup, bytes *turn)
{
	for (;;)
	{
		size_t at = turn->n;

		if (!receive_message(r, fd, startup, turn))
			return false;
		if (startup)
			return bytes_length(turn->data + 4) != REPLAY_CANCEL;
		if (strchr("QScf", turn->data[at]))
			return true;
		if (turn->data[at] == 'X')
			return false;
	}
}

/* All that the real server says until it waits for more. */
static inline void
receive_answer(int fd, bytes *answer)
{
	for (;;)
	{
		size_t at = answer->n;
		char head[5];
		char *body;
		size_t len;

		assert_int_equal(recv(fd, head, 5, MSG_WAITALL), 5);
		bytes_add(answer, head, 5);
		len = bytes_length(head + 1) - 4;
		body = malloc(len + 1);
		assert_int_equal(len ? recv(fd, body, len, MSG_WAITALL) : 0, len);
		bytes_add(answer, body, len);
		free(body);
		if (answer->data[at] == 'Z' || answer->data[at] == 'G')
			return;
	}
}

static inline void
replay_record(replay *r, int client)
{
	int server = proxy_dial();
	bytes turn = {NULL, 0};

	while (r->n < REPLAY_TURNS && receive_turn(r, client, r->n == 0, &turn))
	{
		send_all(server, turn.data, turn.n);
		receive_answer(server, &r->turns[r->n]);
		send_all(client, r->turns[r->n].data, r->turns[r->n].n);
		r->n++;
		turn.n = 0;
	}
	free(turn.data);
	(void) close(server);
}

static inline void
replay_answer(replay *r, int client)
{
	bytes turn = {NULL, 0};
	bool goes_on = true;

	r->seen = 0;
	while (goes_on && r->seen < r->n && receive_turn(r, client, r->seen == 0, &turn))
	{
		bytes out = {NULL, 0};

		goes_on = r->change(r->payload, r->seen, &r->turns[r->seen], &out);
		send_all(client, out.data, out.n);
		free(out.data);
		r->seen++;
		turn.n = 0;
	}
	r->faulty = r->faulty || !goes_on;
	free(turn.data);
}

static inline void *
replay_run(void *arg)
{
	replay *r = arg;
	struct pollfd fds[2] = {{r->listener, POLLIN, 0}, {r->stop[0], POLLIN, 0}};

	while (poll(fds, 2, -1) > 0 && !fds[1].revents)
	{
		int client = accept(r->listener, NULL, NULL);

		if (!r->change)
			replay_record(r, client);
		else if (!r->faulty)
			replay_answer(r, client);
		(void) close(client);
	}
	return NULL;
}

/* host=directory port=1 */
static inline void
replay_start(replay *r)
{
	struct sockaddr_un here = {.sun_family = AF_UNIX};

	r->faulty = false;
	(void) snprintf(r->directory, sizeof(r->directory), "/tmp/aiodal-replay-XXXXXX");
	assert_non_null(mkdtemp(r->directory));
	(void) snprintf(here.sun_path, sizeof(here.sun_path), "%s/.s.PGSQL.1", r->directory);
	r->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(r->listener, (struct sockaddr *) &here, sizeof(here)), 0);
	assert_int_equal(listen(r->listener, 8), 0);
	assert_int_equal(pipe(r->stop), 0);
	assert_int_equal(pthread_create(&r->thread, NULL, replay_run, r), 0);
}

static inline void
replay_stop(replay *r)
{
	char path[80];

	(void) close(r->stop[1]);
	(void) pthread_join(r->thread, NULL);
	(void) close(r->stop[0]);
	(void) close(r->listener);
	(void) snprintf(path, sizeof(path), "%s/.s.PGSQL.1", r->directory);
	(void) unlink(path);
	(void) rmdir(r->directory);
}

#endif /* AIODAL_TEST_REPLAY_H */
