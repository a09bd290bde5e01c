/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_arguments - filter B: arguments that make an allowed call a forbidden one
 *
 * The default is to allow: what a call is worth is filter A's to say.  Every comparison
 * is of the low 32 bits, since that is what the kernel uses of an int and the rest of
 * the register is the caller's to fill (CVE-2019-7303, CVE-2019-10063).
 *
 * REFUSE(error, call, arg, mask, value, why)	when (arg & mask) == value
 * REFUSE2(error, call, arg, mask, value, arg2, mask2, value2, why)	when both hold
 * ONLY(error, call, arg, value, why)		when arg is not value
 * FAMILIES(call, why)	EAFNOSUPPORT when argument 0 is not AF_UNIX; in the program for a
 *	server that may connect, AF_INET and AF_INET6 too, with SOCK_STREAM or SOCK_DGRAM and
 *	protocol 0, TCP or UDP, else EPROTONOSUPPORT
 * SETS(error, call, arg, value, pointer, why)	when arg is value and the pointer is not NULL
 * PLAIN(error, call, arg, why)			when arg is neither 0 nor 8 nor all ones
 *
 * Where several rows match, the answer is the error of one of them.  Numbers stand for
 * constants that some header of the oldest supported system lacks.
 *
 * Included by gen.c, and by the test that runs the programs in a simulator.
 */

/* clang-format off */

/* Sockets. */
FAMILIES(socket, "no network: no family but Unix's can exist; or TCP and UDP with what a policy names")
ONLY(EAFNOSUPPORT, socketpair, 0, AF_UNIX, "no network: TIPC has pairs too")
REFUSE(EPERM, socketpair, 1, 0xf, SOCK_DGRAM, "one end can be sent to any socket that has a visible name")
REFUSE(EPERM, socketpair, 1, 0xf, SOCK_RAW, "on AF_UNIX the same as SOCK_DGRAM")
REFUSE(EPERM, setsockopt, 2, ALL, 26, "SO_ATTACH_FILTER: programs in the kernel")
REFUSE(EPERM, setsockopt, 2, ALL, 50, "SO_ATTACH_BPF: programs in the kernel")
REFUSE(EPERM, setsockopt, 2, ALL, 51, "SO_ATTACH_REUSEPORT_CBPF: programs in the kernel")
REFUSE(EPERM, setsockopt, 2, ALL, 52, "SO_ATTACH_REUSEPORT_EBPF: programs in the kernel")

/* Namespaces; CLONE_NEWTIME is no flag of clone(2). */
REFUSE(EPERM, clone, 0, CLONE_NEWNS, CLONE_NEWNS, "a mount namespace of its own")
REFUSE(EPERM, clone, 0, CLONE_NEWCGROUP, CLONE_NEWCGROUP, "a cgroup namespace of its own")
REFUSE(EPERM, clone, 0, CLONE_NEWUTS, CLONE_NEWUTS, "a uts namespace of its own")
REFUSE(EPERM, clone, 0, CLONE_NEWIPC, CLONE_NEWIPC, "an ipc namespace of its own")
REFUSE(EPERM, clone, 0, CLONE_NEWUSER, CLONE_NEWUSER, "a user namespace, with every capability in it")
REFUSE(EPERM, clone, 0, CLONE_NEWPID, CLONE_NEWPID, "a pid namespace of its own")
REFUSE(EPERM, clone, 0, CLONE_NEWNET, CLONE_NEWNET, "a network namespace of its own")

