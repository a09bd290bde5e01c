/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A record is a line "mcp-confine wrap 1", then fields "NAME LENGTH\n", LENGTH bytes,
 * "\n".  The file's name is a hash of the configuration's path; the path inside is what
 * counts.
 */
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
#include "common/fd.h"
#include "common/limits.h"
#include "common/siphash.h"
#include "launcher/record.h"
#include "launcher/replace.h"
#include "launcher/user.h"

#define HEAD "mcp-confine wrap 1\n"
/* Original, wrapped, and policies of at most LIMIT_POLICY each in sum. */
#define RECORD_MAX (4 * LIMIT_CONFIG)

void record_done(struct record *r)
{
	free(r->file);
	free(r->path.v);
	free(r->client.v);
	free(r->original.v);
	free(r->wrapped.v);
	strv_done(&r->ids);
	strv_done(&r->policies);
	*r = (struct record){0};
}

int record_set(struct record_text *t, const char *text, size_t len, struct err *err)
{
	char *copy = malloc(len + 1);

	if (!copy)
		return err_errno(err, ENOMEM, "record");
	memcpy(copy, text, len);
	copy[len] = '\0';
	free(t->v);
	*t = (struct record_text){ copy, len };
	return 0;
}

static char *file_for(const struct user *user, const char *path)
{
	/* Any key does: the hash only has to be the same tomorrow. */
	static const unsigned long long keys[2][2] = { { 0x6d63702d77726170, 1 },
						       { 0x6d63702d77726170, 2 } };
	unsigned long long h[2];
	char *file = NULL;

	for (int i = 0; i < 2; i++) {
		const uint64_t key[2] = { keys[i][0], keys[i][1] };

		h[i] = siphash(key, path, strlen(path));
	}
	return asprintf(&file, "%s/wrap/%016llx%016llx", user->state, h[0], h[1]) < 0 ? NULL : file;
}

static int add_policy(struct record *r, const char *id, const char *text, size_t len,
		      struct err *err)
{
	if (strlen(id) > 64 || memchr(text, '\0', len))
		return err_set(err, EINVAL, "a policy that is none");
	if (strv_add(&r->ids, id) < 0 || strv_addf(&r->policies, "%.*s", (int)len, text) < 0)
		return err_errno(err, ENOMEM, "record");
	return 0;
}

static int take_field(struct record *r, const char *name, const char *text, size_t len,
		      struct err *err)
{
	if (!strcmp(name, "path"))
		return record_set(&r->path, text, len, err);
	if (!strcmp(name, "client"))
		return record_set(&r->client, text, len, err);
	if (!strcmp(name, "original"))
		return record_set(&r->original, text, len, err);
	if (!strcmp(name, "wrapped"))
		return record_set(&r->wrapped, text, len, err);
	if (!strncmp(name, "policy:", 7) && len <= LIMIT_POLICY)
		return add_policy(r, name + 7, text, len, err);
	return err_set(err, EINVAL, "unknown field");
}

static int parse(const char *text, size_t size, struct record *r, struct err *err)
{
	const char *p = text + strlen(HEAD), *end = text + size;

	if (size < strlen(HEAD) || memcmp(text, HEAD, strlen(HEAD)) != 0)
		return err_set(err, EINVAL, "not a record of this version");
	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		char name[80], *stop;
		unsigned long len;
		int n = 0, ret;

		if (!eol || sscanf(p, "%79[^ \n] %n", name, &n) != 1 || !n)
			return err_set(err, EINVAL, "a damaged field");
		len = strtoul(p + n, &stop, 10);
		if (stop != eol || len >= (size_t)(end - eol) - 1 || eol[1 + len] != '\n')
			return err_set(err, EINVAL, "a damaged field");
		ret = take_field(r, name, eol + 1, len, err);
		if (ret < 0)
			return ret;
		p = eol + len + 2;
	}
	if (!r->path.v || !r->client.v || !r->original.v || !r->wrapped.v)
		return err_set(err, EINVAL, "a field is missing");
	return 0;
}

