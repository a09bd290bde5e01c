/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/err.h"
#include "common/fd.h"
#include "policies/match.h"
#include "scan/scan.h"
#include "shims/pep/inject.h"
#include "shims/pep/json.h"
#include "shims/pep/pointer.h"
#include "shims/pep/sink.h"
#include "shims/pep/surface.h"

/* --- telling ---------------------------------------------------------------------------- */

static void log_about(struct surface *s, const char *event, enum pins_subject subject,
		      const char *name, size_t len, const char *why)
{
	static const char *const keys[] = { [PINS_TOOL] = "tool", [PINS_INSTRUCTIONS] = "tool",
					    [PINS_PROMPT] = "prompt", [PINS_SERVER] = "name" };
	struct audit_line l;

	if (s->n_lines > LIMIT_SURFACE_LINES)
		return;
	if (s->n_lines++ == LIMIT_SURFACE_LINES) {
		event = "omitted";
		why = "more lines about tools than one session may write";
	}
	audit_begin(&l, s->audit, event);
	if (scan_find(s->scan, name, len))
		audit_string(&l, keys[subject], "[REDACTED]");
	else
		audit_text(&l, keys[subject], name, len);
	audit_string(&l, "why", why);
	audit_end(&l);
}

static void log_event(struct surface *s, const char *event, const char *name, size_t len,
		      const char *why)
{
	log_about(s, event, PINS_TOOL, name, len, why);
}

/* A list that comes again and again says the same: the log is told once. */
static void log_once(struct surface *s, const char *event, const struct pin *pin, const char *why,
		     const char **said)
{
	if (why && why != *said)
		log_about(s, event, (enum pins_subject)pin->subject, pin->name, pin->len, why);
	*said = why;
}

/* One line for the user; a name is the server's words. */
static void tell(struct surface *s, const struct pin *pin, const char *words)
{
	static const char *const nouns[] = { [PINS_TOOL] = "tool ",
					     [PINS_INSTRUCTIONS] = "the instructions",
					     [PINS_PROMPT] = "prompt ",
					     [PINS_SERVER] = "the server's name" };
	char name[PINS_NAME + 1], safe[PINS_NAME + 1], line[512];
	int n;

	if (!s->errors)
		return;
	memcpy(name, pin->name, pin->len);
	name[pin->len] = '\0';
	if (scan_find(s->scan, pin->name, pin->len))
		memcpy(name, "[REDACTED]", sizeof("[REDACTED]"));
	n = snprintf(line, sizeof(line),
		     "mcp-confine: %s: %s%s %s; look and accept: mcp-confine pins show %s\n",
		     s->server, nouns[pin->subject],
		     err_printable(safe, sizeof(safe), name), words, s->server);
	if (n > 0 && (size_t)n < sizeof(line))
		sink_put(s->errors, line, (size_t)n);
}

/* --- the log ------------------------------------------------------------------------------ */

static void feed(struct surface *s, struct err *err)
{
	size_t used = 0;

	if (pins_feed(&s->pins, s->incoming, s->n_incoming, &used, err) < 0) {
		s->is_broken = true;
		return;
	}
	memmove(s->incoming, s->incoming + used, s->n_incoming - used);
	s->n_incoming -= used;
}

/* Take what was appended since, by whomever. */
static void catch_up(struct surface *s, struct err *err)
{
	ssize_t n;

	if (s->log < 0 || s->is_broken)
		return;
	do {
		n = read(s->log, s->incoming + s->n_incoming, SURFACE_BUFFER - s->n_incoming);
		if (n > 0)
			s->n_incoming += (size_t)n;
		if (n > 0)
			feed(s, err);
	} while (!s->is_broken && (n > 0 || (n < 0 && errno == EINTR)));
	if (n < 0)
		s->is_broken = true;
}

int surface_open(struct surface *s, struct err *err)
{
	catch_up(s, err);
	if (s->is_broken)
		return err && err->code ? -err->code : err_set(err, EIO, "cannot read the pins");
	if (s->log >= 0 && s->pins.records < atomic_load(&s->count->records))
		return err_set(err, EBADMSG, "records are missing at the end");
	return 0;
}

void surface_begin(struct surface *s)
{
	bool was_broken = s->is_broken;
	struct err err = {0};

	catch_up(s, &err);
	if (s->is_broken && !was_broken)
		log_event(s, "pins-damaged", "", 0, err.code ? err.text : "cannot be read");
}

