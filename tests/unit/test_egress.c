/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/destination.h"
#include "common/err.h"
#include "common/proxy.h"
#include "common/range.h"
#include "shims/egress/address.h"
#include "shims/egress/hello.h"
#include "shims/egress/http.h"
#include "shims/egress/names.h"
#include "shims/egress/relay.h"
#include "shims/egress/tunnel.h"

static void a_destination_is_a_plain_name_and_a_port(void **state)
{
	static const struct {
		const char *text;
		const char *name; /* NULL: refused */
		bool is_wild;
	} rows[] = {
		{ "api.example.com:443", "api.example.com", false },
		{ "API.Example.COM.:443", "api.example.com", false },
		{ "*.example.com:80", "example.com", true },
		{ "xn--bcher-kva.example:443", "xn--bcher-kva.example", false },
		{ "a-b.c1:1", "a-b.c1", false },
		{ "example.com", NULL, false },
		{ "localhost:443", NULL, false },
		{ "*:443", NULL, false },
		{ "*.com:443", NULL, false },
		{ "a.*.com:443", NULL, false },
		{ "127.0.0.1:443", NULL, false },
		{ "0x7f.1:443", NULL, false },
		{ "2130706433:443", NULL, false },
		{ "a.0x7f000001:443", NULL, false },
		{ "[::1]:443", NULL, false },
		{ "exa_mple.com:443", NULL, false },
		{ "-a.example.com:443", NULL, false },
		{ "a..example.com:443", NULL, false },
		{ ".example.com:443", NULL, false },
		{ "b\xc3\xbc" "cher.example:443", NULL, false },
		{ "a%2e.example.com:443", NULL, false },
		{ "example.com:0", NULL, false },
		{ "example.com:65536", NULL, false },
		{ "example.com:443x", NULL, false },
		{ "example.com: 443", NULL, false },
		{ "example.com:53", NULL, false },
		{ "https://example.com:443", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct destination d;
		struct err err = {0};
		int r = destination_parse(rows[i].text, &d, &err);

		if ((r == 0) != (rows[i].name != NULL))
			fail_msg("%s: %d", rows[i].text, r);
		if (r == 0 && (strcmp(d.name, rows[i].name) != 0 || d.is_wild != rows[i].is_wild))
			fail_msg("%s: %s", rows[i].text, d.name);
	}
}

static void a_name_is_bounded_by_its_labels_and_its_length(void **state)
{
	char text[400], out[DESTINATION_NAME + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[63] = '.';
	assert_int_equal(destination_canonical(text, 66, out), 0);
	text[63] = 'a';
	text[64] = '.';
	assert_int_equal(destination_canonical(text, 67, out), -EINVAL);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 50 == 49 ? '.' : 'a';
	assert_int_equal(destination_canonical(text, 253, out), 0);
	assert_int_equal(destination_canonical(text, 254, out), -EINVAL);
	/* getaddrinfo would cut at the NUL what a suffix match would not. */
	assert_int_equal(destination_canonical("evil.com\0.good.com", 18, out), -EINVAL);
}

static void a_wildcard_is_for_what_lies_below(void **state)
{
	struct destination wide, narrow, other;

	(void)state;
	assert_int_equal(destination_parse("*.example.com:443", &wide, NULL), 0);
	assert_true(destination_has_name(&wide, "a.example.com"));
	assert_true(destination_has_name(&wide, "b.a.example.com"));
	assert_false(destination_has_name(&wide, "example.com"));
	assert_false(destination_has_name(&wide, "evilexample.com"));
	assert_false(destination_has_name(&wide, "example.com.evil.org"));
	assert_int_equal(destination_parse("a.example.com:443", &narrow, NULL), 0);
	assert_int_equal(destination_parse("a.example.com:80", &other, NULL), 0);
	assert_true(destination_covers(&wide, &narrow));
	assert_false(destination_covers(&narrow, &wide));
	assert_false(destination_covers(&wide, &other));
	assert_int_equal(destination_parse("*.a.example.com:443", &other, NULL), 0);
	assert_true(destination_covers(&wide, &other));
	assert_false(destination_covers(&other, &wide));
}

static void only_public_addresses_may_be_dialled(void **state)
{
	static const struct {
		const char *text;
		bool is_public;
	} rows[] = {
		{ "8.8.8.8", true },	     { "140.82.112.3", true },
		{ "0.0.0.0", false },	     { "10.1.2.3", false },
		{ "100.64.0.1", false },     { "100.63.255.255", true },
		{ "100.128.0.0", true },     { "100.100.100.200", false },
		{ "127.0.0.1", false },	     { "127.255.255.254", false },
		{ "169.254.169.254", false },{ "172.15.0.1", true },
		{ "172.16.0.1", false },     { "172.31.255.255", false },
		{ "172.32.0.1", true },	     { "192.0.0.1", false },
		{ "192.168.1.1", false },    { "192.169.1.1", true },
		{ "198.18.0.1", false },     { "198.20.0.1", true },
		{ "224.0.0.1", false },	     { "255.255.255.255", false },
		{ "2606:4700::1111", true }, { "2a00:1450:4001::200e", true },
		{ "::", false },	     { "::1", false },
		{ "::ffff:127.0.0.1", false }, { "::ffff:8.8.8.8", false },
		{ "::7f00:1", false },	     { "64:ff9b::7f00:1", false },
		{ "64:ff9b::808:808", false }, { "2002:7f00:1::", false },
		{ "2001::1", false },	     { "2001:db8::1", false },
		{ "2001:4860:4860::8888", true }, { "fc00::1", false },
		{ "fd00:ec2::254", false },  { "fe80::1", false },
		{ "fec0::1", false },	     { "ff02::1", false },
		{ "100::1", false },	     { "4000::1", false },
	};
	struct range allowed;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sockaddr_storage a = {0};
		bool is_v6 = strchr(rows[i].text, ':');

		a.ss_family = is_v6 ? AF_INET6 : AF_INET;
		assert_int_equal(inet_pton(a.ss_family, rows[i].text,
					   is_v6 ? (void *)&((struct sockaddr_in6 *)&a)->sin6_addr :
						   (void *)&((struct sockaddr_in *)&a)->sin_addr), 1);
		if (!address_refusal((struct sockaddr *)&a, NULL, 0) != rows[i].is_public)
			fail_msg("%s", rows[i].text);
	}
	struct sockaddr_in ten = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a010203) };

	assert_int_equal(range_parse("10.1.0.0/16", &allowed, NULL), 0);
	assert_null(address_refusal((struct sockaddr *)&ten, &allowed, 1));
	ten.sin_addr.s_addr = htonl(0x0a020203);
	assert_non_null(address_refusal((struct sockaddr *)&ten, &allowed, 1));
}

