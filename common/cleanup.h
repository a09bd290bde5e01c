/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cleanup - release a local when it goes out of scope
 *
 * `cleanup_free` and `cleanup_close` are written before a declaration that is
 * initialised (NULL, -1).  take_fd() and take_ptr() hand the object over and
 * leave the local empty, so that nothing is released twice.
 */
#ifndef COMMON_CLEANUP_H
#define COMMON_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_ptr(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

#define cleanup_free __attribute__((cleanup(cleanup_free_ptr)))
#define cleanup_close __attribute__((cleanup(cleanup_close_fd)))

/* Give the descriptor away: the caller of take_fd() owns what it returns. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* The same for a pointer of any type: `return take_ptr(&p);` */
#define take_ptr(p)                                                                      \
	({                                                                               \
		__typeof__(*(p)) taken_ = *(p);                                          \
		*(p) = NULL;                                                             \
		taken_;                                                                  \
	})

#endif /* COMMON_CLEANUP_H */
