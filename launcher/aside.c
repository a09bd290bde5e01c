/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "common/layer.h"
#include "launcher/aside.h"
#include "launcher/cause.h"

#define STACK ((size_t)64 * 1024)

static int wanted(void)
{
	return (layer_is_out("network") ? 0 : CLONE_NEWNET) |
	       (layer_is_out("ipc") ? 0 : CLONE_NEWIPC);
}

/*
 * On pid 1's memory, beside it: whatever this writes there, errno of a failed call too, may
 * be read by pid 1.  A failure here ends the start anyhow.
 */
static int make(void *arg)
{
	const struct aside *a = arg;
	int32_t error = unshare(a->flags) < 0 ? errno : 0;
	char byte;

	/* Its own copies of the descriptors: pid 1's end of `stay` must be the only one. */
	close(a->stay[1]);
	if (write(a->done[1], &error, sizeof(error)) == (ssize_t)sizeof(error))
		while (read(a->stay[0], &byte, 1) < 0 && errno == EINTR)
			;
	_exit(0);
}

int aside_begin(struct aside *ret, struct err *err)
{
	*ret = (struct aside){ wanted(), 0, -1, { -1, -1 }, { -1, -1 }, NULL };
	if (!ret->flags)
		return 0;
	ret->stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (ret->stack == MAP_FAILED || pipe2(ret->done, O_CLOEXEC) < 0 ||
	    pipe2(ret->stay, O_CLOEXEC) < 0)
		return err_errno(err, errno, "prepare the namespaces");
	ret->pid = clone(make, ret->stack + STACK, CLONE_VM | CLONE_PIDFD | SIGCHLD, ret,
			 &ret->pidfd);
	if (ret->pid < 0)
		return cause_set(err, CAUSE_NAMESPACE, errno, "fork to make the namespaces of the sandbox");
	return 0;
}

/* Return: 0, or the errno of what could not be made. */
static int enter(const struct aside *a)
{
	int32_t error;
	ssize_t n;

	do
		n = read(a->done[0], &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(error))
		return EIO;
	if (error)
		return error;
	if (setns(a->pidfd, a->flags) == 0)
		return 0;
	/* Linux before 5.8, or a filter that knows no such descriptor. */
	return unshare(a->flags) < 0 ? errno : 0;
}

int aside_enter(struct aside *a, struct err *err)
{
	int error;

	if (!a->flags)
		return 0;
	/* *a is what the other task reads: it stays as it is until that has ended. */
	close(a->done[1]);
	error = enter(a);
	close(a->done[0]);
	close(a->stay[0]);
	close(a->stay[1]); /* it ends */
	close(a->pidfd);
	if (waitpid(a->pid, NULL, 0) != a->pid)
		return err_errno(err, errno, "wait for what made the namespaces");
	munmap(a->stack, STACK);
	return error ? cause_set(err, CAUSE_NAMESPACE, error, "make the namespaces of the sandbox") : 0;
}
