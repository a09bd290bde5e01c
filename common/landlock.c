/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/landlock.h"
#include "common/sys.h"

/*
 * The kernel's bits by the ABI that brought them (uapi/linux/landlock.h of 6.12;
 * Debian 12's header stops at ABI 2, hence numbers).
 */
#define FS_EXECUTE (1ULL << 0)
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REMOVE_DIR (1ULL << 4)
#define FS_REMOVE_FILE (1ULL << 5)
#define FS_MAKE_CHAR (1ULL << 6)
#define FS_MAKE_DIR (1ULL << 7)
#define FS_MAKE_REG (1ULL << 8)
#define FS_MAKE_SOCK (1ULL << 9)
#define FS_MAKE_FIFO (1ULL << 10)
#define FS_MAKE_BLOCK (1ULL << 11)
#define FS_MAKE_SYM (1ULL << 12)
#define FS_REFER (1ULL << 13)	  /* ABI 2, Linux 5.19 */
#define FS_TRUNCATE (1ULL << 14)  /* ABI 3, Linux 6.2 */
#define FS_IOCTL_DEV (1ULL << 15) /* ABI 5, Linux 6.10 */
#define NET_BIND_TCP (1ULL << 0)  /* ABI 4, Linux 6.7 */
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ABSTRACT_UNIX (1ULL << 0) /* ABI 6, Linux 6.12 */
#define SCOPE_SIGNAL (1ULL << 1)

#define CREATE_RULESET_ERRATA (1U << 1) /* Linux 6.15 */

/* struct landlock_ruleset_attr of ABI 6; an older kernel gets the bytes it knows. */
struct ruleset_attr {
	uint64_t fs, net, scoped;
};

static uint64_t fs_known(int abi)
{
	uint64_t fs = FS_REFER - 1;

	if (abi >= 2)
		fs |= FS_REFER;
	if (abi >= 3)
		fs |= FS_TRUNCATE;
	if (abi >= 5)
		fs |= FS_IOCTL_DEV;
	return fs;
}

static uint64_t fs_granted(enum landlock_grant grant)
{
	const uint64_t read = FS_READ_FILE | FS_READ_DIR;

	const uint64_t write = read | FS_WRITE_FILE | FS_TRUNCATE | FS_REMOVE_DIR | FS_REMOVE_FILE |
			       FS_MAKE_DIR | FS_MAKE_REG | FS_MAKE_SYM | FS_REFER;

	switch (grant) {
	case LANDLOCK_LIST:
		return FS_READ_DIR;
	case LANDLOCK_READ:
		return read;
	case LANDLOCK_EXECUTE:
		return read | FS_EXECUTE;
	case LANDLOCK_WRITE:
		return write;
	case LANDLOCK_CHANGE:
		return write & ~(FS_MAKE_DIR | FS_MAKE_REG | FS_MAKE_SYM);
	case LANDLOCK_PRIVATE:
		return write | FS_MAKE_SOCK | FS_MAKE_FIFO;
	case LANDLOCK_SOCKET:
		return write | FS_MAKE_SOCK;
	case LANDLOCK_DEVICE:
		return FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV;
	case LANDLOCK_UNLINK:
		return FS_REMOVE_FILE;
	}
	return 0;
}

int landlock_abi(void)
{
	int abi = sys_landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : abi;
}

int landlock_errno(void)
{
	return landlock_abi() ? 0 : errno;
}

int landlock_errata(void)
{
	return sys_landlock_create_ruleset(NULL, 0, CREATE_RULESET_ERRATA);
}

int landlock_open(int abi, bool keeps_signals, struct err *err)
{
	struct ruleset_attr attr = { .fs = fs_known(abi) };
	size_t size = sizeof(attr.fs);
	int fd;

	if (abi >= 4) {
		attr.net = NET_BIND_TCP | NET_CONNECT_TCP;
		size += sizeof(attr.net);
	}
	if (abi >= 6) {
		attr.scoped = SCOPE_ABSTRACT_UNIX | (keeps_signals ? SCOPE_SIGNAL : 0);
		size += sizeof(attr.scoped);
	}
	fd = sys_landlock_create_ruleset(&attr, size, 0);
	if (fd < 0)
		return err_errno(err, errno, "landlock_create_ruleset");
	return fd;
}

int landlock_add(int ruleset, int abi, int fd, int is_dir, enum landlock_grant grant,
		 struct err *err)
{
	const uint64_t for_files =
		FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV;
	struct landlock_path_beneath_attr rule = {
		.allowed_access = fs_granted(grant) & fs_known(abi),
		.parent_fd = fd,
	};

	if (!is_dir)
		rule.allowed_access &= for_files;
	if (!rule.allowed_access)
		return 0;
	if (sys_landlock_add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return err_errno(err, errno, "landlock_add_rule");
	return 0;
}

/* struct landlock_net_port_attr of ABI 4. */
struct net_port_attr {
	uint64_t allowed, port;
};

int landlock_add_port(int ruleset, int abi, uint16_t port, struct err *err)
{
	struct net_port_attr rule = { .allowed = NET_CONNECT_TCP, .port = port };

	if (abi < 4)
		return 0;
	if (sys_landlock_add_rule(ruleset, 2 /* LANDLOCK_RULE_NET_PORT */, &rule, 0) < 0)
		return err_errno(err, errno, "landlock_add_rule for port %u", (unsigned int)port);
	return 0;
}

int landlock_enter(int ruleset, struct err *err)
{
	if (sys_landlock_restrict_self(ruleset, 0) < 0)
		return err_errno(err, errno, "landlock_restrict_self");
	return 0;
}

int landlock_enter_scope(struct err *err)
{
	const struct ruleset_attr attr = { .scoped = SCOPE_SIGNAL };
	cleanup_close int fd = sys_landlock_create_ruleset(&attr, sizeof(attr), 0);

	if (fd < 0)
		return err_errno(err, errno, "landlock_create_ruleset for signals");
	return landlock_enter(fd, err);
}
