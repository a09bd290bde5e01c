/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "shims/pep/frame.h"
#include "shims/pep/peek.h"

char *frame_space(struct frame *f, size_t *ret_room)
{
	if (f->head) {
		memmove(f->buf, f->buf + f->head, f->tail - f->head);
		f->tail -= f->head;
		f->scan -= f->head;
		f->head = 0;
	}
	*ret_room = f->size - f->tail;
	return f->buf + f->tail;
}

void frame_added(struct frame *f, size_t len)
{
	assert(len <= f->size - f->tail);
	f->tail += len;
}

static int give(struct frame *f, size_t end, const char **ret_line, size_t *ret_len)
{
	*ret_line = f->buf + f->head;
	*ret_len = end - f->head;
	if (*ret_len && f->buf[end - 1] == '\r')
		--*ret_len;
	return 1;
}

/* The bytes up to `end` belong to a line that is too long. */
static void discard(struct frame *f, size_t end)
{
	if (f->peek && !f->is_discarding)
		*f->peek = (struct peek){0};
	if (f->peek)
		peek_feed(f->peek, f->buf + f->head, end - f->head);
	f->is_discarding = true;
}

int frame_next(struct frame *f, const char **ret_line, size_t *ret_len)
{
	/* Resume where the last search stopped: a peer that sends one byte at a time
	 * must not make us search the whole buffer for each of them. */
	char *nl = memchr(f->buf + f->scan, '\n', f->tail - f->scan);
	size_t end;

	if (!nl) {
		f->scan = f->tail;
		if (f->is_discarding || f->tail - f->head == f->size) {
			discard(f, f->tail);
			f->head = f->scan = f->tail = 0;
		}
		return 0;
	}
	end = (size_t)(nl - f->buf);
	if (f->is_discarding) {
		discard(f, end);
		f->is_discarding = false;
		f->head = f->scan = end + 1;
		return -EMSGSIZE;
	}
	give(f, end, ret_line, ret_len);
	f->head = f->scan = end + 1;
	return 1;
}

int frame_last(struct frame *f, const char **ret_line, size_t *ret_len)
{
	if (f->is_discarding || f->tail == f->head)
		return 0;
	give(f, f->tail, ret_line, ret_len);
	f->head = f->scan = f->tail;
	return 1;
}