static void a_range_is_written_without_stray_bits(void **state)
{
	static const struct {
		const char *text;
		int r;
	} rows[] = { { "10.0.0.0/8", 0 },	{ "0.0.0.0/0", 0 },	 { "fd00::/8", 0 },
		     { "127.0.0.1/32", 0 },	{ "10.0.0.1/8", -EINVAL }, { "10.0.0.0", -EINVAL },
		     { "10.0.0.0/33", -EINVAL }, { "10.0.0.0/", -EINVAL }, { "10.0.0.0/8x", -EINVAL },
		     { "10.0.0/8", -EINVAL },	{ "fd00::1/8", -EINVAL }, { "a/8", -EINVAL },
		     { "10.0.0.0/-1", -EINVAL } };
	struct range r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (range_parse(rows[i].text, &r, NULL) != rows[i].r)
			fail_msg("%s", rows[i].text);
}

/* --- names ------------------------------------------------------------------------------ */

static size_t query(uint8_t *out, const char *name, uint16_t type)
{
	size_t at = 12;

	memset(out, 0, 12);
	out[0] = 0x12;
	out[1] = 0x34;
	out[2] = 1; /* RD */
	out[5] = 1;
	while (*name) {
		size_t len = strcspn(name, ".");

		out[at++] = (uint8_t)len;
		memcpy(out + at, name, len);
		at += len;
		name += len + (name[len] == '.');
	}
	out[at++] = 0;
	out[at++] = 0;
	out[at++] = (uint8_t)type;
	out[at++] = 0;
	out[at++] = 1;
	return at;
}

