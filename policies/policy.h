/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy - what one server may do: the value that the whole program works from
 *
 * A policy document is JSON (policies/schema.json, policy.5).  Several of them,
 * from the strongest to the weakest layer (administrator, user or profile, command
 * line), are merged into one struct policy, where a weaker layer can only tighten.
 * policy_load() and policy_merge() read trusted input; policy_decide_*() are pure
 * and are the only place where a rule is applied: the pep, `decide` and `explain`
 * all call them.
 */
#ifndef POLICIES_POLICY_H
#define POLICIES_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/strv.h"

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

enum policy_tier {
	POLICY_TIER_UNSET = 0,
	POLICY_TIER_FULL, /* all namespaces, Landlock, seccomp: the only one so far */
};

enum policy_tokens {
	POLICY_TOKENS_UNSET = 0,
	POLICY_TOKENS_REDACT, /* the default */
	POLICY_TOKENS_OFF,
};

enum policy_requests { /* requests that a server sends to the client */
	POLICY_REQUESTS_UNSET = 0,
	POLICY_REQUESTS_DENY,
	POLICY_REQUESTS_PASS, /* the default */
};

/* One rule: glob over the whole name ('*' any run, '?' one byte), and what then. */
struct policy_rule {
	char *match;
	enum policy_decision then;
};

/* The ordered rules of one layer: the first match decides, no match is DENY. */
struct policy_rules {
	struct policy_rule *v;
	size_t n;
};

/* 0 is "says nothing".  Bytes, counts, seconds. */
struct policy_limits {
	uint64_t memory;     /* RLIMIT_DATA of each process */
	uint64_t processes;  /* of the whole sandbox, threads included */
	uint64_t open_files; /* of each process */
	uint64_t file_size;  /* of each file written */
	uint64_t tmp_size;   /* of /tmp, of a private home and of /dev/shm, each */
	uint64_t cpu;	     /* seconds of each process; no default */
};

/* What one layer allows weaker ones to name: paths at or below one of these. */
struct policy_ceiling {
	bool has_read, has_write;
	struct strv read, write;
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
};

struct policy_sandbox {
	/* The grants: the lists of the weakest layer that has one (an empty list grants
	 * nothing).  Absolute paths; ~ is expanded; not yet resolved. */
	bool has_read, has_write;
	struct strv read, write;
	/* The lists of every stronger layer: each grant, once resolved, lies below one. */
	struct policy_ceiling *ceilings;
	size_t n_ceilings;
	enum policy_home home;
	enum policy_arguments arguments;
	bool has_env_pass;
	struct strv env_pass;	  /* names; a trailing '*' is a prefix */
	struct strv env_set;	  /* NAME=value */
	struct policy_network network;
	struct policy_limits limits;
	enum policy_tier minimum_tier;
};

struct policy_messages {
	struct policy_rules *tools; /* one per layer that has rules; all must allow */
	size_t n_tools;
	bool has_methods;
	struct strv methods;	    /* globs: methods outside the MCP specification to pass */
	enum policy_tokens tokens;
	enum policy_requests server_requests;
};

/* Where a person is asked. */
enum policy_channel {
	POLICY_CHANNEL_UNSET = 0,
	POLICY_CHANNEL_LOCAL, /* `mcp-confine approve` at a terminal of this user's; the default */
	POLICY_CHANNEL_CIBA,  /* an authorization server asks the approver (CIBA Core 1.0) */
};

enum policy_client_auth { /* of us towards the authorization server */
	POLICY_AUTH_UNSET = 0,
	POLICY_AUTH_SECRET_POST,
	POLICY_AUTH_SECRET_BASIC,
	POLICY_AUTH_PRIVATE_KEY_JWT,
	POLICY_AUTH_TLS,
};

enum policy_details {
	POLICY_DETAILS_UNSET = 0,
	POLICY_DETAILS_STRICT,	/* the grant must carry our authorization_details (RFC 9396) */
	POLICY_DETAILS_MESSAGE, /* binding_message alone */
};

/* Strings are NULL where the policy says nothing. */
struct policy_ciba {
	bool is_set;
	enum policy_client_auth client_auth;
	enum policy_details details;
	char *issuer, *client_id, *credential_file, *key_id, *scope;
	char *login_hint, *login_hint_token_file, *id_token_hint_file; /* exactly one */
	char *approver; /* the "sub" of who may approve */
	char *acr_values, *user_code_file, *details_type, *resource, *ca_file;
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
};

/* The strongest layer that names a channel says all of it but the times. */
struct policy_approval {
	enum policy_channel channel;
	struct policy_ciba ciba;
	uint64_t timeout;  /* seconds until the question expires; the least of the layers */
	uint64_t patience; /* seconds until a client without progress is told to repeat */
};

struct policy {
	char *server;	     /* its name: [A-Za-z0-9._-]{1,64}, or NULL */
	struct strv packages; /* profiles only: the packages that get it, whole names */
	char *about;	     /* what it needs and why, for people; or NULL */
	struct strv command; /* argv, absolute or found in PATH; empty: none named */
	bool enforce;	     /* administrator only: refuse what no policy file names */
	struct policy_sandbox sandbox;
	struct policy_messages messages;
	struct policy_approval approval;
	struct policy_pdp pdp;
	struct strv notes;   /* what a merge dropped, a sentence each, for the user */
};

void policy_done(struct policy *p);
void policy_ciba_done(struct policy_ciba *c);

/* May a call of this tool pass?  Byte-exact; name need not be NUL-terminated. */
enum policy_decision policy_decide_tool(const struct policy *p, const char *name, size_t len);

/* Is there a rule that wants the approval of a person? */
bool policy_wants_person(const struct policy *p);

/* Must every call be permitted by a PDP as well? */
bool policy_wants_pdp(const struct policy *p);

/* May this method, which MCP does not define, pass? */
enum policy_decision policy_decide_method(const struct policy *p, const char *name, size_t len);

/* May a request from the server (sampling, elicitation, roots) reach the client? */
enum policy_decision policy_decide_server_request(const struct policy *p);

#endif /* POLICIES_POLICY_H */
