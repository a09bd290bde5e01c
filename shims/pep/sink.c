/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/limits.h"
#include "shims/pep/sink.h"

size_t sink_pending(const struct sink *s)
{
	return s->tail - s->head + s->lent_len;
}

static void move_to_front(struct sink *s)
{
	memmove(s->buf, s->buf + s->head, s->tail - s->head);
	s->own_end = s->own_end > s->head ? s->own_end - s->head : 0;
	s->tail -= s->head;
	s->head = 0;
}

static void used(struct sink *s)
{
	if (s->tail > s->high)
		s->high = s->tail;
}

static void forget_lent(struct sink *s)
{
	s->lent = NULL;
	s->lent_len = 0;
}

char *sink_behind(struct sink *s, size_t *ret_room)
{
	/* When that frees more than it costs: a message may need all the rest. */
	if (s->head && (s->head == s->tail || s->head > 512 * KIB))
		move_to_front(s);
	*ret_room = s->lent_len <= s->size - s->tail ? s->size - s->tail - s->lent_len : 0;
	return s->buf + s->tail + s->lent_len;
}

void sink_settle(struct sink *s)
{
	if (!s->lent)
		return;
	if (s->lent_len > s->size - s->tail)
		move_to_front(s);
	/* There is room for a line behind all that may wait before it (flow.c). */
	assert(s->lent_len <= s->size - s->tail);
	memcpy(s->buf + s->tail, s->lent, s->lent_len);
	s->tail += s->lent_len;
	used(s);
	forget_lent(s);
}

void sink_took(struct sink *s, size_t len)
{
	if (s->fd < 0)
		return;
	sink_settle(s);
	s->tail += len;
	used(s);
}

void sink_lend(struct sink *s, const char *bytes, size_t len)
{
	if (s->fd < 0)
		return;
	if (s->lent && s->lent + s->lent_len != bytes)
		sink_settle(s);
	if (!s->lent)
		s->lent = bytes;
	s->lent_len += len;
}

char *sink_reserve(struct sink *s, size_t len)
{
	sink_settle(s);
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
	used(s);
}

void sink_put_own(struct sink *s, const char *bytes, size_t len)
{
	size_t before;

	sink_settle(s);
	before = s->tail - s->head;
	sink_put(s, bytes, len);
	if (s->tail - s->head == before)
		return;
	s->own += len;
	s->own_end = s->tail;
}

/* Return: as write(2). */
static ssize_t write_some(const struct sink *s)
{
	size_t own = s->tail - s->head;
	const char *from = own ? s->buf + s->head : s->lent;
	size_t len = own ? own : s->lent_len;
	struct iovec v[2];

	if (s->is_socket)
		return send(s->fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!own || !s->lent)
		return write(s->fd, from, len);
	v[0] = (struct iovec){ s->buf + s->head, own };
	v[1] = (struct iovec){ (void *)(uintptr_t)s->lent, s->lent_len };
	return writev(s->fd, v, 2);
}

static void wrote(struct sink *s, size_t n)
{
	size_t own = s->tail - s->head, first = n < own ? n : own;

	s->head += first;
	if (!s->lent)
		return;
	s->lent += n - first;
	s->lent_len -= n - first;
	if (!s->lent_len)
		forget_lent(s);
}

int sink_flush(struct sink *s)
{
	while (s->fd >= 0 && sink_pending(s) && !s->is_full) {
		size_t len = sink_pending(s);
		ssize_t n = write_some(s);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			s->is_full = true;
			break;
		}
		if (n <= 0)
			return n ? -errno : -EPIPE;
		wrote(s, (size_t)n);
		/* Asked once more, it would say EAGAIN.  (A socket got a part of it.) */
		s->is_full = !s->is_socket && (size_t)n < len;
	}
	if (s->fd < 0)
		forget_lent(s);
	if (s->fd < 0 || s->head == s->tail)
		s->head = s->tail = 0;
	if (s->head >= s->own_end || !s->tail)
		s->own = s->own_end = 0;
	return 0;
}

void sink_trim(struct sink *s)
{
	if (s->high <= LIMIT_KEPT || sink_pending(s))
		return;
	s->head = s->tail = s->high = 0;
	madvise(s->buf, s->size, MADV_DONTNEED);
}
