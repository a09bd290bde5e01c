/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logfiles - read what logbook.h wrote: every file of one log, oldest first, line by line
 */
#ifndef LAUNCHER_LOGFILES_H
#define LAUNCHER_LOGFILES_H

#include <stdbool.h>
#include <stdio.h>

#include "common/strv.h"
#include "launcher/logbook.h"

struct err;

struct logfiles {
	char name[LOGBOOK_NAME];
	int dir; /* borrowed */
	int fd[LOGBOOK_FILES + 2];
	unsigned int n, at;	 /* open files; the one that is read */
	uint64_t size;		 /* of the last one, when it was opened */
	FILE *file;		 /* fd[at], or NULL */
	uint64_t offset;	 /* in it */
	size_t number;		 /* of the line in it, from 1 */
	char *line;
	size_t room;
	bool is_whole;		 /* the line had its newline */
	struct logbook_state state;
	int state_error;	 /* 0, -ENOENT: there is none, -EBADMSG: damaged */
};

/* The names of all logs in the directory, sorted. */
int logfiles_list(int dir, struct strv *ret, struct err *err);

/* Open all files of one log as they are at one moment, with its state.  Return: 0, -ENOENT
 * when there is none, or -errno. */
int logfiles_open(int dir, const char *server, struct logfiles *ret, struct err *err);

/* The next line, without newline; valid until the next call.  follows: also what is written
 * behind the moment of opening, as far as it is whole.  Return: 1, 0 at the end, -errno. */
int logfiles_next(struct logfiles *f, bool follows, const char **ret, size_t *ret_len);

/* What of the log is wrong.  Return: 0, or -EBADMSG with the place and what is wrong. */
struct logfiles_found {
	uint64_t first, last, torn, lost;
	uint8_t hash[SHA256_SIZE];
	size_t unfinished; /* bytes of a torn line at the end that nobody named yet */
	bool has_seen;	   /* the head that was asked for was met */
};
int logfiles_verify(struct logfiles *f, const struct trail_head *seen,
		    struct logfiles_found *ret, struct err *err);

void logfiles_close(struct logfiles *f);

#endif /* LAUNCHER_LOGFILES_H */
