/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink - bytes on their way out to one descriptor
 *
 * The buffer is the caller's (a reservation that is touched only as it is used).
 * Nothing blocks; what the peer does not take yet waits here, and the bound is what
 * makes the other side stop reading.
 *
 * Bytes that stay where they are for long enough need not be copied: they are lent, and
 * go out behind what is in the buffer.
 */
#ifndef SHIMS_PEP_SINK_H
#define SHIMS_PEP_SINK_H

#include <stdbool.h>
#include <stddef.h>

struct sink {
	int fd;		/* -1: closed, everything is thrown away */
	bool is_socket; /* sendto with MSG_DONTWAIT: its flags may be shared */
	bool is_full;	/* it took less than all; until somebody clears it nothing is tried */
	char *buf;
	size_t size, head, tail;
	const char *lent; /* what follows buf[head, tail); NULL: nothing */
	size_t lent_len;
	size_t own, own_end; /* bytes of answers of ours that wait, and where the last ends */
	size_t high; /* the most of buf that was used since sink_trim() gave it back */
};

size_t sink_pending(const struct sink *s);

/*
 * Where a message can be written that follows all that waits, and how much room there is;
 * what is lent stays lent.  sink_took() with its length follows, or nothing does.
 */
char *sink_behind(struct sink *s, size_t *ret_room);
void sink_took(struct sink *s, size_t len);

/* Lend bytes, which follow all that waits.  They stay until s->lent is NULL, which
 * sink_settle() makes it. */
void sink_lend(struct sink *s, const char *bytes, size_t len);
void sink_settle(struct sink *s);

/* Make len bytes of room at the end.  Return: where, or NULL when they do not fit. */
char *sink_reserve(struct sink *s, size_t len);
void sink_put(struct sink *s, const char *bytes, size_t len);

/* The same for an answer of our own, which counts as one until it has left. */
void sink_put_own(struct sink *s, const char *bytes, size_t len);

/* Write what the peer takes now, nothing while is_full.  Return: 0, or -errno when the peer
 * is gone. */
int sink_flush(struct sink *s);

/* After large messages, when nothing waits: give the memory back. */
void sink_trim(struct sink *s);

#endif /* SHIMS_PEP_SINK_H */
