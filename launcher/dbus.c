/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "launcher/dbus.h"

/* Codes of header fields (the specification, "Header Fields"). */
enum { FIELD_PATH = 1, FIELD_INTERFACE, FIELD_MEMBER, FIELD_ERROR, FIELD_REPLY, FIELD_SIGNATURE = 8 };

#define AT_BODY_LENGTH 4
#define AT_FIELDS_LENGTH 12

static size_t aligned(size_t at, size_t to)
{
	return (at + to - 1) / to * to;
}

/* --- writing ---------------------------------------------------------------------------- */

static void put(struct dbus *m, const void *data, size_t len)
{
	if (m->is_full || len > m->size - m->len) {
		m->is_full = true;
		return;
	}
	memcpy(m->data + m->len, data, len);
	m->len += len;
}

static void align(struct dbus *m, size_t to)
{
	static const uint8_t zero[8] = {0};

	put(m, zero, aligned(m->len, to) - m->len);
}

static void put_byte(struct dbus *m, uint8_t byte)
{
	put(m, &byte, 1);
}

static void put_number(struct dbus *m, uint64_t value, size_t width)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < width; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	align(m, width);
	put(m, bytes, width);
}

void dbus_u32(struct dbus *m, uint32_t value)
{
	put_number(m, value, 4);
}

void dbus_string(struct dbus *m, const char *text)
{
	dbus_u32(m, (uint32_t)strlen(text));
	put(m, text, strlen(text) + 1);
}

static void put_signature(struct dbus *m, const char *text)
{
	put_byte(m, (uint8_t)strlen(text));
	put(m, text, strlen(text) + 1);
}

static void set_u32(struct dbus *m, size_t at, uint32_t value)
{
	for (size_t i = 0; i < 4 && !m->is_full; i++)
		m->data[at + i] = (uint8_t)(value >> (8 * i));
}

/* The length does not count the padding before the first element. */
size_t dbus_array(struct dbus *m, size_t alignment)
{
	size_t at;

	dbus_u32(m, 0);
	at = m->len - 4;
	align(m, alignment);
	return at;
}

void dbus_array_end(struct dbus *m, size_t array, size_t alignment)
{
	set_u32(m, array, (uint32_t)(m->len - aligned(array + 4, alignment)));
}

static void put_field(struct dbus *m, uint8_t code, const char *type, const char *value)
{
	align(m, 8);
	put_byte(m, code);
	put_signature(m, type);
	if (*type == 'g')
		put_signature(m, value);
	else
		dbus_string(m, value);
}

void dbus_begin(struct dbus *m, void *data, size_t size, const char *path, const char *interface,
		const char *member, const char *signature)
{
	static const uint8_t start[] = { 'l', DBUS_CALL, 0, 1 };
	size_t fields;

	*m = (struct dbus){ .data = data, .size = size };
	put(m, start, sizeof(start));
	dbus_u32(m, 0); /* the body's length */
	dbus_u32(m, 1); /* serial */
	fields = dbus_array(m, 8);
	put_field(m, FIELD_PATH, "o", path);
	put_field(m, FIELD_INTERFACE, "s", interface);
	put_field(m, FIELD_MEMBER, "s", member);
	put_field(m, FIELD_SIGNATURE, "g", signature);
	dbus_array_end(m, fields, 8);
	align(m, 8);
	m->body = m->len;
}

static void begin_pair(struct dbus *m, const char *key, const char *type)
{
	align(m, 8);
	dbus_string(m, key);
	put_signature(m, type);
}

void dbus_pair_string(struct dbus *m, const char *key, const char *value)
{
	begin_pair(m, key, "s");
	dbus_string(m, value);
}

void dbus_pair_u64(struct dbus *m, const char *key, uint64_t value)
{
	begin_pair(m, key, "t");
	put_number(m, value, 8);
}

void dbus_pair_u32s(struct dbus *m, const char *key, const uint32_t *v, size_t n)
{
	size_t array;

	begin_pair(m, key, "au");
	array = dbus_array(m, 4);
	for (size_t i = 0; i < n; i++)
		dbus_u32(m, v[i]);
	dbus_array_end(m, array, 4);
}

