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
#include "common/fd.h"
#include "common/warrant.h"
#include "launcher/delegation.h"
#include "launcher/session.h"
#include "launcher/user.h"
#include "launcher/values.h"
#include "policies/options.h"

/* --- files -------------------------------------------------------------------------------- */

/* make: or else -ENOENT, without words, when there is none. */
static int open_dir(const struct user *u, const char *below, bool make, char **ret_path,
		    struct err *err)
{
	cleanup_free char *path = NULL;
	int r = 0, fd;

	if (make)
		r = user_state(u, below, &path, err);
	else if (asprintf(&path, "%s/%s", u->state, below) < 0)
		r = err_errno(err, ENOMEM, "state directory");
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && !make)
		return -ENOENT;
	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	*ret_path = take_ptr(&path);
	return fd;
}

/* Is it a file that only this user can have written, and read? */
static int check_own(int fd, const char *name, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "stat %s", name);
	if (!S_ISREG(st.st_mode) || st.st_uid != getuid() || (st.st_mode & (S_IRWXG | S_IRWXO)))
		return err_set(err, EPERM, "%s: not a file that is this user's alone; chmod 600 it", name);
	return 0;
}

/* Whole or not at all, and never in place of one that is there. */
static int make_root(int dir, struct err *err)
{
	uint8_t key[WARRANT_KEY];
	char name[40];
	cleanup_close int fd = -1;
	int r = 0;

	snprintf(name, sizeof(name), ".root-%d", (int)getpid());
	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return err_errno(err, errno, "getrandom");
	unlinkat(dir, name, 0);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, key, sizeof(key)) < 0 || fsync(fd) < 0 ||
	    (linkat(dir, name, dir, "root", 0) < 0 && errno != EEXIST))
		r = err_errno(err, errno, "make the root key");
	unlinkat(dir, name, 0);
	explicit_bzero(key, sizeof(key));
	return r;
}

int delegation_key(const struct user *u, const char *server, bool make, uint8_t *ret,
		   struct err *err)
{
	cleanup_free char *path = NULL;
	cleanup_close int dir = open_dir(u, "delegation", make, &path, err), fd = -1;
	uint8_t root[WARRANT_KEY + 1];
	ssize_t n;
	int r;

	if (dir == -ENOENT && !make)
		return 0;
	if (dir < 0)
		return dir;
	fd = openat(dir, "root", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT && !make)
		return 0;
	if (fd < 0 && errno == ENOENT) {
		r = make_root(dir, err);
		if (r < 0)
			return r;
		fd = openat(dir, "root", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	}
	if (fd < 0)
		return err_errno(err, errno, "open %s/root", path);
	r = check_own(fd, "the root key", err);
	if (r < 0)
		return r;
	n = read(fd, root, sizeof(root));
	if (n != WARRANT_KEY)
		return err_set(err, EBADMSG, "%s/root: not a root key of this version", path);
	warrant_key(root, server, ret);
	explicit_bzero(root, sizeof(root));
	return 1;
}

long delegation_read(const char *path, uint8_t *ret, struct macaroon *ret_m,
		     struct capability *ret_c, struct err *err)
{
	cleanup_free char *text = NULL;
	const char *words = "not a macaroon of version 2";
	size_t len;
	long n;
	int r;

	if (!strcmp(path, "-"))
		r = fd_read_all(0, MACAROON_TEXT, &text, &len, err);
	else
		r = values_read(path, &text, err);
	if (r < 0)
		return r;
	text[strcspn(text, "\r\n")] = '\0';
	n = macaroon_decode(text, strlen(text), ret);
	explicit_bzero(text, strlen(text));
	if (n < 0 || macaroon_parse(ret, (size_t)n, ret_m) < 0 ||
	    capability_read(ret_m, ret_c, &words) < 0)
		return err_set(err, EBADMSG, "%s: %s", path, words);
	return n;
}

long delegation_revoked(const struct user *u, char *ret, size_t size, struct err *err)
{
	cleanup_free char *path = NULL, *text = NULL;
	cleanup_close int dir = open_dir(u, "delegation", false, &path, err), fd = -1;
	size_t len;
	int r;

	if (dir == -ENOENT)
		return 0;
	if (dir < 0)
		return dir;
	fd = openat(dir, "revoked", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "open %s/revoked", path);
	r = check_own(fd, "delegation/revoked", err);
	if (r == 0)
		r = fd_read_all(fd, size, &text, &len, err);
	if (r < 0)
		return err_wrap(err, "%s/revoked", path);
	memcpy(ret, text, len);
	return (long)len;
}

int delegation_revoke(const struct user *u, const char *id, struct err *err)
{
	const struct macaroon_part text = { id, strlen(id) };
	cleanup_free char *path = NULL, *caveat = NULL, *line = NULL;
	cleanup_close int dir = open_dir(u, "delegation", true, &path, err), fd = -1;
	struct capability_caveat c;
	const char *words;

	if (dir < 0)
		return dir;
	if (asprintf(&caveat, "id = %s", id) < 0 || asprintf(&line, "%s\n", id) < 0)
		return err_errno(err, ENOMEM, "revoke");
	if (capability_caveat((struct macaroon_part){ caveat, strlen(caveat) }, &c, &words) < 0)
		return err_set(err, EINVAL, "%.*s: must be %s", (int)text.len, id, words);
	fd = openat(dir, "revoked", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, line, strlen(line)) < 0 || fsync(fd) < 0)
		return err_errno(err, errno, "write %s/revoked", path);
	return 0;
}

