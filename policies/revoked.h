/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoked - the list of what may not run any more
 *
 * One entry a line, the words apart by blanks, what is behind them is the reason:
 *
 *	# comment
 *	server NAME [reason]    the server that logs call NAME, or the package NAME
 *	agent ID [reason]       whose policy says that id or SPIFFE ID, or whose client is
 *	                        the program with that path
 *	user NAME [reason]      a user of this machine, by name or number
 *	all [reason]
 *
 * A line that is none of these is an error, and so is one without its newline: a list that
 * is half written, or says what this version does not understand, revokes nothing by
 * accident and allows nothing either; who reads it treats it as one that cannot be read.
 * Pure.
 */
#ifndef POLICIES_REVOKED_H
#define POLICIES_REVOKED_H

#include <stdbool.h>
#include <stddef.h>

struct err;

/* Lines of one list; and the bytes of one. */
#define REVOKED_LINES ((size_t)16384)
#define REVOKED_LINE 1024
#define REVOKED_NAME 200

/* Who a session is; NULL where that is not known. */
struct revoked_subject {
	const char *server, *package;
	const char *agent, *spiffe_id, *client;
	const char *user, *uid;
};

enum revoked_kind { REVOKED_NONE = 0, REVOKED_ALL, REVOKED_SERVER, REVOKED_AGENT, REVOKED_USER };

/* Borrowed of the text. */
struct revoked_entry {
	enum revoked_kind kind;
	const char *name, *reason;
	size_t name_len, reason_len;
	size_t line; /* from 1 */
};

/*
 * The next entry from *at (begin with 0) of text[len].  *line counts.  Return: 1 and *ret,
 * 0 at the end, or -EINVAL with words that name the line.
 */
int revoked_next(const char *text, size_t len, size_t *at, size_t *line,
		 struct revoked_entry *ret, struct err *err);

/* Is it this session that the entry means? */
bool revoked_means(const struct revoked_entry *e, const struct revoked_subject *s);

/* Is text a name that can stand in a list? */
bool revoked_is_name(const char *text);

/* The word of a kind in the list. */
const char *revoked_word(enum revoked_kind kind);

/*
 * The whole list: *ret is the first entry that means s.  Return: 1, 0 when none does, or
 * -EINVAL when any line of it is wrong, also one behind an entry that means s.
 */
int revoked_find(const char *text, size_t len, const struct revoked_subject *s,
		 struct revoked_entry *ret, struct err *err);

#endif /* POLICIES_REVOKED_H */