/* Terminals (CVE-2017-5226, CVE-2023-28100), and marks on files that stay on the host. */
REFUSE(EPERM, ioctl, 1, ALL, 0x5412, "TIOCSTI: types into the user's terminal")
REFUSE(EPERM, ioctl, 1, ALL, 0x541c, "TIOCLINUX: pastes into the user's console")
REFUSE(EPERM, ioctl, 1, ALL, 0x541d, "TIOCCONS: takes the console's output over")
REFUSE(EPERM, ioctl, 1, ALL, 0x540e, "TIOCSCTTY: takes a controlling terminal")
REFUSE(EPERM, ioctl, 1, ALL, 0x5423, "TIOCSETD: loads a line discipline")
REFUSE(EPERM, ioctl, 1, ALL, 0x40086602, "FS_IOC_SETFLAGS: marks a file immutable")
REFUSE(EPERM, ioctl, 1, ALL, 0x401c5820, "FS_IOC_FSSETXATTR: marks a file immutable, changes quota projects")
REFUSE(EPERM, ioctl, 1, ALL, 0x40806685, "FS_IOC_ENABLE_VERITY: makes a file read-only for good")
REFUSE(EPERM, ioctl, 1, ALL, 0x800c6613, "FS_IOC_SET_ENCRYPTION_POLICY: locks a directory of the user's")
REFUSE(EPERM, ioctl, 1, 0xff80, 0x9480, "Btrfs: makes snapshots and subvolumes, past Landlock; FICLONE and its like stay")
REFUSE(EPERM, ioctl, 1, 0xffc0, 0x9440, "Btrfs: makes snapshots and subvolumes, past Landlock; FICLONE and its like stay")
REFUSE(EPERM, ioctl, 1, 0xfff8, 0x9400, "Btrfs: makes snapshots and subvolumes, past Landlock; FICLONE and its like stay")
REFUSE(EPERM, ioctl, 1, 0xfff9, 0x9408, "Btrfs: makes snapshots and subvolumes, past Landlock; FICLONE and its like stay")
REFUSE(EPERM, ioctl, 1, 0xfffb, 0x940b, "Btrfs: makes snapshots and subvolumes, past Landlock; FICLONE and its like stay")
REFUSE(EPERM, ioctl, 1, 0xfff0, 0x9410, "Btrfs: makes snapshots and subvolumes, past Landlock; FICLONE and its like stay")
REFUSE(EPERM, ioctl, 1, 0xfff0, 0x9420, "Btrfs: makes snapshots and subvolumes, past Landlock; FICLONE and its like stay")
REFUSE(EPERM, ioctl, 1, 0xfff8, 0x9438, "Btrfs: makes snapshots and subvolumes, past Landlock; FICLONE and its like stay")
REFUSE(EPERM, ioctl, 1, 0xfffc, 0x9430, "Btrfs: makes snapshots and subvolumes, past Landlock; FICLONE and its like stay")
REFUSE(EPERM, ioctl, 1, 0xfffe, 0x9434, "Btrfs: makes snapshots and subvolumes, past Landlock; FICLONE and its like stay")
REFUSE(EPERM, ioctl, 1, 0xffff, 0x9437, "Btrfs: makes snapshots and subvolumes, past Landlock; FICLONE and its like stay")
REFUSE(EPERM, ioctl, 1, 0xffff, 0x6617, "FS_IOC_ADD_ENCRYPTION_KEY: fills the user's quota of keys")
REFUSE(EPERM, ioctl, 1, 0xffff, 0x6618, "FS_IOC_REMOVE_ENCRYPTION_KEY: locks the user's encrypted directories")
REFUSE(EPERM, fcntl, 1, ALL, 1024, "F_SETLEASE: makes whoever opens the file outside wait")

