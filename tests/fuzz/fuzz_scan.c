/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner on any bytes: spans are sorted, inside, and do not overlap; all variants
 * of the prefilter agree; little room gives the same beginning; and what is redacted
 * has no token of a format any more, but for one beside a cut.  The first byte chooses the configuration.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/secrets.h"
#include "common/siphash.h"
#include "scan/formats.h"
#include "scan/prefilter.h"
#include "scan/scan.h"

#define SPANS 64
#define SIZE (1 << 16)

/* One known value, as the launcher would write it. */
static void *make_known(size_t *ret_len)
{
	static struct {
		struct secrets_header head;
		struct secrets_needle needle;
		uint32_t probes[8];
	} data;
	static const char value[] = "known-value-of-the-fuzzer";

	data.head = (struct secrets_header){ .magic = SECRETS_MAGIC, .n = 1, .n_probes = 8, .stride = 8,
					     .keys = { 1, 2, 3, 4 }, .factor = 0x9e3779b97f4a7c15ULL };
	data.needle.len = sizeof(value) - 1;
	data.needle.gram = siphash(data.head.keys, value, SECRETS_GRAM);
	data.needle.digest[0] = siphash(data.head.keys, value, sizeof(value) - 1);
	data.needle.digest[1] = siphash(data.head.keys + 2, value, sizeof(value) - 1);
	for (uint32_t i = 0; i < 8; i++)
		data.probes[i] = secrets_probe(data.head.factor, value + i);
	*ret_len = sizeof(data.head) + sizeof(data.needle) + sizeof(data.probes);
	return &data;
}

static void check(const struct scan_span *spans, size_t n, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (spans[i].start >= spans[i].end || spans[i].end > len || !spans[i].class ||
		    (i && spans[i].start < spans[i - 1].end))
			abort();
}

static bool is_format(const char *class)
{
	for (size_t i = 0; i < formats_n; i++)
		if (!strcmp(formats[i].class, class))
			return true;
	return false;
}

/* A run that was too long for a token may have become one where a part of it was cut out. */
static bool is_rest(const char *text, size_t len, const struct scan_span *span)
{
	size_t start = span->start, end = span->end;

	while (start && (unsigned char)text[start - 1] > ' ' && text[start - 1] != ']')
		start--;
	while (end < len && (unsigned char)text[end] > ' ' && text[end] != '[')
		end++;
	return (start && text[start - 1] == ']') || (end < len && text[end] == '[');
}

static size_t redact(const char *text, size_t len, const struct scan_span *spans, size_t n, char *out)
{
	size_t k = 0, from = 0;

	for (size_t i = 0; i <= n; i++) {
		size_t to = i < n ? spans[i].start : len;

		memcpy(out + k, text + from, to - from);
		k += to - from;
		if (i == n)
			break;
		k += (size_t)sprintf(out + k, "[REDACTED:%s]", spans[i].class);
		from = spans[i].end;
	}
	return k;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scan *scan;
	static struct scan_span spans[SPANS], other[SPANS];
	static char out[SIZE + SPANS * 80];
	struct scan_config config;
	const char *text;
	size_t n, len, known;

	if (!scan && scan_open(make_known(&known), known, &scan, NULL) < 0)
		abort();
	if (size < 2 || size > SIZE)
		return 0;
	config = (struct scan_config){ .personal = data[0] & 1 ? scan_personal("all") : 0,
				       .no_context = (data[0] & 2) != 0 };
	scan_configure(scan, &config);
	/* Of exactly that size, so that reading behind the end is seen. */
	len = size - 1;
	text = memcpy(malloc(len), data + 1, len);
	scan_use_variant(scan, PREFILTER_SCALAR);
	n = scan_text(scan, "password", data[0] & 4 ? 8 : 0, text, len, spans, SPANS);
	check(spans, n, len);
	for (int v = PREFILTER_SSSE3; v <= PREFILTER_AVX2; v++) {
		if (!scan_use_variant(scan, v))
			continue;
		if (scan_text(scan, "password", data[0] & 4 ? 8 : 0, text, len, other, SPANS) != n)
			abort();
		for (size_t i = 0; i < n; i++)
			if (spans[i].start != other[i].start || spans[i].end != other[i].end ||
			    spans[i].class != other[i].class)
				abort();
	}
	if (n > 1 && (scan_text(scan, "password", data[0] & 4 ? 8 : 0, text, len, other, 1) != 1 ||
		      other[0].start != spans[0].start || other[0].end != len))
		abort();
	len = redact(text, len, spans, n, out);
	n = scan_text(scan, NULL, 0, out, len, spans, SPANS);
	check(spans, n, len);
	for (size_t i = 0; i < n; i++)
		if (is_format(spans[i].class) && !is_rest(out, len, &spans[i]))
			abort();
	free((void *)(uintptr_t)text);
	return 0;
}
