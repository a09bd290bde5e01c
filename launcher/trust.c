/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/env.h"
#include "launcher/plan.h"
#include "launcher/trust.h"
#include "policies/load.h"

#define BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#define BEGIN "-----BEGIN "

/* PEM blocks of certificates and nothing else: a key beside them is nobody's to hand out. */
static int check_pem(const char *path, const char *text, size_t len, struct err *err)
{
	size_t n = 0;

	if (strlen(text) != len)
		return err_set(err, EINVAL, "%s: not text; certificates in PEM are wanted", path);
	for (const char *p = strstr(text, BEGIN); p; p = strstr(p + 1, BEGIN), n++)
		if (strncmp(p + sizeof(BEGIN) - 1, "CERTIFICATE-----", 16) != 0)
			return err_set(err, EINVAL, "%s: holds something beside certificates%s", path,
				       strstr(text, "PRIVATE KEY") ? ", a private key" : "");
	return n ? 0 : err_set(err, EINVAL, "%s: holds no certificate in PEM", path);
}

int trust_plan(struct plan *p, const char *path, struct err *err)
{
	static const char *const names[] = {
		"/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/pki/tls/cert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	};
	cleanup_free char *text = NULL;
	size_t len;
	int r = load_file(path, LOAD_ADMIN, &text, &len, err);

	if (r == 0)
		r = err_set(err, ENOENT, "%s: no such file", path);
	if (r > 0)
		r = check_pem(path, text, len, err);
	if (r < 0)
		return err_wrap(err, "sandbox.network.ca_file of the administrator's policy");
	if (!plan_add(p, PLAN_FILE, BUNDLE, text, "the administrator's authorities"))
		return err_errno(err, ENOMEM, "plan");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!plan_add(p, PLAN_LINK, names[i], BUNDLE, "the administrator's authorities"))
			return err_errno(err, ENOMEM, "plan");
	return 0;
}

/* Node has authorities built in; with this option it takes OpenSSL's, SSL_CERT_FILE. */
static int put_node_options(struct strv *env)
{
	static const char name[] = "NODE_OPTIONS=", option[] = "--use-openssl-ca";

	for (size_t i = 0; i < env->n; i++) {
		if (strncmp(env->v[i], name, sizeof(name) - 1) != 0 || !env->v[i][sizeof(name) - 1])
			continue;
		if (strstr(env->v[i], option))
			return 0;
		if (strv_addf(env, "%s %s", env->v[i], option) < 0)
			return -ENOMEM;
		strv_remove(env, i);
		return 0;
	}
	return strv_addf(env, "%s%s", name, option);
}

int trust_env(struct strv *env)
{
	/* OpenSSL (Python, Ruby, PHP), Go, rustls and curl; Node and Bun; requests; curl and
	 * libcurl's bindings; pip; git; the AWS SDKs; Deno; gRPC; cargo. */
	static const char *const names[] = {
		"SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
		"PIP_CERT", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE", "DENO_CERT",
		"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "CARGO_HTTP_CAINFO",
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && r == 0; i++) {
		cleanup_free char *entry = NULL;

		if (asprintf(&entry, "%s=" BUNDLE, names[i]) < 0)
			return -ENOMEM;
		r = env_put(env, entry);
	}
	return r < 0 ? r : put_node_options(env);
}
