/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy - what one server may do: the value that the whole program works from
 *
 * A policy document is JSON (policies/schema.json, policy.5).  Several of them,
 * from the strongest to the weakest layer (administrator, user or profile, command
 * line), are merged into one struct policy, where a weaker layer can only tighten.
 * load_text() and merge_into() read trusted input; policy_decide_*() are pure
 * and are the only place where a rule is applied: the pep, `decide` and `explain`
 * all call them.
 */
#ifndef POLICIES_POLICY_H
#define POLICIES_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/strv.h"
#include "policies/assessment.h"
#include "policies/where.h"

struct err;

/* APPROVE passes only with the approval of a person; without a way to ask it is DENY. */
enum policy_decision { POLICY_DENY = 0, POLICY_APPROVE, POLICY_ALLOW };

/* Every enum is ordered from the strictest to the laxest; UNSET is "says nothing". */
enum policy_home {
	POLICY_HOME_UNSET = 0,
	POLICY_HOME_PRIVATE,	/* empty tmpfs, gone at the end; the default */
	POLICY_HOME_PERSISTENT, /* the same, but ~/persistent stays: a directory of this server's */
};

/* What the existing paths among the server's own arguments grant. */
enum policy_arguments {
	POLICY_ARGUMENTS_UNSET = 0,
	POLICY_ARGUMENTS_NONE, /* the default */
	POLICY_ARGUMENTS_READ,
	POLICY_ARGUMENTS_WRITE,
};

/* Which sockets a server may have; pairs of its own stay with both. */
enum policy_sockets {
	POLICY_SOCKETS_UNSET = 0,
	POLICY_SOCKETS_NONE,
	POLICY_SOCKETS_UNIX, /* the default: Unix sockets among its own processes */
};

/* Names that do not exist yet, directly in a writable directory. */
enum policy_new_names {
	POLICY_NEW_NAMES_UNSET = 0,
	POLICY_NEW_NAMES_DENY,
	POLICY_NEW_NAMES_ALLOW, /* the default */
};

enum policy_tier {
	POLICY_TIER_UNSET = 0,
	POLICY_TIER_FULL,     /* all namespaces, Landlock, seccomp; the default */
	POLICY_TIER_NOUSERNS, /* Landlock, seccomp, limits: where namespaces are forbidden */
};

enum policy_tokens {
	POLICY_TOKENS_UNSET = 0,
	POLICY_TOKENS_REDACT, /* the default */
	POLICY_TOKENS_OFF,
};

enum policy_requests { /* requests that a server sends to the client */
	POLICY_REQUESTS_UNSET = 0,
	POLICY_REQUESTS_DENY,
	POLICY_REQUESTS_ANSWER, /* we answer: declined, or the roots of the policy */
	POLICY_REQUESTS_PASS,	/* the default */
};

enum policy_names { /* of tools */
	POLICY_NAMES_UNSET = 0,
	POLICY_NAMES_STRICT, /* [A-Za-z0-9_.-]{1,128}, no two alike; the default */
	POLICY_NAMES_ANY,
};

enum policy_pin { /* of what a server says its tools are */
	POLICY_PIN_UNSET = 0,
	POLICY_PIN_STRICT, /* only what the user accepted is shown and may be called */
	POLICY_PIN_TOFU,   /* trusted at first use; what changes is hidden until accepted */
	POLICY_PIN_OFF,	   /* the default */
};

enum policy_capability { /* beside a call, in its _meta (policies/capability.h) */
	POLICY_CAPABILITY_UNSET = 0,
	POLICY_CAPABILITY_REQUIRE, /* a call without one is refused */
	POLICY_CAPABILITY_ACCEPT,  /* what there is must be genuine and cover the call; the default */
};

enum policy_descriptions { /* that hold instructions or invisible characters */
	POLICY_DESCRIPTIONS_UNSET = 0,
	POLICY_DESCRIPTIONS_HIDE,
	POLICY_DESCRIPTIONS_FLAG, /* in the audit log; the default */
};

/* What tools that do not declare something harmless need at least. */
enum policy_annotated {
	POLICY_ANNOTATED_UNSET = 0, /* nothing: as ALLOW */
	POLICY_ANNOTATED_DENY,
	POLICY_ANNOTATED_APPROVE,
	POLICY_ANNOTATED_ALLOW,
};

