/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxy - the HTTP proxy that connections are made through: "proxy.example.com:3128"
 *
 * Plain data of fixed size, as a destination is.  Unlike a destination it may be an
 * address, and a private one: who names it is the administrator.
 */
#ifndef COMMON_PROXY_H
#define COMMON_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/destination.h"

struct err;

/* The value of Proxy-Authorization: "Basic " and 1 KiB in base64, or a token. */
#define PROXY_AUTHORIZATION 1536

struct proxy {
	char text[DESTINATION_NAME + 16]; /* as it is shown: host:port */
	char name[DESTINATION_NAME + 3];  /* canonical; "" for an address */
	uint8_t address[16];		  /* network order; IPv4 in the first four */
	bool is_v6;
	uint16_t port; /* 0: there is no proxy */
};

/* "name:port", "10.1.2.3:port" or "[fd00::1]:port".  Return: 0, or -EINVAL with words. */
int proxy_parse(const char *text, struct proxy *ret, struct err *err);

#endif /* COMMON_PROXY_H */
