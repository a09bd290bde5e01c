/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs of filters/gen.c for both architectures, in a simulator, against the
 * tables that they were made from: every number, foreign architectures, and arguments
 * whose high halves are full of what the kernel ignores.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <sched.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "filters/filters.h"
#include "tests/unit/bpf_simulator.h"

#define NUMBERS 1024 /* of calls; the highest that libseccomp knows is far below */

#define DECLARE(arch)                                                                    \
	extern const struct lock_filter arch##_server_calls, arch##_server_arguments,    \
		arch##_server_arguments_net,                                              \
		arch##_server_no_sockets, arch##_init, arch##_launcher, arch##_pep, arch##_cgroup, \
		arch##_watch;

DECLARE(x86_64)
DECLARE(aarch64)

/* The two stacks in the order in which the kernel asks: what was added last comes first. */
#define TARGET(name, scmp, audit, has_x32, has_internet, b)                              \
	{ #name, scmp, audit, has_x32, has_internet,                                     \
	  { &name##_server_calls, &name##_##b, &name##_server_no_sockets },              \
	  { &name##_init, &name##_launcher, &name##_pep, &name##_cgroup, \
	    &name##_watch } }

static const struct target {
	const char *name;
	uint32_t scmp, audit;
	bool has_x32, has_internet;
	const struct lock_filter *server[3]; /* A, B; C for "sockets": "none" */
	const struct lock_filter *ours[5];
} targets[] = {
	TARGET(x86_64, SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, true, false, server_arguments),
	TARGET(aarch64, SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, false, false, server_arguments),
	TARGET(x86_64, SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, true, true, server_arguments_net),
	TARGET(aarch64, SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, false, true, server_arguments_net),
};
#define N_TARGETS (sizeof(targets) / sizeof(*targets))

/* --- the tables, read a second time -------------------------------------------------- */

enum kind { REFUSE_IF = 0, REFUSE_OTHER, REFUSE_PERSONA, REFUSE_SET, REFUSE_FAMILY };

static const struct call {
	const char *name;
	uint32_t answer;
} calls[] = {
#define CALL(name, why) { #name, SECCOMP_RET_ALLOW },
#define EPERM_(name, why) { #name, SECCOMP_RET_ERRNO | EPERM },
#define NOSYS(name, why) { #name, SECCOMP_RET_ERRNO | ENOSYS },
#include "filters/server_calls.h"
};

static const struct argument {
	enum kind kind;
	int error;
	const char *name;
	unsigned int arg;
	uint32_t mask, value;
	unsigned int arg2;
	uint32_t mask2, value2;
} arguments[] = {
#define ALL 0xffffffff
#define TMPFILE 020000000
#define REFUSE(error, name, arg, mask, value, why)                                       \
	{ REFUSE_IF, error, #name, arg, mask, value, arg, 0, 0 },
#define REFUSE2(error, name, arg, mask, value, arg2, mask2, value2, why)                 \
	{ REFUSE_IF, error, #name, arg, mask, value, arg2, mask2, value2 },
#define ONLY(error, name, arg, value, why)                                               \
	{ REFUSE_OTHER, error, #name, arg, ALL, value, arg, 0, 0 },
#define SETS(error, name, arg, value, pointer, why)                                      \
	{ REFUSE_SET, error, #name, arg, ALL, value, pointer, 0, 0 },
#define FAMILIES(name, why) { REFUSE_FAMILY, EAFNOSUPPORT, #name, 0, ALL, 0, 0, 0, 0 },
#define PLAIN(error, name, arg, why) { REFUSE_PERSONA, error, #name, arg, 0, 0, arg, 0, 0 },
#include "filters/server_arguments.h"
};

static const struct call no_sockets[] = {
#define REFUSED(error, name, why) { #name, SECCOMP_RET_ERRNO | (error) },
#include "filters/server_no_sockets.h"
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* By number, for one architecture: what A says, and the rows of B and C. */
struct model {
	const struct target *target;
	uint32_t calls[NUMBERS];
	const char *name[NUMBERS];
	uint32_t c[NUMBERS];
};

static int number(const struct target *t, const char *name)
{
	return seccomp_syscall_resolve_name_arch(t->scmp, name);
}

static void model_init(struct model *m, const struct target *t)
{
	*m = (struct model){ .target = t };
	for (size_t i = 0; i < NUMBERS; i++) {
		m->calls[i] = SECCOMP_RET_ERRNO | ENOSYS;
		m->c[i] = SECCOMP_RET_ALLOW;
	}
	for (size_t i = 0; i < COUNT(calls); i++) {
		int nr = number(t, calls[i].name);

		assert_int_not_equal(nr, __NR_SCMP_ERROR);
		if (nr < 0)
			continue;
		assert_true(nr < NUMBERS);
		assert_null(m->name[nr]);
		m->calls[nr] = calls[i].answer;
		m->name[nr] = calls[i].name;
	}
	for (size_t i = 0; i < COUNT(no_sockets); i++)
		m->c[number(t, no_sockets[i].name)] = no_sockets[i].answer;
}

/* The error for this socket, or 0. */
static int family_error(bool has_internet, const unsigned long long args[6])
{
	uint32_t family = (uint32_t)args[0], type = (uint32_t)args[1] & 0xf, protocol = (uint32_t)args[2];

	if (family == AF_UNIX)
		return 0;
	if (!has_internet || (family != AF_INET && family != AF_INET6))
		return EAFNOSUPPORT;
	if ((type != SOCK_STREAM && type != SOCK_DGRAM) ||
	    (protocol != 0 && protocol != 6 && protocol != 17))
		return EPROTONOSUPPORT;
	return 0;
}

static bool row_matches(const struct argument *row, const unsigned long long args[6])
{
	uint32_t low = (uint32_t)args[row->arg], low2 = (uint32_t)args[row->arg2];

	switch (row->kind) {
	case REFUSE_IF:
		return (low & row->mask) == row->value && (low2 & row->mask2) == row->value2;
	case REFUSE_OTHER:
		return low != row->value;
	case REFUSE_PERSONA:
		return low != 0 && low != 8 && low != 0xffffffff;
	case REFUSE_FAMILY:
		return false; /* is_right() asks family_error() */
	case REFUSE_SET:
		return low == row->value && args[row->arg2] != 0;
	}
	return true;
}

/* Is this what the tables say?  With several rows of B, any of their errors will do. */
static bool is_right(const struct model *m, bool with_c, const struct seccomp_data *d,
		     uint32_t got)
{
	uint32_t nr = (uint32_t)d->nr, from_a = SECCOMP_RET_ERRNO | ENOSYS;
	bool is_refused = false, is_one_of_them = false;

	if (d->arch != m->target->audit || (m->target->has_x32 && nr >= 0x40000000 && nr != ~0U))
		return got == SECCOMP_RET_KILL_PROCESS;
	if (nr < NUMBERS)
		from_a = m->calls[nr];
	if (from_a != SECCOMP_RET_ALLOW)
		return got == from_a;
	if (!strcmp(m->name[nr], "socket") && family_error(m->target->has_internet, d->args)) {
		is_refused = true;
		is_one_of_them = got == (SECCOMP_RET_ERRNO |
					 (uint32_t)family_error(m->target->has_internet, d->args));
	}
	for (size_t i = 0; i < COUNT(arguments); i++)
		if (!strcmp(arguments[i].name, m->name[nr]) && row_matches(&arguments[i], d->args)) {
			is_refused = true;
			is_one_of_them |= got == (SECCOMP_RET_ERRNO | (uint32_t)arguments[i].error);
		}
	if (is_refused)
		return is_one_of_them;
	return got == (with_c ? m->c[nr] : SECCOMP_RET_ALLOW);
}

static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t any(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static size_t check(const struct model *m, const struct seccomp_data *d)
{
	for (size_t n = 2; n <= 3; n++) {
		uint32_t got = bpf_run_stack(m->target->server, n, d);

		if (!is_right(m, n == 3, d, got))
			fail_msg("%s: number %d (%s), arguments %llx %llx %llx %llx: %08x",
				 m->target->name, d->nr,
				 d->nr >= 0 && d->nr < NUMBERS && m->name[d->nr] ? m->name[d->nr] :
										    "no row",
				 (unsigned long long)d->args[0], (unsigned long long)d->args[1],
				 (unsigned long long)d->args[2], (unsigned long long)d->args[3], got);
	}
	return 2;
}

/* --- tests ----------------------------------------------------------------------------- */

static void every_number_is_judged_as_its_row_says(void **unused)
{
	size_t runs = 0;

	(void)unused;
	for (size_t t = 0; t < N_TARGETS; t++) {
		struct model m;

		model_init(&m, &targets[t]);
		for (int nr = 0; nr < NUMBERS; nr++)
			for (int round = 0; round < 64; round++) {
				struct seccomp_data d = { .nr = nr, .arch = targets[t].audit };

				for (int i = 0; i < 6; i++)
					d.args[i] = round ? any() >> (any() & 63) : 0;
				runs += check(&m, &d);
			}
		for (int round = 0; round < 200000; round++) {
			struct seccomp_data d = { .nr = (int)any(), .arch = targets[t].audit };

			runs += check(&m, &d);
		}
		for (int round = 0; round < NUMBERS; round++) {
			struct seccomp_data x32 = { .nr = round | 0x40000000, .arch = targets[t].audit };
			struct seccomp_data negative = { .nr = -1 - round, .arch = targets[t].audit };

			runs += check(&m, &x32);
			runs += check(&m, &negative);
		}
	}
	print_message("           %zu runs of the programs\n", runs);
}

static void a_foreign_architecture_kills_the_process(void **unused)
{
	static const uint32_t foreign[] = {
		AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM,
		AUDIT_ARCH_RISCV64, AUDIT_ARCH_S390X, AUDIT_ARCH_PPC64LE, 0, 0xffffffff,
	};

	(void)unused;
	for (size_t t = 0; t < N_TARGETS; t++)
		for (size_t i = 0; i < COUNT(foreign); i++) {
			struct model m;

			model_init(&m, &targets[t]);
			for (int nr = -1; nr < NUMBERS; nr++) {
				struct seccomp_data d = { .nr = nr, .arch = foreign[i] };

				check(&m, &d);
				for (size_t o = 0; foreign[i] != targets[t].audit && o < 3; o++)
					assert_int_equal(bpf_run(targets[t].ours[o], &d),
							 SECCOMP_RET_KILL_PROCESS);
			}
		}
}

/* Around each row: its value, one bit beside it, and both with a full high half. */
static void arguments_are_compared_in_their_low_half(void **unused)
{
	(void)unused;
	for (size_t t = 0; t < N_TARGETS; t++) {
		struct model m;

		model_init(&m, &targets[t]);
		for (size_t i = 0; i < COUNT(arguments); i++) {
			const struct argument *row = &arguments[i];
			struct seccomp_data d = { .nr = number(&targets[t], row->name),
						  .arch = targets[t].audit };
			uint32_t got;

			if (d.nr < 0)
				continue;
			for (int bit = -1; bit < 32; bit++)
				for (int high = 0; high < 4; high++) {
					uint64_t above = high == 0 ? 0 :
							 high == 1 ? 1ULL << 32 :
							 high == 2 ? 0xffffffff00000000 :
								     any() << 32;
					uint32_t flip = bit < 0 ? 0 : 1U << bit;

					d.args[row->arg2] = row->value2 | above;
					d.args[row->arg] = (row->value ^ flip) | above;
					check(&m, &d);
					d.args[row->arg2] = ((uint64_t)row->value2 ^ flip) | above;
					check(&m, &d);
				}
			if (row->kind != REFUSE_IF)
				continue;
			d.args[row->arg2] = row->value2 | 1ULL << 40;
			d.args[row->arg] = row->value | 1ULL << 63;
			got = bpf_run_stack(targets[t].server, 2, &d);
			assert_int_equal(got & SECCOMP_RET_ACTION_FULL, SECCOMP_RET_ERRNO);
		}
	}
}

/* Written out by hand: an error that table and test share would show here. */
static void what_matters_most_is_refused(void **unused)
{
	static const struct {
		int x86_64, aarch64;
		uint64_t args[4];
		uint32_t answer;
	} rows[] = {
		{ 41, 198, { 2, 1 }, SECCOMP_RET_ERRNO | EAFNOSUPPORT },	 /* socket INET */
		{ 41, 198, { 1, 1 }, SECCOMP_RET_ALLOW },			 /* socket UNIX */
		{ 41, 198, { 16, 3 }, SECCOMP_RET_ERRNO | EAFNOSUPPORT },	 /* netlink */
		{ 41, 198, { 0x100000002, 1 }, SECCOMP_RET_ERRNO | EAFNOSUPPORT },
		{ 41, 198, { 4098, 1 }, SECCOMP_RET_ERRNO | EAFNOSUPPORT },
		{ 53, 199, { 1, 1 }, SECCOMP_RET_ALLOW },			 /* socketpair */
		{ 53, 199, { 1, 0x80002 }, SECCOMP_RET_ERRNO | EPERM },		 /* datagram, CLOEXEC */
		{ 56, 220, { 0x11 }, SECCOMP_RET_ALLOW },			 /* clone as fork */
		{ 56, 220, { 0x10000011 }, SECCOMP_RET_ERRNO | EPERM },		 /* CLONE_NEWUSER */
		{ 435, 435, { 0 }, SECCOMP_RET_ERRNO | ENOSYS },		 /* clone3 */
		{ 437, 437, { 0 }, SECCOMP_RET_ERRNO | ENOSYS },		 /* openat2 */
		{ 452, 452, { 0 }, SECCOMP_RET_ERRNO | ENOSYS },		 /* fchmodat2 */
		{ 101, 117, { 0 }, SECCOMP_RET_ERRNO | EPERM },			 /* ptrace */
		{ 425, 425, { 0 }, SECCOMP_RET_ERRNO | EPERM },			 /* io_uring_setup */
		{ 272, 97, { 0x10000000 }, SECCOMP_RET_ERRNO | EPERM },		 /* unshare */
		{ 165, 40, { 0 }, SECCOMP_RET_ERRNO | EPERM },			 /* mount */
		{ 16, 29, { 0, 0x5412 }, SECCOMP_RET_ERRNO | EPERM },		 /* TIOCSTI */
		{ 16, 29, { 0, 0x100005412 }, SECCOMP_RET_ERRNO | EPERM },
		{ 16, 29, { 0, 0x541b }, SECCOMP_RET_ALLOW },			 /* FIONREAD */
		{ 257, 56, { 0, 0, 0101, 04755 }, SECCOMP_RET_ERRNO | EPERM },	 /* set-user-id */
		{ 257, 56, { 0, 0, 0, 04755 }, SECCOMP_RET_ALLOW },		 /* not created */
		{ 257, 56, { 0, 0, 0101, 0755 }, SECCOMP_RET_ALLOW },
		{ 135, 92, { 0x80040000 }, SECCOMP_RET_ERRNO | EPERM },		 /* persona */
		{ 135, 92, { 0xffffffff }, SECCOMP_RET_ALLOW },
		{ 302, 261, { 0, 4, 4096 }, SECCOMP_RET_ERRNO | EPERM },	 /* prlimit64 sets CORE */
		{ 302, 261, { 0, 4, 1ULL << 33 }, SECCOMP_RET_ERRNO | EPERM },
		{ 302, 261, { 0, 4, 0 }, SECCOMP_RET_ALLOW },			 /* and asks */
		{ 302, 261, { 0, 7, 4096 }, SECCOMP_RET_ALLOW },		 /* NOFILE */
		{ 0, 63, { 0 }, SECCOMP_RET_ALLOW },				 /* read */
	};

	(void)unused;
	for (size_t t = 0; t < N_TARGETS; t++)
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct seccomp_data d = { .arch = targets[t].audit };

			d.nr = targets[t].has_x32 ? rows[i].x86_64 : rows[i].aarch64;
			/* What a network changes is below. */
			if (targets[t].has_internet && rows[i].x86_64 == 41 && rows[i].args[0] % 4096 == 2)
				continue;
			memcpy(d.args, rows[i].args, sizeof(rows[i].args));
			if (bpf_run_stack(targets[t].server, 2, &d) != rows[i].answer)
				fail_msg("%s: row %zu: not %08x", targets[t].name, i, rows[i].answer);
		}
}

/* Every family, type and protocol; by hand for the few that matter most. */
static void sockets_are_those_of_the_policy(void **unused)
{
	(void)unused;
	for (size_t t = 0; t < N_TARGETS; t++) {
		struct seccomp_data d = { .nr = number(&targets[t], "socket"),
					  .arch = targets[t].audit };
		const uint32_t inet = targets[t].has_internet ? SECCOMP_RET_ALLOW :
								SECCOMP_RET_ERRNO | EAFNOSUPPORT;
		struct model m;

		model_init(&m, &targets[t]);
		for (uint64_t family = 0; family < 70; family++)
			for (uint64_t type = 0; type < 16; type++)
				for (uint64_t protocol = 0; protocol < 300; protocol++) {
					d.args[0] = family | (protocol & 1) << 32;
					d.args[1] = type | 0x80000; /* SOCK_CLOEXEC */
					d.args[2] = protocol;
					check(&m, &d);
				}
		d.args[0] = AF_INET;
		d.args[1] = SOCK_STREAM;
		d.args[2] = 0;
		assert_int_equal(bpf_run_stack(targets[t].server, 2, &d), inet);
		d.args[1] = SOCK_RAW;
		assert_int_not_equal(bpf_run_stack(targets[t].server, 2, &d), SECCOMP_RET_ALLOW);
		d.args[0] = AF_NETLINK;
		assert_int_equal(bpf_run_stack(targets[t].server, 2, &d),
				 SECCOMP_RET_ERRNO | EAFNOSUPPORT);
	}
}

/* init, the launcher as supervisor, the pep, who removes a cgroup: what none of them may do kills. */
static void our_own_processes_can_do_little(void **unused)
{
	static const char *const never[] = {
		"execve", "execveat", "openat", "openat2", "socket", "connect", "clone", "clone3",
		"ptrace", "mprotect", "prctl", "seccomp", "unshare", "setns", "mount", "bpf",
		"io_uring_setup", "memfd_create", "process_vm_writev", "chdir", "unlinkat",
	};

	(void)unused;
	for (size_t t = 0; t < N_TARGETS; t++)
		for (size_t o = 0; o < COUNT(targets[t].ours); o++) {
			struct seccomp_data d = { .arch = targets[t].audit };
			const struct lock_filter *f = targets[t].ours[o];

			for (size_t i = 0; i < COUNT(never); i++) {
				d.nr = number(&targets[t], never[i]);
				assert_int_equal(bpf_run(f, &d), SECCOMP_RET_KILL_PROCESS);
			}
			/* A directory, an empty one, is removed by one process alone: cgroup.c. */
			d.nr = number(&targets[t], "unlinkat");
			d.args[2] = AT_REMOVEDIR;
			assert_int_equal(bpf_run(f, &d), o == 3 ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS);
			d.nr = number(&targets[t], "write");
			assert_int_equal(bpf_run(f, &d), SECCOMP_RET_ALLOW);
			d.nr = number(&targets[t], "mmap");
			for (uint64_t prot = 0; prot < 16; prot++) {
				d.args[2] = prot;
				d.args[3] = 0x22; /* private, anonymous */
				assert_int_equal(bpf_run(f, &d), prot < 4 ? SECCOMP_RET_ALLOW :
									    SECCOMP_RET_KILL_PROCESS);
			}
			for (d.nr = 600; d.nr < NUMBERS; d.nr++)
				assert_int_equal(bpf_run(f, &d), SECCOMP_RET_KILL_PROCESS);
			d.nr = -1;
			assert_int_equal(bpf_run(f, &d), SECCOMP_RET_KILL_PROCESS);
		}
}

/* Who watches goes on with whom it has: no other process, no memory written, no register. */
static void who_watches_only_looks(void **unused)
{
	static const struct {
		uint64_t request;
		bool is_allowed;
	} rows[] = {
		{ 2 /* PEEKDATA */, true }, { 24 /* SYSCALL */, true }, { 0x4201 /* GETEVENTMSG */, true },
		{ 0x4208 /* LISTEN */, true }, { 0x420e /* GET_SYSCALL_INFO */, true },
		{ 0 /* TRACEME */, false }, { 4 /* POKETEXT */, false }, { 5 /* POKEDATA */, false },
		{ 6 /* POKEUSR */, false }, { 7 /* CONT */, false }, { 13 /* SETREGS */, false },
		{ 16 /* ATTACH */, false }, { 17 /* DETACH */, false }, { 0x4200 /* SETOPTIONS */, false },
		{ 0x4203 /* SETSIGINFO */, false }, { 0x4205 /* SETREGSET */, false },
		{ 0x4206 /* SEIZE */, false }, { 0x420c /* SECCOMP_GET_FILTER */, false },
		{ 0x100000002 /* not PEEKDATA */, false },
	};

	(void)unused;
	for (size_t t = 0; t < N_TARGETS; t++)
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct seccomp_data d = { .arch = targets[t].audit,
						  .nr = number(&targets[t], "ptrace"),
						  .args = { rows[i].request } };

			assert_int_equal(bpf_run(targets[t].ours[4], &d),
					 rows[i].is_allowed ? SECCOMP_RET_ALLOW :
							      SECCOMP_RET_KILL_PROCESS);
		}
}

/* A simulator that allowed everything would pass nothing above; one wrong row shows. */
static void a_wrong_program_is_noticed(void **unused)
{
	const struct sock_filter allow[] = { { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW } };
	const struct lock_filter open = { allow, 1 };
	struct target broken = targets[0];
	struct model m;
	size_t noticed = 0;

	(void)unused;
	broken.server[1] = &open; /* B is gone */
	model_init(&m, &broken);
	for (size_t i = 0; i < COUNT(arguments); i++) {
		struct seccomp_data d = { .nr = number(&broken, arguments[i].name),
					  .arch = broken.audit };

		d.args[arguments[i].arg2] = arguments[i].kind == REFUSE_SET ? 4096 : arguments[i].value2;
		d.args[arguments[i].arg] = arguments[i].kind == REFUSE_IF ||
						   arguments[i].kind == REFUSE_SET ?
					   arguments[i].value : 2;
		noticed += !is_right(&m, false, &d, bpf_run_stack(broken.server, 2, &d));
	}
	assert_int_equal(noticed, COUNT(arguments));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_is_judged_as_its_row_says),
		cmocka_unit_test(a_foreign_architecture_kills_the_process),
		cmocka_unit_test(arguments_are_compared_in_their_low_half),
		cmocka_unit_test(what_matters_most_is_refused),
		cmocka_unit_test(sockets_are_those_of_the_policy),
		cmocka_unit_test(our_own_processes_can_do_little),
		cmocka_unit_test(who_watches_only_looks),
		cmocka_unit_test(a_wrong_program_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
