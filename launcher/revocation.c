/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/rates.h"
#include "launcher/revocation.h"
#include "launcher/session.h"
#include "launcher/user.h"
#include "policies/load.h"


int revocation_open(const struct session *s, struct revocation *ret, struct err *err)
{
	*ret = (struct revocation){0};
	if (asprintf(&ret->own, "%s/" REVOCATION_DIR "/revoked", s->user.state) < 0) {
		ret->own = NULL;
		return err_errno(err, ENOMEM, "revocation");
	}
	snprintf(ret->uid, sizeof(ret->uid), "%u", (unsigned int)s->user.uid);
	rates_client(ret->client, sizeof(ret->client));
	ret->subject = (struct revoked_subject){
		.server = s->name,		 .package = s->runtime.package,
		.agent = s->policy.agent.id,	 .spiffe_id = s->policy.agent.spiffe_id,
		.client = ret->client,		 .user = s->user.name,
		.uid = ret->uid,
	};
	return 0;
}

void revocation_close(struct revocation *r)
{
	free(r->own);
	r->own = NULL;
}

/* One list.  Return as revocation_look(). */
static int look(const char *path, enum load_trust trust, const struct revoked_subject *s,
		char why[static REVOCATION_WORDS])
{
	cleanup_free char *text = NULL;
	struct revoked_entry e;
	struct err err = {0};
	size_t len = 0;
	int r = load_file(path, trust, &text, &len, &err);

	if (r > 0 && (r = revoked_find(text, len, s, &e, &err)) < 0)
		err_wrap(&err, "%s", path);
	if (r < 0)
		snprintf(why, REVOCATION_WORDS, "%.390s", err.text);
	if (r > 0)
		snprintf(why, REVOCATION_WORDS, "%s, line %zu: %s%s%.*s%s%.*s", path, e.line,
			 revoked_word(e.kind), e.name_len ? " " : "", (int)e.name_len, e.name,
			 e.reason_len ? ": " : "", (int)(e.reason_len < 120 ? e.reason_len : 120),
			 e.reason);
	return r;
}

int revocation_look(const struct revocation *r, char why[static REVOCATION_WORDS])
{
	char words[REVOCATION_WORDS];
	int admin = look(REVOCATION_ADMIN, LOAD_ADMIN, &r->subject, why), own;

	if (admin > 0)
		return 1;
	own = look(r->own, LOAD_USER, &r->subject, words);
	/* What is certain counts before what is not. */
	if (own > 0 || (own < 0 && admin == 0))
		memcpy(why, words, sizeof(words));
	return own > 0 ? 1 : admin < 0 ? admin : own;
}

int revocation_read(const struct user *user, int number, char **ret_path, char **ret_text,
		    size_t *ret_len, struct err *err)
{
	int r;

	*ret_text = NULL;
	*ret_len = 0;
	if (number == 0)
		*ret_path = strdup(REVOCATION_ADMIN);
	else if (asprintf(ret_path, "%s/" REVOCATION_DIR "/revoked", user->state) < 0)
		*ret_path = NULL;
	if (!*ret_path)
		return err_errno(err, ENOMEM, "revocation");
	r = load_file(*ret_path, number == 0 ? LOAD_ADMIN : LOAD_USER, ret_text, ret_len, err);
	return r < 0 ? r : 0;
}

size_t revocation_print(FILE *out, const struct user *user)
{
	size_t n = 0;

	for (int i = 0; i < 2; i++) {
		cleanup_free char *path = NULL, *text = NULL;
		char safe[REVOKED_LINE];
		struct revoked_entry e;
		struct err err = {0};
		size_t len, at = 0, line = 0;
		int r = revocation_read(user, i, &path, &text, &len, &err);

		while (r == 0 && text && (r = revoked_next(text, len, &at, &line, &e, &err)) > 0) {
			char words[REVOKED_LINE];

			snprintf(words, sizeof(words), "%s%s%.*s%s%.*s", revoked_word(e.kind),
				 e.name_len ? " " : "", (int)e.name_len, e.name,
				 e.reason_len ? ": " : "", (int)e.reason_len, e.reason);
			fprintf(out, "revoked: %s (%s, line %zu)\n",
				err_printable(safe, sizeof(safe), words), path, e.line);
			n++;
			r = 0;
		}
		if (r < 0) {
			fprintf(out, "revoked: nothing starts, since %s cannot be read: %s\n", path,
				err_printable(safe, sizeof(safe), err.text));
			n++;
		}
	}
	return n;
}