size_t dbus_end(struct dbus *m)
{
	set_u32(m, AT_BODY_LENGTH, (uint32_t)(m->len - m->body));
	return m->is_full ? 0 : m->len;
}

/* --- reading ---------------------------------------------------------------------------- */

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Little-endian alone: what a program of this machine's writes. */
size_t dbus_length(const uint8_t header[static DBUS_HEADER])
{
	const uint32_t body = get_u32(header + AT_BODY_LENGTH), fields = get_u32(header + AT_FIELDS_LENGTH);

	if (header[0] != 'l' || header[3] != 1 || body > DBUS_MAX || fields > DBUS_MAX)
		return 0;
	if (aligned(DBUS_HEADER + fields, 8) + body > DBUS_MAX)
		return 0;
	return aligned(DBUS_HEADER + fields, 8) + body;
}

/* A string at *at, in the first len bytes; *at goes behind it. */
static bool take_text(const uint8_t *data, size_t len, size_t *at, const char **ret, size_t *ret_len)
{
	size_t from = aligned(*at, 4), n;

	if (from > len || len - from < 4)
		return false;
	n = get_u32(data + from);
	from += 4;
	if (n >= len - from || data[from + n] != '\0')
		return false;
	*ret = (const char *)data + from;
	*ret_len = n;
	*at = from + n + 1;
	return true;
}

static void keep(char *to, size_t size, const char *text, size_t len)
{
	to[0] = '\0';
	if (len >= size || memchr(text, '\0', len))
		return;
	memcpy(to, text, len);
	to[len] = '\0';
}

/* One of "struct of BYTE and VARIANT", whose types are s, o, g and u in practice. */
static bool take_field(const uint8_t *data, size_t end, size_t *at, struct dbus_reply *r)
{
	size_t from = aligned(*at, 8), n = 0;
	const char *text = NULL;
	uint8_t code, type;

	if (from > end || end - from < 4)
		return false;
	code = data[from];
	type = data[from + 2];
	if (data[from + 1] != 1 || data[from + 3] != '\0')
		return false;
	from += 4;
	if (type == 'g') {
		if (from >= end || data[from] >= end - from - 1)
			return false;
		*at = from + data[from] + 2;
		return true;
	}
	from = aligned(from, 4);
	if (type == 'u') {
		if (from > end || end - from < 4)
			return false;
		if (code == FIELD_REPLY)
			r->answers = get_u32(data + from);
		*at = from + 4;
		return true;
	}
	*at = from;
	if ((type != 's' && type != 'o') || !take_text(data, end, at, &text, &n))
		return false;
	if (code == FIELD_MEMBER)
		keep(r->member, sizeof(r->member), text, n);
	if (code == FIELD_ERROR)
		keep(r->error, sizeof(r->error), text, n);
	return true;
}

bool dbus_parse(const uint8_t *data, size_t len, struct dbus_reply *ret)
{
	struct dbus_reply r = {0};
	size_t end, at = DBUS_HEADER;

	if (len < DBUS_HEADER || dbus_length(data) != len)
		return false;
	end = DBUS_HEADER + get_u32(data + AT_FIELDS_LENGTH);
	while (at < end)
		if (!take_field(data, end, &at, &r))
			return false;
	if (data[1] < DBUS_CALL || data[1] > DBUS_SIGNAL)
		return false;
	r.type = data[1];
	r.body = data + aligned(end, 8);
	r.len = len - aligned(end, 8);
	*ret = r;
	return true;
}

bool dbus_take_u32(struct dbus_reply *r, uint32_t *ret)
{
	size_t from = aligned(r->at, 4);

	if (from > r->len || r->len - from < 4)
		return false;
	*ret = get_u32(r->body + from);
	r->at = from + 4;
	return true;
}

bool dbus_take_string(struct dbus_reply *r, char *ret, size_t size)
{
	const char *text;
	size_t len;

	if (!take_text(r->body, r->len, &r->at, &text, &len))
		return false;
	keep(ret, size, text, len);
	return true;
}