/* Add a record and take it back as everybody will.  Whether it holds, the table tells. */
static void add(struct surface *s, enum pins_kind kind, const struct pin *pin,
		const uint8_t digest[static PINS_DIGEST], const char *text, size_t text_len)
{
	struct timespec now;
	struct err err = {0};
	long len;

	clock_gettime(CLOCK_REALTIME, &now);
	len = pins_make(&s->pins, kind, pin, digest, (uint64_t)now.tv_sec, text, text_len,
			s->record);
	if (len < 0)
		return;
	if (s->log < 0) {
		memcpy(s->incoming, s->record, (size_t)len);
		s->n_incoming = (size_t)len;
		feed(s, &err);
		return;
	}
	/* A part of a record would put every later one out of step. */
	if (write(s->append, s->record, (size_t)len) != len) {
		s->is_broken = true;
		log_event(s, "pins-damaged", pin->name, pin->len, "a record could not be written");
		return;
	}
	atomic_fetch_add(&s->count->records, 1);
	surface_begin(s);
}

/* --- names -------------------------------------------------------------------------------- */

static bool is_good_name(const char *name, size_t len)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

	for (size_t i = 0; i < len; i++)
		if (!name[i] || !strchr(letters, name[i]))
			return false;
	return len && len <= PINS_NAME;
}

