/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "launcher/dbus.h"

/* As the specification lays it out: byte order, type, flags, version, body, serial, fields. */
static void writes_a_call_as_the_specification_has_it(void **state)
{
	static const char expected[] =
		"l\1\0\1" "\x0c\0\0\0" "\1\0\0\0" "\x38\0\0\0"
		"\1\1o\0" "\2\0\0\0" "/a\0" "\0\0\0\0\0"
		"\2\1s\0" "\3\0\0\0" "b.c\0" "\0\0\0\0"
		"\3\1s\0" "\1\0\0\0" "d\0" "\0\0\0\0\0\0"
		"\x08\1g\0" "\2su\0"
		"\3\0\0\0" "xyz\0" "\7\0\0";
	uint8_t data[256];
	struct dbus m;

	(void)state;
	dbus_begin(&m, data, sizeof(data), "/a", "b.c", "d", "su");
	dbus_string(&m, "xyz");
	dbus_u32(&m, 7);
	assert_int_equal(dbus_end(&m), sizeof(expected));
	assert_memory_equal(data, expected, sizeof(expected));
}

static void an_array_counts_no_padding_before_its_first_element(void **state)
{
	uint8_t data[256];
	struct dbus m;
	size_t array;

	(void)state;
	dbus_begin(&m, data, sizeof(data), "/a", "b.c", "d", "ua(sv)");
	dbus_u32(&m, 1);
	dbus_u32(&m, 2); /* so that the array's length is followed by padding */
	array = dbus_array(&m, 8);
	dbus_pair_u64(&m, "k", 5);
	dbus_array_end(&m, array, 8);
	/* string 4 + 2, signature 3, up to 16, number 8 */
	assert_memory_equal(data + array, "\x18\0\0\0", 4);
	assert_int_equal(m.len - array, 4 + 4 + 24);
	assert_memory_equal(data + array + 8, "\1\0\0\0k\0\1t\0\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0", 24);
	array = dbus_array(&m, 8);
	dbus_array_end(&m, array, 8);
	assert_memory_equal(data + array, "\0\0\0\0", 4);
}

static void what_does_not_fit_is_no_message(void **state)
{
	uint8_t data[256];
	struct dbus m;
	size_t whole;

	(void)state;
	dbus_begin(&m, data, sizeof(data), "/a", "b.c", "d", "s");
	dbus_string(&m, "text");
	whole = dbus_end(&m);
	assert_true(whole > 0);
	for (size_t size = 0; size < whole; size++) {
		uint8_t *less = malloc(size ? size : 1);

		dbus_begin(&m, less, size, "/a", "b.c", "d", "s");
		dbus_string(&m, "text");
		assert_int_equal(dbus_end(&m), 0);
		free(less);
	}
}

/* A signal: type 4, MEMBER and SIGNATURE, body "uoss". */
#define SIGNAL                                                                                     \
	"l\4\1\1" "\x21\0\0\0" "\x09\0\0\0" "\x1f\0\0\0"                                             \
	"\3\1s\0" "\x0a\0\0\0" "JobRemoved\0" "\0\0\0\0\0"                                          \
	"\x08\1g\0" "\1u\0" "\0"                                                                  \
	"\5\0\0\0" "\6\0\0\0/job/5\0" "\0" "\3\0\0\0a.b\0" "\4\0\0\0done"

static void reads_a_signal(void **state)
{
	uint8_t data[128];
	struct dbus_reply r;
	char text[32];
	uint32_t id;

	(void)state;
	memcpy(data, SIGNAL, sizeof(SIGNAL));
	assert_int_equal(dbus_length(data), sizeof(SIGNAL));
	assert_true(dbus_parse(data, sizeof(SIGNAL), &r));
	assert_int_equal(r.type, DBUS_SIGNAL);
	assert_string_equal(r.member, "JobRemoved");
	assert_true(dbus_take_u32(&r, &id));
	assert_int_equal(id, 5);
	assert_true(dbus_take_string(&r, text, sizeof(text)));
	assert_string_equal(text, "/job/5");
	assert_true(dbus_take_string(&r, text, 3)); /* too long for us: "" */
	assert_string_equal(text, "");
	assert_true(dbus_take_string(&r, text, sizeof(text)));
	assert_string_equal(text, "done");
	assert_false(dbus_take_string(&r, text, sizeof(text)));
	assert_false(dbus_take_u32(&r, &id));
}

static void refuses_what_is_no_message(void **state)
{
	static const struct {
		const char *name;
		size_t at;
		uint8_t value;
	} rows[] = {
		{ "big-endian", 0, 'B' },
		{ "a type that is none", 1, 0 },
		{ "a type to come", 1, 9 },
		{ "another version", 3, 2 },
		{ "a body that is too long", 6, 2 },
		{ "fields that are too long", 14, 2 },
		{ "a field of two types", 17, 2 },
		{ "a field's type without its end", 19, 1 },
		{ "a field's type that is none of theirs", 18, 'x' },
		{ "a string beyond the fields", 20, 200 },
		{ "a string without its end", 20, 9 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t *data = malloc(sizeof(SIGNAL));
		struct dbus_reply r;

		memcpy(data, SIGNAL, sizeof(SIGNAL));
		assert_true(dbus_parse(data, sizeof(SIGNAL), &r));
		data[rows[i].at] = rows[i].value;
		if (dbus_parse(data, sizeof(SIGNAL), &r))
			fail_msg("%s", rows[i].name);
		free(data);
	}
}

/* Cut anywhere, with each byte changed: no step outside (the sanitizers see that). */
static void reads_nothing_outside(void **state)
{
	(void)state;
	for (size_t at = 0; at < sizeof(SIGNAL); at++)
		for (unsigned int value = 0; value < 256; value++) {
			uint8_t *data = malloc(sizeof(SIGNAL));
			struct dbus_reply r;
			char text[16];
			uint32_t id;

			memcpy(data, SIGNAL, sizeof(SIGNAL));
			data[at] = (uint8_t)value;
			if (dbus_parse(data, sizeof(SIGNAL), &r) && dbus_take_u32(&r, &id))
				while (dbus_take_string(&r, text, sizeof(text)))
					;
			dbus_parse(data, at, &r);
			free(data);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_a_call_as_the_specification_has_it),
		cmocka_unit_test(an_array_counts_no_padding_before_its_first_element),
		cmocka_unit_test(what_does_not_fit_is_no_message),
		cmocka_unit_test(reads_a_signal),
		cmocka_unit_test(refuses_what_is_no_message),
		cmocka_unit_test(reads_nothing_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
