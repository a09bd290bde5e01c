/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logbook - the files of one server's audit log, and the state that they are held against
 *
 *	NAME.jsonl	lines (common/trail.h); NAME.jsonl.1 the file before, and so on
 *	NAME.head	how many lines there must be, and the hash of the last one
 *	NAME.lock	held (flock) while a line is written
 *
 * Theory of operation.  One chain for each server, over all its sessions: each append takes
 * the lock, reads the state, writes one line, writes the state.  The state is behind the
 * lines, never before: after a crash there can be more lines than it knows, and these are
 * taken over when they continue the chain; a piece of a line is ended and named
 * ("event":"torn").  Fewer lines than it knows are a cut: it is said ("event":"cut"), the
 * chain goes on from the line that is missing, and so no check passes over the hole.
 *
 * Works without memory of its own and by names in a directory that was opened before, for
 * a locked process.
 */
#ifndef LAUNCHER_LOGBOOK_H
#define LAUNCHER_LOGBOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/trail.h"

struct err;
struct user;

#define LOGBOOK_NAME 65
/* Old files that are looked for when a log is read; more are never kept. */
#define LOGBOOK_FILES 100

/* NAME.head.  For this machine alone: host byte order. */
struct logbook_state {
	uint64_t magic;
	uint64_t first;		       /* number of the first line that is kept */
	uint8_t before[SHA256_SIZE];   /* hash of the line before that */
	uint64_t last;		       /* number of the last line */
	uint8_t hash[SHA256_SIZE];     /* and its hash */
	uint64_t size;		       /* bytes of NAME.jsonl */
	uint64_t rotations;	       /* how often it was begun anew */
	uint8_t sum[SHA256_SIZE];      /* of all before */
};

struct logbook {
	char name[LOGBOOK_NAME];
	int dir, fd, head, lock;
	uint64_t max_size;
	unsigned int files;
	struct logbook_state state;
	uint64_t rotations; /* of the file that is open */
	bool was_cut, was_lost; /* found at an append: fewer lines than there were; no state */
	char line[TRAIL_LINE];
	size_t len;	    /* of the line that was written last */
};

/* The name of the files of a server: what a file name cannot hold is replaced. */
void logbook_name(const char *server, char ret[static LOGBOOK_NAME]);

/* Make and open what is missing; dir is borrowed and stays open.  Return: 0 or -errno. */
int logbook_open(int dir, const char *server, uint64_t max_size, unsigned int files,
		 struct logbook *ret, struct err *err);

/*
 * Append a record (checked: trail_check_record()).  Return: 0, or -errno, and nothing of it
 * is in the file.
 */
int logbook_append(struct logbook *b, const struct trail_who *who, const char *by,
		   int64_t unix_ms, const char *record, size_t len);

/* fdatasync(2).  Return: 0 or -errno. */
int logbook_sync(const struct logbook *b);

void logbook_close(struct logbook *b);

/* The state as it is on disk.  Return: 0, -ENOENT, -EBADMSG (damaged) or -errno. */
int logbook_read_state(int dir, const char *name, struct logbook_state *ret);

/*
 * Open the i-th file of a log, oldest first (i from 0).  Return: a descriptor, -ENOENT when
 * there are no more, or -errno.
 */
int logbook_open_file(int dir, const char *name, unsigned int i);

/* The directory of the logs; makes: create it.  Return: a descriptor or -errno. */
int logbook_directory(const struct user *user, bool makes, struct err *err);

#endif /* LAUNCHER_LOGBOOK_H */
