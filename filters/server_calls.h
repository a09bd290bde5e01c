/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_calls - filter A: what a server may call, by number
 *
 * Included by gen.c only.  CALL() is allowed, EPERM_() is known and wrong and must look
 * forbidden, NOSYS() is known and must look absent so that libraries fall back.  What
 * stands in no row is absent too (ENOSYS): a system call that a newer kernel brings is
 * then as on an older kernel, and programs know how to go on.
 */

/* Files: paths are the mount namespace's and Landlock's to judge. */
CALL(read) CALL(write) CALL(readv) CALL(writev) CALL(pread64) CALL(pwrite64)
CALL(preadv) CALL(pwritev) CALL(preadv2) CALL(pwritev2) CALL(lseek) CALL(close)
CALL(close_range) CALL(open) CALL(openat) CALL(openat2) CALL(creat) CALL(dup) CALL(dup2)
CALL(dup3) CALL(fcntl) CALL(ioctl) CALL(flock) CALL(fsync) CALL(fdatasync) CALL(sync)
CALL(syncfs) CALL(sync_file_range) CALL(truncate) CALL(ftruncate) CALL(fallocate)
CALL(fadvise64) CALL(readahead) CALL(copy_file_range) CALL(sendfile) CALL(splice)
CALL(tee) CALL(vmsplice) CALL(stat) CALL(lstat) CALL(fstat) CALL(newfstatat) CALL(statx)
CALL(access) CALL(faccessat) CALL(faccessat2) CALL(statfs) CALL(fstatfs)
CALL(getdents) CALL(getdents64) CALL(getcwd) CALL(chdir) CALL(fchdir) CALL(mkdir)
CALL(mkdirat) CALL(rmdir) CALL(unlink) CALL(unlinkat) CALL(rename) CALL(renameat)
CALL(renameat2) CALL(link) CALL(linkat) CALL(symlink) CALL(symlinkat) CALL(readlink)
CALL(readlinkat) CALL(chmod) CALL(fchmod) CALL(fchmodat) CALL(chown) CALL(fchown)
CALL(lchown) CALL(fchownat) CALL(umask) CALL(utime) CALL(utimes) CALL(utimensat)
CALL(futimesat) CALL(mknod) CALL(mknodat)
CALL(getxattr) CALL(lgetxattr) CALL(fgetxattr) CALL(listxattr) CALL(llistxattr)
CALL(flistxattr) CALL(setxattr) CALL(lsetxattr) CALL(fsetxattr) CALL(removexattr)
CALL(lremovexattr) CALL(fremovexattr)
CALL(inotify_init) CALL(inotify_init1) CALL(inotify_add_watch) CALL(inotify_rm_watch)
/* Native asynchronous I/O of databases; io_uring is refused below. */
CALL(io_setup) CALL(io_submit) CALL(io_getevents) CALL(io_pgetevents) CALL(io_cancel)
CALL(io_destroy)

/* Memory: W and X together stay legal, every JIT compiler needs them. */
CALL(brk) CALL(mmap) CALL(mprotect) CALL(mremap) CALL(munmap) CALL(madvise) CALL(mincore)
CALL(msync) CALL(mlock) CALL(mlock2) CALL(munlock) CALL(mlockall) CALL(munlockall)
CALL(membarrier) CALL(pkey_alloc) CALL(pkey_free) CALL(pkey_mprotect) CALL(memfd_create)
CALL(remap_file_pages) CALL(get_mempolicy)

/* Processes and threads; clone's flags are filter B's. */
CALL(clone) CALL(fork) CALL(vfork) CALL(execve) CALL(execveat) CALL(exit)
CALL(exit_group) CALL(wait4) CALL(waitid) CALL(kill) CALL(tgkill) CALL(tkill)
CALL(rt_sigaction) CALL(rt_sigprocmask) CALL(rt_sigreturn) CALL(rt_sigpending)
CALL(rt_sigsuspend) CALL(rt_sigtimedwait) CALL(rt_sigqueueinfo) CALL(rt_tgsigqueueinfo)
CALL(sigaltstack) CALL(restart_syscall) CALL(pause) CALL(prctl) CALL(arch_prctl)
CALL(set_tid_address) CALL(set_robust_list) CALL(get_robust_list) CALL(rseq) CALL(futex)
CALL(futex_waitv) CALL(getpid) CALL(getppid) CALL(gettid) CALL(getpgid) CALL(getpgrp)
CALL(setpgid) CALL(getsid) CALL(setsid) CALL(getrusage) CALL(times) CALL(sysinfo)
CALL(uname) CALL(getcpu) CALL(getrandom) CALL(prlimit64) CALL(getrlimit) CALL(setrlimit)
CALL(sched_yield) CALL(sched_getaffinity) CALL(sched_setaffinity) CALL(sched_getparam)
CALL(sched_setparam) CALL(sched_getscheduler) CALL(sched_setscheduler)
CALL(sched_getattr) CALL(sched_setattr) CALL(sched_get_priority_max)
CALL(sched_get_priority_min) CALL(sched_rr_get_interval) CALL(getpriority)
CALL(setpriority) CALL(ioprio_get) CALL(ioprio_set) CALL(pidfd_open)
CALL(pidfd_send_signal) CALL(personality) CALL(capget)
/* A server may confine itself further. */
CALL(seccomp) CALL(landlock_create_ruleset) CALL(landlock_add_rule)
CALL(landlock_restrict_self)

