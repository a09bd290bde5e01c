/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/proxy.h"

/* Dotted decimal or IPv6 in brackets, as inet_pton(3) takes them and nothing laxer. */
static bool take_address(const char *host, size_t len, struct proxy *p)
{
	char text[INET6_ADDRSTRLEN];

	p->is_v6 = len > 2 && host[0] == '[' && host[len - 1] == ']';
	if (p->is_v6) {
		host++;
		len -= 2;
	}
	if (len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	return inet_pton(p->is_v6 ? AF_INET6 : AF_INET, text, p->address) == 1;
}

int proxy_parse(const char *text, struct proxy *ret, struct err *err)
{
	const char *colon = strrchr(text, ':');
	struct proxy p = {0};
	unsigned long port;
	size_t len;
	char *end;

	if (strstr(text, "://") || strchr(text, '@') || strchr(text, '/'))
		return err_set(err, EINVAL, "a proxy is host:port, without a scheme, a user or a path; it is "
					    "spoken to in plain HTTP with CONNECT");
	if (!colon)
		return err_set(err, EINVAL, "%s: a proxy is host:port", text);
	len = (size_t)(colon - text);
	if (!take_address(text, len, &p) && destination_canonical(text, len, p.name) < 0)
		return err_set(err, EINVAL, "%s: neither an address (IPv6 in brackets) nor a host name of "
					    "two labels or more", text);
	port = strtoul(colon + 1, &end, 10);
	if (colon[1] < '1' || colon[1] > '9' || *end || port > 65535)
		return err_set(err, EINVAL, "%s: the port is a number from 1 to 65535", text);
	p.port = (uint16_t)port;
	if (p.name[0])
		snprintf(p.text, sizeof(p.text), "%s:%lu", p.name, port);
	else
		snprintf(p.text, sizeof(p.text), "%s", text);
	*ret = p;
	return 0;
}
