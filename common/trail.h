/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trail - the lines of the audit log: a chain, one flat JSON object each
 *
 *	{"seq":12,"time":"...","server":"x",..."by":"pep","event":"deny",..."prev":"HASH"}
 *
 * prev is the SHA-256 (hexadecimal) of the line before, without its newline; that of line
 * 1 is all zeros.  So a changed, inserted or missing line is found by the next one, and the
 * last line by whoever knows its hash.  What may stand in a line is narrow: printable
 * ASCII, no blank outside of strings, members that are strings, integers or true.
 *
 * A line that was cut off by a crash stays as it is, and is named by the line behind it
 * ("event":"torn") with its length and hash.
 *
 * Pure: bytes in, bytes out; no allocation.
 */
#ifndef COMMON_TRAIL_H
#define COMMON_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"
#include "common/sha256.h"

struct err;

/* A record of one of our processes, and what is put around it: six names of at most 256
 * bytes, each of which may need 6. */
#define TRAIL_LINE (LIMIT_AUDIT_LINE + 12 * KIB)
#define TRAIL_MEMBERS 64
#define TRAIL_HEX (2 * SHA256_SIZE + 1)

/* Of the last line: its number and its hash; {0} before the first. */
struct trail_head {
	uint64_t seq;
	uint8_t hash[SHA256_SIZE];
};

/* Who, for the lines of one session.  Strings, borrowed; NULL: not known. */
struct trail_who {
	const char *server, *session, *user, *agent, *spiffe_id, *client;
};

enum trail_type { TRAIL_STRING = 0, TRAIL_INTEGER, TRAIL_TRUE };

/* One member; a string as it stands between its quotes. */
struct trail_member {
	const char *name, *value;
	size_t name_len, value_len;
	enum trail_type type;
};

struct trail_line {
	struct trail_member v[TRAIL_MEMBERS];
	size_t n;
	uint64_t seq;
	uint8_t prev[SHA256_SIZE];
};

/* A line of the log or a record, without newline.  Return: 0 or -EBADMSG. */
int trail_parse(const char *text, size_t len, struct trail_line *ret);

/* A record that may become a line: none of the names that trail_make() adds, "event" first.
 * Return: 0 or -EBADMSG. */
int trail_check_record(const char *text, size_t len);

/* The same as trail_parse(), and it has the number and hash that a line has. */
int trail_read(const char *text, size_t len, struct trail_line *ret);

/* NULL, or the member of that name. */
const struct trail_member *trail_find(const struct trail_line *l, const char *name);
bool trail_is(const struct trail_line *l, const char *name, const char *value);

/*
 * The line that follows head, with its newline, from a checked record; head moves on to
 * it.  unix_ms: the time.  Return: its length.
 */
size_t trail_make(struct trail_head *head, const struct trail_who *who, const char *by,
		  int64_t unix_ms, const char *record, size_t len, char ret[static TRAIL_LINE]);

/* RFC 3339 in UTC with milliseconds; without the time zone file, which gmtime_r(3) opens. */
void trail_time(int64_t unix_ms, char ret[static 32]);

void trail_hex(const uint8_t hash[static SHA256_SIZE], char ret[static TRAIL_HEX]);
bool trail_unhex(const char *text, size_t len, uint8_t ret[static SHA256_SIZE]);

/* --- checking ----------------------------------------------------------------------------- */

struct trail_check {
	struct trail_head head;	 /* of the last line that was right */
	bool has_begun;		 /* the first line's prev is taken on trust, or from head */
	uint64_t lines, torn, lost;
	/* a line that is none, until the next one says what it was */
	bool has_torn;
	size_t torn_len;
	uint8_t torn_hash[SHA256_SIZE];
};

/* The next line, without newline.  Return: 0, or -EBADMSG with what is wrong. */
int trail_check_line(struct trail_check *c, const char *text, size_t len, struct err *err);

/* At the end of the last file.  is_whole: it ended with a newline. */
int trail_check_end(const struct trail_check *c, struct err *err);

/* The record that names a torn piece; ret[256].  Return: its length. */
size_t trail_torn(const char *piece, size_t len, char ret[static 256]);

#endif /* COMMON_TRAIL_H */