static void a_granted_name_gets_an_address_of_ours(void **state)
{
	static struct names n;
	struct destination granted[2];
	uint8_t q[512], out[NAMES_ANSWER];
	char name[DESTINATION_NAME + 1];
	size_t len;

	(void)state;
	assert_int_equal(destination_parse("api.example.com:443", &granted[0], NULL), 0);
	assert_int_equal(destination_parse("*.example.org:443", &granted[1], NULL), 0);
	n = (struct names){ .granted = granted, .n_granted = 2 };

	len = query(q, "API.example.com", 1);
	assert_int_equal(names_answer(&n, q, len, out, &len, name), NAMES_ANSWERED);
	assert_string_equal(name, "api.example.com");
	assert_int_equal(out[7], 1);
	assert_memory_equal(out + len - 4, "\x0b\xc6\x12\x01", 4);
	assert_string_equal(names_of(&n, 0x0bc61201), "api.example.com");
	assert_null(names_of(&n, 0x0bc61202));
	assert_null(names_of(&n, 0x08080808));
	/* The same name, the same address; another one, another. */
	len = query(q, "api.example.com", 1);
	names_answer(&n, q, len, out, &len, name);
	assert_memory_equal(out + len - 4, "\x0b\xc6\x12\x01", 4);
	len = query(q, "x.example.org", 1);
	names_answer(&n, q, len, out, &len, name);
	assert_memory_equal(out + len - 4, "\x0b\xc6\x12\x02", 4);
	/* Known, and without an IPv6 address: no error, no answer. */
	len = query(q, "api.example.com", 28);
	assert_int_equal(names_answer(&n, q, len, out, &len, name), NAMES_ANSWERED);
	assert_int_equal(out[7], 0);
	assert_int_equal(out[3] & 15, 0);
	/* Not granted. */
	len = query(q, "evil.com", 1);
	assert_int_equal(names_answer(&n, q, len, out, &len, name), NAMES_REFUSED);
	assert_int_equal(out[3] & 15, 3);
	assert_string_equal(name, "evil.com");
	len = query(q, "example.org", 1);
	assert_int_equal(names_answer(&n, q, len, out, &len, name), NAMES_REFUSED);
	assert_true(names_grants(&n, "api.example.com", 443));
	assert_false(names_grants(&n, "api.example.com", 80));
	assert_false(names_grants(&n, "evil.com", 443));
}

static void a_query_that_is_none_names_nothing(void **state)
{
	static struct names n;
	struct destination granted;
	uint8_t q[600], out[NAMES_ANSWER];
	char name[DESTINATION_NAME + 1];
	size_t len, ret;

	(void)state;
	assert_int_equal(destination_parse("*.example.com:443", &granted, NULL), 0);
	n = (struct names){ .granted = &granted, .n_granted = 1 };
	len = query(q, "a.example.com", 1);
	for (size_t cut = 0; cut < len; cut++) {
		assert_int_not_equal(names_answer(&n, q, cut, out, &ret, name), NAMES_ANSWERED);
		assert_string_equal(name, "");
	}
	q[2] |= 0x80; /* a response */
	assert_int_equal(names_answer(&n, q, len, out, &ret, name), NAMES_DROPPED);
	assert_int_equal(ret, 0);
	len = query(q, "a.example.com", 1);
	q[12] = 0xc0; /* compression */
	assert_int_equal(names_answer(&n, q, len, out, &ret, name), NAMES_REFUSED);
	len = query(q, "a.example.com", 1);
	q[13] = '\0'; /* a label that holds a NUL */
	assert_int_equal(names_answer(&n, q, len, out, &ret, name), NAMES_REFUSED);
	assert_int_equal(n.n, 0);
	/* One name more than there is room for. */
	for (int i = 0; i <= NAMES_MAX; i++) {
		char text[32];

		snprintf(text, sizeof(text), "n%d.example.com", i);
		len = query(q, text, 1);
		assert_int_equal(names_answer(&n, q, len, out, &ret, name),
				 i < NAMES_MAX ? NAMES_ANSWERED : NAMES_REFUSED);
	}
}

/* --- ClientHello -------------------------------------------------------------------------- */

