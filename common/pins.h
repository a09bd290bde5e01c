/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pins - what a server's tools and prompts were, in a log that only grows
 *
 * Two files for each server: NAME.pins, records one behind the other, and NAME.count, how
 * many there must at least be.  Each record holds its SHA-256 and that of a record before
 * it, so a changed byte, a record taken out and a cut end are seen.  (Whoever may write
 * both files as this user can write new ones: SECURITY.md.)  The launcher opens both; a
 * locked pep appends by one write(2) to a descriptor it was given (O_APPEND), counts in
 * shared memory, and reads what others appended.  Sessions of one server that run side by
 * side see each other's records; the first one to pin a tool wins.
 *
 * No allocation, no I/O: bytes in, bytes out.
 */
#ifndef COMMON_PINS_H
#define COMMON_PINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"

struct err;

#define PINS_NAME 128 /* MCP 2025-11-25, server/tools: names of tools */
#define PINS_DIGEST 32

enum pins_kind {
	PINS_PINNED = 1, /* trusted on first use */
	PINS_SEEN,	 /* new, and not accepted yet */
	PINS_CHANGED,	 /* another definition than the one in force */
	PINS_ACCEPTED,	 /* the user accepted this definition */
};

/* A version that does not know one of them takes the log for damaged. */
enum pins_subject { PINS_TOOL = 0, PINS_INSTRUCTIONS, PINS_PROMPT, PINS_SERVER };

/* Little is written, by one machine, for itself: host byte order, no padding. */
struct pins_record {
	uint32_t magic;
	uint16_t version, kind;
	uint32_t text_len; /* of the definition behind the record */
	uint16_t name_len, subject;
	uint64_t time; /* seconds, CLOCK_REALTIME; for the reader only */
	uint32_t hints, zero;
	uint8_t digest[PINS_DIGEST]; /* of the definition */
	char name[PINS_NAME];
	uint8_t previous[PINS_DIGEST]; /* a record before this one; zeros: none was known */
	uint8_t hash[PINS_DIGEST];     /* of all before it here, and of the text */
};

_Static_assert(sizeof(struct pins_record) == 256, "records have a fixed size");

/* NAME.count, in shared memory. */
struct pins_count {
	uint64_t magic;
	_Atomic uint64_t records;
};

#define PINS_COUNT_MAGIC 0x3130544e43504d43ULL /* "CMPCNT01" */

/* One tool or prompt, the instructions or the server's name, as the records and this session tell. */
struct pin {
	char name[PINS_NAME];
	uint16_t len, subject;
	bool is_pinned, is_pending;
	uint8_t digest[PINS_DIGEST];  /* in force, when is_pinned */
	uint8_t pending[PINS_DIGEST]; /* seen and not accepted, when is_pending */
	uint32_t pending_hints;
	uint32_t hints; /* of what was listed last; before that, of what is in force */
	/* this session only */
	bool is_listed, is_hidden; /* hidden for its words */
	uint8_t current[PINS_DIGEST];
	const char *hidden_for, *flagged_for; /* what the log was told last; static */
};

struct pins {
	struct pin v[LIMIT_PINS];
	size_t n, records;
	uint64_t known[LIMIT_PIN_RECORDS]; /* the beginning of each record's hash */
	uint8_t last[PINS_DIGEST];
};

void pins_digest(const void *data, size_t len, uint8_t ret[static PINS_DIGEST]);

struct pin *pins_find(struct pins *p, enum pins_subject subject, const char *name, size_t len);

/* Find or add.  NULL: the table is full, or the name too long. */
struct pin *pins_need(struct pins *p, enum pins_subject subject, const char *name, size_t len);

/*
 * Take the whole records at the beginning of bytes[len].  *ret_used is how many bytes they
 * were.  Return: 0, or -EBADMSG when one is not genuine.
 */
int pins_feed(struct pins *p, const char *bytes, size_t len, size_t *ret_used, struct err *err);

/*
 * Write a record that follows what p knows to out[sizeof(struct pins_record) + text_len].
 * Return: its length, or -ENOSPC when the log is full.
 */
long pins_make(const struct pins *p, enum pins_kind kind, const struct pin *pin,
	       const uint8_t digest[static PINS_DIGEST], uint64_t time, const char *text,
	       size_t text_len, char *out);

#endif /* COMMON_PINS_H */
