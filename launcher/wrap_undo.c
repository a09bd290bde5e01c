/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "configs/edits.h"
#include "configs/rewrite.h"
#include "launcher/record.h"
#include "launcher/wrap_undo.h"

struct undoing {
	struct rewrite_document now, wrapped, before;
	const struct strv *ids;
	struct edits edits;
	size_t restored, left;
	struct strv *notes;
};

enum whose { WHOSE_OTHER, WHOSE_OURS, WHOSE_UNKNOWN };

/*
 * Does the entry start what wrap made it start?  WHOSE_UNKNOWN: it names one of the
 * policies, but not as it was written, or under another name.
 */
static enum whose whose(const struct undoing *u, const struct server *s)
{
	const struct server *written = servers_get(&u->wrapped.servers, s->where, s->name);
	cleanup_strv struct strv now = {0}, then = {0};
	size_t same = 0;

	if (s->kind != SERVER_STDIO || servers_argv(u->now.client, s, &now, NULL) < 0 || now.n < 3 ||
	    strcmp(now.v[1], "run") != 0 || !strv_has(u->ids, now.v[2]))
		return WHOSE_OTHER;
	if (!written || written->kind != SERVER_STDIO ||
	    servers_argv(u->wrapped.client, written, &then, NULL) < 0)
		return WHOSE_UNKNOWN;
	while (same < now.n && same < then.n && !strcmp(now.v[same], then.v[same]))
		same++;
	return same == 3 && now.n == 3 && then.n == 3 ? WHOSE_OURS : WHOSE_UNKNOWN;
}

static int stays(struct undoing *u, const struct server *s, const char *why, struct err *err)
{
	u->left++;
	return strv_addf(u->notes, "%s stays confined: %.300s", s->name, why) < 0 ?
		       err_errno(err, ENOMEM, "undo") : 0;
}

static int undo_entry(struct undoing *u, const struct server *s, struct err *err)
{
	const struct server *then = servers_get(&u->before.servers, s->where, s->name);
	const size_t n = u->edits.n;
	const enum whose owner = whose(u, s);
	struct err local = {0};

	if (owner == WHOSE_OTHER || (then && tree_same(s->outer, then->outer)))
		return 0;
	if (owner == WHOSE_UNKNOWN || !then || then->kind != SERVER_STDIO)
		return stays(u, s, "it had another name or command when this file was wrapped", err);
	if (rewrite_restore(&u->now, s, &u->before, then, &u->edits, u->notes, &local) < 0) {
		while (u->edits.n > n)
			free(u->edits.v[--u->edits.n].text);
		return stays(u, s, local.text, err);
	}
	u->restored++;
	return 0;
}

static int undo_changed(struct undoing *u, const struct client *client, const struct record *rec,
			const char *text, size_t len, char **ret_text, size_t *ret_len,
			struct err *err)
{
	const enum document_format format = clients_format(rec->path.v);
	struct rewrite_document check = {0};
	int r = rewrite_open(client, format, text, len, &u->now, err);

	if (r == 0)
		r = rewrite_open(client, format, rec->wrapped.v, rec->wrapped.len, &u->wrapped, err);
	if (r == 0)
		r = rewrite_open(client, format, rec->original.v, rec->original.len, &u->before, err);
	for (size_t i = 0; r == 0 && i < u->now.servers.n; i++)
		r = undo_entry(u, &u->now.servers.v[i], err);
	if (r == 0)
		r = edits_apply(&u->edits, text, len, ret_text, ret_len, err);
	if (r == 0) {
		r = rewrite_open(client, format, *ret_text, *ret_len, &check, err);
		if (r == 0 && check.servers.n != u->now.servers.n)
			r = err_set(err, EINVAL, "the restored text has other servers");
		if (r < 0)
			free(*ret_text);
	}
	rewrite_close(&check);
	return r < 0 ? err_wrap(err, "%s", rec->path.v) : 0;
}

int wrap_undo(const struct record *rec, const char *text, size_t len, char **ret_text,
	      size_t *ret_len, size_t *ret_restored, size_t *ret_left, struct strv *notes,
	      struct err *err)
{
	const struct client *client = clients_named(rec->client.v);
	const bool is_ours = len == rec->wrapped.len && !memcmp(text, rec->wrapped.v, len);
	struct undoing u = { .ids = &rec->ids, .notes = notes };
	int r;

	if (!client)
		return err_set(err, EINVAL, "record of %s: an unknown client", rec->path.v);
	if (is_ours) {
		struct record_text copy = {0};

		r = record_set(&copy, rec->original.v, rec->original.len, err);
		*ret_text = copy.v;
		*ret_len = copy.len;
		*ret_restored = rec->ids.n;
		*ret_left = 0;
		return r;
	}
	r = undo_changed(&u, client, rec, text, len, ret_text, ret_len, err);
	*ret_restored = u.restored;
	*ret_left = u.left;
	edits_done(&u.edits);
	rewrite_close(&u.before);
	rewrite_close(&u.wrapped);
	rewrite_close(&u.now);
	return r;
}
