/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk - the terminal's side of an approval: find the brokers, ask what is open, answer
 */
#ifndef LAUNCHER_DESK_H
#define LAUNCHER_DESK_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire.h"

struct err;

struct desk_question {
	int fd; /* of its broker */
	uint8_t key[WIRE_KEY];
	struct wire_shown shown;
};

/* The open questions of every server of this user; its brokers stay connected. */
struct desk {
	int *fds;
	size_t n_fds;
	struct desk_question *v;
	size_t n;
};

/* state is the user's state directory.  Return: 0 or -errno; desk_done() in any case. */
int desk_open(struct desk *d, const char *state, struct err *err);
void desk_done(struct desk *d);

/* The question whose digest begins with `code` (at least 4 hexadecimal digits).
 * Return: 0; -ENOENT; -ENOTUNIQ. */
int desk_find(const struct desk *d, const char *code, const struct desk_question **ret,
	      struct err *err);

/* Answer it.  Return: 0; -ESTALE, it was answered, withdrawn or too late; -errno. */
int desk_answer(const struct desk_question *q, enum wire_say_kind kind, struct err *err);

#endif /* LAUNCHER_DESK_H */
