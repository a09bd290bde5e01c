/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules - the policy's word on a message that is well formed
 *
 * The gate knows requests and responses; here is what a policy says about their
 * contents: tools, prompts, resources, roots, what lists show, how large a result may be.
 * Pure: reads the tape, answers, and collects what a rewrite leaves out.
 */
#ifndef SHIMS_PEP_RULES_H
#define SHIMS_PEP_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"
#include "policies/policy.h"
#include "shims/pep/session.h"
#include "shims/pep/vocabulary.h"

struct json;
struct rpc;
struct surface;

struct rules_refusal {
	const char *why;   /* for the log; static */
	const char *words; /* for the sender; static */
};

struct rules {
	const struct policy *policy;
	struct surface *surface; /* NULL: neither pins, nor names, nor descriptions */
	struct rules_refusal made;
	int code; /* of what rules_message() refused as malformed params; 0: by policy */
	/* What the last call of rules_message() found of a tools/call that may pass. */
	bool needs_person;  /* only with the approval of a person */
	const char *rule;   /* the pattern that refused it or wants a person; NULL: none did */
	const uint8_t *pin; /* the digest of its tool's definition, in force; NULL: none */
	/* What the last call found to leave out of the message: values, ascending. */
	uint32_t hide[LIMIT_HIDDEN];
	size_t n_hide;
};

/*
 * May this request or notification pass?  Return: NULL; or the refusal (valid until the
 * next call).  What may pass without some of its values has them in hide.
 */
const struct rules_refusal *rules_message(struct rules *r, const struct json *j,
					  const struct rpc *m, enum vocabulary_from from);

/* The same for the result that answers a request about `about`. */
const struct rules_refusal *rules_result(struct rules *r, const struct json *j, uint32_t result,
					 enum session_about about);

/* May what a result, or the state of a task, asks of the client be asked? */
const struct rules_refusal *rules_asks(struct rules *r, const struct json *j, uint32_t object);

/* About how many bytes a value takes as JSON. */
uint64_t rules_measure(const struct json *j, uint32_t node);

#endif /* SHIMS_PEP_RULES_H */
