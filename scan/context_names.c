/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/context.h"

/* Four letters of a word, and the one before them. */
#define FOLD(before, a, b, c, d) { { a, b, c, d }, CONTEXT_NAME, before }

const struct context_anchor context_anchors[] = {
	FOLD('p', "aA", "sS", "sS", "wWpP"), /* password, passphrase */
	FOLD(0, "bB_", "pP", "aA", "sS"),    /* dbpass, mysql_pass */
	FOLD(0, "pP", "wW", "dD", "=:\"'\\ "),
	FOLD('s', "eE", "cC", "rR", "eE"),   /* secret */
	FOLD('t', "oO", "kK", "eE", "nN"),   /* token */
	FOLD(0, "aA", "pP", "iI", "kK_-"),   /* api key */
	FOLD(0, "_-", "kK", "eE", "yY"),
	FOLD(0, "tsehgnr", "K", "e", "y"),   /* accountKey, accessKey, privateKey, authKey */
	FOLD('c', "rR", "eE", "dD", "eE"),   /* credential */
	FOLD('h', "oO", "rR", "iI", "zZ"),   /* authorization */
	FOLD(0, "aA", "uU", "tT", "hH"),
	FOLD(0, "sS", "eE", "sS", "sS"),     /* session */
	FOLD('c', "oO", "dD", "eE", "=_"),   /* code, code_verifier */
	FOLD('a', "sS", "sS", "eE", "rR"),   /* assertion */
	FOLD(0, "sS", "iI", "gG", "="),
	FOLD('m', "nN", "eE", "mM", "oO"),   /* mnemonic */
	FOLD('e', "eE", "dD", "_-P ", "pP"), /* seed phrase */
	FOLD('e', "eE", "dD", "P", "hH"),
	FOLD(0, "_", "pP", "aA", "tT"),      /* GITLAB_PAT */
	{ { "eE", "aA", "rR", "eE" }, CONTEXT_SCHEME, 'b' },
	{ { "sS", "iI", "cC", " " }, CONTEXT_SCHEME, 'a' },
	{ { ":", "/", "/", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_:" },
	  CONTEXT_URL, 0 },
	{ { "oO", "oO", "kK", "iI" }, CONTEXT_COOKIE, 'c' },
};

const size_t context_anchors_n = sizeof(context_anchors) / sizeof(*context_anchors);

#define NAME(ending, is_whole, gate, class) { ending, class, sizeof(ending) - 1, is_whole, gate }

const struct context_name context_names[] = {
	/* No secrets, whatever their names end with. */
	NAME("progresstoken", 0, GATE_NONE, ""),
	NAME("pagetoken", 0, GATE_NONE, ""),
	NAME("nexttoken", 0, GATE_NONE, ""),
	NAME("continuationtoken", 0, GATE_NONE, ""),
	NAME("synctoken", 0, GATE_NONE, ""),
	NAME("paginationtoken", 0, GATE_NONE, ""),
	NAME("cancellationtoken", 0, GATE_NONE, ""),
	NAME("canceltoken", 0, GATE_NONE, ""),
	NAME("publictoken", 0, GATE_NONE, ""),
	NAME("publicapikey", 0, GATE_NONE, ""),
	NAME("publishablekey", 0, GATE_NONE, ""),
	/* What is behind the name. */
	NAME("password", 0, GATE_PASSWORD, "password"),
	NAME("passwd", 0, GATE_PASSWORD, "password"),
	NAME("passphrase", 0, GATE_PASSWORD, "password"),
	NAME("pwd", 0, GATE_PASSWORD, "password"),
	NAME("dbpass", 0, GATE_PASSWORD, "password"),
	NAME("sqlpass", 0, GATE_PASSWORD, "password"),
	NAME("smtppass", 0, GATE_PASSWORD, "password"),
	NAME("userpass", 0, GATE_PASSWORD, "password"),
	NAME("pass", 1, GATE_PASSWORD, "password"),
	NAME("clientsecret", 0, GATE_KEY, "oauth-client-secret"),
	NAME("secretaccesskey", 0, GATE_KEY, "aws-secret-access-key"),
	NAME("sessiontoken", 0, GATE_KEY, "session-token"),
	NAME("refreshtoken", 0, GATE_KEY, "oauth-refresh-token"),
	NAME("accesstoken", 0, GATE_KEY, "oauth-access-token"),
	NAME("idtoken", 0, GATE_KEY, "oauth-id-token"),
	NAME("authtoken", 0, GATE_KEY, "auth-token"),
	NAME("bearertoken", 0, GATE_KEY, "auth-token"),
	NAME("apitoken", 0, GATE_KEY, "api-key"),
	NAME("clientassertion", 0, GATE_KEY, "oauth-client-assertion"),
	NAME("codeverifier", 0, GATE_LONG, "oauth-code-verifier"),
	NAME("devicecode", 0, GATE_LONG, "oauth-device-code"),
	NAME("code", 1, GATE_LONG, "oauth-code"),
	NAME("authorizationcode", 0, GATE_LONG, "oauth-code"),
	NAME("sig", 1, GATE_LONG, "azure-sas"),
	NAME("sharedaccesssignature", 0, GATE_LONG, "azure-sas"),
	NAME("apikey", 0, GATE_KEY, "api-key"),
	NAME("accesskey", 0, GATE_KEY, "api-key"),
	NAME("accountkey", 0, GATE_KEY, "api-key"),
	NAME("authkey", 0, GATE_KEY, "api-key"),
	NAME("subscriptionkey", 0, GATE_KEY, "api-key"),
	NAME("functionskey", 0, GATE_KEY, "api-key"),
	NAME("applicationkey", 0, GATE_KEY, "api-key"),
	NAME("signingkey", 0, GATE_KEY, "secret-key"),
	NAME("encryptionkey", 0, GATE_KEY, "secret-key"),
	NAME("masterkey", 0, GATE_KEY, "secret-key"),
	NAME("privatekey", 0, GATE_KEY, "private-key"),
	NAME("presharedkey", 0, GATE_KEY, "private-key"),
	NAME("clientkeydata", 0, GATE_KEY, "private-key"),
	NAME("secretkey", 0, GATE_KEY, "secret-key"),
	NAME("secret", 0, GATE_KEY, "secret-key"),
	NAME("credential", 0, GATE_KEY, "credential"),
	NAME("credentials", 0, GATE_KEY, "credential"),
	NAME("githubpat", 0, GATE_KEY, "auth-token"),
	NAME("gitlabpat", 0, GATE_KEY, "auth-token"),
	NAME("adopat", 0, GATE_KEY, "auth-token"),
	NAME("extpat", 0, GATE_KEY, "auth-token"),
	NAME("authorization", 0, GATE_HEADER, "authorization"),
	NAME("mcpsessionid", 0, GATE_SESSION, "mcp-session-id"),
	NAME("sessionid", 0, GATE_TOKEN, "session-id"),
	NAME("phpsessid", 1, GATE_SESSION, "session-id"),
	NAME("auth", 1, GATE_BASIC, "basic-auth"),
	NAME("authbasic", 0, GATE_BASIC, "basic-auth"),
	NAME("mnemonic", 0, GATE_WORDS, "mnemonic"),
	NAME("seedphrase", 0, GATE_WORDS, "mnemonic"),
	NAME("d", 1, GATE_NUMBER, "jwk-private"),
	NAME("token", 0, GATE_TOKEN, "auth-token"),
};

const size_t context_names_n = sizeof(context_names) / sizeof(*context_names);
