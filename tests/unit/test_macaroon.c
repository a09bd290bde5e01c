/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/macaroon.h"
#include "common/warrant.h"
#include "policies/capability.h"

#define PART(text) ((struct macaroon_part){ text, sizeof(text) - 1 })

static const uint8_t root[] = "0123456789abcdef0123456789abcdef";
#define ROOT root, sizeof(root) - 1

/* Made by pymacaroons 0.13.0, which libmacaroons, its Go and its JavaScript peer agree with. */
static const char vector[] = "AgEKdXJuOm1jcDpmcwIEaWQtMQACDnRvb2w9cmVhZF9maWxlAAILZXhwaXJ5PTIwMjYAAAYg"
			     "xNE4i423JvRJ_3O5Y3UAwX1AbVW51cgOiwkG2MmiFD4";

static void what_is_made_is_byte_for_byte_what_others_make(void **state)
{
	uint8_t data[MACAROON_MAX], again[MACAROON_MAX];
	char text[MACAROON_TEXT];
	struct macaroon m, read;
	long len, n;

	(void)state;
	macaroon_start(&m, ROOT, PART("urn:mcp:fs"), PART("id-1"));
	assert_int_equal(macaroon_add(&m, PART("tool=read_file")), 0);
	assert_int_equal(macaroon_add(&m, PART("expiry=2026")), 0);
	len = macaroon_write(&m, data, sizeof(data));
	assert_true(len > 0);
	macaroon_encode(data, (size_t)len, text);
	assert_string_equal(text, vector);
	n = macaroon_decode(vector, sizeof(vector) - 1, again);
	assert_int_equal(n, len);
	assert_memory_equal(again, data, (size_t)n);
	assert_int_equal(macaroon_parse(again, (size_t)n, &read), 0);
	assert_int_equal(read.n, 2);
	assert_true(macaroon_verify(&read, ROOT, NULL));
}

static void one_bit_anywhere_that_is_signed_makes_it_worthless(void **state)
{
	uint8_t data[MACAROON_MAX], changed[MACAROON_MAX];
	struct macaroon m;
	long len = macaroon_decode(vector, sizeof(vector) - 1, data);

	(void)state;
	for (long at = 0; at < len; at++) {
		bool is_location = at >= 1 && at < 13;

		for (int bit = 0; bit < 8; bit++) {
			memcpy(changed, data, (size_t)len);
			changed[at] ^= (uint8_t)(1 << bit);
			if (is_location || macaroon_parse(changed, (size_t)len, &m) < 0)
				continue;
			assert_false(macaroon_verify(&m, ROOT, NULL));
		}
		assert_int_equal(macaroon_parse(data, (size_t)at, &m), -EBADMSG);
	}
	assert_int_equal(macaroon_parse(data, (size_t)len + 1, &m), -EBADMSG);
	macaroon_parse(data, (size_t)len, &m);
	assert_false(macaroon_verify(&m, root, sizeof(root) - 2, NULL));
	/* A caveat less: the signature that would fit is not told by the one there is. */
	m.n--;
	assert_false(macaroon_verify(&m, ROOT, NULL));
	m.n++;
	assert_true(macaroon_verify(&m, ROOT, NULL));
}

static void what_is_no_macaroon_of_ours_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
#define B(text) { text, sizeof(text) - 1 }
		B(""), B("\x02"), B("\x01\x02\x01x\x00\x00\x06"),
		B("\x02\x02\x01x\x00\x00\x06\x1f" "0123456789012345678901234567890"),	    /* signature of 31 */
		B("\x02\x02\x01x\x00\x00\x06\x20" "01234567890123456789012345678901x"),	    /* more behind it */
		B("\x02\x02\x01x\x00\x02\x01" "c\x04\x01v\x00\x00\x06\x20" "01234567890123456789012345678901"), /* vid */
		B("\x02\x02\x01x\x00\x01\x01l\x02\x01" "c\x00\x00\x06\x20" "01234567890123456789012345678901"), /* location */
		B("\x02\x02\x81\x00x\x00\x00\x06\x20" "01234567890123456789012345678901"),	    /* length not shortest */
		B("\x02\x02\xff\xff\x7fx\x00\x00\x06\x20" "01234567890123456789012345678901"),
		B("\x02\x01\x01l\x00\x00\x06\x20" "01234567890123456789012345678901"),	    /* no id */
