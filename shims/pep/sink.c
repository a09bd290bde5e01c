/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/limits.h"
#include "shims/pep/sink.h"

size_t sink_pending(const struct sink *s)
{
	return s->tail - s->head;
}

static void move_to_front(struct sink *s)
{
	memmove(s->buf, s->buf + s->head, s->tail - s->head);
	s->own_end = s->own_end > s->head ? s->own_end - s->head : 0;
	s->tail -= s->head;
	s->head = 0;
}

void sink_compact(struct sink *s)
{
	if (s->head > 512 * KIB)
		move_to_front(s);
}

char *sink_reserve(struct sink *s, size_t len)
{
	if (s->head && (s->head == s->tail || len > s->size - s->tail))
		move_to_front(s);
	return len <= s->size - s->tail ? s->buf + s->tail : NULL;
}

void sink_put(struct sink *s, const char *bytes, size_t len)
{
	char *at = sink_reserve(s, len);

	if (s->fd < 0 || !at)
		return;
	memcpy(at, bytes, len);
	s->tail += len;
	if (s->tail > s->high)
		s->high = s->tail;
}

void sink_put_own(struct sink *s, const char *bytes, size_t len)
{
	size_t before = s->tail - s->head;

	sink_put(s, bytes, len);
	if (s->tail - s->head == before)
		return;
	s->own += len;
	s->own_end = s->tail;
}

int sink_flush(struct sink *s)
{
	while (s->fd >= 0 && s->tail > s->head) {
		const char *from = s->buf + s->head;
		size_t len = s->tail - s->head;
		ssize_t n = s->is_socket ? send(s->fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL) :
					   write(s->fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return n ? -errno : -EPIPE;
		s->head += (size_t)n;
	}
	if (s->tail > s->high)
		s->high = s->tail;
	if (s->fd < 0 || s->head == s->tail)
		s->head = s->tail = 0;
	if (s->head >= s->own_end || !s->tail)
		s->own = s->own_end = 0;
	return 0;
}

void sink_trim(struct sink *s)
{
	if (s->high <= MIB || s->tail != s->head)
		return;
	s->head = s->tail = s->high = 0;
	madvise(s->buf, s->size, MADV_DONTNEED);
}