/* The process itself. */
REFUSE(EPERM, setrlimit, 0, ALL, 4, "RLIMIT_CORE: at any value but 1 a crash starts the host's core handler")
SETS(EPERM, prlimit64, 1, 4, 2, "RLIMIT_CORE: at any value but 1 a crash starts the host's core handler")
REFUSE(EPERM, prctl, 0, ALL, PR_SET_MM, "forges what /proc says of the process")
REFUSE(EPERM, prctl, 0, ALL, 0x59616d61, "PR_SET_PTRACER: lets others trace it")
REFUSE(EPERM, prctl, 0, ALL, PR_SET_SECUREBITS, "capabilities are settled")
REFUSE(EPERM, prctl, 0, ALL, PR_CAPBSET_DROP, "capabilities are settled")
REFUSE(EPERM, prctl, 0, ALL, PR_CAP_AMBIENT, "capabilities are settled")
REFUSE(EPERM, prctl, 0, ALL, 59, "PR_SET_SYSCALL_USER_DISPATCH: kernel surface")
REFUSE(EPERM, prctl, 0, ALL, 62, "PR_SCHED_CORE: sharing of cores with others")
REFUSE(EINVAL, prctl, 0, ALL, 67, "PR_SET_MEMORY_MERGE: equal pages of others show by timing; as without KSM")
REFUSE(EINVAL, madvise, 2, ALL, 12, "MADV_MERGEABLE: equal pages of others show by timing; as without KSM")
PLAIN(EPERM, personality, 0, "PER_LINUX, PER_LINUX32 and the question; others weaken address randomisation")

/* Set-id files: another user of the host could run one as this user, outside of here. */
REFUSE(EPERM, chmod, 1, S_ISUID, S_ISUID, "a set-user-id file")
REFUSE(EPERM, chmod, 1, S_ISGID, S_ISGID, "a set-group-id file")
REFUSE(EPERM, fchmod, 1, S_ISUID, S_ISUID, "a set-user-id file")
REFUSE(EPERM, fchmod, 1, S_ISGID, S_ISGID, "a set-group-id file")
REFUSE(EPERM, fchmodat, 2, S_ISUID, S_ISUID, "a set-user-id file")
REFUSE(EPERM, fchmodat, 2, S_ISGID, S_ISGID, "a set-group-id file")
REFUSE(EPERM, creat, 1, S_ISUID, S_ISUID, "a set-user-id file")
REFUSE(EPERM, creat, 1, S_ISGID, S_ISGID, "a set-group-id file")
REFUSE2(EPERM, open, 1, O_CREAT, O_CREAT, 2, S_ISUID, S_ISUID, "a set-user-id file")
REFUSE2(EPERM, open, 1, O_CREAT, O_CREAT, 2, S_ISGID, S_ISGID, "a set-group-id file")
REFUSE2(EPERM, open, 1, TMPFILE, TMPFILE, 2, S_ISUID, S_ISUID, "a set-user-id file that gets a name later")
REFUSE2(EPERM, open, 1, TMPFILE, TMPFILE, 2, S_ISGID, S_ISGID, "a set-group-id file that gets a name later")
REFUSE2(EPERM, openat, 2, O_CREAT, O_CREAT, 3, S_ISUID, S_ISUID, "a set-user-id file")
REFUSE2(EPERM, openat, 2, O_CREAT, O_CREAT, 3, S_ISGID, S_ISGID, "a set-group-id file")
REFUSE2(EPERM, openat, 2, TMPFILE, TMPFILE, 3, S_ISUID, S_ISUID, "a set-user-id file that gets a name later")
REFUSE2(EPERM, openat, 2, TMPFILE, TMPFILE, 3, S_ISGID, S_ISGID, "a set-group-id file that gets a name later")
REFUSE(EPERM, mknod, 1, S_ISUID, S_ISUID, "a set-user-id file")
REFUSE(EPERM, mknod, 1, S_ISGID, S_ISGID, "a set-group-id file")
REFUSE(EPERM, mknod, 1, S_IFMT, S_IFCHR, "a device node")
REFUSE(EPERM, mknod, 1, S_IFMT, S_IFBLK, "a device node")
REFUSE(EPERM, mknodat, 2, S_ISUID, S_ISUID, "a set-user-id file")
REFUSE(EPERM, mknodat, 2, S_ISGID, S_ISGID, "a set-group-id file")
REFUSE(EPERM, mknodat, 2, S_IFMT, S_IFCHR, "a device node")
REFUSE(EPERM, mknodat, 2, S_IFMT, S_IFBLK, "a device node")
