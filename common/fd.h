/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd - descriptors: whole reads and writes, sealed memory, and which ones survive
 *
 * Everything is opened O_CLOEXEC.  The few descriptors that must survive an exec
 * are given their number by fd_place(), last.
 */
#ifndef COMMON_FD_H
#define COMMON_FD_H

#include <stdbool.h>
#include <stddef.h>

struct err;

/* Write all of it, over EINTR and short writes.  Return: 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t len);

/*
 * Read to end of file, at most max bytes.  *ret_data is NUL-terminated behind
 * *ret_len bytes, and the caller's to free.  Return: 0, -EFBIG or -errno.
 */
int fd_read_all(int fd, size_t max, char **ret_data, size_t *ret_len, struct err *err);

/*
 * A memfd with that content, sealed against every change (F_SEAL_*, memfd_create(2)),
 * at offset 0, O_CLOEXEC.  Return: a descriptor or -errno.
 */
int fd_sealed(const char *name, const void *data, size_t len, struct err *err);

/* Make fd the descriptor `number`, without O_CLOEXEC.  Return: 0 or -errno. */
int fd_place(int fd, int number, struct err *err);

/*
 * Close every descriptor from `from` up: close_range(2) (Linux 5.9), or what
 * /proc/self/fd lists where that call is missing.
 */
int fd_close_from(unsigned int from);

/* Set O_CLOEXEC on every descriptor from `from` up (Linux 5.11), or the same by hand. */
int fd_cloexec_from(unsigned int from);

/* Parse a descriptor number of the command line: decimal, open.  Return: 0 or -errno. */
int fd_parse(const char *text, int *ret_fd, struct err *err);

/* Descriptors 0, 1 and 2 exist afterwards: a closed one becomes /dev/null. */
int fd_have_stdio(struct err *err);

#endif /* COMMON_FD_H */
