/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json - hostile bytes to a tape: strict RFC 8259, and stricter
 *
 * One text in, a flat list of nodes out.  No recursion, no allocation, no conversion of
 * numbers: their text is kept.  A string with escapes is decoded into an arena; any other
 * stays where it stands in the text, which has to live as long as the tape.  Refused beyond
 * the RFC: duplicate member names (after unescaping), lone surrogates, U+0000 in a name,
 * a byte order mark, what exceeds LIMIT_DEPTH, LIMIT_VALUES or LIMIT_MEMBERS.
 *
 * The node of an object is followed by name, value, name, value...; that of an array by
 * its elements; `next` jumps over all of it.
 */
#ifndef SHIMS_PEP_JSON_H
#define SHIMS_PEP_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum json_type {
	JSON_TAPE_NULL = 0,
	JSON_TAPE_FALSE,
	JSON_TAPE_TRUE,
	JSON_TAPE_NUMBER,
	JSON_TAPE_STRING,
	JSON_TAPE_ARRAY,
	JSON_TAPE_OBJECT,
};

#define JSON_FROM_MAX (((uint32_t)1 << 28) - 1)

struct json_node {
	uint32_t type : 3;	 /* enum json_type */
	uint32_t is_decoded : 1; /* a string whose text is in the arena, not in the source */
	uint32_t from : 28;	 /* where it begins in the source, a string behind its quote */
	uint32_t at;   /* where its text begins */
	uint32_t len;  /* of its text; of a container: how many elements or members */
	uint32_t next; /* index of the node behind it and all that it holds */
};

#define JSON_NONE UINT32_MAX

/* The memory is the caller's: arena of at least the longest text, `size` nodes, and
 * 4 * LIMIT_MEMBERS entries of `seen`. */
struct json {
	const char *source; /* what was parsed, and its length */
	size_t source_len;
	char *arena;
	struct json_node *nodes;
	uint32_t *seen;
	size_t arena_len, n, size;
	uint64_t seed[2]; /* random: member names are the peer's to choose */
	const char *error; /* static words when json_parse() failed */
	/* The text is what rewrite_message() makes of the tape, to the byte: no space outside
	 * of strings, and in them each character as we write it. */
	bool is_canonical;
};

/* Return: 0, and node 0 is the root; or -EBADMSG (not such JSON), -EMSGSIZE (a bound). */
int json_parse(struct json *j, const char *text, size_t len);

/* The text of a string or number node; in the arena, or in what was parsed. */
const char *json_text(const struct json *j, uint32_t node, size_t *ret_len);

/* The value of that member of an object; JSON_NONE when absent or not an object. */
uint32_t json_find(const struct json *j, uint32_t object, const char *name, size_t len);

/* Is the node a string that says exactly this? */
bool json_says(const struct json *j, uint32_t node, const char *text, size_t len);

/* The same of a string of C.  Inline, so that the length of ours is known beforehand. */
static inline uint32_t json_member(const struct json *j, uint32_t object, const char *name)
{
	return json_find(j, object, name, strlen(name));
}

static inline bool json_is(const struct json *j, uint32_t node, const char *text)
{
	return json_says(j, node, text, strlen(text));
}

#endif /* SHIMS_PEP_JSON_H */