/* --- a session's ---------------------------------------------------------------------------- */

/* The one of two paths that lies in the other; NULL: neither does. */
static const char *narrower(const char *a, const char *b)
{
	return where_is_under(a, b, strlen(b)) == POLICY_YES ? b :
	       where_is_under(b, a, strlen(a)) == POLICY_YES ? a :
							      NULL;
}

/* What of the grants lies below `top`, and a ceiling, for what a symlink leads out of it. */
static int bound_paths(struct policy_sandbox *s, const char *top)
{
	struct policy_ceiling *grown, *c;
	struct strv *lists[] = { &s->read, &s->write, &s->overlay };

	for (size_t i = 0; i < 3; i++) {
		struct strv kept = {0};

		for (size_t k = 0; k < lists[i]->n; k++) {
			const char *path = narrower(top, lists[i]->v[k]);

			if (path && strv_add(&kept, path) < 0) {
				strv_done(&kept);
				return -ENOMEM;
			}
		}
		strv_done(lists[i]);
		*lists[i] = kept;
	}
	grown = reallocarray(s->ceilings, s->n_ceilings + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->ceilings = grown;
	c = &s->ceilings[s->n_ceilings++];
	*c = (struct policy_ceiling){ .has_read = true, .has_write = true, .has_overlay = true };
	return strv_add(&c->read, top) | strv_add(&c->write, top) | strv_add(&c->overlay, top);
}

/* A layer of rules that lets the tools of one caveat through. */
static int bound_tools(struct policy_messages *m, struct macaroon_part globs)
{
	struct policy_rules *grown = reallocarray(m->tools, m->n_tools + 1, sizeof(*grown)), *layer;

	if (!grown)
		return -ENOMEM;
	m->tools = grown;
	layer = &m->tools[m->n_tools++];
	*layer = (struct policy_rules){0};
	for (size_t at = 0; at <= globs.len;) {
		const char *comma = memchr(globs.at + at, ',', globs.len - at);
		size_t end = comma ? (size_t)(comma - globs.at) : globs.len;
		struct policy_rule *v = reallocarray(layer->v, layer->n + 1, sizeof(*v));

		if (!v)
			return -ENOMEM;
		layer->v = v;
		v[layer->n] = (struct policy_rule){ .match = strndup(globs.at + at, end - at),
						    .then = POLICY_ALLOW };
		if (!v[layer->n].match)
			return -ENOMEM;
		layer->n++;
		at = end + 1;
	}
	return 0;
}

static int apply(const struct capability *c, struct session *s, struct err *err)
{
	struct policy *p = &s->policy;
	int r = 0;

	for (size_t i = 0; i < c->n && r == 0; i++) {
		cleanup_free char *text = strndup(c->v[i].text.at, c->v[i].text.len);

		if (!text)
			return err_errno(err, ENOMEM, "capability");
		if (c->v[i].kind == CAPABILITY_PATH)
			r = bound_paths(&p->sandbox, text);
		else if (c->v[i].kind == CAPABILITY_TOOLS)
			r = bound_tools(&p->messages, c->v[i].text);
		if (r < 0)
			return err_errno(err, -r, "capability");
		/* The pep merges the layers itself. */
		if (c->v[i].kind == CAPABILITY_TOOLS)
			r = options_bound_tools(&s->bundle, c->v[i].text.at, c->v[i].text.len, err);
	}
	return r;
}

static int check(const struct session *s, const struct macaroon *m, const struct capability *c,
		 struct err *err)
{
	cleanup_free char *revoked = malloc(WARRANT_REVOKED);
	uint8_t key[WARRANT_KEY];
	bool is_ours;
	int r = delegation_key(&s->user, s->name, false, key, err);
	long len;

	if (r < 0 || !revoked)
		return r < 0 ? r : err_errno(err, ENOMEM, "capability");
	is_ours = r == 1 && macaroon_verify(m, key, sizeof(key), NULL) &&
		  capability_has_server(c, s->name);
	explicit_bzero(key, sizeof(key));
	if (!is_ours)
		return err_set(err, EACCES, "it is not one of this user's for the server %s", s->name);
	if (c->expires <= (uint64_t)time(NULL))
		return err_set(err, EACCES, "it has expired; mint another with mcp-confine delegate");
	len = delegation_revoked(&s->user, revoked, WARRANT_REVOKED, err);
	if (len < 0)
		return (int)len;
	return capability_is_revoked(c, revoked, (size_t)len) ?
		       err_set(err, EACCES, "it, or who it was given to, was revoked") :
		       0;
}

int delegation_bound(const char *path, struct session *s, struct err *err)
{
	struct macaroon m;
	struct capability c;
	long len = delegation_read(path, s->capability, &m, &c, err);
	int r = len < 0 ? (int)len : check(s, &m, &c, err);

	if (r == 0)
		r = apply(&c, s, err);
	if (r < 0)
		return err_wrap(err, "capability");
	s->capability_len = (size_t)len;
	return 0;
}

/* --- what the pep gets ---------------------------------------------------------------------- */

static int find_slot(struct warrant_calls *calls, const uint8_t *signature)
{
	static const uint8_t none[MACAROON_SIGNATURE];

	for (int i = 0; i < WARRANT_SLOTS; i++) {
		if (!memcmp(calls->slot[i].signature, none, sizeof(none)))
			memcpy(calls->slot[i].signature, signature, sizeof(none));
		if (!memcmp(calls->slot[i].signature, signature, sizeof(none)))
			return i;
	}
	return -1;
}

/* A slot for each caveat "calls", with the file locked. */
static int give_slots(int fd, const struct capability *c,
		      uint8_t (*signatures)[MACAROON_SIGNATURE], struct warrant *w, struct err *err)
{
	struct warrant_calls *calls;
	int r = flock(fd, LOCK_EX) < 0 ? -errno : -posix_fallocate(fd, 0, sizeof(*calls));

	if (r < 0)
		return err_errno(err, -r, "the counts of the capability");
	calls = mmap(NULL, sizeof(*calls), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (calls == MAP_FAILED)
		return err_errno(err, errno, "map the counts of the capability");
	for (size_t i = 0; i < c->n && r == 0; i++) {
		int slot = c->v[i].kind == CAPABILITY_CALLS ? find_slot(calls, signatures[i]) : 0;

		if (slot < 0)
			r = err_set(err, ENOSPC, "capability: too many different counts of calls descend from "
						 "its root; mint another");
		w->slot[i] = (uint8_t)(slot < 0 ? 0 : slot);
	}
	munmap(calls, sizeof(*calls));
	flock(fd, LOCK_UN);
	return r;
}

static int open_calls(const struct session *s, const struct macaroon *m,
		      const struct capability *c, struct warrant *w, struct err *err)
{
	uint8_t signatures[MACAROON_CAVEATS][MACAROON_SIGNATURE];
	cleanup_free char *path = NULL;
	cleanup_close int dir = -1, fd = -1;
	char name[CAPABILITY_ROOT + 1];
	int r;

	if (!macaroon_verify(m, w->key, sizeof(w->key), signatures))
		return err_set(err, EACCES, "capability: the root key has changed");
	dir = open_dir(&s->user, "delegation/calls", true, &path, err);
	if (dir < 0)
		return dir;
	snprintf(name, sizeof(name), "%.*s", (int)c->root.len, c->root.at);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		return err_errno(err, errno, "open %s/%s", path, name);
	r = check_own(fd, name, err);
	if (r == 0)
		r = give_slots(fd, c, signatures, w, err);
	return r < 0 ? r : take_fd(&fd);
}

static int fill(const struct session *s, struct warrant *w, int *ret_calls, struct err *err)
{
	struct macaroon m;
	struct capability c;
	const char *words;
	int r = delegation_key(&s->user, s->name, false, w->key, err);
	long len;

	if (r < 0)
		return r;
	w->has_key = r == 1;
	if (!w->has_key && s->policy.messages.capability == POLICY_CAPABILITY_REQUIRE)
		return err_set(err, ENOKEY, "messages.capability is \"require\", and this user has minted "
					    "none yet: mcp-confine delegate --server %s", s->name);
	len = delegation_revoked(&s->user, w->revoked, sizeof(w->revoked), err);
	if (len < 0)
		return (int)len;
	w->revoked_len = (uint32_t)len;
	if (!s->capability_len)
		return 0;
	memcpy(w->session, s->capability, s->capability_len);
	w->session_len = (uint32_t)s->capability_len;
	if (macaroon_parse(w->session, w->session_len, &m) < 0 || capability_read(&m, &c, &words) < 0)
		return err_set(err, EBADMSG, "capability");
	if (capability_is_bounded(&c, CAPABILITY_CALLS))
		*ret_calls = r = open_calls(s, &m, &c, w, err);
	return r < 0 ? r : 0;
}

int delegation_open(const struct session *s, int *ret_warrant, int *ret_calls, struct err *err)
{
	struct warrant *w = calloc(1, sizeof(*w));
	int r;

	*ret_calls = *ret_warrant = -1;
	if (!w)
		return err_errno(err, ENOMEM, "warrant");
	r = fill(s, w, ret_calls, err);
	if (r == 0 && (w->has_key || w->revoked_len))
		*ret_warrant = r = fd_sealed("warrant", w, sizeof(*w), err);
	explicit_bzero(w, sizeof(*w));
	free(w);
	return r < 0 ? r : 0;
}