/* What a tool declares (MCP, ToolAnnotations); a missing bit is the worse case, as the
 * specification's defaults are. */
enum policy_hint {
	POLICY_HINT_READ_ONLY = 1,
	POLICY_HINT_NOT_DESTRUCTIVE = 2,
	POLICY_HINT_CLOSED_WORLD = 4,
};

enum policy_per { /* what shares one counter */
	POLICY_PER_SERVER = 0, /* all clients of one server */
	POLICY_PER_CLIENT,     /* all servers of one client */
	POLICY_PER_TOOL,       /* all clients of one tool of one server */
};

enum policy_metric {
	POLICY_METRIC_CALLS = 0,    /* of tools */
	POLICY_METRIC_RESULT_BYTES, /* of every answer to the client, about */
	POLICY_METRIC_TOKENS,	    /* of a model, in arguments and answers: bytes / 4 */
};

/* At most so much in a period.  All of them hold, of every layer. */
struct policy_rate {
	enum policy_per per;
	enum policy_metric metric;
	char *match;	  /* tools that count, a glob; NULL: everything */
	uint64_t amount;
	uint64_t seconds; /* 1, 60, 3600 or 86400 */
	uint64_t alert;	  /* percent of it, when the log tells; 0: never */
};

/* What becomes of a secret, or of personal data, that is found in a message. */
enum policy_finding {
	POLICY_FINDING_UNSET = 0,
	POLICY_FINDING_BLOCK,	  /* the message does not pass */
	POLICY_FINDING_REDACT,	  /* [REDACTED:class] */
	POLICY_FINDING_PSEUDONYM, /* personal data: the same text is the same name */
	POLICY_FINDING_ALERT,	  /* passes, and the audit log tells */
	POLICY_FINDING_PASS,
};

enum policy_direction { POLICY_TO_CLIENT = 1, POLICY_TO_SERVER = 2, POLICY_BOTH = 3 };

/* Findings of classes that a glob names. */
struct policy_finding_rule {
	char *match;
	enum policy_direction direction;
	enum policy_finding then;
};

/* One field of the arguments of one tool that exists to receive a secret. */
struct policy_exemption {
	char *tool;	      /* the exact name */
	char *pointer;	      /* as the policy has it */
	struct strv segments; /* of the pointer, decoded; no wildcard */
};

/* What one layer says about findings; layers stand side by side, the strictest decides. */
struct policy_findings {
	struct policy_finding_rule *v; /* the first that matches decides */
	size_t n;
	struct policy_exemption *exempt;
	size_t n_exempt;
	enum policy_tokens tokens; /* without a rule: classes of tokens; UNSET: nothing said */
	uint64_t personal;	   /* the same: classes of personal data that are redacted */
};

/*
 * One rule: glob over the whole name or normal URI ('*' any run, '?' one byte), what the
 * arguments must be (all of it), and what then.
 */
struct policy_rule {
	char *match;
	enum policy_decision then;
	struct policy_where *where;
	size_t n_where;
};

/* The ordered rules of one layer: the first match decides, no match is DENY. */
struct policy_rules {
	struct policy_rule *v;
	size_t n;
};

/* 0 is "says nothing".  Bytes, counts, seconds. */
struct policy_limits {
	uint64_t memory;     /* RLIMIT_DATA of each process */
	uint64_t memory_total; /* of the whole sandbox, by a cgroup; no default */
	uint64_t cpu_percent;  /* of one processor, the whole sandbox, by a cgroup; no default */
	bool require_cgroup;   /* refuse to start without one */
	uint64_t processes;  /* of the whole sandbox, threads included */
	uint64_t open_files; /* of each process */
	uint64_t file_size;  /* of each file written */
	uint64_t tmp_size;   /* of /tmp, of a private home and of /dev/shm, each */
	uint64_t cpu;	     /* seconds of each process; no default */
};

/* What one layer allows weaker ones to name: paths at or below one of these. */
struct policy_ceiling {
	bool has_read, has_write, has_overlay;
	struct strv read, write, overlay;
};