/* A hello with the given extensions, in records of at most `record` bytes. */
static size_t hello(uint8_t *out, const uint8_t *extensions, size_t len, size_t record)
{
	uint8_t body[2048];
	size_t n = 4, at = 0;

	memset(body, 0, sizeof(body));
	body[n++] = 3;
	body[n++] = 3;
	n += 32;	 /* random */
	body[n++] = 0;	 /* session id */
	body[n++] = 0;
	body[n++] = 2;
	body[n++] = 0x13;
	body[n++] = 0x01;
	body[n++] = 1;
	body[n++] = 0;
	body[n++] = (uint8_t)(len >> 8);
	body[n++] = (uint8_t)len;
	memcpy(body + n, extensions, len);
	n += len;
	body[0] = 1;
	body[2] = (uint8_t)((n - 4) >> 8);
	body[3] = (uint8_t)(n - 4);
	for (size_t from = 0; from < n; from += record) {
		size_t part = n - from < record ? n - from : record;

		out[at++] = 22;
		out[at++] = 3;
		out[at++] = 1;
		out[at++] = (uint8_t)(part >> 8);
		out[at++] = (uint8_t)part;
		memcpy(out + at, body + from, part);
		at += part;
	}
	return at;
}

static size_t sni(uint8_t *out, const char *name, size_t len)
{
	const uint8_t head[] = { 0, 0, 0, (uint8_t)(len + 5), 0, (uint8_t)(len + 3), 0, 0, (uint8_t)len };

	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), name, len);
	return sizeof(head) + len;
}

static void the_name_of_a_hello_is_found_in_any_cut(void **state)
{
	uint8_t ext[512], buf[4096];
	char name[DESTINATION_NAME + 1];
	size_t n;

	(void)state;
	n = sni(ext, "Api.Example.com", 15);
	for (size_t record = 1; record < 120; record += 7) {
		size_t len = hello(buf, ext, n, record);

		assert_int_equal(hello_name(buf, len, name), 1);
		assert_string_equal(name, "api.example.com");
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(hello_name(buf, cut, name), 0);
	}
}

static void a_hello_that_could_be_read_two_ways_is_refused(void **state)
{
	uint8_t ext[512], buf[4096];
	char name[DESTINATION_NAME + 1];
	size_t n, len;

	(void)state;
	n = sni(ext, "a.example.com", 13);
	n += sni(ext + n, "b.example.com", 13); /* twice */
	len = hello(buf, ext, n, 512);
	assert_int_equal(hello_name(buf, len, name), -EPROTO);
	n = sni(ext, "a.example.com\0evil", 18);
	len = hello(buf, ext, n, 512);
	assert_int_equal(hello_name(buf, len, name), -EPROTO);
	n = sni(ext, "127.0.0.1", 9);
	len = hello(buf, ext, n, 512);
	assert_int_equal(hello_name(buf, len, name), -EPROTO);
	len = hello(buf, (const uint8_t *)"", 0, 512);
	assert_int_equal(hello_name(buf, len, name), -ENOENT);
	n = sni(ext, "a.example.com", 13);
	ext[8]++; /* a length beyond its part */
	len = hello(buf, ext, n, 512);
	assert_int_equal(hello_name(buf, len, name), -EPROTO);
	assert_int_equal(hello_name((const uint8_t *)"GET / HTTP/1.1\r\n", 16, name), -EPROTO);
	assert_int_equal(hello_name((const uint8_t *)"\x16\x02\x01\x00\x05", 5, name), -EPROTO);
	assert_int_equal(hello_name((const uint8_t *)"\x17", 1, name), -EPROTO);
}

/* --- HTTP ----------------------------------------------------------------------------------- */

/* All of text through http_clear(), byte by byte more each time.  Return: 1 all of it
 * passes, 0 it waits for more, -1 refused. */
static int through(const char *text, size_t len)
{
	struct http h = {0};
	size_t from = 0, have = 0;

	while (from < len) {
		int64_t n = have > from ? http_clear(&h, "a.example.com", text + from, have - from) : 0;

		if (n < 0)
			return -1;
		if (n == 0) {
			if (have == len)
				return 0;
			have++;
			continue;
		}
		if ((size_t)n > len - from)
			return 0;
		from += (size_t)n;
		if (have < from)
			have = from;
	}
	return 1;
}

