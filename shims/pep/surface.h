/* SPDX-License-Identifier: Apache-2.0 */
/*
 * surface - what a server shows of itself: its name, its tools, its prompts and its
 * instructions, and their pins
 *
 * A tool's definition (every member but icons: they are seen by people alone, and change
 * with addresses and releases) has a digest; the log of pins says which one is in force.
 * Pages of a list are looked at one by one and each tool for itself, so a tool that is
 * hidden, or on another page, never makes another one look changed.
 *
 * Resources and templates are not pinned: they are data that comes and goes, nothing is
 * called by them, and a log that only grows would be full of a directory's files.
 *
 * Order of a list: surface_begin(), then surface_tool() for each.
 */
#ifndef SHIMS_PEP_SURFACE_H
#define SHIMS_PEP_SURFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/pins.h"
#include "policies/policy.h"
#include "shims/pep/canon.h"

struct audit;
struct err;
struct json;
struct scan;
struct sink;

/* One record, and one that is read while it is being written. */
#define SURFACE_BUFFER (2 * (sizeof(struct pins_record) + LIMIT_PIN_TEXT))

struct surface {
	const struct policy *policy;
	struct audit *audit;
	struct sink *errors; /* our stderr, or NULL */
	const struct scan *scan; /* names with secrets in them are not told; NULL: all are */
	const char *server;
	int log, append;	  /* the log of pins; -1: nothing outlives the session */
	struct pins_count *count; /* shared; NULL with log -1 */
	bool is_broken;		  /* the log cannot be trusted any more: everything is hidden */
	char *record, *incoming;  /* SURFACE_BUFFER each, the caller's */
	size_t n_incoming;
	size_t n_lines; /* of the audit log */
	struct pins pins;
	struct canon canon;
};

/* Read the log.  Return: 0, or -EBADMSG: it is not what was written. */
int surface_open(struct surface *s, struct err *err);

/* Before a list: take what other sessions and the user's "accept" added. */
void surface_begin(struct surface *s);

/* May this tool be listed?  NULL, or why not (static). */
const char *surface_tool(struct surface *s, const struct json *j, uint32_t tool);

/* The same for a server's instructions, a string. */
const char *surface_instructions(struct surface *s, const struct json *j, uint32_t text);

/* The same for a prompt. */
const char *surface_prompt(struct surface *s, const struct json *j, uint32_t prompt);

/* May the prompt be asked for, as far as its pin goes?  NULL, or why not (static). */
const char *surface_get_prompt(struct surface *s, const char *name, size_t len);

/* A server said its name (Implementation): another one than before is noted, and told. */
void surface_server(struct surface *s, const struct json *j, uint32_t implementation);

/* Does a description (a resource's) hold what the policy hides? */
const char *surface_description(struct surface *s, const struct json *j, uint32_t element);

/* The digest of the definition in force, PINS_DIGEST bytes; NULL: the tool is not pinned. */
const uint8_t *surface_pin(struct surface *s, const char *name, size_t len);

/*
 * May the tool be called, as far as its pin and its hints go?  *ret_why is static words
 * when not.
 */
enum policy_decision surface_call(struct surface *s, const char *name, size_t len,
				  const char **ret_why);

#endif /* SHIMS_PEP_SURFACE_H */