/* Time and events. */
CALL(time) CALL(gettimeofday) CALL(clock_gettime) CALL(clock_getres)
CALL(clock_nanosleep) CALL(nanosleep) CALL(alarm) CALL(getitimer) CALL(setitimer)
CALL(timer_create) CALL(timer_settime) CALL(timer_gettime) CALL(timer_getoverrun)
CALL(timer_delete) CALL(timerfd_create) CALL(timerfd_settime) CALL(timerfd_gettime)
CALL(epoll_create) CALL(epoll_create1) CALL(epoll_ctl) CALL(epoll_wait)
CALL(epoll_pwait) CALL(epoll_pwait2) CALL(poll) CALL(ppoll) CALL(select) CALL(pselect6)
CALL(eventfd) CALL(eventfd2) CALL(signalfd) CALL(signalfd4)

/* Between its own processes; the families of sockets are filter B's. */
CALL(pipe) CALL(pipe2) CALL(socket) CALL(socketpair) CALL(connect) CALL(bind)
CALL(listen) CALL(accept) CALL(accept4) CALL(sendto) CALL(recvfrom) CALL(sendmsg)
CALL(recvmsg) CALL(sendmmsg) CALL(recvmmsg) CALL(shutdown) CALL(getsockname)
CALL(getpeername) CALL(getsockopt) CALL(setsockopt)
CALL(shmget) CALL(shmat) CALL(shmdt) CALL(shmctl) CALL(semget) CALL(semop)
CALL(semtimedop) CALL(semctl) CALL(msgget) CALL(msgsnd) CALL(msgrcv) CALL(msgctl)

/* Identities: without capabilities they change nothing, and programs call them. */
CALL(getuid) CALL(geteuid) CALL(getgid) CALL(getegid) CALL(getresuid) CALL(getresgid)
CALL(getgroups) CALL(setuid) CALL(setgid) CALL(setreuid) CALL(setregid) CALL(setresuid)
CALL(setresgid) CALL(setfsuid) CALL(setfsgid)

/* Other processes' memory and descriptors. */
EPERM_(ptrace) EPERM_(process_vm_readv) EPERM_(process_vm_writev) EPERM_(pidfd_getfd)
EPERM_(kcmp) EPERM_(process_madvise) EPERM_(process_mrelease)
/* Kernel surface that no server needs and many exploits did. */
EPERM_(bpf) EPERM_(perf_event_open) EPERM_(userfaultfd) EPERM_(io_uring_setup)
EPERM_(io_uring_enter) EPERM_(io_uring_register) EPERM_(add_key) EPERM_(keyctl)
EPERM_(request_key) EPERM_(fanotify_init) EPERM_(fanotify_mark) EPERM_(lookup_dcookie)
EPERM_(modify_ldt) EPERM_(iopl) EPERM_(ioperm) EPERM_(mbind) EPERM_(set_mempolicy)
EPERM_(migrate_pages) EPERM_(move_pages) EPERM_(name_to_handle_at)
EPERM_(open_by_handle_at) EPERM_(uselib) EPERM_(ustat) EPERM_(sysfs) EPERM_(vhangup)
/* Namespaces and mounts. */
EPERM_(unshare) EPERM_(setns) EPERM_(mount) EPERM_(umount2) EPERM_(pivot_root)
EPERM_(chroot) EPERM_(setgroups) EPERM_(capset)
/* The machine. */
EPERM_(kexec_load) EPERM_(kexec_file_load) EPERM_(init_module) EPERM_(finit_module)
EPERM_(delete_module) EPERM_(reboot) EPERM_(swapon) EPERM_(swapoff) EPERM_(acct)
EPERM_(syslog) EPERM_(quotactl) EPERM_(quotactl_fd) EPERM_(settimeofday)
EPERM_(clock_settime) EPERM_(clock_adjtime) EPERM_(adjtimex) EPERM_(sethostname)
EPERM_(setdomainname) EPERM_(nfsservctl)

/* Flags in memory, which no filter can read: libraries fall back to clone and mount. */
NOSYS(clone3) NOSYS(open_tree) NOSYS(move_mount) NOSYS(fsopen) NOSYS(fsconfig)
NOSYS(fsmount) NOSYS(fspick) NOSYS(mount_setattr) NOSYS(memfd_secret)
