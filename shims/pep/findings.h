/* SPDX-License-Identifier: Apache-2.0 */
/*
 * findings - what becomes of what the scanner found in one string
 *
 * The scanner gives spans; the policy gives each class an action for the direction; here
 * the string is cut into what stays and what is written in its place.  Nothing of this
 * runs for a string in which nothing was found, but for two looks: at what may be turned
 * back, and at what another place of the same result was found to hold.
 */
#ifndef SHIMS_PEP_FINDINGS_H
#define SHIMS_PEP_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"
#include "policies/policy.h"
#include "scan/scan.h"
#include "shims/pep/pseudonym.h"

struct json;
struct mirror;

/* Spans of one string; where there are more, the last reaches to its end. */
#define FINDINGS_SPANS 64

/* What is kept for a session. */
struct findings_session {
	struct pseudonyms *pseudonyms; /* NULL: none are made, and what would get one is redacted */
};

struct findings_exempt {
	uint32_t node;	 /* of the message */
	uint32_t layers; /* bits: which layers of messages.findings exempt it */
	const struct policy_exemption *by;
	size_t used;	   /* what passed because of it; of the last, its class */
	const char *class;
};

/* One message. */
struct findings {
	/* What is asked; policy NULL: all that is found is redacted. */
	const struct policy *policy;
	struct findings_session *session; /* NULL: no pseudonyms */
	const struct json *json;
	enum policy_direction direction;
	uint32_t turn_back;		  /* node below which pseudonyms are; JSON_NONE */
	struct findings_exempt exempt[LIMIT_EXEMPT];
	size_t n_exempt;
	struct mirror *mirror;		  /* NULL: no two places say the same */
	bool is_frozen;			  /* what was turned back before stays as it is */
	bool is_mirrored;		  /* its values are replaced; before, they are collected */
	/* What came of it. */
	size_t replaced, noted, exempted, restored;
	const char *class, *noted_class; /* of the last, static */
	bool is_blocked; /* by an action, not for want of a way to replace it */
};

/* Clear what came of it. */
void findings_begin(struct findings *f);

/* A piece of a string to be replaced; text is what stands there then. */
struct findings_piece {
	size_t start, end;
	const char *text;
	size_t len;
};

/* Memory of one string's work. */
struct findings_work {
	struct findings_piece pieces[2 * FINDINGS_SPANS];
	char texts[2 * FINDINGS_SPANS][PSEUDONYM_TEXT];
	size_t n_texts; /* 0 before the first use */
};

/*
 * Judge n spans of a string value, or of a number (is_number).  Return: how many pieces
 * of w, in order and apart; or -EPERM: the message must not pass.
 */
int findings_value(struct findings *f, uint32_t node, bool is_number, const char *text, size_t len,
		   const struct scan_span *spans, size_t n, struct findings_work *w);

/* The same where nothing can be replaced: a name, or a value of the protocol (by its
 * node; JSON_NONE for a name).  Return: 0 or -EPERM. */
int findings_fixed(struct findings *f, uint32_t node, const struct scan_span *spans, size_t n);

/* Has the value to be looked at although nothing was found in it? */
bool findings_wants(const struct findings *f, uint32_t node, const char *text, size_t len);

/* The exempt fields of a call of the tool (a node): fills f->exempt. */
void findings_find_exempt(struct findings *f, uint32_t tool, uint32_t arguments);

#endif /* SHIMS_PEP_FINDINGS_H */
