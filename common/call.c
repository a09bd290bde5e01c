/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "common/call.h"

static const struct {
	const char *method, *noun;
} kinds[CALL_KINDS] = {
	[CALL_TOOL] = { "tools/call", "tool" },
	[CALL_PROMPT] = { "prompts/get", "prompt" },
	[CALL_RESOURCE] = { "resources/read", "resource" },
};

const char *call_method(enum call_kind kind)
{
	return kinds[kind].method;
}

const char *call_noun(enum call_kind kind)
{
	return kinds[kind].noun;
}

static void put_number(struct sha256 *s, uint64_t n)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(n >> (56 - 8 * i));
	sha256_add(s, bytes, sizeof(bytes));
}

static void put(struct sha256 *s, const void *data, size_t len)
{
	put_number(s, len);
	sha256_add(s, data, len);
}

void call_digest(const struct call *c, uint8_t ret[static SHA256_SIZE])
{
	char domain[64];
	struct sha256 s;
	int n = snprintf(domain, sizeof(domain), "mcp-confine %s 1", kinds[c->kind].method);

	sha256_start(&s);
	put(&s, domain, (size_t)n + 1);
	put(&s, c->server, strlen(c->server));
	put(&s, c->session, strlen(c->session));
	put(&s, c->tool, c->tool_len);
	put(&s, c->pin, c->pin ? SHA256_SIZE : 0);
	put(&s, c->arguments, sizeof(c->arguments));
	put(&s, c->rest, sizeof(c->rest));
	put_number(&s, c->serial);
	put_number(&s, c->id_is_string);
	put(&s, c->id, c->id_len);
	sha256_done(&s, ret);
}

static void hex(const uint8_t *digest, size_t n, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++)
		ret[i] = digits[i % 2 ? digest[i / 2] & 15 : digest[i / 2] >> 4];
	ret[n] = '\0';
}

void call_code(const uint8_t digest[static SHA256_SIZE], char ret[static CALL_CODE + 1])
{
	hex(digest, CALL_CODE, ret);
}

void call_hex(const uint8_t digest[static SHA256_SIZE], char ret[static 2 * SHA256_SIZE + 1])
{
	hex(digest, (size_t)2 * SHA256_SIZE, ret);
}
