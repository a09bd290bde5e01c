/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/call.h"
#include "common/sha256.h"

/* NIST, Cryptographic Standards and Guidelines, examples for SHA-256; and the lengths
 * around a block, whose values sha256sum(1) gives. */
static void sha256_gives_the_published_values(void **state)
{
	static const struct {
		const char *text, *hex;
		size_t times;
	} rows[] = {
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 1 },
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 1 },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", 1 },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1", 1 },
		{ "a", "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", 1000000 },
		{ "a", "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318", 55 },
		{ "a", "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a", 56 },
		{ "a", "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb", 64 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t digest[SHA256_SIZE];
		char hex[2 * SHA256_SIZE + 1];
		struct sha256 s;

		sha256_start(&s);
		for (size_t n = 0; n < rows[i].times; n++)
			sha256_add(&s, rows[i].text, strlen(rows[i].text));
		sha256_done(&s, digest);
		call_hex(digest, hex);
		assert_string_equal(hex, rows[i].hex);
	}
}

static void pieces_do_not_change_a_digest(void **state)
{
	uint8_t text[300], whole[SHA256_SIZE], parts[SHA256_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7);
	sha256(text, sizeof(text), whole);
	for (size_t cut = 0; cut <= sizeof(text); cut++) {
		struct sha256 s;

		sha256_start(&s);
		sha256_add(&s, text, cut);
		sha256_add(&s, text + cut, sizeof(text) - cut);
		sha256_done(&s, parts);
		assert_memory_equal(whole, parts, sizeof(whole));
	}
}

static void every_fact_of_a_call_changes_its_digest(void **state)
{
	static const uint8_t pin[SHA256_SIZE] = { 1 };
	const struct call base = { .server = "s", .session = "x", .tool = "t", .tool_len = 1,
				   .serial = 1, .id = "1", .id_len = 1 };
	struct call other[] = { base, base, base, base, base, base, base, base, base, base, base, base };
	uint8_t first[SHA256_SIZE], then[SHA256_SIZE];

	(void)state;
	other[0].server = "sx";
	other[0].session = "";
	other[1].session = "y";
	other[2].tool = "u";
	other[3].pin = pin;
	other[4].arguments[31] = 1;
	other[5].rest[0] = 1;
	other[6].serial = 2;
	other[7].id = "2";
	other[8].id_is_string = true;
	other[9].tool = "t1";
	other[9].tool_len = 2;
	other[10].kind = CALL_PROMPT;
	other[11].kind = CALL_RESOURCE;
	call_digest(&base, first);
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
		call_digest(&other[i], then);
		assert_memory_not_equal(first, then, sizeof(first));
	}
	call_digest(&other[10], first);
	call_digest(&other[11], then);
	assert_memory_not_equal(first, then, sizeof(first));
	call_digest(&base, first);
	call_digest(&(struct call){ .server = "s", .session = "x", .tool = "t", .tool_len = 1, .serial = 1,
				    .id = "1", .id_len = 1 }, then);
	assert_memory_equal(first, then, sizeof(first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_gives_the_published_values),
		cmocka_unit_test(pieces_do_not_change_a_digest),
		cmocka_unit_test(every_fact_of_a_call_changes_its_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