static bool look_alike(const struct pin *pin, const char *name, size_t len)
{
	if (pin->subject != PINS_TOOL || pin->len != len || !memcmp(pin->name, name, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if (match_look(pin->name[i]) != match_look(name[i]))
			return false;
	return true;
}

/* Who came first keeps the name. */
static const char *judge_name(struct surface *s, const char *name, size_t len)
{
	if (s->policy->messages.names != POLICY_NAMES_STRICT)
		return len <= PINS_NAME ? NULL : "its name is too long";
	if (!is_good_name(name, len))
		return "its name is not one of 1 to 128 letters, digits, '_', '.' and '-'";
	for (size_t i = 0; i < s->pins.n; i++) {
		const struct pin *pin = &s->pins.v[i];

		if (pin->len == len && pin->subject == PINS_TOOL && !memcmp(pin->name, name, len))
			return NULL;
		if ((pin->is_listed || pin->is_pinned) && look_alike(pin, name, len))
			return "its name looks like another tool's";
	}
	return NULL;
}

/* --- hints -------------------------------------------------------------------------------- */

static bool says(const struct json *j, uint32_t annotations, const char *name,
		 enum json_type wanted)
{
	uint32_t hint = json_member(j, annotations, name);

	return hint != JSON_NONE && j->nodes[hint].type == (uint32_t)wanted &&
	       !pointer_has_variant(j, annotations, name);
}

/* MCP, ToolAnnotations: without a word a tool is destructive and open to the world. */
static unsigned int hints_of(const struct json *j, uint32_t tool)
{
	uint32_t a = json_member(j, tool, "annotations");
	unsigned int hints = 0;

	if (a == JSON_NONE || j->nodes[a].type != JSON_TAPE_OBJECT ||
	    pointer_has_variant(j, tool, "annotations"))
		return 0;
	if (says(j, a, "readOnlyHint", JSON_TAPE_TRUE))
		hints |= POLICY_HINT_READ_ONLY | POLICY_HINT_NOT_DESTRUCTIVE;
	if (says(j, a, "destructiveHint", JSON_TAPE_FALSE))
		hints |= POLICY_HINT_NOT_DESTRUCTIVE;
	if (says(j, a, "openWorldHint", JSON_TAPE_FALSE))
		hints |= POLICY_HINT_CLOSED_WORLD;
	return hints;
}

/* --- pins --------------------------------------------------------------------------------- */

static bool is_in_force(const struct pin *pin)
{
	return pin->is_pinned && !memcmp(pin->digest, pin->current, PINS_DIGEST);
}

/* Hold what is shown now against what is in force; write down what is new. */
static const char *judge_pin(struct surface *s, struct pin *pin, const char *text, size_t len)
{
	bool is_strict = s->policy->messages.pin == POLICY_PIN_STRICT;
	bool is_known = pin->is_pending && !memcmp(pin->pending, pin->current, PINS_DIGEST);
	uint8_t digest[PINS_DIGEST];

	if (s->is_broken)
		return "the pins are damaged";
	if (is_in_force(pin))
		return NULL;
	memcpy(digest, pin->current, PINS_DIGEST);
	if (pin->is_pinned || is_strict) {
		if (!is_known) {
			add(s, pin->is_pinned ? PINS_CHANGED : PINS_SEEN, pin, digest, text, len);
			tell(s, pin, pin->is_pinned ? "changed since it was pinned and is hidden" :
						      "is new and hidden");
		}
		return pin->is_pinned ? "it changed since it was pinned" : "it is not accepted";
	}
	add(s, PINS_PINNED, pin, digest, text, len);
	if (!is_in_force(pin))
		return "its pin could not be written";
	log_about(s, "pin", (enum pins_subject)pin->subject, pin->name, pin->len, "first use");
	return NULL;
}

static const char *judge_definition(struct surface *s, struct pin *pin, const struct json *j,
				    uint32_t node, const char *without)
{
	/* Behind where the record itself will be made. */
	char *text = s->record + sizeof(struct pins_record) + LIMIT_PIN_TEXT;
	long len;

	if (s->policy->messages.pin == POLICY_PIN_OFF)
		return NULL;
	len = canon_write(&s->canon, j, node, without, text, LIMIT_PIN_TEXT);
	if (len < 0) {
		memset(pin->current, 0, PINS_DIGEST);
		return "its definition is too large to be pinned";
	}
	pins_digest(text, (size_t)len, pin->current);
	return judge_pin(s, pin, text, (size_t)len);
}

static const char *judge_words(struct surface *s, const struct json *j, uint32_t node,
			       struct pin *pin)
{
	const char *found = inject_find(j, node);

	log_once(s, "flag", pin, found, &pin->flagged_for);
	if (!found)
		return NULL;
	return s->policy->messages.descriptions == POLICY_DESCRIPTIONS_HIDE ?
		       "its description talks to the model behind the user's back" :
		       NULL;
}

static const char *judge_tool(struct surface *s, const struct json *j, uint32_t tool,
			      struct pin *pin)
{
	const char *why;

	pin->is_listed = true;
	pin->hints = hints_of(j, tool);
	why = judge_words(s, j, tool, pin);
	pin->is_hidden = why;
	if (!why)
		why = judge_definition(s, pin, j, tool, "icons");
	log_once(s, "hide", pin, why, &pin->hidden_for);
	return why;
}

const char *surface_tool(struct surface *s, const struct json *j, uint32_t tool)
{
	uint32_t node = json_member(j, tool, "name");
	const char *name, *why;
	struct pin *pin;
	size_t len;

	if (node == JSON_NONE || j->nodes[node].type != JSON_TAPE_STRING)
		return "it has no name";
	name = json_text(j, node, &len);
	why = judge_name(s, name, len);
	pin = why ? NULL : pins_need(&s->pins, PINS_TOOL, name, len);
	if (pin)
		return judge_tool(s, j, tool, pin);
	if (!why)
		why = "there are too many tools";
	log_event(s, "hide", name, len, why);
	return why;
}

const char *surface_instructions(struct surface *s, const struct json *j, uint32_t text)
{
	struct pin *pin = pins_need(&s->pins, PINS_INSTRUCTIONS, "", 0);
	const char *why;

	if (!pin)
		return "there are too many tools";
	pin->is_listed = true;
	why = judge_words(s, j, text, pin);
	if (!why)
		why = judge_definition(s, pin, j, text, NULL);
	log_once(s, "hide-instructions", pin, why, &pin->hidden_for);
	return why;
}

const char *surface_prompt(struct surface *s, const struct json *j, uint32_t prompt)
{
	uint32_t node = json_member(j, prompt, "name");
	const char *name, *why = surface_description(s, j, prompt);
	struct pin *pin;
	size_t len;

	if (why || s->policy->messages.pin == POLICY_PIN_OFF)
		return why;
	if (node == JSON_NONE || j->nodes[node].type != JSON_TAPE_STRING)
		return "it has no name";
	name = json_text(j, node, &len);
	pin = pins_need(&s->pins, PINS_PROMPT, name, len);
	if (!pin) {
		why = len > PINS_NAME ? "its name is too long" : "there are too many prompts";
		log_about(s, "hide", PINS_PROMPT, name, len, why);
		return why;
	}
	pin->is_listed = true;
	why = judge_definition(s, pin, j, prompt, "icons");
	log_once(s, "hide", pin, why, &pin->hidden_for);
	return why;
}

/* Nothing hangs on it but that the user hears of a change. */
void surface_server(struct surface *s, const struct json *j, uint32_t implementation)
{
	uint32_t node = json_member(j, implementation, "name");
	char *text = s->record + sizeof(struct pins_record) + LIMIT_PIN_TEXT;
	struct pin *pin;
	bool is_known;
	long len;

	if (node == JSON_NONE || j->nodes[node].type != JSON_TAPE_STRING ||
	    s->policy->messages.pin == POLICY_PIN_OFF)
		return;
	surface_begin(s);
	pin = pins_need(&s->pins, PINS_SERVER, "", 0);
	len = canon_write(&s->canon, j, node, NULL, text, LIMIT_PIN_TEXT);
	if (!pin || len < 0 || s->is_broken)
		return;
	pins_digest(text, (size_t)len, pin->current);
	if (is_in_force(pin))
		return;
	is_known = pin->is_pending && !memcmp(pin->pending, pin->current, PINS_DIGEST);
	if (pin->is_pinned && !is_known)
		tell(s, pin, "is another one than when it was pinned");
	if (pin->is_pinned) {
		const char *name;
		size_t n;

		name = json_text(j, node, &n);
		if (pin->hidden_for)
			return; /* said in this session */
		pin->hidden_for = "it calls itself by another name than when it was pinned";
		log_about(s, "server-name", PINS_SERVER, name, n, pin->hidden_for);
	}
	if (!is_known) {
		uint8_t digest[PINS_DIGEST];

		memcpy(digest, pin->current, PINS_DIGEST);
		add(s, pin->is_pinned ? PINS_CHANGED : PINS_PINNED, pin, digest, text, (size_t)len);
	}
}

const char *surface_description(struct surface *s, const struct json *j, uint32_t element)
{
	uint32_t node = json_member(j, element, "name");
	const char *name = "", *found = inject_find(j, element);
	bool is_hidden = s->policy->messages.descriptions == POLICY_DESCRIPTIONS_HIDE;
	size_t len = 0;

	if (!found)
		return NULL;
	if (node != JSON_NONE && j->nodes[node].type == JSON_TAPE_STRING)
		name = json_text(j, node, &len);
	log_event(s, is_hidden ? "hide" : "flag", name, len, found);
	return is_hidden ? found : NULL;
}

/* --- calls -------------------------------------------------------------------------------- */

static const char *judge_pinned(struct surface *s, const struct pin *pin)
{
	if (s->is_broken)
		return "pins damaged";
	if (!pin || !pin->is_pinned)
		return "tool is not pinned";
	if (pin->is_listed ? !is_in_force(pin) : pin->is_pending)
		return "tool changed since it was pinned";
	return NULL;
}

const char *surface_get_prompt(struct surface *s, const char *name, size_t len)
{
	const struct pin *pin;

	if (s->policy->messages.pin == POLICY_PIN_OFF)
		return NULL;
	surface_begin(s);
	pin = pins_find(&s->pins, PINS_PROMPT, name, len);
	if (s->is_broken)
		return "pins damaged";
	if (!pin || !pin->is_pinned)
		return "prompt is not pinned";
	if (pin->is_listed ? !is_in_force(pin) : pin->is_pending)
		return "prompt changed since it was pinned";
	return NULL;
}

enum policy_decision surface_call(struct surface *s, const char *name, size_t len,
				  const char **ret_why)
{
	const struct pin *pin;
	enum policy_decision d;

	*ret_why = judge_name(s, name, len) ? "name of a tool" : NULL;
	if (*ret_why)
		return POLICY_DENY;
	if (s->policy->messages.pin != POLICY_PIN_OFF)
		surface_begin(s);
	pin = pins_find(&s->pins, PINS_TOOL, name, len);
	if (pin && pin->is_hidden)
		*ret_why = "a hidden tool";
	else if (s->policy->messages.pin != POLICY_PIN_OFF)
		*ret_why = judge_pinned(s, pin);
	if (*ret_why)
		return POLICY_DENY;
	d = policy_decide_hints(s->policy, pin ? pin->hints : 0);
	*ret_why = d == POLICY_ALLOW ? NULL : "what the tool declares";
	return d;
}

const uint8_t *surface_pin(struct surface *s, const char *name, size_t len)
{
	const struct pin *pin = pins_find(&s->pins, PINS_TOOL, name, len);

	return pin && pin->is_pinned ? pin->digest : NULL;
}
