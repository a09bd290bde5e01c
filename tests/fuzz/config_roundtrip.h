/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text: refused with words, or what is wrapped starts our program, and what is
 * restored is the same text again.
 */
#ifndef TESTS_FUZZ_CONFIG_ROUNDTRIP_H
#define TESTS_FUZZ_CONFIG_ROUNDTRIP_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/strv.h"
#include "configs/edits.h"
#include "configs/rewrite.h"

#define MUST(condition)                                                                  \
	do {                                                                             \
		if (!(condition))                                                        \
			abort();                                                         \
	} while (0)

/* Edits for the entry, when it is one that wrap would touch. */
static bool wrap_one(const struct rewrite_document *d, const struct server *s, struct edits *edits)
{
	struct strv argv = {0}, emptied = {0};
	const size_t before = edits->n;
	bool is_wrapped = s->kind == SERVER_STDIO && servers_argv(d->client, s, &argv, NULL) == 0;

	for (const struct node *n = is_wrapped && s->env ? s->env->first : NULL; n && n->key; n = n->next)
		if (n->kind == NODE_STRING && *n->text)
			MUST(strv_add(&emptied, n->key) == 0);
	if (is_wrapped && rewrite_wrap(d, s, "/opt/p", "id", &emptied, edits, NULL) < 0) {
		while (edits->n > before)
			free(edits->v[--edits->n].text);
		is_wrapped = false;
	}
	strv_done(&argv);
	strv_done(&emptied);
	return is_wrapped;
}

static void restore(const struct rewrite_document *now, const struct rewrite_document *d,
		    const bool *is_wrapped)
{
	struct edits edits = {0};
	struct strv notes = {0};
	char *text;
	size_t len;

	for (size_t i = 0; i < now->servers.n; i++) {
		struct strv argv = {0};

		if (!is_wrapped[i])
			continue;
		MUST(servers_argv(now->client, &now->servers.v[i], &argv, NULL) == 0 && argv.n == 3);
		MUST(!strcmp(argv.v[0], "/opt/p") && !strcmp(argv.v[2], "id"));
		strv_done(&argv);
		MUST(rewrite_restore(now, &now->servers.v[i], d, &d->servers.v[i], &edits, &notes, NULL) == 0);
	}
	MUST(edits_apply(&edits, now->text, now->len, &text, &len, NULL) == 0);
	MUST(len == d->len && !memcmp(text, d->text, len));
	free(text);
	edits_done(&edits);
	strv_done(&notes);
}

static int round_trip(const char *client, enum document_format format, const uint8_t *data,
		      size_t size)
{
	struct rewrite_document d = {0}, now = {0};
	struct edits edits = {0};
	struct err err = {0};
	bool *is_wrapped;
	char *text;
	size_t len;

	if (rewrite_open(clients_named(client), format, (const char *)data, size, &d, &err) < 0) {
		MUST(err.code && err.text[0]);
		return 0;
	}
	is_wrapped = calloc(d.servers.n + 1, sizeof(*is_wrapped));
	MUST(is_wrapped);
	for (size_t i = 0; i < d.servers.n; i++)
		is_wrapped[i] = wrap_one(&d, &d.servers.v[i], &edits);
	MUST(edits_apply(&edits, (const char *)data, size, &text, &len, NULL) == 0);
	MUST(rewrite_open(clients_named(client), format, text, len, &now, &err) == 0);
	MUST(now.servers.n == d.servers.n);
	restore(&now, &d, is_wrapped);
	rewrite_close(&now);
	rewrite_close(&d);
	edits_done(&edits);
	free(is_wrapped);
	free(text);
	return 0;
}

#endif /* TESTS_FUZZ_CONFIG_ROUNDTRIP_H */
