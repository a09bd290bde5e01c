/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree - a temporary directory for tests of what reads the file system
 *
 * tree_make() makes one and tree_path() names things in it; the text it returns lives
 * until the 64th call after it.  All paths are resolved: the directory is no symlink.
 */
#ifndef TESTS_UNIT_TREE_H
#define TESTS_UNIT_TREE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char tree_top[64];

static inline int tree_make(void **state)
{
	(void)state;
	snprintf(tree_top, sizeof(tree_top), "/var/tmp/mcpc-tree-XXXXXX");
	return mkdtemp(tree_top) ? 0 : -1;
}

static inline int tree_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline int tree_remove(void **state)
{
	(void)state;
	return nftw(tree_top, tree_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

__attribute__((format(printf, 1, 2))) static inline const char *tree_path(const char *fmt, ...)
{
	static char texts[64][PATH_MAX];
	static unsigned int next;
	char *text = texts[next++ % 64];
	int n = snprintf(text, PATH_MAX, "%s/", tree_top);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + n, PATH_MAX - (size_t)n, fmt, ap);
	va_end(ap);
	return text;
}

/* Make the directories that a path lies in. */
static inline void tree_way(const char *path)
{
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "%s", path);
	for (char *p = text + strlen(tree_top) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(text, 0755);
		*p = '/';
	}
}

static inline const char *tree_dir(const char *path)
{
	tree_way(path);
	mkdir(path, 0755);
	return path;
}

static inline const char *tree_file(const char *path, const char *text)
{
	FILE *f;

	tree_way(path);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, 0755) < 0)
		abort();
	return path;
}

static inline const char *tree_link(const char *path, const char *to)
{
	tree_way(path);
	if (symlink(to, path) < 0 && errno != EEXIST)
		abort();
	return path;
}

#endif /* TESTS_UNIT_TREE_H */
