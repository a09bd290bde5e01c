/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rewrite - put a server's entry behind a launcher, and back
 *
 * Only the values of the command, of the arguments and of named variables are replaced,
 * in place; an entry without arguments gets them behind its command.  Comments, order,
 * unknown members and white space stay as they are.  Pure: text in, edits out.
 */
#ifndef CONFIGS_REWRITE_H
#define CONFIGS_REWRITE_H

#include <stddef.h>

#include "configs/clients.h"
#include "configs/servers.h"

struct edits;
struct err;
struct strv;

/* One document, parsed; servers borrow from the tree. */
struct rewrite_document {
	const struct client *client;
	enum document_format format;
	const char *text; /* borrowed */
	size_t len;
	struct tree tree;
	struct servers servers;
};

/* Parse text (which must outlive it) and find its servers.  0 or -errno. */
int rewrite_open(const struct client *client, enum document_format format, const char *text,
		 size_t len, struct rewrite_document *ret, struct err *err);

void rewrite_close(struct rewrite_document *d);

/*
 * Edits that make the client start `program run id` instead of the entry's own command
 * and arguments, and that empty the named variables.  -EINVAL with words when the entry
 * has a shape in which that cannot be written with certainty.
 */
int rewrite_wrap(const struct rewrite_document *d, const struct server *server,
		 const char *program, const char *id, const struct strv *emptied,
		 struct edits *edits, struct err *err);

/*
 * Edits that give the entry `now` of d the command, the arguments and the emptied
 * variables that `then` has in the document `before`.  What the entry has gained since
 * stays; each thing that cannot be given back is a sentence in notes.
 */
int rewrite_restore(const struct rewrite_document *d, const struct server *now,
		    const struct rewrite_document *before, const struct server *then,
		    struct edits *edits, struct strv *notes, struct err *err);

#endif /* CONFIGS_REWRITE_H */
