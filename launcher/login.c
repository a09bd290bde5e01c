/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "launcher/login.h"
#include "launcher/path.h"

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "credentials");
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void login_done(struct login *l)
{
	wipe(l->user);
	wipe(l->password);
	wipe(l->text);
	for (size_t i = 0; i < l->npm.n; i++)
		explicit_bzero(l->npm.v[i], strlen(l->npm.v[i]));
	strv_done(&l->npm);
	*l = (struct login){0};
}

/* --- npm ------------------------------------------------------------------------------------ */

/* "//host:8080/path/:_authToken": the last part says what it is. */
static bool is_credential(const char *key)
{
	static const char *const names[] = { ":_authToken", ":_auth", ":username", ":_password" };
	size_t len = strlen(key);

	for (size_t i = 0; !strncmp(key, "//", 2) && i < sizeof(names) / sizeof(*names); i++) {
		size_t tail = strlen(names[i]);

		if (len > tail + 2 && !strcmp(key + len - tail, names[i]))
			return true;
	}
	return false;
}

int login_take_npmrc(struct login *l, const char *key, const char *value)
{
	size_t len = strlen(key);

	if (!is_credential(key) || !*value)
		return 0;
	/* The first that says so counts: the user's file before the machine's. */
	for (size_t i = 0; i < l->npm.n; i++)
		if (!strncmp(l->npm.v[i], key, len) && l->npm.v[i][len] == '=')
			return 0;
	return strv_addf(&l->npm, "%s=%s", key, value);
}

/* Is the key for one of the hosts?  "host" means port 443, as it does in their list. */
static bool is_for(const char *key, const struct strv *hosts)
{
	size_t len = strcspn(key + 2, "/=");

	/* "//host:_authToken" has no path to end it. */
	if (key[2 + len] != '/')
		return false;
	for (size_t i = 0; i < hosts->n; i++) {
		const char *host = hosts->v[i];

		if (!strncmp(key + 2, host, len) && (!host[len] || !strcmp(host + len, ":443")))
			return true;
	}
	return false;
}

/* "${NAME}" as npm reads it, from our environment. */
static int expand(const char *value, char **ret, struct err *err)
{
	cleanup_free char *out = calloc(1, 1);

	while (out && *value) {
		const char *end = !strncmp(value, "${", 2) ? strchr(value, '}') : NULL;
		size_t take = end ? 0 : 1 + strcspn(value + 1, "$");
		char *grown = NULL;

		if (end) {
			cleanup_free char *name = strndup(value + 2, (size_t)(end - value - 2));
			const char *set = name ? getenv(name) : NULL;

			if (!set)
				return err_set(err, EINVAL, "the token in npm's configuration is that of a "
					       "variable, %s, which is not set", name ? name : "?");
			grown = path_make("%s%s", out, set);
			value = end + 1;
		} else {
			grown = path_make("%s%.*s", out, (int)take, value);
			value += take;
		}
		wipe(out);
		out = grown;
	}
	if (!out)
		return no_memory(err);
	*ret = take_ptr(&out);
	return 0;
}

/* What would end the quotes, or the line, that it is written in. */
static int check_value(const char *value, const char *never, struct err *err)
{
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f || strchr(never, *p))
			return err_set(err, EINVAL, "a credential holds a character that cannot be handed on "
						    "(quote, backslash, blank or control)");
	return 0;
}

static int append(char **text, const char *key, size_t key_len, const char *value, struct err *err)
{
	char *grown = path_make("%s%.*s=\"%s\"\n", *text ? *text : "", (int)key_len, key, value);

	if (!grown)
		return no_memory(err);
	wipe(*text);
	*text = grown;
	return 0;
}

