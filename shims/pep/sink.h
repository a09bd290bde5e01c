/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink - bytes on their way out to one descriptor
 *
 * The buffer is the caller's (a reservation that is touched only as it is used).
 * Nothing blocks; what the peer does not take yet waits here, and the bound is what
 * makes the other side stop reading.
 */
#ifndef SHIMS_PEP_SINK_H
#define SHIMS_PEP_SINK_H

#include <stdbool.h>
#include <stddef.h>

struct sink {
	int fd;		/* -1: closed, everything is thrown away */
	bool is_socket; /* sendto with MSG_DONTWAIT: its flags may be shared */
	char *buf;
	size_t size, head, tail;
	size_t own, own_end; /* bytes of answers of ours that wait, and where the last ends */
	size_t high; /* the most that was used since sink_trim() */
};

size_t sink_pending(const struct sink *s);

/* Make len bytes of room at the end.  Return: where, or NULL when they do not fit. */
char *sink_reserve(struct sink *s, size_t len);
void sink_put(struct sink *s, const char *bytes, size_t len);

/* The same for an answer of our own, which counts as one until it has left. */
void sink_put_own(struct sink *s, const char *bytes, size_t len);

/* Move what waits to the front, when that frees more than it costs: a message that is
 * written behind it may need all the rest. */
void sink_compact(struct sink *s);

/* Write what the peer takes now.  Return: 0, or -errno when the peer is gone. */
int sink_flush(struct sink *s);

/* After a large message: give the memory back. */
void sink_trim(struct sink *s);

#endif /* SHIMS_PEP_SINK_H */