#undef B
	};
	static const char good[] = "\x02\x02\x01x\x00\x00\x06\x20" "01234567890123456789012345678901";
	static const char *const texts[] = { "A", "AA=A", "AAA!", "AAA", "AB", "AAAAA", "AA===" };
	uint8_t data[MACAROON_MAX];
	char many[MACAROON_TEXT + 8];
	struct macaroon m;

	(void)state;
	assert_int_equal(macaroon_parse((const uint8_t *)good, sizeof(good) - 1, &m), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (macaroon_parse((const uint8_t *)rows[i].bytes, rows[i].len, &m) == 0)
			fail_msg("row %zu", i);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (i != 3 && macaroon_decode(texts[i], strlen(texts[i]), data) >= 0)
			fail_msg("%s", texts[i]);
	memset(many, 'A', sizeof(many));
	assert_true(macaroon_decode(many, 5464, data) < 0);
	assert_int_equal(macaroon_decode("AAA=", 4, data), 2);
	assert_int_equal(macaroon_decode("AAA", 3, data), 2);
	macaroon_start(&m, ROOT, PART(""), PART("id"));
	for (int i = 0; i < MACAROON_CAVEATS; i++)
		assert_int_equal(macaroon_add(&m, PART("c")), 0);
	assert_int_equal(macaroon_add(&m, PART("c")), -E2BIG);
	assert_int_equal(macaroon_write(&m, data, 40), -ENOBUFS);
}

static void a_caveat_is_written_in_one_way(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t number;
	} rows[] = {
		{ "server = files", 0, 0 }, { "server  = files", -EINVAL, 0 }, { "server=files", -EINVAL, 0 },
		{ "server = ", -EINVAL, 0 }, { "server = a b", -EINVAL, 0 }, { "Server = files", -EINVAL, 0 },
		{ "tools = read_*,list", 0, 0 }, { "tools = ,a", -EINVAL, 0 }, { "tools = a,,b", -EINVAL, 0 },
		{ "tools = a,", -EINVAL, 0 }, { "tools = a, b", -EINVAL, 0 },
		{ "path = /a/b", 0, 0 }, { "path = a/b", -EINVAL, 0 }, { "path = /a/../b", -EINVAL, 0 },
		{ "calls = 5", 0, 5 }, { "calls = 0", 0, 0 }, { "calls = 05", -EINVAL, 0 }, { "calls = -1", -EINVAL, 0 },
		{ "calls = 5 ", -EINVAL, 0 }, { "calls = 99999999999999999999", -EINVAL, 0 },
		{ "expires = 1970-01-01T00:00:00Z", 0, 0 }, { "expires = 2026-11-25T08:00:00Z", 0, 1795593600 },
		{ "expires = 2000-02-29T00:00:00Z", 0, 951782400 }, { "expires = 2000-03-01T00:00:01Z", 0, 951868801 },
		{ "expires = 2100-03-01T00:00:00Z", 0, 4107542400 }, { "expires = 9999-12-31T23:59:59Z", 0, 253402300799 },
		{ "expires = 2026-13-25T08:00:00Z", -EINVAL, 0 }, { "expires = 2026-11-25 08:00:00Z", -EINVAL, 0 },
		{ "expires = 2026-11-25T08:00:00+01:00", -EINVAL, 0 }, { "expires = 1969-11-25T08:00:00Z", -EINVAL, 0 },
		{ "id = agent-7", 0, 0 }, { "id = a\nb", -EINVAL, 0 }, { "colour = red", -EINVAL, 0 }, { "", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct capability_caveat c = {0};
		const char *words = NULL;
		int r = capability_caveat((struct macaroon_part){ rows[i].text, strlen(rows[i].text) }, &c, &words);

		if (r != rows[i].r || (r == 0 && c.number != rows[i].number) || (r < 0) != !!words)
			fail_msg("%s: %d %llu", rows[i].text, r, (unsigned long long)c.number);
	}
}

#define OURS PART(CAPABILITY_ID "0123456789abcdef")

