/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote - what mcp-confine-broker-net has to know, as one struct in a sealed memfd
 *
 * The launcher reads the policy and the credential files and fills it; the broker maps it
 * and opens no file of its own.  Texts are NUL-terminated; an empty one is not said.
 */
#ifndef COMMON_REMOTE_H
#define COMMON_REMOTE_H

#include <stdint.h>

#define REMOTE_CREDENTIAL 16384 /* a secret, or PEM: a key, and a certificate chain */
#define REMOTE_CA (1024 * 1024) /* PEM; the bundle of a distribution is 220 KiB */

enum remote_auth {
	REMOTE_AUTH_NONE = 0,
	REMOTE_AUTH_POST,
	REMOTE_AUTH_BASIC,
	REMOTE_AUTH_JWT,	 /* private_key_jwt */
	REMOTE_AUTH_TLS,	 /* tls_client_auth, self_signed_tls_client_auth */
	REMOTE_AUTH_SPIFFE_JWT,	 /* draft-ietf-oauth-spiffe-client-auth: a JWT-SVID */
	REMOTE_AUTH_SPIFFE_X509, /* the same: an X.509-SVID, by mutual TLS */
};

enum remote_pdp { REMOTE_PDP_NONE = 0, REMOTE_PDP_OPA, REMOTE_PDP_AUTHZEN };

enum remote_hint {
	REMOTE_HINT_NONE = 0,
	REMOTE_HINT_LOGIN,
	REMOTE_HINT_LOGIN_TOKEN,
	REMOTE_HINT_ID_TOKEN,
};

/* Who we are at an authorization server. */
struct remote_client {
	uint32_t auth;
	char issuer[512], client_id[512], key_id[128];
	char algorithm[8]; /* of what we sign; empty: what fits the key */
	char credential[REMOTE_CREDENTIAL];
	char spiffe_socket[108]; /* of the Workload API */
	char ca[REMOTE_CA];
};

struct remote_config {
	uint32_t has_ciba; /* else the channel is the desk */
	uint32_t hint_kind, is_strict;
	struct remote_client client;
	uint32_t is_signed; /* the authentication request is a JWT */
	char request_key[REMOTE_CREDENTIAL], request_key_id[128];
	char scope[256], hint[8192], approver[512];
	char acr_values[256], user_code[256], details_type[128], resource[512];

	uint32_t pdp;
	char pdp_url[1024]; /* whole; of a socket with the host "pdp" */
	char pdp_socket[108];
	char pdp_token[8192];
	char pdp_ca[REMOTE_CA];
	/* revocation.scim; without it scim_url is empty */
	uint32_t scim_absent_is_live;
	uint32_t scim_interval, scim_deny_after; /* ms */
	char scim_url[1024]; /* whole; of a socket with the host "scim" */
	char scim_socket[108];
	char scim_token[8192];
	char scim_ca[REMOTE_CA];
	uint32_t has_desk; /* somebody may be asked at a terminal */
	char user[256]; /* who runs the server: the subject that the PDP sees */
	/* Who acts for whom, as the policy states it; empty: it says nothing. */
	char principal[256], agent[512], model[128], model_version[128], agent_scope[512];
};

/* What the holder of a delegated token has to know: RFC 8693. */
struct remote_token {
	struct remote_client client;
	char subject_token_file[4096], actor_token_file[4096]; /* read anew each time */
	char audience[512], resource[512], scope[512];
	char actor[512];     /* who the token must say acts; empty: it may say nobody */
	uint32_t lifetime;   /* seconds, the most */
	uint32_t is_renewed; /* else it is fetched once */
};

/* What the holder says once, when it has the first token or knows that there is none. */
#define REMOTE_TOKEN (16 * 1024)
struct remote_ready {
	uint32_t is_there;
	char words[512]; /* else why not */
	char token[REMOTE_TOKEN];
};

#endif /* COMMON_REMOTE_H */
