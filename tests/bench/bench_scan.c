/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast the scanner is, by kind of content and variant, beside memcpy and memchr over
 * the same bytes.  Prints; there is no pass and no failure.  Time is that of this thread,
 * so that others on the processor count little.
 *
 *   bench_scan            content that is made here
 *   bench_scan FILE ...   these files, each as one text, and how many spans are in them
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "common/strv.h"
#include "launcher/secrets.h"
#include "scan/prefilter.h"
#include "scan/scan.h"

#define SIZE (8 * MIB)
#define SPANS 256
#define ROUNDS 5

static uint64_t state = 0x9e3779b97f4a7c15ULL;

static uint32_t chance(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % below;
}

static void make_base64(char *out, size_t size)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i++)
		out[i] = set[chance(64)];
}

/* Rows of records, with numbers, times, identifiers. */
static void make_json(char *out, size_t size)
{
	static const char *const words[] = { "alpha", "report", "value of", "north", "status", "open" };
	size_t n = 0;

	while (n < size - 400)
		n += (size_t)snprintf(out + n, 400,
				      "{\"id\":%u,\"name\":\"%s %s\",\"price\":%u.%02u,\"at\":\"2026-0%u-1%uT08:%02u:00Z\","
				      "\"uid\":\"%08x-%04x-4%03x-a%03x-%012x\",\"tags\":[\"%s\",\"%s\"],\"active\":%s},\n",
				      chance(1000000), words[chance(6)], words[chance(6)], chance(1000),
				      chance(100), 1 + chance(9), chance(10), chance(60), chance(1u << 31),
				      chance(65536), chance(4096), chance(4096), chance(1u << 31),
				      words[chance(6)], words[chance(6)], chance(2) ? "true" : "false");
	memset(out + n, ' ', size - n);
}

/* Lines as of a program, with the words that context rules look at now and then. */
static void make_code(char *out, size_t size)
{
	static const struct {
		const char *head, *rest;
	} lines[] = {
		{ "\tif (token.kind === Kind.Name) { return parseNode(parent, ", "); }\n" },
		{ "export function readFile_", "(path, options = {}) {\n" },
		{ "  const result = await client.request(url, { headers, timeout: ", " });\n" },
		{ "// the session is closed when the last of ", " readers has gone away\n" },
		{ "\t\tfor (size_t i = 0; i < count[", "]; i++)\n\t\t\tsum += values[i].size;\n" },
		{ "import { useState, useEffect } from 'react'; /* v", ".2.1 */\n" },
		{ "    throw new Error(`password must have ${", "} characters`);\n" },
		{ "\treturn map.get(\"key-", "\") ?? defaults[\"authorization_endpoint\"];\n" },
	};
	size_t n = 0;

	while (n < size - 200) {
		size_t i = chance(8);

		n += (size_t)snprintf(out + n, 200, "%s%u%s", lines[i].head, chance(100000),
				      lines[i].rest);
	}
	memset(out + n, ' ', size - n);
}

static void make_lock(char *out, size_t size)
{
	size_t n = 0;

	while (n < size - 400) {
		n += (size_t)snprintf(out + n, 200, "    \"node_modules/pkg-%u\": {\n      \"version\": \"%u.%u.0\",\n"
				      "      \"integrity\": \"sha512-", chance(10000), chance(20), chance(20));
		make_base64(out + n, 86);
		n += 86;
		n += (size_t)snprintf(out + n, 40, "==\"\n    },\n");
	}
	memset(out + n, ' ', size - n);
}

static void make_cyrillic(char *out, size_t size)
{
	static const char text[] = "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80 \xd1\x82\xd0\xb5\xd0\xba"
				   "\xd1\x81\xd1\x82\xd0\xb0, ";

	for (size_t n = 0; n < size; n++)
		out[n] = text[n % (sizeof(text) - 1)];
}