static void every_request_on_a_connection_is_for_the_name(void **state)
{
#define HEAD "GET / HTTP/1.1\r\nHost: a.example.com\r\n"
	static const struct {
		const char *text;
		int r;
	} rows[] = {
		{ HEAD "\r\n", 1 },
		{ HEAD "\r\n" HEAD "\r\n", 1 },
		{ "GET / HTTP/1.1\r\nhost:A.example.com:80\r\n\r\n", 1 },
		{ "GET http://a.example.com/x HTTP/1.1\r\nHost: a.example.com\r\n\r\n", 1 },
		{ "POST / HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 3\r\n\r\nabc" HEAD "\r\n", 1 },
		{ "POST / HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" HEAD "\r\n", 1 },
		{ HEAD, 0 },
		{ "GET / HTTP/1.1\r\nHost: evil.com\r\n\r\n", -1 },
		{ HEAD "Host: evil.com\r\n\r\n", -1 },
		{ "GET / HTTP/1.1\r\n\r\n", -1 },
		{ HEAD "\r\nGET / HTTP/1.1\r\nHost: evil.com\r\n\r\n", -1 },
		{ "GET http://evil.com/ HTTP/1.1\r\nHost: a.example.com\r\n\r\n", -1 },
		{ "CONNECT a.example.com:80 HTTP/1.1\r\nHost: a.example.com\r\n\r\n", -1 },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", -1 },
		{ HEAD "Upgrade: h2c\r\n\r\n", -1 },
		{ HEAD "X: a\r\n b\r\n\r\n", -1 },
		{ HEAD "X : a\r\n\r\n", -1 },
		{ "GET / HTTP/1.1\nHost: a.example.com\n\n", -1 },
		{ HEAD "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", -1 },
		{ HEAD "Content-Length: +1\r\n\r\n", -1 },
		{ HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", -1 },
		{ "POST / HTTP/1.0\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", -1 },
		{ HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n", -1 },
		{ HEAD "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n", -1 },
		{ HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", -1 },
		{ HEAD "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", -1 },
		{ "GET /a b HTTP/1.1\r\nHost: a.example.com\r\n\r\n", -1 },
		{ "GET / HTTP/1.1\r\nHost: a.example.com\0.evil.com\r\n\r\n", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = i + 1 == sizeof(rows) / sizeof(*rows) ?
				     sizeof("GET / HTTP/1.1\r\nHost: a.example.com\0.evil.com\r\n\r\n") - 1 :
				     strlen(rows[i].text);

		if (through(rows[i].text, len) != rows[i].r)
			fail_msg("row %zu: %s", i, rows[i].text);
	}
}

/* Of loopback, which every machine has; a policy may name it, and that is asked first. */
static void a_proxy_is_a_host_and_a_port(void **state)
{
	static const struct {
		const char *text, *shown; /* NULL: refused */
		const char *name;
		bool is_v6;
	} rows[] = {
		{ "Proxy.Example.COM:3128", "proxy.example.com:3128", "proxy.example.com", false },
		{ "10.1.2.3:8080", "10.1.2.3:8080", "", false },
		{ "127.0.0.1:53", "127.0.0.1:53", "", false },
		{ "[fd00::1]:3128", "[fd00::1]:3128", "", true },
		{ "fd00::1:3128", NULL, NULL, false },
		{ "[10.1.2.3]:3128", NULL, NULL, false },
		{ "proxy:3128", NULL, NULL, false },
		{ "proxy.example.com", NULL, NULL, false },
		{ "proxy.example.com:0", NULL, NULL, false },
		{ "proxy.example.com:65536", NULL, NULL, false },
		{ "proxy.example.com:80x", NULL, NULL, false },
		{ "http://proxy.example.com:80", NULL, NULL, false },
		{ "u:p@proxy.example.com:80", NULL, NULL, false },
		{ "proxy.example.com:80/", NULL, NULL, false },
		{ "0x7f.1:80", NULL, NULL, false },
		{ "0177.0.0.1:80", NULL, NULL, false },
		{ "2130706433:80", NULL, NULL, false },
		{ ":80", NULL, NULL, false },
		{ "[]:80", NULL, NULL, false },
		{ "", NULL, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct proxy p;
		struct err err = {0};
		int r = proxy_parse(rows[i].text, &p, &err);

		if ((r == 0) != (rows[i].shown != NULL) || (r < 0 && !err.text[0]))
			fail_msg("%s: %d", rows[i].text, r);
		if (r == 0 && (strcmp(p.text, rows[i].shown) != 0 || strcmp(p.name, rows[i].name) != 0 ||
			       p.is_v6 != rows[i].is_v6))
			fail_msg("%s: %s %s", rows[i].text, p.text, p.name);
	}
}

static void a_tunnel_is_asked_for_by_name(void **state)
{
	char buf[TUNNEL_REQUEST], name[DESTINATION_NAME + 1], words[PROXY_AUTHORIZATION];
	size_t len = tunnel_request("a.example.com", 443, "", buf);

	(void)state;
	assert_string_equal(buf, "CONNECT a.example.com:443 HTTP/1.1\r\nHost: a.example.com:443\r\n\r\n");
	assert_int_equal(len, strlen(buf));
	tunnel_request("a.example.com", 443, "Basic eDp5", buf);
	assert_non_null(strstr(buf, "\r\nProxy-Authorization: Basic eDp5\r\n\r\n"));
	memset(name, 'a', DESTINATION_NAME);
	name[DESTINATION_NAME] = '\0';
	memset(words, 'b', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	len = tunnel_request(name, 65535, words, buf);
	assert_true(len < sizeof(buf));
	assert_int_equal(len, strlen(buf));
	assert_string_equal(buf + len - 5, "b\r\n\r\n");
}

static void the_answer_of_a_proxy_is_read_in_any_cut(void **state)
{
	static const struct {
		const char *text;
		unsigned int status; /* 0: refused; 1: more is needed */
		size_t behind;	     /* bytes after the head */
	} rows[] = {
		{ "HTTP/1.1 200 Connection established\r\n\r\n", 200, 0 },
		{ "HTTP/1.0 200 OK\r\nA: b\r\n\r\n\x16\x03\x01", 200, 3 },
		{ "HTTP/1.1 200\r\n\r\n", 200, 0 },
		{ "HTTP/1.1 200 \r\n\r\n", 200, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nabcd", 200, 4 },
		{ "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"a\"\r\n\r\nbody", 407, 4 },
		{ "HTTP/1.1 403 x\r\nEmpty:\r\n\r\n", 403, 0 },
		{ "HTTP/1.1 599 x\r\n\r\n", 599, 0 },
		{ "HTTP/1.1 200 OK\r\nA: b\r\n\r", 1, 0 },
		{ "HTTP/1.1 200 OK\r\n", 1, 0 },
		{ "HTTP/1.1 2", 1, 0 },
		{ "", 1, 0 },
		{ "HTTP/1.1 600 x\r\n\r\n", 0, 0 },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 0, 0 },
		{ "HTTP/1.1 101 x\r\n\r\n", 0, 0 },
		{ "HTTP/1.1 2000 x\r\n\r\n", 0, 0 },
		{ "HTTP/1.1 20 x\r\n\r\n", 0, 0 },
		{ "HTTP/1.1 +20 x\r\n\r\n", 0, 0 },
		{ "HTTP/1.1  200 x\r\n\r\n", 0, 0 },
		{ "HTTP/1.1\t200 x\r\n\r\n", 0, 0 },
		{ "HTTP/1.2 200 OK\r\n\r\n", 0, 0 },
		{ "HTTP/2 200\r\n\r\n", 0, 0 },
		{ "http/1.1 200 OK\r\n\r\n", 0, 0 },
		{ "\r\nHTTP/1.1 200 OK\r\n\r\n", 0, 0 },
		{ " HTTP/1.1 200 OK\r\n\r\n", 0, 0 },
		{ "HTTP/1.1 200 OK\n\n", 0, 0 },
		{ "HTTP/1.1 200 OK\r\r\n\r\n", 0, 0 },
		{ "HTTP/1.1 200 OK\r\nA: b\n\r\n", 0, 0 },
		{ "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", 0, 0 },
		{ "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", 0, 0 },
		{ "HTTP/1.1 200 OK\r\n: b\r\n\r\n", 0, 0 },
		{ "HTTP/1.1 200 OK\r\nnothing\r\n\r\n", 0, 0 },
		{ "HTTP/1.1 200 O\x1bK\r\n\r\n", 0, 0 },
		{ "\x16\x03\x01", 0, 0 },
		{ "SSH-2.0-x\r\n", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = strlen(rows[i].text);
		unsigned int status = 0;
		int r = tunnel_answer(rows[i].text, len, &status);

		if (rows[i].status == 0 ? r != -EPROTO :
		    rows[i].status == 1 ? r != 0 :
					  (r != (int)(len - rows[i].behind) || status != rows[i].status))
			fail_msg("%s: %d %u", rows[i].text, r, status);
		/* Less of it never says yes, and never another no than the whole. */
		for (size_t cut = 0; cut < len - rows[i].behind; cut++) {
			int less = tunnel_answer(rows[i].text, cut, &status);

			if (less > 0 || (less < 0 && rows[i].status))
				fail_msg("%s cut at %zu: %d", rows[i].text, cut, less);
		}
	}
}

static void the_answer_of_a_proxy_is_bounded(void **state)
{
	static char text[TUNNEL_HEAD_MAX + 64];
	static const char start[] = "HTTP/1.1 200 OK\r\nA: ";
	unsigned int status;

	(void)state;
	memset(text, 'b', sizeof(text));
	memcpy(text, start, sizeof(start) - 1);
	assert_int_equal(tunnel_answer(text, TUNNEL_HEAD_MAX - 1, &status), 0);
	assert_int_equal(tunnel_answer(text, TUNNEL_HEAD_MAX, &status), -EPROTO);
	memcpy(text + TUNNEL_HEAD_MAX - 4, "\r\n\r\n", 4);
	assert_int_equal(tunnel_answer(text, TUNNEL_HEAD_MAX, &status), TUNNEL_HEAD_MAX);
	memset(text + TUNNEL_HEAD_MAX - 4, 'b', 4);
	memcpy(text + TUNNEL_HEAD_MAX - 3, "\r\n\r\n", 4);
	assert_int_equal(tunnel_answer(text, TUNNEL_HEAD_MAX + 1, &status), -EPROTO);
}

/* The relay as far as its proxy: a connection to our own listener stands for it. */
struct tunnelled {
	struct relay relay;
	struct relay_proxy proxy;
	int server, proxy_end;
};

static struct tunnelled *begin_tunnel(void)
{
	static struct tunnelled t;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int pair[2], listener = socket(AF_INET, SOCK_STREAM, 0);
	struct pollfd fds[2];
	char asked[256];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	t = (struct tunnelled){ .server = pair[1], .proxy.authorization = "" };
	t.proxy.at.port = ntohs(at.sin_port);
	relay_begin(&t.relay, pair[0], "far.example.com", 2525, 1, 0);
	t.relay.proxy = &t.proxy;
	t.relay.state = RELAY_RESOLVE;
	memcpy(&t.relay.addresses[0], &at, sizeof(at));
	t.relay.n_addresses = 1;
	assert_int_equal(relay_dial(&t.relay, 0), 0);
	t.proxy_end = accept(listener, NULL, NULL);
	close(listener);
	relay_wanted(&t.relay, fds);
	assert_int_equal(poll(fds, 2, -1), 1);
	assert_int_equal(relay_run(&t.relay, fds, 0), 0);
	assert_int_equal(t.relay.state, RELAY_TUNNEL);
	assert_true(read(t.proxy_end, asked, sizeof(asked)) > 0);
	return &t;
}

static void end_tunnel(struct tunnelled *t)
{
	relay_close(&t->relay, false);
	close(t->server);
	close(t->proxy_end);
}

static int run_when_ready(struct tunnelled *t, int64_t now)
{
	struct pollfd fds[2];

	relay_wanted(&t->relay, fds);
	assert_true(poll(fds, 2, -1) > 0);
	return relay_run(&t->relay, fds, now);
}

static void what_follows_the_answer_is_the_tunnels(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\n\r\nhello";
	struct tunnelled *t = begin_tunnel();
	char got[32];

	(void)state;
	assert_int_equal(write(t->proxy_end, text, 10), 10);
	assert_int_equal(run_when_ready(t, 1000), 0);
	assert_int_equal(t->relay.state, RELAY_TUNNEL);
	assert_int_equal(write(t->proxy_end, text + 10, sizeof(text) - 11), sizeof(text) - 11);
	assert_int_equal(run_when_ready(t, 2000), 0);
	assert_int_equal(t->relay.state, RELAY_OPEN);
	assert_int_equal(run_when_ready(t, 3000), 0);
	assert_int_equal(read(t->server, got, sizeof(got)), 5);
	assert_memory_equal(got, "hello", 5);
	end_tunnel(t);
}

static void a_proxy_that_dribbles_gets_no_more_time(void **state)
{
	const struct pollfd none[2] = { { -1, 0, 0 }, { -1, 0, 0 } };
	struct tunnelled *t = begin_tunnel();
	int64_t now = 0;
	int did = 0;

	(void)state;
	for (const char *c = "HTTP/1.1 200 OK\r\n"; *c && did == 0; c++) {
		now += 5000;
		assert_int_equal(write(t->proxy_end, c, 1), 1);
		did = now < 60000 ? run_when_ready(t, now) : relay_run(&t->relay, none, now);
	}
	assert_int_equal(did, -1);
	assert_int_equal(now, 60000);
	assert_string_equal(t->relay.why, "the proxy did not answer in time");
	end_tunnel(t);
}

static void a_proxy_that_ends_in_its_answer_ends_the_connection(void **state)
{
	struct tunnelled *t = begin_tunnel();

	(void)state;
	assert_int_equal(write(t->proxy_end, "HTTP/1.1 200", 12), 12);
	shutdown(t->proxy_end, SHUT_WR);
	assert_int_equal(run_when_ready(t, 0), -1);
	assert_string_equal(t->relay.why, "what the proxy answers is no HTTP");
	end_tunnel(t);
}

static void an_address_of_this_machine_is_known(void **state)
{
	static const struct {
		uint32_t address;
		bool is_own;
	} rows[] = { { 0x7f000001, true }, { 0xe0000001, false } };
	const struct range named = { { 127 }, 8, false };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct sockaddr_in a = { .sin_family = AF_INET,
					       .sin_addr.s_addr = htonl(rows[i].address) };

		assert_int_equal(address_is_own((const struct sockaddr *)&a), rows[i].is_own);
		assert_int_equal(address_is_named((const struct sockaddr *)&a, &named, 1),
				 rows[i].is_own);
		assert_false(address_is_named((const struct sockaddr *)&a, NULL, 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_of_this_machine_is_known),
		cmocka_unit_test(a_proxy_is_a_host_and_a_port),
		cmocka_unit_test(a_tunnel_is_asked_for_by_name),
		cmocka_unit_test(the_answer_of_a_proxy_is_read_in_any_cut),
		cmocka_unit_test(the_answer_of_a_proxy_is_bounded),
		cmocka_unit_test(what_follows_the_answer_is_the_tunnels),
		cmocka_unit_test(a_proxy_that_dribbles_gets_no_more_time),
		cmocka_unit_test(a_proxy_that_ends_in_its_answer_ends_the_connection),
		cmocka_unit_test(a_destination_is_a_plain_name_and_a_port),
		cmocka_unit_test(a_name_is_bounded_by_its_labels_and_its_length),
		cmocka_unit_test(a_wildcard_is_for_what_lies_below),
		cmocka_unit_test(only_public_addresses_may_be_dialled),
		cmocka_unit_test(a_range_is_written_without_stray_bits),
		cmocka_unit_test(a_granted_name_gets_an_address_of_ours),
		cmocka_unit_test(a_query_that_is_none_names_nothing),
		cmocka_unit_test(the_name_of_a_hello_is_found_in_any_cut),
		cmocka_unit_test(a_hello_that_could_be_read_two_ways_is_refused),
		cmocka_unit_test(every_request_on_a_connection_is_for_the_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