/* What the server may reach.  Nothing named is no network at all. */
struct policy_network {
	bool has_connect, has_addresses;
	struct strv connect;   /* "name:port", "*.name:port": common/destination */
	struct strv addresses; /* "10.1.0.0/16": ranges that are not public and may be dialled */
	/* The administrator's lists for every server: they grant nothing, and bound the rest. */
	bool has_connect_ceiling, has_addresses_ceiling;
	struct strv connect_ceiling, addresses_ceiling;
	uint64_t budget;       /* bytes of both directions of one session; 0: no bound */
	/* The administrator's, for every server: */
	char *proxy;		 /* "host:port" (common/proxy), or NULL */
	char *proxy_credentials; /* a path, or NULL */
	struct strv proxy_except; /* destinations that are dialled without it */
	char *ca_file;		 /* certificates that are trusted inside, or NULL: the system's */
};

struct policy_sandbox {
	/* The grants: the lists of the weakest layer that has one (an empty list grants
	 * nothing).  Absolute paths; ~ is expanded; not yet resolved. */
	bool has_read, has_write, has_overlay;
	struct strv read, write;
	struct strv overlay; /* directories: written in a layer of the server's own */
	/* The lists of every stronger layer: each grant, once resolved, lies below one. */
	struct policy_ceiling *ceilings;
	size_t n_ceilings;
	enum policy_home home;
	enum policy_arguments arguments;
	enum policy_sockets sockets;
	enum policy_new_names new_names;
	bool has_unprotect;
	struct strv unprotect;	  /* paths that launcher/protect.c leaves writable */
	bool has_env_pass;
	struct strv env_pass;	  /* names; a trailing '*' is a prefix */
	struct strv env_set;	  /* NAME=value */
	struct strv env_files;	  /* NAME=path: the value is what that file holds */
	struct policy_network network;
	struct policy_limits limits;
	enum policy_tier minimum_tier;
	char *socket; /* inside: where the server listens, or NULL for its standard streams */
};

struct policy_messages {
	/* One per layer that has rules: the strictest layer decides. */
	struct policy_rules *tools, *prompts, *resources;
	size_t n_tools, n_prompts, n_resources;
	bool has_methods;
	struct strv methods;	    /* globs: methods outside the MCP specification to pass */
	struct strv denied_methods; /* globs: methods of either side, of MCP or not, to refuse */
	enum policy_tokens tokens;
	uint64_t personal; /* classes of personal data to redact, of scan_personal() */
	struct policy_findings *findings; /* one per layer that says anything about them */
	size_t n_findings;
	enum policy_requests server_requests; /* all kinds, and then each: the stricter */
	enum policy_requests sampling, elicitation, list_roots;
	bool has_roots;
	struct strv roots;	    /* paths: what roots/list may tell */
	struct policy_rate *rates;
	size_t n_rates;
	enum policy_names names;
	enum policy_pin pin;
	enum policy_descriptions descriptions;
	enum policy_capability capability;
	enum policy_annotated not_read_only, destructive, open_world;
	uint64_t max_result, max_arguments; /* bytes as written; 0: no bound of its own */
};

/* Where a person is asked. */
enum policy_channel {
	POLICY_CHANNEL_UNSET = 0,
	POLICY_CHANNEL_LOCAL, /* `mcp-confine approve` at a terminal of this user's; the default */
	POLICY_CHANNEL_ELICITATION, /* a form of the client's (MCP elicitation) */
	POLICY_CHANNEL_CIBA,  /* an authorization server asks the approver (CIBA Core 1.0) */
};

enum policy_client_auth { /* of us towards the authorization server */
	POLICY_AUTH_UNSET = 0,
	POLICY_AUTH_SECRET_POST,
	POLICY_AUTH_SECRET_BASIC,
	POLICY_AUTH_PRIVATE_KEY_JWT,
	POLICY_AUTH_TLS,
	POLICY_AUTH_TLS_SELF_SIGNED,
	POLICY_AUTH_SPIFFE_JWT,	 /* an SVID of the Workload API, no credential of ours */
	POLICY_AUTH_SPIFFE_X509,
};

/* Who we are at an authorization server.  Strings are NULL where nothing is said. */
struct policy_client {
	enum policy_client_auth auth;
	char *issuer, *client_id, *credential_file, *key_id, *algorithm, *spiffe_socket, *ca_file;
};

enum policy_request {
	POLICY_REQUEST_UNSET = 0,
	POLICY_REQUEST_FORM,   /* the default */
	POLICY_REQUEST_SIGNED, /* a JWT (CIBA Core 1.0, section 7.1.1) */
};

