/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/meter.h"
#include "launcher/rates.h"
#include "launcher/user.h"

static uint64_t clock_now(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * METER_SECOND + (uint64_t)t.tv_nsec;
}

/* proc_sys_kernel(5), random/boot_id: 32 hexadecimal digits and dashes. */
static int boot_id(uint8_t ret[static 16], struct err *err)
{
	static const char path[] = "/proc/sys/kernel/random/boot_id";
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[64] = "";
	size_t digits = 0;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 32)
		return err_errno(err, errno, "read %s", path);
	memset(ret, 0, 16);
	for (const char *p = text; *p && digits < 32; p++) {
		const char *hex = "0123456789abcdef", *at = strchr(hex, *p);

		if (!at)
			continue;
		ret[digits / 2] = (uint8_t)(ret[digits / 2] << 4 | (at - hex));
		digits++;
	}
	return digits == 32 ? 0 : err_set(err, EBADMSG, "%s: not the id of a boot", path);
}

/* With the lock held. */
static int prepare(struct meter *m, bool is_new, struct err *err)
{
	uint64_t seed[2];
	uint8_t boot[16];
	int r;

	/* Nothing but zeros: whoever made it was killed before it was filled. */
	if (is_new || (!m->magic && !m->version)) {
		if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
			return err_errno(err, errno, "getrandom");
		meter_init(m, seed);
	}
	r = meter_check(m, sizeof(*m), err);
	if (r == 0)
		r = boot_id(boot, err);
	if (r == 0)
		meter_set_clock(m, boot, clock_now(CLOCK_REALTIME), clock_now(CLOCK_BOOTTIME));
	return r;
}

static int open_locked(int fd, struct err *err)
{
	struct stat st;
	struct meter *m;
	bool is_new;
	int r;

	if (flock(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "lock");
	if (!S_ISREG(st.st_mode) || st.st_uid != getuid() || st.st_nlink != 1)
		return err_set(err, EPERM, "not a file of this user's alone");
	is_new = !st.st_size;
	/* Blocks now: a write to a hole on a full disk would be a signal later. */
	if (is_new && (r = posix_fallocate(fd, 0, sizeof(*m))) != 0)
		return err_errno(err, r, "make room");
	if (!is_new && st.st_size != sizeof(*m))
		return err_set(err, EBADMSG, "not a file of counters of this version");
	m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (m == MAP_FAILED)
		return err_errno(err, errno, "map");
	r = prepare(m, is_new, err);
	munmap(m, sizeof(*m));
	return r;
}

int rates_open(const struct user *user, struct err *err)
{
	cleanup_free char *dir = NULL, *path = NULL;
	cleanup_close int fd = -1;
	int r = user_state(user, NULL, &dir, err);

	if (r < 0)
		return r;
	if (asprintf(&path, "%s/rates", dir) < 0)
		return err_errno(err, ENOMEM, "rates");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	r = open_locked(fd, err);
	if (r == 0 && flock(fd, LOCK_UN) < 0)
		r = err_errno(err, errno, "unlock");
	if (r == -EBADMSG)
		return err_wrap(err, "%s: move it away to begin counting anew", path);
	return r < 0 ? err_wrap(err, "%s", path) : take_fd(&fd);
}

void rates_client(char *text, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)getppid());
	n = readlink(path, text, size - 1);
	if (n > 0)
		text[n] = '\0';
	else
		snprintf(text, size, "unknown");
}
