/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/strv.h"
#include "configs/edits.h"
#include "configs/rewrite.h"

int rewrite_open(const struct client *client, enum document_format format, const char *text,
		 size_t len, struct rewrite_document *ret, struct err *err)
{
	struct rewrite_document d = { .client = client, .format = format, .text = text, .len = len };
	int r = document_parse(format, text, len, &d.tree, err);

	if (r == 0)
		r = servers_find(client, &d.tree, &d.servers, err);
	if (r < 0) {
		rewrite_close(&d);
		return r;
	}
	*ret = d;
	return 0;
}

void rewrite_close(struct rewrite_document *d)
{
	servers_done(&d->servers);
	tree_done(&d->tree);
	*d = (struct rewrite_document){0};
}

/* --- places in the text ------------------------------------------------------------------- */

/* Are the members of the entry lines of their own (or is it written in braces)? */
static bool has_lines(const struct rewrite_document *d, const struct node *entry)
{
	return d->format != DOCUMENT_JSON && entry->is_block;
}

static const char *line_break(const struct rewrite_document *d)
{
	const char *nl = memchr(d->text, '\n', d->len);

	return nl && nl > d->text && nl[-1] == '\r' ? "\r\n" : "\n";
}

/* The end of the line that `at` lies in, before its line break. */
static size_t line_end(const struct rewrite_document *d, size_t at)
{
	const char *nl = memchr(d->text + at, '\n', d->len - at);
	size_t end = nl ? (size_t)(nl - d->text) : d->len;

	return end > at && d->text[end - 1] == '\r' ? end - 1 : end;
}

static size_t line_start(const struct rewrite_document *d, size_t at)
{
	while (at && d->text[at - 1] != '\n')
		at--;
	return at;
}

/* The column of the value, when nothing but blanks stands before it on its line, or of
 * the first dash of a list. */
static size_t column(const struct rewrite_document *d, size_t at)
{
	return at - line_start(d, at);
}

static char *slice(const struct rewrite_document *d, size_t start, size_t end)
{
	return strndup(d->text + start, end - start);
}

/* --- text of values ----------------------------------------------------------------------- */

/* ["a", "b"], or in a YAML block: lines with a dash each, at the column of the old ones. */
static char *list_text(const struct rewrite_document *d, const struct node *old,
		       const struct strv *words)
{
	const bool is_lines = d->format == DOCUMENT_YAML && old && old->is_block;
	const int indent = is_lines ? (int)column(d, old->start) : 0;
	char *text = strdup(is_lines ? "" : "[");

	for (size_t i = 0; text && i < words->n; i++) {
		cleanup_free char *word = edits_quote(words->v[i]), *before = text;

		text = NULL;
		if (!word)
			return NULL;
		if (is_lines && asprintf(&text, "%s%s%*s- %s", before, i ? line_break(d) : "",
					 i ? indent : 0, "", word) < 0)
			return NULL;
		if (!is_lines && asprintf(&text, "%s%s%s", before, i ? ", " : "", word) < 0)
			return NULL;
	}
	if (text && !is_lines) {
		cleanup_free char *before = text;

		if (asprintf(&text, "%s]", before) < 0)
			return NULL;
	}
	return text;
}

/* Write the words into the place of the list; with old NULL behind the command. */
static int put_list(const struct rewrite_document *d, const struct server *s,
		    const struct node *old, const struct strv *words, struct edits *edits,
		    struct err *err)
{
	cleanup_free char *list = list_text(d, old, words), *key = edits_quote(d->client->args ? d->client->args : "");
	char *text = NULL;
	size_t at = s->command->end;
	int n;

	if (!list || !key)
		return err_errno(err, ENOMEM, "edit");
	if (old)
		return edits_add(edits, old->start, old->end, take_ptr(&list), err);
	if (!has_lines(d, s->entry)) {
		n = asprintf(&text, ", %s%s%s", d->format == DOCUMENT_TOML ? d->client->args : key,
			     d->format == DOCUMENT_TOML ? " = " : ": ", list);
	} else if (d->format == DOCUMENT_YAML) {
		at = line_end(d, at);
		n = asprintf(&text, "%s%*s%s: %s", line_break(d),
			     (int)column(d, s->command->key_start), "", d->client->args, list);
	} else {
		at = line_end(d, at);
		n = asprintf(&text, "%s%s = %s", line_break(d), d->client->args, list);
	}
	return edits_add(edits, at, at, n < 0 ? NULL : text, err);
}

/* --- there -------------------------------------------------------------------------------- */

static int check_shape(const struct rewrite_document *d, const struct server *s, struct err *err)
{
	const bool needs_args = d->client->args && !s->args;

	if (d->format == DOCUMENT_TOML && s->entry->is_dotted && needs_args)
		return err_set(err, EINVAL,
			       "it is written in dotted keys and has no args; add args = [] to it");
	/* "? key" or a dash may stand before the first key of a block. */
	if (d->format == DOCUMENT_YAML && needs_args && has_lines(d, s->entry) &&
	    s->command->start == s->command->end)
		return err_set(err, EINVAL, "its command has no text");
	if (s->command->kind == NODE_STRING && d->format == DOCUMENT_YAML &&
	    memchr(d->text + s->command->start, '\n', s->command->end - s->command->start))
		return err_set(err, EINVAL, "its command goes over several lines");
	return 0;
}