int login_settle_npm(struct login *l, const struct strv *hosts, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < l->npm.n && r == 0; i++) {
		const char *key = l->npm.v[i], *value = strchr(key, '=');
		char *full = NULL;

		/* A base64 value may end in '='; a key has none. */
		if (!value || !is_for(key, hosts))
			continue;
		l->is_known = true;
		if (!l->is_wanted)
			continue;
		r = expand(value + 1, &full, err);
		if (r == 0)
			r = check_value(full, "\"\\", err);
		if (r == 0)
			r = append(&l->text, key, (size_t)(value - key), full, err);
		wipe(full);
	}
	if (r == 0 && l->is_wanted && !l->text)
		r = err_set(err, ENOENT, "--token: npm's configuration (~/.npmrc, /etc/npmrc) has no token, _auth, "
					 "or username with _password, for %s", hosts->n ? hosts->v[0] : "it");
	return r;
}

/* --- pip ------------------------------------------------------------------------------------ */

static char *decoded(const char *text, size_t len)
{
	char *out = calloc(1, len + 1), *to = out;

	for (size_t i = 0; out && i < len; i++) {
		if (text[i] == '%' && i + 2 < len && isxdigit((unsigned char)text[i + 1]) &&
		    isxdigit((unsigned char)text[i + 2])) {
			const char hex[] = { text[i + 1], text[i + 2], '\0' };

			*to++ = (char)strtoul(hex, NULL, 16);
			i += 2;
		} else {
			*to++ = text[i];
		}
	}
	return out;
}

int login_take_url(struct login *l, char *url, struct err *err)
{
	char *host = strstr(url, "://"), *at = NULL, *colon;
	size_t len;

	if (!host)
		return 0;
	host += 3;
	len = strcspn(host, "/?#");
	for (size_t i = 0; i < len; i++)
		if (host[i] == '@')
			at = host + i;
	if (!at)
		return 0;
	colon = memchr(host, ':', (size_t)(at - host));
	if (!l->user) {
		l->user = decoded(host, (size_t)((colon ? colon : at) - host));
		l->password = colon ? decoded(colon + 1, (size_t)(at - colon - 1)) : strdup("");
	}
	explicit_bzero(host, (size_t)(at - host));
	memmove(host, at + 1, strlen(at));
	return l->user && l->password ? 1 : no_memory(err);
}

int login_take_netrc(struct login *l, const char *path, const char *host)
{
	char *text = l->user ? NULL : path_read(path, MIB), *save = NULL, **to = NULL;
	bool is_ours = false;
	int r = 0;

	for (char *w = text ? strtok_r(text, " \t\r\n", &save) : NULL; w; w = strtok_r(NULL, " \t\r\n", &save)) {
		if (to) {
			wipe(*to);
			*to = strdup(w);
			r = *to ? r : -ENOMEM;
			to = NULL;
		} else if (!strcmp(w, "machine") || !strcmp(w, "default")) {
			/* The first entry of the host counts. */
			if (is_ours)
				break;
			w = strcmp(w, "default") ? strtok_r(NULL, " \t\r\n", &save) : NULL;
			is_ours = w && !strcmp(w, host);
			if (!w)
				break;
		} else if (is_ours && !strcmp(w, "login")) {
			to = &l->user;
		} else if (is_ours && !strcmp(w, "password")) {
			to = &l->password;
		}
	}
	if (l->user && !l->password)
		l->password = strdup("");
	wipe(text);
	return r;
}

int login_settle_pip(struct login *l, const char *host, struct err *err)
{
	const size_t len = strcspn(host, ":");
	int r;

	l->is_known = l->user != NULL;
	if (!l->is_wanted)
		return 0;
	if (!l->user || !l->password)
		return err_set(err, ENOENT, "--token: neither the index-url in pip's configuration nor ~/.netrc has a "
					    "credential for %s; a keyring is not asked", host);
	r = check_value(l->user, "\"\\ ", err);
	if (r == 0)
		r = check_value(l->password, "\"\\ ", err);
	if (r < 0)
		return r;
	l->text = path_make("machine %.*s login \"%s\" password \"%s\"\n", (int)len, host, l->user, l->password);
	return l->text ? 0 : no_memory(err);
}

int login_write(const struct login *l, const char *path, struct err *err)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : fd_write_all(fd, l->text, strlen(l->text));

	return r < 0 ? err_errno(err, -r, "write %s", path) : 0;
}