static void every_caveat_narrows(void **state)
{
	struct macaroon m;
	struct capability c;
	const char *words;

	(void)state;
	macaroon_start(&m, ROOT, PART(""), OURS);
	assert_int_equal(capability_read(&m, &c, &words), -EINVAL); /* never expires */
	macaroon_add(&m, PART("expires = 2026-11-25T08:00:00Z"));
	assert_int_equal(capability_read(&m, &c, &words), 0);
	assert_true(capability_has_tool(&c, "anything", 8));
	assert_true(capability_has_path(&c, "/x", 2));
	macaroon_add(&m, PART("tools = read_*,list"));
	macaroon_add(&m, PART("path = /a"));
	capability_read(&m, &c, &words);
	assert_true(capability_has_tool(&c, "read_x", 6));
	assert_true(capability_has_tool(&c, "list", 4));
	assert_false(capability_has_tool(&c, "write", 5));
	assert_true(capability_has_path(&c, "/a/b", 4));
	assert_true(capability_has_path(&c, "/a", 2));
	assert_false(capability_has_path(&c, "/ab", 3));
	assert_false(capability_has_path(&c, "/a/../b", 7));
	assert_false(capability_has_path(&c, "a/b", 3));
	/* What would widen holds beside what there is. */
	macaroon_add(&m, PART("tools = *"));
	macaroon_add(&m, PART("path = /"));
	macaroon_add(&m, PART("expires = 2030-01-01T00:00:00Z"));
	capability_read(&m, &c, &words);
	assert_false(capability_has_tool(&c, "write", 5));
	assert_false(capability_has_path(&c, "/b", 2));
	assert_int_equal(c.expires, 1795593600);
	macaroon_add(&m, PART("server = a"));
	capability_read(&m, &c, &words);
	assert_true(capability_has_server(&c, "a"));
	assert_false(capability_has_server(&c, "ab"));
	macaroon_add(&m, PART("server = b"));
	capability_read(&m, &c, &words);
	assert_false(capability_has_server(&c, "a") || capability_has_server(&c, "b"));
	macaroon_add(&m, PART("something = new"));
	assert_int_equal(capability_read(&m, &c, &words), -EINVAL);
	macaroon_start(&m, ROOT, PART(""), PART("mcp-confine/2 0123456789abcdef"));
	macaroon_add(&m, PART("expires = 2026-11-25T08:00:00Z"));
	assert_int_equal(capability_read(&m, &c, &words), -EINVAL);
}

static void who_is_revoked_ends_all_that_descends(void **state)
{
	static const struct {
		const char *list;
		bool is_revoked;
	} rows[] = {
		{ "", false }, { "0123456789abcdef\n", true }, { "x\n0123456789abcdef", true }, { "agent-7\n", true },
		{ "agent-8\nsub\n", true }, { "agent\nagent-77\n0123456789abcde\n", false }, { "agent-7 \n", false },
	};
	struct macaroon m;
	struct capability c;
	const char *words;

	(void)state;
	macaroon_start(&m, ROOT, PART(""), OURS);
	macaroon_add(&m, PART("expires = 2026-11-25T08:00:00Z"));
	macaroon_add(&m, PART("id = agent-7"));
	macaroon_add(&m, PART("id = sub"));
	capability_read(&m, &c, &words);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (capability_is_revoked(&c, rows[i].list, strlen(rows[i].list)) != rows[i].is_revoked)
			fail_msg("%s", rows[i].list);
}

static void each_server_has_a_key_of_its_own(void **state)
{
	uint8_t a[WARRANT_KEY], b[WARRANT_KEY];
	struct macaroon m;

	(void)state;
	warrant_key(root, "files", a);
	warrant_key(root, "file", b);
	assert_memory_not_equal(a, b, sizeof(a));
	macaroon_start(&m, a, sizeof(a), PART(""), OURS);
	assert_true(macaroon_verify(&m, a, sizeof(a), NULL));
	assert_false(macaroon_verify(&m, b, sizeof(b), NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_made_is_byte_for_byte_what_others_make),
		cmocka_unit_test(one_bit_anywhere_that_is_signed_makes_it_worthless),
		cmocka_unit_test(what_is_no_macaroon_of_ours_is_refused),
		cmocka_unit_test(a_caveat_is_written_in_one_way),
		cmocka_unit_test(every_caveat_narrows),
		cmocka_unit_test(who_is_revoked_ends_all_that_descends),
		cmocka_unit_test(each_server_has_a_key_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