enum policy_details {
	POLICY_DETAILS_UNSET = 0,
	POLICY_DETAILS_STRICT,	/* the grant must carry our authorization_details (RFC 9396) */
	POLICY_DETAILS_MESSAGE, /* binding_message alone */
};

/* Strings are NULL where the policy says nothing. */
struct policy_ciba {
	bool is_set;
	struct policy_client client;
	enum policy_details details;
	enum policy_request request;
	char *request_key_file, *request_key_id; /* NULL: the client's own */
	char *scope;
	char *login_hint, *login_hint_token_file, *id_token_hint_file; /* exactly one */
	char *approver; /* the "sub" of who may approve */
	char *acr_values, *user_code_file, *details_type, *resource;
};

/* A token for the server, exchanged for the user's (RFC 8693). */
struct policy_delegation {
	bool is_set;
	struct policy_client client;
	char *subject_token_file, *actor_token_file;
	char *audience, *resource, *scope;
	char *actor;	       /* the "sub" of `act` that the token must have */
	bool may_impersonate;  /* it may have none */
	char *environment, *file; /* one of them: the variable with the token, or its path */
	uint64_t lifetime;     /* seconds, the most */
};

enum policy_pdp_kind {
	POLICY_PDP_UNSET = 0, /* no PDP: the policy alone decides */
	POLICY_PDP_OPA,	      /* OPA's REST API */
	POLICY_PDP_AUTHZEN,   /* AuthZEN Authorization API 1.0 */
};

/* A Policy Decision Point that every call must be permitted by as well. */
struct policy_pdp {
	enum policy_pdp_kind kind;
	char *url, *socket; /* one of them */
	char *path, *token_file, *ca_file;
	/* Who acts for whom, told to the PDP as it stands; NULL: not said. */
	char *principal, *agent, *model, *model_version, *scope;
};

/* The strongest layer that names a channel says all of it but the times. */
struct policy_approval {
	enum policy_channel channel;
	struct policy_ciba ciba;
	uint64_t timeout;  /* seconds until the question expires; the least of the layers */
	uint64_t patience; /* seconds until a client without progress is told to repeat */
};

/* What of the audit log is the policy's to say (launcher/keeper.h).  The stronger word of
 * two layers counts: required before not, all calls before decisions, lines before heads. */
enum policy_audit_calls {
	POLICY_AUDIT_CALLS_UNSET = 0,
	POLICY_AUDIT_DECIDED, /* what is not a plain allow; the default */
	POLICY_AUDIT_ALL,     /* every call of a tool, and when it was answered */
};

enum policy_audit_copy {
	POLICY_COPY_UNSET = 0,
	POLICY_COPY_OFF,   /* the default */
	POLICY_COPY_HEADS, /* count and hash of the log, now and then */
	POLICY_COPY_LINES, /* every line, and the heads */
};

struct policy_audit {
	bool required; /* what cannot be written is not done */
	bool sync;     /* fdatasync(2) before what a line is about is released */
	enum policy_audit_calls calls;
	enum policy_audit_copy journald, syslog;
	uint64_t max_size, files; /* of one file, and how many old ones; 0: the defaults */
};

/* For whom the client acts: in the log, and what can be revoked.  Strings or NULL. */
struct policy_agent {
	char *id, *spiffe_id;
};

enum policy_scim_type { POLICY_SCIM_UNSET = 0, POLICY_SCIM_AGENTS, POLICY_SCIM_USERS };

enum policy_absent { POLICY_ABSENT_UNSET = 0, POLICY_ABSENT_LIVE, POLICY_ABSENT_REVOKED };

/* A SCIM service provider that is asked whether the agent is still active. */
struct policy_scim {
	enum policy_scim_type type;
	enum policy_absent absent; /* what a resource without "active" means */
	char *url, *socket;	   /* one of them */
	char *id, *token_file, *ca_file;
};

/* Seconds; the least of the layers. */
struct policy_revocation {
	uint64_t interval, deny_after, kill_after;
	struct policy_scim scim;
};

