/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "shims/pep/frame.h"

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

int frame_next(struct frame *f, const char **ret_line, size_t *ret_len)
{
	for (;;) {
		/* Resume where the last search stopped: a peer that sends one byte at a time
		 * must not make us search the whole buffer for each of them. */
		char *nl = memchr(f->buf + f->scan, '\n', f->tail - f->scan);
		size_t end;

		if (!nl) {
			bool was_discarding = f->is_discarding;

			f->scan = f->tail;
			if (!was_discarding && f->tail - f->head < f->size)
				return 0;
			f->is_discarding = true;
			f->head = f->scan = f->tail = 0;
			return was_discarding ? 0 : -EMSGSIZE;
		}
		end = (size_t)(nl - f->buf);
		if (f->is_discarding) {
			f->is_discarding = false;
			f->head = f->scan = end + 1;
			continue;
		}
		give(f, end, ret_line, ret_len);
		f->head = f->scan = end + 1;
		return 1;
	}
}

int frame_last(struct frame *f, const char **ret_line, size_t *ret_len)
{
	if (f->is_discarding || f->tail == f->head)
		return 0;
	give(f, f->tail, ret_line, ret_len);
	f->head = f->scan = f->tail;
	return 1;
}