static void make_chinese(char *out, size_t size)
{
	static const char text[] = "\xe8\xbf\x99\xe6\x98\xaf\xe4\xb8\x80\xe4\xb8\xaa\xe4\xbe\x8b\xe5\xad\x90"
				   "\xef\xbc\x8c\xe7\x94\xa8\xe6\x9d\xa5\xe6\xb5\x8b\xe9\x87\x8f\xe3\x80\x82";

	for (size_t n = 0; n < size; n++)
		out[n] = text[n % (sizeof(text) - 1)];
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Megabytes a second, the best of a few rounds. */
static double scan_speed(const struct scan *s, const char *text, size_t len, size_t piece, size_t *ret_n)
{
	static struct scan_span spans[SPANS];
	double best = 0;

	for (int r = 0; r < ROUNDS; r++) {
		double begin = now(), speed;

		*ret_n = 0;
		for (size_t at = 0; at < len; at += piece)
			*ret_n += scan_text(s, NULL, 0, text + at, len - at < piece ? len - at : piece,
					    spans, SPANS);
		speed = (double)len / (now() - begin) / 1e6;
		best = speed > best ? speed : best;
	}
	return best;
}

static double copy_speed(const char *text, size_t len)
{
	static char *to;
	double best = 0;

	to = realloc(to, len);
	for (int r = 0; r < ROUNDS && to; r++) {
		double begin = now(), speed;

		memcpy(to, text, len);
		__asm__ volatile("" : : "r"(to) : "memory");
		speed = (double)len / (now() - begin) / 1e6;
		best = speed > best ? speed : best;
	}
	return best;
}

static double find_speed(const char *text, size_t len)
{
	double best = 0;

	for (int r = 0; r < ROUNDS; r++) {
		double begin = now(), speed;
		const char *p = memchr(text, 1, len);

		__asm__ volatile("" : : "r"(p) : "memory");
		speed = (double)len / (now() - begin) / 1e6;
		best = speed > best ? speed : best;
	}
	return best;
}

static struct scan *open_with(size_t secrets, size_t len)
{
	struct strv entries = {0};
	char entry[256], value[128];
	struct scan *s = NULL;
	size_t size = 0, n;
	void *data = NULL;

	for (size_t i = 0; i < secrets; i++) {
		make_base64(value, len);
		value[len] = '\0';
		snprintf(entry, sizeof(entry), "T%zu_TOKEN=%s", i, value);
		strv_add(&entries, entry);
	}
	if (secrets && secrets_digest(&entries, &(struct strv){0}, &data, &size, &n, NULL) < 0)
		abort();
	if (scan_open(data, size, &s, NULL) < 0)
		abort();
	free(data);
	strv_done(&entries);
	return s;
}

static void show(const char *name, const char *text, size_t len)
{
	static const struct {
		const char *name;
		size_t secrets, secret_len;
		int variant;
		bool personal;
		size_t piece;
	} rows[] = {
		{ "avx2", 0, 0, PREFILTER_AVX2, false, SIZE_MAX / 2 },
		{ "ssse3", 0, 0, PREFILTER_SSSE3, false, SIZE_MAX / 2 },
		{ "scalar", 0, 0, PREFILTER_SCALAR, false, SIZE_MAX / 2 },
		{ "avx2, 10 known values", 10, 40, PREFILTER_AVX2, false, SIZE_MAX / 2 },
		{ "avx2, 400 known values", 400, 40, PREFILTER_AVX2, false, SIZE_MAX / 2 },
		{ "avx2, 10 known of 8 bytes", 10, 8, PREFILTER_AVX2, false, SIZE_MAX / 2 },
		{ "neon", 0, 0, PREFILTER_NEON, false, SIZE_MAX / 2 },
		{ "avx2, personal data", 0, 0, PREFILTER_AVX2, true, SIZE_MAX / 2 },
		{ "ssse3, personal data", 0, 0, PREFILTER_SSSE3, true, SIZE_MAX / 2 },
		{ "neon, personal data", 0, 0, PREFILTER_NEON, true, SIZE_MAX / 2 },
		{ "avx2, pieces of 40 bytes", 0, 0, PREFILTER_AVX2, false, 40 },
	};
	double copy = copy_speed(text, len), find = find_speed(text, len);

	printf("%s: %zu bytes, memcpy %.0f MB/s, memchr %.0f MB/s\n", name, len, copy, find);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct scan *s = open_with(rows[i].secrets, rows[i].secret_len);
		struct scan_config config = { .personal = rows[i].personal ? scan_personal("all") : 0 };
		size_t found;
		double speed;

		scan_configure(s, &config);
		if (scan_use_variant(s, rows[i].variant)) {
			speed = scan_speed(s, text, len, rows[i].piece, &found);
			printf("  %-26s %6.0f MB/s  %.3f of memcpy  %.3f of memchr  %zu spans\n",
			       rows[i].name, speed, speed / copy, speed / find, found);
		}
		scan_close(s);
	}
}

static int show_file(const char *path)
{
	cleanup_free char *text = NULL;
	struct err err = {0};
	size_t len = 0;
	FILE *f = fopen(path, "r");

	if (!f || fd_read_all(fileno(f), 1024 * MIB, &text, &len, &err) < 0) {
		fprintf(stderr, "bench_scan: %s: cannot be read\n", path);
		return 1;
	}
	fclose(f);
	show(path, text, len);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(char *, size_t);
	} kinds[] = {
		{ "base64", make_base64 },	{ "JSON", make_json },
		{ "code", make_code },		{ "lock file", make_lock },
		{ "Cyrillic text", make_cyrillic }, { "Chinese text", make_chinese },
	};
	double begin = now();
	char *text = malloc(SIZE);
	int bad = 0;

	if (!text)
		return 1;
	scan_close(open_with(0, 0));
	printf("scan_open: %.2f ms\n", (now() - begin) * 1e3);
	for (int i = 1; i < argc; i++)
		bad |= show_file(argv[i]);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && argc == 1; i++) {
		kinds[i].make(text, SIZE);
		show(kinds[i].name, text, SIZE);
	}
	free(text);
	return bad;
}
