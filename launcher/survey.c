/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/survey.h"

/* Some 2 microseconds each: a start is to cost milliseconds, whatever is granted. */
#define ENTRIES_MAX 4000
#define REPOSITORIES_MAX 32
#define LINKED_MAX 256

struct linked {
	ino_t ino;
	nlink_t missing; /* names not seen yet */
	char *path;
};

/* Breadth first: what lies near the top is found before the bound is met. */
struct surveying {
	struct survey *s;
	struct strv queue;
	dev_t dev;
	struct linked linked[LINKED_MAX];
	size_t n_linked;
};

void survey_done(struct survey *s)
{
	strv_done(&s->repositories);
	*s = (struct survey){0};
}

static int note_link(struct surveying *v, const char *path, const struct stat *st)
{
	for (size_t i = 0; i < v->n_linked; i++)
		if (v->linked[i].ino == st->st_ino) {
			v->linked[i].missing--;
			return 0;
		}
	if (v->n_linked == LINKED_MAX)
		return 0;
	v->linked[v->n_linked].path = strdup(path);
	if (!v->linked[v->n_linked].path)
		return -ENOMEM;
	v->linked[v->n_linked].ino = st->st_ino;
	v->linked[v->n_linked++].missing = st->st_nlink - 1;
	return 0;
}

static int look_at(struct surveying *v, int dir, const char *path, const struct dirent *e)
{
	cleanup_free char *below = NULL;
	struct stat st;

	/* What the file system tells of itself spares a stat of what is of no interest. */
	if (e->d_type != DT_DIR && e->d_type != DT_REG && e->d_type != DT_UNKNOWN)
		return 0;
	if (fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != v->dev)
		return 0;
	if (asprintf(&below, "%s/%s", path, e->d_name) < 0)
		return -ENOMEM;
	if (S_ISREG(st.st_mode))
		return st.st_nlink > 1 ? note_link(v, below, &st) : 0;
	if (!S_ISDIR(st.st_mode) || !strcmp(e->d_name, ".git") || !strcmp(e->d_name, "node_modules"))
		return 0;
	return strv_take(&v->queue, take_ptr(&below));
}

static bool is_repository(int dir)
{
	struct stat st;

	return fstatat(dir, ".git", &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int look(struct surveying *v, const char *path, bool is_root)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	DIR *d;

	if (fd < 0)
		return 0;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return -errno;
	}
	if (!is_root && is_repository(fd)) {
		if (v->s->repositories.n == REPOSITORIES_MAX)
			v->s->has_more_repositories = true;
		else
			r = strv_add(&v->s->repositories, path);
	}
	for (struct dirent *e; r == 0 && (e = readdir(d));) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (++v->s->seen > ENTRIES_MAX) {
			v->s->has_more_repositories = true;
			break;
		}
		r = look_at(v, fd, path, e);
	}
	closedir(d);
	return r;
}

int survey_directory(const char *path, struct survey *ret, struct err *err)
{
	cleanup_free struct surveying *v = calloc(1, sizeof(*v));
	struct survey s = {0};
	struct stat st;
	int r;

	if (!v)
		return err_errno(err, ENOMEM, "survey");
	if (lstat(path, &st) < 0)
		return err_errno(err, errno, "%s", path);
	v->s = &s;
	v->dev = st.st_dev;
	r = strv_add(&v->queue, path);
	for (size_t i = 0; i < v->queue.n && r == 0 && s.seen <= ENTRIES_MAX; i++) {
		cleanup_free char *next = strdup(v->queue.v[i]); /* the list moves */

		r = next ? look(v, next, i == 0) : -ENOMEM;
	}
	strv_done(&v->queue);
	for (size_t i = 0; i < v->n_linked; i++) {
		if (v->linked[i].missing > 0 && !s.n_linked++)
			snprintf(s.linked, sizeof(s.linked), "%s", v->linked[i].path);
		free(v->linked[i].path);
	}
	if (r < 0) {
		survey_done(&s);
		return err_errno(err, -r, "survey %s", path);
	}
	*ret = s;
	return 0;
}