struct policy {
	char *server;	     /* its name: [A-Za-z0-9._-]{1,64}, or NULL */
	struct strv packages; /* profiles only: the packages that get it, whole names */
	char *about;	     /* what it needs and why, for people; or NULL */
	struct strv command; /* argv, absolute or found in PATH; empty: none named */
	struct strv command_files; /* INDEX=path: that argument is what the file holds */
	char *registry_npm, *registry_pypi; /* administrator only: where install fetches; or NULL */
	bool enforce;	     /* administrator only: refuse what no policy file names */
	struct policy_sandbox sandbox;
	struct policy_messages messages;
	struct policy_approval approval;
	struct policy_pdp pdp;
	struct policy_delegation delegation;
	struct policy_audit audit;
	struct policy_agent agent;
	struct policy_revocation revocation;
	struct assessment assessment; /* of one server, so not in policy.json */
	struct strv notes;   /* what a merge dropped, a sentence each, for the user */
};

void policy_done(struct policy *p);
void policy_ciba_done(struct policy_ciba *c);

/*
 * How a rule looks at a call's arguments.  The owner embeds it; test() finds the value
 * and asks where_test().  NULL in its place asks for the laxest decision that any
 * arguments could get: for lists.
 */
struct policy_call {
	enum policy_truth (*test)(const struct policy_call *self,
				  const struct policy_where *w);
};

/* Names are byte-exact and need not be NUL-terminated. */
enum policy_decision policy_decide_tool(const struct policy *p, const char *name, size_t len,
					const struct policy_call *arguments);
/* The pattern of the rule that decides so about a tool, for the log; NULL: no rule speaks of
 * it, and that is why.  arguments: not NULL. */
const char *policy_blame_tool(const struct policy *p, const char *name, size_t len,
			      const struct policy_call *arguments);
enum policy_decision policy_decide_prompt(const struct policy *p, const char *name, size_t len,
					  const struct policy_call *arguments);

/* A URI in any spelling; rules see its normal form (policies/uri.h).  One without a
 * normal form matches "*" for certain and every other rule perhaps. */
enum policy_decision policy_decide_resource(const struct policy *p, const char *uri, size_t len);

/* May something that this URI template (RFC 6570) makes pass?  Rules see its literal parts
 * as uri_normalize_template() writes them; one without such a form is a URI without one. */
enum policy_decision policy_decide_template(const struct policy *p, const char *text,
					    size_t len);

/* What a tool that declares these hints (POLICY_HINT_*) needs at least.  To be taken
 * together with what the rules decide, the stricter: a hint never lowers anything. */
enum policy_decision policy_decide_hints(const struct policy *p, unsigned int hints);

/* Does a call of this tool count for the rate?  NULL: something that is no call. */
bool policy_rate_counts(const struct policy_rate *rate, const char *tool, size_t len);

/* Is there a rule that wants the approval of a person? */
bool policy_wants_person(const struct policy *p);

/* Must every call be permitted by a PDP as well? */
bool policy_wants_pdp(const struct policy *p);

/* Is there a SCIM service provider to ask whether the agent is still active? */
bool policy_wants_scim(const struct policy *p);

/* May this method, which MCP does not define, pass? */
enum policy_decision policy_decide_method(const struct policy *p, const char *name, size_t len);

/* Does the policy refuse this method by its name, whoever says it? */
bool policy_denies_method(const struct policy *p, const char *name, size_t len);

/* What becomes of this request of the server's; never UNSET once defaults are merged. */
enum policy_requests policy_decide_request(const struct policy *p, const char *method,
					   size_t len);

/*
 * What becomes of a finding of that class in a message of that direction.  exempt: bit i
 * says that layer i (of messages.findings) exempts the place; that lifts what this layer
 * and the default say, never what blocks, never a value that is known.
 */
enum policy_finding policy_decide_finding(const struct policy *p, const char *class,
					  enum policy_direction direction, uint32_t exempt);

/* What a scanner has to look for: whether for tokens, and *ret_personal. */
bool policy_looks_for(const struct policy *p, uint64_t *ret_personal);

/* Does any rule give pseudonyms?  Is there any rule, or exemption, at all? */
bool policy_has_pseudonyms(const struct policy *p);
bool policy_has_findings(const struct policy *p);

/* May the client name this root (a file: URI) to the server? */
enum policy_decision policy_decide_root(const struct policy *p, const char *uri, size_t len);

#endif /* POLICIES_POLICY_H */
