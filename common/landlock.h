/* SPDX-License-Identifier: Apache-2.0 */
/*
 * landlock - rulesets for this process and what it starts (landlock(7))
 *
 * The launcher adds rules for a server; a shim enters with none.  What a kernel's
 * ABI does not know is left out of what is handled and can be asked for by
 * landlock_abi(), so that nobody claims it.  Since Linux 5.13.
 */
#ifndef COMMON_LANDLOCK_H
#define COMMON_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/* Rights as the kernel names them, in sets that fit a mount. */
enum landlock_grant {
	LANDLOCK_LIST = 0,  /* names in directories, nothing of the content */
	LANDLOCK_READ,	    /* content and names */
	LANDLOCK_EXECUTE,   /* the same, and execution */
	LANDLOCK_WRITE,	    /* content, names, files, directories, links; no execution,
			       no device, socket or FIFO */
	LANDLOCK_SOCKET,    /* LANDLOCK_WRITE, and named sockets */
	LANDLOCK_CHANGE,    /* LANDLOCK_WRITE, but nothing that is new */
	LANDLOCK_PRIVATE,   /* LANDLOCK_WRITE with sockets and FIFOs: nobody outside meets them */
	LANDLOCK_DEVICE,    /* read and write an existing device node */
	LANDLOCK_UNLINK,    /* take names of files away, nothing else */
};

/* Return: the ABI of the running kernel, 0 when Landlock is absent or disabled. */
int landlock_abi(void);

/* Why landlock_abi() is 0: ENOSYS (not built in), EOPNOTSUPP (disabled at boot), EPERM
 * (a filter); 0 when it is not. */
int landlock_errno(void);

/* The errata that the running kernel has fixed, a bit each (Linux 6.15); -1: it does
 * not say. */
int landlock_errata(void);

/*
 * A ruleset that handles every right that ABI `abi` knows: files, TCP bind and
 * connect (ABI 4), abstract Unix sockets (ABI 6), and with keeps_signals signals too
 * (ABI 6: none leaves the domain; not for a process that must signal its children
 * started before).  Return: a descriptor (O_CLOEXEC) or -errno.
 */
int landlock_open(int abi, bool keeps_signals, struct err *err);

/*
 * Allow `grant` at and below the file or directory fd (O_PATH is enough); is_dir
 * says which, because rights over names are refused on a file.
 */
int landlock_add(int ruleset, int abi, int fd, int is_dir, enum landlock_grant grant,
		 struct err *err);

/*
 * Enter a domain in which everything is as before, but signals reach only this process
 * and what it starts from now on.  ABI 6; irreversible; no_new_privs is set.
 */
int landlock_enter_scope(struct err *err);

/* Allow TCP connections to this port; nothing to do before ABI 4 (Linux 6.7), where TCP
 * is not mediated.  Return: 0 or -errno. */
int landlock_add_port(int ruleset, int abi, uint16_t port, struct err *err);

/* Irreversible.  The caller has set no_new_privs. */
int landlock_enter(int ruleset, struct err *err);

#endif /* COMMON_LANDLOCK_H */
