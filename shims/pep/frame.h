/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame - cut a byte stream into newline-delimited messages
 *
 * MCP over stdio sends one JSON text per line.  Bytes go in at frame_space(), whole
 * lines come out of frame_next().  No I/O, no JSON, no allocation: the memory is the
 * caller's.  A line that does not fit is discarded up to its newline and reported there,
 * once; it is never cut short, because a verdict needs the whole message.
 */
#ifndef SHIMS_PEP_FRAME_H
#define SHIMS_PEP_FRAME_H

#include <stdbool.h>
#include <stddef.h>

struct peek;

/* head <= scan <= tail <= size, and buf[head, scan) holds no newline. */
struct frame {
	char *buf; /* borrowed; outlives the frame */
	size_t size, head, scan, tail;
	bool is_discarding; /* inside a line that was too long */
	struct peek *peek;  /* borrowed; sees all of such a line; NULL: nobody does */
};

/* Where to read() next.  Ends the life of every line handed out before. */
char *frame_space(struct frame *f, size_t *ret_room);
void frame_added(struct frame *f, size_t len);

/* Return: 1 and a line without its newline (and without a CR before it), 0 to ask for
 * bytes, -EMSGSIZE once for a line that does not fit. */
int frame_next(struct frame *f, const char **ret_line, size_t *ret_len);

/* At end of file: what stands behind the last newline.  Return: 1, or 0 for nothing. */
int frame_last(struct frame *f, const char **ret_line, size_t *ret_len);

#endif /* SHIMS_PEP_FRAME_H */
