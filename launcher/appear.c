/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/err.h"
#include "common/nolinks.h"
#include "launcher/appear.h"
#include "launcher/commands.h"
#include "launcher/plan.h"

struct appear_name {
	int dir;	  /* shared by the names of one directory; the first one owns it */
	int owns;
	const char *entry; /* "directory\tname\twhy\tinode", borrowed of the plan */
};

static size_t part(const char *entry)
{
	return strcspn(entry, "\t");
}

static int open_directory(const char *entry, struct err *err)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%.*s", (int)part(entry), entry);
	fd = nolinks_open(AT_FDCWD, path, O_PATH | O_DIRECTORY);
	return fd < 0 ? err_errno(err, errno, "watch %s", path) : fd;
}

void appear_close(struct appear *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].owns)
			close(a->v[i].dir);
	free(a->v);
	*a = (struct appear){0};
}

int appear_open(const struct plan *plan, struct appear *ret, struct err *err)
{
	struct appear a = { .v = calloc(plan->watched.n + 1, sizeof(*a.v)) };

	if (!a.v)
		return err_errno(err, ENOMEM, "watched names");
	for (size_t i = 0; i < plan->watched.n; i++) {
		const char *entry = plan->watched.v[i];
		struct appear_name *name = &a.v[a.n];

		name->entry = entry;
		if (a.n && part(entry) == part(a.v[a.n - 1].entry) &&
		    !strncmp(entry, a.v[a.n - 1].entry, part(entry))) {
			name->dir = a.v[a.n - 1].dir;
		} else {
			name->dir = open_directory(entry, err);
			name->owns = name->dir >= 0;
		}
		if (name->dir < 0) {
			appear_close(&a);
			return -err->code;
		}
		a.n++;
	}
	*ret = a;
	return 0;
}

static void say(const struct appear_name *a, struct audit *log, const char *name, size_t len,
		bool is_new)
{
	const char *why = name + len + 1;
	char path[PATH_MAX], words[PATH_MAX + 256];
	struct audit_line l;

	snprintf(path, sizeof(path), "%.*s/%.*s", (int)part(a->entry), a->entry, (int)len, name);
	snprintf(words, sizeof(words), "%s %s during this session (%.*s); look at it before you use %.*s",
		 path,
		 is_new ? "appeared" : "was replaced from outside, and unprotected from then on,",
		 (int)part(why), why, (int)part(a->entry), a->entry);
	say_note(words);
	audit_begin(&l, log, is_new ? "appeared" : "replaced");
	audit_string(&l, "path", path);
	if (audit_end(&l) < 0)
		say_note("that could not be written to the audit log");
}

size_t appear_report(const struct appear *a, struct audit *log)
{
	size_t found = 0;

	for (size_t i = 0; i < a->n; i++) {
		const char *name = a->v[i].entry + part(a->v[i].entry) + 1;
		const char *why = name + part(name) + 1, *ino = why + part(why) + 1;
		uintmax_t before = strtoumax(ino, NULL, 10);
		char only[PATH_MAX];
		struct stat st;

		snprintf(only, sizeof(only), "%.*s", (int)part(name), name);
		if (fstatat(a->v[i].dir, only, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    (before && before == st.st_ino))
			continue;
		found++;
		say(&a->v[i], log, name, part(name), !before);
	}
	return found;
}
