/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle - the layers of one start, as documents, from the strongest to the weakest
 *
 * The launcher finds the documents, merges them to plan the sandbox, and hands the
 * same documents to the pep in a sealed memfd; the pep merges them by the same code.
 * In the memfd: a JSON array of {"origin": string, "ceiling": bool, "text": document}.
 */
#ifndef POLICIES_BUNDLE_H
#define POLICIES_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "policies/load.h"

struct err;
struct policy;
struct profile;

struct bundle_document {
	char *origin; /* a path, "profile NAME" or "command line" */
	char *text;
	size_t len;
	bool is_ceiling; /* for every server: its path lists grant nothing themselves */
};

struct bundle {
	struct bundle_document *v;
	size_t n;
};

/* Where documents are looked for; tests give directories of their own. */
struct bundle_places {
	const char *admin; /* /etc/mcp-confine */
	const char *user;  /* ~/.config/mcp-confine */
};

/*
 * The layers for a server that a policy file names: admin/policy.json (for every
 * server), admin/servers/NAME.json, user/servers/NAME.json.  No file for NAME at all
 * is -ENOENT.  The name must be [A-Za-z0-9._-]{1,64} and not begin with '.'.
 */
int bundle_find_server(const struct bundle_places *places, const char *name,
		       struct bundle *ret, struct err *err);

/*
 * The same two layers of the administrator's alone, from a directory in whose files there
 * is that trust (a checkout that is not yet on any machine is its user's).
 */
int bundle_find_administrators(const char *dir, enum load_trust trust, const char *name,
			       struct bundle *ret, struct err *err);

/*
 * The layers for an ad hoc command: admin/policy.json (-EPERM when it says enforce),
 * then the profile built in for `package` (NULL or unknown: "default").
 * *ret_profile is the name of the profile taken (static).
 */
int bundle_find_profile(const struct bundle_places *places, const char *package,
			const char *profile, struct bundle *ret, const char **ret_profile,
			struct err *err);

/* The profile built in for the package, else "default"; static. */
const struct profile *bundle_profile_for(const char *package);

/* Append a document (copied), as the weakest layer. */
int bundle_add(struct bundle *b, const char *origin, const char *text, size_t len,
	       struct err *err);

/* Load and merge all layers and the defaults.  home is what ~ stands for. */
int bundle_merge(const struct bundle *b, const char *home, struct policy *ret,
		 struct err *err);

/* To and from the text in the memfd.  *ret_text is the caller's to free. */
int bundle_write(const struct bundle *b, char **ret_text, size_t *ret_len, struct err *err);
int bundle_read(const char *text, size_t len, struct bundle *ret, struct err *err);

void bundle_done(struct bundle *b);

#endif /* POLICIES_BUNDLE_H */
