/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "shims/egress/address.h"

struct special {
	struct range range;
	const char *why;
};

#define V4(a, b, c, bits, why) { { { a, b, c }, bits, false }, why }

static const struct special v4[] = {
	V4(0, 0, 0, 8, "an address of this network"),
	V4(10, 0, 0, 8, "a private address"),
	V4(100, 64, 0, 10, "a carrier's shared address"),
	V4(127, 0, 0, 8, "a loopback address"),
	V4(169, 254, 0, 16, "a link-local or metadata address"),
	V4(172, 16, 0, 12, "a private address"),
	V4(192, 0, 0, 24, "a protocol assignment"),
	V4(192, 0, 2, 24, "a documentation address"),
	V4(192, 88, 99, 24, "a relay of 6to4"),
	V4(192, 168, 0, 16, "a private address"),
	V4(198, 18, 0, 15, "a benchmarking address"),
	V4(198, 51, 100, 24, "a documentation address"),
	V4(203, 0, 113, 24, "a documentation address"),
	V4(224, 0, 0, 4, "a multicast address"),
	V4(240, 0, 0, 4, "a reserved or broadcast address"),
};

/* Global unicast is 2000::/3; inside of it only what is carried to another place. */
static const struct special v6[] = {
	{ { { 0x20, 0x01, 0x00, 0x00 }, 23, true }, "a protocol assignment (Teredo among them)" },
	{ { { 0x20, 0x01, 0x0d, 0xb8 }, 32, true }, "a documentation address" },
	{ { { 0x20, 0x02 }, 16, true }, "a translated address (6to4)" },
	{ { { 0x3f, 0xff, 0x00 }, 20, true }, "a documentation address" },
};

static const char *refusal_v4(const uint8_t *bytes)
{
	for (size_t i = 0; i < sizeof(v4) / sizeof(*v4); i++)
		if (range_has(&v4[i].range, bytes, false))
			return v4[i].why;
	return NULL;
}

static const char *refusal_v6(const uint8_t *bytes)
{
	if ((bytes[0] & 0xe0) != 0x20)
		return "not a global address (loopback, mapped, translated, private, link-local)";
	for (size_t i = 0; i < sizeof(v6) / sizeof(*v6); i++)
		if (range_has(&v6[i].range, bytes, true))
			return v6[i].why;
	return NULL;
}

static const uint8_t *bytes_of(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET6)
		return ((const struct sockaddr_in6 *)(const void *)a)->sin6_addr.s6_addr;
	if (a->sa_family == AF_INET)
		return (const uint8_t *)&((const struct sockaddr_in *)(const void *)a)->sin_addr;
	return NULL;
}

bool address_is_named(const struct sockaddr *a, const struct range *allowed, size_t n)
{
	const uint8_t *bytes = bytes_of(a);

	for (size_t i = 0; bytes && i < n; i++)
		if (range_has(&allowed[i], bytes, a->sa_family == AF_INET6))
			return true;
	return false;
}

const char *address_refusal(const struct sockaddr *a, const struct range *allowed, size_t n)
{
	const uint8_t *bytes = bytes_of(a);

	if (!bytes)
		return "not an internet address";
	if (address_is_named(a, allowed, n))
		return NULL;
	return a->sa_family == AF_INET6 ? refusal_v6(bytes) : refusal_v4(bytes);
}

bool address_is_own(const struct sockaddr *a)
{
	socklen_t len = a->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
						   sizeof(struct sockaddr_in);
	cleanup_close int fd = socket(a->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage to = {0}, from = {0};
	socklen_t from_len = sizeof(from);
	const size_t size = a->sa_family == AF_INET6 ? 16 : 4;

	memcpy(&to, a, len);
	if (a->sa_family == AF_INET6)
		((struct sockaddr_in6 *)&to)->sin6_port = htons(9);
	else
		((struct sockaddr_in *)&to)->sin_port = htons(9);
	/* Without a route there is nothing to be reached either. */
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&from, &from_len) < 0)
		return false;
	return from.ss_family == a->sa_family &&
	       !memcmp(bytes_of((const struct sockaddr *)&from), bytes_of(a), size);
}

const char *address_text(const struct sockaddr *a, char text[static ADDRESS_TEXT])
{
	char bare[INET6_ADDRSTRLEN] = "?";

	if (a->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, bare,
			  sizeof(bare));
		snprintf(text, ADDRESS_TEXT, "[%s]", bare);
	} else {
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)a)->sin_addr, bare,
			  sizeof(bare));
		snprintf(text, ADDRESS_TEXT, "%s", bare);
	}
	return text;
}