static int empty_variables(const struct server *s, const struct strv *emptied,
			   struct edits *edits, struct err *err)
{
	for (size_t i = 0; i < emptied->n; i++) {
		const struct node *n = tree_member(s->env, emptied->v[i], NULL);
		int r;

		if (!n)
			return err_set(err, EINVAL, "it has no variable %s", emptied->v[i]);
		r = edits_add(edits, n->start, n->end, strdup("\"\""), err);
		if (r < 0)
			return r;
	}
	return 0;
}

int rewrite_wrap(const struct rewrite_document *d, const struct server *server,
		 const char *program, const char *id, const struct strv *emptied,
		 struct edits *edits, struct err *err)
{
	cleanup_strv struct strv words = {0};
	int r = check_shape(d, server, err);

	if (r == 0 && !d->client->args && strv_add(&words, program) < 0)
		r = err_errno(err, ENOMEM, "edit");
	if (r == 0 && (strv_add(&words, "run") < 0 || strv_add(&words, id) < 0))
		r = err_errno(err, ENOMEM, "edit");
	if (r == 0 && d->client->args)
		r = edits_add(edits, server->command->start, server->command->end,
			      edits_quote(program), err);
	if (r == 0)
		r = put_list(d, server, d->client->args ? server->args : server->command, &words,
			     edits, err);
	return r < 0 ? r : empty_variables(server, emptied, edits, err);
}

/* --- and back ----------------------------------------------------------------------------- */

/* Take a member out again: with the comma before it, or with its line. */
static int remove_member(const struct rewrite_document *d, const struct node *object,
			 const struct node *member, struct edits *edits, struct err *err)
{
	const struct node *before = NULL;
	size_t start = member->key_start, end = member->end;

	for (const struct node *n = object->first; n && n != member; n = n->next)
		before = n;
	if (has_lines(d, object)) {
		size_t line = line_start(d, start);

		end = line_end(d, end);
		/* With the break before it, where that is not the beginning of the block. */
		if (before && line)
			start = line - (line > 1 && d->text[line - 2] == '\r' ? 2 : 1);
		else
			end += end < d->len ? strlen(line_break(d)) : 0;
	} else if (before) {
		start = before->end;
	} else if (member->next) {
		end = member->next->key_start;
	}
	return edits_add(edits, start, end, strdup(""), err);
}

/* The bytes that the value had; a YAML list goes only where its lines can stand. */
static int put_back(const struct rewrite_document *d, const struct node *now,
		    const struct rewrite_document *before, const struct node *then,
		    struct edits *edits, struct err *err)
{
	cleanup_strv struct strv words = {0};
	const bool is_lines = then->kind == NODE_ARRAY && d->format == DOCUMENT_YAML;

	if (!is_lines || (!now->is_block && !then->is_block) ||
	    (now->is_block && then->is_block &&
	     column(d, now->start) == column(before, then->start)))
		return edits_add(edits, now->start, now->end, slice(before, then->start, then->end),
				 err);
	for (const struct node *n = then->first; n; n = n->next)
		if (n->kind != NODE_STRING || strv_add(&words, n->text) < 0)
			return err_set(err, EINVAL, "a list that is indented otherwise now");
	if (now->is_block && !words.n)
		return edits_add(edits, now->start, now->end, strdup("[]"), err);
	return edits_add(edits, now->start, now->end, list_text(d, now, &words), err);
}

static int restore_variables(const struct rewrite_document *d, const struct server *now,
			     const struct rewrite_document *before, const struct server *then,
			     struct edits *edits, struct strv *notes, struct err *err)
{
	for (const struct node *t = then->env && then->env->kind == NODE_OBJECT ? then->env->first : NULL;
	     t; t = t->next) {
		const struct node *n = tree_member(now->env, t->key, NULL);
		int r = 0;

		if (!n) {
			r = strv_addf(notes, "%s: its variable %s is no longer there and does not come back",
				      now->name, t->key);
		} else if (n->kind == NODE_STRING && !*n->text && t->kind == NODE_STRING && *t->text) {
			r = put_back(d, n, before, t, edits, err);
		} else if (!tree_same(n, t)) {
			r = strv_addf(notes, "%s: its variable %s was changed since and stays so",
				      now->name, t->key);
		}
		if (r < 0)
			return err->code ? r : err_errno(err, -r, "edit");
	}
	return 0;
}

int rewrite_restore(const struct rewrite_document *d, const struct server *now,
		    const struct rewrite_document *before, const struct server *then,
		    struct edits *edits, struct strv *notes, struct err *err)
{
	int r = put_back(d, now->command, before, then->command, edits, err);

	if (r == 0 && now->args && then->args)
		r = put_back(d, now->args, before, then->args, edits, err);
	else if (r == 0 && now->args)
		r = remove_member(d, now->entry, now->args, edits, err);
	else if (r == 0 && then->args)
		r = err_set(err, EINVAL, "%s has lost its arguments", now->name);
	return r < 0 ? r : restore_variables(d, now, before, then, edits, notes, err);
}
