/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pins - the files in which a server's tools are remembered
 *
 * ~/.local/state/mcp-confine/pins/NAME.pins and NAME.count (common/pins.h).  No sandbox
 * shows that directory to a server.
 */
#ifndef LAUNCHER_PINS_H
#define LAUNCHER_PINS_H

#include <stddef.h>

struct err;
struct session;
struct user;

struct pins_files {
	int log, append, count; /* -1: not open */
};

/*
 * The name under which a session's pins are kept, in name[96].  For a script started ad
 * hoc it ends in a number made of its path: two scripts of one name are two servers.
 */
void pins_name(const struct session *s, char *name, size_t size);

/*
 * Open (create) the files and repair what a crash can leave: a record that was not written
 * to its end.  Return: 0, or -errno; -EBADMSG with words when records are damaged or gone.
 */
int pins_open(const struct user *user, const char *name, struct pins_files *ret,
	      struct err *err);

/* The text of the log, damaged or not; the caller frees it. */
int pins_read(const struct user *user, const char *name, char **ret_text, size_t *ret_len,
	      struct err *err);

/* Remove both files.  -EBUSY while a session of that server lives. */
int pins_forget(const struct user *user, const char *name, struct err *err);

void pins_close(struct pins_files *f);

#endif /* LAUNCHER_PINS_H */