static int read_record(const char *file, struct record *ret, struct err *err)
{
	cleanup_close int fd = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_free char *text = NULL;
	struct record rec = {0};
	struct stat st;
	size_t len;
	int r;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(err, errno, "record %s", file);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != getuid() ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)))
		return err_set(err, EPERM, "record %s: not a file of this user's alone", file);
	r = fd_read_all(fd, RECORD_MAX, &text, &len, err);
	if (r == 0)
		r = parse(text, len, &rec, err);
	if (r == 0 && !(rec.file = strdup(file)))
		r = err_errno(err, ENOMEM, "record");
	if (r < 0) {
		record_done(&rec);
		return err_wrap(err, "record %s", file);
	}
	*ret = rec;
	return 1;
}

int record_load(const struct user *user, const char *path, struct record *ret,
		struct err *err)
{
	cleanup_free char *file = file_for(user, path);
	int r;

	if (!file)
		return err_errno(err, ENOMEM, "record");
	r = read_record(file, ret, err);
	if (r > 0 && strcmp(ret->path.v, path) != 0) {
		record_done(ret);
		return err_set(err, EINVAL, "record %s: is about another file", file);
	}
	return r;
}

int record_list(const struct user *user, struct strv *ret_paths, struct err *err)
{
	cleanup_free char *dir = NULL;
	struct dirent *e;
	DIR *d;
	int r = 0;

	if (asprintf(&dir, "%s/wrap", user->state) < 0)
		return err_errno(err, ENOMEM, "record");
	d = opendir(dir);
	if (!d)
		return errno == ENOENT ? 0 : err_errno(err, errno, "%s", dir);
	while (r >= 0 && (e = readdir(d))) {
		cleanup_free char *file = NULL;
		struct record one = {0};

		if (strlen(e->d_name) != 32 || strspn(e->d_name, "0123456789abcdef") != 32)
			continue;
		if (asprintf(&file, "%s/%s", dir, e->d_name) < 0)
			r = err_errno(err, ENOMEM, "record");
		else
			r = read_record(file, &one, err);
		if (r > 0 && strv_add(ret_paths, one.path.v) < 0)
			r = err_errno(err, ENOMEM, "record");
		record_done(&one);
	}
	closedir(d);
	return r < 0 ? r : 0;
}

static void put(FILE *out, const char *name, const char *id, const char *text, size_t len)
{
	fprintf(out, "%s%s %zu\n", name, id, len);
	fwrite(text, 1, len, out);
	fputc('\n', out);
}

int record_save(const struct user *user, struct record *r, struct err *err)
{
	cleanup_free char *dir = NULL, *text = NULL;
	size_t len = 0;
	FILE *out;
	int ret = user_state(user, "wrap", &dir, err);

	if (ret < 0)
		return ret;
	free(r->file);
	r->file = file_for(user, r->path.v);
	out = open_memstream(&text, &len);
	if (!out || !r->file) {
		if (out)
			fclose(out);
		return err_errno(err, ENOMEM, "record");
	}
	fputs(HEAD, out);
	put(out, "path", "", r->path.v, r->path.len);
	put(out, "client", "", r->client.v, r->client.len);
	put(out, "original", "", r->original.v, r->original.len);
	put(out, "wrapped", "", r->wrapped.v, r->wrapped.len);
	for (size_t i = 0; i < r->ids.n; i++)
		put(out, "policy:", r->ids.v[i], r->policies.v[i], strlen(r->policies.v[i]));
	if (fclose(out) != 0)
		return err_errno(err, ENOMEM, "record");
	return replace_create(r->file, text, len, 1, err);
}

int record_remove(const struct record *r, struct err *err)
{
	return unlink(r->file) < 0 && errno != ENOENT ? err_errno(err, errno, "record %s", r->file) : 0;
}
