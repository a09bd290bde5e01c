/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "shims/egress/names.h"

/*
 * 11.198.18.1: it looks like a public address, because servers that guard against requests
 * to private ones refuse what IANA reserves (198.18.0.0/15 too).  Whose it is does not
 * matter: no packet leaves the namespace, and an address is never dialled by number.
 */
#define FIRST_ADDRESS 0x0bc61201U
#define TTL 60			  /* seconds; the mapping outlives the session's clients */

enum { TYPE_A = 1, TYPE_AAAA = 28, TYPE_HTTPS = 65, CLASS_IN = 1 };
enum { RCODE_OK = 0, RCODE_FORMAT = 1, RCODE_FAILED = 2, RCODE_NO_NAME = 3, RCODE_NOT_IMPL = 4 };

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The question's name as text; compression has no place in a query.  Return: the offset
 * behind it, or 0. */
static size_t read_name(const uint8_t *query, size_t len, char *text, size_t *ret_len)
{
	size_t at = 12, n = 0;

	while (at < len && query[at]) {
		size_t label = query[at];

		if (label > 63 || label >= len - at || n + label + 1 > DESTINATION_NAME + 1)
			return 0;
		memcpy(text + n, query + at + 1, label);
		n += label;
		text[n++] = '.';
		at += label + 1;
	}
	*ret_len = n;
	return at < len ? at + 1 : 0;
}

static bool is_granted(const struct names *n, const char *name)
{
	for (size_t i = 0; i < n->n_granted; i++)
		if (destination_has_name(&n->granted[i], name))
			return true;
	return false;
}

/* The index of a name, which gets one when it is new.  Return: -1 when there is no room. */
static int index_of(struct names *n, const char *name)
{
	size_t i = 0;

	while (i < n->n && strcmp(n->v[i], name) != 0)
		i++;
	if (i == NAMES_MAX)
		return -1;
	if (i == n->n)
		memcpy(n->v[n->n++], name, strlen(name) + 1);
	return (int)i;
}

static size_t put_address(uint8_t *out, size_t at, uint32_t address)
{
	put16(out + at, 0xc00c); /* the question's name */
	put16(out + at + 2, TYPE_A);
	put16(out + at + 4, CLASS_IN);
	put16(out + at + 6, 0);
	put16(out + at + 8, TTL);
	put16(out + at + 10, 4);
	put16(out + at + 12, address >> 16);
	put16(out + at + 14, address & 0xffff);
	put16(out + 6, 1);
	return at + 16;
}

enum names_outcome names_answer(struct names *n, const uint8_t *query, size_t len, uint8_t *out,
				size_t *ret_len, char *name)
{
	char text[DESTINATION_NAME + 2];
	size_t end, text_len = 0;
	unsigned int rcode = RCODE_OK;
	uint16_t type = 0;
	int i = -1;

	*ret_len = 0;
	name[0] = '\0';
	if (len < 12 || query[2] & 0x80 || len > NAMES_ANSWER)
		return NAMES_DROPPED;
	memset(out, 0, 12);
	memcpy(out, query, 2);
	out[2] = (uint8_t)(0x80 | (query[2] & 0x79) | 0x04); /* response, opcode, RD, AA */
	out[3] = 0x80;					      /* RA */
	end = get16(query + 4) == 1 ? read_name(query, len, text, &text_len) : 0;
	if (query[2] & 0x78 || !end || len - end < 4) {
		out[3] |= query[2] & 0x78 ? RCODE_NOT_IMPL : RCODE_FORMAT;
		*ret_len = 12;
		return NAMES_REFUSED;
	}
	type = get16(query + end);
	memcpy(out + 12, query + 12, end + 4 - 12);
	put16(out + 4, 1);
	*ret_len = end + 4;
	if (destination_canonical(text, text_len, name) < 0) {
		name[0] = '\0';
		rcode = RCODE_NO_NAME;
	} else if (!is_granted(n, name) || get16(query + end + 2) != CLASS_IN) {
		rcode = RCODE_NO_NAME;
	} else if (type == TYPE_A) {
		i = index_of(n, name);
		rcode = i < 0 ? RCODE_FAILED : RCODE_OK;
	}
	out[3] |= (uint8_t)rcode;
	if (i >= 0 && *ret_len + 16 <= NAMES_ANSWER)
		*ret_len = put_address(out, *ret_len, FIRST_ADDRESS + (uint32_t)i);
	return rcode ? NAMES_REFUSED : NAMES_ANSWERED;
}

const char *names_of(const struct names *n, uint32_t address)
{
	uint32_t i = address - FIRST_ADDRESS;

	return address >= FIRST_ADDRESS && i < n->n ? n->v[i] : NULL;
}

bool names_grants(const struct names *n, const char *name, uint16_t port)
{
	for (size_t i = 0; i < n->n_granted; i++)
		if (n->granted[i].port == port && destination_has_name(&n->granted[i], name))
			return true;
	return false;
}
