/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a log: no line is taken whose bytes are not the narrow ones, what is checked
 * is a chain, and a record that is taken makes a line that is read back as it was given.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/trail.h"

static void check_log(const char *text, size_t size)
{
	struct trail_check c = {0};
	uint8_t last[SHA256_SIZE] = {0};
	size_t at = 0, lines = 0;
	struct err err = {0};

	while (at < size) {
		const char *end = memchr(text + at, '\n', size - at);
		size_t len = end ? (size_t)(end - text) - at : size - at;
		struct trail_line l;

		if (trail_check_line(&c, text + at, len, &err) < 0) {
			if (!err.code)
				abort();
			return;
		}
		if (c.lines > lines) {
			if (trail_read(text + at, len, &l) < 0 || l.seq != c.head.seq)
				abort();
			/* The line before it was this one. */
			if (lines && memcmp(l.prev, last, SHA256_SIZE) != 0)
				abort();
			sha256(text + at, len, last);
			lines++;
		}
		at += len + 1;
	}
	trail_check_end(&c, &err);
}

static void make_line(const char *record, size_t size)
{
	static const struct trail_who who = { .server = "s", .session = "x", .user = "\xff\n\"" };
	static char line[TRAIL_LINE];
	struct trail_head head = { .seq = 7 };
	struct trail_line given, l;
	size_t len;

	if (trail_check_record(record, size) < 0)
		return;
	for (size_t i = 0; i < size; i++)
		if (record[i] < 0x20 || record[i] > 0x7e)
			abort();
	len = trail_make(&head, &who, "pep", 0, record, size, line);
	if (len >= TRAIL_LINE || line[len - 1] != '\n' || trail_read(line, len - 1, &l) < 0 ||
	    l.seq != 8 || !trail_is(&l, "by", "pep") || trail_parse(record, size, &given) < 0)
		abort();
	for (size_t i = 0; i < given.n; i++) {
		char name[40];
		const struct trail_member *m;

		memcpy(name, given.v[i].name, given.v[i].name_len);
		name[given.v[i].name_len] = '\0';
		m = trail_find(&l, name);
		if (!m || m->value_len != given.v[i].value_len ||
		    memcmp(m->value, given.v[i].value, m->value_len) != 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_log((const char *)data, size);
	make_line((const char *)data, size);
	return 0;
}
